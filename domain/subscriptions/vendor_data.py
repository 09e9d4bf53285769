"""What the vendor of a service says of a subscription: what it is called there, and how much of it is in use."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from domain.customers.queries import account_for_update
from domain.shared.decimals import clean_units
from domain.shared.errors import InvalidInput
from domain.shared.outbox import announce
from domain.shared.rows import locked, own
from domain.subscriptions.models import ServiceSubscription, VendorAttribute
from domain.subscriptions.queries import require_version, resources_of
from tenancy.clock import Clock
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = ["set_vendor_data"]

MOST_ATTRIBUTES = 100
KEY_LIMIT, VALUE_LIMIT = 100, 500
"""Characters."""


def set_vendor_data(
    session: Session,
    scope: Scope,
    *,
    subscription_id: UUID,
    attributes: Sequence[tuple[str, str]] | None = None,
    used: Sequence[tuple[str, Decimal]] | None = None,
    if_version: int | None = None,
    clock: Clock,
) -> ServiceSubscription:
    """Write down what the vendor says. `attributes` are pairs of key and value, instead of all those before; `used` are
    pairs of resource key and units in use, below which quantities do not fall. None: as it is.

    Raises NotFound, ActAsRequired, Stale, InvalidInput.
    """
    seen = own(session, scope, ServiceSubscription, subscription_id, "subscription_id")
    account_for_update(session, scope, seen.account_id, "subscription_id")
    subscription = locked(session, ServiceSubscription, seen.distributor_id, [seen.id])[seen.id]
    require_version(subscription, if_version)
    if attributes is not None:
        _set_attributes(session, subscription, attributes, clock)
    if used is not None:
        _set_used(session, subscription, used, clock)
    subscription.version += 1
    subscription.updated_at = clock.now
    announce(session, scope, "subscription.vendor_data_set", subject=subscription, prefix="sub", at=clock.now)
    session.flush()
    return subscription


def _set_attributes(
    session: Session, subscription: ServiceSubscription, attributes: Sequence[tuple[str, str]], clock: Clock
) -> None:
    if len(attributes) > MOST_ATTRIBUTES:
        raise InvalidInput(
            "{field} has {count} items; at most {limit} are allowed.",
            count=len(attributes),
            limit=MOST_ATTRIBUTES,
            path=("attributes",),
        )
    found: dict[str, str] = {}
    for position, (given, value) in enumerate(attributes):
        key = clean_text(given, "attributes", position, "key", limit=KEY_LIMIT)
        if key in found:
            raise InvalidInput("The attribute {key} is named twice.", key=key, path=("attributes", position, "key"))
        found[key] = clean_text(value, "attributes", position, "value", limit=VALUE_LIMIT)
    session.execute(
        delete(VendorAttribute).where(
            VendorAttribute.distributor_id == subscription.distributor_id,
            VendorAttribute.subscription_id == subscription.id,
        )
    )
    session.add_all(
        VendorAttribute(
            distributor_id=subscription.distributor_id,
            tenant_id=subscription.tenant_id,
            tenant_path=subscription.tenant_path,
            account_id=subscription.account_id,
            subscription_id=subscription.id,
            key=key,
            value=value,
            created_at=clock.now,
            updated_at=clock.now,
        )
        for key, value in found.items()
    )


def _set_used(
    session: Session, subscription: ServiceSubscription, used: Sequence[tuple[str, Decimal]], clock: Clock
) -> None:
    rows = resources_of(session, subscription.distributor_id, [subscription.id]).get(subscription.id, [])
    resources = {row.key: row for row in rows}
    for position, (key, units) in enumerate(used):
        if key not in resources:
            raise InvalidInput(
                "The subscription has no resource {key!r}; it has {known}.",
                key=key,
                known=", ".join(sorted(resources)) or "none",
                path=("used", position, "resource_key"),
            )
        resources[key].used = clean_units(units, "used", position, "quantity")
        resources[key].updated_at = clock.now
