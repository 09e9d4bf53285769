"""How an actor is declared, in three forms.

`@actor`: one transaction, its effect and the job's `DONE` together. `@stepping_actor`: many transactions, each with the
cursor of the next; after a crash the job goes on where it was. `@calling_actor`: for calls to the outside, which happen
between transactions that it opens itself.

The kind of a job is `<queue>.<name of the function>`. Arguments come from the row's JSON as the function's annotations
say: `UUID`, `date` and `datetime` out of their texts.
"""

import inspect
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, get_type_hints
from uuid import UUID

import dramatiq
from dramatiq.threading import Interrupt
from sqlalchemy.orm import Session

from jobs.broker import broker
from jobs.claims import Claim
from jobs.company import Shared
from jobs.metrics import count_attempt
from jobs.tasks import Backoff, Progress, Task, attempt
from jobs.tracing import following_trace
from tenancy.scope import Scope

__all__ = ["actor", "calling_actor", "stepping_actor"]

P = ParamSpec("P")

_BACKOFF = Backoff()

TIME_LIMIT = timedelta(minutes=10)
"""How long a job may take, or one step of a job of many; it fails then, and is tried again."""

_READERS: dict[Any, Callable[[Any], Any]] = {
    UUID: UUID,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}


def actor(
    *, queue: str, max_attempts: int = 5, backoff: Backoff = _BACKOFF, time_limit: timedelta = TIME_LIMIT
) -> Callable[[Callable[Concatenate[Session, Scope, P], None]], Callable[Concatenate[Session, Scope, P], None]]:
    """`(session, scope, **arguments)`: one transaction in the scope of the job's distributor."""

    def declare(
        function: Callable[Concatenate[Session, Scope, P], None],
    ) -> Callable[Concatenate[Session, Scope, P], None]:
        run: Callable[..., None] = function

        def work(task: Task, arguments: Mapping[str, Any]) -> None:
            with task.last_transaction() as session:
                run(session, task.scope, **arguments)

        _declare(function, work, queue, max_attempts, backoff, time_limit, shares=True)
        return function

    return declare


def stepping_actor(
    *, queue: str, max_attempts: int = 5, backoff: Backoff = _BACKOFF, time_limit: timedelta = TIME_LIMIT
) -> Callable[
    [Callable[Concatenate[Session, Scope, dict[str, Any] | None, P], Progress]],
    Callable[Concatenate[Session, Scope, dict[str, Any] | None, P], Progress],
]:
    """`(session, scope, cursor, **arguments)`: one step a call; `cursor` is None first, then what the last one gave.

    `max_attempts` counts from the last step that got through.
    """

    def declare(
        function: Callable[Concatenate[Session, Scope, dict[str, Any] | None, P], Progress],
    ) -> Callable[Concatenate[Session, Scope, dict[str, Any] | None, P], Progress]:
        run: Callable[..., Progress] = function

        def work(task: Task, arguments: Mapping[str, Any]) -> None:
            task.step(lambda session, cursor: run(session, task.scope, cursor, **arguments))

        _declare(function, work, queue, max_attempts, backoff, time_limit)
        return function

    return declare


def calling_actor(
    *, queue: str, max_attempts: int = 5, backoff: Backoff = _BACKOFF, time_limit: timedelta = TIME_LIMIT
) -> Callable[[Callable[Concatenate[Task, P], None]], Callable[Concatenate[Task, P], None]]:
    """`(task, **arguments)`: opens `task.transaction()` as it needs and ends with `task.last_transaction()`."""

    def declare(function: Callable[Concatenate[Task, P], None]) -> Callable[Concatenate[Task, P], None]:
        run: Callable[..., None] = function

        def work(task: Task, arguments: Mapping[str, Any]) -> None:
            run(task, **arguments)
            if not task.finished:
                with task.last_transaction():
                    pass

        _declare(function, work, queue, max_attempts, backoff, time_limit)
        return function

    return declare


def _declare(
    function: Callable[..., Any],
    work: Callable[[Task, Mapping[str, Any]], None],
    queue: str,
    max_attempts: int,
    backoff: Backoff,
    time_limit: timedelta,
    *,
    shares: bool = False,
) -> None:
    """`shares`: short jobs of the kind may be done in company, by the function itself."""
    kind = f"{queue}.{function.__name__}"
    hints = get_type_hints(inspect.unwrap(function))
    readers = {name: _READERS[hint] for name, hint in hints.items() if hint in _READERS}

    def read(claim: Claim) -> Mapping[str, Any]:
        return {name: readers.get(name, _as_it_is)(value) for name, value in claim.arguments.items()}

    def perform(claim: Claim) -> None:
        """Do this job, then those of the queue that wait here for a thread: handing each over would cost more."""
        following: Claim | None = claim
        while following is not None:
            broker.do(following)
            following = broker.next_claim(following.queue)

    def perform_one(claim: Claim) -> None:
        limits = broker.watch
        task = Task(
            broker.sessions,
            claim,
            allowed=max_attempts,
            is_stopping=broker.stopping.is_set,
            begin_step=limits.begin_step,
        )
        began_at = time.monotonic()
        outcome = "lost"
        try:
            with following_trace(claim), limits.watching(claim, time_limit.total_seconds()):
                # Reading is part of the attempt: a bad argument is the job's failure, not the worker's.
                outcome = attempt(task, lambda task: work(task, read(claim)), backoff)
        except Interrupt:
            pass  # it came when the job had ended already
        count_attempt(claim, outcome, time.monotonic() - began_at)

    dramatiq.actor(actor_name=kind, queue_name=queue, broker=broker)(perform)
    broker.performers[kind] = perform_one
    if shares:
        broker.shared[kind] = Shared(function, read, time_limit.total_seconds())
    broker.limits[queue][kind] = max_attempts


def _as_it_is(value: Any) -> Any:
    return value
