"""Tenants that are shut out for a while: their people and those of everybody below them are refused, nothing else.

Whoever stops trading with a reseller stops trading with those whom it supplies: what they sold would still be owed
through it. Their own state stays as it is, so that all of them work again as soon as it is resumed.
"""

from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from tenancy.clock import clock_of
from tenancy.errors import InvalidInput, InvalidState
from tenancy.hierarchy import tenant_in_scope
from tenancy.messages import Message
from tenancy.models import Tenant, TenantState
from tenancy.scope import AFTER_ALL, BEFORE_ALL, Scope
from tenancy.sessions import hold_still

__all__ = ["count_suspended", "resume_tenant", "suspend_tenant"]


def suspend_tenant(session: Session, scope: Scope, *, tenant_id: UUID) -> Tenant:
    """Shut out an active tenant below the acting one; a distributor is shut out by the platform.

    Its subscriptions go on and are billed, its jobs run, and those above it may still act as it. The scope must write
    downstream. Raises NotFound, InvalidInput (the acting tenant itself), InvalidState.
    """
    return _become(session, scope, tenant_id, TenantState.SUSPENDED)


def resume_tenant(session: Session, scope: Scope, *, tenant_id: UUID) -> Tenant:
    """Let a suspended tenant in again, and those below it that are not shut out for another reason.

    Raises as `suspend_tenant` does.
    """
    return _become(session, scope, tenant_id, TenantState.ACTIVE)


def count_suspended(session: Session, root: Tenant) -> None:
    """Write down for everybody below `root` whether a tenant above is suspended. `root` itself is right already."""
    session.flush()
    above, below = aliased(Tenant), Tenant
    if root.suspended_above or root.state is TenantState.SUSPENDED:
        suspended = None
    else:
        suspended = (
            select(above.id)
            .where(
                above.distributor_id == root.distributor_id,
                above.tenant_path > root.tenant_path,
                above.tenant_path < below.tenant_path,
                func.starts_with(below.tenant_path, above.tenant_path),
                above.state == TenantState.SUSPENDED,
            )
            .exists()
        )
    session.execute(
        update(below)
        .where(
            below.distributor_id == root.distributor_id,
            below.tenant_path >= root.tenant_path + BEFORE_ALL,
            below.tenant_path < root.tenant_path + AFTER_ALL,
        )
        .values(suspended_above=True if suspended is None else suspended)
        .execution_options(synchronize_session=False)
    )


def _become(session: Session, scope: Scope, tenant_id: UUID, state: TenantState) -> Tenant:
    verb = Message("suspended") if state is TenantState.SUSPENDED else Message("resumed")
    tenant = tenant_in_scope(session, scope, tenant_id, "tenant_id")
    hold_still(session, tenant.distributor_id)
    tenant = tenant_in_scope(session, scope, tenant_id, "tenant_id")
    if tenant.tenant_path == scope.path:
        raise InvalidInput(
            "{name} cannot be {verb} by itself, only from above.", name=tenant.name, verb=verb, path=("tenant_id",)
        )
    if tenant.state is state:
        raise InvalidState("{name} is {state} already.", name=tenant.name, state=state, path=("tenant_id",))
    tenant.state = state
    tenant.updated_at = clock_of(session, tenant.distributor_id).now
    count_suspended(session, tenant)
    return tenant
