"""The job table as a queue: who does a job, for how long, and how it ended.

A claim is a lease and a fencing number (`attempt`). Whatever ends a claim is conditional on that number, in the
transaction that holds the effect: a worker that was frozen past its lease finds the job claimed anew, and its work
rolls back. Leases are compared by the database's clock only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, exists, func, literal, or_, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from domain.shared.models import Job, JobState
from tenancy.scope import SEGMENT, Scope

__all__ = [
    "Claim",
    "Key",
    "LeaseLost",
    "claim",
    "extend",
    "fail",
    "finish",
    "give_back",
    "hold",
    "mark_sent",
    "mark_unsent",
    "move_on",
    "retry",
]

Key = tuple[UUID, UUID]
"""A job's distributor and id: what a message carries."""

ERROR_LIMIT = 10_000
"""Characters kept of an error."""


class LeaseLost(Exception):
    """Somebody else has the job by now, or it was cancelled: the transaction must not commit."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at one job."""

    distributor_id: UUID
    id: UUID
    tenant_path: str
    kind: str
    queue: str
    arguments: dict[str, Any]
    cursor: dict[str, Any] | None
    attempt: int
    max_attempts: int
    dead: bool = False
    """Claimed too often; it has been marked as failed and is not to be run."""

    @property
    def scope(self) -> Scope:
        """The distributor's whole tree, for reading and writing, and nothing else."""
        return (
            Scope.of_tenant(self.distributor_id, self.distributor_id, self.tenant_path[:SEGMENT])
            .writing_downstream()
            .for_job(self.id)
        )


def claim(
    session: Session, queue: str, limits: Mapping[str, int], *, count: int, lease: timedelta, only: Key | None = None
) -> list[Claim]:
    """Take up to `count` due jobs of the queue, oldest first, whose kinds are among `limits` (kind: claims allowed).

    `only`: this job, if it is due. Needs the platform's scope. A job of a lane is due when none of its lane runs or
    stands before it. A job that was claimed too often already is marked as failed and comes back as `dead`.

    Raises sqlalchemy.exc.IntegrityError when two workers took jobs of one lane at once; nothing is taken then.
    """
    wanted = _due(queue, limits).limit(count)
    if only is not None:
        wanted = wanted.where(Job.distributor_id == only[0], Job.id == only[1])
    due = wanted.cte("due")
    attempt = Job.attempt + 1
    allowed = func.coalesce(Job.max_attempts, case(dict(limits), value=Job.kind))
    dead = attempt > allowed
    rows = session.execute(
        update(Job)
        .where(Job.distributor_id == due.c.distributor_id, Job.id == due.c.id)
        .values(
            attempt=attempt,
            max_attempts=allowed,
            state=case(
                (dead, literal(JobState.FAILED, Job.state.type)), else_=literal(JobState.RUNNING, Job.state.type)
            ),
            error=case((dead, "claimed too often: " + func.coalesce(Job.error, "the worker died")), else_=Job.error),
            lease_until=case((dead, None), else_=func.clock_timestamp() + lease),
            sent_at=None,
            started_at=func.coalesce(Job.started_at, func.clock_timestamp()),
            finished_at=case((dead, func.clock_timestamp())),
            updated_at=func.clock_timestamp(),
        )
        .returning(
            Job.distributor_id,
            Job.id,
            Job.tenant_path,
            Job.kind,
            Job.queue,
            Job.arguments,
            Job.cursor,
            Job.attempt,
            Job.max_attempts,
            Job.state == JobState.FAILED,
        ),
        execution_options={"synchronize_session": False},
    )
    return sorted((Claim(*row) for row in rows), key=lambda taken: taken.id)


def mark_sent(
    session: Session, queue: str, limits: Mapping[str, int], *, count: int, again_after: timedelta
) -> list[Key]:
    """Take up to `count` due jobs that a message is to announce, in the order of claims, and mark them as sent.

    A job that was announced and not claimed is announced again after `again_after`. Needs the platform's scope.
    """
    unsent = or_(Job.sent_at.is_(None), Job.sent_at < func.now() - again_after)
    due = session.execute(_due(queue, limits).where(unsent).limit(count))
    keys = [(distributor_id, job_id) for distributor_id, job_id in due]
    if keys:
        _send(session, keys, func.clock_timestamp())
    return keys


def mark_unsent(session: Session, jobs: Sequence[Key]) -> None:
    """Let jobs be announced again at once: their messages did not get through. Needs the platform's scope."""
    if jobs:
        _send(session, jobs, None)


def _send(session: Session, jobs: Sequence[Key], at: Any) -> None:
    session.execute(
        update(Job).where(tuple_(Job.distributor_id, Job.id).in_(jobs)).values(sent_at=at),
        execution_options={"synchronize_session": False},
    )


