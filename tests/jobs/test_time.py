"""A sandbox's clock moves by jobs; real time makes jobs by itself."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.shared.advancing import start_advance_clock
from domain.shared.errors import ActAsRequired, InvalidInput, InvalidState, NotFound
from domain.shared.models import Job, JobState
from jobs.schedule import enqueue_due_days
from jobs.wake import wake
from tenancy.clock import clock_of
from tenancy.models import DistributorClock
from tests.conftest import AUGUST_20, Chain, act_as, scope_of
from tests.jobs.conftest import House

AUGUST_23 = datetime(2027, 8, 23, 12, tzinfo=UTC)


def advance(house: House, to: datetime) -> UUID:
    with house.sessions.begin(scope_of(house.chain.distributor)) as session:
        id = house.distributor.id
        job_id = start_advance_clock(session, session.scope, distributor_id=id, to=to).id
    wake(house.sessions.engine)
    return job_id


def clock(house: House) -> datetime:
    with house.sessions.begin(scope_of(house.chain.distributor)) as session:
        return clock_of(session, house.distributor.id).now


def in_zone(house: House, zone: str) -> None:
    with house.sessions.begin(scope_of(house.chain.distributor)) as session:
        session.execute(update(DistributorClock).values(time_zone=zone))


def test_each_day_on_the_way_is_run_at_its_first_instant_and_the_clock_stops_where_it_was_told(house: House) -> None:
    # given
    house.start_worker(TRIAL_DAYS="1")
    # when
    job = house.ended(advance(house, AUGUST_23))
    # then
    assert (job.state, job.done, job.total, job.error) == (JobState.DONE, 3, 3, None)
    assert house.effects() == [
        "trial.2027-08-21 at 08-21 00:00",
        "trial.2027-08-21 ends",
        "trial.2027-08-22 at 08-22 00:00",
        "trial.2027-08-22 ends",
        "trial.2027-08-23 at 08-23 00:00",
        "trial.2027-08-23 ends",
    ]
    assert clock(house) == AUGUST_23


def test_days_begin_in_the_zone_of_the_distributor(house: House) -> None:
    # given: 21 August begins in Auckland at 20 August 12:00 UTC, 22 August at 21 August 12:00 UTC
    in_zone(house, "Pacific/Auckland")
    house.start_worker(TRIAL_DAYS="1")
    # when
    house.ended(advance(house, datetime(2027, 8, 21, 11, 59, tzinfo=UTC)))
    # then
    assert house.effects() == ["trial.2027-08-21 at 08-20 12:00", "trial.2027-08-21 ends"]
    # and when
    house.ended(advance(house, datetime(2027, 8, 21, 12, tzinfo=UTC)))
    # then
    assert house.effects()[2:] == ["trial.2027-08-22 at 08-21 12:00", "trial.2027-08-22 ends"]


def test_to_the_clock_itself_runs_what_is_due_and_moves_nothing(house: House) -> None:
    # given
    house.start_worker(TRIAL_DAYS="1")
    # when
    job = house.ended(advance(house, AUGUST_20))
    # then
    assert job.state is JobState.DONE
    assert house.effects() == ["trial.2027-08-20 at 08-20 09:00", "trial.2027-08-20 ends"]
    assert clock(house) == AUGUST_20


def test_inside_a_day_only_the_clock_moves(house: House) -> None:
    # given
    house.start_worker(TRIAL_DAYS="1")
    # when
    job = house.ended(advance(house, AUGUST_20 + timedelta(hours=5)))
    # then
    assert (job.state, job.done, job.total) == (JobState.DONE, 0, 0)
    assert house.effects() == []
    assert clock(house) == AUGUST_20 + timedelta(hours=5)


def test_a_second_call_goes_on_where_the_first_one_ends(house: House) -> None:
    # given
    calls = [advance(house, AUGUST_20 + timedelta(days=days)) for days in (3, 5)]
    # when
    house.start_worker(TRIAL_DAYS="1")
    house.start_worker(TRIAL_DAYS="1")
    # then
    assert [(house.ended(job_id).state, house.job(job_id).done) for job_id in calls] == [
        (JobState.DONE, 3),
        (JobState.DONE, 2),
    ]
    assert [effect[6:16] for effect in house.effects()[::2]] == [f"2027-08-{day}" for day in range(21, 26)]


def test_a_second_call_to_an_earlier_instant_is_refused_when_its_turn_comes(house: House) -> None:
    # given
    calls = [advance(house, AUGUST_20 + timedelta(days=days)) for days in (3, 1)]
    # when
    house.start_worker(TRIAL_DAYS="1")
    # then
    assert [house.ended(job_id).state for job_id in calls] == [JobState.DONE, JobState.FAILED]
    assert house.job(calls[1]).error_code == "INVALID_INPUT"
    assert clock(house) == AUGUST_20 + timedelta(days=3)


def test_two_kills_on_the_way_change_nothing(house: House) -> None:
    # given
    worker = house.start_worker(TRIAL_DAYS="1")
    job_id = advance(house, AUGUST_20 + timedelta(days=30))
    # when
    for done in (5, 15):
        house.until(lambda: house.job(job_id).done >= done)  # noqa: B023 - called at once
        worker.kill()
        worker = house.start_worker(TRIAL_DAYS="1")
    # then
    assert house.ended(job_id).state is JobState.DONE
    days = [date(2027, 8, 21) + timedelta(days=number) for number in range(30)]
    assert house.effects() == [
        effect
        for day in days
        for effect in (f"trial.{day.isoformat()} at {day:%m-%d} 00:00", f"trial.{day.isoformat()} ends")
    ]
    assert clock(house) == AUGUST_20 + timedelta(days=30)


def test_in_real_time_days_run_by_themselves(house: House) -> None:
    # given: the day before yesterday was the last one run; two schedulers look
    today = datetime.now(UTC).date()
    with house.sessions.begin(scope_of(house.chain.distributor)) as session:
        in_real_time(session, zone="UTC", created_at=AUGUST_20, last_run_on=today - timedelta(days=2))
    # when
    house.start_worker(TRIAL_DAYS="1")
    house.start_worker(TRIAL_DAYS="1")
    # then
    house.until(lambda: house.states()[JobState.DONE] >= 2)
    days = [effect[6:16] for effect in house.effects()]
    assert days[:4] == [(today - timedelta(days=ago)).isoformat() for ago in (1, 1, 0, 0)]
    with house.sessions.begin(scope_of(house.chain.distributor)) as session:
        jobs = session.scalars(select(Job).order_by(Job.id)).all()
    assert [(job.kind, job.done, job.total) for job in jobs[:2]] == [("billing.run_day", 2, 2)] * 2


@pytest.mark.parametrize(
    ("to", "message"),
    [
        (AUGUST_20 - timedelta(seconds=1), "before the clock"),
        (AUGUST_20.replace(year=2037) + timedelta(days=10), "more than 10 years"),
        (AUGUST_20.replace(tzinfo=None), "time zone"),
    ],
)
def test_an_instant_out_of_reach_is_refused(session: Session, chain: Chain, to: datetime, message: str) -> None:
    # given
    scope = act_as(session, scope_of(chain.distributor))
    # when
    with pytest.raises(InvalidInput, match=message) as refusal:
        start_advance_clock(session, scope, distributor_id=chain.distributor.tenant.id, to=to)
    # then
    assert refusal.value.path == ("to",)
    assert session.scalars(select(Job)).all() == []


def test_real_time_cannot_be_moved(session: Session, chain: Chain) -> None:
    # given
    scope = act_as(session, scope_of(chain.distributor))
    session.execute(update(DistributorClock).values(sandbox=False, clock_at=None))
    # when
    with pytest.raises(InvalidState):
        start_advance_clock(session, scope, distributor_id=chain.distributor.tenant.id, to=AUGUST_23)


def test_a_reseller_sees_the_clock_and_cannot_move_it(session: Session, chain: Chain) -> None:
    # given
    scope = act_as(session, scope_of(chain.reseller))
    # when
    with pytest.raises(NotFound):
        start_advance_clock(session, scope, distributor_id=chain.distributor.tenant.id, to=AUGUST_23)
    # then
    assert clock_of(session, chain.distributor.tenant.id).now == AUGUST_20


def test_the_platform_acts_for_the_distributor_or_not_at_all(session: Session, chain: Chain) -> None:
    with pytest.raises(ActAsRequired):
        start_advance_clock(session, session.scope, distributor_id=chain.distributor.tenant.id, to=AUGUST_23)  # type: ignore[attr-defined]


def in_real_time(session: Session, *, zone: str, created_at: datetime, last_run_on: date | None = None) -> None:
    session.execute(
        update(DistributorClock).values(
            sandbox=False, clock_at=None, time_zone=zone, created_at=created_at, last_run_on=last_run_on
        )
    )


def queued(session: Session) -> list[dict[str, Any]]:
    return list(session.scalars(select(Job.arguments).order_by(Job.id)))


def test_a_day_is_queued_once_when_it_begins_in_its_zone(session: Session, chain: Chain) -> None:
    # given
    in_real_time(session, zone="America/New_York", created_at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    session.execute(update(DistributorClock).values(last_run_on=date(2026, 3, 1)))
    # when
    before = enqueue_due_days(session, now=datetime(2026, 3, 2, 4, 59, 59, tzinfo=UTC))
    then = enqueue_due_days(session, now=datetime(2026, 3, 2, 5, tzinfo=UTC))
    again = enqueue_due_days(session, now=datetime(2026, 3, 2, 5, tzinfo=UTC))
    # then
    assert (before, then, again) == (0, 1, 0)
    assert queued(session) == [{"day": "2026-03-02"}]


def test_days_that_were_missed_are_caught_up_in_order(session: Session, chain: Chain) -> None:
    # given
    in_real_time(session, zone="Europe/Berlin", created_at=AUGUST_20, last_run_on=date(2027, 8, 21))
    # when
    enqueue_due_days(session, now=datetime(2027, 8, 24, 8, tzinfo=UTC))
    # then
    assert queued(session) == [{"day": f"2027-08-{day}"} for day in (22, 23, 24)]
    assert {job.lane for job in session.scalars(select(Job))} == {"clock"}


def test_a_new_distributor_begins_with_the_day_of_its_creation(session: Session, chain: Chain) -> None:
    # given
    in_real_time(session, zone="Europe/Berlin", created_at=AUGUST_20)
    # when
    enqueue_due_days(session, now=datetime(2027, 8, 21, 8, tzinfo=UTC))
    # then
    assert queued(session) == [{"day": "2027-08-20"}, {"day": "2027-08-21"}]


def test_a_sandbox_has_no_days_but_those_it_is_given(session: Session, chain: Chain) -> None:
    assert enqueue_due_days(session, now=datetime(2030, 1, 1, tzinfo=UTC)) == 0
