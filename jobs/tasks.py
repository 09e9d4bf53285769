"""One attempt at one job: its transactions, and what becomes of it when they fail."""

import logging
import random
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dramatiq.threading import Interrupt
from sqlalchemy.orm import Session

from connectors.errors import CallRefused, CallUnavailable, CallUnknown
from domain.audit.about import about_job
from domain.shared import outbox
from domain.shared.outside_calls import KeyOfAnotherRequest
from jobs import claims
from jobs.claims import Claim, LeaseLost
from jobs.lines import DATABASE_ERRORS, Lines, LineSession
from jobs.wake import wake
from tenancy.errors import Refusal
from tenancy.scope import PLATFORM, Scope

__all__ = ["Backoff", "Progress", "Stopped", "Task", "attempt"]

_log = logging.getLogger(__name__)


class Stopped(Exception):
    """The worker stops: the job goes back between two steps."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job of many steps is after one of them."""

    cursor: dict[str, Any] | None
    """What the next step needs to know, as JSON; None: that was the last step."""
    done: int
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses between attempts: doubled each time, with as much chance in them that many failures do not come back at
    once."""

    first: timedelta = timedelta(seconds=1)
    longest: timedelta = timedelta(minutes=10)

    def pause(self, attempt: int) -> timedelta:
        """After the failure of this attempt, counted from 1: between half and all of the doubled time."""
        seconds: float = min(self.first.total_seconds() * 2 ** min(attempt - 1, 20), self.longest.total_seconds())
        return timedelta(seconds=seconds * random.uniform(0.5, 1))  # noqa: S311 - chance, no secret


class Task:
    """What a running job may use: transactions in its distributor's scope that commit only while its claim holds."""

    def __init__(
        self,
        sessions: Lines,
        claim: Claim,
        *,
        allowed: int,
        is_stopping: Callable[[], bool],
        begin_step: Callable[[], None] = lambda: None,
    ) -> None:
        self.claim = claim
        self.finished = False
        self.left = claim.max_attempts - claim.attempt
        """How often it may still be claimed."""
        self._sessions = sessions
        self._allowed = allowed
        self._is_stopping = is_stopping
        self._begin_step = begin_step

    @property
    def scope(self) -> Scope:
        return self.claim.scope

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One of several; the job goes on after it. Raises LeaseLost instead of committing."""
        with self._begin() as session:
            yield session
            session.flush()
            claims.hold(session, self.claim)

    @contextmanager
    def last_transaction(self) -> Iterator[Session]:
        """The one that ends the job: what is done in it and the job's `DONE` are one. Raises LeaseLost."""
        with self._begin() as session:
            yield session
            claims.finish(session, self.claim)
        self.finished = True

    def step(self, work: Callable[[Session, dict[str, Any] | None], Progress]) -> None:
        """Steps to the end, each in a transaction with the cursor of the next. Raises LeaseLost, Stopped."""
        cursor = self.claim.cursor
        while not self.finished:
            if self._is_stopping():
                raise Stopped
            self._begin_step()
            with self._begin() as session:
                progress = work(session, cursor)
                session.flush()
                cursor = progress.cursor
                if cursor is None:
                    claims.finish(session, self.claim, done=progress.done, total=progress.total)
                else:
                    claims.move_on(
                        session,
                        self.claim,
                        cursor=cursor,
                        done=progress.done,
                        total=progress.total,
                        allowed=self._allowed,
                    )
            self.finished = cursor is None
            self.left = self._allowed

    def tell(self, done: int, total: int | None) -> None:
        """Let others see how far the job is, while its own transaction goes on. Its time begins anew. Raises LeaseLost.

        On a connection besides, and without the lock on the distributor's tree: who waits for that lock alone would
        wait for the job, and the job here for him.
        """
        self._begin_step()
        with self._sessions.beside.begin(PLATFORM) as session:
            claims.tell(session, self.claim, done=done, total=total)

    @contextmanager
    def _begin(self) -> Iterator[LineSession]:
        with self._sessions.begin(self.scope, about=about_job(self.claim.kind, self.claim.id)) as session:
            yield session
        if outbox.has_enqueued(session):
            wake(self._sessions.engine)

    def settle(self, how: Callable[[Session], None]) -> None:
        """Write down how the attempt ended, in a transaction of its own."""
        with self._sessions.begin(self.scope) as session:
            how(session)


def attempt(task: Task, work: Callable[[Task], None], backoff: Backoff) -> str:
    """Do the job once, and put down how it ended, which is one of `metrics.OUTCOMES`. Raises nothing."""
    claim = task.claim
    try:
        try:
            work(task)
            return "done"
        except Refusal as refusal:
            _log.info("%s %s is refused: %s", claim.kind, claim.id, refusal.message)
            code, message = refusal.code.value, refusal.message
            task.settle(lambda session: claims.fail(session, claim, error=None, code=code, message=message))
            return "refused"
        except Stopped:
            task.settle(lambda session: claims.give_back(session, claim))
            return "returned"
        except LeaseLost:
            raise
        except (Exception, Interrupt) as error:  # noqa: BLE001 - whatever it is, the job must not be lost with it
            return _failed(task, error, backoff)
    except LeaseLost as lost:
        _log.warning("somebody else has the job by now, nothing was kept: %s", lost)
    except DATABASE_ERRORS as error:
        _log.warning("%s %s: %s; its lease will run out", claim.kind, claim.id, str(error).strip())
    return "lost"


def _failed(task: Task, error: BaseException, backoff: Backoff) -> str:
    claim = task.claim
    trace = "".join(traceback.format_exception(error))
    if task.left <= 0 or isinstance(error, CallRefused | KeyOfAnotherRequest):
        _log.error("%s %s failed and is given up", claim.kind, claim.id, exc_info=error)
        task.settle(lambda session: claims.fail(session, claim, error=trace, code=None, message=claims.GIVEN_UP))
        return "failed"
    pause = backoff.pause(claim.attempt)
    if isinstance(error, CallUnavailable | CallUnknown) and error.after is not None:
        pause = max(pause, error.after)
    _log.warning("%s %s failed, again in %.1f s", claim.kind, claim.id, pause.total_seconds(), exc_info=error)
    task.settle(lambda session: claims.retry(session, claim, error=trace, after=pause))
    return "retried"
