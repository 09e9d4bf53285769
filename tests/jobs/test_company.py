"""Short jobs share a transaction, and none of them suffers by it."""

import signal
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from db.engine import application_engine
from domain.audit.models import AuditEntry
from domain.shared.models import Event, Job, JobState
from jobs import claims
from jobs.claims import Claim
from jobs.company import MOST, Company, Shared, do_together
from jobs.limits import Limits
from jobs.lines import Lines
from tenancy.models import Tenant
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import ScopedSession
from tests.jobs.actors import tell
from tests.jobs.conftest import House

COUNT = 60


@pytest.fixture
def lines(house: House) -> Iterator[Lines]:
    engine = application_engine(house.url)
    lines = Lines(engine)
    yield lines
    lines.let_go()
    engine.dispose()


def note(session: Session, scope: Scope) -> None:
    """One effect."""
    tell(session, scope, "trial.noted")


def claimed(house: House, lines: Lines, count: int) -> list[Claim]:
    """So many jobs of the distributor, each claimed for a minute."""
    for _ in range(count):
        house.enqueue("note")
    with lines.begin(PLATFORM) as session:
        return claims.claim(session, "trial", {"trial.note": 5}, count=count, lease=timedelta(minutes=1))


def done(lines: Lines, company: Sequence[Claim], effect: Callable[..., None] = note) -> bool:
    return do_together(lines, Limits(), Shared(effect, lambda _: {}, 60.0), company) is not None


def test_jobs_in_company_have_their_effects_and_their_ends_in_one_transaction(house: House, lines: Lines) -> None:
    # given
    company = claimed(house, lines, 5)
    # when
    assert done(lines, company)
    # then
    assert house.states() == {JobState.DONE: 5}
    with house.sessions.begin(PLATFORM) as session:
        assert session.scalar(text("SELECT count(DISTINCT xmin::text) FROM jobs")) == 1
        noted = session.scalars(select(Event.job_id).where(Event.type == "trial.noted").order_by(Event.sequence)).all()
    assert noted == [claim.id for claim in company]


def test_when_one_claim_of_a_company_is_lost_nothing_of_it_is_kept(house: House, lines: Lines) -> None:
    # given
    company = claimed(house, lines, 5)
    with house.sessions.begin(PLATFORM) as session:
        session.execute(update(Job).where(Job.id == company[3].id).values(attempt=Job.attempt + 1))
    # when
    assert not done(lines, company)
    # then
    assert house.states() == {JobState.RUNNING: 5}
    assert house.effects() == []
    # and when
    assert [done(lines, [claim]) for claim in company] == [True, True, True, False, True]
    # then
    assert house.effects() == ["trial.noted"] * 4


def test_the_audit_log_names_every_job_of_a_company_with_its_own_changes(house: House, lines: Lines) -> None:
    # given
    company = claimed(house, lines, 3)

    def rename(session: Session, scope: Scope) -> None:
        assert scope.job_id is not None
        session.execute(update(Tenant).where(Tenant.id == scope.distributor_id).values(name=scope.job_id.hex))

    # when
    assert done(lines, company, rename)
    # then
    with house.sessions.begin(PLATFORM) as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.operation == "trial.note")).all()
        assert {entry.job_id: entry.changes["name"][1] for entry in entries} == {
            claim.id: claim.id.hex for claim in company
        }


def test_what_a_job_of_a_company_saw_and_whom_it_acted_as_is_nothing_to_the_next(house: House, lines: Lines) -> None:
    # given
    company = claimed(house, lines, 2)
    reseller = house.chain.reseller.tenant
    seen: list[tuple[Any, ...]] = []

    def act_as_the_reseller(session: Session, scope: Scope) -> None:
        seen.append(
            (len(session.identity_map), session.scalar(text("SELECT current_setting('app.write_lo')")), scope.job_id)
        )
        session.scalars(select(Tenant)).all()
        if scope.job_id == company[0].id:
            cast("ScopedSession", session).act_as(
                Scope.of_tenant(reseller.distributor_id, reseller.id, reseller.tenant_path)
            )

    # when
    assert done(lines, company, act_as_the_reseller)
    # then
    path = house.distributor.tenant_path
    assert seen == [(0, path, company[0].id), (0, path, company[1].id)]


