"""The same key, the same answer: a record written by the transaction that does the work."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from db.ids import uuid7
from domain.shared.errors import ErrorCode, ErrorKind, InvalidInput, Refusal
from resolvers.changing.answers import Outcome
from tenancy.models import IdempotencyRecord
from tenancy.scope import Scope

__all__ = ["BadKey", "IdempotencyMismatch", "InProgress", "Keyed", "begin", "finish"]

KEY_LIMIT = 200
"""Characters."""
PATIENCE = 5
"""Seconds to wait for a call that has the key and is still running."""
_LOCK_NOT_AVAILABLE = "55P03"
_NOBODY = UUID(int=0)


class IdempotencyMismatch(Refusal):
    """The key was used with another mutation or input."""

    kind = ErrorKind.FIX_INPUT
    code = ErrorCode.IDEMPOTENCY_MISMATCH


class BadKey(InvalidInput):
    """The key is none."""


class InProgress(Refusal):
    """A call with this key is still running."""

    kind = ErrorKind.RETRY
    code = ErrorCode.IN_PROGRESS


@dataclass(frozen=True, slots=True)
class Keyed:
    """A mutation under a key."""

    record_id: UUID
    earlier: Outcome | None
    """What it came to before; None: this is the first time."""


def begin(session: Session, scope: Scope, key: str, mutation: str, input: Mapping[str, Any]) -> Keyed:
    """Claim the key, or find what was answered to it. Waits `PATIENCE` for a call that has it and is still running.

    Raises InvalidInput, IdempotencyMismatch, InProgress.
    """
    if not 1 <= len(key) <= KEY_LIMIT:
        raise BadKey(
            "{key} has {count} characters; 1 to {limit} are allowed.",
            key="idempotencyKey",
            count=len(key),
            limit=KEY_LIMIT,
        )
    if not key.isprintable():
        raise BadKey("idempotencyKey holds characters that cannot be printed.")
    fingerprint = _fingerprint(mutation, input)
    owner = {
        "distributor_id": scope.distributor_id or _NOBODY,
        "tenant_id": scope.tenant_id or _NOBODY,
        "actor_id": scope.actor_id or _NOBODY,
    }
    claim = (
        insert(IdempotencyRecord)
        .values(
            id=uuid7(), **owner, tenant_path=scope.path, key=key, mutation=mutation, input_hash=fingerprint, answer={}
        )
        .on_conflict_do_nothing(constraint="uq_idempotency_records_key")
        .returning(IdempotencyRecord.id)
    )
    session.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}s'"))
    try:
        claimed = session.scalars(claim).one_or_none()
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise InProgress("A call with this idempotencyKey is still running; ask again in a few seconds.") from None
        raise
    session.execute(text("SET LOCAL lock_timeout = DEFAULT"))
    if claimed is not None:
        return Keyed(claimed, None)
    record = session.scalars(select(IdempotencyRecord).filter_by(**owner, key=key)).one_or_none()
    if record is None:  # just now forgotten, being old
        raise InProgress("This idempotencyKey is being forgotten, after 30 days; ask again.")
    if record.input_hash != fingerprint:
        raise IdempotencyMismatch(
            "This idempotencyKey was used before, for {mutation} with another input.", mutation=record.mutation
        )
    return Keyed(record.id, _restored(record.answer))


def finish(session: Session, keyed: Keyed, scope: Scope, outcome: Outcome) -> None:
    """Keep what the mutation came to, its secrets left out."""
    answer = {
        name: [id.hex for id in value] if isinstance(value, list) else value and value.hex
        for name, value in outcome.rows.items()
    }
    session.execute(
        update(IdempotencyRecord)
        .where(
            IdempotencyRecord.distributor_id == (scope.distributor_id or _NOBODY),
            IdempotencyRecord.id == keyed.record_id,
        )
        .values(answer=answer)
        .execution_options(synchronize_session=False)
    )


def _restored(answer: Mapping[str, Any]) -> Outcome:
    rows = {
        name: [UUID(id) for id in value] if isinstance(value, list) else value and UUID(value)
        for name, value in answer.items()
    }
    return Outcome(rows, replayed=True)


def _fingerprint(mutation: str, input: Mapping[str, Any]) -> bytes:
    def plain(value: object) -> str:
        # "1.50" and "1.5" are the same amount.
        return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)

    text_of_input = orjson.dumps([mutation, input], default=plain, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text_of_input).digest()
