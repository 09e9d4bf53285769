"""A job that asks a service outside has its effect there once, though its worker dies or freezes in the middle."""

import signal
from collections.abc import Iterator

import pytest

from domain.shared.models import JobState
from tests.connectors.vendor import Vendor, opened_vendor
from tests.jobs.conftest import House


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with opened_vendor() as vendor:
        yield vendor


def test_a_worker_killed_between_the_call_and_its_record_leaves_one_effect(house: House, vendor: Vendor) -> None:
    # given
    vendor.behaviours = ["be silent"]
    worker = house.start_worker()
    job_id = house.enqueue("buy", arguments={"url": vendor.url, "key": "order 7"})
    house.until(lambda: vendor.effects == ["order 7"])
    # when
    worker.kill()
    house.start_worker()
    # then
    job = house.ended(job_id)
    assert (job.state, job.attempt) == (JobState.DONE, 2)
    assert (vendor.effects, vendor.looked_up) == (["order 7"], ["order 7"])
    assert house.effects() == ["trial.bought thing 1"]


def test_a_worker_killed_before_the_service_did_anything_leaves_one_effect(house: House, vendor: Vendor) -> None:
    # given
    vendor.behaviours = ["be silent and do nothing"]
    worker = house.start_worker()
    job_id = house.enqueue("buy", arguments={"url": vendor.url, "key": "order 7"})
    house.until(lambda: len(vendor.headers) == 1)
    # when
    worker.kill()
    house.start_worker()
    # then
    assert house.ended(job_id).state is JobState.DONE
    assert (vendor.effects, vendor.looked_up) == (["order 7"], ["order 7"])
    assert house.effects() == ["trial.bought thing 1"]


def test_a_worker_frozen_in_its_call_past_its_lease_leaves_one_effect(house: House, vendor: Vendor) -> None:
    # given
    vendor.behaviours = ["be silent"]
    frozen = house.start_worker()
    job_id = house.enqueue("buy", arguments={"url": vendor.url, "key": "order 7"})
    house.until(lambda: vendor.effects == ["order 7"])
    # when
    frozen.signal(signal.SIGSTOP)
    house.start_worker()
    job = house.ended(job_id)
    vendor.go_on.set()
    frozen.signal(signal.SIGCONT)
    # then
    house.until(lambda: "somebody else has the job" in house.log.read_text())
    assert (job.state, job.attempt) == (JobState.DONE, 2)
    assert (vendor.effects, house.effects()) == (["order 7"], ["trial.bought thing 1"])


def test_a_silent_service_is_given_time_by_the_jobs_pauses(house: House, vendor: Vendor) -> None:
    # given
    vendor.behaviours = ["hang up", "never asked"]
    house.start_worker()
    # when
    job = house.ended(house.enqueue("buy", arguments={"url": vendor.url, "key": "order 7"}))
    # then
    assert (job.state, job.attempt) == (JobState.DONE, 2)
    assert (vendor.effects, vendor.behaviours) == (["order 7"], ["never asked"])


def test_a_refusal_that_nobody_expects_ends_the_job_with_the_services_words(house: House, vendor: Vendor) -> None:
    # given
    vendor.behaviours = ["refuse"]
    house.start_worker()
    # when
    job = house.ended(house.enqueue("buy", arguments={"url": vendor.url, "key": "order 7"}))
    # then
    assert (job.state, job.attempt, len(vendor.headers)) == (JobState.FAILED, 1, 1)
    assert job.error is not None
    assert 'answered 422: {"error": "no such box"}' in job.error
