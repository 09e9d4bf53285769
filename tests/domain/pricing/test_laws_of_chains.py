"""What holds for every chain, whatever is done to it: generated sequences against a model in plain Python.

Prices, markups for one plan and for all of a product, planned prices and markups, default markups, and repricing by a
job as well as at once: the laws hold when no job waits and the billing run of the day is over.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Numeric, literal, or_, select

from domain.catalog.drafts import FeesChange, PlanChange, PlanResourceChange
from domain.catalog.models import Plan
from domain.catalog.products import create_product
from domain.delegation.actions import delegate_plan
from domain.delegation.default_markups import set_default_markup
from domain.delegation.synchronization import synchronize_plan
from domain.pricing import repricing
from domain.pricing.actions import set_markup, update_plan
from domain.pricing.bulk import set_markups
from domain.pricing.by_hand import PriceChange, set_prices
from domain.pricing.models import PriceListEntry, PriceOf, PriceVersion
from domain.pricing.repricing import marked_up_in_sql, reprice_next, repricing_job
from domain.pricing.taking import take_planned_prices
from domain.shared.money import marked_up
from tenancy.hierarchy import Founded
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession, seeing
from tests.conftest import Chain, act_as, distributor_scope, undone
from tests.domain.catalog.making import (
    acting,
    delegate,
    found_below,
    licences,
    make_plan,
    make_term,
    now_of,
    prices,
    resource,
)

four_decimals = st.integers(0, 10_000_000).map(lambda value: Decimal(value).scaleb(-4))
markups = st.integers(-99_9999, 1_000_0000).map(lambda value: Decimal(value).scaleb(-4))

SHAPE = {1: 0, 2: 1, 3: 2, 4: 0, 5: 4}
"""Each copy's number and that of the plan it is delegated from: one arm of three levels, one of two."""

generated = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@dataclass
class Expected:
    """A plan as plain Python knows it."""

    net: Decimal
    price: Decimal
    markup: Decimal | None


@pytest.fixture
def owners(session: ScopedSession, chain: Chain) -> list[Founded]:
    """Tenants by the numbers of SHAPE; the session is left on the platform."""
    make_term(session, chain.distributor)
    deepest = found_below(session, chain.child, "Rill")
    act_as(session, PLATFORM)
    return [chain.distributor, chain.reseller, chain.child, deepest, chain.sibling, chain.cousin]


@st.composite
def steps(draw: st.DrawFn) -> list[tuple[str, int, Decimal]]:
    """What tenants do to their plans, in order: kind, whose plan, amount."""
    kinds = st.sampled_from(["price", "markup", "net", "markup of all", "planned price", "planned markup", "next day"])
    made = []
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(kinds)
        at = 0 if kind == "net" else draw(st.integers(0, len(SHAPE)))
        made.append((kind, at, draw(markups if "markup" in kind else four_decimals)))
    return made


def spread(
    session: ScopedSession, owners: list[Founded], first: list[Decimal | None], *, by_default: bool = False
) -> list[Plan]:
    """One plan delegated over SHAPE, with these markups: given, or the default ones of those who receive it."""
    clock = now_of(session, owners[0])
    product = create_product(session, acting(session, owners[0]), key="mail", name="Mail", clock=clock)
    plans = [make_plan(session, owners[0], product_id=product.id, resources=[licences("8.00", "6.40")])]
    for at, above in SHAPE.items():
        markup = first[at - 1]
        if not by_default:
            given = None if markup is None else str(markup)
            plans.append(delegate(session, plans[above], owners[above], owners[at], given))
            continue
        if markup is not None:
            receiver = acting(session, owners[at])
            set_default_markup(session, receiver, product_key="mail", markup_percent=markup, clock=clock)
        giver, to = acting(session, owners[above]), [owners[at].tenant.id]
        plans += delegate_plan(session, giver, plan_id=plans[above].id, tenant_ids=to, clock=clock)
    return plans


def carry_down(expected: list[Expected]) -> None:
    """The law, written the slow way."""
    if expected[0].markup is not None:
        expected[0].price = marked_up(expected[0].net, expected[0].markup)
    for at, above in SHAPE.items():
        copy = expected[at]
        copy.net = expected[above].price
        if copy.markup is not None:
            copy.price = marked_up(copy.net, copy.markup)


