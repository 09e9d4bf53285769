"""Charges closed by hand: all that is not written off yet, as one charge for the plan and one for each resource."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.billing import charges as written
from domain.billing import levels
from domain.billing.charges import Making
from domain.billing.contracts import Contract
from domain.billing.drafts import ChargeDraft
from domain.billing.explanation import Explanation, merged, months_of
from domain.billing.inputs import Rule
from domain.billing.ledger import move, require_funds
from domain.billing.models import Charge, ChargeKind, ChargeState, LedgerAccount
from domain.customers.models import Account
from domain.shared.money import round_money
from domain.shared.periods import Period
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["close_by_hand", "closed_by_hand_until"]

_OPEN = (ChargeState.BLOCKED, ChargeState.OPENED)


def close_by_hand(
    session: Session, scope: Scope, contract: Contract, account: Account, *, clock: Clock
) -> list[Charge]:
    """Delete the subscription's BLOCKED and OPENED recurring charges, and close merged ones in their place, today.

    One for the plan and one for each resource; where prices differ, here or at a level above, one for each price, so
    that every level owes what it would have owed. They are never split: nothing of them comes back. An empty list when
    nothing is open. The account must be locked. Raises InsufficientBalance when OPENED charges are not covered.
    """
    subscription = contract.subscription
    rows = session.scalars(
        select(Charge)
        .where(
            Charge.distributor_id == subscription.distributor_id,
            Charge.subscription_id == subscription.id,
            Charge.kind == ChargeKind.RECURRING,
            Charge.state.in_(_OPEN),
        )
        .order_by(Charge.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    opened = (row.amount for row in rows if row.state is ChargeState.OPENED)
    require_funds(account, sum(opened, Decimal(0)), "subscription_id")
    groups = levels.price_groups(session, rows)
    found: dict[tuple[str | None, Decimal, str], list[Charge]] = defaultdict(list)
    for row in rows:
        found[row.resource_key, row.unit_price, groups[row.id]].append(row)
    makings = [
        Making(
            contract,
            _merged(of),
            ChargeState.CLOSED,
            order_id=of[0].order_id,
            closes_on=clock.today,
            split_from_id=of[0].split_from_id or of[0].id,
            discounted_by=(of[0].discount_id, of[0].discount_name),
        )
        for of in found.values()
    ]
    for row in rows:
        written.undo(session, account, row, clock=clock)
    made = written.make(session, makings, clock=clock)
    for charge in made:
        amount = round_money(charge.amount, charge.currency)
        move(
            session,
            account,
            LedgerAccount.AVAILABLE,
            LedgerAccount.REVENUE,
            amount,
            charge_id=charge.id,
            at=clock.now,
        )
    written.announce_closed(session, scope, made, clock=clock)
    return made


def closed_by_hand_until(session: Session, contract: Contract, clock: Clock) -> date | None:
    """The day up to which charges of the subscription were closed by hand; None when that is over, or never was."""
    subscription = contract.subscription
    return session.scalar(
        select(func.max(Charge.period_end)).where(
            Charge.distributor_id == subscription.distributor_id,
            Charge.subscription_id == subscription.id,
            Charge.state == ChargeState.CLOSED,
            Charge.explanation["rule"].astext == Rule.MERGED,
            Charge.period_end > clock.today,
        )
    )


def _merged(of: Sequence[Charge]) -> ChargeDraft:
    """Charges of one resource and price as one: for the most units of a period, and the months these amount to."""
    units: dict[date, Decimal] = defaultdict(Decimal)
    for charge in of:
        if charge.billing_period_start is not None:
            units[charge.billing_period_start] += charge.quantity
    most = max(units.values())
    explanations = [Explanation.from_json(charge.explanation) for charge in of]
    unit_months = sum(
        (Fraction(charge.quantity) * months_of(each) for charge, each in zip(of, explanations, strict=True)),
        Fraction(0),
    )
    explanation = merged(
        [(charge.number, round_money(charge.amount, charge.currency)) for charge in of],
        currency=of[0].currency,
        months=unit_months / Fraction(most),
        units=units,
    )
    rates = {written.tax_of(charge) for charge in of}
    percents = {charge.discount_percent for charge in of}
    starts = [charge.period_start for charge in of if charge.period_start is not None]
    ends = [charge.period_end for charge in of if charge.period_end is not None]
    first = of[0].billing_period_start
    return ChargeDraft(
        resource_key=of[0].resource_key,
        kind=ChargeKind.RECURRING,
        state=ChargeState.CLOSED,
        quantity=most,
        unit_price=of[0].unit_price,
        currency=of[0].currency,
        period=Period(min(starts), max(ends)),
        billing_period=None if first is None else Period(first, max(ends)),
        months=Fraction(explanation.fraction),
        unrounded=explanation.exact,
        amount=explanation.rounded,
        explanation=explanation,
        discount=sum((round_money(charge.discount, charge.currency) for charge in of), Decimal(0)),
        discount_percent=percents.pop() if len(percents) == 1 else None,
        tax=sum((round_money(charge.tax, charge.currency) for charge in of), Decimal(0)),
        taxed=rates.pop() if len(rates) == 1 else None,
    )
