"""What time it is for a distributor and everything below it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenancy.models import DistributorClock

__all__ = ["EARLIEST", "LATEST", "Clock", "clock_of", "is_time_zone"]

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Where a sandbox's clock may stand: terms of ten years and all zones have room on both sides."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One instant in one zone. Taken once a transaction, so that everything in it happens at the same time."""

    now: datetime
    """UTC."""
    zone: str
    sandbox: bool

    @property
    def today(self) -> date:
        """The calendar day in the distributor's zone."""
        return self.day_of(self.now)

    def day_of(self, instant: datetime) -> date:
        """The calendar day of any instant in the distributor's zone."""
        return instant.astimezone(ZoneInfo(self.zone)).date()

    def start_of(self, day: date) -> datetime:
        """The first existing instant of a day in the distributor's zone, in UTC.

        Where the clocks skip midnight it is the instant of the change (`fold=0` reads a time inside the gap with the
        offset before it); where they repeat it, the earlier one.
        """
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)


def clock_of(session: Session, distributor_id: UUID) -> Clock:
    """The distributor's clock now: a sandbox's own, else the real time."""
    row = session.execute(
        select(DistributorClock.clock_at, DistributorClock.time_zone, DistributorClock.sandbox).where(
            DistributorClock.distributor_id == distributor_id
        )
    ).one()
    return Clock(now=row.clock_at or datetime.now(UTC), zone=row.time_zone, sandbox=row.sandbox)


def is_time_zone(name: str) -> bool:
    """Whether the name is an IANA zone that this installation knows."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return True
