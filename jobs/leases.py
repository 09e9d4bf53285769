"""Keeps the leases of running jobs alive."""

import logging
import threading
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from jobs import claims
from jobs.claims import Claim
from jobs.lines import DATABASE_ERRORS
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions

__all__ = ["LEASE", "Leases"]

LEASE = timedelta(seconds=4)
"""How long a dead worker's jobs wait for another worker."""

_log = logging.getLogger(__name__)


class Leases:
    """The claims of this process. Every quarter of a lease, one statement extends those that were there at the last."""

    def __init__(self, sessions: Sessions, *, lease: timedelta = LEASE) -> None:
        self.lease = lease
        self._sessions = sessions
        self._lock = threading.Lock()
        self._held: dict[UUID, Claim] = {}
        self._seen: set[tuple[UUID, int]] = set()
        """Jobs and attempts that were held at the last look. A claim that is new has most of its lease before it."""
        self._stopped = threading.Event()

    def add(self, taken: Iterable[Claim]) -> None:
        """Extend these from now on."""
        with self._lock:
            self._held.update((claim.id, claim) for claim in taken)

    def remove(self, gone: Iterable[Claim]) -> None:
        """Settled, or somebody else's by now."""
        with self._lock:
            for claim in gone:
                # A frozen process may find its own later claim of the same job under this id.
                if self._held.get(claim.id) is claim:
                    del self._held[claim.id]

    def held(self) -> list[Claim]:
        """The claims that are being worked on."""
        with self._lock:
            return list(self._held.values())

    def _old(self) -> list[Claim]:
        held = self.held()
        seen, self._seen = self._seen, {(claim.id, claim.attempt) for claim in held}
        return [claim for claim in held if (claim.id, claim.attempt) in seen]

    def start(self) -> None:
        """Extend in the background until `stop`."""
        threading.Thread(target=self._run, name="leases", daemon=True).start()

    def stop(self) -> None:
        """Let what is held run out."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.wait(self.lease.total_seconds() / 4):
            held = self._old()
            if not held:
                continue
            try:
                with self._sessions.begin(PLATFORM) as session:
                    claims.extend(session, held, lease=self.lease)
            except DATABASE_ERRORS as error:
                _log.warning("cannot extend leases: %s", str(error).strip())
