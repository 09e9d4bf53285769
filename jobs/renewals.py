"""What time brings: the billing run of each day, in real time and on a sandbox's own clock."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from domain.notifications.actions import next_notice, notify
from domain.payments import billing_run
from domain.payments.billing_run import Step
from domain.payments.due_dates import next_due
from domain.payments.run_batches import distributor_of
from domain.shared.advancing import check_reachable, set_clock
from jobs.actors import stepping_actor
from jobs.tasks import Progress
from tenancy.clock import Clock, clock_of
from tenancy.scope import Scope

STEPS: tuple[Step, ...] = (*billing_run.STEPS, notify)
"""A day's run in the order of billing.md §9: each step again and again until it finds nothing, then the next."""


@stepping_actor(queue="billing", max_attempts=8)
def run_day(session: Session, scope: Scope, cursor: dict[str, Any] | None, *, day: date) -> Progress:
    """The billing run of one day of a distributor in real time."""
    at = cursor["step"] if cursor else 0
    step = work(session, scope, clock=clock_of(session, distributor_of(scope)), day=day, step=at)
    done = len(STEPS) if step is None else step
    return Progress(cursor=None if step is None else {"step": step}, done=done, total=len(STEPS))


@stepping_actor(queue="billing", max_attempts=8)
def advance_clock(session: Session, scope: Scope, cursor: dict[str, Any] | None, *, to: datetime) -> Progress:
    """Move a sandbox's clock to `to`, from day to day; each day's run happens at the day's first instant.

    Days on which nothing falls due are passed over. `to` where the clock stands already: the run of its day once more,
    for what has fallen due meanwhile. Progress counts days. Raises InvalidInput when the clock is past `to`, because a
    call before this one moved it.
    """
    clock = clock_of(session, distributor_of(scope))
    if cursor is None:
        check_reachable(clock.now, to)
        first, last = clock.today, clock.day_of(to)
        day = next_busy_day(session, scope, after=first, until=last) if to > clock.now else first
        step: int | None = 0
    else:
        first, last = date.fromisoformat(cursor["first"]), clock.day_of(to)
        day, step = date.fromisoformat(cursor["day"]), cursor["step"]
    total = (last - first).days
    if day is not None:
        if step == 0:
            clock = set_clock(session, distributor_of(scope), clock.start_of(day))
        step = work(session, scope, clock=clock, day=day, step=step or 0)
        if step is None:
            day, step = next_busy_day(session, scope, after=day, until=last), 0
    if day is None:
        set_clock(session, distributor_of(scope), to)
        return Progress(cursor=None, done=total, total=total)
    cursor = {"first": first.isoformat(), "day": day.isoformat(), "step": step}
    return Progress(cursor=cursor, done=max(0, (day - first).days - 1), total=total)


def work(session: Session, scope: Scope, *, clock: Clock, day: date, step: int) -> int | None:
    """Go on with the day's run until a step has done something; where to go on after the commit, None at the end.

    Steps that find nothing lock nothing, so the next one may follow in the same transaction.
    """
    while step < len(STEPS):
        if STEPS[step](session, scope, clock=clock, day=day):
            return step
        step += 1
    return None


def next_busy_day(session: Session, scope: Scope, *, after: date, until: date) -> date | None:
    """The first day after `after` that has something to run; None when there is none up to `until`."""
    session.flush()
    found = [ask(session, scope, after=after, until=until) for ask in (next_due, next_notice)]
    return min((day for day in found if day is not None), default=None)
