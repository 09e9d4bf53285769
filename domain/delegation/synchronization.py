"""Synchronized fields: what a copy shows as its origin has it, at every level.

Not through the levels but from the origin at once: a copy's parent may itself still wait for its turn.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, Tuple, case, func, or_, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.delegation.copies import forget_loaded
from domain.shared.errors import NotFound
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["PERIOD_FIELDS", "PLAN_FIELDS", "RESOURCE_FIELDS", "repair_plans", "synchronize_plan"]

PLAN_FIELDS = ("name", "sku", "billing_type", "fixed_price", "currency", "service_term_id")
PERIOD_FIELDS = ("public",)
RESOURCE_FIELDS = ("name", "unit", "priority", "public", "included", "minimum", "maximum")

BATCH = 500
"""Copies a statement."""


def synchronize_plan(session: Session, scope: Scope, *, plan_id: UUID, clock: Clock) -> int:
    """Bring a plan's synchronized fields to all copies below it. Returns how many copies show something new.

    Only copies that show an older version of the origin are touched, and always the origin's present state is brought:
    a job that comes late, twice, or together with another never undoes a newer name. `plan_id` may be a copy's: its
    origin is meant. The scope must reach the origin and write downstream of it. Raises NotFound.
    """
    origin = _held_origin(session, scope, plan_id)
    changed = 0
    while copies := _outdated(session, origin):
        changed += len(_bring(session, origin, copies, at=clock.now))
    forget_loaded(session)
    return changed


def repair_plans(session: Session, scope: Scope, *, clock: Clock) -> dict[UUID, int]:
    """Bring every copy in the scope's tree to its origin's fields, whatever version it claims to show.

    Returns the plans whose copies had to be changed, with their number; running it again changes nothing. The scope is
    the distributor's, and writes downstream.
    """
    origins = session.scalars(
        select(Plan.origin_id)
        .where(Plan.distributor_id == scope.distributor_id, Plan.parent_id.is_not(None))
        .distinct()
        .order_by(Plan.origin_id)
    ).all()
    repaired = {}
    for id in origins:
        origin = _held_origin(session, scope, id)
        _doubt_copies(session, origin)
        changed = synchronize_plan(session, scope, plan_id=id, clock=clock)
        if changed:
            repaired[id] = changed
    return repaired


def _held_origin(session: Session, scope: Scope, plan_id: UUID) -> Plan:
    """The origin, held still until the transaction ends, so that all copies get one and the same state of it."""
    session.flush()
    visible = select(Plan.origin_id).where(Plan.distributor_id == scope.distributor_id, Plan.id == plan_id)
    origin = session.scalars(
        select(Plan)
        .where(Plan.distributor_id == scope.distributor_id, Plan.id == visible.scalar_subquery())
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if origin is None:
        raise NotFound("plan_id")
    return origin


def _copies_of(origin: Plan) -> Select[UUID]:
    """All copies, from the top down; the order in which they are locked."""
    return (
        select(Plan.id)
        .where(Plan.distributor_id == origin.distributor_id, Plan.origin_id == origin.id, Plan.id != origin.id)
        .order_by(func.length(Plan.tenant_path), Plan.tenant_path, Plan.id)
        .with_for_update(key_share=True)
    )


def _outdated(session: Session, origin: Plan) -> Sequence[UUID]:
    """The next copies that show an older version, locked."""
    return session.scalars(_copies_of(origin).where(Plan.synchronized_version < origin.version).limit(BATCH)).all()


def _doubt_copies(session: Session, origin: Plan) -> None:
    """Take every copy for outdated."""
    copies = session.scalars(_copies_of(origin)).all()
    session.execute(
        update(Plan)
        .where(Plan.distributor_id == origin.distributor_id, Plan.id.in_(copies))
        .values(synchronized_version=0)
        .execution_options(synchronize_session=False)
    )


def _bring(session: Session, origin: Plan, copies: Collection[UUID], *, at: datetime) -> set[UUID]:
    """One statement a table. Returns the copies that show something new; only their version rises."""
    changed = _bring_details(session, PlanPeriod, PERIOD_FIELDS, origin, copies, at=at)
    changed |= _bring_details(session, PlanResource, RESOURCE_FIELDS, origin, copies, at=at)
    fields = {name: getattr(origin, name) for name in PLAN_FIELDS}
    differs = or_(
        Plan.id.in_(changed), *(getattr(Plan, name).is_distinct_from(value) for name, value in fields.items())
    )
    was = aliased(Plan)
    brought = session.execute(
        update(Plan)
        .where(
            Plan.distributor_id == origin.distributor_id,
            Plan.id.in_(copies),
            was.distributor_id == Plan.distributor_id,
            was.id == Plan.id,
        )
        .values(
            **fields,
            synchronized_version=origin.version,
            version=Plan.version + case((differs, 1), else_=0),
            updated_at=case((differs, at), else_=Plan.updated_at),
        )
        .returning(Plan.id, (Plan.version > was.version).label("changed"))
        .execution_options(synchronize_session=False)
    )
    return {row.id for row in brought if row.changed}


def _bring_details(
    session: Session,
    model: type[PlanPeriod] | type[PlanResource],
    fields: Sequence[str],
    origin: Plan,
    copies: Collection[UUID],
    *,
    at: datetime,
) -> set[UUID]:
    """Periods or resources, matched by key. Returns the copies that had a different one."""
    source = aliased(model)
    return set(
        session.scalars(
            update(model)
            .where(
                model.distributor_id == origin.distributor_id,
                model.plan_id.in_(copies),
                source.distributor_id == model.distributor_id,
                source.plan_id == origin.id,
                source.key == model.key,
                _row(model, fields).is_distinct_from(_row(source, fields)),
            )
            .values({name: getattr(source, name) for name in fields} | {"updated_at": at})
            .returning(model.plan_id)
            .execution_options(synchronize_session=False)
        )
    )


def _row(model: type[PlanPeriod] | type[PlanResource], fields: Sequence[str]) -> Tuple:
    return tuple_(*(getattr(model, name) for name in fields))
