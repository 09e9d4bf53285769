"""A whole house for one story: database, web, worker, mailbox, each a real process or server."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from db.engine import application_engine
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tenancy.tokens import set_operator_token
from tests.api.conftest import Api, opened
from tests.conftest import Server, _clone
from tests.jobs.conftest import House as WorkingHouse
from tests.journeys.telling import Story

ROOT = Path(__file__).parents[2]
OPERATOR = "hw_operator-of-the-journeys"
LIMIT = 30
"""Seconds until a process has to be ready."""


class Mailbox(MessageHandler):
    """Keeps what was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[Message] = []

    def handle_message(self, message: Message) -> None:
        """Take one mail."""
        self.mails.append(message)


@dataclass
class House:
    """Where the story takes place."""

    database: Server
    url: str
    mailbox: Mailbox
    environment: dict[str, str]
    log: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, module: str) -> None:
        """Start one of the processes that `up` keeps running."""
        with self.log.open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", module],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill_worker(self) -> None:
        """SIGKILL the worker, then start another, as the supervisor would."""
        worker = self.processes["worker"]
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        self.start("worker", "jobs.worker")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of `./headwater` on this house."""
        return subprocess.run(
            [sys.executable, "-m", "server.cli", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def mails(self) -> list[str]:
        """Recipient, subject and text of every mail so far."""
        return [f"{mail['To']}\n{mail['Subject']}\n{_text(mail)}" for mail in self.mailbox.mails]


def _text(mail: Message) -> str:
    payload: Any = mail.get_payload(decode=True)
    return payload.decode() if isinstance(payload, bytes) else ""


@pytest.fixture
def house(fresh_database: Server, tmp_path: Path) -> Iterator[House]:
    """Everything that `./headwater up` starts, on a database of the test's own."""
    mailbox = Mailbox()
    catcher = Controller(mailbox, hostname="127.0.0.1", port=_free_port())
    catcher.start()
    port = _free_port()
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("HEADWATER_") and name != "DATABASE_URL"
    } | {
        "DATABASE_URL": fresh_database.owner,
        "HEADWATER_APP_DATABASE_URL": fresh_database.app,
        "HEADWATER_OPERATOR_TOKEN": OPERATOR,
        "HEADWATER_DATA_DIR": str(tmp_path),
        "HEADWATER_PORT": str(port),
        "HEADWATER_SMTP_HOST": "127.0.0.1",
        "HEADWATER_SMTP_PORT": str(catcher.port),
        "HEADWATER_JOB_LEASE": "1",
    }
    engine = application_engine(fresh_database.app)
    with Sessions(engine).begin(PLATFORM) as session:
        set_operator_token(session, OPERATOR)
    engine.dispose()
    found = House(fresh_database, f"http://127.0.0.1:{port}", mailbox, environment, tmp_path / "log")
    found.start("web", "server.web")
    found.start("worker", "jobs.worker")
    try:
        _wait_until_ready(found)
        yield found
    finally:
        for process in found.processes.values():
            process.terminate()
        for process in found.processes.values():
            process.wait(20)
        catcher.stop()


@pytest.fixture(scope="session")
def place(postgres: Server, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An application and a worker for all stories of one process of the run."""
    log = tmp_path_factory.mktemp("stories") / "worker.log"
    log.touch()
    for database in _clone(postgres, f"headwater_{worker_id}_stories"):
        for api in opened(database):
            workers = WorkingHouse(sessions=Sessions(api.engine), chain=api.chain, url=database.app, log=log)
            workers.start_worker()
            yield api
            for worker in workers.workers:
                worker.kill()


@pytest.fixture
def begins(place: Api, request: pytest.FixtureRequest) -> Callable[..., Story]:
    """Begins a story on a day, at a distributor of its own."""

    def begin(on: str, name: str | None = None, **more: Any) -> Story:
        return Story.begins(place, name or request.node.name, on, **more)

    return begin


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(house: House) -> None:
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        try:
            if httpx2.get(f"{house.url}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        if house.processes["web"].poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError(f"the web process is not ready:\n{house.log.read_text()}")
