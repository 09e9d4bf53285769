"""Keeps the processes of one `up` running, and ends with all of them.

Children are started from the main thread and stand in sessions of their own: a Ctrl-C reaches us only, and we stop them
in order, those that use others first.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Protocol

from server.embedded import EmbeddedError, EmbeddedPostgres
from server.processes import dies_with_parent
from server.settings import ROOT

__all__ = ["Child", "PostgresChild", "ProgramChild", "StartupError", "Supervisor", "put_aside_long_logs"]

POLL = 0.1
"""Seconds between looks at the children."""

FIRST_DELAY, LONGEST_DELAY = 0.2, 10.0
"""Seconds before a dead child is started again; doubled each time."""

STEADY_AFTER = 30.0
"""Seconds after which a child counts as healthy again, and its next death as its first."""

LOG_LIMIT = 10_000_000
"""Bytes of a log that the next `up` puts aside."""


class StartupError(RuntimeError):
    """The house does not come up; the text is for the terminal."""


class Child(Protocol):
    """What the supervisor keeps running."""

    name: str

    def start(self) -> subprocess.Popen[bytes]:
        """Raises EmbeddedError or OSError."""

    def stop(self, *, at_once: bool) -> None: ...

    def last_words(self) -> list[str]: ...


@dataclass
class ProgramChild:
    """A Python module run as a process."""

    name: str
    module: str
    log_dir: Path | None
    """Where its log is written; None: it says everything where we do."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """The whole environment, but for PYTHONPATH."""
    sockets: Sequence[int] = ()
    """File descriptors it inherits."""
    arguments: Sequence[str] = ()
    stop_limit: float = 10.0
    """Seconds from SIGTERM to SIGKILL."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def log_path(self) -> Path | None:
        return None if self.log_dir is None else self.log_dir / f"{self.name}.log"

    def start(self) -> subprocess.Popen[bytes]:
        with nullcontext() if self.log_path is None else self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", self.module, *self.arguments],
                cwd=ROOT,
                env={**self.environment, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self.sockets,
                start_new_session=True,
                # They are built to lose nothing when killed, and a next `up` should not find them still leaving.
                preexec_fn=dies_with_parent(signal.SIGKILL),
            )
        return self.process

    def stop(self, *, at_once: bool) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        if not at_once:
            self.process.terminate()
            try:
                self.process.wait(self.stop_limit)
            except subprocess.TimeoutExpired:
                at_once = True
        if at_once:
            self.process.kill()
            self.process.wait()

    def last_words(self) -> list[str]:
        if self.log_path is None:
            return []
        with self.log_path.open("rb") as log:
            log.seek(max(0, self.log_path.stat().st_size - 8192))
            return log.read().decode(errors="replace").splitlines()[-15:]


@dataclass
class PostgresChild:
    """The embedded PostgreSQL."""

    server: EmbeddedPostgres
    name: str = "postgres"

    def start(self) -> subprocess.Popen[bytes]:
        return self.server.start()

    def stop(self, *, at_once: bool) -> None:
        self.server.stop(fast=at_once)

    def last_words(self) -> list[str]:
        return []


@dataclass
class _Watched:
    child: Child
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    deaths: int = 0
    """Since it last ran for STEADY_AFTER."""
    start_at: float | None = None


class Supervisor:
    """Starts children in the order given, starts dead ones again, stops all in the reverse order of `add`."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._watched: list[_Watched] = []
        self._stop = threading.Event()
        self._impatient = False

    @contextmanager
    def signals(self) -> Iterator[None]:
        """SIGINT, SIGTERM and SIGHUP end `wait`; a second one makes the stop immediate."""
        handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._signalled) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _signalled(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the form of a handler
        self._impatient = self._stop.is_set()
        self._stop.set()

    def is_stopping(self) -> bool:
        """Whether a signal came."""
        return self._stop.is_set()

    def add(self, child: Child) -> None:
        """Start the child; from here on it is kept running.

        Raises EmbeddedError, OSError.
        """
        watched = _Watched(child)
        self._watched.append(watched)
        watched.process = child.start()
        watched.started_at = time.monotonic()

    def wait(self, until: Callable[[], bool] | None = None, *, limit: float | None = None) -> None:
        """Keep the children running until a signal comes or `until` holds.

        Raises StartupError when `limit` seconds pass first, or when by then a child has died three times in a row.
        """
        deadline = time.monotonic() + limit if limit is not None else None
        while not self._stop.is_set():
            for watched in self._watched:
                self._look_after(watched)
            if until is not None and until():
                return
            if deadline is not None:
                self._give_up_if_hopeless(deadline)
            self._stop.wait(POLL)

    def all_run(self) -> bool:
        """Whether no child is dead at the moment."""
        return all(each.start_at is None and each.process is not None for each in self._watched)

    def stop(self) -> None:
        """Stop all children, last added first."""
        if self._watched:
            self._say("stopping")
        for watched in reversed(self._watched):
            watched.child.stop(at_once=self._impatient)

    def _look_after(self, watched: _Watched) -> None:
        now = time.monotonic()
        if watched.start_at is not None:
            if now >= watched.start_at:
                self._start_again(watched)
            return
        assert watched.process is not None
        code = watched.process.poll()
        if code is None:
            return
        if now - watched.started_at >= STEADY_AFTER:
            watched.deaths = 0
        self._schedule(watched, "was killed" if code < 0 else f"ended with {code}")

    def _start_again(self, watched: _Watched) -> None:
        watched.start_at = None
        try:
            watched.process = watched.child.start()
            watched.started_at = time.monotonic()
        except (EmbeddedError, OSError) as error:
            self._schedule(watched, f"does not start: {error}")

    def _schedule(self, watched: _Watched, what: str) -> None:
        delay = min(FIRST_DELAY * 2**watched.deaths, LONGEST_DELAY)
        watched.deaths += 1
        watched.start_at = time.monotonic() + delay
        last = watched.child.last_words()[-1:]
        self._say(f"{watched.child.name} {what}; starting it again in {delay:.1f} s" + "".join(f" ({w})" for w in last))

    def _give_up_if_hopeless(self, deadline: float) -> None:
        for watched in self._watched:
            if watched.deaths >= 3:
                words = "\n  ".join(watched.child.last_words())
                raise StartupError(f"{watched.child.name} does not stay up; it last said:\n  {words}")
        if time.monotonic() > deadline:
            raise StartupError("web and worker do not get ready in time; see their logs")


def put_aside_long_logs(log_dir: Path) -> None:
    """Keep one older generation of a log that grew long."""
    for log in log_dir.glob("*.log"):
        if log.stat().st_size > LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
