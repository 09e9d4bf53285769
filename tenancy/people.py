"""The people who work for a tenant: who may do what there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenancy.clock import Clock
from tenancy.errors import Forbidden, InvalidInput, InvalidState, NotFound
from tenancy.finding import locked, own
from tenancy.models import CustomRole, Manager, Tenant
from tenancy.permissions import Permission, Role, permissions_in, permissions_of
from tenancy.scope import Scope
from tenancy.signing_in.models import PersonKind, SessionEnd
from tenancy.signing_in.sessions import end_sessions
from tenancy.texts import clean_email, clean_text
from tenancy.tokens import issue_token
from tenancy.unset import UNSET, Unset

__all__ = [
    "ManagerChange",
    "add_manager",
    "create_manager",
    "deactivate_manager",
    "manager_for_update",
    "permissions_held",
    "reactivate_manager",
    "require_all",
    "update_manager",
]


@dataclass(frozen=True, slots=True)
class ManagerChange:
    """What becomes of a manager; what is left out stays."""

    name: str | Unset | None = UNSET
    email: str | Unset | None = UNSET
    role: Role | Unset | None = UNSET
    custom_role_id: UUID | Unset | None = UNSET


def create_manager(
    session: Session,
    scope: Scope,
    *,
    name: str,
    email: str,
    role: Role,
    custom_role_id: UUID | None = None,
    granting: Iterable[Permission],
    clock: Clock,
) -> tuple[Manager, str]:
    """Add a person to the acting tenant, with a token, which is seen this once.

    `granting`: what the one who does it may do: no role is given that may do more. Raises InvalidInput when the tenant
    has somebody with this e-mail, NotFound, Forbidden.
    """
    if scope.tenant_id is None:
        raise NotFound
    tenant = own(session, scope, Tenant, scope.tenant_id)
    custom = _custom_role(session, scope, role, custom_role_id, "custom_role_id")
    require_all(granting, _given_by(role, custom))
    return add_manager(session, tenant, name=name, email=email, role=role, custom_role=custom, now=clock.now)


def add_manager(
    session: Session,
    tenant: Tenant,
    *,
    name: str,
    email: str,
    role: Role,
    custom_role: CustomRole | None = None,
    now: datetime,
) -> tuple[Manager, str]:
    """The same for a tenant that is being founded: nobody is there yet who could grant anything."""
    email = clean_email(email, "email")
    _require_free(session, tenant.distributor_id, tenant.id, email)
    manager = Manager(
        distributor_id=tenant.distributor_id,
        tenant_id=tenant.id,
        tenant_path=tenant.tenant_path,
        name=clean_text(name, "name"),
        email=email,
        role=role,
        custom_role_id=None if custom_role is None else custom_role.id,
        created_at=now,
        updated_at=now,
    )
    session.add(manager)
    session.flush()
    return manager, issue_token(session, manager)


def update_manager(
    session: Session,
    scope: Scope,
    *,
    manager_id: UUID,
    change: ManagerChange,
    granting: Iterable[Permission],
    clock: Clock,
) -> Manager:
    """Change a person of the acting tenant. Another role counts from the person's next request on.

    Who does it must be allowed everything that the person may do, before and after: else a new e-mail address would be
    a way to somebody else's rights. Raises NotFound, ActAsRequired, Forbidden, InvalidInput, InvalidState (the last
    active system administrator).
    """
    manager = manager_for_update(session, scope, manager_id)
    require_all(granting, permissions_held(session, manager))
    if change.name is not UNSET:
        manager.name = clean_text(change.name or "", "change", "name")
    if change.email is not UNSET:
        email = clean_email(change.email or "", "change", "email")
        if email != manager.email:
            _require_free(session, manager.distributor_id, manager.tenant_id, email, "change", "email")
            manager.email = email
    if change.role is not UNSET or change.custom_role_id is not UNSET:
        _give_role(session, scope, manager, change, granting)
    manager.updated_at = clock.now
    session.flush()
    return manager


def _give_role(
    session: Session, scope: Scope, manager: Manager, change: ManagerChange, granting: Iterable[Permission]
) -> None:
    if change.role is None:
        raise InvalidInput("{field} cannot be cleared.", path=("change", "role"))
    role = manager.role if change.role is UNSET else change.role
    custom_role_id = manager.custom_role_id if change.custom_role_id is UNSET else change.custom_role_id
    if change.custom_role_id is UNSET and role is not Role.CUSTOM:
        custom_role_id = None
    custom = _custom_role(session, scope, role, custom_role_id, "change", "custom_role_id")
    require_all(granting, _given_by(role, custom))
    if role is not Role.SYSTEM_ADMINISTRATOR:
        _require_another_administrator(session, manager)
    manager.role = role
    manager.custom_role_id = None if custom is None else custom.id


def deactivate_manager(
    session: Session, scope: Scope, *, manager_id: UUID, granting: Iterable[Permission], clock: Clock
) -> Manager:
    """Shut a person of the acting tenant out: its tokens open nothing, its sessions end.

    Again: nothing more. Raises NotFound, ActAsRequired, Forbidden, InvalidState (the last active system administrator).
    """
    manager = manager_for_update(session, scope, manager_id)
    require_all(granting, permissions_held(session, manager))
    if manager.active:
        _require_another_administrator(session, manager)
        manager.active = False
        manager.updated_at = clock.now
        end_sessions(session, manager, manager.id, PersonKind.MANAGER, SessionEnd.REVOKED)
        session.flush()
    return manager


def reactivate_manager(
    session: Session, scope: Scope, *, manager_id: UUID, granting: Iterable[Permission], clock: Clock
) -> Manager:
    """Let a person of the acting tenant in again, with the tokens that were neither revoked nor have expired.

    Raises NotFound, ActAsRequired, Forbidden.
    """
    manager = manager_for_update(session, scope, manager_id)
    require_all(granting, permissions_held(session, manager))
    if not manager.active:
        manager.active = True
        manager.updated_at = clock.now
        session.flush()
    return manager


def require_all(granting: Iterable[Permission], given: Iterable[Permission]) -> None:
    """Nobody gives, or gets hold of, what he has not. Raises Forbidden with the first permission that is missing."""
    for permission in sorted(set(given) - set(granting)):
        raise Forbidden(permission)


def permissions_held(session: Session, manager: Manager) -> frozenset[Permission]:
    """What a manager's role gives."""
    custom = None
    if manager.custom_role_id is not None:
        custom = session.get_one(CustomRole, (manager.distributor_id, manager.custom_role_id))
    return _given_by(manager.role, custom)


