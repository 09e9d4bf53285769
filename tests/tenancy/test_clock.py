"""Days begin when they begin, whatever the clocks do."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import update

from tenancy.clock import Clock, clock_of, is_time_zone
from tenancy.models import DistributorClock
from tenancy.sessions import ScopedSession
from tests.conftest import AUGUST_20, Chain, act_as, scope_of


def at(zone: str, now: datetime = AUGUST_20) -> Clock:
    return Clock(now=now, zone=zone, sandbox=True)


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("UTC", date(2027, 9, 1), datetime(2027, 9, 1, tzinfo=UTC)),
        ("Europe/Berlin", date(2027, 9, 1), datetime(2027, 8, 31, 22, tzinfo=UTC)),
        ("Pacific/Kiritimati", date(2027, 9, 1), datetime(2027, 8, 31, 10, tzinfo=UTC)),
        # the clocks go from 00:00 to 01:00: the day begins at the change
        ("America/Santiago", date(2024, 9, 8), datetime(2024, 9, 8, 4, tzinfo=UTC)),
        # the clocks go back from 00:00 to 23:00: the day begins after the second 23:59
        ("America/Santiago", date(2024, 4, 7), datetime(2024, 4, 7, 4, tzinfo=UTC)),
        # the clocks go back from 01:00 to 00:00: the day begins at the first 00:00
        ("America/Havana", date(2024, 11, 3), datetime(2024, 11, 3, 4, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_its_first_existing_instant(zone: str, day: date, start: datetime) -> None:
    clock = at(zone)
    assert clock.start_of(day) == start
    assert clock.day_of(start) == day


def test_today_is_the_day_in_the_distributors_zone() -> None:
    evening = datetime(2027, 8, 20, 22, 30, tzinfo=UTC)
    assert at("UTC", evening).today == date(2027, 8, 20)
    assert at("Europe/Berlin", evening).today == date(2027, 8, 21)
    assert at("America/New_York", evening).today == date(2027, 8, 20)


@pytest.mark.feature("B-12")
def test_everybody_below_lives_by_the_distributors_clock_and_cannot_move_it(
    session: ScopedSession, chain: Chain
) -> None:
    act_as(session, scope_of(chain.child))
    assert clock_of(session, chain.child.tenant.distributor_id).now == AUGUST_20
    moved = session.scalars(
        update(DistributorClock).values(clock_at=datetime(2030, 1, 1, tzinfo=UTC)).returning(DistributorClock.id)
    ).all()
    assert moved == []


def test_a_zone_is_known_by_its_iana_name() -> None:
    assert is_time_zone("Europe/Berlin")
    assert not is_time_zone("Mars/Olympus")
    assert not is_time_zone("../etc/passwd")
    assert not is_time_zone("")
