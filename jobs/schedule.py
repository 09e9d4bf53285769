"""Puts in the queue what time brings: the billing runs of real-time distributors, and what `jobs.timetable` says.

A billing run is of a day, not of an instant, so it has no cron expression: `distributor_clocks.last_run_on` remembers
it, in the transaction that inserts the jobs. Any number of schedulers may run, no day is left out, and days that were
missed are caught up in order.
"""

import logging
import threading
import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.audit.sealing import BATCH as BATCH_OF_ENTRIES
from domain.audit.sealing import distributors_to_seal, seal
from domain.shared import outbox
from domain.shared.advancing import CLOCK_LANE
from jobs.housekeeping import tidy_platform
from jobs.lines import DATABASE_ERRORS
from jobs.timetable import enqueue_scheduled
from jobs.wake import wake
from tenancy.models import DistributorClock
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions

__all__ = ["EVERY", "Schedule", "enqueue_due_days"]

EVERY = 10.0
"""Seconds between looks."""

TIDYING_EVERY = 3600.0
"""Seconds between looks for what is old and nobody's."""

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
                count += enqueue_scheduled(session, now=datetime.now(UTC))
                self._tidy(session)
        except DATABASE_ERRORS as error:
            _log.warning("cannot look for what is due by the clock: %s", str(error).strip())
            return
        self._seal()
        if count:
            _log.info("%d jobs are due by the clock", count)
            wake(self._sessions.engine)

    def _tidy(self, session: Session) -> None:
        if time.monotonic() >= self._tidying_at:
            self._tidying_at = time.monotonic() + TIDYING_EVERY
            tidy_platform(session)

    def _seal(self) -> None:
        """Take what was done since the last look into the distributors' chains, a batch a transaction."""
        try:
            with self._sessions.begin(PLATFORM) as session:
                waiting = distributors_to_seal(session)
            for distributor_id in waiting:
                count = BATCH_OF_ENTRIES
                while count == BATCH_OF_ENTRIES and not self._stopped.is_set():
                    with self._sessions.begin(PLATFORM) as session:
                        count = seal(session, distributor_id)
        except DATABASE_ERRORS as error:
            _log.warning("cannot seal the audit log: %s", str(error).strip())
