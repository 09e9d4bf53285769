"""Orders that are not to be: their charges and payments end with them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.among import among
from domain.billing.charges import charges_of_orders, undo
from domain.billing.contracts import contracts_of
from domain.customers.models import Account
from domain.customers.queries import account_for_update
from domain.ordering.models import Order, OrderState, OrderType
from domain.ordering.states import OrderStep, advance, require
from domain.payments.completion import state_before
from domain.payments.foretelling import foretold
from domain.payments.models import Payment, PaymentState
from domain.shared.outbox import announce
from domain.shared.rows import locked, own
from domain.subscriptions import states
from domain.subscriptions.models import ServiceSubscription
from domain.subscriptions.states import Operation
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["cancel", "cancel_order", "withdraw"]


def cancel_order(session: Session, scope: Scope, *, order_id: UUID, clock: Clock) -> Order:
    """Cancel an order that nobody has paid yet, that waits for its day, or whose service could not be set up; a
    subscription that was to begin with it is deleted.

    Raises NotFound, ActAsRequired; InvalidState for an order that does not wait.
    """
    seen = own(session, scope, Order, order_id, "order_id")
    account_for_update(session, scope, seen.account_id, "order_id")
    subscription = locked(session, ServiceSubscription, seen.distributor_id, [seen.subscription_id])[
        seen.subscription_id
    ]
    order = locked(session, Order, seen.distributor_id, [seen.id])[seen.id]
    require(order, OrderStep.CANCEL, "order_id")
    cancel(session, scope, [order], clock=clock)
    if order.type is OrderType.SALES:
        withdraw(session, scope, subscription, clock=clock)
    session.flush()
    return order


def withdraw(session: Session, scope: Scope, subscription: ServiceSubscription, *, clock: Clock) -> None:
    """Delete what was ordered and never paid. Raises InvalidState."""
    states.advance(subscription, Operation.CANCEL)
    subscription.updated_at = clock.now
    announce(session, scope, "subscription.deleted", subject=subscription, prefix="sub", at=clock.now)


def cancel(session: Session, scope: Scope, orders: Sequence[Order], *, clock: Clock) -> None:
    """Cancel orders of one distributor that are not done: charges DELETED, waiting payments CANCELLED. What was
    reserved for them is available again.

    The orders, and their accounts before them, must be locked. What becomes of the subscriptions is the caller's.
    Raises InvalidState for an order that does not wait.
    """
    if not orders:
        return
    distributor_id, ids = orders[0].distributor_id, [order.id for order in orders]
    charges = charges_of_orders(session, distributor_id, ids)
    payments = session.scalars(
        select(Payment)
        .where(
            Payment.distributor_id == distributor_id,
            among(Payment.order_id, ids),
            Payment.state == PaymentState.WAITING_FOR_PAYMENT,
        )
        .order_by(Payment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for order in orders:
        was = order.state
        advance(order, OrderStep.CANCEL)
        order.updated_at = clock.now
        account = session.get_one(Account, (order.distributor_id, order.account_id))
        for charge in charges.get(order.id, ()):
            undo(session, account, charge, clock=clock)
        if was is OrderState.WAITING_FOR_PROVISIONING:
            _foretell_again(session, order, clock)
        if was is OrderState.PROVISIONING_FAILED and order.type is not OrderType.SALES:
            subscription = session.get_one(ServiceSubscription, (order.distributor_id, order.subscription_id))
            states.go_back(subscription, state_before(order))
            subscription.updated_at = clock.now
        announce(session, scope, "order.cancelled", subject=order, prefix="ord", at=clock.now)
    for payment in payments:
        payment.state = PaymentState.CANCELLED
        payment.updated_at = clock.now
        announce(session, scope, "payment.cancelled", subject=payment, prefix="pay", at=clock.now)
    session.flush()


def _foretell_again(session: Session, order: Order, clock: Clock) -> None:
    """What was paid ahead is still to come: as the last order that was done foretold it."""
    subscription = session.get_one(ServiceSubscription, (order.distributor_id, order.subscription_id))
    done = session.scalars(
        select(Order)
        .where(
            Order.distributor_id == order.distributor_id,
            Order.subscription_id == order.subscription_id,
            Order.state == OrderState.COMPLETED,
            Order.type != OrderType.CHANGE,
        )
        .order_by(Order.id.desc())
        .limit(1)
    ).one()
    contract = contracts_of(session, [subscription])[subscription.id]
    subscription.next_period = foretold(contract, done, clock=clock)
