"""`./headwater jobs`, and what `/metrics` and `/healthz` tell of the same table."""

import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from db import ids
from domain.shared import outbox
from domain.shared.models import Job, JobState
from server.cli.jobs import command
from server.cli.refusal import Refusal
from server.metrics import page, serve
from tenancy.models import Tenant
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.conftest import found_chain
from tests.server.conftest import printed


def run(*arguments: str) -> str:
    return printed(command, *arguments)


@pytest.fixture
def sessions(sessions: Sessions) -> Sessions:
    """The database that the command finds, with a chain in it."""
    with sessions.begin(PLATFORM) as session:
        found_chain(session)
    return sessions


def enqueue(sessions: Sessions, **values: object) -> str:
    with sessions.begin(PLATFORM) as session:
        owner = session.scalars(select(Tenant).where(Tenant.parent_id.is_(None))).one()
        job_id = outbox.enqueue(
            session,
            owner,
            "catalog.synchronize_plan",
            queue="catalog",
            arguments={"plan_id": UUID(int=7).hex},
            run_at=datetime.now(UTC) - timedelta(minutes=5),
        )
        if values:
            session.execute(update(Job).where(Job.id == job_id).values(**values))
    return ids.encode("job", job_id)


def states(sessions: Sessions) -> list[JobState]:
    with sessions.begin(PLATFORM) as session:
        return list(session.scalars(select(Job.state).order_by(Job.id)))


def given_up(sessions: Sessions) -> str:
    return enqueue(
        sessions,
        state=JobState.FAILED,
        attempt=10,
        max_attempts=10,
        error="Traceback\nOSError: no route",
        finished_at=datetime.now(UTC),
    )


def test_dead_letters_are_those_that_were_given_up(sessions: Sessions) -> None:
    dead = given_up(sessions)
    refused = enqueue(sessions, state=JobState.FAILED, error_code="NOT_FOUND", error_message="Not there.")
    waiting = enqueue(sessions)
    assert dead in run("dead")
    assert "OSError: no route" in run("dead")
    assert refused not in run("dead")
    assert all(job in run("list") for job in (dead, refused, waiting))
    assert waiting not in run("list", "--state", "failed")


def test_show_tells_why(sessions: Sessions) -> None:
    text = run("show", given_up(sessions))
    assert "attempts:     10 of 10" in text
    assert text.endswith("Traceback\nOSError: no route\n")


def test_a_dead_letter_that_is_retried_waits_with_as_many_attempts_as_ever(sessions: Sessions) -> None:
    dead = given_up(sessions)
    assert run("retry", dead) == f"{dead}  FAILED → WAITING\n"
    with sessions.begin(PLATFORM) as session:
        job = session.scalars(select(Job)).one()
    assert (job.state, job.attempt, job.max_attempts, job.finished_at) == (JobState.WAITING, 10, None, None)


def test_all_are_cancelled_or_none(sessions: Sessions) -> None:
    waiting, dead = enqueue(sessions), given_up(sessions)
    with pytest.raises(Refusal, match="only one that is WAITING or RUNNING can be cancelled"):
        run("cancel", waiting, dead)
    assert states(sessions) == [JobState.WAITING, JobState.FAILED]
    assert run("cancel", waiting) == f"{waiting}  WAITING → CANCELLED\n"
    assert states(sessions) == [JobState.CANCELLED, JobState.FAILED]


@pytest.mark.parametrize("job", ["7", ids.encode("pln", UUID(int=1)), ids.encode("job", UUID(int=1))])
def test_what_is_no_job_is_refused(sessions: Sessions, job: str) -> None:
    with pytest.raises(Refusal):
        run("show", job)


def test_the_numbers_are_those_of_the_table(sessions: Sessions, tmp_path: Path) -> None:
    # given
    enqueue(sessions)
    enqueue(sessions)
    enqueue(sessions, run_at=datetime.now(UTC) + timedelta(hours=1))
    given_up(sessions)
    # when
    lines = page(sessions, str(tmp_path)).decode().splitlines()
    # then
    told = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert told['headwater_jobs_waiting{queue="catalog"}'] == "2.0"
    assert told['headwater_jobs_delayed{queue="catalog"}'] == "1.0"
    assert 300 <= float(told['headwater_jobs_oldest_seconds{queue="catalog"}']) < 400
    assert told['headwater_jobs_dead{kind="catalog.synchronize_plan",queue="catalog"}'] == "1.0" or (
        told['headwater_jobs_dead{queue="catalog",kind="catalog.synchronize_plan"}'] == "1.0"
    )


@pytest.mark.parametrize(("healthy", "status"), [(True, 200), (False, 503)])
def test_health_is_that_of_the_processes(sessions: Sessions, tmp_path: Path, healthy: bool, status: int) -> None:
    server = serve(("127.0.0.1", 0), sessions, str(tmp_path), is_healthy=lambda: healthy)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/healthz", timeout=20) as response:
            found = response.status
    except urllib.error.HTTPError as error:
        found = error.code
        error.close()
    finally:
        server.shutdown()
        server.server_close()
    assert found == status
