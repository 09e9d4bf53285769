"""Price sheets that people send: asked for, previewed, imported by a job, refused row by row."""

import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from decimal import Decimal
from typing import Any, BinaryIO, TextIO, cast
from uuid import UUID

from sqlalchemy.orm import Session

from domain.catalog.price_sheet import BrokenPriceSheet, PriceSheet, SheetError
from domain.pricing.models import PriceSheetReport
from domain.pricing.sheet_import import import_price_sheet
from domain.pricing.sheet_lists import ChangeList, write_rejected
from domain.pricing.sheet_offers import clean_coefficient
from domain.pricing.sheet_report import Counts, ImportReport, SheetChange
from domain.shared import outbox
from domain.shared.decimals import plain
from domain.shared.errors import InvalidInput, Refusal, TooMany
from domain.shared.files import content_of, keep_file
from domain.shared.job_errors import RowError, forget_outcome, keep_errors
from domain.shared.models import File, Job
from domain.shared.money import is_currency
from domain.shared.rows import own
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.rows import TenantRow
from tenancy.scope import Scope

__all__ = ["Request", "copied", "import_sheet", "preview_sheet", "reject_sheet", "request_import"]

KIND = "imports.import_price_sheet"
PREVIEW_LIMIT = 3_000
"""Lines of a sheet that a dry run looks at while somebody waits."""
IN_MEMORY = 1 << 20
"""Bytes of a file or list; more wait on the disk."""


def request_import(
    session: Session, scope: Scope, *, file_id: UUID, currency: str | None, coefficient: Decimal, preview: bool
) -> Job:
    """Queue the import of a file of the acting tenant; `preview`: only its report is kept.

    Imports of one tenant run one after the other. Raises NotFound, ActAsRequired, InvalidInput.
    """
    file = _asked(session, scope, file_id, currency, coefficient)
    owner = tenant_by_id(session, scope.tenant_id)
    job_id = outbox.enqueue(
        session,
        owner,
        KIND,
        queue=KIND.partition(".")[0],
        arguments={
            "file_id": file.id.hex,
            "currency": currency,
            "coefficient": plain(coefficient),
            "preview": preview,
        },
        lane=f"price_sheet {owner.id.hex}",
        cancellable=True,
    )
    return session.get_one(Job, (owner.distributor_id, job_id))


def _asked(session: Session, scope: Scope, file_id: UUID, currency: str | None, coefficient: Decimal) -> File:
    file = own(session, scope, File, file_id, "file_id")
    if currency is not None and not is_currency(currency):
        raise InvalidInput("{field} must be an ISO 4217 code such as EUR.", path=("currency",))
    clean_coefficient(coefficient)
    return file


def preview_sheet(
    session: Session, scope: Scope, *, file_id: UUID, currency: str | None, coefficient: Decimal, clock: Clock
) -> PriceSheetReport:
    """Import the file at once, take all of it back, and tell what it did.

    Raises as `request_import`; InvalidInput with the first bad cells; TooMany for more than `PREVIEW_LIMIT` lines.
    """
    file = _asked(session, scope, file_id, currency, coefficient)
    with copied(session, file) as content:
        lines = sum(piece.count(b"\n") for piece in iter(lambda: content.read(IN_MEMORY), b""))
        if lines > PREVIEW_LIMIT:
            raise TooMany(
                "A dry run looks at {limit} lines; this file has {lines}. Ask for it with preview: true instead.",
                limit=PREVIEW_LIMIT,
                lines=lines,
                path=("file_id",),
            )
        try:
            sheet = PriceSheet(content, currency=currency)
            undone = session.begin_nested()
            report = import_price_sheet(session, scope, rows=sheet, coefficient=coefficient, clock=clock)
            undone.rollback()
        except BrokenPriceSheet as broken:
            raise broken.at("file_id") from None
    return _kept(session, file, report, file_name=file.name, job_id=None, applied=False)


