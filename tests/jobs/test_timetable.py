"""Jobs by the clock on the wall: zones, the two changes of a year, missed times."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from threading import Barrier, Thread

import pytest
from cronsim import CronSimError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.shared.models import Job, Schedule
from jobs.timetable import Entry, Missed, enqueue_scheduled, times_after
from tenancy.models import DistributorClock
from tenancy.scope import PLATFORM
from tests.conftest import Chain
from tests.jobs.conftest import House

NOON = datetime(2027, 6, 1, 12, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def times(cron: str, zone: str, after: str, count: int) -> list[str]:
    """As on the wall there, with the offset."""
    found = islice(times_after(cron, zone, at(after)), count)
    return [f"{time:%m-%d %H:%M}" for time in found]


def look(session: Session, now: datetime, missed: Missed, cron: str = "30 2 * * *") -> int:
    return enqueue_scheduled(session, now=now, timetable=[Entry("trial.note", cron, missed)])


def in_zone(session: Session, zone: str) -> None:
    session.execute(update(DistributorClock).values(time_zone=zone))


def due(session: Session) -> list[str | None]:
    return [job.arguments.get("due_at") for job in session.scalars(select(Job).order_by(Job.id))]


def next_at(session: Session) -> datetime:
    session.expire_all()
    return session.scalars(select(Schedule.next_at)).one()


def test_a_time_that_the_clocks_skip_happens_at_the_change() -> None:
    # In Berlin, 28 March 2027 has no 02:30: at 02:00 (01:00 UTC) it is 03:00.
    assert times("30 2 * * *", "Europe/Berlin", "2027-03-27T00:00Z", 3) == ["03-27 01:30", "03-28 01:00", "03-29 00:30"]


def test_a_time_that_comes_twice_happens_once() -> None:
    # In Berlin, 31 October 2027 has two 02:30: 00:30 and 01:30 UTC.
    assert times("30 2 * * *", "Europe/Berlin", "2027-10-30T12:00Z", 2) == ["10-31 00:30", "11-01 01:30"]


def test_between_the_two_the_next_is_tomorrows() -> None:
    assert times("30 2 * * *", "Europe/Berlin", "2027-10-31T01:10Z", 1) == ["11-01 01:30"]


def test_what_happens_every_hour_happens_in_both_hours_of_the_same_name() -> None:
    assert times("*/30 * * * *", "Europe/Berlin", "2027-10-31T00:15Z", 4) == [
        "10-31 00:30",
        "10-31 01:00",
        "10-31 01:30",
        "10-31 02:00",
    ]


def test_half_an_hour_of_summer_time_is_right_too() -> None:
    # Lord Howe Island goes from +10:30 to +11 on 3 October 2027: 02:15 is not there, 02:00 becomes 02:30.
    assert times("15 2 * * *", "Australia/Lord_Howe", "2027-10-01T20:00Z", 2) == ["10-02 15:30", "10-03 15:15"]


def test_a_schedule_begins_with_its_next_time_in_the_zone_of_the_distributor(session: Session, chain: Chain) -> None:
    # given
    in_zone(session, "Pacific/Auckland")
    # when
    assert look(session, NOON, Missed.ONCE) == 0
    # then: 02:30 of 2 June in Auckland
    assert next_at(session) == at("2027-06-01T14:30Z")
    assert look(session, at("2027-06-01T14:29:59Z"), Missed.ONCE) == 0
    assert look(session, at("2027-06-01T14:30Z"), Missed.ONCE) == 1
    assert look(session, at("2027-06-01T14:30Z"), Missed.ONCE) == 0
    assert next_at(session) == at("2027-06-02T14:30Z")


def test_missed_times_are_caught_up_in_order(session: Session, chain: Chain) -> None:
    # given
    in_zone(session, "Europe/Berlin")
    look(session, at("2027-03-26T12:00Z"), Missed.CATCH_UP)
    # when: three days later
    assert look(session, at("2027-03-29T12:00Z"), Missed.CATCH_UP) == 3
    # then
    assert due(session) == ["2027-03-27T01:30:00+00:00", "2027-03-28T01:00:00+00:00", "2027-03-29T00:30:00+00:00"]
    assert next_at(session) == at("2027-03-30T00:30Z")


def test_more_missed_times_than_a_transaction_takes_are_caught_up_by_the_next_look(
    session: Session, chain: Chain
) -> None:
    look(session, NOON, Missed.CATCH_UP, "0 * * * *")
    later = NOON + timedelta(hours=150)
    assert [look(session, later, Missed.CATCH_UP, "0 * * * *") for _ in range(3)] == [100, 50, 0]
    assert len(set(due(session))) == 150


def test_one_run_makes_up_for_all(session: Session, chain: Chain) -> None:
    look(session, NOON, Missed.ONCE)
    assert look(session, NOON + timedelta(days=3), Missed.ONCE) == 1
    assert next_at(session) > NOON + timedelta(days=3)


def test_missed_times_are_skipped_and_the_one_in_time_is_not(session: Session, chain: Chain) -> None:
    # given
    in_zone(session, "UTC")
    look(session, NOON, Missed.SKIP)
    # then
    assert look(session, at("2027-06-04T12:00Z"), Missed.SKIP) == 0
    assert next_at(session) == at("2027-06-05T02:30Z")
    assert look(session, at("2027-06-05T02:30:09Z"), Missed.SKIP) == 1


def test_after_a_move_to_another_zone_the_times_are_those_of_that_zone(session: Session, chain: Chain) -> None:
    # given
    in_zone(session, "Europe/Berlin")
    look(session, NOON, Missed.ONCE)
    assert next_at(session) == at("2027-06-02T00:30Z")
    # when
    in_zone(session, "America/New_York")
    # then
    assert look(session, NOON, Missed.ONCE) == 0
    assert next_at(session) == at("2027-06-02T06:30Z")


def test_what_was_due_before_the_move_is_done(session: Session, chain: Chain) -> None:
    # given
    in_zone(session, "Europe/Berlin")
    look(session, NOON, Missed.CATCH_UP)
    in_zone(session, "America/New_York")
    # when: it was due at 00:30, the first look is at 01:00
    assert look(session, at("2027-06-02T01:00Z"), Missed.CATCH_UP) == 1
    # then
    assert due(session) == ["2027-06-02T00:30:00+00:00"]
    assert next_at(session) == at("2027-06-02T06:30Z")


def test_a_changed_entry_holds_from_its_next_time_on(session: Session, chain: Chain) -> None:
    in_zone(session, "UTC")
    look(session, NOON, Missed.ONCE)
    assert look(session, NOON, Missed.ONCE, "0 18 * * *") == 0
    assert next_at(session) == at("2027-06-01T18:00Z")


def test_schedulers_at_once_queue_each_time_once(house: House) -> None:
    # given
    with house.sessions.begin(PLATFORM) as session:
        look(session, NOON, Missed.CATCH_UP, "0 * * * *")
    together = Barrier(4)

    def schedule() -> None:
        for hour in range(1, 21):
            together.wait()
            with house.sessions.begin(PLATFORM) as session:
                look(session, NOON + timedelta(hours=hour), Missed.CATCH_UP, "0 * * * *")

    # when
    threads = [Thread(target=schedule) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with house.sessions.begin(PLATFORM) as session:
        look(session, NOON + timedelta(hours=20), Missed.CATCH_UP, "0 * * * *")
    # then
    with house.sessions.begin(PLATFORM) as session:
        assert Counter(due(session)) == {(NOON + timedelta(hours=hour)).isoformat(): 1 for hour in range(1, 21)}


@pytest.mark.parametrize("cron", ["61 * * * *", "every day", ""])
def test_nonsense_is_no_time(cron: str) -> None:
    with pytest.raises(CronSimError):
        next(times_after(cron, "UTC", NOON))
