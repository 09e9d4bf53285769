"""Rows of the catalog, as the actor sees them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import column, func, or_, select, table
from sqlalchemy.orm import Session

from domain.catalog.models import Plan, PlanPeriod, PlanResource, ServiceTerm
from domain.shared.errors import InvalidInput, NotFound
from tenancy.models import TenantName
from tenancy.scope import Scope

__all__ = [
    "live_subscriptions",
    "own_plan_for_update",
    "periods_of",
    "plan_by_id",
    "resources_of",
    "service_term_for_plan",
    "tenant_name",
]


def plan_by_id(session: Session, scope: Scope, id: UUID, *path: str | int) -> Plan:
    """A visible plan: the actor's or one further down. Raises NotFound with the input's `path`."""
    plan = session.scalars(
        select(Plan).where(
            Plan.distributor_id == scope.distributor_id,
            Plan.id == id,
            Plan.tenant_path >= scope.lo,
            Plan.tenant_path < scope.hi,
        )
    ).one_or_none()
    if plan is None:
        raise NotFound(*path)
    return plan


def own_plan_for_update(session: Session, scope: Scope, id: UUID, *path: str | int) -> Plan:
    """A plan of the acting tenant, read afresh and locked until the transaction ends.

    Raises NotFound; ActAsRequired for a visible plan of another tenant.
    """
    plan = plan_by_id(session, scope, id, *path)
    scope.require_own(plan.tenant_id, plan.tenant_path, *path)
    return session.scalars(
        select(Plan)
        .where(Plan.distributor_id == plan.distributor_id, Plan.id == plan.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def periods_of(session: Session, plan: Plan) -> Sequence[PlanPeriod]:
    """The plan's periods as they are in the database now, in their order."""
    return session.scalars(
        select(PlanPeriod)
        .where(PlanPeriod.distributor_id == plan.distributor_id, PlanPeriod.plan_id == plan.id)
        .order_by(PlanPeriod.position, PlanPeriod.id)
        .execution_options(populate_existing=True)
    ).all()


def resources_of(session: Session, plan: Plan) -> Sequence[PlanResource]:
    """The plan's resources as they are in the database now: by priority, highest first, then by name."""
    return session.scalars(
        select(PlanResource)
        .where(PlanResource.distributor_id == plan.distributor_id, PlanResource.plan_id == plan.id)
        .order_by(PlanResource.priority.desc(), PlanResource.name, PlanResource.id)
        .execution_options(populate_existing=True)
    ).all()


# The table of a higher area, which this one may not import: it only asks whether somebody lives by a plan.
_SUBSCRIPTIONS = table("subscriptions", column("distributor_id"), column("plan_id"), column("state"))


def live_subscriptions(session: Session, plan: Plan) -> int:
    """How many subscriptions that are not deleted have the plan or a copy of it, at any level below."""
    copies = select(Plan.id).where(Plan.distributor_id == plan.distributor_id, Plan.origin_id == plan.origin_id)
    return session.scalars(
        select(func.count())
        .select_from(_SUBSCRIPTIONS)
        .where(
            _SUBSCRIPTIONS.c.distributor_id == plan.distributor_id,
            _SUBSCRIPTIONS.c.plan_id.in_(copies),
            _SUBSCRIPTIONS.c.state != "DELETED",
        )
    ).one()


def service_term_for_plan(session: Session, scope: Scope, id: UUID, *path: str | int) -> ServiceTerm:
    """A service term that the acting tenant may use: its own or one from above.

    Raises NotFound; InvalidInput for one of a tenant below, which is visible but not inherited.
    """
    term = session.scalars(
        select(ServiceTerm).where(
            ServiceTerm.distributor_id == scope.distributor_id,
            ServiceTerm.id == id,
            or_(
                (ServiceTerm.tenant_path >= scope.lo) & (ServiceTerm.tenant_path < scope.hi),
                ServiceTerm.tenant_path.in_(scope.ancestors),
            ),
        )
    ).one_or_none()
    if term is None:
        raise NotFound(*path)
    if term.tenant_path not in {scope.path, *scope.ancestors}:
        owner = tenant_name(session, term.distributor_id, term.tenant_id)
        raise InvalidInput(
            "The service term {key} belongs to {owner}, below you; a plan takes your own or one from above.",
            key=term.key,
            owner=owner,
            path=path,
        )
    return term


def tenant_name(session: Session, distributor_id: UUID, tenant_id: UUID) -> str:
    """The name of a tenant above, below, or the actor's own."""
    return session.scalars(
        select(TenantName.name).where(TenantName.distributor_id == distributor_id, TenantName.id == tenant_id)
    ).one()
