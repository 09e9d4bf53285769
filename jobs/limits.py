"""What a job may take: its time, and its worker's memory.

A thread cannot be ended from outside. A job that is over its limit gets an exception at its next step in Python; it
fails then like any other, and is tried again. One that does not take a step (in C code that never returns) is over
twice its limit some day: the worker ends itself then, and its jobs are claimed elsewhere when their leases run out.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil
from dramatiq.threading import Interrupt, raise_thread_exception

from jobs.claims import Claim

__all__ = ["Limits", "MemoryLimitExceeded", "TimeLimitExceeded"]

LOOK = 0.5
"""Seconds between looks."""

_log = logging.getLogger(__name__)


class TimeLimitExceeded(Interrupt):
    """The job, or one step of it, took longer than its actor allows."""


class MemoryLimitExceeded(Interrupt):
    """The worker needs more memory than it may: which of its jobs is to blame cannot be told."""


@dataclass
class _Running:
    claim: Claim
    seconds: float
    began_at: float = field(default_factory=time.monotonic)
    told: bool = False


class Limits:
    """Watches the running jobs of one process."""

    def __init__(self, *, memory: int | None = None, on_full: Callable[[], None] = lambda: None) -> None:
        """`memory`: bytes at which `on_full` is called, once; at half as many again the running jobs are ended."""
        self._memory = memory
        self._on_full = on_full
        self._full = False
        self._lock = threading.Lock()
        self._running: dict[int, _Running] = {}
        self._stopped = threading.Event()

    @contextmanager
    def watching(self, claim: Claim, seconds: float) -> Iterator[None]:
        """This thread does the job inside, and has so long for it."""
        me = threading.get_ident()
        with self._lock:
            self._running[me] = _Running(claim, seconds)
        try:
            yield
        finally:
            with self._lock:
                del self._running[me]

    def begin_step(self, claim: Claim | None = None) -> None:
        """The time of this thread's job begins anew, or that of another, `claim`."""
        with self._lock:
            running = self._running.get(threading.get_ident())
            if running is not None:
                running.began_at = time.monotonic()
                running.claim = claim or running.claim

    def start(self) -> None:
        """Watch in the background until `stop`."""
        threading.Thread(target=self._run, name="limits", daemon=True).start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopped.set()

    def _run(self) -> None:
        process = psutil.Process()
        while not self._stopped.wait(LOOK):
            self.look(time.monotonic(), process.memory_info().rss)

    def look(self, now: float, memory: int) -> None:
        """End what is over its limit."""
        too_much = False
        if self._memory is not None and memory > self._memory:
            too_much = memory > self._memory * 1.5
            if not self._full:
                _log.warning("the worker needs %d MB and stops when its jobs are done", memory // 1_000_000)
                self._full = True
                self._on_full()
        with self._lock:
            for thread, running in self._running.items():
                took = now - running.began_at
                if took > 2 * running.seconds:
                    _log.error("%s %s cannot be interrupted; the worker ends", running.claim.kind, running.claim.id)
                    os._exit(1)
                if not running.told and (too_much or took > running.seconds):
                    running.told = True
                    raise_thread_exception(  # type: ignore[no-untyped-call]
                        thread, MemoryLimitExceeded if too_much else TimeLimitExceeded
                    )
