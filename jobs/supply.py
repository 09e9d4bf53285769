"""How many jobs a worker claims before it has a thread for them.

One claim at a time would cost short jobs more than they do themselves. A hoard of long ones would keep other workers
from them. So a worker claims ahead what its threads do in `AHEAD` seconds, at the pace of the last jobs of the queue.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable

from jobs.claims import Claim

__all__ = ["AHEAD", "LARGEST", "Places", "Supply"]

AHEAD = 0.1
"""Seconds of work that are claimed beforehand."""

LARGEST = 100
"""Jobs that are claimed beforehand at most."""

TURN = 0.25
"""Seconds after which a thread goes back to where other queues wait for it too."""


class Places:
    """The threads of a worker, which its queues share."""

    def __init__(self) -> None:
        self.threads = 0
        self.free = 0
        self.changed = threading.Condition()

    def open(self, threads: int) -> None:
        """So many jobs at once."""
        self.threads = self.free = threads

    def release(self) -> None:
        """A thread has nothing to do."""
        with self.changed:
            self.free += 1
            self.changed.notify_all()


class Supply:
    """The claims of one queue that wait here for a thread."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._claims: deque[Claim] = deque()
        self._pace: float | None = None
        """Seconds that a thread takes for a job, of late."""
        self._turn = threading.local()

    def add(self, claims: Iterable[Claim]) -> None:
        with self._lock:
            self._claims.extend(claims)

    def is_empty(self) -> bool:
        return not self._claims

    def tell(self, seconds: float) -> None:
        """A job took so long."""
        self._pace = seconds if self._pace is None else 0.9 * self._pace + 0.1 * seconds

    def take(self) -> Claim | None:
        """The next one, for a thread that is at this queue already; None at the end of its turn."""
        now = time.monotonic()
        if now > getattr(self._turn, "until", now):
            self._turn.until = None
            del self._turn.until
            return None
        if not hasattr(self._turn, "until"):
            self._turn.until = now + TURN
        with self._lock:
            if not self._claims:
                return None
            claim = self._claims.popleft()
        self._tell_when_low(taken=1)
        return claim

    def take_like(self, claim: Claim, most: int) -> list[Claim]:
        """Up to `most` of the same kind and distributor at their first attempt; other threads keep their share."""
        most = min(most, len(self._claims) // max(self._places.threads, 1))
        if most < 1:
            return []
        like: list[Claim] = []
        others: list[Claim] = []
        with self._lock:
            while self._claims and len(like) < most:
                each = self._claims.popleft()
                alike = (each.kind, each.distributor_id, each.attempt) == (claim.kind, claim.distributor_id, 1)
                (like if alike else others).append(each)
            self._claims.extendleft(reversed(others))
        self._tell_when_low(taken=len(like))
        return like

    def take_with_place(self) -> Claim | None:
        """The next one, together with a free thread for it."""
        with self._places.changed:
            if not self._places.free or not self._claims:
                return None
            with self._lock:
                if not self._claims:
                    return None
                claim = self._claims.popleft()
            self._places.free -= 1
            return claim

    def wait(self, seconds: float) -> int:
        """Until a thread is free, or little is left, at most `seconds`; how many to claim."""
        with self._places.changed:
            self._places.changed.wait_for(lambda: self._places.free > 0 or self._is_low(), seconds)
            if self._places.free and self._claims:
                return 0
            return self._places.free + self._ahead() - len(self._claims) if self._places.free or self._is_low() else 0

    def _tell_when_low(self, *, taken: int) -> None:
        if self._is_low() and len(self._claims) + taken >= self._ahead() // 2:
            with self._places.changed:
                self._places.changed.notify_all()

    def _is_low(self) -> bool:
        return len(self._claims) < self._ahead() // 2

    def _ahead(self) -> int:
        if self._pace is None:
            return 0
        return min(LARGEST, int(self._places.threads * AHEAD / max(self._pace, 1e-6)))
