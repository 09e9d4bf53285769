"""Actors for tests. Their effects are events, which nobody can take back or write twice unseen."""

import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.calls import call_once
from domain.shared import outbox
from domain.shared.errors import InvalidState
from domain.shared.models import Event
from jobs.actors import actor, calling_actor, stepping_actor
from jobs.tasks import Backoff, Progress, Task
from tenancy.clock import Clock, clock_of
from tenancy.models import Tenant
from tenancy.scope import Scope
from tests.connectors.vendor import Things, thing

QUICK = Backoff(first=timedelta(seconds=0.05))
LIMIT = 20.0


def tell(session: Session, scope: Scope, type: str) -> None:
    """The effect: one event."""
    assert scope.distributor_id is not None
    tenant = session.scalars(select(Tenant).where(Tenant.id == scope.distributor_id)).one()
    outbox.announce(session, scope, type, subject=tenant, prefix="dst", at=clock_of(session, scope.distributor_id).now)


@actor(queue="trial", max_attempts=50, backoff=QUICK)
def note(session: Session, scope: Scope, *, seconds: float = 0) -> None:
    """One effect, somewhere in the middle of `seconds`."""
    time.sleep(seconds / 2)
    tell(session, scope, "trial.noted")
    session.flush()
    time.sleep(seconds / 2)


@actor(queue="trial", max_attempts=5, backoff=QUICK)
def note_for(session: Session, scope: Scope, *, tenant_id: UUID) -> None:
    """An effect for the tenant named."""
    tenant = session.scalars(select(Tenant).where(Tenant.id == tenant_id)).one()
    outbox.announce(
        session, scope, "trial.noted", subject=tenant, prefix="rsl", at=clock_of(session, tenant.distributor_id).now
    )


@actor(queue="trial", max_attempts=5, backoff=QUICK)
def note_when_let(session: Session, scope: Scope, *, folder: str) -> None:
    """One effect, then wait for the file `go`; each attempt says in a file that it has begun."""
    tell(session, scope, "trial.noted")
    session.flush()
    (Path(folder) / f"begun-{time.monotonic_ns()}").touch()
    deadline = time.monotonic() + LIMIT
    while not (Path(folder) / "go").exists():
        if time.monotonic() > deadline:
            raise TimeoutError(folder)
        time.sleep(0.01)


@actor(queue="trial", max_attempts=3, backoff=QUICK)
def fail_until(session: Session, scope: Scope, *, folder: str, good: int) -> None:
    """An effect each time, kept the `good`th time only."""
    tell(session, scope, "trial.noted")
    session.flush()
    attempt = len(list(Path(folder).iterdir())) + 1
    (Path(folder) / str(attempt)).touch()
    if attempt < good:
        raise OSError(f"attempt {attempt} was not good enough")


@actor(queue="trial", max_attempts=5, backoff=QUICK, time_limit=timedelta(seconds=0.5))
def dawdle(session: Session, scope: Scope) -> None:
    """An effect that is not kept, because it takes too long until it is told."""
    tell(session, scope, "trial.noted")
    session.flush()
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        time.sleep(0.001)


@actor(queue="trial", max_attempts=5, backoff=QUICK)
def refuse(session: Session, scope: Scope) -> None:
    """An effect that is not kept, since the whole is refused."""
    tell(session, scope, "trial.noted")
    session.flush()
    raise InvalidState("It is too late for that.")


@stepping_actor(queue="trial", max_attempts=5, backoff=QUICK)
def count(
    session: Session, scope: Scope, cursor: dict[str, Any] | None, *, to: int, seconds: float = 0, name: str = "step"
) -> Progress:
    """One effect a step, `to` steps."""
    number = cursor["number"] if cursor else 1
    tell(session, scope, f"trial.{name}_{number}")
    session.flush()
    time.sleep(seconds)
    return Progress(cursor=None if number == to else {"number": number + 1}, done=number, total=to)


@calling_actor(queue="trial", max_attempts=5, backoff=QUICK)
def call(task: Task) -> None:
    """Effects before and after something outside."""
    with task.transaction() as session:
        tell(session, task.scope, "trial.asked")
    with task.last_transaction() as session:
        tell(session, task.scope, "trial.answered")


@calling_actor(queue="trial", max_attempts=20, backoff=QUICK)
def buy(task: Task, *, url: str, key: str) -> None:
    """A thing of a vendor outside, then an effect here that names it."""
    with task.transaction() as session:
        owner = session.scalars(select(Tenant).where(Tenant.id == task.claim.distributor_id)).one()
    answer = call_once(task, owner, thing(key), Things(url, timeout=5))
    with task.last_transaction() as session:
        tell(session, task.scope, f"trial.bought {answer['id']}")


def begin_day(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """The first step of a trial day: an event that says which, and where the clock stands."""
    return tell_once(session, scope, f"trial.{day.isoformat()} at {clock.now:%m-%d %H:%M}")


def end_day(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """The second step."""
    time.sleep(0.01)
    return tell_once(session, scope, f"trial.{day.isoformat()} ends")


def tell_once(session: Session, scope: Scope, type: str) -> int:
    """The effect, unless it is there already."""
    if session.scalar(select(Event.id).where(Event.type == type)) is not None:
        return 0
    tell(session, scope, type)
    session.flush()
    return 1


def every_day(session: Session, scope: Scope, *, after: date, until: date) -> date | None:
    """No day is passed over."""
    return after + timedelta(days=1) if after < until else None


@actor(queue="trial", max_attempts=5, backoff=QUICK, time_limit=timedelta(seconds=2))
def note_number(session: Session, scope: Scope, *, number: int, bad: int | None = None, folder: str = "") -> None:
    """An effect that says which; the one that is `bad` fails after it, or with a `folder` waits there for `go`."""
    tell(session, scope, f"trial.{number}")
    session.flush()
    if number != bad:
        return
    if not folder:
        raise OSError(f"{number} is not good enough")
    (Path(folder) / f"begun-{time.monotonic_ns()}").touch()
    deadline = time.monotonic() + LIMIT
    while not (Path(folder) / "go").exists():
        if time.monotonic() > deadline:
            raise TimeoutError(folder)
        time.sleep(0.01)
