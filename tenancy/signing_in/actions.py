"""Signing in and out, renewing a session, setting a password.

Nobody is known yet where most of these begin: the session sees nothing, looks up what it was given in the platform's
scope, and from then on acts in the scope of the person's own tenant.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from db.ids import uuid7
from tenancy.errors import InvalidState, NotFound, SignInRefused
from tenancy.finding import own
from tenancy.models import Tenant, TenantState
from tenancy.rows import TenantRow
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import ScopedSession, seeing
from tenancy.signing_in import attempts
from tenancy.signing_in.models import Credential, PasswordReset, PersonKind, PersonSession, SessionEnd
from tenancy.signing_in.passwords import clean_password
from tenancy.signing_in.persons import person_by_email, person_by_id, tenant_named
from tenancy.signing_in.sessions import (
    Opened,
    end_session,
    end_sessions,
    open_session,
    real_time,
    token_for_renewal,
    with_new_tokens,
)
from tenancy.tokens import Identity, hash_of

__all__ = [
    "Claim",
    "change_password",
    "claim",
    "claim_of_holder",
    "key_of_person",
    "refused",
    "renew",
    "renewal_refused",
    "reset_password",
    "set_password",
    "settle",
    "sign_in",
    "sign_out",
]

KINDS = {"manager": PersonKind.MANAGER, "user": PersonKind.USER}
"""In which capacity a token's holder is a person, by `Identity.kind`."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who somebody says to be, before a password is looked at. `person_id` None: there is nobody of the kind."""

    kind: PersonKind
    distributor_id: UUID | None
    person_id: UUID | None
    kept: str | None
    """What is kept of the password; None: there is none."""
    email: str
    key: bytes
    """Under which failures of this person are counted."""
    address_key: bytes | None


def claim(session: Session, *, tenant: str, kind: PersonKind, email: str, address: str | None) -> Claim:
    """Who signs in, with the attempt counted: by the person, whether or not there is one, and by the IP address.

    Needs the platform's scope, and to be committed at once. Raises TooMany.
    """
    at = tenant_named(session, tenant)
    key = key_of_person(attempts.FAILURES_OF_PERSON, tenant, at, kind, email)
    address_key = None if address is None else attempts.key_of(attempts.FAILURES_OF_ADDRESS, address)
    # Always in this order: two who wait for each other's counters would wait for ever.
    attempts.count(session, attempts.FAILURES_OF_PERSON, key)
    if address_key is not None:
        attempts.count(session, attempts.FAILURES_OF_ADDRESS, address_key)
    person = None if at is None else person_by_email(session, at, kind, email)
    if person is None:
        return Claim(kind, None, None, None, email, key, address_key)
    return Claim(kind, person.distributor_id, person.id, _kept(session, person, kind), person.email, key, address_key)


def claim_of_holder(session: Session, identity: Identity) -> Claim:
    """The same for a token's holder who tells the password once more. Raises TooMany, SignInRefused (no person)."""
    kind = KINDS.get(identity.kind)
    distributor_id = identity.scope.distributor_id
    if kind is None or distributor_id is None:
        raise SignInRefused("Only a person has a password.")
    person = person_by_id(session, distributor_id, kind, identity.actor_id)
    if person is None:
        raise SignInRefused("Only a person has a password.")
    tenant = session.get_one(Tenant, (distributor_id, person.tenant_id))
    key = key_of_person(attempts.FAILURES_OF_PERSON, tenant.number, tenant, kind, person.email)
    attempts.count(session, attempts.FAILURES_OF_PERSON, key)
    return Claim(kind, distributor_id, person.id, _kept(session, person, kind), person.email, key, None)


def settle(session: Session, claim: Claim) -> None:
    """The password fits: what was counted is forgotten. Needs the platform's scope."""
    attempts.forget(session, claim.key)
    if claim.address_key is not None:
        attempts.take_back(session, claim.address_key)


