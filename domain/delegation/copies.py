"""The copies below a plan, level by level.

Whoever changes copies locks them first, always in this order: the plan itself, then level by level, in a level by
path. Two that meet in one tree of copies therefore wait for each other and never in a circle. The lock is the one that
lets others refer to the row (`FOR NO KEY UPDATE`): a new copy refers to its origin, a subscription to its plan, and
neither has to wait for a change of price, or it for them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, exists, func, insert, literal, select
from sqlalchemy.orm import Session

from db.among import among
from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.shared.models import Event
from tenancy.scope import Scope

__all__ = [
    "COPIED_OF_PERIODS",
    "COPIED_OF_PLANS",
    "COPIED_OF_RESOURCES",
    "announce_copies",
    "forget_loaded",
    "has_copies",
    "locked_copies",
]

COPIED_OF_PLANS = (
    "sku",
    "description",
    "billing_type",
    "fixed_price",
    "free_period",
    "price_protection_months",
    "expired_renewal",
    "singleton",
    "currency",
    "service_term_id",
    "order_attributes",
)
"""What a copy begins with as it is in the plan, whoever makes the copy."""
COPIED_OF_PERIODS = ("key", "position", "duration", "unit", "trial", "public", "removed_at")
COPIED_OF_RESOURCES = ("key", "name", "unit", "unit_kind", "priority", "public", "included", "minimum", "maximum")
"""What a copy's rows have from those above, besides their prices."""


def has_copies(session: Session, plan: Plan) -> bool:
    """Whether the plan was delegated to anybody, at any level."""
    return bool(
        session.scalar(
            select(
                exists().where(
                    Plan.distributor_id == plan.distributor_id,
                    Plan.origin_id == plan.origin_id,
                    Plan.id != plan.origin_id,
                )
            )
        )
    )


def locked_copies(session: Session, distributor_id: UUID, parent_ids: Collection[UUID]) -> Sequence[Row[UUID, bool]]:
    """The copies directly below these plans, locked: their ids, and whether a markup makes their prices."""
    return session.execute(
        select(Plan.id, Plan.markup_percent.is_not(None).label("automatic"))
        .where(Plan.distributor_id == distributor_id, among(Plan.parent_id, parent_ids))
        .order_by(Plan.tenant_path, Plan.id)
        .with_for_update(key_share=True)
    ).all()


def announce_copies(session: Session, scope: Scope, type: str, plan_ids: Collection[UUID], *, at: datetime) -> None:
    """Add an event for each of these plans to the stream of its own tenant, in one statement."""
    columns = {
        "id": func.app_uuid7(),
        "distributor_id": Plan.distributor_id,
        "tenant_id": Plan.tenant_id,
        "tenant_path": Plan.tenant_path,
        "type": literal(type),
        "subject_kind": literal("pln"),
        "subject_id": Plan.id,
        "actor_id": literal(scope.actor_id, Event.actor_id.type),
        "job_id": literal(scope.job_id, Event.job_id.type),
        "created_at": literal(at, Event.created_at.type),
        "updated_at": literal(at, Event.updated_at.type),
    }
    rows = (
        select(*columns.values())
        .where(Plan.distributor_id == scope.distributor_id, among(Plan.id, plan_ids))
        .order_by(Plan.tenant_path, Plan.id)
    )
    session.execute(insert(Event).from_select(list(columns), rows, include_defaults=False))


def forget_loaded(session: Session) -> None:
    """Let the session read plans afresh: statements have changed rows behind its back."""
    for row in session:
        if isinstance(row, (Plan, PlanPeriod, PlanResource)):
            session.expire(row)
