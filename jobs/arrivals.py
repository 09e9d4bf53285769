"""A worker's end of the message broker: a message arrives, its job is claimed in the table and done.

A message whose job is not due any more (done, cancelled, claimed by somebody else, moved to later) is nothing to act
on. One that arrives while the database is away waits for it.
"""

import logging
import time

import dramatiq
from sqlalchemy.exc import IntegrityError

from jobs import claims
from jobs.broker import POLL, TableBroker, living
from jobs.claims import Claim, Key
from jobs.lines import DATABASE_ERRORS
from jobs.messages import MessageBroker, key_of, wire_name
from tenancy.scope import PLATFORM

__all__ = ["listen"]

_log = logging.getLogger(__name__)


def listen(messages: MessageBroker, table: TableBroker) -> None:
    """Declare on the message broker what does the jobs of the table's queues."""
    for queue in table.queues:
        _declare(messages, table, queue)
    # Delays stay in the table; Dramatiq would keep one more connection a queue for its own.
    messages.dramatiq.delay_queues.clear()


def _declare(messages: MessageBroker, table: TableBroker, queue: str) -> None:
    @dramatiq.actor(actor_name=wire_name(queue), queue_name=wire_name(queue), broker=messages.dramatiq)
    def do(distributor_id: str, job_id: str) -> None:
        claim = _claimed(table, queue, key_of(distributor_id, job_id))
        if claim is None:
            return
        try:
            table.performers[claim.kind](claim)
        finally:
            table.leases.remove([claim])


def _claimed(table: TableBroker, queue: str, job: Key) -> Claim | None:
    while not table.stopping.is_set():
        try:
            with table.sessions.begin(PLATFORM) as session:
                rows = claims.claim(session, queue, table.limits[queue], count=1, lease=table.leases.lease, only=job)
        except IntegrityError:
            break  # another worker was first in its lane
        except DATABASE_ERRORS as error:
            _log.warning("cannot claim what was announced: %s", str(error).strip())
            time.sleep(POLL)
            continue
        taken = living(rows)
        table.leases.add(taken)
        return taken[0] if taken else None
    _announce_again(table, job)
    return None


def _announce_again(table: TableBroker, job: Key) -> None:
    try:
        with table.sessions.begin(PLATFORM) as session:
            claims.mark_unsent(session, [job])
    except DATABASE_ERRORS as error:
        _log.warning("%s will be announced again by its age: %s", job[1], str(error).strip())
