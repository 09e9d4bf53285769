"""Who may be asked how often: limits for each host, and a rest for hosts that fail.

In each process by itself. It keeps the threads of a worker from waiting all for one host that is down, and a host that
is coming back from everybody's retries at once; it is no contract with the host: what a service allows is its
connector's to know.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from connectors.errors import CallRefused, CallUnavailable

__all__ = ["Gates"]


@dataclass
class _Gate:
    within: int = 0
    """Calls under way."""
    failures: int = 0
    """In a row."""
    closed_until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Gates:
    """One gate a host: at most `at_once` calls; after `patience` failures in a row it closes, for `rest` and then
    twice as long after each call that is let through to try and fails, up to `longest_rest` (seconds)."""

    def __init__(self, *, at_once: int = 3, patience: int = 5, rest: float = 5.0, longest_rest: float = 300.0) -> None:
        self._at_once = at_once
        self._patience = patience
        self._rest = rest
        self._longest_rest = longest_rest
        self._gates: dict[str, _Gate] = {}
        self._lock = threading.Lock()

    @contextmanager
    def through(self, host: str) -> Iterator[None]:
        """Call the host in the block. An exception that leaves it counts as a failure, but for a refusal.

        Raises CallUnavailable, with the time of its end, while the gate is closed or full.
        """
        gate = self._gate(host)
        self._enter(gate, host)
        try:
            yield
        except CallRefused:
            self._leave(gate, failed=False)
            raise
        except BaseException:
            self._leave(gate, failed=True)
            raise
        self._leave(gate, failed=False)

    def _gate(self, host: str) -> _Gate:
        with self._lock:
            return self._gates.setdefault(host, _Gate())

    def _enter(self, gate: _Gate, host: str) -> None:
        with gate.lock:
            left = gate.closed_until - time.monotonic()
            if left > 0:
                raise CallUnavailable(f"{host} has failed {gate.failures} times", after=timedelta(seconds=left))
            if gate.failures >= self._patience:
                # One may try; for the others it stays closed until that one is back.
                gate.closed_until = time.monotonic() + self._rest
            if gate.within >= self._at_once:
                raise CallUnavailable(f"{gate.within} calls to {host} are under way", after=timedelta(seconds=1))
            gate.within += 1

    def _leave(self, gate: _Gate, *, failed: bool) -> None:
        with gate.lock:
            gate.within -= 1
            if not failed:
                gate.failures, gate.closed_until = 0, 0.0
                return
            gate.failures += 1
            if gate.failures >= self._patience:
                rest = self._rest * 2.0 ** min(gate.failures - self._patience, 20)
                gate.closed_until = time.monotonic() + min(rest, self._longest_rest)
