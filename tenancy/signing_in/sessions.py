"""Sessions: opened by a sign-in, renewed by their refresh token, over when somebody ends them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tenancy.rows import TenantRow
from tenancy.signing_in.models import PersonKind, PersonSession, SessionEnd, SessionToken
from tenancy.tokens import hash_of, new_token

__all__ = [
    "ACCESS_LASTS",
    "REFRESH_LASTS",
    "SESSION_LASTS",
    "Opened",
    "end_session",
    "end_sessions",
    "open_session",
    "real_time",
    "token_for_renewal",
    "with_new_tokens",
]

ACCESS_LASTS = timedelta(minutes=15)
"""How long an access token opens something."""
REFRESH_LASTS = timedelta(days=7)
"""How long a session may rest."""
SESSION_LASTS = timedelta(days=30)
"""After which a person signs in anew, however busy the session."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A session with its newest tokens, which are shown this once."""

    session: PersonSession
    access_token: str
    refresh_token: str


def real_time(session: Session) -> datetime:
    """Now, by the database's clock, whatever a sandbox's says."""
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now


def open_session(session: Session, person: TenantRow, kind: PersonKind, *, address: str | None) -> Opened:
    """Sign a person in. The scope must write its tenant's rows."""
    now = real_time(session)
    opened = PersonSession(
        distributor_id=person.distributor_id,
        tenant_id=person.tenant_id,
        tenant_path=person.tenant_path,
        person_kind=kind,
        person_id=person.id,
        address=address,
        expires_at=now + SESSION_LASTS,
        last_used_at=now,
    )
    session.add(opened)
    session.flush()
    return with_new_tokens(session, opened)


def with_new_tokens(session: Session, opened: PersonSession) -> Opened:
    """The next access token and refresh token. Access tokens given before stay good for their own time."""
    now = real_time(session)
    access, refresh = new_token(), new_token()
    for token, refreshes, lasts in ((access, False, ACCESS_LASTS), (refresh, True, REFRESH_LASTS)):
        session.add(
            SessionToken(
                distributor_id=opened.distributor_id,
                tenant_id=opened.tenant_id,
                tenant_path=opened.tenant_path,
                session_id=opened.id,
                refreshes=refreshes,
                token_hash=hash_of(token),
                expires_at=min(now + lasts, opened.expires_at),
            )
        )
    session.flush()
    return Opened(opened, access, refresh)


def token_for_renewal(session: Session, token: str) -> SessionToken | None:
    """The refresh token, wherever it is from, locked: of two who bring it at once, the second sees that it was used.

    Needs a scope that reads and writes its row: the platform's, for nobody else knows yet whose it is.
    """
    return session.scalars(
        select(SessionToken)
        .where(SessionToken.token_hash == hash_of(token), SessionToken.refreshes)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def end_session(session: Session, ended: PersonSession, by: SessionEnd) -> None:
    """End one; again: nothing more."""
    if ended.ended_at is None:
        ended.ended_at = ended.updated_at = real_time(session)
        ended.ended_by = by
        session.flush()


def end_sessions(
    session: Session,
    owner: TenantRow,
    person_id: UUID,
    kind: PersonKind,
    by: SessionEnd,
    *,
    but: UUID | None = None,
) -> None:
    """End all sessions of a person of this owner's distributor, or all `but` one. Counts from the next request on."""
    session.execute(
        update(PersonSession)
        .where(
            PersonSession.distributor_id == owner.distributor_id,
            PersonSession.person_id == person_id,
            PersonSession.person_kind == kind,
            PersonSession.ended_at.is_(None),
            PersonSession.id.is_distinct_from(but),
        )
        .values(ended_at=func.clock_timestamp(), ended_by=by)
        .execution_options(synchronize_session=False)
    )
