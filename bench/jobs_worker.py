"""A worker that knows the bench's actor: one row a job, as little as an effect can be."""

import sys
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.ids import uuid7
from domain.shared.models import Event
from jobs import worker
from jobs.actors import actor
from tenancy.scope import Scope

__all__ = ["DONE", "note"]

DONE = "bench.noted"


@actor(queue="bench")
def note(session: Session, scope: Scope, *, number: int) -> None:  # noqa: ARG001 - as a real job would have
    """The effect: an event."""
    session.execute(
        insert(Event.__table__),  # type: ignore[arg-type]
        {
            "distributor_id": scope.distributor_id,
            "id": uuid7(),
            "tenant_id": scope.tenant_id,
            "tenant_path": scope.path,
            "type": DONE,
            "subject_kind": "dst",
            "subject_id": UUID(int=0),
            "job_id": scope.job_id,
            "created_at": datetime.now(UTC),
        },
    )


if __name__ == "__main__":
    sys.exit(worker.main(sys.argv[1:]))
