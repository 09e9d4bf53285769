"""The prices of every level of the chain, written down when a charge is created.

The seller of a subscription may not see what the tenants above it pay, yet its customer's charge decides what they owe
one another. This module and `owing` are those that leave the actor's scope: they read and write for the whole
distributor, in Core rows that never become the session's objects, and hand nothing of it back.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import literal, select
from sqlalchemy.orm import Session, aliased

from db.among import among
from db.appending import append_all
from db.ids import uuid7
from domain.billing.exchange import Exchange, Rates
from domain.billing.exchange_rates import rates_of
from domain.billing.models import Charge, ChargeKind, ChargeLevel
from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.shared.errors import InvalidInput
from tenancy.clock import Clock
from tenancy.models import Tenant
from tenancy.rows import TenantRow
from tenancy.scope import SEGMENT, Scope
from tenancy.sessions import seeing

__all__ = ["everything", "levels_of", "price_groups", "priced_as", "snapshot"]

UPSTREAM_LIMIT = Decimal(10) ** 11
"""What one level may owe the next for a charge, a month: ten years of it fit their column."""

_FEE_OF_KIND = {
    ChargeKind.SETUP: ("setup", "net_setup"),
    ChargeKind.RENEWAL: ("renewal", "net_renewal"),
}


def everything(row: TenantRow, scope: Scope | None = None) -> Scope:
    """The whole distributor of the row, reading and writing, for the same actor and job."""
    whole = Scope.of_tenant(row.distributor_id, row.distributor_id, row.tenant_path[:SEGMENT]).writing_downstream()
    return whole if scope is None or scope.job_id is None else whole.for_job(scope.job_id)


@dataclass(frozen=True, slots=True)
class _Level:
    """One plan of a chain of delegations, the seller's first."""

    plan_id: UUID
    tenant_id: UUID
    tenant_path: str
    currency: str
    """The plan's, the same along the chain."""
    billed_in: str
    """What the tenant bills in."""


Sold = Mapping[UUID, tuple[UUID, str]]
"""By subscription, the seller's plan and the key of its period."""


def snapshot(
    session: Session, charges: Sequence[Charge], held: Mapping[UUID, UUID], sold: Sold, *, clock: Clock
) -> None:
    """Write down what every level pays the one above for one unit of these new charges.

    `held` maps a charge to the one whose levels it keeps, where the price is held; the others take the prices of now,
    as do those whose seller was moved below others since. `sold` names the plan that each subscription's charges are
    for, which is not the present one while a switch waits. A plan's price is counted into what the tenant above bills
    in, at its exchange rate of today, and into what the level itself bills in, at its own.
    Not for parts of a split: those use the levels of the charge they come from. Raises InvalidInput where a level
    would owe more than can be booked.
    """
    if not charges:
        return
    with seeing(session, everything(charges[0])):
        rows = _copied(session, charges, held, sold, clock.now)
        known = {row["charge_id"] for row in rows}
        rows += _current(session, [charge for charge in charges if charge.id not in known], sold, clock)
        append_all(session, ChargeLevel, rows)


def _copied(
    session: Session, charges: Sequence[Charge], held: Mapping[UUID, UUID], sold: Sold, at: datetime
) -> list[dict[str, Any]]:
    if not held:
        return []
    distributor_id = charges[0].distributor_id
    levels = levels_of(session, distributor_id, set(held.values()))
    keeping = [charge for charge in charges if charge.id in held]
    chains = _chains(session, distributor_id, {sold[charge.subscription_id][0] for charge in keeping})
    rows = []
    for charge in keeping:
        kept = levels.get(held[charge.id], [])
        plan_id, _ = sold[charge.subscription_id]
        # Of a seller that was moved meanwhile, nothing is owed any more to whom it was moved away from.
        if {(level.tenant_id, level.creditor_id) for level in kept} == _debts(chains[plan_id]):
            rows += [{**_level_values(level, at), "charge_id": charge.id} for level in kept]
    return rows


