"""The house that is to stand: PostgreSQL, web, workers on the table and on both message brokers, and their relays.

All of it real processes under the supervisor that `up` uses. Everything is killed with SIGKILL.
"""

import os
import random
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import psutil

from server import supervisor as supervisor_module
from server.embedded import EmbeddedPostgres
from server.processes import WEB_SOCKET
from server.supervisor import PostgresChild, ProgramChild, Supervisor
from tests.message_brokers import MessageServer

__all__ = ["LEASE", "WAY", "ChaosHouse", "opened_house"]

WAY = "CHAOS_WAY"
"""Environment variable: the way by which jobs come to a worker, `table` or the name of a message broker."""

LEASE = 2
"""Seconds."""

ENDURANCE = {"fsync": "off"}
"""A SIGKILL takes the process and leaves the system: what was handed to that is not lost."""


@dataclass
class _Postgres(PostgresChild):
    def start(self) -> "subprocess.Popen[bytes]":
        return self.server.start(ENDURANCE)


@dataclass
class _MessageBroker:
    """A message broker as the supervisor's child."""

    name: str
    server: MessageServer

    def start(self) -> "subprocess.Popen[bytes]":
        self.server.begin()
        assert self.server.process is not None
        return self.server.process

    def stop(self, *, at_once: bool) -> None:  # noqa: ARG002 - it loses nothing that matters
        self.server.stop()

    def last_words(self) -> list[str]:
        return []


@dataclass
class ChaosHouse:
    """What runs, and what was done to it."""

    supervisor: Supervisor
    postgres: EmbeddedPostgres
    listening: socket.socket
    """The port of the API, open from before web is started until the end."""
    log_dir: Path
    chance: random.Random
    servers: dict[str, MessageServer] = field(default_factory=dict)
    programs: dict[str, ProgramChild] = field(default_factory=dict)
    done_to: Counter[str] = field(default_factory=Counter)
    """How often each kind of misfortune has happened."""
    frozen: psutil.Process | None = None

    @property
    def url(self) -> str:
        """Of the API."""
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    @property
    def ways(self) -> list[str]:
        """All ways of jobs to workers; each has two workers and one queue."""
        return ["table", *self.servers]

    def start_programs(self) -> None:
        """Web, two workers for each way, and a relay for each message broker."""
        descriptor = self.listening.fileno()
        self._start("web", "server.web", {WEB_SOCKET: str(descriptor)}, [descriptor])
        for name, server in self.servers.items():
            self._start(f"relay-{name}", "tests.chaos.relay", {"BROKER_URL": server.url, WAY: name})
        for way in self.ways:
            broker = {} if way == "table" else {"BROKER_URL": self.servers[way].url}
            for number in (1, 2):
                self._start(f"worker-{way}-{number}", "tests.chaos.worker", broker | {WAY: way})

    def _start(self, name: str, module: str, environment: dict[str, str], sockets: Sequence[int] = ()) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
        common = {
            "HEADWATER_APP_DATABASE_URL": self.postgres.app_url(),
            "HEADWATER_DATA_DIR": str(self.log_dir),
            "HEADWATER_JOB_LEASE": str(LEASE),
            "HEADWATER_RELAY_AGAIN_AFTER": "3",
        }
        child = ProgramChild(name, module, self.log_dir, inherited | common | environment, sockets)
        self.programs[name] = child
        self.supervisor.add(child)

    def hurt(self, kind: str) -> None:
        """Do it; where there is nobody to do it to, nothing."""
        match kind:
            case "worker" | "relay":
                self._kill(self.chance.choice([name for name in self.programs if name.startswith(kind)]))
            case "web":
                self._kill(kind)
            case "postgres" | "backend":
                self._kill_postgres(kind)
            case _:
                server = self.servers[kind]
                if server.process is not None and server.process.poll() is None:
                    server.process.send_signal(signal.SIGKILL)
                    self.done_to[kind] += 1

    def fenced(self) -> int:
        """How often a worker found at its commit that somebody else had the job."""
        logs = (child.log_path.read_text(errors="replace") for child in self.programs.values() if child.log_path)
        return sum(log.count("somebody else has the job by now") for log in logs)

    def freeze(self, way: str) -> None:
        """Let a worker of this way stand still where it is, until it is thawed."""
        process = self.programs[f"worker-{way}-{self.chance.randint(1, 2)}"].process
        if self.frozen is None and process is not None and process.poll() is None:
            self.frozen = psutil.Process(process.pid)
            self.frozen.send_signal(signal.SIGSTOP)
            self.done_to["freeze"] += 1

    def thaw(self) -> None:
        """Let the frozen worker go on."""
        if self.frozen is not None:
            with _gone:
                self.frozen.send_signal(signal.SIGCONT)
        self.frozen = None

    def end(self) -> None:
        """Kill all programs: nobody waits for a farewell."""
        self.thaw()
        for child in self.programs.values():
            child.stop(at_once=True)

    def _kill(self, name: str) -> None:
        process = self.programs[name].process
        if process is not None and process.poll() is None and not self._is_frozen(process.pid):
            process.send_signal(signal.SIGKILL)
            self.done_to[name] += 1

    def _kill_postgres(self, kind: str) -> None:
        process = self.postgres.process
        if process is None or process.poll() is not None:
            return
        with _gone:
            victim = psutil.Process(process.pid)
            if kind == "backend":
                victim = self.chance.choice(victim.children())
            victim.send_signal(signal.SIGKILL)
            self.done_to[kind] += 1

    def _is_frozen(self, pid: int) -> bool:
        return self.frozen is not None and self.frozen.pid == pid


_gone = suppress(psutil.NoSuchProcess, IndexError)
"""Around what is done to a process that may have ended by itself."""


@contextmanager
def opened_house(
    folder: Path, servers: dict[str, MessageServer], *, chance: random.Random, said: list[str]
) -> Iterator[ChaosHouse]:
    """PostgreSQL with an empty database, and the message brokers; programs are started when that has its tables."""
    log_dir = folder / "log"
    log_dir.mkdir(parents=True, exist_ok=True)
    supervisor = Supervisor(said.append)
    with ExitStack() as stack:
        # The dead are wanted back at once, however often they died.
        stack.enter_context(patch.object(supervisor_module, "LONGEST_DELAY", 0.5))
        stack.callback(supervisor.stop)
        postgres = EmbeddedPostgres(folder)
        supervisor.add(_Postgres(postgres))
        for name, server in servers.items():
            supervisor.add(_MessageBroker(name, server))
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=2048))
        house = ChaosHouse(supervisor, postgres, listening, log_dir, chance, servers)
        stack.callback(house.end)
        yield house
