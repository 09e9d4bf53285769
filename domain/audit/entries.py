"""Entries as chains and exports have them."""

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from domain.audit.models import AuditEntry

__all__ = ["plain", "sealed", "unsealed_count"]

AT_ONCE = 1_000
"""Entries fetched at once."""


def plain(entry: AuditEntry) -> dict[str, Any]:
    """The entry with values as JSON has them, its hash in hexadecimal."""
    return {
        "acted_as_id": _text(entry.acted_as_id),
        "actor_id": _text(entry.actor_id),
        "actor_kind": entry.actor_kind,
        "at": entry.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "changes": entry.changes,
        "count": entry.count,
        "distributor_id": _text(entry.distributor_id),
        "hash": None if entry.hash is None else entry.hash.hex(),
        "id": _text(entry.id),
        "job_id": _text(entry.job_id),
        "operation": entry.operation,
        "request_id": entry.request_id,
        "sequence": entry.sequence,
        "subject": entry.subject,
        "subject_id": _text(entry.subject_id),
        "tenant_id": _text(entry.tenant_id),
        "verb": str(entry.verb),
    }


def sealed(session: Session, distributor_id: UUID, *, after: int = 0) -> Iterator[Mapping[str, Any]]:
    """A distributor's chain in its order, from the entry after `after`. It may be as long as the log."""
    while True:
        entries = session.scalars(_page(distributor_id, after)).all()
        for entry in entries:
            yield plain(entry)
            after = entry.sequence or after
        session.expunge_all()
        if len(entries) < AT_ONCE:
            return


def _page(distributor_id: UUID, after: int) -> Select[AuditEntry]:
    return (
        select(AuditEntry)
        .where(AuditEntry.distributor_id == distributor_id, AuditEntry.sequence > after)
        .order_by(AuditEntry.sequence)
        .limit(AT_ONCE)
    )


def unsealed_count(session: Session, distributor_id: UUID) -> int:
    """Entries that no chain holds yet."""
    query = select(func.count()).where(AuditEntry.distributor_id == distributor_id, AuditEntry.sequence.is_(None))
    return session.scalar(query) or 0


def _text(id: UUID | None) -> str | None:
    return None if id is None else str(id)
