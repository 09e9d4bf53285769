"""Jobs that come by the clock on the wall: for each distributor, in its own time zone.

Times are cron expressions. As with Debian's cron, what is set to an hour and a minute happens once on the days when the
clocks change: at the change when its hour is left out, the first time when its hour comes twice. What happens every
hour or minute (a `*` in front) goes by the time that has passed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from itertools import islice
from zoneinfo import ZoneInfo

from cronsim import CronSim
from sqlalchemy import and_, not_, or_, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ids import uuid7
from domain.shared import outbox
from domain.shared.models import Schedule
from tenancy.models import DistributorClock

__all__ = ["TIMETABLE", "Entry", "Missed", "enqueue_scheduled", "times_after"]

BATCH = 100
"""Schedules a transaction."""

MOST_AT_ONCE = 100
"""Missed times of one schedule that are caught up in one transaction; the next look goes on."""

ON_TIME = timedelta(minutes=5)
"""A run that is later than this was missed."""


class Missed(Enum):
    """What becomes of the runs for which no scheduler was there."""

    CATCH_UP = auto()
    """Each is made up for, in order; the job's argument `due_at` says which it is."""
    ONCE = auto()
    """One run makes up for all."""
    SKIP = auto()
    """They are left out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """When a kind of job comes."""

    kind: str
    """The actor's name; in front of the first dot stands its queue."""
    cron: str
    missed: Missed


TIMETABLE: tuple[Entry, ...] = (
    Entry("housekeeping.forget_keys", "17 3 * * *", Missed.ONCE),
    Entry("housekeeping.forget_jobs", "37 3 * * *", Missed.ONCE),
    Entry("housekeeping.forget_files", "57 3 * * *", Missed.ONCE),
    Entry("housekeeping.forget_sessions", "47 3 * * *", Missed.ONCE),
)


def times_after(cron: str, time_zone: str, after: datetime) -> Iterator[datetime]:
    """The times of a cron expression in a zone, as UTC, from the first after `after` on."""
    # In the hour that comes twice, CronSim may begin with a time of the first pass.
    return (found.astimezone(UTC) for found in CronSim(cron, after.astimezone(ZoneInfo(time_zone))) if found > after)


def enqueue_scheduled(session: Session, *, now: datetime, timetable: Sequence[Entry] = TIMETABLE) -> int:
    """Queue the jobs whose time has come. Returns their number.

    Any number of schedulers may run: a schedule's next time moves on in the transaction that inserts its job, and a row
    that one is at is left to it. A new distributor's and a new entry's first run is the next one. When a distributor
    moves to another zone, or an entry changes, what was due before is done before; then the new times hold. At most
    `BATCH` schedules; needs the platform's scope.
    """
    entries = {entry.kind: entry for entry in timetable}
    _begin_new(session, now=now, entries=entries)
    changed = or_(
        Schedule.time_zone != DistributorClock.time_zone,
        not_(tuple_(Schedule.kind, Schedule.cron).in_([(entry.kind, entry.cron) for entry in timetable])),
    )
    rows = session.execute(
        select(Schedule, DistributorClock.time_zone)
        .join(DistributorClock, DistributorClock.distributor_id == Schedule.distributor_id)
        .where(Schedule.kind.in_(entries), or_(Schedule.next_at <= now, changed))
        .order_by(Schedule.next_at, Schedule.id)
        .limit(BATCH)
        .with_for_update(of=Schedule, skip_locked=True)
    ).all()
    return sum(_run_on(session, row, entries[row.kind], zone=zone, now=now) for row, zone in rows)


def _begin_new(session: Session, *, now: datetime, entries: Mapping[str, Entry]) -> None:
    """Give each distributor a schedule of each entry."""
    for entry in entries.values():
        has_one = and_(Schedule.distributor_id == DistributorClock.distributor_id, Schedule.kind == entry.kind)
        owners = session.scalars(
            select(DistributorClock).where(~select(Schedule.id).where(has_one).exists()).limit(BATCH)
        ).all()
        if not owners:
            continue
        session.execute(
            insert(Schedule).on_conflict_do_nothing(constraint="uq_schedules_kind"),
            [
                {
                    "distributor_id": owner.distributor_id,
                    "id": uuid7(),
                    "tenant_id": owner.tenant_id,
                    "tenant_path": owner.tenant_path,
                    "kind": entry.kind,
                    "cron": entry.cron,
                    "time_zone": owner.time_zone,
                    "next_at": next(times_after(entry.cron, owner.time_zone, now)),
                }
                for owner in owners
            ],
        )


def _run_on(session: Session, row: Schedule, entry: Entry, *, zone: str, now: datetime) -> int:
    """Queue what is due of one schedule, and set its next time."""
    due = []
    if row.next_at <= now:
        due = [row.next_at]
        for time in islice(times_after(row.cron, row.time_zone, row.next_at), MOST_AT_ONCE - 1):
            if time > now:
                break
            due.append(time)
    last = due[-1] if due else now
    if entry.missed is Missed.CATCH_UP:
        wanted = due
    else:
        wanted = [time for time in due[-1:] if entry.missed is Missed.ONCE or now - time <= ON_TIME]
        last = max(last, now)
    for time in wanted:
        outbox.enqueue(
            session,
            row,
            entry.kind,
            queue=entry.kind.partition(".")[0],
            arguments={"due_at": time.isoformat()} if entry.missed is Missed.CATCH_UP else {},
            unique_key=f"{entry.kind} {time.isoformat() if entry.missed is Missed.CATCH_UP else ''}".strip(),
        )
    row.cron, row.time_zone = entry.cron, zone
    row.next_at = next(times_after(entry.cron, zone, last))
    row.updated_at = now
    session.flush()
    return len(wanted)