def key_of_person(limit: attempts.Limit, named: str, tenant: Tenant | None, kind: PersonKind, email: str) -> bytes:
    """Where a person's attempts are counted: the same for the tenant's number and its id."""
    at = named.strip().upper() if tenant is None else tenant.number
    return attempts.key_of(limit, kind, at, email.strip().lower())


def sign_in(
    session: ScopedSession, _scope: Scope, *, claim: Claim, rehashed: str | None, address: str | None
) -> Opened:
    """Open a session for whoever the claim proved to be; the database session acts for that person's tenant after.

    `rehashed`: the same password, hashed anew as is done today. Raises SignInRefused when the person was shut out, the
    tenant suspended or the password changed meanwhile.
    """
    with seeing(session, PLATFORM):
        person = _person(session, claim.distributor_id, claim.kind, claim.person_id)
        if person is None or _kept(session, person, claim.kind) != claim.kept:
            raise refused()
    _act_for(session, person)
    if rehashed is not None:
        set_password(session, person, claim.kind, rehashed)
    return open_session(session, person, claim.kind, address=address)


def refused() -> SignInRefused:
    """In the same words whatever was wrong."""
    return SignInRefused("Tenant, e-mail address and password do not go together.")


def renew(session: ScopedSession, _scope: Scope, *, refresh_token: str) -> Opened | None:
    """New tokens for an old refresh token, which is used up by that.

    None: it was used up before. Then its session has just been ended, since one of the two who have the token has
    stolen it; this has to be committed. Raises SignInRefused.
    """
    with seeing(session, PLATFORM):
        token = token_for_renewal(session, refresh_token)
        if token is None:
            raise renewal_refused()
        opened = session.get_one(
            PersonSession, (token.distributor_id, token.session_id), with_for_update=True, populate_existing=True
        )
        now = real_time(session)
        person = _person(session, opened.distributor_id, opened.person_kind, opened.person_id)
    _act_for(session, opened)
    if token.used_at is not None:
        end_session(session, opened, SessionEnd.TOKEN_REUSED)
        return None
    if person is None or opened.ended_at is not None or token.expires_at <= now:
        raise renewal_refused()
    token.used_at = opened.last_used_at = now
    return with_new_tokens(session, opened)


def renewal_refused() -> SignInRefused:
    """In the same words whatever was wrong."""
    return SignInRefused("This refresh token opens nothing; sign in again.", path=("refresh_token",))


def sign_out(
    session: Session, scope: Scope, identity: Identity, *, session_id: UUID | None = None, everywhere: bool = False
) -> PersonSession:
    """End a session of the acting tenant, default the one that the token belongs to; `everywhere`: all of its person.

    Whether somebody may end another's is the caller's to know. Raises InvalidState (the token belongs to no session),
    NotFound, ActAsRequired.
    """
    wanted = session_id or identity.session_id
    if wanted is None:
        raise InvalidState("This token belongs to no session: name one, or revoke the token.", path=("session_id",))
    opened = own(session, scope, PersonSession, wanted, "session_id")
    by = SessionEnd.SIGNED_OUT if opened.person_id == identity.actor_id else SessionEnd.REVOKED
    if everywhere:
        end_sessions(session, opened, opened.person_id, opened.person_kind, by)
        session.refresh(opened)
    end_session(session, opened, by)
    return opened


def change_password(session: Session, identity: Identity, *, claim: Claim, password_hash: str) -> None:
    """Set the password of a token's holder, which the claim has proved; all other sessions end.

    Raises SignInRefused when the password was changed meanwhile.
    """
    person = _holder(session, identity)
    if _kept(session, person, claim.kind) != claim.kept:
        raise SignInRefused("This is not your password any more.", path=("current_password",))
    set_password(session, person, claim.kind, password_hash)
    end_sessions(session, person, person.id, claim.kind, SessionEnd.PASSWORD_CHANGED, but=identity.session_id)


