"""A Dramatiq broker whose queue is the job table.

Dramatiq gives threads, consumers and an orderly stop. What makes jobs safe is in the table: a message carries a claim,
and the job's own transaction settles it (`jobs.tasks`), so acknowledging has nothing left to do but free a place.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from dramatiq import Broker, Consumer, Message, MessageProxy
from dramatiq.errors import QueueNotFound
from sqlalchemy.exc import IntegrityError

from jobs import claims
from jobs.claims import Claim, LeaseLost
from jobs.company import Company, Shared, do_together
from jobs.leases import LEASE, Leases
from jobs.limits import Limits
from jobs.lines import DATABASE_ERRORS, Lines
from jobs.supply import Places, Supply
from jobs.turns import last_served
from tenancy.scope import PLATFORM

__all__ = ["POLL", "TableBroker", "broker", "living"]

POLL = 0.5
"""Seconds between looks at the table, for what no notification told: retries, leases that ran out."""

_log = logging.getLogger(__name__)


class TableBroker(Broker):
    """Claims as many jobs as there are threads to do them; of short ones more, as many as are soon done."""

    def __init__(self) -> None:
        # None of Dramatiq's middleware: retries, age and time are the table's.
        super().__init__(middleware=[])
        self.queues: dict[str, threading.Event] = {}
        """By name: set when the queue is worth a look."""
        self.limits: dict[str, dict[str, int]] = {}
        """By queue, the kinds of jobs that have actors here, and how often each may be claimed."""
        self.performers: dict[str, Callable[[Claim], None]] = {}
        """By kind: what does one claimed job and puts down how it ended."""
        self.shared: dict[str, Shared] = {}
        """By kind, of those whose short jobs may share a transaction."""
        self.company = Company()
        self.watch = Limits()
        """What ends jobs that take too much."""
        self.stopping = threading.Event()
        """From here on nothing is claimed, and jobs of many steps stop between two."""
        self._sessions: Lines | None = None
        self._leases: Leases | None = None
        self.places = Places()
        self._supplies: dict[str, Supply] = {}

    @property
    def sessions(self) -> Lines:
        if self._sessions is None:
            raise RuntimeError("the broker is not connected: a worker calls `connect` first")
        return self._sessions

    @property
    def leases(self) -> Leases:
        if self._leases is None:
            raise RuntimeError("the broker is not connected: a worker calls `connect` first")
        return self._leases

    def connect(self, sessions: Lines, *, threads: int, lease: timedelta = LEASE) -> None:
        """Take jobs from this database, as many at once as `threads`."""
        self._sessions = sessions
        self._leases = Leases(sessions, lease=lease)
        self.places.open(threads)

    def wake(self) -> None:
        """Let every consumer look at the table now."""
        for worth_a_look in self.queues.values():
            worth_a_look.set()

    def do(self, claim: Claim) -> None:
        """Do a job that was claimed, and with it those that wait here and may share its transaction."""
        supply = self._supplies[claim.queue]
        shared = self.shared.get(claim.kind) if claim.attempt == 1 else None
        company = [claim]
        if shared is not None:
            company += supply.take_like(claim, self.company.size(claim.kind) - 1)
        began_at = time.monotonic()
        longest = None
        if shared is not None and len(company) > 1:
            longest = do_together(self.sessions, self.watch, shared, company)
        if longest is not None:
            self.company.tell(claim.kind, longest, jobs=len(company))
        else:
            self._do_each(company)
        self.leases.remove(company)
        supply.tell((time.monotonic() - began_at) / len(company))

    def _do_each(self, company: Sequence[Claim]) -> None:
        for claim in company:
            began_at = time.monotonic()
            self.performers[claim.kind](claim)
            self.company.tell(claim.kind, time.monotonic() - began_at)
        if len(company) > 1:
            self.company.avoid(company[0].kind)

    def next_claim(self, queue: str) -> Claim | None:
        """For a thread that is at this queue already: another job that waits here; None: there is none, or it is time
        to let other queues have the thread."""
        return None if self.stopping.is_set() else self._supplies[queue].take()

    def give_back(self, claim: Claim) -> None:
        """Let another worker have the job at once; if this one is still at it, nothing it does is kept."""
        try:
            with self.sessions.begin(claim.scope) as session:
                claims.give_back(session, claim)
        except LeaseLost:
            pass
        except DATABASE_ERRORS as error:
            _log.warning("%s %s was not returned, its lease will run out: %s", claim.kind, claim.id, str(error).strip())

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = threading.Event()
            self.limits[queue_name] = {}
            self._supplies[queue_name] = Supply(self.places)
            self.emit_after("declare_queue", queue_name)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30000) -> Consumer:  # noqa: ARG002
        if queue_name not in self.queues:
            raise QueueNotFound(queue_name)  # type: ignore[no-untyped-call]
        return _TableConsumer(self, queue_name, self._supplies[queue_name])

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        raise NotImplementedError("a job is a row of the transaction that causes it: domain.shared.outbox.enqueue")


class _TableConsumer(Consumer):
    """The jobs of one queue."""

    def __init__(self, broker: TableBroker, queue: str, supply: Supply) -> None:
        self._broker = broker
        self._queue = queue
        self._supply = supply
        self._after = uuid4()
        """The distributor that was served last; at first any, so that workers do not begin with the same."""

    def __next__(self) -> MessageProxy | None:
        """The next claimed job; None after at most `POLL` seconds without one."""
        if self._broker.stopping.is_set():
            time.sleep(POLL / 10)
            return None
        missing = self._supply.wait(POLL)
        if missing > 0:
            self._claim(missing)
        claim = self._supply.take_with_place()
        if claim is None:
            return None
        return MessageProxy(
            Message(queue_name=self._queue, actor_name=claim.kind, args=(claim,), kwargs={}, options={})
        )

    def ack(self, message: MessageProxy) -> None:
        """The job's transaction has settled it."""
        self._let_go(message.args[0])

    nack = ack

    def requeue(self, messages: Iterable[MessageProxy]) -> None:
        """Return what was claimed and not begun."""
        for message in messages:
            self._broker.give_back(message.args[0])
            self._let_go(message.args[0])

    def close(self) -> None:
        while (claim := self._supply.take()) is not None:
            self._broker.give_back(claim)
            self._broker.leases.remove([claim])

    def _claim(self, count: int) -> None:
        worth_a_look = self._broker.queues[self._queue]
        worth_a_look.clear()
        taken = self._from_table(count)
        if taken:
            self._after = last_served((claim.distributor_id for claim in taken), self._after)
            self._broker.leases.add(taken)
            self._supply.add(taken)
        elif self._supply.is_empty():
            worth_a_look.wait(POLL)

    def _from_table(self, count: int) -> list[Claim]:
        try:
            with self._broker.sessions.begin(PLATFORM) as session:
                rows = claims.claim(
                    session,
                    self._queue,
                    self._broker.limits[self._queue],
                    count=count,
                    alone=self._broker.places.free,
                    after=self._after,
                    lease=self._broker.leases.lease,
                )
        except IntegrityError:
            # Another worker was first in a lane; the next look sees it.
            return []
        except DATABASE_ERRORS as error:
            _log.warning("cannot look for jobs: %s", str(error).strip())
            return []
        return living(rows)

    def _let_go(self, claim: Claim) -> None:
        self._broker.leases.remove([claim])
        self._broker.places.release()


def living(taken: Iterable[Claim]) -> list[Claim]:
    """The claims that are to be run; of the others the log tells."""
    alive = []
    for claim in taken:
        if claim.dead:
            _log.error("%s %s was claimed %d times in vain and is given up", claim.kind, claim.id, claim.attempt - 1)
        else:
            alive.append(claim)
    return alive


broker = TableBroker()
"""The one that actors are declared on."""
