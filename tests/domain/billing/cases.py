"""Generated catalogs, chains, orders and what becomes of them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hypothesis import strategies as st

from domain.shared.billing_policy import Needs, Policy, policy_of
from domain.shared.billing_types import BillingType
from domain.shared.money import marked_up
from domain.shared.periods import PeriodUnit

TERMS: dict[Needs, list[tuple[int | None, PeriodUnit]]] = {
    Needs.NOTHING: [
        (None, PeriodUnit.ENDLESS),
        (1, PeriodUnit.MONTH),
        (2, PeriodUnit.MONTH),
        (1, PeriodUnit.YEAR),
        (45, PeriodUnit.DAY),
    ],
    Needs.FIXED_TERM: [(1, PeriodUnit.MONTH), (3, PeriodUnit.MONTH), (1, PeriodUnit.YEAR)],
    Needs.BILLING_DAY_1_PERIOD_1_MONTH: [(1, PeriodUnit.MONTH)],
    Needs.PERIOD_1_YEAR: [(1, PeriodUnit.YEAR)],
    Needs.ENDLESS: [(None, PeriodUnit.ENDLESS)],
}
OPERATIONS = ("increase", "increase", "decrease", "decrease", "stop", "activate", "delete")
DAYS, RESOURCES, UNITS, PRICES = 71, 2, 5, 3


@dataclass(frozen=True, slots=True)
class Change:
    """Something that happens on a day."""

    day: int
    """Days after the order."""
    operation: str
    resource: int
    units: int
    price: int
    """Which prices of the catalog hold for what is added."""


@dataclass(frozen=True, slots=True)
class Case:
    """A catalog, a chain, an order, and what becomes of it."""

    billing_type: BillingType
    start: date
    billing_day: int
    currency: str
    duration: int | None
    unit: PeriodUnit
    offered_free: bool
    window: int
    percent: Decimal | None
    """The customer's discount."""
    catalog: tuple[tuple[Decimal, ...], ...]
    """Prices of one unit from the customer's up to the origin's net cost; several, because prices change."""
    percents: tuple[Decimal, ...]
    """Reseller discounts, level by level."""
    quantities: tuple[int, ...]
    """Of each resource, in the order."""
    changes: tuple[Change, ...]

    @property
    def policy(self) -> Policy:
        """The type's row."""
        return policy_of(self.billing_type)


def _change(code: int) -> Change:
    """Drawn as one number: a life has many."""
    code, day = divmod(code, DAYS)
    code, operation = divmod(code, len(OPERATIONS))
    code, resource = divmod(code, RESOURCES)
    price, units = divmod(code, UNITS)
    return Change(day, OPERATIONS[operation], resource, units + 1, price)


changes = st.integers(0, DAYS * len(OPERATIONS) * RESOURCES * UNITS * PRICES - 1).map(_change)
nets = st.integers(0, 2_000_000).map(lambda units: Decimal(units).scaleb(-4))
percents = st.integers(0, 10_000).map(lambda hundredths: Decimal(hundredths).scaleb(-2))
levels = st.integers(-50_00, 200_00).flatmap(
    lambda markup: percents.map(lambda percent: (Decimal(markup).scaleb(-2), percent))
)
orders = st.lists(changes, min_size=2, max_size=9)
chains = st.lists(levels, min_size=1, max_size=4)
costs = st.lists(nets, min_size=PRICES, max_size=PRICES)
quantities = st.lists(st.integers(0, 9), min_size=1, max_size=RESOURCES)
starts = st.dates(date(2026, 1, 1), date(2029, 12, 31))


@st.composite
def cases(draw: st.DrawFn, billing_type: BillingType) -> Case:
    """A catalog whose prices change, down a chain of one to four levels, and the life of a subscription to it."""
    needs = policy_of(billing_type).needs
    chain = draw(chains)
    catalog = []
    for net in draw(costs):
        prices = [net]
        for markup, _ in chain:
            prices.append(marked_up(prices[-1], markup))
        catalog.append(tuple(reversed(prices)))
    duration, unit = draw(st.sampled_from(TERMS[needs]))
    return Case(
        billing_type=billing_type,
        start=draw(starts),
        billing_day=1 if needs is Needs.BILLING_DAY_1_PERIOD_1_MONTH else draw(st.integers(1, 31)),
        currency=draw(st.sampled_from(["EUR", "JPY", "KWD"])),
        duration=duration,
        unit=unit,
        offered_free=draw(st.booleans()),
        window=draw(st.sampled_from([0, 5, 40])),
        percent=draw(percents) or None,
        catalog=tuple(catalog),
        percents=tuple(percent for _, percent in chain),
        quantities=tuple(draw(quantities)),
        changes=tuple(draw(orders)),
    )
