"""Founding tenants, what becomes of them, adding customers."""

from typing import Any

from domain.customers import actions as customers
from domain.pricing import moving
from domain.shared import outbox
from resolvers.changing.change import Answer, Change, Secret
from tenancy import hierarchy, settings, suspending
from tenancy.models import Tenant

__all__ = [
    "create_account",
    "create_distributor",
    "create_reseller",
    "move_reseller",
    "rename_tenant",
    "reset_setting",
    "resume_tenant",
    "set_setting",
    "suspend_tenant",
]


def create_distributor(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.hierarchy.create_distributor`."""
    return _founded(change, "distributor", hierarchy.create_distributor(change.session, change.scope, **input))


def create_reseller(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.hierarchy.create_reseller`."""
    input.setdefault("parent_id", None)
    return _founded(change, "tenant", hierarchy.create_reseller(change.session, change.scope, **input))


def rename_tenant(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.hierarchy.rename_tenant`."""
    return _changed(change, "tenant.renamed", hierarchy.rename_tenant(change.session, change.scope, **input))


def suspend_tenant(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.suspending.suspend_tenant`."""
    return _changed(change, "tenant.suspended", suspending.suspend_tenant(change.session, change.scope, **input))


def resume_tenant(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.suspending.resume_tenant`."""
    return _changed(change, "tenant.resumed", suspending.resume_tenant(change.session, change.scope, **input))


def move_reseller(change: Change, /, **input: Any) -> Answer:
    """See `domain.pricing.moving.move_reseller`."""
    return {"tenant": moving.move_reseller(change.session, change.scope, clock=change.clock, **input)}


def _changed(change: Change, event: str, tenant: Tenant) -> Answer:
    _announce(change, event, tenant)
    return {"tenant": tenant}


def _announce(change: Change, event: str, tenant: Tenant) -> None:
    prefix = "dst" if tenant.parent_id is None else "rsl"
    outbox.announce(change.session, change.scope, event, subject=tenant, prefix=prefix, at=tenant.updated_at)


def _founded(change: Change, field: str, founded: hierarchy.Founded) -> Answer:
    _announce(change, "tenant.created", founded.tenant)
    return {field: founded.tenant, "manager": founded.manager, "token": Secret(founded.token)}


def create_account(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.actions.create_account`."""
    return {"account": customers.create_account(change.session, change.scope, clock=change.clock, **input)}


def set_setting(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.settings.set_setting`."""
    return {"tenant": settings.set_setting(change.session, change.scope, clock=change.clock, **input)}


def reset_setting(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.settings.reset_setting`."""
    return {"tenant": settings.reset_setting(change.session, change.scope, **input)}
