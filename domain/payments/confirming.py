"""What a manager decides about what waits for it: stops, deletions, and who may pay afterwards."""

from uuid import UUID

from sqlalchemy.orm import Session

from domain.billing.contracts import contracts_of
from domain.customers.models import PostpayPermission
from domain.customers.queries import account_for_update
from domain.payments.lifecycle import REASON_LIMIT, end, halt
from domain.payments.permitting import order_as_asked
from domain.shared.errors import InvalidState
from domain.shared.outbox import announce
from domain.shared.rows import locked, own
from domain.subscriptions import states
from domain.subscriptions.models import (
    ManualOperation,
    ManualOperationKind,
    ManualOperationState,
    ServiceSubscription,
)
from tenancy.clock import Clock
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = ["approve_manual_operation", "decline_manual_operation"]


def approve_manual_operation(
    session: Session, scope: Scope, *, manual_operation_id: UUID, reason: str | None = None, clock: Clock
) -> ManualOperation:
    """Do what was asked for, today: the days until today are billed; an order is made at today's prices.

    Raises NotFound, ActAsRequired, InvalidInput; InvalidState when it is decided already; RefusedByBillingType.
    """
    reason = None if reason is None else clean_text(reason, "reason", limit=REASON_LIMIT)
    asked, subscription = _decided(session, scope, manual_operation_id, ManualOperationState.APPROVED, reason, clock)
    if subscription is None:
        order_as_asked(session, scope, asked, clock=clock)
    else:
        _do(session, scope, asked, subscription, clock=clock)
    announce(session, scope, "manual_operation.approved", subject=asked, prefix="mop", at=clock.now)
    session.flush()
    return asked


def _do(
    session: Session, scope: Scope, asked: ManualOperation, subscription: ServiceSubscription, *, clock: Clock
) -> None:
    """The stop or the deletion."""
    account = account_for_update(session, scope, asked.account_id, "manual_operation_id")
    contract = contracts_of(session, [subscription])[subscription.id]
    if asked.kind is ManualOperationKind.STOP:
        halt(session, scope, contract, account, reason=asked.reason, clock=clock)
    else:
        end(session, scope, contract, account, clock=clock)


def decline_manual_operation(
    session: Session, scope: Scope, *, manual_operation_id: UUID, reason: str, clock: Clock
) -> ManualOperation:
    """Let the subscription be what it was before, also in whether it renews itself; an account may not postpay.

    Raises NotFound, ActAsRequired, InvalidInput; InvalidState when it is decided already.
    """
    reason = clean_text(reason, "reason", limit=REASON_LIMIT)
    asked, subscription = _decided(session, scope, manual_operation_id, ManualOperationState.DECLINED, reason, clock)
    if subscription is None:
        account = account_for_update(session, scope, asked.account_id, "manual_operation_id")
        account.postpay_permission = PostpayPermission.DECLINED
        account.updated_at = clock.now
    announce(session, scope, "manual_operation.declined", subject=asked, prefix="mop", at=clock.now)
    session.flush()
    return asked


def _decided(
    session: Session, scope: Scope, id: UUID, state: ManualOperationState, reason: str | None, clock: Clock
) -> tuple[ManualOperation, ServiceSubscription | None]:
    """The decision written down, and the subscription as it was before, both locked behind their account; None of an
    account that wants to postpay.
    """
    seen = own(session, scope, ManualOperation, id, "manual_operation_id")
    account = account_for_update(session, scope, seen.account_id, "manual_operation_id")
    subscription = None
    if seen.kind is not ManualOperationKind.ALLOW_POSTPAY and seen.subscription_id is not None:
        subscription = locked(session, ServiceSubscription, seen.distributor_id, [seen.subscription_id])[
            seen.subscription_id
        ]
    asked = locked(session, ManualOperation, seen.distributor_id, [seen.id])[seen.id]
    if asked.state is not ManualOperationState.APPROVAL_REQUIRED:
        if subscription is None:
            raise InvalidState(
                "The {kind} of account {number} is {state} already.",
                kind=asked.kind,
                number=account.number,
                state=asked.state,
                path=("manual_operation_id",),
            )
        raise InvalidState(
            "The {kind} of subscription {number} is {state} already.",
            kind=asked.kind,
            number=subscription.number,
            state=asked.state,
            path=("manual_operation_id",),
        )
    if subscription is not None and asked.previous_state is not None:
        states.go_back(subscription, asked.previous_state)
        subscription.auto_renew = bool(asked.auto_renew)
        subscription.updated_at = clock.now
    asked.updated_at = asked.decided_at = clock.now
    asked.state = state
    asked.decision_reason = reason
    asked.decided_by_id = scope.actor_id
    return asked, subscription
