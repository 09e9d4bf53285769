"""What the catalog does later."""

from uuid import UUID

from sqlalchemy.orm import Session

from domain.delegation import synchronization
from domain.pricing import publishing
from jobs.actors import actor
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
    publishing.bring_product(session, scope, product_id=product_id)
