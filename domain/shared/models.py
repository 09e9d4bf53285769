"""What happened, and what happens later."""

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.types import choice
from tenancy.errors import ErrorKind
from tenancy.rows import TenantRow, owned

__all__ = [
    "Event",
    "File",
    "FileChunk",
    "Job",
    "JobError",
    "JobState",
    "Mail",
    "MailState",
    "OutsideCall",
    "OutsideCallState",
    "Priority",
    "Schedule",
]


class JobState(StrEnum):
    """How far a job is. `WAITING` covers the first attempt and the pause before a retry."""

    WAITING = "WAITING"
    """Not begun, or waiting for another attempt."""
    RUNNING = "RUNNING"
    """A worker is at it."""
    DONE = "DONE"
    """Finished."""
    FAILED = "FAILED"
    """Given up."""
    CANCELLED = "CANCELLED"
    """Not wanted any more."""


class Priority(IntEnum):
    """Which of a distributor's waiting jobs goes first. Between distributors it says nothing: they take turns."""

    FIRST = 0
    USUAL = 1
    LAST = 2


class Job(TenantRow, Base):
    """Work for later, inserted by the transaction that causes it. Times here are real, never a sandbox's."""

    __tablename__ = "jobs"

    kind: Mapped[str]
    """The actor's name, such as `catalog.synchronize_plan`."""
    queue: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    unique_key: Mapped[str | None]
    """While a job with this key waits in the queue, a second one is not added."""
    priority: Mapped[int] = mapped_column(SmallInteger, default=Priority.USUAL, server_default=text("1"))
    """A `Priority`."""
    state: Mapped[JobState] = mapped_column(choice(JobState), default=JobState.WAITING)
    run_at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    """Not before this instant."""
    attempt: Mapped[int] = mapped_column(default=0)
    """How often it was claimed; also the fence: only the latest claim may finish the job."""
    max_attempts: Mapped[int | None]
    """After so many claims without progress it has failed; null until the first claim: then as its actor says."""
    lane: Mapped[str | None]
    """Jobs of one lane of one distributor run one after the other, in the order of their ids."""
    cursor: Mapped[dict[str, Any] | None]
    """Where a job of many steps goes on, written together with the effect of the step before."""
    lease_until: Mapped[datetime | None]
    """Until then the claim holds; after it anybody may claim again."""
    sent_at: Mapped[datetime | None]
    """When the relay announced it to a message broker, unless it was claimed since. Null without a relay."""
    done: Mapped[int] = mapped_column(default=0)
    """Steps behind."""
    total: Mapped[int | None]
    """Steps in all; null while unknown."""
    error: Mapped[str | None]
    """Why the last attempt failed, for operators; never shown to clients."""
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    """A refusal, for the person who started the job."""
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    actor_id: Mapped[UUID | None]
    """The manager who started it; null: the platform, another job, or time."""
    cancellable: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether the tenant may end it early. Not what would leave its rows at odds with each other."""
    traceparent: Mapped[str | None]
    """The W3C trace context of the request that started it."""

    __table_args__ = owned(
        Index(
            "uq_jobs_unique_key",
            "distributor_id",
            "queue",
            "unique_key",
            unique=True,
            postgresql_where=text("state = 'WAITING'"),
        ),
        # A claim goes from distributor to distributor, and takes the first of each: `jobs.claims`.
        Index(
            "ix_jobs_turn",
            "queue",
            "distributor_id",
            "priority",
            "run_at",
            "id",
            postgresql_where=text("state = 'WAITING' AND lane IS NULL"),
        ),
        Index(
            "ix_jobs_lane_turn",
            "queue",
            "distributor_id",
            "lane",
            "id",
            postgresql_where=text("state = 'WAITING' AND lane IS NOT NULL"),
        ),
        Index("ix_jobs_lease", "queue", "lease_until", postgresql_where=text("state = 'RUNNING'")),
        Index(
            "uq_jobs_running_in_lane",
            "distributor_id",
            "lane",
            unique=True,
            postgresql_where=text("state = 'RUNNING' AND lane IS NOT NULL"),
        ),
        Index(
            "ix_jobs_lane",
            "distributor_id",
            "lane",
            "id",
            postgresql_where=text("lane IS NOT NULL AND state IN ('WAITING', 'RUNNING')"),
        ),
        # Lists show what people started. The table's many others pay nothing for it.
        Index(
            "ix_jobs_own_id",
            "distributor_id",
            "tenant_path",
            "id",
            postgresql_where=text("actor_id IS NOT NULL"),
        ),
        CheckConstraint("attempt >= 0 AND done >= 0", name="counts_from_zero"),
        CheckConstraint("priority BETWEEN 0 AND 2", name="priority_known"),
    )


class JobError(TenantRow, Base):
    """One row of what a job was given, and why it was refused."""

    __tablename__ = "job_errors"

    job_id: Mapped[UUID]
    line: Mapped[int]
    """Of the file, from 1, its header counted."""
    kind: Mapped[ErrorKind] = mapped_column(choice(ErrorKind))
    code: Mapped[str]
    """An `ErrorCode`."""
    message: Mapped[str]
    """For a person; it names the column."""
    path: Mapped[list[str]] = mapped_column(JSONB)
    """Where in the row: the column, as the file calls it."""

    __table_args__ = owned(
        Index("ix_job_errors_job", "distributor_id", "job_id", "id"),
        CheckConstraint("line >= 1", name="lines_from_one"),
        job_id="jobs",
    )


class File(TenantRow, Base):
    """Bytes that somebody sent or a job wrote; times here are real, never a sandbox's. It is never changed."""

    __tablename__ = "files"

    name: Mapped[str]
    """What it is called where it is saved."""
    media_type: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    """Its length."""
    sha256: Mapped[str]
    """Of its content, in hex."""
    link_secret: Mapped[str]
    """Signs the links to it, and goes with it."""
    job_id: Mapped[UUID | None]
    """The job that wrote it; null: somebody sent it. No reference: files and jobs are forgotten by themselves."""
    actor_id: Mapped[UUID | None]
    """The manager who sent it; null: a job wrote it."""

    __table_args__ = owned(
        Index("uq_files_job", "distributor_id", "job_id", unique=True, postgresql_where=text("job_id IS NOT NULL")),
        Index("ix_files_own_id", "distributor_id", "tenant_path", "id"),
        CheckConstraint("bytes >= 0", name="length_from_zero"),
    )


