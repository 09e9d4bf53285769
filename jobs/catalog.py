"""What the catalog does later."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from domain.delegation import synchronization
from domain.pricing import arriving, unpublishing
from domain.pricing.repricing import reprice_next
from jobs.actors import actor, stepping_actor
from jobs.tasks import Progress
from tenancy.clock import clock_of
from tenancy.scope import Scope


@actor(queue="catalog", max_attempts=10)
def synchronize_plan(session: Session, scope: Scope, *, plan_id: UUID) -> None:
    """Bring a plan's synchronized fields to all copies below it, at every level."""
    assert scope.distributor_id is not None
    synchronization.synchronize_plan(session, scope, plan_id=plan_id, clock=clock_of(session, scope.distributor_id))


@actor(queue="catalog", max_attempts=10)
def publish_product(session: Session, scope: Scope, *, product_id: UUID) -> None:
    """Bring a vendor's product, its plans and their service terms to every distributor that has it."""
    arriving.bring_product(session, scope, product_id=product_id)


@actor(queue="catalog", max_attempts=10)
def withdraw_product(session: Session, scope: Scope, *, product_id: UUID, taker_id: UUID) -> None:
    """Let what a distributor received with a vendor's product be sold no more."""
    unpublishing.withdraw_product(session, scope, product_id=product_id, taker_id=taker_id)


@stepping_actor(queue="catalog", max_attempts=10)
def reprice(session: Session, scope: Scope, cursor: dict[str, Any] | None, *, plan_ids: list[str]) -> Progress:
    """Carry the prices of plans of one tenant down to all copies below them, level by level."""
    assert scope.distributor_id is not None
    after, done = (None, 0) if cursor is None else (UUID(cursor["after"]), cursor["done"])
    ids = [UUID(id) for id in plan_ids]
    copies = reprice_next(session, scope, ids, after=after, clock=clock_of(session, scope.distributor_id))
    if not copies:
        return Progress(cursor=None, done=done)
    done += len(copies)
    return Progress(cursor={"after": copies[-1].hex, "done": done}, done=done)