class Course:
    """The steps as Headwater takes them and as plain Python does, a minute apart, and what was told after each."""

    def __init__(
        self, session: ScopedSession, owners: list[Founded], plans: list[Plan], expected: list[Expected]
    ) -> None:
        self.session, self.owners, self.plans, self.expected = session, owners, plans, expected
        self.ids = [plan.id for plan in plans]
        self.clock = now_of(session, owners[0])
        self.planned: dict[int, tuple[str, Decimal]] = {}
        """For the next day, by plan."""
        self.told = [(self.clock.now, [replace(plan) for plan in expected])]

    def take(self, kind: str, at: int, amount: Decimal) -> None:
        """One step, and what jobs do then."""
        self.clock = replace(self.clock, now=self.clock.now + timedelta(minutes=1))
        tomorrow = self.clock.today + timedelta(days=1)
        if kind == "next day":
            self.clock = replace(self.clock, now=self.clock.start_of(tomorrow))
            whole = act_as(self.session, distributor_scope(self.owners[0]))
            while take_planned_prices(self.session, whole, day=tomorrow, clock=self.clock):
                pass
            for each in sorted(self.planned, key=lambda plan: len(self.owners[plan].tenant.tenant_path)):
                self._expect(each, *self.planned[each])
            self.planned = {}
        else:
            self._act(kind, at, amount, tomorrow)
            self._reprice(at)
            if kind.startswith("planned "):
                self.planned[at] = kind.removeprefix("planned "), amount
            else:
                self._expect(at, "markup" if kind == "markup of all" else kind, amount)
        self.told.append((self.clock.now, [replace(plan) for plan in self.expected]))

    def _act(self, kind: str, at: int, amount: Decimal, tomorrow: date) -> None:
        session, plan_id, clock = self.session, self.ids[at], self.clock
        scope = acting(session, self.owners[at])
        fees = FeesChange(recurring_per_month=amount)
        match kind:
            case "markup":
                set_markup(session, scope, plan_id=plan_id, markup_percent=amount, clock=clock)
            case "markup of all":
                set_markups(session, scope, product_key="mail", markup_percent=amount, clock=clock)
            case "planned markup":
                set_markup(session, scope, plan_id=plan_id, markup_percent=amount, valid_from=tomorrow, clock=clock)
            case "planned price":
                change = PriceChange("licence", fees=fees)
                set_prices(session, scope, plan_id=plan_id, resources=[change], valid_from=tomorrow, clock=clock)
            case _:
                licence = PlanResourceChange("licence", fees=fees)
                if kind == "net":
                    licence = PlanResourceChange("licence", net_cost=fees)
                update_plan(session, scope, plan_id=plan_id, change=PlanChange(resources=[licence]), clock=clock)

    def _reprice(self, at: int) -> None:
        """The jobs that wait, whatever they find to do."""
        with seeing(self.session, distributor_scope(self.owners[0])):
            waits = repricing_job(self.session, [self.plans[at]])
        if waits is None:
            return
        scope = act_as(self.session, distributor_scope(self.owners[0]))
        after = None
        while copies := reprice_next(self.session, scope, [self.ids[at]], after=after, clock=self.clock):
            after = copies[-1]
        self.session.delete(waits)
        self.session.flush()

    def _expect(self, at: int, kind: str, amount: Decimal) -> None:
        """The law, written the slow way."""
        if kind == "price":
            self.expected[at].price, self.expected[at].markup = amount, None
        elif kind == "markup":
            self.expected[at].markup = amount
        else:
            self.expected[at].net = amount
        carry_down(self.expected)


def check_margins(session: ScopedSession, plans: list[Plan], expected: list[Expected]) -> None:
    """Every price list has the level's own prices, and margins add up from the vendor to the customer."""
    lines = [session.scalars(select(PriceListEntry).where(PriceListEntry.plan_id == plan.id)).one() for plan in plans]
    assert [(line.net_cost, line.retail_price) for line in lines] == [(plan.net, plan.price) for plan in expected]
    assert [line.margin for line in lines] == [plan.price - plan.net for plan in expected]
    for arm in ([0, 1, 2, 3], [0, 4, 5]):
        assert sum(lines[at].margin for at in arm) == expected[arm[-1]].price - expected[0].net


