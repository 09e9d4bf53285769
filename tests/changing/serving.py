"""Real web processes on a prepared database, forked from one that has imported everything."""

import json
import multiprocessing
import multiprocessing.process
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any

import httpx2

from tests.changing import web
from tests.conftest import Server

__all__ = ["Site", "serving"]

CALLERS = 64
"""Connections at once."""

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([web.__name__])


class Site:
    """An open port, and web processes behind it, one after the other: requests wait while there is none."""

    def __init__(self, database: Server, log: Path, *, connections: int) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._log = log
        self._environment = {
            "DATABASE_URL": database.owner,
            "HEADWATER_APP_DATABASE_URL": database.app,
            "HEADWATER_WEB_POOL_SIZE": str(connections),
            "HEADWATER_EXPLORER": "false",
            "HEADWATER_COST_PER_MINUTE": "0",
        }
        self._process: multiprocessing.process.BaseProcess | None = None
        # One client: making one reads the system's certificates, which takes longer than most calls here.
        self._client = httpx2.Client(timeout=60, limits=httpx2.Limits(max_connections=CALLERS))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/graphql"

    def start(self, *, dies_after_commits: int | None = None) -> None:
        """Start a web process; one that kills itself right after its so-many-th commit, before any answer, if asked."""
        process = _PROCESSES.Process(
            target=web.serve,
            args=(self._environment, DupFd(self._listening.fileno()), str(self._log), dies_after_commits),
        )
        process.start()
        self._process = process

    def exit_code(self) -> int | None:
        """Wait for the process's end; minus the signal that ended it."""
        assert self._process is not None
        self._process.join(20)
        return self._process.exitcode

    def log(self) -> str:
        """What the processes wrote."""
        return self._log.read_text() if self._log.exists() else ""

    def post(self, token: str, document: str, variables: Mapping[str, Any]) -> Any:
        """The answer to one operation. Raises httpx2.TransportError when there is none."""
        response = self._client.post(
            self.url,
            content=json.dumps({"query": document, "variables": dict(variables)}),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        return response.json()

    def close(self) -> None:
        """End the process and close the port."""
        if self._process is not None and self._process.is_alive():
            self._process.terminate()
            self._process.join(20)
        self._client.close()
        self._listening.close()


@contextmanager
def serving(database: Server, folder: Path, *, connections: int = 4) -> Iterator[Site]:
    """A site without a process yet."""
    os.environ.setdefault("PYTHONPATH", str(Path(__file__).parents[2]))
    site = Site(database, folder / "web.log", connections=connections)
    try:
        yield site
    finally:
        site.close()
