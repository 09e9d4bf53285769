"""A reseller that changes its place in the tree, and everything below it with it.

Its rows and those of everybody below it get paths that begin otherwise; ids, numbers and references stay. One
transaction does that, and nobody else writes in the distributor's tree meanwhile (`ScopedSession(alone=True)`): there
is no row that was made for the old place and comes too late, and no circle that two moves make together.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from tenancy.clock import clock_of
from tenancy.errors import InvalidInput
from tenancy.hierarchy import MAX_LEVEL, next_segment, tenant_in_scope
from tenancy.models import Tenant, TenantName, TenantState
from tenancy.rows import TenantRow
from tenancy.scope import AFTER_ALL, Scope, ancestors_of, segment
from tenancy.sessions import hold_still, seeing
from tenancy.suspending import count_suspended

__all__ = ["Move", "carry_out", "common_place", "planned"]


@dataclass(frozen=True, slots=True)
class Move:
    """A move that the tree allows."""

    tenant: Tenant
    former: Tenant
    """The tenant above it until now."""
    parent: Tenant
    """The one that will be."""


def planned(session: Session, scope: Scope, *, reseller_id: UUID, parent_id: UUID) -> Move:
    """See whether a reseller below the acting tenant may go below `parent_id`, the acting tenant or one below it.

    From here on the distributor's tree stands still. Raises NotFound; InvalidInput for the acting tenant itself, its
    present parent, a parent that is the reseller or below it, and for more than `MAX_LEVEL + 1` levels.
    """
    tenant = tenant_in_scope(session, scope, reseller_id, "reseller_id")
    hold_still(session, tenant.distributor_id)
    tenant = tenant_in_scope(session, scope, reseller_id, "reseller_id")
    if tenant.tenant_path == scope.path:
        raise InvalidInput(
            "{name} cannot be moved by itself, only from above.", name=tenant.name, path=("reseller_id",)
        )
    parent = tenant_in_scope(session, scope, parent_id, "parent_id")
    if parent.tenant_path.startswith(tenant.tenant_path):
        raise InvalidInput(
            "{parent} is {name} itself or below it.", parent=parent.name, name=tenant.name, path=("parent_id",)
        )
    if parent.id == tenant.parent_id:
        raise InvalidInput(
            "{name} is directly below {parent} already.", name=tenant.name, parent=parent.name, path=("parent_id",)
        )
    if parent.distributor_id != tenant.distributor_id:
        raise InvalidInput("A reseller is never moved to another distributor.", path=("parent_id",))
    deepest = session.scalars(
        select(func.max(Tenant.level)).where(
            Tenant.distributor_id == tenant.distributor_id,
            Tenant.tenant_path >= tenant.tenant_path,
            Tenant.tenant_path < tenant.tenant_path + AFTER_ALL,
        )
    ).one()
    levels = parent.level + 2 + deepest - tenant.level
    if levels > MAX_LEVEL + 1:
        raise InvalidInput(
            "A chain has at most {limit} levels; below {name} this one would have {levels}.",
            limit=MAX_LEVEL + 1,
            name=parent.name,
            levels=levels,
            path=("parent_id",),
        )
    former = session.scalars(
        select(Tenant).where(Tenant.distributor_id == tenant.distributor_id, Tenant.id == tenant.parent_id)
    ).one()
    return Move(tenant, former, parent)


def carry_out(session: Session, move: Move) -> None:
    """Take the reseller and everything below it to the new place. What the session holds of that is read afresh."""
    tenant, parent = move.tenant, move.parent
    old_path = tenant.tenant_path
    new_path = parent.tenant_path + segment(next_segment(session, parent))
    session.flush()
    session.execute(select(func.app_move_rows(tenant.distributor_id, old_path, new_path, parent.id)))
    for row in session:
        if isinstance(row, TenantRow) and row.__dict__.get("tenant_path", old_path).startswith(old_path):
            session.expire(row)
    tenant.suspended_above = parent.suspended_above or parent.state is TenantState.SUSPENDED
    tenant.updated_at = clock_of(session, tenant.distributor_id).now
    count_suspended(session, tenant)
    _keep_names_readable(session, move)


def _keep_names_readable(session: Session, move: Move) -> None:
    """File the cards with names where those who still refer to them see them.

    What was owed to the former parent stays on the books, so its name must be read from the new place as well: from
    now on everybody below the tenant that both places have in common may read it. Of the tenants that were moved, some
    have such cards from earlier moves.
    """
    tenant = move.tenant
    with seeing(session, Scope.of_everything(tenant.distributor_id, tenant.tenant_path)):
        moved = select(Tenant.id).where(
            Tenant.distributor_id == tenant.distributor_id,
            Tenant.tenant_path >= tenant.tenant_path,
            Tenant.tenant_path < tenant.tenant_path + AFTER_ALL,
        )
        cards = session.scalars(
            select(TenantName).where(
                TenantName.distributor_id == tenant.distributor_id,
                or_(TenantName.id == move.former.id, TenantName.id.in_(moved)),
            )
        )
        for card in cards:
            if not card.tenant_path.startswith(tenant.tenant_path):
                card.tenant_path = common_place(card.tenant_path, tenant.tenant_path)


def common_place(one: str, other: str) -> str:
    """The lowest place that both are at or below."""
    above = {*ancestors_of(other), other}
    return max((path for path in (*ancestors_of(one), one) if path in above), key=len)
