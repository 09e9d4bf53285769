"""A job that takes too long, a worker that needs too much, a worker of one queue only."""

import signal
import threading
import time
from uuid import UUID

import pytest

from domain.shared.models import JobState
from jobs.claims import Claim
from jobs.limits import Limits, MemoryLimitExceeded, TimeLimitExceeded
from tests.jobs.conftest import House

CLAIM = Claim(UUID(int=1), UUID(int=2), "000000", "trial.note", "trial", {}, None, 1, 5)
MB = 1_000_000


class Busy(threading.Thread):
    """A thread that works on a job until something stops it."""

    def __init__(self, limits: Limits, seconds: float) -> None:
        super().__init__()
        self.limits, self.seconds = limits, seconds
        self.begun = threading.Event()
        self.ended_by: type[BaseException] | None = None

    def run(self) -> None:
        try:
            with self.limits.watching(CLAIM, self.seconds):
                self.begun.set()
                deadline = time.monotonic() + 20
                while time.monotonic() < deadline:
                    time.sleep(0.001)
        except BaseException as error:  # noqa: BLE001 - it is what the test asks for
            self.ended_by = type(error)


def test_a_job_over_its_time_is_interrupted() -> None:
    limits = Limits()
    busy = Busy(limits, 60)
    busy.start()
    assert busy.begun.wait(20)
    limits.look(time.monotonic() + 59, 0)
    assert busy.ended_by is None
    limits.look(time.monotonic() + 61, 0)
    busy.join(20)
    assert busy.ended_by is TimeLimitExceeded


def test_a_worker_that_needs_too_much_stops_first_and_ends_its_jobs_at_half_as_much_again() -> None:
    full = []
    limits = Limits(memory=100 * MB, on_full=lambda: full.append(True))
    busy = Busy(limits, 60)
    busy.start()
    assert busy.begun.wait(20)
    limits.look(time.monotonic(), 100 * MB)
    assert full == []
    for _ in range(2):
        limits.look(time.monotonic(), 149 * MB)
    assert (full, busy.ended_by) == ([True], None)
    limits.look(time.monotonic(), 151 * MB)
    busy.join(20)
    assert busy.ended_by is MemoryLimitExceeded


def test_a_job_over_its_time_is_tried_again_and_keeps_no_effect(house: House) -> None:
    # given
    house.start_worker()
    # when
    job = house.ended(house.enqueue("dawdle", max_attempts=2))
    # then
    assert (job.state, job.attempt) == (JobState.FAILED, 2)
    assert job.error is not None
    assert "TimeLimitExceeded" in job.error
    assert job.error_message == "It failed too often and was given up; the operator can see why."
    assert house.effects() == []


def test_a_worker_does_the_queues_it_is_told(house: House) -> None:
    # given
    worker = house.start_worker(TRIAL_QUEUES="catalog,housekeeping")
    job_id = house.enqueue("note")
    house.until(lambda: "does catalog, housekeeping" in house.log.read_text())
    time.sleep(1)
    # then
    assert house.job(job_id).state is JobState.WAITING
    # and when
    worker.signal(signal.SIGTERM)
    assert worker.exit_code() == 0
    house.start_worker(TRIAL_QUEUES="trial")
    assert house.ended(job_id).state is JobState.DONE


@pytest.mark.parametrize("state", [JobState.WAITING, JobState.RUNNING])
def test_a_cancelled_job_has_no_effect(house: House, state: JobState) -> None:
    # given
    if state is JobState.RUNNING:
        house.start_worker()
    job_id = house.enqueue("note", arguments={"seconds": 1})
    house.until(lambda: house.job(job_id).state is state)
    # when
    house.cancel(job_id)
    if state is JobState.WAITING:
        house.start_worker()
    # then
    house.ended(house.enqueue("note_for", arguments={"tenant_id": house.distributor.id.hex}))
    time.sleep(1.2)
    assert house.job(job_id).state is JobState.CANCELLED
    assert house.effects() == ["trial.noted"]
