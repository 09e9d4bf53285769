"""What a manager has to agree to: stops, deletions, and who may pay afterwards."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import UNSET

from domain.subscriptions import models
from resolvers.reading import Node, column, reads, related, subject
from schema.accounts import Account
from schema.enums import ManualOperationKind, ManualOperationState, SubscriptionState
from schema.impact import Impact
from schema.payload import Payload
from schema.people import Actor
from schema.references import TenantRef
from tenancy.permissions import Permission

if TYPE_CHECKING:
    from schema.subscriptions import ServiceSubscription

__all__ = [
    "ApproveManualOperationInput",
    "DeclineManualOperationInput",
    "ManualOperation",
    "ManualOperationPayload",
]


@strawberry.type
@reads(models.ManualOperation, "mop", needs=Permission.SUBSCRIPTIONS_READ)
class ManualOperation(Node):
    """Something that is done only when a manager of the seller has agreed: stops and deletions that customers' users
    ask for or the calendar brings, where the account class, the service term or a setting says MANUAL; meanwhile the
    subscription waits. And the first order of an account that wants to pay afterwards, where the setting
    POSTPAY_PERMISSION says MANUAL; meanwhile there is no order.
    """

    kind: ManualOperationKind = column(models.ManualOperation.kind)
    """What is wanted."""
    state: ManualOperationState = column(models.ManualOperation.state)
    """What a manager has said."""
    subscription: Annotated["ServiceSubscription", strawberry.lazy("schema.subscriptions")] | None = related(
        models.ManualOperation.subscription_id
    )
    """Of which subscription; of ALLOW_POSTPAY null until it is approved, then what was ordered."""
    account: Account = related(models.ManualOperation.account_id)
    """Whose subscription it is."""
    tenant: TenantRef = related(models.ManualOperation.tenant_id)
    """The tenant whose managers decide; others see it read-only."""
    previous_state: SubscriptionState | None = column(models.ManualOperation.previous_state)
    """What the subscription was before, and is again when it is declined; null of ALLOW_POSTPAY."""
    reason: str | None = column(models.ManualOperation.reason)
    """Why it is wanted."""
    decision_reason: str | None = column(models.ManualOperation.decision_reason)
    """Why it was approved or declined."""
    decided_by: Actor | None = subject(lambda _: "mgr", models.ManualOperation.decided_by_id)
    """Who decided; null before, and when whoever it was is above you."""
    decided_at: datetime | None = column(models.ManualOperation.decided_at)
    """When it was decided, on the distributor's clock; null before."""
    created_at: datetime = column(models.ManualOperation.created_at)
    """When it was asked for, on the distributor's clock."""


@strawberry.input
class ApproveManualOperationInput:
    """Yes: what was asked for is done today, at the prices of today."""

    manual_operation_id: strawberry.ID
    """Which one; it must be APPROVAL_REQUIRED."""
    reason: str | None = UNSET
    """Why, for the record; up to 1,000 characters."""


@strawberry.input
class DeclineManualOperationInput:
    """No: the subscription becomes what it was before; an account may not pay afterwards."""

    manual_operation_id: strawberry.ID
    """Which one; it must be APPROVAL_REQUIRED."""
    reason: str
    """Why, for the record; up to 1,000 characters."""


@strawberry.type
class ManualOperationPayload(Payload):
    """What approving and declining answer."""

    manual_operation: ManualOperation | None
    """The operation with its decision; null when refused."""
    impact: Impact | None
    """With dryRun, what it would do to everybody's money; otherwise null."""
