"""What becomes of paid orders that are not done at once: their day comes, or their service is set up or is not.

Whoever sets services up, a manager or a program with a token, says what came of it. Until then all that is reserved
stays reserved: nothing closes, and what is cancelled loses nobody any money.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from domain.billing import charges as billed
from domain.billing.contracts import Contract, contracts_of
from domain.billing.models import Charge, ChargeState
from domain.customers.models import Account
from domain.customers.queries import account_for_update
from domain.ordering.models import Order, OrderState, OrderType
from domain.ordering.states import OrderStep, advance
from domain.payments.completion import is_set_up_by_others, pay_and_do, set_up, state_before, take_effect
from domain.payments.models import Payment
from domain.payments.run_batches import BATCH, distributor_of, in_batches, on_day
from domain.shared.errors import InvalidState
from domain.shared.outbox import announce
from domain.shared.rows import locked, own
from domain.subscriptions import states
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from domain.subscriptions.states import Operation
from domain.subscriptions.vendor_data import set_vendor_data
from tenancy.clock import Clock
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = ["complete_provisioning", "fail_provisioning", "provision_due", "retry_provisioning"]

REASON_LIMIT = 1000
"""Characters."""
_RENEWABLE = (SubscriptionState.ACTIVE, SubscriptionState.GRACED, SubscriptionState.STOPPED)


def complete_provisioning(
    session: Session,
    scope: Scope,
    *,
    order_id: UUID,
    attributes: Sequence[tuple[str, str]] | None = None,
    clock: Clock,
) -> Order:
    """The service is set up: what the order asks for is done today, and what closes when it is paid closes.

    `attributes` are pairs of key and value by which the vendor calls the subscription from now on. Raises NotFound,
    ActAsRequired, InvalidInput; InvalidState for an order that is not PROVISIONING; of a switch, which is paid now,
    InsufficientBalance and RefusedByBillingType.
    """
    account, subscription, order = _being_set_up(session, scope, order_id, OrderState.PROVISIONING, OrderStep.COMPLETE)
    states.go_back(subscription, state_before(order))
    contract = contracts_of(session, [subscription])[subscription.id]
    _do(session, scope, contract, account, order, clock=clock)
    order.previous_state = None
    if attributes is not None:
        set_vendor_data(session, scope, subscription_id=subscription.id, attributes=attributes, clock=clock)
    session.flush()
    return order


def fail_provisioning(session: Session, scope: Scope, *, order_id: UUID, reason: str, clock: Clock) -> Order:
    """The service could not be set up: it is tried again, or the order cancelled.

    Raises NotFound, ActAsRequired, InvalidInput; InvalidState for an order that is not PROVISIONING.
    """
    reason = clean_text(reason, "reason", limit=REASON_LIMIT)
    _, subscription, order = _being_set_up(session, scope, order_id, OrderState.PROVISIONING, OrderStep.FAIL)
    advance(order, OrderStep.FAIL, "order_id")
    states.advance(subscription, Operation.FAIL)
    order.failure = reason
    order.updated_at = subscription.updated_at = clock.now
    announce(session, scope, "order.provisioning_failed", subject=order, prefix="ord", at=clock.now)
    session.flush()
    return order


def retry_provisioning(session: Session, scope: Scope, *, order_id: UUID, clock: Clock) -> Order:
    """Try again to set up a service.

    Raises NotFound, ActAsRequired; InvalidState for an order that is not PROVISIONING_FAILED.
    """
    _, subscription, order = _being_set_up(session, scope, order_id, OrderState.PROVISIONING_FAILED, OrderStep.RETRY)
    advance(order, OrderStep.RETRY, "order_id")
    states.advance(subscription, Operation.RETRY)
    order.failure = None
    order.updated_at = subscription.updated_at = clock.now
    announce(session, scope, "order.provisioning", subject=order, prefix="ord", at=clock.now)
    session.flush()
    return order


@in_batches
def provision_due(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """A step of the billing run: do what was paid ahead and takes effect today, or let it be set up."""
    clock = on_day(clock, day)
    due = session.execute(
        select(Order.id, Order.account_id, Order.subscription_id)
        .join(
            ServiceSubscription,
            and_(
                ServiceSubscription.distributor_id == scope.distributor_id,
                ServiceSubscription.id == Order.subscription_id,
            ),
        )
        .where(
            Order.distributor_id == scope.distributor_id,
            Order.state == OrderState.WAITING_FOR_PROVISIONING,
            Order.provisions_on <= day,
            ServiceSubscription.state.in_(_RENEWABLE),
        )
        .order_by(Order.id)
        .limit(BATCH)
    ).all()
    accounts = locked(session, Account, scope.distributor_id, [row.account_id for row in due])
    subscriptions = locked(session, ServiceSubscription, scope.distributor_id, [row.subscription_id for row in due])
    orders = locked(session, Order, distributor_of(scope), [row.id for row in due])
    contracts = contracts_of(session, list(subscriptions.values()))
    for order in orders.values():
        contract = contracts[order.subscription_id]
        if order.state is not OrderState.WAITING_FOR_PROVISIONING or contract.subscription.state not in _RENEWABLE:
            continue
        if is_set_up_by_others(session, contract, order):
            advance(order, OrderStep.PROVISION)
            set_up(session, scope, contract, order, clock=clock)
            order.updated_at = contract.subscription.updated_at = clock.now
        else:
            _do(session, scope, contract, accounts[order.account_id], order, clock=clock)
    session.flush()
    return len(due)


def _do(session: Session, scope: Scope, contract: Contract, account: Account, order: Order, *, clock: Clock) -> None:
    """What the order asks for, and close what has waited for that."""
    charges = billed.charges_of_orders(session, order.distributor_id, [order.id]).get(order.id, [])
    if order.type is OrderType.SWITCH:
        payment = session.scalars(
            select(Payment).where(Payment.distributor_id == order.distributor_id, Payment.order_id == order.id)
        ).one_or_none()
        closing = pay_and_do(session, scope, contract, account, order, charges, payment, clock=clock)
    else:
        take_effect(session, scope, contract, account, order, charges, clock=clock)
        closing = [charge for charge in charges if _closes_by(charge, clock.today)]
    session.flush()
    billed.close(session, scope, closing, {account.id: account}, clock=clock)


def _closes_by(charge: Charge, day: date) -> bool:
    return charge.state is ChargeState.BLOCKED and charge.closes_on is not None and charge.closes_on <= day


def _being_set_up(
    session: Session, scope: Scope, order_id: UUID, state: OrderState, step: OrderStep
) -> tuple[Account, ServiceSubscription, Order]:
    """The acting tenant's order in this state, its subscription and account, all locked."""
    seen = own(session, scope, Order, order_id, "order_id")
    account = account_for_update(session, scope, seen.account_id, "order_id")
    subscription = locked(session, ServiceSubscription, seen.distributor_id, [seen.subscription_id])[
        seen.subscription_id
    ]
    order = locked(session, Order, seen.distributor_id, [seen.id])[seen.id]
    if order.state is not state:
        raise InvalidState(
            "Order {number} is {state}: its {step} is not possible.",
            number=order.number,
            state=order.state,
            step=step,
            path=("order_id",),
        )
    return account, subscription, order
