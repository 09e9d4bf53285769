"""What a job was given and could not take, row by row."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.appending import append_all
from domain.shared.models import File, FileChunk, Job, JobError
from tenancy.errors import ErrorCode, ErrorKind

__all__ = ["ERRORS_KEPT", "RowError", "forget_outcome", "keep_errors"]

ERRORS_KEPT = 1000
"""Errors kept of one job; its file has all."""


@dataclass(frozen=True, slots=True)
class RowError:
    """One row, and why it was refused."""

    line: int
    message: str
    path: tuple[str, ...] = ()
    """The column, as the file calls it."""


def keep_errors(session: Session, job: Job, errors: Iterable[RowError]) -> None:
    """Write the first `ERRORS_KEPT` down, in their order."""
    append_all(
        session,
        JobError,
        [
            {
                "distributor_id": job.distributor_id,
                "tenant_id": job.tenant_id,
                "tenant_path": job.tenant_path,
                "job_id": job.id,
                "line": error.line,
                "kind": ErrorKind.FIX_INPUT,
                "code": ErrorCode.INVALID_INPUT,
                "message": error.message,
                "path": list(error.path),
            }
            for error in islice(errors, ERRORS_KEPT)
        ],
    )


def forget_outcome(session: Session, distributor_id: UUID, job_id: UUID) -> None:
    """Delete what an attempt of the job has left behind that did not get to the job's end: its errors, its file."""
    files = select(File.id).where(File.distributor_id == distributor_id, File.job_id == job_id)
    for statement in (
        delete(JobError).where(JobError.distributor_id == distributor_id, JobError.job_id == job_id),
        delete(FileChunk).where(
            FileChunk.distributor_id == distributor_id, FileChunk.file_id.in_(files.scalar_subquery())
        ),
        delete(File).where(File.distributor_id == distributor_id, File.job_id == job_id),
    ):
        session.execute(statement, execution_options={"synchronize_session": False})
