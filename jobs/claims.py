"""The job table as a queue: who does a job, for how long, and how it ended.

A claim is a lease and a fencing number (`attempt`). Whatever ends a claim is conditional on that number, in the
transaction that holds the effect: a worker that was frozen past its lease finds the job claimed anew, and its work
rolls back. Leases are compared by the database's clock only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import case, exists, func, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from domain.shared.models import Job, JobState
from jobs import turns
from jobs.lines import LineSession
from jobs.turns import BEFORE_ALL_IDS, Key
from tenancy.scope import SEGMENT, Scope

__all__ = [
    "Claim",
    "Key",
    "LeaseLost",
    "claim",
    "extend",
    "fail",
    "finish",
    "finish_all",
    "give_back",
    "hold",
    "mark_sent",
    "mark_unsent",
    "move_on",
    "retry",
    "tell",
]

ERROR_LIMIT = 10_000
"""Characters kept of an error."""


GIVEN_UP = "It failed too often and was given up; the operator can see why."
"""What the one who started a job is told of a fault."""


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
    traceparent: str | None = None

    @property
    def scope(self) -> Scope:
        """The distributor's whole tree, for reading and writing, and nothing else."""
        return _tree(self.distributor_id, self.tenant_path[:SEGMENT]).for_job(self.id)


@lru_cache(maxsize=1024)
def _tree(distributor_id: UUID, path: str) -> Scope:
    return Scope.of_tenant(distributor_id, distributor_id, path).writing_downstream()


_COLUMNS = len(fields(Claim))


def claim(
    session: Session,
    queue: str,
    limits: Mapping[str, int],
    *,
    count: int,
    lease: timedelta,
    alone: int | None = None,
    after: UUID = BEFORE_ALL_IDS,
    only: Key | None = None,
) -> list[Claim]:
    """Take up to `count` due jobs of the queue whose kinds are among `limits` (kind: claims allowed), in turns.

    The turn is the distributor's that follows `after`. At most `alone` of them have lost a worker before; None: all.
    `only`: this job, if it is due. Needs the platform's scope. A job of a lane is due when none of its lane runs or
    stands before it. A job that was claimed too often already is marked as failed and comes back as `dead`.

    Raises sqlalchemy.exc.IntegrityError when two workers took jobs of one lane at once; nothing is taken then.
    """
    if only is None:
        alone = count if alone is None else alone
        rows = turns.take(session, queue, limits, count=count, alone=alone, after=after, lease=lease)
    else:
        rows = turns.take_one(session, queue, limits, key=only, lease=lease)
    rows.sort(key=lambda row: (row.priority, row.run_at, row.id))
    return [Claim(*row[:_COLUMNS]) for row in rows]


def mark_sent(
    session: Session,
    queue: str,
    limits: Mapping[str, int],
    *,
    count: int,
    again_after: timedelta,
    after: UUID = BEFORE_ALL_IDS,
) -> list[Key]:
    """Take up to `count` due jobs that a message is to announce, in the order of claims, and mark them as sent.

    A job that was announced and not claimed is announced again after `again_after`. Needs the platform's scope.
    """
    keys = turns.due_keys(session, queue, limits, count=count, after=after, again_after=again_after)
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


def tell(session: Session, claim: Claim, *, done: int, total: int | None) -> None:
    """Say how far the job is, which goes on in another transaction. Raises LeaseLost."""
    _settle(session, claim, done=done, total=total)


def finish(session: LineSession, claim: Claim, *, done: int | None = None, total: int | None = None) -> None:
    """The job is done: commits its end together with its effect. Raises LeaseLost."""
    known = f"'{claim.distributor_id}', '{claim.id}', {claim.attempt:d}, {_number(done)}, {_number(total)}"
    _finish(session, f"app_finish_job({known})", [claim])


def finish_all(session: LineSession, company: Sequence[Claim]) -> None:
    """These jobs of one distributor are done: commits their ends together with their effects, or none of them. Raises
    LeaseLost."""
    ids = ",".join(str(claim.id) for claim in company)
    attempts = ",".join(str(int(claim.attempt)) for claim in company)
    _finish(session, f"app_finish_jobs('{company[0].distributor_id}', '{{{ids}}}', '{{{attempts}}}')", company)


def _finish(session: LineSession, call: str, company: Sequence[Claim]) -> None:
    try:
        # Written out, because several statements go together only without parameters.
        session.commit_with(f"SELECT {call}")
    except psycopg.Error as error:
        if error.sqlstate != _LOST:
            raise
        raise LeaseLost(", ".join(f"{claim.kind} {claim.id}, attempt {claim.attempt}" for claim in company)) from None


_LOST = "HW001"
"""How the database says that a claim does not hold any more."""


def _number(value: int | None) -> str:
    return "NULL" if value is None else str(int(value))


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
