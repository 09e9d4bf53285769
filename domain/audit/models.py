"""What was done: one entry for each row that changed, and for each mutation that changed none."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.types import choice
from tenancy.rows import OF_ANY, TenantRow

__all__ = ["AuditEntry", "AuditVerb"]


class AuditVerb(StrEnum):
    """What was done to the subject."""

    CREATED = "CREATED"
    """It was made."""
    CHANGED = "CHANGED"
    """It has other values."""
    DELETED = "DELETED"
    """It is no longer there."""
    CALLED = "CALLED"
    """A mutation was done and changed nothing: it was so already."""


class AuditEntry(TenantRow, Base):
    """One thing that was done, in the transaction that did it. Written by the database's triggers alone, and for good.

    No reference leads to other tables: the log outlives what it tells of. `created_at` is real time, also in a sandbox.
    """

    __tablename__ = "audit_entries"

    tenant_id: Mapped[UUID] = mapped_column(sort_order=-3, info=OF_ANY)

    verb: Mapped[AuditVerb] = mapped_column(choice(AuditVerb))
    subject: Mapped[str | None]
    """The table of the row that changed; null: none did."""
    subject_id: Mapped[UUID | None] = mapped_column(info=OF_ANY)
    """The row; null where one entry tells of many."""
    count: Mapped[int]
    """Rows that the entry tells of: 1, more for a statement that changed too many to tell each, 0 for none."""
    changes: Mapped[dict[str, Any]]
    """By column: the text before and the text after, each null where there was none. Secrets are masked."""
    operation: Mapped[str | None]
    """The mutation, such as `topUp`, or the job, such as `billing.run_day`; null: neither, such as a command."""
    actor_kind: Mapped[str | None]
    """Id prefix of who did it: `mgr`, `tok`, `usr`; null for jobs and commands."""
    actor_id: Mapped[UUID | None] = mapped_column(info=OF_ANY)
    acted_as_id: Mapped[UUID | None]
    """The tenant acted as by Headwater-Act-As."""
    job_id: Mapped[UUID | None]
    request_id: Mapped[str | None]
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    """The entry's place in its distributor's chain, from 1; null until it is sealed, seconds after the commit."""
    hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SHA-256 over the hash of the entry before and this entry's canonical form: see `domain.audit.chain`."""

    __table_args__ = (
        UniqueConstraint("distributor_id", "sequence", name="uq_audit_entries_sequence"),
        CheckConstraint("(sequence IS NULL) = (hash IS NULL)", name="sealed_with_place_and_hash"),
        Index("ix_audit_entries_own", "distributor_id", "tenant_path", "id"),
        Index("ix_audit_entries_subject", "distributor_id", "subject_id", "id", "tenant_path"),
        Index("ix_audit_entries_actor", "distributor_id", "actor_id", "id", "tenant_path"),
        Index("ix_audit_entries_at", "distributor_id", "created_at", "id", "tenant_path"),
        Index("ix_audit_entries_unsealed", "distributor_id", "id", postgresql_where=text("sequence IS NULL")),
    )
