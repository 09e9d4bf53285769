"""Real workers on a real database, killed and frozen in the middle of their work."""

import signal
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.shared.models import JobState
from tests.jobs.conftest import House
from tests.message_brokers import BROKERS

pytestmark = pytest.mark.parametrize("broker", BROKERS, indirect=True)


def test_a_job_is_done_in_the_scope_of_its_distributor_with_its_effect(house: House) -> None:
    # given
    house.start_worker()
    reseller = house.chain.reseller.tenant
    # when
    job_id = house.enqueue("note_for", owner=reseller, arguments={"tenant_id": reseller.id.hex})
    # then
    job = house.ended(job_id)
    assert (job.state, job.attempt, job.error, job.lease_until) == (JobState.DONE, 1, None, None)
    assert job.started_at is not None
    assert job.finished_at is not None
    assert job.finished_at >= job.started_at
    assert house.effects() == ["trial.noted"]


def test_a_worker_that_has_nothing_to_do_is_woken_by_a_notification(house: House) -> None:
    # given
    house.start_worker()
    house.ended(house.enqueue("note"))
    time.sleep(0.3)
    # when
    jobs = [house.enqueue("note") for _ in range(10)]
    # then
    assert {house.ended(job_id).state for job_id in jobs} == {JobState.DONE}


def test_a_refusal_is_final_and_is_told_to_the_one_who_asked(house: House) -> None:
    # given
    house.start_worker()
    # when
    job = house.ended(house.enqueue("refuse"))
    # then
    assert (job.state, job.attempt) == (JobState.FAILED, 1)
    assert (job.error_code, job.error_message, job.error) == ("INVALID_STATE", "It is too late for that.", None)
    assert house.effects() == []


def test_what_fails_is_tried_again_until_it_succeeds(house: House, tmp_path: Path) -> None:
    # given
    (tmp_path / "attempts").mkdir()
    house.start_worker()
    # when
    job = house.ended(house.enqueue("fail_until", arguments={"folder": str(tmp_path / "attempts"), "good": 3}))
    # then
    assert (job.state, job.attempt) == (JobState.DONE, 3)
    assert house.effects() == ["trial.noted"]


def test_what_fails_too_often_is_given_up_with_its_error(house: House, tmp_path: Path) -> None:
    # given
    (tmp_path / "attempts").mkdir()
    house.start_worker()
    # when
    job = house.ended(house.enqueue("fail_until", arguments={"folder": str(tmp_path / "attempts"), "good": 4}))
    # then
    assert (job.state, job.attempt, job.error_code) == (JobState.FAILED, 3, None)
    assert job.error is not None
    assert "attempt 3 was not good enough" in job.error
    assert house.effects() == []


def test_a_bad_argument_fails_the_job_and_not_the_worker(house: House) -> None:
    # given
    house.start_worker()
    # when
    bad = house.enqueue("note_for", arguments={"tenant_id": "nobody"}, max_attempts=1)
    # then
    assert house.ended(bad).state is JobState.FAILED
    assert house.ended(house.enqueue("note")).state is JobState.DONE


def test_a_job_waits_for_its_instant(house: House) -> None:
    # given
    house.start_worker()
    # when
    late = house.enqueue("note", run_at=datetime.now(UTC) + timedelta(hours=1))
    # then
    assert house.ended(house.enqueue("note")).state is JobState.DONE
    assert house.job(late).state is JobState.WAITING


def test_a_job_of_a_kind_that_nobody_knows_waits_for_a_worker_that_does(house: House) -> None:
    # given
    house.start_worker()
    # when
    unknown = house.enqueue("of_tomorrow")
    # then
    assert house.ended(house.enqueue("note")).state is JobState.DONE
    assert (house.job(unknown).state, house.job(unknown).attempt) == (JobState.WAITING, 0)


def test_a_job_that_calls_outside_commits_before_and_after(house: House) -> None:
    # given
    house.start_worker()
    # when
    job = house.ended(house.enqueue("call"))
    # then
    assert job.state is JobState.DONE
    assert house.effects() == ["trial.asked", "trial.answered"]


def test_three_hundred_jobs_have_their_effects_once_though_the_worker_is_killed_twice(house: House) -> None:
    # given
    worker = house.start_worker()
    for _ in range(300):
        house.enqueue("note", arguments={"seconds": 0.004})
    # when
    for done in (60, 160):
        house.until(lambda: house.states()[JobState.DONE] >= done)  # noqa: B023 - called at once
        worker.kill()
        worker = house.start_worker()
    # then
    house.until(lambda: house.states() == Counter({JobState.DONE: 300}))
    assert house.effects() == ["trial.noted"] * 300


