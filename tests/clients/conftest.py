"""One running web process for all clients, on a database with a chain and accounts in it."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx2
import pytest

from db.engine import application_engine
from domain.customers.actions import create_account
from server.processes import WEB_SOCKET
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.clients.node import project
from tests.conftest import Server, _clone, found_chain, scope_of

__all__ = ["ACCOUNTS", "Web", "project", "web"]

ROOT = Path(__file__).parents[2]
ACCOUNTS = 25
READY_LIMIT = 30
"""Seconds."""


@dataclass(frozen=True)
class Web:
    """Where clients send their operations, and as whom."""

    address: str
    token: str
    """Of the child reseller, who has `ACCOUNTS` accounts."""

    @property
    def graphql(self) -> str:
        """The URL of the API."""
        return f"{self.address}/graphql"


@pytest.fixture(scope="session")
def web(postgres: Server, worker_id: str) -> Iterator[Web]:
    """A real web process. Requests wait in its socket until it is ready."""
    for database in _clone(postgres, f"headwater_{worker_id}_clients"):
        token = _furnished(database)
        with socket.create_server(("127.0.0.1", 0)) as listening, tempfile.TemporaryFile() as log:
            process = _started(database, listening.fileno(), log)
            try:
                host, port = listening.getsockname()
                found = Web(f"http://{host}:{port}", token)
                _wait_until_ready(found, process, log)
                yield found
            finally:
                process.terminate()
                process.wait(20)


def _wait_until_ready(web: Web, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    until = time.monotonic() + READY_LIMIT
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx2.get(f"{web.address}/readyz", timeout=1).status_code == 200:
                return
        except httpx2.TimeoutException:
            continue
    log.seek(0)
    raise RuntimeError(f"the web process is not ready:\n{log.read().decode()}")


def _furnished(database: Server) -> str:
    """Found the chain, give the child reseller its accounts, return its token."""
    engine = application_engine(database.app, pool_size=1)
    try:
        with Sessions(engine).begin(PLATFORM) as session:
            chain = found_chain(session)
            scope = scope_of(chain.child)
            session.act_as(scope)
            for number in range(1, ACCOUNTS + 1):
                email = f"till@meadow-{number}.example"
                create_account(session, scope, name=f"Meadow {number}", email=email, clock=chain.clock)
        return chain.child.token
    finally:
        engine.dispose()


def _started(database: Server, descriptor: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
    settings = {
        "DATABASE_URL": database.owner,
        "HEADWATER_APP_DATABASE_URL": database.app,
        "HEADWATER_WEB_POOL_SIZE": "3",
        WEB_SOCKET: str(descriptor),
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("HEADWATER_")}
    return subprocess.Popen(
        [sys.executable, "-m", "server.web"],
        cwd=ROOT,
        env=inherited | settings,
        pass_fds=[descriptor],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
