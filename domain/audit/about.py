"""Who does something and why, as a session's transactions tell the database's triggers."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from db import ids
from tenancy.scope import Scope

__all__ = ["about_job", "about_mutation", "record_call"]

_CALLED = text("SELECT app_audit_called(:distributor, :tenant, :path)")


def about_job(kind: str, job_id: UUID) -> Mapping[str, str | None]:
    """Of a job's effect."""
    return {"operation": kind, "job_id": str(job_id)}


def about_mutation(
    name: str, actor: str | None, *, acted_as_id: UUID | None, request_id: str | None
) -> Mapping[str, str | None]:
    """Of a mutation. `actor`: the public id of whoever does it."""
    kind, id = (None, None) if actor is None else ids.decode(actor)
    return {
        "operation": name,
        "actor_kind": kind,
        "actor_id": None if id is None else str(id),
        "acted_as_id": None if acted_as_id is None else str(acted_as_id),
        "request_id": request_id,
    }


def record_call(session: Session, scope: Scope) -> None:
    """Leave an entry of a mutation that changed no row, at its acting tenant; nothing where rows have left theirs."""
    if scope.tenant_id is None:
        return  # The platform acts for nobody: there is no chain to stand in.
    given = {"distributor": scope.distributor_id, "tenant": scope.tenant_id, "path": scope.path}
    session.execute(_CALLED, given)