def check_history(session: ScopedSession, plans: list[Plan], told: list[tuple[datetime, list[Expected]]]) -> None:
    """At every instant since the beginning the prices that hold are those that were told then."""
    for instant, then in told:
        for plan, known in zip(plans, then, strict=True):
            version = session.scalars(
                select(PriceVersion).where(
                    PriceVersion.plan_id == plan.id,
                    PriceVersion.price_of == PriceOf.RESOURCE,
                    PriceVersion.valid_from <= instant,
                    or_(PriceVersion.valid_to.is_(None), PriceVersion.valid_to > instant),
                )
            ).one()
            assert (version.net_recurring_per_month, version.recurring_per_month) == (known.net, known.price)


@pytest.mark.feature("C-08")
@generated
@given(
    first=st.lists(st.none() | markups, min_size=len(SHAPE), max_size=len(SHAPE)),
    by_default=st.booleans(),
    by_job=st.booleans(),
    steps=steps(),
)
def test_a_net_cost_is_the_price_above_after_any_sequence_of_changes(
    session: ScopedSession,
    owners: list[Founded],
    first: list[Decimal | None],
    by_default: bool,
    by_job: bool,
    steps: list[tuple[str, int, Decimal]],
) -> None:
    with undone(session), pytest.MonkeyPatch.context() as patch:
        # given
        if by_job:
            patch.setattr(repricing, "AT_ONCE", 0)
            patch.setattr(repricing, "BATCH", 2)
        plans = spread(session, owners, first, by_default=by_default)
        expected = [Expected(Decimal("6.40"), Decimal("8.00"), None)]
        for at, above in SHAPE.items():
            net = expected[above].price
            markup = first[at - 1]
            expected.append(Expected(net, net if markup is None else marked_up(net, markup), markup))
        course = Course(session, owners, plans, expected)
        # when
        for step in steps:
            course.take(*step)
        # then
        assert prices(session, plans) == [(plan.net, plan.price) for plan in expected]
        with seeing(session, PLATFORM):
            assert [plan.markup_percent for plan in plans] == [plan.markup for plan in expected]
            check_margins(session, plans, expected)
            check_history(session, plans, course.told)


@generated
@given(
    names=st.lists(
        st.tuples(
            st.sampled_from(["plan", "resource", "local", "job"]), st.integers(1, len(SHAPE)), st.integers(0, 99)
        ),
        min_size=1,
        max_size=8,
    )
)
@pytest.mark.feature("C-06")
def test_synchronized_fields_are_equal_everywhere_and_local_ones_untouched(
    session: ScopedSession, owners: list[Founded], names: list[tuple[str, int, int]]
) -> None:
    with undone(session):
        # given
        plans = spread(session, owners, [None] * len(SHAPE))
        name, licence, local = "Mail", "Licence", dict.fromkeys(SHAPE, "")
        clock = now_of(session, owners[0])
        whole = distributor_scope(owners[0])

        def synchronize() -> None:
            synchronize_plan(session, act_as(session, whole), plan_id=plans[0].id, clock=clock)

        # when
        for kind, at, number in names:
            if kind == "job":
                synchronize()
                continue
            change, by = PlanChange(name=f"Mail {number}"), 0
            if kind == "plan":
                name = f"Mail {number}"
            elif kind == "resource":
                licence = f"Seat {number}"
                change = PlanChange(resources=[PlanResourceChange("licence", name=licence)])
            else:
                local[at], by = f"Ours {number}", at
                change = PlanChange(description=local[at])
            scope = acting(session, owners[by])
            update_plan(session, scope, plan_id=plans[by].id, change=change, clock=clock)
        synchronize()
        # then
        with seeing(session, PLATFORM):
            assert {(plan.name, plan.synchronized_version) for plan in plans} == {(name, plans[0].version)}
            assert {resource(session, plan).name for plan in plans} == {licence}
            assert {at: plans[at].description or "" for at in SHAPE} == local


@settings(generated, max_examples=60)
@given(
    pairs=st.lists(
        st.tuples(
            st.integers(0, 10**14).map(lambda value: Decimal(value).scaleb(-4)),
            st.integers(-99_9999, 1_000_0000).map(lambda value: Decimal(value).scaleb(-4)),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_the_database_rounds_a_markup_as_python_does(
    session: ScopedSession, pairs: list[tuple[Decimal, Decimal]]
) -> None:
    exact = Numeric()
    columns = [marked_up_in_sql(literal(net, exact), literal(percent, exact)) for net, percent in pairs]
    in_sql = session.execute(select(*columns)).one()
    assert list(in_sql) == [marked_up(net, percent) for net, percent in pairs]
