"""That a plan has changed, and that its copies have to learn of it."""

from sqlalchemy.orm import Session

from domain.catalog.models import Plan
from domain.shared import outbox
from tenancy.clock import Clock

__all__ = ["ask_for_synchronization", "count_change"]


def count_change(plan: Plan, clock: Clock) -> None:
    """Raise a plan's version; at the origin its copies' synchronized fields are then older."""
    plan.version += 1
    plan.updated_at = clock.now
    if plan.parent_id is None:
        plan.synchronized_version = plan.version


def ask_for_synchronization(session: Session, plan: Plan) -> None:
    """Have a job bring the plan's synchronized fields to its copies, unless one waits already."""
    outbox.enqueue(
        session,
        plan,
        "catalog.synchronize_plan",
        queue="catalog",
        arguments={"plan_id": plan.id.hex},
        unique_key=plan.id.hex,
    )
