"""Roles that a tenant puts together for its own managers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tenancy.clock import Clock
from tenancy.errors import InvalidInput, InvalidState, KeyTaken, NotFound
from tenancy.finding import locked, own
from tenancy.models import CustomRole, Manager, Tenant
from tenancy.people import require_all
from tenancy.permissions import TENANT_PERMISSIONS, Permission, permissions_in
from tenancy.scope import Scope
from tenancy.texts import clean_text
from tenancy.unset import UNSET, Unset

__all__ = ["CustomRoleChange", "create_custom_role", "delete_custom_role", "update_custom_role"]


@dataclass(frozen=True, slots=True)
class CustomRoleChange:
    """What becomes of a role; what is left out stays."""

    name: str | Unset | None = UNSET
    permissions: Sequence[str] | Unset | None = UNSET


def create_custom_role(
    session: Session,
    scope: Scope,
    *,
    name: str,
    permissions: Sequence[str],
    granting: Iterable[Permission],
    clock: Clock,
) -> CustomRole:
    """Put a role together for the acting tenant.

    `granting`: what the one who does it may do. Raises NotFound, InvalidInput (an unknown permission), Forbidden (one
    that he has not), KeyTaken.
    """
    if scope.tenant_id is None:
        raise NotFound
    tenant = own(session, scope, Tenant, scope.tenant_id)
    given = _known(permissions, "permissions")
    require_all(granting, given)
    name = clean_text(name, "name")
    _require_free(session, tenant.distributor_id, tenant.id, name, "name")
    role = CustomRole(
        distributor_id=tenant.distributor_id,
        tenant_id=tenant.id,
        tenant_path=tenant.tenant_path,
        name=name,
        permissions=sorted(given),
        created_at=clock.now,
        updated_at=clock.now,
    )
    session.add(role)
    session.flush()
    return role


def update_custom_role(
    session: Session,
    scope: Scope,
    *,
    custom_role_id: UUID,
    change: CustomRoleChange,
    granting: Iterable[Permission],
    clock: Clock,
) -> CustomRole:
    """Rename a role or change what it gives, which counts for all who have it from their next request on.

    Raises as `create_custom_role`, and ActAsRequired.
    """
    role = _role_for_update(session, scope, custom_role_id)
    require_all(granting, permissions_in(role.permissions))
    if change.name is not UNSET:
        name = clean_text(change.name or "", "change", "name")
        if name.lower() != role.name.lower():
            _require_free(session, role.distributor_id, role.tenant_id, name, "change", "name")
        role.name = name
    if change.permissions is not UNSET:
        given = _known(change.permissions or (), "change", "permissions")
        require_all(granting, given)
        role.permissions = sorted(given)
    role.updated_at = clock.now
    session.flush()
    return role


def delete_custom_role(session: Session, scope: Scope, *, custom_role_id: UUID, granting: Iterable[Permission]) -> None:
    """Remove a role that nobody has. Raises NotFound, ActAsRequired, Forbidden, InvalidState (somebody has it)."""
    role = _role_for_update(session, scope, custom_role_id)
    require_all(granting, permissions_in(role.permissions))
    held = session.scalars(
        select(func.count())
        .select_from(Manager)
        .where(Manager.distributor_id == role.distributor_id, Manager.custom_role_id == role.id)
    ).one()
    if held:
        raise InvalidState(
            "{count} managers have this role, active or not; give them another first.",
            count=held,
            path=("custom_role_id",),
        )
    session.delete(role)
    session.flush()


def _known(names: Sequence[str], *path: str | int) -> set[Permission]:
    """The permissions of these names. A tenant's role cannot give what only the platform may do."""
    tenants = {each.value: each for each in TENANT_PERMISSIONS}
    for index, name in enumerate(names):
        if name not in tenants:
            raise InvalidInput("{name} is no permission that a tenant can have.", name=name[:60], path=(*path, index))
    if not names:
        raise InvalidInput("A role needs at least one permission.", path=path)
    return {tenants[name] for name in names}


def _role_for_update(session: Session, scope: Scope, id: UUID) -> CustomRole:
    role = own(session, scope, CustomRole, id, "custom_role_id")
    held = locked(session, CustomRole, role.distributor_id, [role.id]).get(role.id)
    if held is None:  # deleted just now
        raise NotFound("custom_role_id")
    return held


def _require_free(session: Session, distributor_id: UUID, tenant_id: UUID, name: str, *path: str | int) -> None:
    taken = session.scalars(
        select(CustomRole.id).where(
            CustomRole.distributor_id == distributor_id,
            CustomRole.tenant_id == tenant_id,
            func.lower(CustomRole.name) == func.lower(name),
        )
    ).one_or_none()
    if taken is not None:
        raise KeyTaken("There is a role called {name} already.", name=name, path=path)
