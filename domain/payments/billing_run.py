"""The billing run: all that one date brings for one distributor, in the order of the rules.

Set prices planned for the day; close charges and make reseller charges; cancel lapsed orders; create prolong and
renewal orders; pay them in order of subscription number, else grace or stop; end what has waited long enough. Invoices
and mail come after, elsewhere.

A step does one batch and answers how many rows it has handled; it is over when it answers 0. Every step finds its work
by what the rows say, so that a run broken off between two transactions goes on where it was, and a second run of the
same date finds nothing. A batch locks its accounts before anything else, therefore each has its own transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from domain.billing import charges as billed
from domain.billing import settlement
from domain.billing.models import Charge, ChargeState
from domain.catalog.models import ServiceTerm
from domain.customers.models import Account
from domain.ordering.models import UNPROVISIONED, Order, OrderState, OrderType
from domain.ordering.queries import open_orders
from domain.payments.cancelling import cancel, withdraw
from domain.payments.completion import complete
from domain.payments.next_periods import ends_its_term, prolongations, renewals
from domain.payments.placing import Placed, place
from domain.payments.provisioning import provision_due
from domain.payments.run_batches import (
    BATCH,
    Step,
    distributor_of,
    due_ahead,
    has_open_order,
    in_batches,
    joined,
    may_pay,
    on_day,
    ready,
    running,
    to_prolong,
    to_renew,
)
from domain.payments.run_paying import NOT_PAID, asked_first, drop_opened, grace, pay_due, stop_unpaid
from domain.payments.run_prices import take_prices
from domain.shared.outbox import announce
from domain.shared.rows import locked
from domain.subscriptions import states
from domain.subscriptions.models import ManualOperationKind, ServiceSubscription, SubscriptionState
from domain.subscriptions.states import Operation
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["STEPS", "Step", "run_day"]

_Subscription = ServiceSubscription


def run_day(session: Session, scope: Scope, *, clock: Clock, day: date) -> None:
    """All steps of one date in one transaction: for tests and small distributors. See `STEPS`."""
    for step in STEPS:
        while step(session, scope, clock=clock, day=day):
            pass


@in_batches
def close_due(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """Write off blocked charges whose day has come; each level of the chain owes for them."""
    clock = on_day(clock, day)
    due = session.execute(
        select(Charge.id, Charge.account_id)
        .where(
            Charge.distributor_id == scope.distributor_id,
            Charge.state == ChargeState.BLOCKED,
            Charge.closes_on <= day,
            # What is paid and not done closes when it is done.
            ~exists().where(
                Order.distributor_id == scope.distributor_id,
                Order.id == Charge.order_id,
                Order.state.in_(UNPROVISIONED),
            ),
        )
        .order_by(Charge.closes_on, Charge.id)
        .limit(BATCH)
    ).all()
    accounts = locked(session, Account, scope.distributor_id, [row.account_id for row in due])
    charges = locked(session, Charge, scope.distributor_id, [row.id for row in due])
    still = [charge for charge in charges.values() if charge.state is ChargeState.BLOCKED]
    billed.close(session, scope, still, accounts, clock=clock)
    session.flush()
    return len(due)


@in_batches
def cancel_lapsed(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """Cancel orders that nobody paid in time; what was never sold is deleted."""
    clock = on_day(clock, day)
    due = session.execute(
        select(Order.id, Order.account_id, Order.subscription_id)
        .where(
            Order.distributor_id == scope.distributor_id,
            Order.state == OrderState.WAITING_FOR_PAYMENT,
            Order.cancels_on <= day,
        )
        .order_by(Order.id)
        .limit(BATCH)
    ).all()
    locked(session, Account, scope.distributor_id, [row.account_id for row in due])
    subscriptions = locked(session, _Subscription, scope.distributor_id, [row.subscription_id for row in due])
    orders = locked(session, Order, scope.distributor_id, [row.id for row in due])
    still = [order for order in orders.values() if order.state is OrderState.WAITING_FOR_PAYMENT]
    cancel(session, scope, still, clock=clock)
    for order in still:
        if order.type is OrderType.SALES:
            withdraw(session, scope, subscriptions[order.subscription_id], clock=clock)
    session.flush()
    return len(due)


@in_batches
def create_prolongations(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """Order the next period of what runs and is prolonged, auto-renew-point days before *paid to*.

    An order of zero completes at once. A postpaid account is charged on the day itself.
    """
    clock = on_day(clock, day)
    wanted = running(scope).where(to_prolong(), due_ahead(day), ~has_open_order())
    ids, contracts, accounts = ready(session, scope, wanted)
    wishes, prices = prolongations(session, list(contracts.values()), accounts, clock)
    placed = place(session, scope, wishes, prices=prices, clock=clock)
    _complete_free(session, scope, placed, accounts, clock=clock)
    return len(ids)


@in_batches
def create_renewals(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """Order the next term of what renews itself, auto-renew-point days before expiration. Trials end."""
    clock = on_day(clock, day)
    wanted = running(scope).where(to_renew(), may_pay(), due_ahead(day), ~has_open_order())
    ids, contracts, accounts = ready(session, scope, wanted)
    wishes, prices = renewals(session, list(contracts.values()), accounts, clock)
    placed = place(session, scope, wishes, prices=prices, clock=clock)
    _complete_free(session, scope, placed, accounts, clock=clock)
    return len(ids)


@in_batches
def end_unpaid(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """Stop what is over: expired and not renewed, or in grace for all its days."""
    clock = on_day(clock, day)
    ids, contracts, accounts = ready(
        session,
        scope,
        joined(scope).where(
            or_(
                and_(_Subscription.state == SubscriptionState.ACTIVE, _Subscription.paid_to <= day),
                and_(
                    _Subscription.state == SubscriptionState.GRACED,
                    _Subscription.paid_to + ServiceTerm.grace_period_days <= day,
                ),
            )
        ),
    )
    ending = [
        contract
        for contract in contracts.values()
        if contract.subscription.state is SubscriptionState.GRACED
        or not grace(session, scope, contract, prolongation=not ends_its_term(contract), clock=clock)
    ]
    ending = asked_first(session, scope, ending, accounts, ManualOperationKind.STOP, reason=NOT_PAID, clock=clock)
    cancel(
        session,
        scope,
        open_orders(session, distributor_of(scope), [contract.subscription.id for contract in ending]),
        clock=clock,
    )
    for contract in ending:
        stop_unpaid(session, scope, contract, clock=clock)
    session.flush()
    return len(ids)


@in_batches
def delete_stopped(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """Delete what has been stopped for its stop period; what is still reserved for it is released."""
    clock = on_day(clock, day)
    ids, contracts, accounts = ready(
        session,
        scope,
        joined(scope).where(
            _Subscription.state == SubscriptionState.STOPPED,
            _Subscription.stopped_on + ServiceTerm.stop_period_days <= day,
        ),
    )
    going = asked_first(
        session, scope, contracts.values(), accounts, ManualOperationKind.DELETE, reason=None, clock=clock
    )
    contracts = {contract.subscription.id: contract for contract in going}
    at_stake = set(
        session.scalars(
            select(Charge.subscription_id).where(
                Charge.distributor_id == scope.distributor_id,
                Charge.subscription_id.in_(contracts),
                Charge.state.in_((ChargeState.BLOCKED, ChargeState.OPENED)),
                Charge.period_end > day,
            )
        )
    )
    cancel(session, scope, open_orders(session, distributor_of(scope), list(contracts)), clock=clock)
    for id, contract in contracts.items():
        subscription = contract.subscription
        if id in at_stake:
            account = accounts[subscription.account_id]
            settlement.delete(session, scope, contract, account, clock=clock, asked=False)
        states.advance(subscription, Operation.DELETE)
        subscription.updated_at = clock.now
        announce(session, scope, "subscription.deleted", subject=subscription, prefix="sub", at=clock.now)
    session.flush()
    return len(ids)


STEPS: tuple[Step, ...] = (
    take_prices,
    close_due,
    drop_opened,
    cancel_lapsed,
    create_prolongations,
    create_renewals,
    provision_due,
    pay_due,
    end_unpaid,
    delete_stopped,
)
"""A date's run, in order. Repeat a step, each time in a transaction of its own, until it answers 0; then the next."""


def _complete_free(
    session: Session, scope: Scope, placed: Sequence[Placed], accounts: Mapping[UUID, Account], *, clock: Clock
) -> None:
    """Complete what needs no payment: orders of zero and of postpaid accounts."""
    at_once: list[Charge] = []
    for order in placed:
        if order.completes_at_once:
            at_once += complete(
                session, scope, order.contract, order.account, order.order, order.charges, None, clock=clock
            )
    session.flush()
    billed.close(session, scope, at_once, accounts, clock=clock)
    session.flush()
