"""Imports of what people send in files."""

import tempfile
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from typing import BinaryIO, cast
from uuid import UUID

from domain.catalog.price_sheet import BrokenPriceSheet, PriceSheet
from domain.pricing import sheet_requests
from domain.pricing.sheet_requests import Request
from domain.shared.files import content_of
from domain.shared.models import File, Job
from domain.shared.rows import visible
from jobs.actors import calling_actor
from jobs.tasks import Task
from tenancy.clock import clock_of


@calling_actor(queue="imports", max_attempts=3, time_limit=timedelta(minutes=10))
def import_price_sheet(task: Task, *, file_id: UUID, currency: str | None, coefficient: str, preview: bool) -> None:
    """Make a tenant's products and plans what a price sheet says, all rows or none; `preview`: say what that would do.

    One transaction holds all of it; how far it is, others see meanwhile. A sheet with a bad row fails the job, with the
    bad cells in its errors and its file.
    """
    with ExitStack() as files:
        content = cast("BinaryIO", files.enter_context(tempfile.TemporaryFile()))
        with task.transaction() as session:
            job = session.get_one(Job, (task.claim.distributor_id, task.claim.id))
            file = visible(session, task.scope, File, file_id, "file_id")
            for piece in content_of(session, file):
                content.write(piece)
        request = Request(job, task.scope, currency=currency, coefficient=Decimal(coefficient), preview=preview)
        try:
            sheet = PriceSheet(content, currency=currency, every_error=True)
            task.tell(0, sheet.count)
            with task.last_transaction() as session:
                sheet_requests.import_sheet(
                    session,
                    request,
                    sheet,
                    file_name=file.name,
                    clock=clock_of(session, task.claim.distributor_id),
                    progress=lambda done: task.tell(done, sheet.count),
                )
        except BrokenPriceSheet as broken:
            with task.transaction() as session:
                refusal = sheet_requests.reject_sheet(session, request, broken)
            raise refusal from None