def _due(queue: str, limits: Mapping[str, int]) -> Select[UUID, UUID]:
    """Keys of the jobs that may be claimed now, locked, in the order in which they are to be done."""
    other = aliased(Job)
    lane_is_taken = exists().where(
        other.distributor_id == Job.distributor_id,
        other.lane == Job.lane,
        or_(
            and_(other.state == JobState.RUNNING, other.id != Job.id),
            and_(other.state == JobState.WAITING, other.id < Job.id),
        ),
    )
    return (
        select(Job.distributor_id, Job.id)
        .where(
            Job.queue == queue,
            Job.run_at <= func.now(),
            Job.state.in_([JobState.WAITING, JobState.RUNNING]),
            or_(Job.state == JobState.WAITING, Job.lease_until < func.now()),
            Job.kind.in_(limits.keys()),
            or_(Job.lane.is_(None), ~lane_is_taken),
        )
        .order_by(Job.run_at, Job.id)
        .with_for_update(skip_locked=True)
    )


def extend(session: Session, claims: Sequence[Claim], *, lease: timedelta) -> set[UUID]:
    """Make the leases last anew, from now; returns the jobs whose claims still hold.

    Rows that are just being settled are skipped, so that one slow commit does not cost the others their leases.
    """
    held = (
        select(Job.distributor_id, Job.id)
        .where(
            tuple_(Job.distributor_id, Job.id, Job.attempt).in_(
                [(taken.distributor_id, taken.id, taken.attempt) for taken in claims]
            ),
            Job.state == JobState.RUNNING,
        )
        .with_for_update(skip_locked=True)
        .cte("held")
    )
    return set(
        session.scalars(
            update(Job)
            .where(Job.distributor_id == held.c.distributor_id, Job.id == held.c.id)
            .values(lease_until=func.clock_timestamp() + lease)
            .returning(Job.id),
            execution_options={"synchronize_session": False},
        )
    )


def hold(session: Session, claim: Claim) -> None:
    """Let the transaction commit only if the claim holds; the job goes on. Raises LeaseLost."""
    _settle(session, claim)


def move_on(
    session: Session, claim: Claim, *, cursor: dict[str, Any], done: int, total: int | None, allowed: int
) -> None:
    """Keep how far the job is, with the effect of the step; from here it may be claimed `allowed` times more.

    Raises LeaseLost.
    """
    _settle(session, claim, cursor=cursor, done=done, total=total, max_attempts=claim.attempt + allowed)


def finish(session: Session, claim: Claim, *, done: int | None = None, total: int | None = None) -> None:
    """The job is done, together with its effect. Raises LeaseLost."""
    progress = {} if done is None else {"done": done, "total": total}
    _settle(session, claim, state=JobState.DONE, lease_until=None, error=None, finished_at=_NOW, **progress)


def fail(session: Session, claim: Claim, *, error: str | None, code: str | None, message: str | None) -> None:
    """The job has failed for good. `code` and `message` are for the person who started it. Raises LeaseLost."""
    _settle(
        session,
        claim,
        state=JobState.FAILED,
        lease_until=None,
        error=_kept(error),
        error_code=code,
        error_message=message,
        finished_at=_NOW,
    )


def retry(session: Session, claim: Claim, *, error: str, after: timedelta) -> None:
    """Let it be tried again, not before `after` has passed. Raises LeaseLost."""
    _wait_again(session, claim, run_at=func.clock_timestamp() + after, error=_kept(error))


def give_back(session: Session, claim: Claim) -> None:
    """Return a job that nothing was wrong with: the worker stops. The attempt is not counted. Raises LeaseLost."""
    _wait_again(session, claim, max_attempts=Job.max_attempts + 1)


_NOW = func.clock_timestamp()


def _wait_again(session: Session, claim: Claim, **values: Any) -> None:
    # Another job with the same key may have come to wait meanwhile; the key is then that one's.
    other = aliased(Job)
    another_waits = exists().where(
        other.distributor_id == Job.distributor_id,
        other.queue == Job.queue,
        other.unique_key == Job.unique_key,
        other.state == JobState.WAITING,
    )
    _settle(
        session,
        claim,
        state=JobState.WAITING,
        lease_until=None,
        sent_at=None,
        unique_key=case((another_waits, None), else_=Job.unique_key),
        **values,
    )


def _settle(session: Session, claim: Claim, **values: Any) -> None:
    held = session.scalar(
        update(Job)
        .where(
            Job.distributor_id == claim.distributor_id,
            Job.id == claim.id,
            Job.attempt == claim.attempt,
            Job.state == JobState.RUNNING,
        )
        .values(updated_at=_NOW, **values)
        .returning(Job.id),
        execution_options={"synchronize_session": False},
    )
    if held is None:
        raise LeaseLost(f"{claim.kind} {claim.id}, attempt {claim.attempt}")


def _kept(error: str | None) -> str | None:
    return None if error is None else error.replace("\0", "")[-ERROR_LIMIT:]