def test_a_job_of_many_steps_goes_on_where_it_was_when_the_worker_is_killed(house: House) -> None:
    # given
    worker = house.start_worker()
    job_id = house.enqueue("count", arguments={"to": 20, "seconds": 0.03})
    # when
    house.until(lambda: house.job(job_id).done >= 5)
    worker.kill()
    house.start_worker()
    # then
    job = house.ended(job_id)
    assert (job.state, job.done, job.total, job.attempt) == (JobState.DONE, 20, 20, 2)
    assert house.effects() == [f"trial.step_{number}" for number in range(1, 21)]


def test_a_worker_frozen_past_its_lease_cannot_commit(house: House, tmp_path: Path) -> None:
    # given
    folder = tmp_path / "attempts"
    folder.mkdir()
    frozen = house.start_worker()
    job_id = house.enqueue("note_when_let", arguments={"folder": str(folder)})
    house.until(lambda: len(list(folder.iterdir())) == 1)
    # when
    frozen.signal(signal.SIGSTOP)
    house.start_worker()
    house.until(lambda: len(list(folder.iterdir())) == 2)
    (folder / "go").touch()
    job = house.ended(job_id)
    frozen.signal(signal.SIGCONT)
    # then
    assert (job.state, job.attempt) == (JobState.DONE, 2)
    house.until(lambda: "somebody else has the job" in house.log.read_text())
    assert house.effects() == ["trial.noted"]


def test_a_long_job_keeps_its_lease_while_its_worker_lives(house: House) -> None:
    # given
    house.start_worker()
    house.start_worker()
    # when
    job = house.ended(house.enqueue("note", arguments={"seconds": 2.5}))
    # then
    assert (job.state, job.attempt) == (JobState.DONE, 1)
    assert house.effects() == ["trial.noted"]


def test_jobs_of_one_lane_run_one_after_the_other(house: House) -> None:
    # given
    arguments = {"to": 5, "seconds": 0.02}
    jobs = [house.enqueue("count", arguments={**arguments, "name": name}, lane="trial") for name in ("first", "second")]
    # when
    house.start_worker()
    house.start_worker()
    # then
    assert [house.ended(job_id).state for job_id in jobs] == [JobState.DONE] * 2
    assert house.effects() == [f"trial.{name}_{number}" for name in ("first", "second") for number in range(1, 6)]


def test_a_worker_told_to_stop_finishes_what_it_does_and_begins_nothing(house: House) -> None:
    # given
    worker = house.start_worker(HEADWATER_WORKER_THREADS="1")
    jobs = [house.enqueue("note", arguments={"seconds": 0.5}) for _ in range(3)]
    house.until(lambda: house.states()[JobState.RUNNING] == 1)
    # when
    worker.signal(signal.SIGTERM)
    # then
    assert worker.exit_code() == 0
    assert [house.job(job_id).state for job_id in jobs] == [JobState.DONE, JobState.WAITING, JobState.WAITING]
    assert house.effects() == ["trial.noted"]


def test_a_worker_told_to_stop_returns_a_job_of_many_steps_at_once(house: House) -> None:
    # given
    worker = house.start_worker()
    job_id = house.enqueue("count", arguments={"to": 200, "seconds": 0.02}, max_attempts=1)
    house.until(lambda: house.job(job_id).done >= 3)
    # when
    worker.signal(signal.SIGTERM)
    # then
    assert worker.exit_code() == 0
    assert (house.job(job_id).state, house.job(job_id).lease_until) == (JobState.WAITING, None)
    # and when
    house.start_worker()
    # then
    house.until(lambda: house.job(job_id).attempt == 2)


@pytest.mark.slow
def test_two_thousand_jobs_survive_workers_dying_all_the_time(house: House) -> None:
    # given
    for _ in range(2000):
        house.enqueue("note", arguments={"seconds": 0.002})
    # when
    deadline = time.monotonic() + 60
    while house.states() != Counter({JobState.DONE: 2000}):
        assert time.monotonic() < deadline
        workers = [house.start_worker() for _ in range(2)]
        time.sleep(2.5)
        for worker in workers:
            worker.kill()
    # then
    assert house.effects() == ["trial.noted"] * 2000
