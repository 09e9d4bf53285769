"""The billing run's payments: what begins today is paid from the balances, in order of subscription number."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Row, Uuid, and_, exists, null, select, type_coerce, union
from sqlalchemy.orm import Session

from db.among import among
from domain.billing import charges as billed
from domain.billing.contracts import Contract, contracts_of
from domain.billing.models import Charge, ChargeState
from domain.customers.models import Account
from domain.ordering.models import Order, OrderState, OrderType
from domain.payments.asking import ask, under_approval
from domain.payments.cancelling import cancel
from domain.payments.completion import complete
from domain.payments.models import Payment
from domain.payments.run_batches import BATCH, distributor_of, in_batches, on_day
from domain.shared.errors import InsufficientBalance
from domain.shared.outbox import announce
from domain.shared.rows import locked
from domain.subscriptions import states
from domain.subscriptions.models import ManualOperationKind, ServiceSubscription, SubscriptionState
from domain.subscriptions.states import Operation
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["NOT_PAID", "asked_first", "drop_opened", "grace", "pay_due", "stop_unpaid"]

NOT_PAID = "The next period was not paid."
"""Why the run stops a subscription."""

_Subscription = ServiceSubscription


def drop_opened(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """Delete what was opened for days that went by while its subscription stood still: nothing was reserved."""
    clock = on_day(clock, day)
    over = session.scalars(
        select(Charge.id)
        .where(
            Charge.distributor_id == scope.distributor_id,
            Charge.state == ChargeState.OPENED,
            Charge.period_end <= day,
        )
        .order_by(Charge.id)
        .limit(BATCH)
    ).all()
    for charge in locked(session, Charge, scope.distributor_id, over).values():
        if charge.state is ChargeState.OPENED:
            billed.drop(charge, clock=clock)
    session.flush()
    return len(over)


@in_batches
def pay_due(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """Pay the next periods that begin from the balances, in order of subscription number; else grace or stop.

    Those are waiting orders, and periods that an earlier order opened without reserving them.
    """
    clock = on_day(clock, day)
    due = _due(session, scope, day)
    accounts = locked(session, Account, scope.distributor_id, [row.account_id for row in due])
    subscriptions = locked(session, _Subscription, scope.distributor_id, [row.subscription_id for row in due])
    contracts = contracts_of(session, list(subscriptions.values()))
    orders = locked(session, Order, scope.distributor_id, [row.order_id for row in due if row.order_id is not None])
    payments = _payments_of(session, scope, list(orders))
    charges = billed.charges_of_orders(session, distributor_of(scope), list(orders))
    opened = billed.opened_today(
        session, distributor_of(scope), [row.subscription_id for row in due if row.order_id is None], day
    )
    at_once: list[Charge] = []
    unpaid: list[Order] = []
    stopped: list[Contract] = []
    for row in due:
        contract, account = contracts[row.subscription_id], accounts[row.account_id]
        order = orders.get(row.order_id)
        if order is None:
            if not _open(session, contract, account, opened.get(row.subscription_id, []), clock):
                stopped.append(contract)
            continue
        if order.state is not OrderState.WAITING_FOR_PAYMENT:
            continue
        try:
            at_once += complete(
                session, scope, contract, account, order, charges[order.id], payments.get(order.id), clock=clock
            )
        except InsufficientBalance:
            if not grace(session, scope, contract, prolongation=order.type is OrderType.PROLONG, clock=clock):
                unpaid.append(order)
                stopped.append(contract)
    session.flush()
    billed.close(session, scope, at_once, accounts, clock=clock)
    stopped = asked_first(session, scope, stopped, accounts, ManualOperationKind.STOP, reason=NOT_PAID, clock=clock)
    gone = {contract.subscription.id for contract in stopped}
    cancel(session, scope, [order for order in unpaid if order.subscription_id in gone], clock=clock)
    for contract in stopped:
        stop_unpaid(session, scope, contract, clock=clock)
    session.flush()
    return len(due)


def _due(session: Session, scope: Scope, day: date) -> Sequence[Row[UUID, UUID, UUID | None]]:
    """Account, subscription and order of what is to be paid; without an order where an opened charge has begun."""
    columns = (_Subscription.tenant_path, _Subscription.number, _Subscription.account_id, _Subscription.id)
    running = and_(
        _Subscription.distributor_id == scope.distributor_id, _Subscription.state == SubscriptionState.ACTIVE
    )
    ordered = (
        select(*columns, Order.id.label("order_id"))
        .join(Order, and_(Order.distributor_id == scope.distributor_id, Order.subscription_id == _Subscription.id))
        .where(
            running,
            Order.state == OrderState.WAITING_FOR_PAYMENT,
            Order.type.in_((OrderType.PROLONG, OrderType.RENEWAL)),
            Order.paid_from <= day,
            _Subscription.paid_to <= day,
        )
    )
    opened = select(*columns, type_coerce(null(), Uuid).label("order_id")).where(
        running,
        exists().where(
            Charge.distributor_id == scope.distributor_id,
            Charge.subscription_id == _Subscription.id,
            Charge.state == ChargeState.OPENED,
            Charge.period_start <= day,
            Charge.period_end > day,
        ),
    )
    due = union(ordered, opened).subquery()
    return session.execute(
        select(due.c.account_id, due.c.id.label("subscription_id"), due.c.order_id)
        .order_by(due.c.tenant_path, due.c.number)
        .limit(BATCH)
    ).all()


def _open(session: Session, contract: Contract, account: Account, charges: Sequence[Charge], clock: Clock) -> bool:
    """Reserve what was opened for today; answers whether the balance sufficed."""
    try:
        billed.block_opened(session, contract, account, charges, clock=clock)
    except InsufficientBalance:
        return False
    return True


def _payments_of(session: Session, scope: Scope, order_ids: Sequence[UUID]) -> dict[UUID | None, Payment]:
    rows = session.scalars(
        select(Payment)
        .where(Payment.distributor_id == scope.distributor_id, among(Payment.order_id, order_ids))
        .order_by(Payment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.order_id: row for row in rows}


def grace(session: Session, scope: Scope, contract: Contract, *, prolongation: bool, clock: Clock) -> bool:
    """Let an unpaid subscription run on if its service term does; answers whether it does."""
    term, subscription = contract.service_term, contract.subscription
    if term.grace_period_days <= 0 or (prolongation and not term.grace_on_prolongation):
        return False
    states.advance(subscription, Operation.GRACE)
    subscription.updated_at = clock.now
    announce(session, scope, "subscription.graced", subject=subscription, prefix="sub", at=clock.now)
    return True


def asked_first(
    session: Session,
    scope: Scope,
    contracts: Collection[Contract],
    accounts: Mapping[UUID, Account],
    kind: ManualOperationKind,
    *,
    reason: str | None,
    clock: Clock,
) -> list[Contract]:
    """Those that the calendar may stop or delete by itself; the others wait for a manager from now on."""
    waiting = under_approval(session, contracts, accounts, kind)
    for contract in contracts:
        if contract.subscription.id in waiting:
            ask(session, scope, contract.subscription, kind, reason=reason, clock=clock)
    return [contract for contract in contracts if contract.subscription.id not in waiting]


def stop_unpaid(session: Session, scope: Scope, contract: Contract, *, clock: Clock) -> None:
    """Stop what is not paid. Its last period is over: there is nothing to settle."""
    subscription = contract.subscription
    states.advance(subscription, Operation.STOP)
    subscription.stopped_on = clock.today
    subscription.stop_reason = NOT_PAID
    subscription.updated_at = clock.now
    announce(session, scope, "subscription.stopped", subject=subscription, prefix="sub", at=clock.now)
