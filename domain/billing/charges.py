"""Charges written down, and the changes of their state; money moves with them, in the same flush."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.among import among
from db.appending import add_at_once
from db.ids import uuid7
from domain.billing import levels
from domain.billing.charging import recomputed_for_payment, state_when_paid
from domain.billing.closing import closes_on
from domain.billing.contracts import Contract
from domain.billing.drafts import ChargeDraft, TaxRate, bare_draft, discounted_drafts, lots_of, taxed_drafts
from domain.billing.exchange import Exchange
from domain.billing.explanation import Explanation, months_of
from domain.billing.inputs import Rule
from domain.billing.ledger import move, require_funds
from domain.billing.models import Charge, ChargeState, LedgerAccount
from domain.billing.owing import owe_upstream
from domain.billing.prices import Prices
from domain.billing.splitting import ExistingCharge, reserved
from domain.billing.wording import description
from domain.customers.models import Account, PaymentModel
from domain.ordering.models import Order, OrderType
from domain.shared.errors import InvalidInput
from domain.shared.money import round_money
from domain.shared.numbers import numbers_of_each
from domain.shared.outbox import announce
from domain.shared.periods import Period, next_billing_day
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = [
    "AMOUNT_LIMIT",
    "Making",
    "announce_closed",
    "block",
    "block_opened",
    "charges_of_orders",
    "close",
    "draft_of",
    "drop",
    "existing",
    "is_merged",
    "late",
    "make",
    "opened_today",
    "rewrite",
    "tax_of",
    "undo",
]

AMOUNT_LIMIT = Decimal(10) ** 12
"""What one charge may come to: the columns hold fourteen digits before the point, and sums need room."""


@dataclass(frozen=True, slots=True)
class Making:
    """A charge to be made."""

    contract: Contract
    draft: ChargeDraft
    state: ChargeState
    order_id: UUID | None = None
    closes_on: date | None = None
    split_from_id: UUID | None = None
    discounted_by: tuple[UUID | None, str | None] | None = None
    """Id and name of the discount of the charge it is a part of."""


def make(session: Session, makings: Sequence[Making], *, prices: Prices | None = None, clock: Clock) -> list[Charge]:
    """Write charges of one distributor, numbered in the order given; no money moves yet.

    Those that are no part of a split get the levels of the chain: as they are now, or, where `prices` holds the price,
    those of the charge it was first charged with. Raises InvalidInput when a charge is absurdly large.
    """
    numbers = numbers_of_each(session, [making.contract.subscription for making in makings], "charges")
    charges = [_row(making, numbers[position], clock) for position, making in enumerate(makings)]
    add_at_once(session, charges)
    held = {}
    for charge in charges:
        price = None if prices is None else prices.get((charge.subscription_id, charge.resource_key))
        if price is not None and price.charge_id is not None and charge.split_from_id is None:
            held[charge.id] = price.charge_id
    sold = {
        making.contract.subscription.id: (making.contract.plan.id, making.contract.period.key) for making in makings
    }
    levels.snapshot(session, [charge for charge in charges if charge.split_from_id is None], held, sold, clock=clock)
    return charges


def _row(making: Making, number: str, clock: Clock) -> Charge:
    subscription, draft = making.contract.subscription, making.draft
    charge = Charge(
        distributor_id=subscription.distributor_id,
        id=uuid7(),
        tenant_id=subscription.tenant_id,
        tenant_path=subscription.tenant_path,
        number=number,
        kind=draft.kind,
        subscription_id=subscription.id,
        account_id=subscription.account_id,
        order_id=making.order_id,
        split_from_id=making.split_from_id,
        currency=draft.currency,
        created_at=clock.now,
    )
    rewrite(charge, making.contract, draft, clock=clock)
    if making.discounted_by is not None and draft.discounted_by is None:
        charge.discount_id, charge.discount_name = making.discounted_by
    charge.state = making.state
    charge.closes_on = making.closes_on
    if making.state is ChargeState.CLOSED:
        charge.closed_at = clock.now
    return charge


def rewrite(charge: Charge, contract: Contract, draft: ChargeDraft, *, clock: Clock) -> None:
    """Give the charge the numbers of the draft; state and closing day stay."""
    if draft.amount + draft.discount >= AMOUNT_LIMIT:
        raise InvalidInput(
            "A charge of {amount} {currency} is more than can be booked.",
            amount=f"{draft.amount:f}",
            currency=draft.currency,
        )
    charge.description = description(contract, draft)
    charge.resource_key = draft.resource_key
    charge.quantity = draft.quantity
    charge.unit_price = draft.unit_price
    charge.amount = draft.amount
    charge.discount = draft.discount
    charge.discount_percent = draft.discount_percent
    charge.tax = draft.tax
    charge.tax_name = None if draft.taxed is None else draft.taxed.name
    charge.tax_percent = None if draft.taxed is None else draft.taxed.percent
    if draft.discounted_by is not None:
        charge.discount_id, charge.discount_name = draft.discounted_by.id, draft.discounted_by.name
    charge.period_start = None if draft.period is None else draft.period.start
    charge.period_end = None if draft.period is None else draft.period.end
    charge.billing_period_start = None if draft.billing_period is None else draft.billing_period.start
    charge.explanation = draft.explanation.to_json()
    charge.updated_at = clock.now


def charges_of_orders(session: Session, distributor_id: UUID, order_ids: Sequence[UUID]) -> dict[UUID, list[Charge]]:
    """The charges of these orders, which are not done, in the order of their numbers, locked: NEW, or of one that is
    paid already BLOCKED and OPENED.
    """
    found: dict[UUID, list[Charge]] = defaultdict(list)
    for charge in session.scalars(
        select(Charge)
        .where(
            Charge.distributor_id == distributor_id,
            among(Charge.order_id, order_ids),
            Charge.state.in_((ChargeState.NEW, ChargeState.BLOCKED, ChargeState.OPENED)),
        )
        .order_by(Charge.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ):
        if charge.order_id is not None:
            found[charge.order_id].append(charge)
    return found


def draft_of(charge: Charge, contract: Contract, clock: Clock) -> ChargeDraft:
    """The charge as it was computed."""
    explanation = Explanation.from_json(charge.explanation)
    period = billing_period = None
    if charge.period_start is not None and charge.period_end is not None:
        period = Period(charge.period_start, charge.period_end)
        if charge.billing_period_start is not None:
            billing_period = contract.billing_period(charge.billing_period_start, clock)
    return ChargeDraft(
        resource_key=charge.resource_key,
        kind=charge.kind,
        state=ChargeState.BLOCKED,
        quantity=charge.quantity,
        unit_price=charge.unit_price,
        currency=charge.currency,
        period=period,
        billing_period=billing_period,
        months=Fraction(months_of(explanation)),
        unrounded=explanation.exact,
        amount=_money(charge.amount, charge),
        explanation=explanation,
        discount=_money(charge.discount, charge),
        discount_percent=charge.discount_percent,
        tax=_money(charge.tax, charge),
        taxed=tax_of(charge),
        split_from=lots_of(explanation),
    )


def tax_of(charge: Charge) -> TaxRate | None:
    """The tax that a stored charge bears."""
    if charge.tax_name is None or charge.tax_percent is None:
        return None
    return TaxRate(charge.tax_name, charge.tax_percent)


def late(
    contract: Contract, charges: Sequence[Charge], *, on: date, clock: Clock
) -> list[tuple[Charge, ChargeDraft | None]]:
    """Each unpaid charge as it is when it is paid on `on`: for what remains of its days; None when none do.

    They are the charges of one order: its discount is taken anew, off all that remains, and so is its tax.
    """
    terms = contract.terms(clock)
    remaining: dict[UUID, ChargeDraft] = {}
    for charge in charges:
        left = recomputed_for_payment(terms, [bare_draft(draft_of(charge, contract, clock))], on=on).drafts
        if left:
            remaining[charge.id] = left[0]
    percent, rate = next(((each.discount_percent, tax_of(each)) for each in charges), (None, None))
    adjusted = taxed_drafts(discounted_drafts(list(remaining.values()), percent), rate)
    found = dict(zip(remaining, adjusted, strict=True))
    return [(charge, found.get(charge.id)) for charge in charges]


def block(
    session: Session,
    contract: Contract,
    account: Account,
    computed: Iterable[tuple[Charge, ChargeDraft | None]],
    *,
    order: Order,
    clock: Clock,
) -> list[Charge]:
    """Reserve the money of an order's charges; returns those that close at once. The account must be locked.

    Charges whose period is over are dropped, those that became less are rewritten.
    """
    renewed = order.type is OrderType.RENEWAL
    terms = contract.terms(clock, end=contract.next_end(clock, start=order.paid_from) if renewed else None)
    paid_from = max(clock.today, order.paid_from or clock.today)
    at_once = []
    for charge, draft in computed:
        if draft is None:
            drop(charge, clock=clock)
            continue
        if (draft.period and draft.period.start) != charge.period_start or draft.amount != charge.amount:
            rewrite(charge, contract, draft, clock=clock)
        if state_when_paid(terms, draft.billing_period, paid_from=paid_from) is ChargeState.OPENED:
            charge.state = ChargeState.OPENED
            charge.updated_at = clock.now
            continue
        closing = closes_on(
            terms,
            draft,
            paid_on=clock.today,
            window_days=contract.service_term.deletion_window_days,
            sales_or_renewal=order.type in {OrderType.SALES, OrderType.RENEWAL, OrderType.SWITCH},
        )
        if account.payment_model is PaymentModel.POSTPAY:
            # What is paid afterwards is written off on the next billing day, never before.
            closing = max(closing, next_billing_day(clock.today, contract.cutting_day(clock)))
        _reserve(session, account, charge, closing, clock)
        if closing <= clock.today:
            at_once.append(charge)
    return at_once


def _reserve(session: Session, account: Account, charge: Charge, closing: date, clock: Clock) -> None:
    charge.state = ChargeState.BLOCKED
    charge.closes_on = closing
    charge.updated_at = clock.now
    move(
        session,
        account,
        LedgerAccount.AVAILABLE,
        LedgerAccount.BLOCKED,
        _money(charge.amount, charge),
        charge_id=charge.id,
        at=clock.now,
    )


def opened_today(
    session: Session, distributor_id: UUID, subscription_ids: Collection[UUID], today: date
) -> dict[UUID, list[Charge]]:
    """The OPENED charges of these subscriptions whose days have begun and are not over, in order of number, locked."""
    found: dict[UUID, list[Charge]] = defaultdict(list)
    for charge in session.scalars(
        select(Charge)
        .where(
            Charge.distributor_id == distributor_id,
            among(Charge.subscription_id, subscription_ids),
            Charge.state == ChargeState.OPENED,
            Charge.period_start <= today,
            Charge.period_end > today,
        )
        .order_by(Charge.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ):
        found[charge.subscription_id].append(charge)
    return found


def block_opened(
    session: Session, contract: Contract, account: Account, charges: Sequence[Charge], *, clock: Clock
) -> None:
    """Reserve the money of OPENED charges whose days have begun: for what is left of them, from today.

    Account and charges must be locked. Raises InsufficientBalance before anything has changed.
    """
    terms = contract.terms(clock)
    drafts = [reserved(terms, charge, on=clock.today) for charge in existing(contract, charges, {}, clock)]
    require_funds(account, sum((draft.amount for draft in drafts), Decimal(0)), "subscription_id")
    for charge, draft in zip(charges, drafts, strict=True):
        if draft.period is not None and draft.period.start != charge.period_start:
            rewrite(charge, contract, draft, clock=clock)
        _reserve(session, account, charge, closes_on(terms, draft, paid_on=clock.today), clock)


def drop(charge: Charge, *, clock: Clock) -> None:
    """A charge whose order is not paid, or whose days are over: nothing was reserved for it."""
    charge.state = ChargeState.DELETED
    charge.updated_at = clock.now


def undo(session: Session, account: Account, charge: Charge, *, clock: Clock) -> None:
    """Put the money of a charge back where it can be used; the charge is deleted. The account must be locked."""
    held = {ChargeState.BLOCKED: LedgerAccount.BLOCKED, ChargeState.CLOSED: LedgerAccount.REVENUE}.get(charge.state)
    if held is not None:
        amount = _money(charge.amount, charge)
        move(session, account, held, LedgerAccount.AVAILABLE, amount, charge_id=charge.id, at=clock.now)
    drop(charge, clock=clock)


def close(
    session: Session, scope: Scope, charges: Sequence[Charge], accounts: Mapping[UUID, Account], *, clock: Clock
) -> None:
    """Write off blocked charges of one distributor, and make what each level of the chain owes for them.

    The charges and their accounts must be locked.
    """
    for charge in charges:
        charge.state = ChargeState.CLOSED
        charge.closed_at = charge.updated_at = clock.now
        move(
            session,
            accounts[charge.account_id],
            LedgerAccount.BLOCKED,
            LedgerAccount.REVENUE,
            _money(charge.amount, charge),
            charge_id=charge.id,
            at=clock.now,
        )
    announce_closed(session, scope, charges, clock=clock)


def announce_closed(session: Session, scope: Scope, charges: Sequence[Charge], *, clock: Clock) -> None:
    """Tell of closed charges, then make and tell what each level owes for them."""
    for charge in charges:
        announce(session, scope, "charge.closed", subject=charge, prefix="chg", at=clock.now)
    session.flush()
    owe_upstream(session, scope, charges, at=clock.now)


def existing(
    contract: Contract, charges: Sequence[Charge], groups: Mapping[UUID, str], clock: Clock
) -> list[ExistingCharge]:
    """Stored recurring charges as the calculation of a split takes them; those closed by hand are never split."""
    return [
        ExistingCharge(
            id=charge.id,
            resource_key=charge.resource_key,
            state=charge.state,
            quantity=charge.quantity,
            unit_price=charge.unit_price,
            period=Period(charge.period_start, charge.period_end),
            billing_period=contract.billing_period(charge.billing_period_start, clock),
            amount=_money(charge.amount, charge),
            discount=_money(charge.discount, charge),
            discount_percent=charge.discount_percent,
            tax=_money(charge.tax, charge),
            taxed=tax_of(charge),
            lots=lots_of(Explanation.from_json(charge.explanation)),
            price_group=groups.get(charge.id, ""),
            exchange=Exchange.from_json(charge.explanation["inputs"].get("exchange")),
        )
        for charge in charges
        if charge.period_start is not None
        and charge.period_end is not None
        and charge.billing_period_start is not None
        and not is_merged(charge)
    ]


def is_merged(charge: Charge) -> bool:
    """Whether it was closed by hand, together with others."""
    return bool(charge.explanation["rule"] == Rule.MERGED)


def _money(amount: Decimal, charge: Charge) -> Decimal:
    """As the currency writes it: columns hold four decimals."""
    return round_money(amount, charge.currency)
