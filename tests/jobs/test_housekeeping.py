"""What is old is thrown away, what is young is not."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import UUID

import pytest
from sqlalchemy import func, select

from db.ids import uuid7
from domain.shared.files import keep_file
from domain.shared.models import File, FileChunk, Job, JobError, JobState
from jobs.housekeeping import BATCH, oldest_id, tidy_platform
from jobs.timetable import TIMETABLE, enqueue_scheduled
from tenancy.errors import ErrorCode, ErrorKind
from tenancy.models import IdempotencyRecord
from tenancy.scope import PLATFORM
from tenancy.signing_in.models import PersonKind, PersonSession, SessionEnd, SessionToken, SignInAttempt
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


def night_falls(house: House) -> None:
    """The schedules of the house were last looked at two days ago."""
    with house.sessions.begin(PLATFORM) as session:
        enqueue_scheduled(session, now=datetime.now(UTC) - timedelta(days=2))


def job(house: House, kind: str) -> Job:
    with house.sessions.begin(PLATFORM) as session:
        return session.scalars(select(Job).where(Job.kind == kind)).one()


@pytest.mark.feature("A-07")
def test_keys_of_more_than_thirty_days_are_forgotten_by_a_job(house: House) -> None:
    # given
    remember(house, 29.9, count=2)
    remember(house, 30.1, count=BATCH + 1)
    remember(house, 31, of_platform=True)
    night_falls(house)
    # when: the worker's own schedule looks
    house.start_worker()
    # then
    house.until(lambda: kept(house) == 2)
    house.until(lambda: house.states() == {JobState.DONE: len(TIMETABLE)})
    assert job(house, "housekeeping.forget_keys").done == BATCH + 1


def test_jobs_that_ended_a_month_ago_are_forgotten_and_failed_ones_are_not(house: House) -> None:
    # given
    owner = house.chain.child.tenant
    states = (JobState.DONE, JobState.CANCELLED, JobState.FAILED, JobState.WAITING)
    month, week = oldest_id(since=timedelta(days=30, minutes=1)), oldest_id(since=timedelta(days=7))
    ids = (UUID(int=base.int + number) for base in (month, week) for number in range(4))
    with house.sessions.begin(PLATFORM) as session:
        for id, state in zip(ids, 2 * states, strict=True):
            session.add(
                Job(
                    distributor_id=owner.distributor_id,
                    id=id,
                    tenant_id=owner.id,
                    tenant_path=owner.tenant_path,
                    kind="trial.of_tomorrow",
                    queue="trial",
                    arguments={},
                    state=state,
                )
            )
    night_falls(house)
    # when
    house.start_worker()
    # then
    house.until(lambda: house.states()[JobState.DONE] == len(TIMETABLE) + 1)
    assert job(house, "housekeeping.forget_jobs").done == 2
    assert house.states() == {
        JobState.DONE: len(TIMETABLE) + 1,
        JobState.CANCELLED: 1,
        JobState.FAILED: 2,
        JobState.WAITING: 2,
    }


def test_errors_go_with_their_job(house: House) -> None:
    # given
    owner = house.chain.child.tenant
    place = {"distributor_id": owner.distributor_id, "tenant_id": owner.id, "tenant_path": owner.tenant_path}
    left = []
    with house.sessions.begin(PLATFORM) as session:
        for days in (31, 29):
            id = oldest_id(since=timedelta(days=days))
            session.add(Job(**place, id=id, kind="trial.of_old", queue="trial", arguments={}, state=JobState.DONE))
            session.flush()
            reason = {"kind": ErrorKind.FIX_INPUT, "code": ErrorCode.INVALID_INPUT, "message": "No.", "path": []}
            session.add(JobError(**place, **reason, job_id=id, line=2))
            left.append(id)
    night_falls(house)
    # when
    house.start_worker()
    # then
    house.until(lambda: house.states()[JobState.DONE] == len(TIMETABLE) + 1)
    with house.sessions.begin(PLATFORM) as session:
        assert list(session.scalars(select(JobError.job_id))) == left[1:]


@pytest.mark.feature("C-11")
def test_files_of_more_than_thirty_days_are_forgotten_with_their_content(house: House) -> None:
    # given
    owner = house.chain.child.tenant
    kept = []
    with house.sessions.begin(PLATFORM) as session:
        for days in (31, 29):
            made = oldest_id(since=timedelta(days=days))
            file = keep_file(session, owner, name="a.csv", media_type="text/csv", content=BytesIO(b"x"), id=made)
            kept.append(file.id)
    night_falls(house)
    # when
    house.start_worker()
    # then
    house.until(lambda: house.states()[JobState.DONE] == len(TIMETABLE))
    assert job(house, "housekeeping.forget_files").done == 1
    with house.sessions.begin(PLATFORM) as session:
        assert list(session.scalars(select(File.id))) == kept[1:]
        assert list(session.scalars(select(FileChunk.file_id))) == kept[1:]


@pytest.mark.feature("T-05")
def test_sessions_that_ended_a_month_ago_are_forgotten_with_their_tokens(house: House) -> None:
    # given: one that ended early, one that was never ended, each 31 and 29 days ago
    owner = house.chain.child.tenant
    place = {"distributor_id": owner.distributor_id, "tenant_id": owner.id, "tenant_path": owner.tenant_path}
    person = {"person_kind": PersonKind.MANAGER, "person_id": house.chain.child.manager.id}
    now = datetime.now(UTC)
    left = []
    with house.sessions.begin(PLATFORM) as session:
        for days in (31, 29):
            then = now - timedelta(days=days)
            for ended in ({"ended_at": then, "ended_by": SessionEnd.SIGNED_OUT}, {}):
                expires_at = then if not ended else now
                one = PersonSession(**place, **person, **ended, expires_at=expires_at, last_used_at=then)
                session.add(one)
                session.flush()
                session.add(
                    SessionToken(
                        **place, session_id=one.id, refreshes=False, token_hash=one.id.bytes, expires_at=expires_at
                    )
                )
                if days == 29:
                    left.append(one.id)
    night_falls(house)
    # when
    house.start_worker()
    # then
    house.until(lambda: house.states()[JobState.DONE] == len(TIMETABLE))
    assert job(house, "housekeeping.forget_sessions").done == 2
    with house.sessions.begin(PLATFORM) as session:
        assert sorted(session.scalars(select(PersonSession.id))) == left
        assert sorted(session.scalars(select(SessionToken.session_id))) == left


@pytest.mark.feature("T-05")
def test_failures_to_sign_in_are_forgotten_after_a_day(house: House) -> None:
    now = datetime.now(UTC)
    with house.sessions.begin(PLATFORM) as session:
        for hours in (23, 25):
            session.add(SignInAttempt(key=bytes([hours]), failures=1, since=now - timedelta(hours=hours)))
    with house.sessions.begin(PLATFORM) as session:
        tidy_platform(session)
    with house.sessions.begin(PLATFORM) as session:
        assert session.scalars(select(SignInAttempt.key)).all() == [bytes([23])]
