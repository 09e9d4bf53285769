"""Who uses which service, and where it is entered."""

from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.customers.models import Membership, ServiceAssignment
from domain.customers.queries import account_for_update
from domain.shared.errors import InvalidInput, InvalidState, NotFound
from domain.shared.outbox import announce
from domain.shared.rows import own
from domain.subscriptions.models import EntryPoint, ServiceSubscription, SubscriptionState
from tenancy.clock import Clock
from tenancy.permissions import AccessLevel
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = ["assign_services", "set_entry_points"]

MOST_ENTRY_POINTS = 20


def assign_services(
    session: Session, scope: Scope, *, membership_id: UUID, subscription_ids: Sequence[UUID], clock: Clock
) -> Membership:
    """Let a member with the level USER see exactly these subscriptions' services; others see all without it.

    Raises NotFound, also for a subscription of another account; ActAsRequired; InvalidState for another level or a
    deleted subscription.
    """
    seen = own(session, scope, Membership, membership_id, "membership_id")
    account = account_for_update(session, scope, seen.account_id, "membership_id")
    membership = own(session, scope, Membership, membership_id, "membership_id")
    session.refresh(membership)
    if membership.level is not AccessLevel.USER:
        raise InvalidState(
            "{email} is {level}: services are assigned to a USER.",
            email=membership.email,
            level=membership.level.value,
            path=("membership_id",),
        )
    wanted = dict.fromkeys(subscription_ids)
    found = session.scalars(
        select(ServiceSubscription).where(
            ServiceSubscription.distributor_id == account.distributor_id,
            ServiceSubscription.account_id == account.id,
            ServiceSubscription.id.in_(wanted),
        )
    ).all()
    by_id = {subscription.id: subscription for subscription in found}
    for index, id in enumerate(subscription_ids):
        if id not in by_id:
            raise NotFound("subscription_ids", index)
        if by_id[id].state is SubscriptionState.DELETED:
            raise InvalidState(
                "{number} is DELETED: nobody uses it.", number=by_id[id].number, path=("subscription_ids", index)
            )
    mine = (
        ServiceAssignment.distributor_id == account.distributor_id,
        ServiceAssignment.account_id == account.id,
        ServiceAssignment.user_id == membership.user_id,
    )
    kept = set(session.scalars(select(ServiceAssignment.subscription_id).where(*mine)))
    session.execute(delete(ServiceAssignment).where(*mine, ServiceAssignment.subscription_id.not_in(wanted)))
    session.add_all(
        ServiceAssignment(
            distributor_id=account.distributor_id,
            tenant_id=account.tenant_id,
            tenant_path=account.tenant_path,
            account_id=account.id,
            subscription_id=id,
            user_id=membership.user_id,
            created_at=clock.now,
            updated_at=clock.now,
        )
        for id in wanted
        if id not in kept
    )
    announce(session, scope, "services.assigned", subject=membership, prefix="mbr", at=clock.now)
    session.flush()
    return membership


def set_entry_points(
    session: Session,
    scope: Scope,
    *,
    subscription_id: UUID,
    entry_points: Sequence[tuple[str, str]],
    clock: Clock,
) -> ServiceSubscription:
    """Say where a subscription's service is entered: pairs of label and https address, instead of those before.

    Raises NotFound, ActAsRequired, InvalidInput.
    """
    subscription = own(session, scope, ServiceSubscription, subscription_id, "subscription_id")
    account_for_update(session, scope, subscription.account_id, "subscription_id")
    if len(entry_points) > MOST_ENTRY_POINTS:
        raise InvalidInput(
            "{field} has {count} items; at most {limit} are allowed.",
            count=len(entry_points),
            limit=MOST_ENTRY_POINTS,
            path=("entry_points",),
        )
    points = [
        (clean_text(label, "entry_points", index, "label"), _address(url, "entry_points", index, "url"))
        for index, (label, url) in enumerate(entry_points)
    ]
    session.execute(
        delete(EntryPoint).where(
            EntryPoint.distributor_id == subscription.distributor_id, EntryPoint.subscription_id == subscription.id
        )
    )
    session.add_all(
        EntryPoint(
            distributor_id=subscription.distributor_id,
            tenant_id=subscription.tenant_id,
            tenant_path=subscription.tenant_path,
            account_id=subscription.account_id,
            subscription_id=subscription.id,
            position=position,
            label=label,
            url=url,
            created_at=clock.now,
            updated_at=clock.now,
        )
        for position, (label, url) in enumerate(points)
    )
    session.flush()
    return subscription


def _address(url: str, *path: str | int) -> str:
    url = clean_text(url, *path, limit=2000)
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and bool(parts.hostname) and " " not in url
    except ValueError:
        good = False
    if not good:
        raise InvalidInput("{field} must be an address that begins with https://.", path=path)
    return url
