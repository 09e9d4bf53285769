"""Ending a job early, and giving one that has ended another chance."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.shared import outbox
from domain.shared.errors import InvalidState, NotFound
from domain.shared.models import Job, JobState
from tenancy.scope import Scope

__all__ = ["cancel", "cancel_job", "retry", "retry_job"]


def cancel_job(session: Session, scope: Scope, *, job_id: UUID) -> Job:
    """End a job of the acting tenant before it ends by itself. Of a job of many steps, those done stay done; what the
    worker is at is not kept.

    Raises NotFound, ActAsRequired, InvalidState (it has ended, or must not be left half done).
    """
    job = _own(session, scope, job_id)
    if not job.cancellable:
        raise InvalidState(
            "A job of kind {kind} cannot be cancelled: rows would be left at odds.", path=("job_id",), kind=job.kind
        )
    return cancel(session, job)


def retry_job(session: Session, scope: Scope, *, job_id: UUID) -> Job:
    """Begin a job of the acting tenant again that failed or was cancelled; one of many steps goes on where it was.

    Raises NotFound, ActAsRequired, InvalidState (it has not failed).
    """
    return retry(session, _own(session, scope, job_id))


def cancel(session: Session, job: Job) -> Job:
    """End any job that has not ended. Raises InvalidState."""
    if job.state not in {JobState.WAITING, JobState.RUNNING}:
        raise InvalidState(
            "The job is {state}; only one that is WAITING or RUNNING can be cancelled.",
            path=("job_id",),
            state=job.state.value,
        )
    # The worker that is at it finds out when it wants to commit.
    job.state = JobState.CANCELLED
    job.lease_until = None
    job.finished_at = job.updated_at = _now(session)
    session.flush()
    return job


def retry(session: Session, job: Job) -> Job:
    """Let any job wait again that failed or was cancelled, with as many attempts as its actor allows. Raises
    InvalidState."""
    if job.state not in {JobState.FAILED, JobState.CANCELLED}:
        raise InvalidState(
            "The job is {state}; only one that is FAILED or CANCELLED can be retried.",
            path=("job_id",),
            state=job.state.value,
        )
    if job.unique_key is not None and _another_waits(session, job):
        job.unique_key = None
    job.state = JobState.WAITING
    job.max_attempts = None
    job.error_code = job.error_message = job.finished_at = job.sent_at = None
    job.run_at = job.updated_at = _now(session)
    session.flush()
    outbox.wake_at_commit(session)
    return job


def _own(session: Session, scope: Scope, job_id: UUID) -> Job:
    job = session.scalars(
        select(Job).where(Job.id == job_id).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one_or_none()
    if job is None:
        raise NotFound("job_id")
    scope.require_own(job.tenant_id, job.tenant_path, "job_id")
    return job


def _another_waits(session: Session, job: Job) -> bool:
    waiting = select(Job.id).where(
        Job.distributor_id == job.distributor_id,
        Job.queue == job.queue,
        Job.unique_key == job.unique_key,
        Job.state == JobState.WAITING,
    )
    return session.scalar(waiting) is not None


def _now(session: Session) -> datetime:
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    return now
