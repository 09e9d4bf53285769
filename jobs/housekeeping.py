"""What is thrown away when it is old enough."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from domain.shared.files import FILES_ARE_KEPT
from domain.shared.models import File, FileChunk, Job, JobError, JobState
from jobs.actors import stepping_actor
from jobs.tasks import Progress
from tenancy.models import IdempotencyRecord
from tenancy.scope import Scope
from tenancy.signing_in.models import PasswordReset, PersonSession, SessionToken, SignInAttempt

__all__ = [
    "JOBS_ARE_KEPT",
    "KEYS_ARE_KEPT",
    "SESSIONS_ARE_KEPT",
    "forget_files",
    "forget_jobs",
    "forget_keys",
    "forget_sessions",
    "tidy_platform",
]

KEYS_ARE_KEPT = timedelta(days=30)
"""How long an idempotencyKey is remembered, in real time: a sandbox's own clock has no part in it."""

ATTEMPTS_ARE_KEPT = timedelta(days=1)
"""How long it is remembered that somebody failed to sign in: much longer than it counts."""

JOBS_ARE_KEPT = timedelta(days=30)
"""How long a job that ended can be looked at, from its creation."""

SESSIONS_ARE_KEPT = timedelta(days=30)
"""How long it can be seen that somebody was signed in, from the end of the session."""

_FORGETTABLE = (JobState.DONE, JobState.CANCELLED)

BATCH = 500
"""Rows a transaction."""

_NOBODY = UUID(int=0)
"""Whose records the platform's are."""


def tidy_platform(session: Session) -> None:
    """Delete what is old and has no distributor whose job it could be: keys of platform operators, failures to sign in.

    Needs the platform's scope.
    """
    _forget(session, _NOBODY)
    session.execute(delete(SignInAttempt).where(SignInAttempt.since < func.now() - ATTEMPTS_ARE_KEPT))


@stepping_actor(queue="housekeeping")
def forget_keys(session: Session, scope: Scope, cursor: dict[str, Any] | None) -> Progress:
    """Delete a distributor's idempotency keys of more than 30 days, a batch a step."""
    assert scope.distributor_id is not None
    count = _forget(session, scope.distributor_id)
    done = (cursor["done"] if cursor else 0) + count
    return Progress(cursor={"done": done} if count == BATCH else None, done=done)


@stepping_actor(queue="housekeeping")
def forget_jobs(session: Session, scope: Scope, cursor: dict[str, Any] | None) -> Progress:
    """Delete a distributor's jobs that ended well, or were cancelled, and are more than 30 days old. Failed ones stay
    until somebody has looked at them."""
    assert scope.distributor_id is not None
    after = UUID(cursor["after"]) if cursor else _NOBODY
    seen = session.execute(
        select(Job.id, Job.state)
        .where(Job.distributor_id == scope.distributor_id, Job.id > after, Job.id < oldest_id(since=JOBS_ARE_KEPT))
        .order_by(Job.id)
        .limit(BATCH)
    ).all()
    old = [row.id for row in seen if row.state in _FORGETTABLE]
    for statement in (
        delete(JobError).where(JobError.distributor_id == scope.distributor_id, JobError.job_id.in_(old)),
        delete(Job).where(Job.distributor_id == scope.distributor_id, Job.id.in_(old)),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})
    done = (cursor["done"] if cursor else 0) + len(old)
    more = {"after": seen[-1].id.hex, "done": done} if len(seen) == BATCH else None
    return Progress(cursor=more, done=done)


@stepping_actor(queue="housekeeping")
def forget_files(session: Session, scope: Scope, cursor: dict[str, Any] | None) -> Progress:
    """Delete a distributor's files of more than 30 days, with their content, a batch a step."""
    own = scope.distributor_id
    old = session.scalars(
        select(File.id)
        .where(File.distributor_id == own, File.id < oldest_id(since=FILES_ARE_KEPT))
        .order_by(File.id)
        .limit(BATCH)
    ).all()
    for statement in (
        delete(FileChunk).where(FileChunk.distributor_id == own, FileChunk.file_id.in_(old)),
        delete(File).where(File.distributor_id == own, File.id.in_(old)),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})
    done = (cursor["done"] if cursor else 0) + len(old)
    return Progress(cursor={"done": done} if len(old) == BATCH else None, done=done)


@stepping_actor(queue="housekeeping")
def forget_sessions(session: Session, scope: Scope, cursor: dict[str, Any] | None) -> Progress:
    """Delete a distributor's sessions that ended more than 30 days ago, with their tokens, and keys for new passwords
    that are as old."""
    own = scope.distributor_id
    ended = func.coalesce(PersonSession.ended_at, PersonSession.expires_at)
    before = func.now() - SESSIONS_ARE_KEPT
    old = session.scalars(
        select(PersonSession.id)
        .where(PersonSession.distributor_id == own, ended < before)
        .order_by(PersonSession.id)
        .limit(BATCH)
    ).all()
    for statement in (
        delete(SessionToken).where(SessionToken.distributor_id == own, SessionToken.session_id.in_(old)),
        delete(PersonSession).where(PersonSession.distributor_id == own, PersonSession.id.in_(old)),
        delete(PasswordReset).where(PasswordReset.distributor_id == own, PasswordReset.expires_at < before),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})
    done = (cursor["done"] if cursor else 0) + len(old)
    return Progress(cursor={"done": done} if len(old) == BATCH else None, done=done)


def oldest_id(*, since: timedelta) -> UUID:
    """What sorts before the ids that were made `since` ago and later: they begin with the milliseconds."""
    made_at = datetime.now(UTC) - since
    return UUID(int=int(made_at.timestamp() * 1000) << 80)


def _forget(session: Session, distributor_id: UUID) -> int:
    """Delete a batch; how many there were."""
    old = (
        select(IdempotencyRecord.id)
        .where(IdempotencyRecord.distributor_id == distributor_id, _is_old())
        .order_by(IdempotencyRecord.created_at)
        .limit(BATCH)
        # Not those that a call replays right now, or another step deletes.
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(
        delete(IdempotencyRecord)
        .where(IdempotencyRecord.distributor_id == distributor_id, IdempotencyRecord.id.in_(old.scalar_subquery()))
        .returning(IdempotencyRecord.id)
        .execution_options(synchronize_session=False)
    )
    return len(found.all())


def _is_old() -> Any:
    return IdempotencyRecord.created_at < func.now() - KEYS_ARE_KEPT
