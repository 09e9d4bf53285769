"""Stops and deletions that a manager has to agree to."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import UNSET

from domain.subscriptions import models
from resolvers.reading import Node, column, reads, related, subject
from schema.accounts import Account
from schema.enums import ManualOperationKind, ManualOperationState, SubscriptionState
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
    """Something that is done to a subscription only when a manager of its seller has agreed: what customers' users ask
    for, and what the calendar brings, where the account class or the service term says MANUAL. Meanwhile the
    subscription waits.
    """

    kind: ManualOperationKind = column(models.ManualOperation.kind)
    """What is wanted."""
    state: ManualOperationState = column(models.ManualOperation.state)
    """What a manager has said."""
    subscription: Annotated["ServiceSubscription", strawberry.lazy("schema.subscriptions")] | None = related(
        models.ManualOperation.subscription_id
    )
    """Of which subscription."""
    account: Account = related(models.ManualOperation.account_id)
    """Whose subscription it is."""
    tenant: TenantRef = related(models.ManualOperation.tenant_id)
    """The tenant whose managers decide; others see it read-only."""
    previous_state: SubscriptionState = column(models.ManualOperation.previous_state)
    """What the subscription was before, and is again when it is declined."""
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
    """Yes: what was asked for is done today."""

    manual_operation_id: strawberry.ID
    """Which one; it must be APPROVAL_REQUIRED."""
    reason: str | None = UNSET
    """Why, for the record; up to 1,000 characters."""


@strawberry.input
class DeclineManualOperationInput:
    """No: the subscription becomes what it was before."""

    manual_operation_id: strawberry.ID
    """Which one; it must be APPROVAL_REQUIRED."""
    reason: str
    """Why, for the record; up to 1,000 characters."""


@strawberry.type
class ManualOperationPayload(Payload):
    """What approving and declining answer."""

    manual_operation: ManualOperation | None
    """The operation with its decision; null when refused."""