def reset_password(session: ScopedSession, _scope: Scope, *, token: str, new_password: str, password_hash: str) -> None:
    """Set the password of whoever was mailed this key, and begin to count failures anew; all sessions end.

    The person's other keys are used up too. Raises SignInRefused, InvalidInput (the password is the e-mail address).
    """
    with seeing(session, PLATFORM):
        reset = session.scalars(
            select(PasswordReset).where(PasswordReset.token_hash == hash_of(token)).with_for_update()
        ).one_or_none()
        if reset is None or reset.used_at is not None or reset.expires_at <= real_time(session):
            raise _reset_refused()
        person = _person(session, reset.distributor_id, reset.person_kind, reset.person_id)
        if person is None:
            raise _reset_refused()
        clean_password(new_password, "new_password", unlike=person.email)
        tenant = session.get_one(Tenant, (person.distributor_id, person.tenant_id))
        key = key_of_person(attempts.FAILURES_OF_PERSON, tenant.number, tenant, reset.person_kind, person.email)
        attempts.forget(session, key)
    _act_for(session, person)
    for each in session.scalars(
        select(PasswordReset).where(
            PasswordReset.distributor_id == person.distributor_id,
            PasswordReset.person_id == person.id,
            PasswordReset.used_at.is_(None),
        )
    ):
        each.used_at = real_time(session)
    set_password(session, person, reset.person_kind, password_hash)
    end_sessions(session, person, person.id, reset.person_kind, SessionEnd.PASSWORD_CHANGED)


def _reset_refused() -> SignInRefused:
    return SignInRefused("This key opens nothing: it was used, or it is too old. Ask for another.", path=("token",))


def set_password(session: Session, person: TenantRow, kind: PersonKind, password_hash: str) -> None:
    """Keep a person's password. The scope must write its tenant's rows."""
    entry = insert(Credential).values(
        id=uuid7(),
        distributor_id=person.distributor_id,
        tenant_id=person.tenant_id,
        tenant_path=person.tenant_path,
        person_kind=kind,
        person_id=person.id,
        password_hash=password_hash,
    )
    session.execute(
        entry.on_conflict_do_update(
            constraint="uq_credentials_person",
            set_={"password_hash": entry.excluded.password_hash, "updated_at": entry.excluded.updated_at},
        )
    )


def _kept(session: Session, person: TenantRow, kind: PersonKind) -> str | None:
    return session.scalars(
        select(Credential.password_hash).where(
            Credential.distributor_id == person.distributor_id,
            Credential.person_kind == kind,
            Credential.person_id == person.id,
        )
    ).one_or_none()


def _person(session: Session, distributor_id: UUID | None, kind: PersonKind, id: UUID | None) -> Any | None:
    """Somebody who may work now; None: nobody, or shut out, or of a suspended tenant."""
    if distributor_id is None or id is None:
        return None
    person = person_by_id(session, distributor_id, kind, id)
    if person is None or not person.active:
        return None
    tenant = session.get_one(Tenant, (distributor_id, person.tenant_id), populate_existing=True)
    return None if tenant.state is not TenantState.ACTIVE or tenant.suspended_above else person


def _holder(session: Session, identity: Identity) -> Any:
    kind, distributor_id = KINDS.get(identity.kind), identity.scope.distributor_id
    if kind is None or distributor_id is None:
        raise NotFound
    person = person_by_id(session, distributor_id, kind, identity.actor_id)
    if person is None:
        raise NotFound
    return person


class _Moved(Exception):
    """The person's tenant was moved while it was looked up. The mutation is done anew, from the beginning."""

    sqlstate = "40001"


def _act_for(session: ScopedSession, row: TenantRow) -> None:
    """Act for the tenant of this row, which stays where it is from here on. Raises _Moved."""
    session.act_as(Scope.of_tenant(row.distributor_id, row.tenant_id, row.tenant_path))
    place = select(Tenant.tenant_path).where(Tenant.distributor_id == row.distributor_id, Tenant.id == row.tenant_id)
    if session.scalar(place) != row.tenant_path:
        raise _Moved
