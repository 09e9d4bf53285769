"""What each level of the chain owes the one above for a closed charge, and what it keeps: see `levels`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.appending import append_all
from db.ids import uuid7
from domain.billing.exchange import Exchange
from domain.billing.explanation import Explanation, cost_taken_back, exchange_of, months_of, with_cost
from domain.billing.levels import everything, levels_of, priced_as
from domain.billing.models import Charge, ResellerCharge
from domain.billing.reseller_discounts import Discounts, discounts_for
from domain.billing.upstream import UpstreamPrice, owed_upstream
from domain.shared.outbox import announce
from domain.shared.rounding import half_up
from tenancy.scope import Scope
from tenancy.sessions import seeing

__all__ = ["Kept", "kept", "owe_upstream", "take_back"]

_MONTHS_DIGITS = 6


def owe_upstream(session: Session, scope: Scope, charges: Sequence[Charge], *, at: datetime) -> None:
    """Make what each level owes the level above for these closed charges, up to the owner of the original plan.

    The prices are the charge's levels, the discounts those of now. Made once for a charge and level, however often
    this is called.
    """
    if not charges:
        return
    with seeing(session, everything(charges[0], scope)):
        distributor_id = charges[0].distributor_id
        levels = levels_of(session, distributor_id, {priced_as(charge) for charge in charges})
        discounts = discounts_for(session, distributor_id, {level.tenant_id for of in levels.values() for level in of})
        rows = []
        for charge in charges:
            chain = levels.get(priced_as(charge), [])
            plan_ids = frozenset(level.plan_id for level in chain)
            rows += [_owed(charge, level, plan_ids, discounts, at) for level in chain if level.creditor_id is not None]
        _write(session, scope, rows, at)


def _owed(charge: Charge, level: Any, plan_ids: frozenset[UUID], discounts: Discounts, at: datetime) -> dict[str, Any]:
    best = discounts.best(
        debtor_id=level.tenant_id,
        subscription_id=charge.subscription_id,
        account_id=charge.account_id,
        plan_ids=plan_ids,
        creditor_id=level.creditor_id,
    )
    percent = Decimal(0) if best is None else best.percent
    of = Explanation.from_json(charge.explanation)
    exchange, cost_exchange = Exchange.from_json(level.exchange), Exchange.from_json(level.cost_exchange)
    price = UpstreamPrice(level.unit_price, percent, exchange)
    explanation = owed_upstream(of, price, quantity=charge.quantity, currency=level.currency)
    cost = None
    if level.cost_currency is not None:
        own = UpstreamPrice(level.cost_unit_price, percent, cost_exchange)
        cost = owed_upstream(of, own, quantity=charge.quantity, currency=level.cost_currency)
        explanation = with_cost(explanation, cost.inputs)
    return {
        "distributor_id": charge.distributor_id,
        "id": uuid7(),
        "tenant_id": level.tenant_id,
        "tenant_path": level.tenant_path,
        "creditor_id": level.creditor_id,
        "charge_id": charge.id,
        "subscription_id": charge.subscription_id,
        "unit_price": level.unit_price,
        "currency": level.currency,
        "quantity": charge.quantity,
        "reversal": False,
        "months": half_up(months_of(of), _MONTHS_DIGITS),
        "discount_percent": percent,
        "discount_id": None if best is None else best.id,
        "amount": explanation.rounded,
        "cost": None if cost is None else cost.rounded,
        "cost_currency": level.cost_currency,
        "explanation": explanation.to_json(),
        "closed_at": at,
        "created_at": at,
        "updated_at": at,
    }


@dataclass(frozen=True, slots=True)
class Kept:
    """What one level keeps of some charges."""

    tenant_id: UUID
    tenant_path: str
    currency: str
    amount: Decimal | None
    """What it receives less what that costs it, both rounded; None where these are in several currencies."""


def kept(session: Session, charges: Sequence[Charge]) -> list[Kept]:
    """What each level keeps of these charges of one distributor, the seller's first: whoever asks sees to whom to tell.

    Of what has closed by the reseller charges that were made, of the others by the discounts of now.
    """
    if not charges:
        return []
    distributor_id = charges[0].distributor_id
    with seeing(session, everything(charges[0])):
        levels = levels_of(session, distributor_id, {priced_as(charge) for charge in charges})
        discounts = discounts_for(session, distributor_id, {level.tenant_id for of in levels.values() for level in of})
        made = {
            (row.charge_id, row.tenant_id): row._mapping  # noqa: SLF001 - a row's public name
            for row in session.execute(
                select(
                    ResellerCharge.charge_id,
                    ResellerCharge.tenant_id,
                    ResellerCharge.amount,
                    ResellerCharge.currency,
                    ResellerCharge.cost,
                    ResellerCharge.cost_currency,
                ).where(
                    ResellerCharge.distributor_id == distributor_id,
                    ResellerCharge.charge_id.in_([charge.id for charge in charges]),
                    ~ResellerCharge.reversal,
                )
            )
        }
    found: dict[UUID, Kept] = {}
    for charge in charges:
        chain = levels.get(priced_as(charge), [])
        plan_ids = frozenset(level.plan_id for level in chain)
        income, currency = charge.amount - charge.tax, charge.currency
        for level in chain:
            owes: Mapping[Any, Any] | None = made.get((charge.id, level.tenant_id))
            if owes is None:
                owes = _owed(charge, level, plan_ids, discounts, charge.created_at)
            cost, paid_in = owes["amount"], owes["currency"]
            if owes["cost_currency"] is not None:
                cost, paid_in = owes["cost"], owes["cost_currency"]
            before = found.get(level.tenant_id)
            amount = income - cost if currency == paid_in else None
            if before is not None:
                same = before.amount is not None and before.currency == currency
                amount = None if amount is None or not same else before.amount + amount
            found[level.tenant_id] = Kept(level.tenant_id, level.tenant_path, currency, amount)
            income, currency = owes["amount"], owes["currency"]
    return sorted(found.values(), key=lambda each: each.tenant_path, reverse=True)


def take_back(session: Session, scope: Scope, charges: Sequence[Charge], *, at: datetime) -> None:
    """The reseller charges of these formerly closed charges again, negative: other charges have replaced them."""
    if not charges:
        return
    with seeing(session, everything(charges[0], scope)):
        table = ResellerCharge.__table__
        made = session.execute(
            select(*table.columns).where(
                ResellerCharge.distributor_id == charges[0].distributor_id,
                ResellerCharge.charge_id.in_([charge.id for charge in charges]),
                ~ResellerCharge.reversal,
            )
        ).mappings()
        _write(session, scope, [_reversed(dict(row), at) for row in made], at)


def _reversed(row: dict[str, Any], at: datetime) -> dict[str, Any]:
    explanation = Explanation.from_json(row["explanation"])
    price = UpstreamPrice(row["unit_price"], row["discount_percent"], exchange_of(explanation))
    again = owed_upstream(explanation, price, quantity=row["quantity"], currency=row["currency"], refund=True)
    cost = None if row["cost"] is None else -row["cost"]
    if cost is not None:
        again = with_cost(again, cost_taken_back(explanation))
    return {
        **row,
        "id": uuid7(),
        "reversal": True,
        "quantity": -row["quantity"],
        "amount": again.rounded,
        "cost": cost,
        "explanation": again.to_json(),
        "closed_at": at,
        "created_at": at,
        "updated_at": at,
    }


def _write(session: Session, scope: Scope, rows: Sequence[dict[str, Any]], at: datetime) -> None:
    if not rows:
        return
    written = append_all(session, ResellerCharge, rows, where_new=True)
    for row in rows:
        if row["id"] in written:
            announce(session, scope, "reseller_charge.created", subject=ResellerCharge(**row), prefix="rch", at=at)
