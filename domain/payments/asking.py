"""Asking a manager for a stop or a deletion, where the customer's account class wants that."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from domain.customers.models import Account, HowDone
from domain.customers.queries import classes_of
from domain.shared.outbox import announce
from domain.subscriptions import states
from domain.subscriptions.models import (
    ManualOperation,
    ManualOperationKind,
    ManualOperationState,
    ServiceSubscription,
)
from domain.subscriptions.states import Operation
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["OPERATIONS", "ask", "under_approval"]

OPERATIONS = {
    ManualOperationKind.STOP: Operation.ASK_STOP,
    ManualOperationKind.DELETE: Operation.ASK_DELETE,
}


def under_approval(session: Session, accounts: Collection[Account], kind: ManualOperationKind) -> set[UUID]:
    """Which of these accounts of one distributor cannot have it without a manager, by their account classes."""
    classes = classes_of(session, accounts)
    return {
        id
        for id, terms in classes.items()
        if terms is not None and (terms.stop if kind is ManualOperationKind.STOP else terms.delete) is HowDone.MANUAL
    }


def ask(
    session: Session,
    scope: Scope,
    subscription: ServiceSubscription,
    kind: ManualOperationKind,
    *,
    reason: str | None,
    clock: Clock,
) -> ManualOperation:
    """Let a locked subscription wait for a manager, without renewing itself meanwhile. Raises InvalidState."""
    previous = subscription.state
    states.advance(subscription, OPERATIONS[kind])
    asked = ManualOperation(
        distributor_id=subscription.distributor_id,
        tenant_id=subscription.tenant_id,
        tenant_path=subscription.tenant_path,
        account_id=subscription.account_id,
        subscription_id=subscription.id,
        kind=kind,
        state=ManualOperationState.APPROVAL_REQUIRED,
        previous_state=previous,
        auto_renew=subscription.auto_renew,
        reason=reason,
        created_at=clock.now,
        updated_at=clock.now,
    )
    subscription.auto_renew = False
    subscription.updated_at = clock.now
    session.add(asked)
    session.flush()
    announce(session, scope, "manual_operation.created", subject=asked, prefix="mop", at=clock.now)
    return asked
