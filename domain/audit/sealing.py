"""Taking new entries into their distributor's chain: after the commit, so that no transaction waits for another."""

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from domain.audit.chain import GENESIS, link
from domain.audit.entries import plain
from domain.audit.models import AuditEntry

__all__ = ["BATCH", "distributors_to_seal", "seal"]

BATCH = 1_000
"""Entries a transaction."""

_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('audit ' || :distributor, 0))")
_SEAL = text(
    "SELECT app_audit_seal(:distributor, CAST(:ids AS uuid[]), CAST(:sequences AS bigint[]), CAST(:hashes AS bytea[]))"
)


def distributors_to_seal(session: Session) -> list[UUID]:
    """Whose entries wait. Needs the platform's scope."""
    waiting = select(AuditEntry.distributor_id).where(AuditEntry.sequence.is_(None)).distinct()
    return list(session.scalars(waiting))


def seal(session: Session, distributor_id: UUID) -> int:
    """Add the oldest committed entries to the chain, up to `BATCH`; how many: none while somebody else is at it.

    Needs a scope that writes the distributor's tree. An entry of a transaction that commits later is sealed later: the
    chain is in the order of sealing, which is that of time but for seconds.
    """
    if not session.scalar(_ALONE, {"distributor": str(distributor_id)}):
        return 0
    last = session.execute(
        select(AuditEntry.sequence, AuditEntry.hash)
        .where(AuditEntry.distributor_id == distributor_id, AuditEntry.sequence.is_not(None))
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    ).one_or_none()
    sequence, hash = (last.sequence, last.hash) if last is not None else (0, GENESIS)
    waiting = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.distributor_id == distributor_id, AuditEntry.sequence.is_(None))
        .order_by(AuditEntry.id)
        .limit(BATCH)
    ).all()
    ids, sequences, hashes = [], [], []
    for entry in waiting:
        sequence += 1
        hash = link(hash, plain(entry) | {"sequence": sequence})
        ids.append(entry.id)
        sequences.append(sequence)
        hashes.append(hash)
    if ids:
        given = {"distributor": distributor_id, "ids": ids, "sequences": sequences, "hashes": hashes}
        session.execute(_SEAL, given)
    session.expunge_all()
    return len(ids)