def _debts(chain: Sequence[_Level]) -> set[tuple[UUID, UUID | None]]:
    """Who owes whom along a chain; the last one owes its vendor."""
    return {
        (debtor.tenant_id, None if creditor is None else creditor.tenant_id)
        for debtor, creditor in zip(chain, [*chain[1:], None], strict=True)
    }


def _level_values(level: Any, at: datetime) -> dict[str, Any]:
    return {**level._mapping, "id": uuid7(), "created_at": at, "updated_at": at}  # noqa: SLF001 - a row's public name


@dataclass(frozen=True, slots=True)
class _Billed:
    """A plan's price in what a tenant bills in."""

    amount: Decimal
    currency: str
    exchange: dict[str, str] | None


def _rates(session: Session, distributor_id: UUID, levels: Collection[_Level]) -> Rates:
    """The rates that chains with several currencies need; no statement for those with one."""
    foreign = [level for level in levels if level.currency != level.billed_in]
    currencies = {level.currency for level in foreign}
    return rates_of(session, distributor_id, {level.tenant_path for level in foreign}, from_currencies=currencies)


def _billed(level: _Level, price: Decimal, rates: Rates, today: date) -> _Billed:
    """The price as this tenant bills it, at its rate of today; one that has none bills in the plan's currency."""
    if level.currency == level.billed_in:
        return _Billed(price, level.currency, None)
    rate = rates.at(level.tenant_path, level.currency, level.billed_in, today)
    if rate is None:
        return _Billed(price, level.currency, None)
    exchange = Exchange(level.currency, price, rate)
    return _Billed(exchange.converted, level.billed_in, exchange.to_json())


def _current(session: Session, charges: Sequence[Charge], sold: Sold, clock: Clock) -> list[dict[str, Any]]:
    if not charges:
        return []
    distributor_id = charges[0].distributor_id
    chains = _chains(session, distributor_id, {sold[charge.subscription_id][0] for charge in charges})
    plan_ids = {level.plan_id for chain in chains.values() for level in chain}
    rates = _rates(session, distributor_id, [level for chain in chains.values() for level in chain])
    by_resource = _fees(session, PlanResource, distributor_id, plan_ids)
    by_period = _fees(session, PlanPeriod, distributor_id, plan_ids)
    rows = []
    for charge in charges:
        plan_id, period_key = sold[charge.subscription_id]
        fees, key = (by_period, period_key) if charge.resource_key is None else (by_resource, charge.resource_key)
        price_name, net_name = _FEE_OF_KIND.get(charge.kind, ("recurring_per_month", "net_recurring_per_month"))
        chain = chains[plan_id]
        for debtor, creditor in zip(chain, [*chain[1:], None], strict=True):
            above = None if creditor is None else fees.get((creditor.plan_id, key))
            own = fees.get((debtor.plan_id, key))
            if above is not None:
                price = getattr(above, price_name)
            else:
                price = Decimal(0) if own is None else getattr(own, net_name)
            billed = _billed(creditor or debtor, price, rates, clock.today)
            cost = None if creditor is None else _billed(debtor, price, rates, clock.today)
            largest = max(price, *(each.amount for each in (billed, cost) if each is not None))
            if largest * charge.quantity >= UPSTREAM_LIMIT:
                # The amount is not the seller's to know.
                raise InvalidInput("For this quantity a tenant above would owe more than can be booked.")
            if cost is not None and cost.currency == billed.currency:
                # It pays in its own currency: what it owes is what it costs, whatever its own rate is.
                cost = None
            rows.append(
                {
                    "distributor_id": distributor_id,
                    "id": uuid7(),
                    "tenant_id": debtor.tenant_id,
                    "tenant_path": debtor.tenant_path,
                    "charge_id": charge.id,
                    "creditor_id": None if creditor is None else creditor.tenant_id,
                    "plan_id": debtor.plan_id,
                    "unit_price": billed.amount,
                    "currency": billed.currency,
                    "exchange": billed.exchange,
                    "cost_unit_price": None if cost is None else cost.amount,
                    "cost_currency": None if cost is None else cost.currency,
                    "cost_exchange": None if cost is None else cost.exchange,
                    "created_at": clock.now,
                    "updated_at": clock.now,
                }
            )
    return rows