class FileChunk(TenantRow, Base):
    """A piece of a file's content."""

    __tablename__ = "file_chunks"

    file_id: Mapped[UUID]
    position: Mapped[int]
    """From 0 on, without a gap."""
    content: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "file_id", "position", name="uq_file_chunks_position"),
        file_id="files",
    )


class Schedule(TenantRow, Base):
    """When a distributor's next job of one kind is due. Kinds and times are declared in `jobs`; this is the memory."""

    __tablename__ = "schedules"

    kind: Mapped[str]
    """The actor's name."""
    cron: Mapped[str]
    time_zone: Mapped[str]
    """What `next_at` was computed from: when either changes, so does it."""
    next_at: Mapped[datetime]
    """Real time, also in a sandbox. Moved on by the transaction that inserts the job."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "kind", name="uq_schedules_kind"),
        Index("ix_schedules_next", "next_at"),
    )


class Event(TenantRow, Base):
    """Something that happened to a tenant's row; `created_at` is the instant on the distributor's clock."""

    __tablename__ = "events"

    sequence: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    """The order of the tenant's stream."""
    type: Mapped[str]
    """Past tense, such as `subscription.renewed`."""
    subject_kind: Mapped[str]
    """Id prefix of the subject, such as `sub`."""
    subject_id: Mapped[UUID]
    actor_id: Mapped[UUID | None]
    """The manager who caused it; null: the platform or a job."""
    job_id: Mapped[UUID | None]
    """The job in which it happened."""

    __table_args__ = owned(
        Index("ix_events_stream", "distributor_id", "tenant_path", "sequence"),
        Index("ix_events_job", "distributor_id", "job_id", "sequence"),
    )


class MailState(StrEnum):
    """Whether a mail has left."""

    WAITING = "WAITING"
    SENT = "SENT"
    REFUSED = "REFUSED"


class Mail(TenantRow, Base):
    """A message to a person, and the log of what was sent: one row a message, once, by its key."""

    __tablename__ = "mails"

    kind: Mapped[str]
    """The event it tells of, such as `billing_day.coming`."""
    key: Mapped[str]
    """What makes it one message, such as account and billing day."""
    account_id: Mapped[UUID | None]
    """The customer it is for; null: it is for a person who signs in."""
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str]
    """Empty as soon as a mail has left that held a secret."""
    state: Mapped[MailState] = mapped_column(choice(MailState), default=MailState.WAITING)
    sent_at: Mapped[datetime | None]
    """Real time of the SMTP server's acceptance."""
    error: Mapped[str | None]
    """What the SMTP server said when it refused the mail for good."""

    __table_args__ = owned(
        Index("uq_mails_key", "distributor_id", "tenant_id", "kind", "key", unique=True),
        account_id="accounts",
    )


class OutsideCallState(StrEnum):
    """What is known of the effect that a call to a service outside was to have."""

    UNKNOWN = "UNKNOWN"
    """It was begun, and nobody has told how it ended: to be looked up before anything else."""
    NOT_DONE = "NOT_DONE"
    """The service certainly did nothing, and may be asked again."""
    DONE = "DONE"
    """It has happened; the answer is kept."""
    REFUSED = "REFUSED"
    """The service will never do it."""


class OutsideCall(TenantRow, Base):
    """One effect wanted of a service outside, however often it had to be asked. Times are real, never a sandbox's."""

    __tablename__ = "outside_calls"

    service: Mapped[str]
    """The connector's name."""
    operation: Mapped[str]
    key: Mapped[str]
    """The idempotency key: one wish, one key, also sent to the service."""
    request_digest: Mapped[str]
    """SHA-256 of what was asked, secrets left out: the same key is never used for another wish."""
    state: Mapped[OutsideCallState] = mapped_column(choice(OutsideCallState))
    attempts: Mapped[int]
    """How often the service was asked to do it; looking up is not counted."""
    called_at: Mapped[datetime]
    """When it was last asked."""
    answered_at: Mapped[datetime | None]
    """When the effect, or that it will never be, became known."""
    answer: Mapped[dict[str, Any] | None]
    """What the connector kept of the answer."""
    error: Mapped[str | None]
    """Why it is unknown, not done or refused."""
    job_id: Mapped[UUID | None]
    """The job that asked last."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "service", "key", name="uq_outside_calls_key"),
        CheckConstraint("(state = 'DONE') = (answer IS NOT NULL)", name="answer_of_what_is_done"),
        CheckConstraint("(state IN ('DONE', 'REFUSED')) = (answered_at IS NOT NULL)", name="known_when"),
    )
