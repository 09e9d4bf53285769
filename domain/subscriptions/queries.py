"""Finding subscriptions."""

from collections import defaultdict
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.among import among
from domain.shared.errors import Stale
from domain.subscriptions.models import ServiceSubscription, SubscriptionResource

__all__ = ["require_version", "resources_of"]


def resources_of(
    session: Session, distributor_id: UUID, subscription_ids: Collection[UUID]
) -> dict[UUID, list[SubscriptionResource]]:
    """The resources of these subscriptions, highest priority first, then by name."""
    rows = session.scalars(
        select(SubscriptionResource)
        .where(
            SubscriptionResource.distributor_id == distributor_id,
            among(SubscriptionResource.subscription_id, subscription_ids),
        )
        .order_by(SubscriptionResource.priority.desc(), SubscriptionResource.name, SubscriptionResource.id)
    )
    found: dict[UUID, list[SubscriptionResource]] = defaultdict(list)
    for row in rows:
        found[row.subscription_id].append(row)
    return found


def require_version(subscription: ServiceSubscription, version: int | None) -> None:
    """Raises Stale when the subscription has changed since the client read it."""
    if version is not None and version != subscription.version:
        raise Stale(
            "Subscription {number} has version {version}, not {expected}.",
            number=subscription.number,
            version=subscription.version,
            expected=version,
            path=("if_version",),
        )
