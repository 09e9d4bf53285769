"""What is thrown away when it is old enough."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from domain.shared import outbox
from jobs.actors import stepping_actor
from jobs.tasks import Progress
from tenancy.models import IdempotencyRecord, Tenant
from tenancy.scope import Scope
from tenancy.signing_in.models import SignInAttempt

__all__ = ["KEYS_ARE_KEPT", "enqueue_tidying", "forget_keys"]

KEYS_ARE_KEPT = timedelta(days=30)
"""How long an idempotencyKey is remembered, in real time: a sandbox's own clock has no part in it."""

ATTEMPTS_ARE_KEPT = timedelta(days=1)
"""How long it is remembered that somebody failed to sign in: much longer than it counts."""

BATCH = 500
"""Records a transaction."""

_NOBODY = UUID(int=0)
"""Whose records the platform's are."""


def enqueue_tidying(session: Session) -> int:
    """Queue a `housekeeping.forget_keys` for each distributor that has keys which are old enough.

    The platform's own have no distributor whose job it could be: they are few, and forgotten here. Needs the platform's
    scope, as do failures to sign in, which are nobody's either. Returns the number of jobs.
    """
    _forget(session, _NOBODY)
    session.execute(delete(SignInAttempt).where(SignInAttempt.since < func.now() - ATTEMPTS_ARE_KEPT))
    owners = session.scalars(
        select(Tenant).where(
            Tenant.parent_id.is_(None),
            Tenant.distributor_id.in_(select(IdempotencyRecord.distributor_id).where(_is_old()).distinct()),
        )
    ).all()
    for owner in owners:
        outbox.enqueue(
            session,
            owner,
            "housekeeping.forget_keys",
            queue="housekeeping",
            arguments={},
            unique_key="forget_keys",
        )
    return len(owners)


@stepping_actor(queue="housekeeping")
def forget_keys(session: Session, scope: Scope, cursor: dict[str, Any] | None) -> Progress:
    """Delete a distributor's idempotency keys of more than 30 days, a batch a step."""
    assert scope.distributor_id is not None
    count = _forget(session, scope.distributor_id)
    done = (cursor["done"] if cursor else 0) + count
    return Progress(cursor={"done": done} if count == BATCH else None, done=done)


def _forget(session: Session, distributor_id: UUID) -> int:
    """Delete a batch; how many there were."""
    old = (
        select(IdempotencyRecord.id)
        .where(IdempotencyRecord.distributor_id == distributor_id, _is_old())
        .order_by(IdempotencyRecord.created_at)
        .limit(BATCH)
        # Not those that a call replays right now, or another step deletes.
        .with_for_update(skip_locked=True)
    )
    found = session.scalars(
        delete(IdempotencyRecord)
        .where(IdempotencyRecord.distributor_id == distributor_id, IdempotencyRecord.id.in_(old.scalar_subquery()))
        .returning(IdempotencyRecord.id)
        .execution_options(synchronize_session=False)
    )
    return len(found.all())


def _is_old() -> Any:
    return IdempotencyRecord.created_at < func.now() - KEYS_ARE_KEPT
