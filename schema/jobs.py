"""What takes longer, and what happened meanwhile."""

from datetime import datetime

import strawberry

from domain.pricing.models import PriceSheetReport as PriceSheetReportRow
from domain.shared import models
from resolvers.reading import Connection, Node, column, listing, reads, related, subject
from schema.enums import ErrorCode, JobState
from schema.files import File
from schema.payload import UserError
from schema.people import Actor
from schema.price_sheets import PriceSheetReport
from schema.references import TenantRef
from schema.scalars import EventType
from tenancy.permissions import Permission

__all__ = ["Event", "Job", "JobError"]


@strawberry.type
@reads(models.Event, "evt")
class Event(Node):
    """Something that happened to a tenant's row."""

    type: EventType = column(models.Event.type)
    """What happened."""
    at: datetime = column(models.Event.created_at)
    """When, on the distributor's clock."""
    tenant: TenantRef = related(models.Event.tenant_id)
    """The tenant whose row it happened to."""
    actor: Actor | None = subject(lambda _: "mgr", models.Event.actor_id)
    """Who did it; null when it happened by itself, or when the one who did it is above you."""
    subject: Node | None = subject(models.Event.subject_kind, models.Event.subject_id)
    """What it happened to; null when that is not yours to read."""


@strawberry.type
@reads(models.JobError, "jer")
class JobError(Node):
    """A row of what the job was given, and why it was refused."""

    row: int = column(models.JobError.line)
    """Which one: the line of the file, from 1, its header counted."""
    error: UserError = related(lambda row: row.id)
    """What is wrong; `path` names the column, as the file calls it."""


@strawberry.type
@reads(models.Job, "job")
class Job(Node):
    """Work that goes on after the answer. Ask again by id until its state is DONE, FAILED or CANCELLED. Its tenant sees
    it, and everybody above."""

    kind: str = column(models.Job.kind)
    """What it does, such as billing.advance_clock."""
    state: JobState = column(models.Job.state)
    """How far it is."""
    done: int = column(models.Job.done)
    """Steps that are done."""
    total: int | None = column(models.Job.total)
    """Steps in all; null while unknown."""
    error_code: ErrorCode | None = column(models.Job.error_code)
    """Why it was refused; null unless it is FAILED, and when it failed for another reason."""
    error_message: str | None = column(models.Job.error_message)
    """Why it is FAILED, for a person."""
    cancellable: bool = column(models.Job.cancellable)
    """Whether cancelJob ends it."""
    created_at: datetime = column(models.Job.created_at)
    """When it was asked for, in real time."""
    started_at: datetime | None = column(models.Job.started_at)
    """When a worker first took it, in real time."""
    finished_at: datetime | None = column(models.Job.finished_at)
    """When it ended, in real time."""
    file: File | None = related(models.File.job_id, needs=Permission.FILES_READ)
    """What it wrote, for 30 days; null: nothing yet, or nothing to write."""
    price_sheet_report: PriceSheetReport | None = related(
        PriceSheetReportRow.job_id, needs=Permission.PRICES_UPSTREAM_READ
    )
    """What it did as the import of a price sheet; null: it is none, has not ended, or was refused."""
    errors: Connection[JobError] | None = listing(
        models.JobError.job_id, default_sort=(models.JobError.line.asc(), models.JobError.id.asc())
    )
    """Rows that it refused, in their order, the first 1,000; where there is a `file` of a refused job, it has all."""
    events: Connection[Event] | None = listing(models.Event.job_id, default_sort=(models.Event.sequence.asc(),))
    """What happened in it, in order."""
