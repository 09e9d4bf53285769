"""Short jobs in company: several of one kind and one distributor share a transaction.

To begin a transaction in a scope, and to commit it to the disk, costs more than what a short job does itself. In
company their effects come one after the other, each under its own name for the audit log, and their ends in one
statement, which holds every claim to its number. All of it commits or none: when one of them fails, is refused, takes
too long, or has lost its claim, nothing stays, and each is done alone at once, by the same claim. So no job suffers by
another's failure, and what becomes of a job is told by its own attempt only.

Long jobs have no company, nor kinds of which one failed a moment ago, nor a job that lost a worker: it may be what
kills workers, and is not to take others with it.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dramatiq.threading import Interrupt

from domain.audit.about import about_job
from domain.shared import outbox
from jobs import claims
from jobs.claims import Claim
from jobs.limits import Limits
from jobs.lines import Lines
from jobs.metrics import count_attempt
from jobs.tracing import following_trace
from jobs.wake import wake

__all__ = ["LASTS", "MOST", "Company", "Shared", "do_together"]

LASTS = 0.05
"""Seconds that a shared transaction may take: for so long its jobs wait for each other, and others for their locks."""

MOST = 25
"""Jobs of one transaction."""

_FADES = 0.9
"""What is left of a kind's longest time with each job after it."""

_AFTER_A_FAILURE = 1.0
"""Seconds that a kind's jobs count as taking when one of them failed: the next thirty or so go alone."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shared:
    """What jobs of one kind do in a transaction that they share."""

    effect: Callable[..., None]
    """`(session, scope, **arguments)`."""
    read: Callable[[Claim], Mapping[str, Any]]
    """The arguments of a job."""
    time_limit: float
    """Seconds, of each."""


class Company:
    """How many jobs of a kind may share a transaction, by how long they took of late."""

    def __init__(self) -> None:
        self._longest: dict[str, float] = {}

    def size(self, kind: str) -> int:
        """So many may; 1 while nothing is known of the kind."""
        longest = self._longest.get(kind, LASTS)
        return max(1, min(MOST, int(LASTS / max(longest, 1e-6))))

    def tell(self, kind: str, longest: float, *, jobs: int = 1) -> None:
        """So many jobs were done, and one of them took so long."""
        self._longest[kind] = max(longest, _FADES**jobs * self._longest.get(kind, 0.0))

    def avoid(self, kind: str) -> None:
        """One of the kind came to nothing: others are likely to, and to be done twice for it."""
        self._longest[kind] = _AFTER_A_FAILURE


def do_together(lines: Lines, watch: Limits, shared: Shared, company: Sequence[Claim]) -> float | None:
    """Do these jobs of one distributor; the seconds that the longest took. None: nothing was kept, and each has to be
    done alone. Raises nothing."""
    first = company[0]
    took = []
    try:
        with (
            watch.watching(first, shared.time_limit),
            lines.begin(first.scope, about=about_job(first.kind, first.id)) as session,
        ):
            for claim in company:
                began_at = time.monotonic()
                scope = claim.scope
                if claim is not first:
                    watch.begin_step(claim)
                    session.turn_to(scope, about=about_job(claim.kind, claim.id))
                with following_trace(claim):
                    shared.effect(session, scope, **shared.read(claim))
                    session.flush()
                took.append(time.monotonic() - began_at)
            claims.finish_all(session, company)
    except (Exception, Interrupt) as error:  # noqa: BLE001 - whatever it is, it comes again to whom it concerns
        _log.info("%d of %s go on alone: %s", len(company), first.kind, str(error).strip() or type(error).__name__)
        return None
    if outbox.has_enqueued(session):
        wake(lines.engine)
    for claim, seconds in zip(company, took, strict=True):
        count_attempt(claim, "done", seconds)
    return max(took)
