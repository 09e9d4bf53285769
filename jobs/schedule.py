"""Puts in the queue what time brings: the billing runs of real-time distributors when their days begin, and tidying.

`distributor_clocks.last_run_on` remembers, in the transaction that inserts the jobs: any number of schedulers may run,
no day is left out, and days that were missed are caught up in order. Tidying is asked for by what is there to tidy.
"""

import logging
import threading
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from domain.shared import outbox
from domain.shared.advancing import CLOCK_LANE
from jobs.housekeeping import enqueue_tidying
from jobs.wake import wake
from tenancy.models import DistributorClock
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions

__all__ = ["EVERY", "Schedule", "enqueue_due_days"]

EVERY = 10.0
"""Seconds between looks."""

TIDYING_EVERY = 3600.0
"""Seconds between looks for what is too old."""

BATCH = 100
"""Distributors a transaction."""

_log = logging.getLogger(__name__)


def enqueue_due_days(session: Session, *, now: datetime) -> int:
    """Queue one `billing.run_day` for each day that has begun in a distributor's zone and is not queued yet.

    At most `BATCH` distributors, those that another scheduler is at left out. The first run of a new distributor is of
    the day it was created. Needs the platform's scope. Returns the number of jobs.
    """
    today = func.date(func.timezone(DistributorClock.time_zone, now))
    rows = session.scalars(
        select(DistributorClock)
        .where(
            DistributorClock.sandbox.is_(False),
            (DistributorClock.last_run_on.is_(None)) | (DistributorClock.last_run_on < today),
        )
        .order_by(DistributorClock.distributor_id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    count = 0
    for row in rows:
        for day in _due(row, now):
            outbox.enqueue(
                session,
                row,
                "billing.run_day",
                queue="billing",
                arguments={"day": day.isoformat()},
                unique_key=f"run_day {day.isoformat()}",
                lane=CLOCK_LANE,
            )
            row.last_run_on = day
            count += 1
    session.flush()
    return count


def _due(row: DistributorClock, now: datetime) -> list[date]:
    zone = ZoneInfo(row.time_zone)
    last = now.astimezone(zone).date()
    first = row.last_run_on + timedelta(days=1) if row.last_run_on else row.created_at.astimezone(zone).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


class Schedule(threading.Thread):
    """Looks every `EVERY` seconds."""

    def __init__(self, sessions: Sessions) -> None:
        super().__init__(name="schedule", daemon=True)
        self._sessions = sessions
        self._stopped = threading.Event()
        self._tidying_at = 0.0

    def run(self) -> None:
        while not self._stopped.is_set():
            self._look()
            self._stopped.wait(EVERY)

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def _look(self) -> None:
        try:
            with self._sessions.begin(PLATFORM) as session:
                count = enqueue_due_days(session, now=datetime.now(UTC))
                tidying = self._enqueue_tidying(session)
        except SQLAlchemyError as error:
            _log.warning("cannot look for days that have begun: %s", str(error).strip())
            return
        if count:
            _log.info("%d billing runs are due", count)
        if count or tidying:
            wake(self._sessions.engine)

    def _enqueue_tidying(self, session: Session) -> int:
        if time.monotonic() < self._tidying_at:
            return 0
        self._tidying_at = time.monotonic() + TIDYING_EVERY
        return enqueue_tidying(session)
