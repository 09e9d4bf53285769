"""Old idempotency keys are thrown away, young ones are not."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from db.ids import uuid7
from domain.shared.models import Job, JobState
from jobs.housekeeping import BATCH, enqueue_tidying
from tenancy.models import IdempotencyRecord
from tenancy.scope import PLATFORM
from tenancy.signing_in.models import SignInAttempt
from tests.jobs.conftest import House

NOBODY = UUID(int=0)


def remember(house: House, days: float, *, count: int = 1, of_platform: bool = False) -> None:
    """Records of so many days ago."""
    tenant = house.chain.child.tenant
    with house.sessions.begin(PLATFORM) as session:
        session.add_all(
            IdempotencyRecord(
                distributor_id=NOBODY if of_platform else tenant.distributor_id,
                id=uuid7(),
                tenant_id=NOBODY if of_platform else tenant.id,
                tenant_path="" if of_platform else tenant.tenant_path,
                actor_id=NOBODY,
                key=f"{days} {number}",
                mutation="topUp",
                input_hash=b"",
                answer={},
                created_at=datetime.now(UTC) - timedelta(days=days),
            )
            for number in range(count)
        )


def kept(house: House) -> int:
    with house.sessions.begin(PLATFORM) as session:
        return session.scalar(select(func.count()).select_from(IdempotencyRecord)) or 0


@pytest.mark.feature("A-07")
def test_keys_of_more_than_thirty_days_are_forgotten_by_a_job(house: House) -> None:
    # given
    remember(house, 29.9, count=2)
    remember(house, 30.1, count=BATCH + 1)
    remember(house, 31, of_platform=True)
    # when: the worker's own schedule looks
    house.start_worker()
    # then
    house.until(lambda: kept(house) == 2)
    house.until(lambda: house.states() == {JobState.DONE: 1})
    with house.sessions.begin(PLATFORM) as session:
        job = session.scalars(select(Job)).one()
    assert (job.kind, job.done) == ("housekeeping.forget_keys", BATCH + 1)


def test_two_schedulers_ask_for_tidying_once(house: House) -> None:
    remember(house, 31)
    for _ in range(2):
        with house.sessions.begin(PLATFORM) as session:
            assert enqueue_tidying(session) == 1
    assert house.states() == {JobState.WAITING: 1}


def test_nothing_is_asked_for_where_nothing_is_old(house: House) -> None:
    remember(house, 1)
    with house.sessions.begin(PLATFORM) as session:
        assert enqueue_tidying(session) == 0
    assert not house.states()


@pytest.mark.feature("T-05")
def test_failures_to_sign_in_are_forgotten_after_a_day(house: House) -> None:
    now = datetime.now(UTC)
    with house.sessions.begin(PLATFORM) as session:
        for hours in (23, 25):
            session.add(SignInAttempt(key=bytes([hours]), failures=1, since=now - timedelta(hours=hours)))
    with house.sessions.begin(PLATFORM) as session:
        enqueue_tidying(session)
    with house.sessions.begin(PLATFORM) as session:
        assert session.scalars(select(SignInAttempt.key)).all() == [bytes([23])]
