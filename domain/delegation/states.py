"""Whether copies are sold, as those above them are."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, case, literal, update
from sqlalchemy.orm import Session, aliased

from db.among import among
from domain.catalog.models import Plan, PlanState
from domain.delegation.copies import announce_copies, forget_loaded, locked_copies
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["follow_states"]

_EVENTS = {
    PlanState.ACTIVE: "plan.activated_by_provider",
    PlanState.DEACTIVATED_BY_PROVIDER: "plan.deactivated_by_provider",
}


def follow_states(session: Session, scope: Scope, copies: Sequence[UUID], *, clock: Clock) -> None:
    """Let these copies, and all below them, be sold while the plan above is and was not taken back.

    A copy is DEACTIVATED_BY_PROVIDER otherwise; INACTIVE is its own tenant's, and stays. The copies are locked by the
    caller; the scope writes downstream.
    """
    assert scope.distributor_id is not None
    session.flush()
    above = aliased(Plan)
    wanted = case(
        (
            and_(above.state == PlanState.ACTIVE, Plan.undelegated_at.is_(None)),
            literal(PlanState.ACTIVE, Plan.state.type),
        ),
        else_=literal(PlanState.DEACTIVATED_BY_PROVIDER, Plan.state.type),
    )
    level = list(copies)
    while level:
        changed = session.execute(
            update(Plan)
            .where(
                Plan.distributor_id == scope.distributor_id,
                among(Plan.id, level),
                Plan.state != PlanState.INACTIVE,
                above.distributor_id == Plan.distributor_id,
                above.id == Plan.parent_id,
                Plan.state != wanted,
            )
            .values(state=wanted, version=Plan.version + 1, updated_at=clock.now)
            .returning(Plan.id, Plan.state)
            .execution_options(synchronize_session=False)
        ).all()
        for state, event in _EVENTS.items():
            ids = [plan.id for plan in changed if plan.state is state]
            announce_copies(session, scope, event, ids, at=clock.now)
        level = [copy.id for copy in locked_copies(session, scope.distributor_id, level)]
    forget_loaded(session)
