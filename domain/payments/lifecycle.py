"""Stop, activate, delete: what a manager does to a running subscription."""

from uuid import UUID

from sqlalchemy.orm import Session

from domain.billing import settlement
from domain.billing.contracts import Contract
from domain.customers.models import Account
from domain.ordering.queries import open_orders
from domain.payments.asking import ask, under_approval
from domain.payments.cancelling import cancel
from domain.payments.checkout import own_contract
from domain.shared.errors import InvalidState
from domain.shared.outbox import announce
from domain.subscriptions import states
from domain.subscriptions.models import ManualOperationKind, ServiceSubscription, SubscriptionState
from domain.subscriptions.states import Operation
from tenancy.clock import Clock
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = ["activate_subscription", "cancel_waiting", "delete_subscription", "end", "halt", "stop_subscription"]

REASON_LIMIT = 1000
"""Characters."""


def stop_subscription(
    session: Session,
    scope: Scope,
    *,
    subscription_id: UUID,
    reason: str | None = None,
    if_version: int | None = None,
    clock: Clock,
) -> ServiceSubscription:
    """Stop the service today and settle the current period; a waiting order of it is cancelled.

    The day of the stop is not billed. Rules: policy column `stop`. A customer's user whose account class, or the
    service term, wants a manager for it only asks: the subscription waits.
    Raises NotFound, ActAsRequired, Stale, InvalidState, RefusedByBillingType.
    """
    reason = _clean(reason)
    account, contract = own_contract(session, scope, subscription_id, if_version=if_version)
    # The type is asked first: that it never stops says more than that it cannot be stopped now.
    settlement.require_stoppable(contract)
    if scope.customer is not None:
        settlement.require_stoppable_by_customer(contract)
    if scope.customer is not None and under_approval(
        session, [contract], {account.id: account}, ManualOperationKind.STOP
    ):
        ask(session, scope, contract.subscription, ManualOperationKind.STOP, reason=reason, clock=clock)
    else:
        halt(session, scope, contract, account, reason=reason, clock=clock)
    return contract.subscription


def halt(
    session: Session, scope: Scope, contract: Contract, account: Account, *, reason: str | None, clock: Clock
) -> None:
    """Stop a locked subscription. Raises InvalidState, RefusedByBillingType."""
    states.advance(contract.subscription, Operation.STOP)
    cancel_waiting(session, scope, contract, clock=clock)
    settlement.stop(session, scope, contract, account, clock=clock)
    subscription = contract.subscription
    subscription.stopped_on = clock.today
    subscription.stop_reason = reason
    subscription.updated_at = clock.now
    announce(session, scope, "subscription.stopped", subject=subscription, prefix="sub", at=clock.now)
    session.flush()


def activate_subscription(
    session: Session,
    scope: Scope,
    *,
    subscription_id: UUID,
    reason: str | None = None,
    if_version: int | None = None,
    clock: Clock,
) -> ServiceSubscription:
    """Let a stopped subscription run again while it is paid: from today on, the period is charged and blocked again.

    Raises NotFound, ActAsRequired, Stale; InvalidState from *paid to* on (prolong it); InsufficientBalance.
    """
    _clean(reason)
    account, contract = own_contract(session, scope, subscription_id, if_version=if_version)
    subscription = contract.subscription
    states.require(subscription, Operation.ACTIVATE)
    if subscription.paid_to is not None and clock.today >= subscription.paid_to:
        raise InvalidState(
            "Subscription {number} is {state} and paid to {paid_to}: its activation is not possible any more, "
            "prolong it.",
            number=subscription.number,
            state=subscription.state,
            paid_to=subscription.paid_to,
            path=("subscription_id",),
        )
    settlement.activate(session, scope, contract, account, clock=clock)
    states.advance(subscription, Operation.ACTIVATE)
    subscription.stopped_on = subscription.stop_reason = None
    subscription.updated_at = clock.now
    announce(session, scope, "subscription.activated", subject=subscription, prefix="sub", at=clock.now)
    session.flush()
    return subscription


def delete_subscription(
    session: Session,
    scope: Scope,
    *,
    subscription_id: UUID,
    reason: str | None = None,
    if_version: int | None = None,
    clock: Clock,
) -> ServiceSubscription:
    """End the subscription for good: the current period is settled, later ones are released, a waiting order cancelled.

    An ordered one that is not paid yet is withdrawn. A customer's user whose account class, or the service term, wants
    a manager for it only asks: the subscription waits. Raises NotFound, ActAsRequired, Stale, InvalidState,
    RefusedByBillingType.
    """
    reason = _clean(reason)
    account, contract = own_contract(session, scope, subscription_id, if_version=if_version)
    subscription = contract.subscription
    asks = scope.customer is not None and subscription.state is not SubscriptionState.ORDERED
    if asks and under_approval(session, [contract], {account.id: account}, ManualOperationKind.DELETE):
        settlement.require_deletable(contract)
        ask(session, scope, subscription, ManualOperationKind.DELETE, reason=reason, clock=clock)
    else:
        end(session, scope, contract, account, clock=clock)
    return subscription


def end(session: Session, scope: Scope, contract: Contract, account: Account, *, clock: Clock) -> None:
    """Delete a locked subscription. Raises InvalidState, RefusedByBillingType."""
    subscription = contract.subscription
    states.require(subscription, Operation.DELETE)
    if subscription.started_on is not None:
        settlement.delete(session, scope, contract, account, clock=clock)
    states.advance(subscription, Operation.DELETE)
    cancel_waiting(session, scope, contract, clock=clock)
    subscription.updated_at = clock.now
    announce(session, scope, "subscription.deleted", subject=subscription, prefix="sub", at=clock.now)
    session.flush()


def cancel_waiting(session: Session, scope: Scope, contract: Contract, *, clock: Clock) -> None:
    """Cancel the subscription's open order, if there is one."""
    subscription = contract.subscription
    cancel(session, scope, open_orders(session, subscription.distributor_id, [subscription.id]), clock=clock)


def _clean(reason: str | None) -> str | None:
    return None if reason is None else clean_text(reason, "reason", limit=REASON_LIMIT)
