"""The record of calls to services outside: what was asked, and what is known of it.

`connectors.calls` makes the calls; here is only what it writes down, between them. A record that is not `DONE`,
`REFUSED` or `NOT_DONE` means that nobody knows, also when nobody lived to say so: it is written before the call.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from json import dumps
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, true, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ids import uuid7
from domain.shared.models import OutsideCall, OutsideCallState
from tenancy.rows import TenantRow
from tenancy.scope import Scope

__all__ = [
    "Attempt",
    "KeyOfAnotherRequest",
    "KnownCall",
    "begin_call",
    "digest_of",
    "known_call",
    "record_done",
    "record_not_done",
    "record_refused",
    "record_unknown",
]

ERROR_LIMIT = 2_000
"""Characters kept of an error."""


class KeyOfAnotherRequest(Exception):
    """The idempotency key was used for something else: the connector's mistake, which no repetition mends."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One time of asking."""

    distributor_id: UUID
    service: str
    key: str
    number: int
    """From 1."""


@dataclass(frozen=True, slots=True)
class KnownCall:
    """What is known of a call."""

    state: OutsideCallState
    attempts: int
    answer: dict[str, Any] | None
    error: str | None
    age: timedelta
    """Since it was last asked for, by the database's clock."""


def digest_of(request: Mapping[str, Any]) -> str:
    """SHA-256 of a request as canonical JSON. Leave secrets out: who may guess them could test the guess on it."""
    return sha256(dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def known_call(session: Session, owner: TenantRow, *, service: str, key: str, digest: str) -> KnownCall | None:
    """What is known of the call with this key; None: it was never made. Raises KeyOfAnotherRequest."""
    row = session.execute(
        select(
            OutsideCall.state,
            OutsideCall.attempts,
            OutsideCall.answer,
            OutsideCall.error,
            func.clock_timestamp() - OutsideCall.called_at,
            OutsideCall.request_digest,
        ).where(
            OutsideCall.distributor_id == owner.distributor_id, OutsideCall.service == service, OutsideCall.key == key
        )
    ).one_or_none()
    if row is None:
        return None
    *known, before = row
    if before != digest:
        raise KeyOfAnotherRequest(f"{service}: the key {key} stands for another request")
    return KnownCall(*known)


def begin_call(
    session: Session,
    scope: Scope,
    owner: TenantRow,
    *,
    service: str,
    operation: str,
    key: str,
    digest: str,
    after: int,
) -> Attempt | None:
    """Write down that the service is about to be asked, after so many `attempts` before. Commit this before asking.

    None: somebody else has asked since, or it is known by now; look again.
    """
    now = func.clock_timestamp()
    begun = insert(OutsideCall).values(
        id=uuid7(),
        distributor_id=owner.distributor_id,
        tenant_id=owner.tenant_id,
        tenant_path=owner.tenant_path,
        service=service,
        operation=operation,
        key=key,
        request_digest=digest,
        state=OutsideCallState.UNKNOWN,
        attempts=1,
        called_at=now,
        job_id=scope.job_id,
    )
    number = session.scalar(
        begun.on_conflict_do_update(
            index_elements=["distributor_id", "service", "key"],
            set_={
                "state": OutsideCallState.UNKNOWN,
                "attempts": OutsideCall.attempts + 1,
                "called_at": now,
                "updated_at": now,
                "error": None,
                "job_id": scope.job_id,
            },
            where=OutsideCall.state.in_(_OPEN) & (OutsideCall.attempts == after),
        ).returning(OutsideCall.attempts)
    )
    return None if number is None else Attempt(owner.distributor_id, service, key, number)


def record_done(session: Session, attempt: Attempt, answer: Mapping[str, Any]) -> None:
    """The effect has happened. `answer` is what the connector needs of it, without secrets."""
    _record(session, attempt, state=OutsideCallState.DONE, answer=dict(answer), answered_at=_NOW)


def record_refused(session: Session, attempt: Attempt, error: str) -> None:
    """The effect will never happen, in the service's words."""
    _record(session, attempt, state=OutsideCallState.REFUSED, error=_kept(error), answered_at=_NOW)


def record_not_done(session: Session, attempt: Attempt, error: str) -> None:
    """The service certainly did nothing."""
    _record(session, attempt, state=OutsideCallState.NOT_DONE, error=_kept(error))


def record_unknown(session: Session, attempt: Attempt, error: str) -> None:
    """Nobody knows, and this is why."""
    _record(session, attempt, state=OutsideCallState.UNKNOWN, error=_kept(error))


_OPEN = (OutsideCallState.UNKNOWN, OutsideCallState.NOT_DONE)
_NOW = func.clock_timestamp()


def _record(session: Session, attempt: Attempt, **values: Any) -> None:
    """What is known for good stays, and only the latest attempt may say that there was no effect."""
    latest = true() if values["state"] is OutsideCallState.DONE else OutsideCall.attempts == attempt.number
    session.execute(
        update(OutsideCall)
        .where(
            OutsideCall.distributor_id == attempt.distributor_id,
            OutsideCall.service == attempt.service,
            OutsideCall.key == attempt.key,
            OutsideCall.state.in_(_OPEN),
            latest,
        )
        .values(updated_at=_NOW, **{"error": None, **values}),
        execution_options={"synchronize_session": False},
    )


def _kept(error: str) -> str:
    return error.replace("\0", "")[:ERROR_LIMIT]
