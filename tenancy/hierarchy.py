"""The tree of tenants: who is created below whom."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from db.ids import uuid7
from tenancy.clock import EARLIEST, LATEST, clock_of, is_time_zone
from tenancy.errors import InvalidInput, NotFound
from tenancy.models import DistributorClock, Manager, Tenant, TenantKind, TenantName, TenantState
from tenancy.people import add_manager
from tenancy.permissions import Role
from tenancy.scope import Scope, segment
from tenancy.sessions import seeing
from tenancy.texts import clean_email, clean_text

__all__ = [
    "MAX_LEVEL",
    "Founded",
    "create_distributor",
    "create_reseller",
    "next_segment",
    "rename_tenant",
    "tenant_by_id",
    "tenant_in_scope",
]

MAX_LEVEL = 11
"""A distributor is level 0: twelve tenants from top to bottom."""


@dataclass(frozen=True, slots=True)
class Founded:
    """A new tenant with the administrator who may open it."""

    tenant: Tenant
    manager: Manager
    token: str
    """Shown this once."""


def create_distributor(
    session: Session,
    _scope: Scope,
    *,
    name: str,
    currency: str,
    admin_email: str,
    time_zone: str = "UTC",
    sandbox: bool = False,
    clock: datetime | None = None,
    vendor: bool = False,
) -> Founded:
    """Found a distributor with its administrator. Platform only: it writes outside every other tenant's range.

    `clock`: where a sandbox's own clock starts, default now; outside a sandbox there is none. A `vendor` publishes
    products to distributors.
    """
    if not is_time_zone(time_zone):
        raise InvalidInput(
            "{time_zone} is no IANA time zone such as Europe/Berlin.", time_zone=time_zone, path=("time_zone",)
        )
    if clock is not None and not sandbox:
        raise InvalidInput("Only a sandbox has a clock of its own.", path=("clock",))
    if clock is not None and not EARLIEST <= clock <= LATEST:
        raise InvalidInput(
            "{field} must be from {least} to {most}, got {value}.",
            least=EARLIEST.date(),
            most=LATEST.date(),
            value=clock.date(),
            path=("clock",),
        )
    number = session.execute(text("SELECT nextval('distributor_numbers')")).scalar_one()
    id = uuid7()
    now = datetime.now(UTC)
    starts_at = (clock or now) if sandbox else None
    tenant = Tenant(
        distributor_id=id,
        id=id,
        tenant_id=id,
        tenant_path=segment(number),
        kind=TenantKind.DISTRIBUTOR,
        vendor=vendor,
        number=f"D{number}",
        name=clean_text(name, "name"),
        currency=currency,
        parent_id=None,
        level=0,
        children=0,
    )
    return _found(
        session,
        tenant,
        admin_email=admin_email,
        now=starts_at or now,
        clock=DistributorClock(
            distributor_id=id,
            id=id,
            tenant_id=id,
            tenant_path=tenant.tenant_path,
            time_zone=time_zone,
            sandbox=sandbox,
            clock_at=starts_at,
        ),
    )


def create_reseller(
    session: Session, scope: Scope, *, parent_id: UUID | None, name: str, currency: str, admin_email: str
) -> Founded:
    """Found a reseller directly below the acting tenant (`parent_id`, when given, must be it).

    The scope must write downstream. Raises NotFound, ActAsRequired, InvalidInput (depth).
    """
    parent = tenant_by_id(session, parent_id or scope.tenant_id, "parent_id")
    scope.require_own(parent.id, parent.tenant_path, "parent_id")
    if parent.level >= MAX_LEVEL:
        raise InvalidInput("A chain has at most {limit} levels.", limit=MAX_LEVEL + 1, path=("parent_id",))
    count = next_segment(session, parent)
    id = uuid7()
    tenant = Tenant(
        distributor_id=parent.distributor_id,
        id=id,
        tenant_id=id,
        tenant_path=parent.tenant_path + segment(count),
        kind=TenantKind.RESELLER,
        number=f"{parent.number}-{count}",
        name=clean_text(name, "name"),
        currency=currency,
        parent_id=parent.id,
        level=parent.level + 1,
        suspended_above=parent.suspended_above or parent.state is TenantState.SUSPENDED,
        children=0,
    )
    return _found(
        session, tenant, admin_email=admin_email, now=clock_of(session, parent.distributor_id).now, clock=None
    )


def rename_tenant(session: Session, scope: Scope, *, tenant_id: UUID, name: str) -> Tenant:
    """Call the acting tenant otherwise. Those below it, who see nothing of it but its name, see the new one at once.

    Raises NotFound, ActAsRequired, InvalidInput.
    """
    tenant = tenant_in_scope(session, scope, tenant_id, "tenant_id")
    scope.require_own(tenant.id, tenant.tenant_path, "tenant_id")
    clean = clean_text(name, "name")
    if clean == tenant.name:
        return tenant
    tenant.name = clean
    tenant.updated_at = clock_of(session, tenant.distributor_id).now
    session.flush()
    # The card may be filed further up than its tenant.
    with seeing(session, Scope.of_everything(tenant.distributor_id, tenant.tenant_path)):
        session.execute(
            update(TenantName)
            .where(TenantName.distributor_id == tenant.distributor_id, TenantName.id == tenant.id)
            .values(name=clean, updated_at=tenant.updated_at)
        )
    return tenant


def next_segment(session: Session, parent: Tenant) -> int:
    """The number of the next place directly below `parent`.

    Counting up locks the parent: two that come at once get two places, and none is given twice.
    """
    return session.scalars(
        update(Tenant)
        .where(Tenant.distributor_id == parent.distributor_id, Tenant.id == parent.id)
        .values(children=Tenant.children + 1)
        .returning(Tenant.children)
        .execution_options(synchronize_session=False)
    ).one()


def tenant_in_scope(session: Session, scope: Scope, id: UUID, *path: str | int) -> Tenant:
    """The acting tenant or one below it, as it is now; for the platform any. Raises NotFound with `path`."""
    tenant = session.scalars(
        select(Tenant)
        .where(Tenant.id == id, Tenant.tenant_path >= scope.lo, Tenant.tenant_path < scope.hi)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if tenant is None:
        raise NotFound(*path)
    return tenant


def tenant_by_id(session: Session, id: UUID | None, *path: str | int) -> Tenant:
    """A visible tenant. Raises NotFound with the input's `path`."""
    tenant = session.scalars(select(Tenant).where(Tenant.id == id)).one_or_none()
    if tenant is None:
        raise NotFound(*path)
    return tenant


def _found(
    session: Session, tenant: Tenant, *, admin_email: str, now: datetime, clock: DistributorClock | None
) -> Founded:
    tenant.created_at = tenant.updated_at = now
    card = TenantName(
        distributor_id=tenant.distributor_id,
        id=tenant.id,
        tenant_id=tenant.id,
        tenant_path=tenant.tenant_path,
        name=tenant.name,
    )
    session.add(tenant)
    session.flush()
    session.add_all([card] if clock is None else [card, clock])
    session.flush()
    email = clean_email(admin_email, "admin_email")
    manager, token = add_manager(session, tenant, name=email, email=email, role=Role.SYSTEM_ADMINISTRATOR, now=now)
    return Founded(tenant, manager, token)