def _given_by(role: Role, custom: CustomRole | None) -> frozenset[Permission]:
    return permissions_of(role) if custom is None else permissions_in(custom.permissions)


def _custom_role(
    session: Session, scope: Scope, role: Role, custom_role_id: UUID | None, *path: str | int
) -> CustomRole | None:
    """The role that stands beside CUSTOM, held until the transaction ends: nobody deletes it meanwhile."""
    if (role is Role.CUSTOM) != (custom_role_id is not None):
        raise InvalidInput("{field} goes with the role CUSTOM, and with no other.", path=path)
    if custom_role_id is None:
        return None
    custom = own(session, scope, CustomRole, custom_role_id, *path)
    held = locked(session, CustomRole, custom.distributor_id, [custom.id]).get(custom.id)
    if held is None:  # deleted just now
        raise NotFound(*path)
    return held


def manager_for_update(session: Session, scope: Scope, manager_id: UUID) -> Manager:
    """The acting tenant's manager, locked. Raises NotFound, ActAsRequired."""
    manager = own(session, scope, Manager, manager_id, "manager_id")
    return locked(session, Manager, manager.distributor_id, [manager.id])[manager.id]


def _require_free(session: Session, distributor_id: UUID, tenant_id: UUID, email: str, *path: str | int) -> None:
    taken = session.scalars(
        select(Manager.id).where(
            Manager.distributor_id == distributor_id, Manager.tenant_id == tenant_id, Manager.email == email
        )
    ).one_or_none()
    if taken is not None:
        raise InvalidInput("There is a manager with the address {email} already.", email=email, path=path or ("email",))


def _require_another_administrator(session: Session, manager: Manager) -> None:
    """Somebody has to be left who can let the others in again.

    All administrators are locked, so that two who shut each other out at once do not both succeed.
    """
    if manager.role is not Role.SYSTEM_ADMINISTRATOR or not manager.active:
        return
    administrators = session.scalars(
        select(Manager.id)
        .where(
            Manager.distributor_id == manager.distributor_id,
            Manager.tenant_id == manager.tenant_id,
            Manager.role == Role.SYSTEM_ADMINISTRATOR,
            Manager.active,
        )
        .order_by(Manager.id)
        .with_for_update()
    ).all()
    if administrators == [manager.id]:
        raise InvalidState(
            "This is the tenant's last active system administrator; make somebody else one first.", path=("manager_id",)
        )
