"""A database with a committed chain, and real workers on it."""

import multiprocessing
import multiprocessing.process
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from db.engine import application_engine
from domain.shared import outbox, steering
from domain.shared.models import Event, Job, JobState
from domain.shared.waiting import ENDED
from jobs.wake import wake
from tenancy.models import Tenant
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.conftest import Chain, Server, found_chain
from tests.jobs.worker import run, run_relay
from tests.message_brokers import MessageServer, installed_server

LIMIT = 60.0
"""Seconds after which a test that waits gives up."""


_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([run.__module__, "jobs.rabbitmq", "jobs.redis"])
"""Workers are forked from a process that has imported everything: importing is most of a worker's start."""


@dataclass
class Worker:
    """A worker process, or a relay."""

    process: multiprocessing.process.BaseProcess

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        self.process.kill()
        self.process.join()

    def signal(self, number: signal.Signals) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    def exit_code(self) -> int | None:
        """Wait for its end."""
        self.process.join(LIMIT)
        return self.process.exitcode


@dataclass
class House:
    """The database of one test and the workers on it."""

    sessions: Sessions
    chain: Chain
    url: str
    log: Path
    broker: MessageServer | None = None
    """What brings jobs to the workers; None: the table does."""
    workers: list["Worker"] = field(default_factory=list)

    @property
    def distributor(self) -> Tenant:
        return self.chain.distributor.tenant

    def start_worker(self, **environment: str) -> "Worker":
        """Start a worker with a lease of 1 s, and with the trial actors."""
        return self._start(run, {"HEADWATER_JOB_LEASE": "1", **environment})

    def start_relay(self) -> "Worker":
        """Start a relay that announces again after 1 s."""
        return self._start(run_relay, {"HEADWATER_RELAY_AGAIN_AFTER": "1"})

    def _start(self, target: Callable[[Mapping[str, str], Path], None], environment: dict[str, str]) -> "Worker":
        environment |= {"HEADWATER_APP_DATABASE_URL": self.url}
        if self.broker is not None:
            environment |= {"BROKER_URL": self.broker.url}
        process = _PROCESSES.Process(target=target, args=(environment, self.log))
        process.start()
        worker = Worker(process)
        self.workers.append(worker)
        return worker

    def enqueue(self, kind: str, *, owner: Tenant | None = None, **more: Any) -> UUID:
        """Commit a job of the trial queue, and wake the workers."""
        arguments = more.pop("arguments", {})
        with self.sessions.begin(PLATFORM) as session:
            job_id = outbox.enqueue(
                session, owner or self.distributor, f"trial.{kind}", queue="trial", arguments=arguments, **more
            )
        wake(self.sessions.engine)
        return job_id

    def cancel(self, job_id: UUID) -> None:
        """As an operator does."""
        with self.sessions.begin(PLATFORM) as session:
            steering.cancel(session, session.scalars(select(Job).where(Job.id == job_id).with_for_update()).one())

    def job(self, job_id: UUID) -> Job:
        """The row as it is now."""
        with self.sessions.begin(PLATFORM) as session:
            return session.scalars(select(Job).where(Job.id == job_id)).one()

    def ended(self, job_id: UUID) -> Job:
        """The row when the job has ended."""
        self.until(lambda: self.job(job_id).state in ENDED)
        return self.job(job_id)

    def states(self) -> Counter[JobState]:
        with self.sessions.begin(PLATFORM) as session:
            return Counter(session.scalars(select(Job.state)))

    def effects(self) -> list[str]:
        """What the trial actors did and kept, in order."""
        with self.sessions.begin(PLATFORM) as session:
            return list(
                session.scalars(select(Event.type).where(Event.type.startswith("trial.")).order_by(Event.sequence))
            )

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something to be so. Raises TimeoutError with the workers' log."""
        deadline = time.monotonic() + LIMIT
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(self.log.read_text()[-5000:])
            time.sleep(0.01)


class _Servers:
    """The message brokers of this process of the run, started when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: dict[str, MessageServer] = {}

    def get(self, name: str) -> MessageServer | None:
        if name == "table":
            return None
        if name not in self._started:
            server = installed_server(name, self._folder / name)
            server.start()
            self._started[name] = server
        return self._started[name]

    def stop(self) -> None:
        for server in self._started.values():
            server.stop()


@pytest.fixture(scope="session")
def message_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Servers]:
    """Not shared with the other processes of a run, so that a test may kill them."""
    servers = _Servers(tmp_path_factory.mktemp("brokers"))
    yield servers
    servers.stop()


@pytest.fixture
def broker(request: pytest.FixtureRequest, message_servers: _Servers) -> MessageServer | None:
    """What brings jobs to workers: with `@every_broker` the table, RabbitMQ and Redis in turn, otherwise the table."""
    return message_servers.get(getattr(request, "param", "table"))


@pytest.fixture
def house(fresh_database: Server, broker: MessageServer | None, tmp_path: Path) -> Iterator[House]:
    engine = application_engine(fresh_database.app)
    sessions = Sessions(engine)
    with sessions.begin(PLATFORM) as session:
        chain = found_chain(session)
    log = tmp_path / "worker.log"
    log.touch()
    house = House(sessions=sessions, chain=chain, url=fresh_database.app, log=log, broker=broker)
    if broker is not None:
        house.start_relay()
    yield house
    for worker in house.workers:
        worker.kill()
    engine.dispose()
