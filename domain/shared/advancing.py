"""A sandbox's clock goes on when its people say so; what is due on the way is a job."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.shared import outbox
from domain.shared.errors import InvalidInput, InvalidState, NotFound
from domain.shared.models import Job
from tenancy.clock import LATEST, Clock, clock_of
from tenancy.models import DistributorClock
from tenancy.scope import Scope

__all__ = ["CLOCK_LANE", "YEARS_AHEAD", "check_reachable", "set_clock", "start_advance_clock"]

YEARS_AHEAD = 10
"""How far one call may go."""

CLOCK_LANE = "clock"
"""The lane of everything that runs a distributor's days: never two at once, in the order they were asked for."""


def start_advance_clock(session: Session, scope: Scope, *, distributor_id: UUID, to: datetime) -> Job:
    """Queue the job that moves a sandbox's clock to `to` and does all that falls due on the way.

    `to` equal to the clock does what is due now. The job stands behind others that are under way for the distributor.
    Needs a scope that writes the distributor's own rows.

    Raises NotFound, ActAsRequired, InvalidInput (`to` is before the clock, more than `YEARS_AHEAD` years after it, or
    without a zone), InvalidState (the distributor lives in real time).
    """
    row = session.scalar(select(DistributorClock).where(DistributorClock.distributor_id == distributor_id))
    # Those below the distributor see its clock, and that is all.
    if row is None or not scope.lo <= row.tenant_path < scope.hi:
        raise NotFound("distributor_id")
    scope.require_own(row.tenant_id, row.tenant_path, "distributor_id")
    if row.clock_at is None:
        raise InvalidState("Only a sandbox's clock can be moved; this distributor lives in real time.")
    check_reachable(row.clock_at, to)
    job_id = outbox.enqueue(
        session,
        row,
        "billing.advance_clock",
        queue="billing",
        arguments={"to": to.astimezone(UTC).isoformat()},
        lane=CLOCK_LANE,
        cancellable=True,
    )
    return session.scalars(select(Job).where(Job.distributor_id == distributor_id, Job.id == job_id)).one()


def check_reachable(clock_at: datetime, to: datetime) -> None:
    """Raises InvalidInput unless `to` is an instant from `clock_at` to `YEARS_AHEAD` years later."""
    if to.tzinfo is None:
        raise InvalidInput("{field} needs a time zone.", path=("to",))
    if to < clock_at:
        raise InvalidInput(
            "{field} is before the clock, which stands at {clock_at}.", clock_at=clock_at.isoformat(), path=("to",)
        )
    if to > clock_at + timedelta(days=YEARS_AHEAD * 366):
        raise InvalidInput(
            "{field} is more than {years} years after the clock, which stands at {clock_at}.",
            years=YEARS_AHEAD,
            clock_at=clock_at.isoformat(),
            path=("to",),
        )
    if to > LATEST:
        raise InvalidInput(
            "{field} must be at most {latest}: there a sandbox's time ends.", latest=LATEST.isoformat(), path=("to",)
        )


def set_clock(session: Session, distributor_id: UUID, instant: datetime) -> Clock:
    """Move a sandbox's clock on to `instant`; it never goes back. Returns it as it stands then."""
    row = session.scalars(
        select(DistributorClock).where(DistributorClock.distributor_id == distributor_id).with_for_update()
    ).one()
    if row.clock_at is None:
        raise InvalidState("Only a sandbox's clock can be moved; this distributor lives in real time.")
    if instant > row.clock_at:
        row.clock_at = instant
        row.updated_at = instant
        session.flush()
    return clock_of(session, distributor_id)
