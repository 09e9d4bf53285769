"""Asking a manager for a stop or a deletion, where the account class or the service term wants that."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from domain.billing.contracts import Contract
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
from tenancy import settings
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["OPERATIONS", "ask", "under_approval"]

OPERATIONS = {
    ManualOperationKind.STOP: Operation.ASK_STOP,
    ManualOperationKind.DELETE: Operation.ASK_DELETE,
}


def under_approval(
    session: Session, contracts: Collection[Contract], accounts: Mapping[UUID, Account], kind: ManualOperationKind
) -> set[UUID]:
    """Which of these subscriptions of one distributor cannot have it without a manager.

    Because their service term says so for everybody, the account class for the customer, or the seller's setting.
    """
    if not contracts:
        return set()
    setting = settings.SUBSCRIPTION_STOP if kind is ManualOperationKind.STOP else settings.SUBSCRIPTION_DELETE
    of_seller = settings.of_each(session, [contract.subscription for contract in contracts], setting)
    concerned = {contract.subscription.account_id for contract in contracts}
    classes = classes_of(session, [accounts[id] for id in concerned])
    return {
        contract.subscription.id
        for contract in contracts
        if HowDone.MANUAL
        in {
            terms.stop if kind is ManualOperationKind.STOP else terms.delete
            for terms in (contract.service_term, classes[contract.subscription.account_id])
            if terms is not None
        }
        or of_seller[contract.subscription.tenant_id] == HowDone.MANUAL
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
