"""Nothing lost, nothing twice, whatever dies."""

import time
from collections import Counter
from pathlib import Path

import pytest

from domain.shared.models import JobState
from tests.chaos.endurance import endure
from tests.message_brokers import installed_server

MINUTES = 0.5
JOBS = 5000


@pytest.mark.slow
def test_five_thousand_jobs_have_five_thousand_effects_while_everything_dies(
    tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    # given
    minutes = pytestconfig.getoption("minutes", None) or MINUTES
    seed = pytestconfig.getoption("seed", None) or time.time_ns() % 10**6
    jobs = max(JOBS, round(JOBS * minutes / MINUTES))
    servers = {name: installed_server(name, tmp_path / name) for name in ("rabbitmq", "redis")}
    print(f"seed {seed}")  # noqa: T201 - to do it again
    # when
    outcome = endure(tmp_path / "house", servers, jobs=jobs, seconds=minutes * 60, seed=seed, say=print)
    # then
    client = outcome.client
    print(  # noqa: T201
        f"{jobs} jobs in {outcome.seconds:.0f} s, {outcome.attempts} claims, {outcome.fenced} of them fenced off; "
        f"{client.accounts} accounts and {client.hours} moves of the clock over the API, {client.unanswered} requests "
        f"unanswered; done to it: {dict(outcome.done_to)}"
    )
    ways = ("table", "rabbitmq", "redis")
    assert outcome.effects == Counter((number, ways[number % 3]) for number in range(jobs))
    assert outcome.states == Counter({JobState.DONE: jobs + client.hours})
    assert client.failure is None
    assert outcome.accounts == Counter(str(number + 1) for number in range(client.accounts))
    assert outcome.hours == client.hours
    assert {"freeze", "web", "postgres", "backend", "rabbitmq", "redis"} <= set(outcome.done_to)
    assert outcome.fenced >= 1
    assert {name.partition("-")[0] for name in outcome.done_to} >= {"worker", "relay"}