def test_one_bad_job_among_good_ones_fails_alone(house: House) -> None:
    # given
    jobs = [
        house.enqueue("note_number", arguments={"number": number, "bad": COUNT - 10}, max_attempts=1)
        for number in range(COUNT)
    ]
    # when
    house.start_worker(HEADWATER_WORKER_THREADS="1")
    # then
    states = [house.ended(job_id).state for job_id in jobs]
    assert [number for number, state in enumerate(states) if state is JobState.FAILED] == [COUNT - 10]
    assert sorted(house.effects()) == sorted(f"trial.{number}" for number in range(COUNT) if number != COUNT - 10)
    assert_company(house)


def test_a_job_over_its_time_fails_alone_too(house: House, tmp_path: Path) -> None:
    # given
    (tmp_path / "attempts").mkdir()
    bad = {"bad": COUNT - 10, "folder": str(tmp_path / "attempts")}
    jobs = [
        house.enqueue("note_number", arguments={"number": number, **bad}, max_attempts=1) for number in range(COUNT)
    ]
    # when
    house.start_worker(HEADWATER_WORKER_THREADS="1")
    # then
    states = [house.ended(job_id).state for job_id in jobs]
    assert [number for number, state in enumerate(states) if state is JobState.FAILED] == [COUNT - 10]
    assert "TimeLimitExceeded" in (house.job(jobs[COUNT - 10]).error or "")
    assert len(set(house.effects())) == len(house.effects()) == COUNT - 1
    assert_company(house)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_what_a_killed_or_frozen_worker_did_in_company_is_done_once_elsewhere(
    house: House, tmp_path: Path, number: signal.Signals
) -> None:
    # given
    folder = tmp_path / "attempts"
    folder.mkdir()
    arguments = {"bad": COUNT - 5, "folder": str(folder)}
    worker = house.start_worker(HEADWATER_WORKER_THREADS="1")
    jobs = [house.enqueue("note_number", arguments={"number": each, **arguments}) for each in range(COUNT)]
    house.until(lambda: len(list(folder.iterdir())) == 1)
    kept = len(house.effects())
    # when
    worker.signal(number)
    (folder / "go").touch()
    house.start_worker(HEADWATER_WORKER_THREADS="1")
    # then
    assert {house.ended(job_id).state for job_id in jobs} == {JobState.DONE}
    # and when
    if number is signal.SIGSTOP:
        worker.signal(signal.SIGCONT)
        # It sees that it lost its claims, or first that its job took far too long, and ends.
        ends = ("somebody else has the job", "cannot be interrupted; the worker ends")
        house.until(lambda: any(end in house.log.read_text() for end in ends))
    # then
    assert kept < COUNT - 1
    assert sorted(house.effects()) == sorted(f"trial.{each}" for each in range(COUNT))


def assert_company(house: House) -> None:
    """Some of the jobs were begun in company: the log tells of one that came to nothing."""
    assert "of trial.note_number go on alone" in house.log.read_text()


def test_only_kinds_that_are_short_and_do_not_fail_have_company() -> None:
    company = Company()
    sizes = [company.size("trial.note")]
    for seconds in (0.001, 0.01, 0.001):
        company.tell("trial.note", seconds)
        sizes.append(company.size("trial.note"))
    company.tell("trial.note", 0.001, jobs=20)
    sizes.append(company.size("trial.note"))
    company.avoid("trial.note")
    sizes.append(company.size("trial.note"))
    company.tell("trial.note", 0.001, jobs=40)
    sizes.append(company.size("trial.note"))
    assert sizes == [1, MOST, 5, 5, MOST, 1, 3]
