"""How every connector asks a service outside for an effect: once, whatever dies or stays silent meanwhile.

The attempt is written down and committed before the call, its outcome after it; the network is used between two
transactions, never in one. A timeout, a broken connection or a worker that died in between mean *unknown*: before the
service is asked again it is asked whether the effect is there. The idempotency key goes along with every request, so
that a service that honours it stays right even where we cannot know: a process frozen between our note and its call.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy.orm import Session

from connectors.errors import CallRefused, CallUnavailable, CallUnknown
from connectors.gates import Gates
from domain.shared.models import OutsideCallState
from domain.shared.outside_calls import (
    Attempt,
    begin_call,
    digest_of,
    known_call,
    record_done,
    record_not_done,
    record_refused,
    record_unknown,
)
from tenancy.rows import TenantRow
from tenancy.scope import Scope

__all__ = ["GATES", "Answer", "Call", "OutsideService", "Task", "call_once"]

Answer = dict[str, Any]
"""What a connector keeps of a service's answer, as JSON without secrets."""

GATES = Gates()
"""Of this process."""


@dataclass(frozen=True, slots=True)
class Call:
    """One wish."""

    service: str
    """The connector's name."""
    host: str
    """Who is asked; hosts have limits, and one that fails is left alone for a while."""
    operation: str
    key: str
    """The same for the same wish, for ever: made of our ids, such as `order 0197… create`."""
    request: Mapping[str, Any]
    """What is asked, as JSON without secrets; only its digest is kept."""


class OutsideService(Protocol):
    """The two questions of a connector, in the service's words. Both have timeouts and raise what `send` says."""

    def send(self, call: Call) -> Answer:
        """Ask for the effect, with `call.key`; returning means that it has happened.

        Raises CallRefused (it never will), CallUnavailable (it certainly has not now), CallUnknown and whatever else
        (nobody knows).
        """

    def look_up(self, call: Call) -> Answer | None:
        """Ask whether the effect of `call.key` is there; None: it is not. Changes nothing."""


class Task(Protocol):
    """What is used of a running job: `jobs.tasks.Task`."""

    @property
    def scope(self) -> Scope: ...

    def transaction(self) -> AbstractContextManager[Session]:
        """A transaction that commits only while the job is still this worker's."""


def call_once(
    task: Task,
    owner: TenantRow,
    call: Call,
    service: OutsideService,
    *,
    settled_after: timedelta = timedelta(),
    gates: Gates = GATES,
) -> Answer:
    """The answer of the service to this call, now or from an earlier attempt; the effect has then happened once.

    `settled_after`: for services that ignore idempotency keys: how long after a silent call an effect may still come
    to be. Before that, «not there» is no answer.

    Raises CallRefused, final; CallUnavailable and CallUnknown, for the job to be tried again; KeyOfAnotherRequest.
    """
    digest = digest_of(call.request)
    with task.transaction() as session:
        known = known_call(session, owner, service=call.service, key=call.key, digest=digest)
    if known is not None and known.state is OutsideCallState.DONE:
        assert known.answer is not None
        return known.answer
    if known is not None and known.state is OutsideCallState.REFUSED:
        raise CallRefused(known.error or "refused")
    attempts = 0 if known is None else known.attempts
    if known is not None and known.state is OutsideCallState.UNKNOWN:
        found = _looked_up(call, service, gates)
        if found is not None:
            _write_down(task, Attempt(owner.distributor_id, call.service, call.key, attempts), found)
            return found
        if known.age < settled_after:
            raise CallUnknown(f"{call.service}: {call.key} is not there yet", after=settled_after - known.age)
    with gates.through(call.host):
        with task.transaction() as session:
            attempt = begin_call(
                session,
                task.scope,
                owner,
                service=call.service,
                operation=call.operation,
                key=call.key,
                digest=digest,
                after=attempts,
            )
        answer = None if attempt is None else _sent(task, call, service, attempt)
    if attempt is None or answer is None:
        raise CallUnknown(f"{call.service}: somebody else is at {call.key}")
    _write_down(task, attempt, answer)
    return answer


def _looked_up(call: Call, service: OutsideService, gates: Gates) -> Answer | None:
    """Raises CallUnknown: what keeps us from looking says nothing of the effect."""
    try:
        with gates.through(call.host):
            return service.look_up(call)
    except CallUnavailable as unavailable:
        raise CallUnknown(f"cannot look it up: {unavailable}", after=unavailable.after) from unavailable
    except CallRefused as refused:
        raise CallUnknown(f"cannot look it up: {refused}") from refused


def _sent(task: Task, call: Call, service: OutsideService, attempt: Attempt) -> Answer:
    try:
        return service.send(call)
    except CallRefused as refused:
        with task.transaction() as session:
            record_refused(session, attempt, str(refused))
        raise
    except CallUnavailable as unavailable:
        with task.transaction() as session:
            record_not_done(session, attempt, str(unavailable))
        raise
    except Exception as error:
        with task.transaction() as session:
            record_unknown(session, attempt, f"{type(error).__name__}: {error}")
        raise


def _write_down(task: Task, attempt: Attempt, answer: Answer) -> None:
    with task.transaction() as session:
        record_done(session, attempt, answer)
