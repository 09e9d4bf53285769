"""`./headwater jobs`: what waits, what runs, what was given up."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from db import ids
from db.engine import application_engine
from domain.shared import outbox, steering
from domain.shared.models import Job, JobState
from jobs.wake import wake
from server.cli.database import database
from server.cli.options import DataDir, settings_with
from server.cli.refusal import Refusal
from tenancy import errors
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions

__all__ = ["command"]

command = typer.Typer(help="Look at jobs, end them, try them again.", add_completion=False, no_args_is_help=True)

JobId = Annotated[str, typer.Argument(metavar="JOB", help="A job's id, as `list` shows it.")]


@command.command("list")
def list_jobs(
    state: Annotated[
        list[JobState] | None, typer.Option(help="Only these; may be repeated.", case_sensitive=False)
    ] = None,
    queue: Annotated[str | None, typer.Option(help="Only of this queue.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only of this kind.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, newest first.", min=1)] = 50,
    data_dir: DataDir = None,
) -> None:
    """Jobs, newest first."""
    wanted = select(Job).order_by(Job.id.desc()).limit(limit)
    if state:
        wanted = wanted.where(Job.state.in_(state))
    if queue:
        wanted = wanted.where(Job.queue == queue)
    if kind:
        wanted = wanted.where(Job.kind == kind)
    with opened(data_dir) as session:
        _print(list(session.scalars(wanted)))


@command.command()
def dead(
    limit: Annotated[int, typer.Option(help="At most so many, newest first.", min=1)] = 50, data_dir: DataDir = None
) -> None:
    """Dead letters: jobs that were given up, refusals left out."""
    wanted = select(Job).where(Job.state == JobState.FAILED, Job.error_code.is_(None))
    with opened(data_dir) as session:
        _print(list(session.scalars(wanted.order_by(Job.id.desc()).limit(limit))))


@command.command()
def show(job: JobId, data_dir: DataDir = None) -> None:
    """Everything about one job."""
    with opened(data_dir) as session:
        row = _found(session, job)
        facts = {
            "id": _name(row),
            "kind": row.kind,
            "queue": row.queue,
            "state": row.state,
            "distributor": ids.encode("dst", row.distributor_id),
            "tenant path": row.tenant_path,
            "arguments": json.dumps(row.arguments),
            "progress": f"{row.done} of {row.total if row.total is not None else '?'}",
            "cursor": None if row.cursor is None else json.dumps(row.cursor),
            "attempts": f"{row.attempt} of {row.max_attempts or 'as the actor says'}",
            "priority": row.priority,
            "lane": row.lane,
            "unique key": row.unique_key,
            "created": _at(row.created_at),
            "due": _at(row.run_at),
            "started": _at(row.started_at),
            "finished": _at(row.finished_at),
            "leased until": _at(row.lease_until),
            "trace": row.traceparent,
            "refusal": f"{row.error_code}: {row.error_message}" if row.error_code else None,
        }
        for name, fact in facts.items():
            if fact is not None:
                print(f"{name + ':':14}{fact}")
        if row.error:
            print(f"\n{row.error.rstrip()}")


@command.command()
def retry(jobs: Annotated[list[str], typer.Argument(metavar="JOB…")], data_dir: DataDir = None) -> None:
    """Try jobs again that failed or were cancelled: all of them, or none."""
    with opened(data_dir) as session:
        for job in jobs:
            _done(steering.retry, session, job)


@command.command()
def cancel(jobs: Annotated[list[str], typer.Argument(metavar="JOB…")], data_dir: DataDir = None) -> None:
    """End jobs that have not ended, of any kind: all of them, or none. What a worker is at is not kept."""
    with opened(data_dir) as session:
        for job in jobs:
            _done(steering.cancel, session, job)


@contextmanager
def opened(data_dir: DataDir) -> Iterator[Session]:
    """A session of the platform's on the command's database; workers are woken when it made jobs wait."""
    with database(settings_with(data_dir=data_dir)) as found:
        engine = application_engine(found.app_url, pool_size=1, switch_role=found.switches_role)
        try:
            with Sessions(engine).begin(PLATFORM) as session:
                yield session
            if outbox.has_enqueued(session):
                wake(engine)
        finally:
            engine.dispose()


def _done(act: Callable[[Session, Job], Job], session: Session, job: str) -> None:
    row = _found(session, job)
    before = row.state
    try:
        act(session, row)
    except errors.Refusal as refusal:
        raise Refusal(f"{job}: {refusal.message}") from None
    print(f"{_name(row)}  {before} → {row.state}")


def _found(session: Session, job: str) -> Job:
    try:
        prefix, id = ids.decode(job)
    except ids.InvalidId:
        raise Refusal(f"{job} is not a job's id, which looks like job_ and 32 hexadecimal digits") from None
    row = session.scalars(select(Job).where(Job.id == id).with_for_update()).one_or_none() if prefix == "job" else None
    if row is None:
        raise Refusal(f"there is no job {job}")
    return row


def _print(jobs: list[Job]) -> None:
    if not jobs:
        print("No jobs.")
    for job in jobs:
        refusal = job.error_code or (job.error or "").strip().rpartition("\n")[2]
        progress = f"{job.done}/{job.total}" if job.total is not None else str(job.done)
        facts = (
            _name(job),
            f"{job.state:9}",
            f"{job.kind:28}",
            _at(job.run_at),
            f"{job.attempt:3} ×",
            f"{progress:>7}",
        )
        print("  ".join(map(str, facts)), refusal[:80])


def _name(job: Job) -> str:
    return ids.encode("job", job.id)


def _at(instant: datetime | None) -> str | None:
    return None if instant is None else f"{instant:%Y-%m-%d %H:%M:%S}Z"
