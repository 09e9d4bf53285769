"""An order written down with its charges, and the payment it waits for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from db.appending import add_at_once
from db.ids import uuid7
from domain.billing.charges import AMOUNT_LIMIT, Making, make
from domain.billing.contracts import Contract
from domain.billing.drafts import ChargeDraft
from domain.billing.models import Charge, ChargeState
from domain.billing.prices import Prices
from domain.customers.models import Account, PaymentModel
from domain.customers.queries import class_of
from domain.ordering.models import Order, OrderLine, OrderState, OrderType
from domain.payments.models import Payment, PaymentPurpose, PaymentState
from domain.shared.attributes import no_attributes
from domain.shared.billing_policy import Anchor
from domain.shared.decimals import plain
from domain.shared.errors import InvalidInput
from domain.shared.numbers import numbers_of_each
from domain.shared.outbox import announce
from domain.shared.periods import Period, next_billing_day
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["CANCEL_AFTER_DAYS", "Placed", "Wish", "lapses_on", "place"]

CANCEL_AFTER_DAYS = 14
"""Days after which an unpaid order is cancelled where no account class says otherwise."""


@dataclass(frozen=True, slots=True)
class Wish:
    """An order to be placed."""

    contract: Contract
    account: Account
    type: OrderType
    drafts: Sequence[ChargeDraft]
    period: Period | None
    """The days it pays for."""
    cancels_on: date | None
    due_on: date | None
    lines: Mapping[str, Decimal] = field(default_factory=dict)
    """Quantities it asks for, by resource."""
    external_id: str | None = None
    attributes: Mapping[str, Any] | None = None
    """Answers to what the plan's product wants to know; None: this order tells nothing."""
    provisions_on: date | None = None
    """The day before which it does not take effect, however early it is paid."""
    automatic: bool = False
    """Whether the billing run makes it."""

    @property
    def total(self) -> Decimal:
        """What is to be paid."""
        return sum((draft.amount for draft in self.drafts), Decimal(0))


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as it was written down."""

    contract: Contract
    account: Account
    order: Order
    charges: Sequence[Charge]
    payment: Payment | None
    """None where nothing is to be paid, or a postpaid account pays later."""

    @property
    def completes_at_once(self) -> bool:
        """Whether the order waits for nothing."""
        return self.payment is None


def lapses_on(session: Session, account: Account, contract: Contract, clock: Clock) -> date:
    """The day an order of today is cancelled, unpaid: after the account class's days, on the next billing day, or when
    what is paid ends, whichever is first.
    """
    terms, paid_to = class_of(session, account), contract.subscription.paid_to
    days = clock.today + timedelta(days=CANCEL_AFTER_DAYS if terms is None else terms.cancel_unpaid_days)
    if contract.policy.anchor is Anchor.NONE:
        return days
    ends = [days, next_billing_day(clock.today, contract.cutting_day(clock))]
    if paid_to is not None and paid_to > clock.today:
        ends.append(paid_to)
    return min(ends)


def place(
    session: Session, scope: Scope, wishes: Sequence[Wish], *, prices: Prices | None = None, clock: Clock
) -> list[Placed]:
    """Write orders of one distributor with NEW charges and waiting payments, numbered in the order given.

    Nothing completes here: an order without a payment is for the caller to complete. The accounts must be locked.
    Raises InvalidInput for a total that is more than can be booked.
    """
    numbers = numbers_of_each(session, [wish.contract.subscription for wish in wishes], "orders")
    for wish in wishes:
        if wish.total >= AMOUNT_LIMIT:
            raise InvalidInput(
                "The total of {total} {currency} is more than an order can have: it stays below {limit}.",
                total=f"{wish.total:f}",
                currency=wish.contract.subscription.currency,
                limit=plain(AMOUNT_LIMIT),
            )
    orders = [_order(wish, number, clock) for wish, number in zip(wishes, numbers, strict=True)]
    add_at_once(session, orders)
    for wish, order in zip(wishes, orders, strict=True):
        session.add_all(_line(order, key, quantity) for key, quantity in wish.lines.items())
    makings = [
        Making(wish.contract, draft, ChargeState.NEW, order_id=order.id)
        for wish, order in zip(wishes, orders, strict=True)
        for draft in wish.drafts
    ]
    by_order: dict[UUID | None, list[Charge]] = defaultdict(list)
    for charge in make(session, makings, prices=prices, clock=clock):
        by_order[charge.order_id].append(charge)
    payments = _payments(session, wishes, orders, clock)
    for order in orders:
        announce(session, scope, "order.created", subject=order, prefix="ord", at=clock.now)
    session.flush()
    return [
        Placed(wish.contract, wish.account, order, by_order[order.id], payments.get(order.id))
        for wish, order in zip(wishes, orders, strict=True)
    ]


def _order(wish: Wish, number: str, clock: Clock) -> Order:
    subscription = wish.contract.subscription
    return Order(
        distributor_id=subscription.distributor_id,
        id=uuid7(),
        tenant_id=subscription.tenant_id,
        tenant_path=subscription.tenant_path,
        number=number,
        type=wish.type,
        state=OrderState.WAITING_FOR_PAYMENT,
        account_id=subscription.account_id,
        subscription_id=subscription.id,
        currency=subscription.currency,
        total=wish.total,
        discount=sum((draft.discount for draft in wish.drafts), Decimal(0)),
        tax=sum((draft.tax for draft in wish.drafts), Decimal(0)),
        paid_from=None if wish.period is None else wish.period.start,
        paid_until=None if wish.period is None else wish.period.end,
        plan_id=wish.contract.plan.id if wish.type is OrderType.SWITCH else None,
        plan_period_id=wish.contract.period.id if wish.type is OrderType.SWITCH else None,
        automatic=wish.automatic,
        provisions_on=wish.provisions_on,
        cancels_on=wish.cancels_on,
        external_id=wish.external_id,
        attributes=no_attributes() if wish.attributes is None else dict(wish.attributes),
        created_at=clock.now,
        updated_at=clock.now,
    )


def _line(order: Order, key: str, quantity: Decimal) -> OrderLine:
    return OrderLine(
        distributor_id=order.distributor_id,
        tenant_id=order.tenant_id,
        tenant_path=order.tenant_path,
        order_id=order.id,
        resource_key=key,
        quantity=quantity,
        created_at=order.created_at,
        updated_at=order.created_at,
    )


def _payments(session: Session, wishes: Sequence[Wish], orders: Sequence[Order], clock: Clock) -> dict[UUID, Payment]:
    paid = [
        (wish, order)
        for wish, order in zip(wishes, orders, strict=True)
        if order.total > 0 and wish.account.payment_model is PaymentModel.PREPAY
    ]
    numbers = numbers_of_each(session, [order for _, order in paid], "payments")
    payments = {
        order.id: Payment(
            distributor_id=order.distributor_id,
            id=uuid7(),
            tenant_id=order.tenant_id,
            tenant_path=order.tenant_path,
            number=number,
            state=PaymentState.WAITING_FOR_PAYMENT,
            purpose=PaymentPurpose.ORDER,
            currency=order.currency,
            total=order.total,
            account_id=order.account_id,
            order_id=order.id,
            due_on=wish.due_on,
            created_at=clock.now,
            updated_at=clock.now,
        )
        for (wish, order), number in zip(paid, numbers, strict=True)
    }
    add_at_once(session, list(payments.values()))
    return payments
