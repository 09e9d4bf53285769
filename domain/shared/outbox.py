"""What an action tells the rest of the house: events that happened, jobs for later.

Both are rows of the transaction that causes them: there is no event without its change, no job lost or made in vain.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.appending import append
from db.ids import uuid7
from domain.shared.models import Event, Job, Priority
from tenancy import origin
from tenancy.rows import TenantRow
from tenancy.scope import Scope
from tenancy.sessions import ScopedSession

__all__ = ["announce", "enqueue", "enqueue_each", "has_enqueued", "wake_at_commit"]

_ENQUEUED = "outbox.enqueued"


def announce(session: Session, scope: Scope, type: str, *, subject: TenantRow, prefix: str, at: datetime) -> None:
    """Add an event to the stream of the subject's tenant. `type` is past tense, such as `charge.closed`."""
    append(
        session,
        Event,
        {
            "distributor_id": subject.distributor_id,
            "tenant_id": subject.tenant_id,
            "tenant_path": subject.tenant_path,
            "type": type,
            "subject_kind": prefix,
            "subject_id": subject.id,
            "actor_id": scope.actor_id,
            "job_id": scope.job_id,
            "created_at": at,
            "updated_at": at,
        },
    )


def enqueue(
    session: Session,
    owner: TenantRow,
    kind: str,
    *,
    queue: str,
    arguments: Mapping[str, Any],
    unique_key: str | None = None,
    run_at: datetime | None = None,
    priority: Priority = Priority.USUAL,
    max_attempts: int | None = None,
    lane: str | None = None,
    cancellable: bool = False,
) -> UUID:
    """Add a job for the tenant that owns `owner`; with `unique_key`, unless one with that key waits in the queue.

    `kind` names the actor; `arguments` are JSON, ids as 32 hex digits. Jobs of one `lane` of one distributor run one
    after the other. Without `max_attempts` the actor's own number holds. Returns the job's id, or the waiting one's.
    """
    session.info[_ENQUEUED] = True
    job = insert(Job).values(
        id=uuid7(),
        distributor_id=owner.distributor_id,
        tenant_id=owner.tenant_id,
        tenant_path=owner.tenant_path,
        kind=kind,
        queue=queue,
        arguments=dict(arguments),
        unique_key=unique_key,
        priority=priority,
        max_attempts=max_attempts,
        lane=lane,
        cancellable=cancellable,
        actor_id=_actor(session),
        traceparent=origin.traceparent(),
        state="WAITING",
        attempt=0,
        done=0,
        **({} if run_at is None else {"run_at": run_at}),
    )
    return session.scalars(
        job.on_conflict_do_update(
            index_elements=["distributor_id", "queue", "unique_key"],
            index_where=text("state = 'WAITING'"),
            set_={"unique_key": job.excluded.unique_key},
        ).returning(Job.id)
    ).one()


def enqueue_each(
    session: Session,
    jobs: Sequence[tuple[TenantRow, Mapping[str, Any]]],
    kind: str,
    *,
    queue: str,
    priority: Priority = Priority.USUAL,
) -> None:
    """Add many jobs of one kind in one statement: owner and arguments of each."""
    if not jobs:
        return
    session.info[_ENQUEUED] = True
    rows = [
        {
            "distributor_id": owner.distributor_id.hex,
            "id": uuid7().hex,
            "tenant_id": owner.tenant_id.hex,
            "tenant_path": owner.tenant_path,
            "arguments": arguments,
        }
        for owner, arguments in jobs
    ]
    session.execute(
        _EACH,
        {
            "rows": json.dumps(rows),
            "kind": kind,
            "queue": queue,
            "priority": priority,
            "actor_id": _actor(session),
            "traceparent": origin.traceparent(),
        },
    )


_EACH = text(
    "INSERT INTO jobs (distributor_id, id, tenant_id, tenant_path, arguments, kind, queue, priority, actor_id,"
    " traceparent, state, attempt, done)"
    " SELECT job.*, :kind, :queue, :priority, :actor_id, :traceparent, 'WAITING', 0, 0"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb))"
    " AS job(distributor_id uuid, id uuid, tenant_id uuid, tenant_path text, arguments jsonb)"
)
"""A thousand rows are one parameter: as parameters of their own they take longer to write down than to insert."""


def _actor(session: Session) -> UUID | None:
    """The manager in whose scope the job is added."""
    return session.scope.actor_id if isinstance(session, ScopedSession) else None


def wake_at_commit(session: Session) -> None:
    """A job of this session waits, that was not added in it."""
    session.info[_ENQUEUED] = True


def has_enqueued(session: Session) -> bool:
    """Whether a job was added in this session: whoever commits it then wakes the workers."""
    return bool(session.info.get(_ENQUEUED))
