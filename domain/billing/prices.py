"""Which unit price a new charge has: the plan's now, or one that is held from earlier."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from domain.billing.contracts import Contract
from domain.billing.drafts import Line
from domain.billing.exchange import Exchange, UnitPrice
from domain.billing.models import Charge, ChargeKind, ChargeLevel
from domain.billing.proration import chargeable
from domain.shared.periods import add_months
from domain.subscriptions.models import RenewalPrice, SubscriptionResource
from tenancy.clock import Clock

__all__ = [
    "Held",
    "Prices",
    "has_individual_prices",
    "held_prices",
    "held_since",
    "one_time_lines",
    "priced_line",
    "recurring_lines",
    "resource_price",
]


@dataclass(frozen=True, slots=True)
class Held:
    """A price that stays, and the charge it was first charged with: the levels above hold theirs with it."""

    unit_price: Decimal
    charge_id: UUID | None
    """None: nothing was charged at that price yet."""
    exchange: Exchange | None = None
    """Where it was converted from: its rate is held with it."""


Prices = Mapping[tuple[UUID, str | None], Held]
"""By subscription and resource key; what is not in it costs what the plan says now."""


def held_since(contract: Contract, on: date, clock: Clock) -> date | None:
    """Since when the prices that hold on `on` are held; None when each charge takes the plan's.

    A fixed price holds for the term. Price protection of N months holds from the purchase day for N months, then the
    prices of that day hold for N more, and so on.
    """
    if contract.plan.fixed_price:
        return contract.term_start(clock)
    months = contract.plan.price_protection_months
    if months <= 0:
        return None
    purchase = contract.ordered_on(clock)
    windows = ((on.year - purchase.year) * 12 + on.month - purchase.month) // months
    while windows > 0 and add_months(purchase, windows * months) > on:
        windows -= 1
    return add_months(purchase, max(0, windows) * months)


def held_prices(session: Session, contracts: Collection[Contract], on: Mapping[UUID, date], clock: Clock) -> Prices:
    """The prices that are held for charges whose period begins on the subscription's day in `on`."""
    since = {
        contract.subscription.id: day
        for contract in contracts
        if (day := held_since(contract, on[contract.subscription.id], clock)) is not None
    }
    if not since:
        return {}
    found: dict[tuple[UUID, str | None], Held] = {}
    for contract in contracts:
        # Nothing charged yet: what the order wrote down, while it is the order's time.
        if since.get(contract.subscription.id) == contract.ordered_on(clock):
            for resource in contract.resources:
                found[contract.subscription.id, resource.key] = Held(
                    resource.unit_price, None, Exchange.from_json(resource.exchange)
                )
    firsts = session.execute(
        select(
            Charge.subscription_id,
            Charge.resource_key,
            Charge.unit_price,
            Charge.id,
            Charge.period_start,
            Charge.explanation["inputs"]["exchange"].label("exchange"),
        )
        .where(
            Charge.distributor_id == next(iter(contracts)).subscription.distributor_id,
            Charge.subscription_id.in_(since),
            Charge.kind == ChargeKind.RECURRING,
            Charge.split_from_id.is_(None),
        )
        .order_by(Charge.id.desc())
    )
    left = _of_left_plans(session, contracts)
    for row in firsts:
        if row.id in left:
            continue
        if row.period_start is not None and row.period_start >= since[row.subscription_id]:
            found[row.subscription_id, row.resource_key] = Held(
                row.unit_price, row.id, Exchange.from_json(row.exchange)
            )
    return found


def _of_left_plans(session: Session, contracts: Collection[Contract]) -> set[UUID]:
    """Charges of switched subscriptions that were made on a plan they have left: their prices hold no more."""
    plans = {
        contract.subscription.id: contract.plan
        for contract in contracts
        if contract.subscription.switched_on is not None
    }
    if not plans:
        return set()
    rows = session.execute(
        select(Charge.id, Charge.subscription_id, ChargeLevel.plan_id)
        .join(
            ChargeLevel,
            and_(
                ChargeLevel.distributor_id == Charge.distributor_id,
                ChargeLevel.charge_id == Charge.id,
                ChargeLevel.tenant_id == Charge.tenant_id,
            ),
        )
        .where(Charge.distributor_id == next(iter(plans.values())).distributor_id, Charge.subscription_id.in_(plans))
    )
    return {row.id for row in rows if row.plan_id != plans[row.subscription_id].id}


def recurring_lines(contract: Contract, prices: Prices, *, on: date, renewing: bool = False) -> list[Line]:
    """What the next period costs: the plan's own fee, if any, and each resource's chargeable units at one price.

    `on`: the day of the order, whose exchange rate counts. `renewing`: it begins another term, for which individual
    prices may end.
    """
    lines = []
    fee = _held(contract, None, prices)
    if fee is None and contract.period.recurring_per_month:
        fee = contract.billed(contract.period.recurring_per_month, on)
    if fee is not None and fee.amount:
        lines.append(priced_line(None, Decimal(1), fee))
    for resource in contract.resources:
        units = chargeable(resource.quantity, resource.included)
        price = resource_price(contract, resource, prices, on=on, renewing=renewing)
        lines.append(priced_line(resource.key, units, price))
    return lines


def one_time_lines(
    contract: Contract, fees: Sequence[tuple[str | None, Decimal, Decimal]], kind: ChargeKind, *, on: date
) -> list[Line]:
    """The plan's fees that cost something, by resource key (None: the plan itself) and units."""
    return [priced_line(key, units, contract.billed(fee, on), kind) for key, units, fee in fees if fee]


def priced_line(key: str | None, units: Decimal, price: UnitPrice, kind: ChargeKind = ChargeKind.RECURRING) -> Line:
    """Units at a price, which may have been converted."""
    return Line(key, units, price.amount, kind, exchange=price.exchange)


def resource_price(
    contract: Contract, resource: SubscriptionResource, prices: Prices, *, on: date, renewing: bool = False
) -> UnitPrice:
    """A month's fee for one unit: an individual price, else the plan's, which may be held from earlier.

    A resource that the plan no longer has keeps the price it was last ordered at. `on`: the day of the order, whose
    exchange rate counts. Raises NoExchangeRate.
    """
    individual, rule = resource.individual_price, contract.subscription.renewal_price
    if individual is not None and not (renewing and rule in {RenewalPrice.PLAN, RenewalPrice.HIGHEST}):
        return UnitPrice(individual)
    price = _held(contract, resource.key, prices)
    if price is None:
        offer = contract.offered.get(resource.key)
        if offer is None:
            price = UnitPrice(resource.unit_price, Exchange.from_json(resource.exchange))
        else:
            price = contract.billed(offer.recurring_per_month, on)
    if individual is None or rule is not RenewalPrice.HIGHEST or individual < price.amount:
        return price
    return UnitPrice(individual)


def has_individual_prices(contract: Contract, *, renewing: bool = False) -> bool:
    """Whether an order is charged at individual prices, so that it gets no discount."""
    if renewing and contract.subscription.renewal_price is RenewalPrice.PLAN:
        return False
    return any(resource.individual_price is not None for resource in contract.resources)


def _held(contract: Contract, key: str | None, prices: Prices) -> UnitPrice | None:
    held = prices.get((contract.subscription.id, key))
    return None if held is None else UnitPrice(held.unit_price, held.exchange)
