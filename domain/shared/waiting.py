"""Waiting a little for a job, for those who would rather answer with its end than with its beginning."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

from sqlalchemy import select

from domain.shared.models import Job, JobState
from tenancy.scope import Scope
from tenancy.sessions import Sessions

__all__ = ["ENDED", "has_ended", "wait_for_job"]

ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})

_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.25
"""Seconds between looks."""


def has_ended(sessions: Sessions, scope: Scope, distributor_id: UUID, job_id: UUID) -> bool:
    """Whether the job has ended, in a transaction of its own. A job that is not there has ended too."""
    with sessions.begin(scope) as session:
        state = session.scalar(select(Job.state).where(Job.distributor_id == distributor_id, Job.id == job_id))
    return state is None or state in ENDED


async def wait_for_job(look: Callable[[], Awaitable[bool]], *, seconds: float) -> bool:
    """Look again and again, more and more slowly, until the job has ended or `seconds` have passed; whether it has.

    `look` is `has_ended` in a thread of the caller's pool; between two looks no thread and no connection is held.
    """
    deadline = time.monotonic() + seconds
    pause = _FIRST_PAUSE
    while not await look():
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    return True
