"""What time brings: the billing run of each day, in real time and on a sandbox's own clock."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol, Self
from uuid import UUID

from sqlalchemy.orm import Session

from domain.shared.advancing import check_reachable, days_between, set_clock
from jobs.actors import stepping_actor
from jobs.tasks import Progress
from tenancy.clock import Clock, clock_of
from tenancy.scope import Scope


class Step(Protocol):
    """A part of a day's run; what is done already it leaves alone."""

    def __call__(self, session: Session, scope: Scope, *, clock: Clock, day: date) -> None: ...


STEPS: tuple[Step, ...] = ()
"""A day's run in the order of billing.md §9, each step in a transaction of its own."""


@stepping_actor(queue="billing", max_attempts=8)
def run_day(session: Session, scope: Scope, cursor: dict[str, Any] | None, *, day: date) -> Progress:
    """The billing run of one day of a distributor in real time."""
    at = cursor["step"] if cursor else 0
    clock = clock_of(session, _distributor(scope))
    STEPS[at](session, scope, clock=clock, day=day)
    last = at + 1 == len(STEPS)
    return Progress(cursor=None if last else {"step": at + 1}, done=at + 1, total=len(STEPS))


@stepping_actor(queue="billing", max_attempts=8)
def advance_clock(session: Session, scope: Scope, cursor: dict[str, Any] | None, *, to: datetime) -> Progress:
    """Move a sandbox's clock to `to`, from day to day; each day's run happens at the day's first instant.

    `to` where the clock stands already: the run of its day once more, for what has fallen due meanwhile. Progress
    counts days. Raises InvalidInput when the clock is past `to`, because a call before this one moved it.
    """
    distributor_id = _distributor(scope)
    clock = clock_of(session, distributor_id)
    if cursor is not None:
        place = _Place(**cursor)
    else:
        check_reachable(clock.now, to)
        days = days_between(clock, to) if to > clock.now else [clock.today]
        if not days:
            set_clock(session, distributor_id, to)
            return Progress(cursor=None, done=0, total=0)
        place = _Place(first=days[0].isoformat(), days=len(days))
    if place.step == 0:
        clock = set_clock(session, distributor_id, clock.start_of(place.date))
    STEPS[place.step](session, scope, clock=clock, day=place.date)
    place = place.next()
    if place.day < place.days:
        return Progress(cursor=asdict(place), done=place.day, total=place.days)
    set_clock(session, distributor_id, to)
    return Progress(cursor=None, done=place.days, total=place.days)


@dataclass(frozen=True, slots=True)
class _Place:
    """The next step of an advance."""

    first: str
    """The first day that it runs."""
    days: int
    day: int = 0
    step: int = 0

    @property
    def date(self) -> date:
        return date.fromisoformat(self.first) + timedelta(days=self.day)

    def next(self) -> Self:
        if self.step + 1 < len(STEPS):
            return replace(self, step=self.step + 1)
        return replace(self, day=self.day + 1, step=0)


def _distributor(scope: Scope) -> UUID:
    if scope.distributor_id is None:
        raise ValueError("a job belongs to a distributor")
    return scope.distributor_id
