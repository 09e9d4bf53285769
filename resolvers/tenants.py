"""Founding tenants, adding people and customers."""

from typing import Any

from domain.customers import actions as customers
from domain.shared import outbox
from resolvers.changing.change import Answer, Change, Secret
from tenancy import hierarchy, settings

__all__ = ["create_account", "create_distributor", "create_manager", "create_reseller", "reset_setting", "set_setting"]


def create_distributor(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.hierarchy.create_distributor`."""
    return _founded(change, "distributor", hierarchy.create_distributor(change.session, change.scope, **input))


def create_reseller(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.hierarchy.create_reseller`."""
    input.setdefault("parent_id", None)
    return _founded(change, "tenant", hierarchy.create_reseller(change.session, change.scope, **input))


def _founded(change: Change, field: str, founded: hierarchy.Founded) -> Answer:
    prefix = "dst" if founded.tenant.parent_id is None else "rsl"
    outbox.announce(
        change.session,
        change.scope,
        "tenant.created",
        subject=founded.tenant,
        prefix=prefix,
        at=founded.tenant.created_at,
    )
    return {field: founded.tenant, "manager": founded.manager, "token": Secret(founded.token)}


def create_manager(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.hierarchy.create_manager`."""
    manager, token = hierarchy.create_manager(change.session, change.scope, **input)
    return {"manager": manager, "token": Secret(token)}


def create_account(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.actions.create_account`."""
    return {"account": customers.create_account(change.session, change.scope, clock=change.clock, **input)}


def set_setting(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.settings.set_setting`."""
    return {"tenant": settings.set_setting(change.session, change.scope, clock=change.clock, **input)}


def reset_setting(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.settings.reset_setting`."""
    return {"tenant": settings.reset_setting(change.session, change.scope, **input)}