@contextmanager
def copied(session: Session, file: File) -> Iterator[BinaryIO]:
    """A copy of the file to read in, on the disk when it is long."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as spooled:
        for piece in content_of(session, file):
            spooled.write(piece)
        spooled.seek(0)
        yield cast("BinaryIO", spooled)


class Request:
    """What a job was asked to import."""

    def __init__(self, job: Job, scope: Scope, *, currency: str | None, coefficient: Decimal, preview: bool) -> None:
        """`scope`: the job's; the import itself is the tenant's that owns the job."""
        self.job = job
        self.scope = Scope.of_tenant(job.distributor_id, job.tenant_id, job.tenant_path).writing_downstream()
        if scope.job_id is not None:
            self.scope = self.scope.for_job(scope.job_id)
        self.currency = currency
        self.coefficient = coefficient
        self.preview = preview


def import_sheet(
    session: Session,
    request: Request,
    sheet: PriceSheet,
    *,
    file_name: str,
    clock: Clock,
    progress: Callable[[int], None],
) -> None:
    """Import it in this transaction, or see what that would do; leave the report and the list of all changes.

    Raises BrokenPriceSheet, ServiceTermKeyTaken: then nothing of it is to be kept.
    """
    job = request.job
    with _list() as (text, content):
        undone = session.begin_nested() if request.preview else None
        report = import_price_sheet(
            session,
            request.scope,
            rows=sheet,
            coefficient=request.coefficient,
            clock=clock,
            progress=progress,
            on_change=ChangeList(text).note,
        )
        if undone is not None:
            undone.rollback()
        text.flush()
        forget_outcome(session, job.distributor_id, job.id)
        keep_file(session, job, name="changes.csv", media_type="text/csv", content=content, job_id=job.id)
    _kept(session, job, report, file_name=file_name, job_id=job.id, applied=not request.preview)


def reject_sheet(session: Session, request: Request, broken: BrokenPriceSheet) -> Refusal:
    """Leave the bad cells behind: the first as the job's errors, all as its file. What the job is to fail with."""
    job = request.job
    forget_outcome(session, job.distributor_id, job.id)
    keep_errors(session, job, map(_row_error, broken.every))
    with _list() as (text, content):
        write_rejected(text, broken)
        text.flush()
        keep_file(session, job, name="rejected.csv", media_type="text/csv", content=content, job_id=job.id)
    return InvalidInput(
        "Nothing of the file is imported: {count} of its cells or lines are refused, the first on line {line}.",
        count=len(broken.every),
        line=broken.every[0].line,
        path=("file_id",),
    )


def _row_error(error: SheetError) -> RowError:
    column = error.told_as or error.column
    return RowError(error.line, error.reason.told(), () if column is None else (column,))


@contextmanager
def _list() -> Iterator[tuple[TextIO, BinaryIO]]:
    """Something to write a CSV into, as text and as the bytes that come of it."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as spooled:
        content = cast("BinaryIO", spooled)
        text = io.TextIOWrapper(content, encoding="utf-8", newline="")
        try:
            yield text, content
        finally:
            text.detach()


def _kept(
    session: Session, owner: TenantRow, report: ImportReport, *, file_name: str, job_id: UUID | None, applied: bool
) -> PriceSheetReport:
    row = PriceSheetReport(
        distributor_id=owner.distributor_id,
        tenant_id=owner.tenant_id,
        tenant_path=owner.tenant_path,
        job_id=job_id,
        file_name=file_name,
        applied=applied,
        report=_document(report),
    )
    session.add(row)
    session.flush()
    return row


def _document(report: ImportReport) -> dict[str, Any]:
    return {
        "rows": report.rows,
        "products": _counts(report.products),
        "plans": _counts(report.plans) | {"gone": report.gone},
        "service_term_keys": report.terms,
        "copies": report.copies,
        "changes": [_line(change) for changes in report.changes.values() for change in changes],
        "inexact_years": report.inexact_count,
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {"created": counts.created, "updated": counts.updated, "unchanged": counts.unchanged}


def _line(change: SheetChange) -> dict[str, Any]:
    values = {each.name: getattr(change, each.name) for each in fields(change)}
    return {name: plain(value) if isinstance(value, Decimal) else value for name, value in values.items()}