def _chains(session: Session, distributor_id: UUID, plan_ids: Collection[UUID]) -> dict[UUID, list[_Level]]:
    """From each plan up its delegations to the origin."""
    columns = (Plan.id, Plan.parent_id, Plan.tenant_id, Plan.tenant_path, Plan.distributor_id, Plan.currency)
    chain = (
        select(Plan.id.label("sold"), *columns, literal(0).label("steps"))
        .where(Plan.distributor_id == distributor_id, among(Plan.id, plan_ids))
        .cte("chain", recursive=True)
    )
    above = aliased(Plan)
    chain = chain.union_all(
        select(
            chain.c.sold,
            above.id,
            above.parent_id,
            above.tenant_id,
            above.tenant_path,
            above.distributor_id,
            above.currency,
            chain.c.steps + 1,
        ).join(chain, (above.distributor_id == distributor_id) & (above.id == chain.c.parent_id))
    )
    found: dict[UUID, list[_Level]] = defaultdict(list)
    for row in session.execute(
        select(chain, Tenant.currency.label("billed_in"))
        .join(Tenant, (Tenant.distributor_id == chain.c.distributor_id) & (Tenant.id == chain.c.tenant_id))
        .order_by(chain.c.sold, chain.c.steps)
    ):
        found[row.sold].append(_Level(row.id, row.tenant_id, row.tenant_path, row.currency, row.billed_in))
    return found


def _fees(
    session: Session,
    model: type[PlanResource] | type[PlanPeriod],
    distributor_id: UUID,
    plan_ids: Collection[UUID],
) -> dict[tuple[UUID, str], Any]:
    rows = session.execute(
        select(
            model.plan_id,
            model.key,
            model.setup,
            model.recurring_per_month,
            model.renewal,
            model.net_setup,
            model.net_recurring_per_month,
            model.net_renewal,
        ).where(model.distributor_id == distributor_id, among(model.plan_id, plan_ids))
    )
    return {(row.plan_id, row.key): row for row in rows}


def levels_of(session: Session, distributor_id: UUID, charge_ids: Collection[UUID]) -> dict[UUID, list[Any]]:
    """The levels of each charge as rows, the seller's first."""
    rows = session.execute(
        select(
            ChargeLevel.distributor_id,
            ChargeLevel.tenant_id,
            ChargeLevel.tenant_path,
            ChargeLevel.charge_id,
            ChargeLevel.creditor_id,
            ChargeLevel.plan_id,
            ChargeLevel.unit_price,
            ChargeLevel.currency,
            ChargeLevel.exchange,
            ChargeLevel.cost_unit_price,
            ChargeLevel.cost_currency,
            ChargeLevel.cost_exchange,
        )
        .where(ChargeLevel.distributor_id == distributor_id, among(ChargeLevel.charge_id, charge_ids))
        .order_by(ChargeLevel.charge_id, ChargeLevel.tenant_path.desc())
    )
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.charge_id].append(row)
    return found


def price_groups(session: Session, charges: Sequence[Charge]) -> dict[UUID, str]:
    """A mark for each charge: equal where all levels above pay the same. For merging only; it is stored nowhere."""
    if not charges:
        return {}
    with seeing(session, everything(charges[0])):
        levels = levels_of(session, charges[0].distributor_id, {priced_as(charge) for charge in charges})
    marks: dict[tuple[tuple[UUID, Decimal, Decimal | None], ...], str] = {}
    groups = {}
    for charge in charges:
        prices = tuple(
            (level.tenant_id, level.unit_price, level.cost_unit_price) for level in levels.get(priced_as(charge), ())
        )
        groups[charge.id] = marks.setdefault(prices, str(len(marks)))
    return groups


def priced_as(charge: Charge) -> UUID:
    return charge.split_from_id or charge.id
