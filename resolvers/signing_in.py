"""Signing in and out, passwords. What costs time or has to be counted happens before the mutation's transaction."""

from typing import Any

from domain.shared import outbox
from resolvers.changing.change import Answer, Before, Change, Secret
from tenancy.customers import authenticate_customer
from tenancy.errors import SignInRefused
from tenancy.permissions import Permission
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import seeing
from tenancy.signing_in import actions, attempts, passwords
from tenancy.signing_in.models import PersonKind
from tenancy.signing_in.persons import tenant_named
from tenancy.signing_in.sessions import Opened
from tenancy.texts import clean_email
from tenancy.tokens import authenticate

__all__ = [
    "change_password",
    "count_reset",
    "hash_new_password",
    "prove_password",
    "refresh_session",
    "request_password_reset",
    "reset_password",
    "sign_in",
    "sign_out",
    "verify_password",
]


def prove_password(before: Before) -> dict[str, Any]:
    """Before `sign_in`: count the attempt, look at the password. A dry run counts too, being as good for guessing."""
    input = before.input
    with before.sessions.begin(PLATFORM) as session:
        claim = actions.claim(
            session, tenant=input["tenant"], kind=input["kind"], email=input["email"], address=before.address
        )
    if not passwords.fits(claim.kept, input["password"]):
        raise actions.refused()
    assert claim.kept is not None
    rehashed = passwords.hashed(input["password"]) if passwords.is_outdated(claim.kept) else None
    with before.sessions.begin(PLATFORM) as session:
        actions.settle(session, claim)
    return {"claim": claim, "rehashed": rehashed}


def sign_in(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.signing_in.actions.sign_in`."""
    return _opened(change, actions.sign_in(change.session, change.scope, address=change.address, **input))


def refresh_session(change: Change, /, *, refresh_token: str) -> Answer:
    """See `tenancy.signing_in.actions.renew`."""
    opened = actions.renew(change.session, change.scope, refresh_token=refresh_token)
    if opened is None:
        change.refusal = actions.renewal_refused()
        return {}
    return _opened(change, opened)


def _opened(change: Change, opened: Opened) -> Answer:
    """The payload is read for the person who has just signed in."""
    token = opened.access_token
    change.became = authenticate(change.session, token) or authenticate_customer(change.session, token)
    return {
        "session": opened.session,
        "access_token": Secret(opened.access_token),
        "refresh_token": Secret(opened.refresh_token),
    }


def sign_out(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.signing_in.actions.sign_out`. Other people's sessions need managers.write."""
    session = actions.sign_out(change.session, change.scope, change.identity, **input)
    if session.person_id != change.identity.actor_id:
        change.require(Permission.MANAGERS_WRITE)
    return {"session": session}


def verify_password(before: Before) -> dict[str, Any]:
    """Before `change_password`: see that the old one is right, hash the new one."""
    passwords.clean_password(before.input["new_password"], "new_password")
    with before.sessions.begin(PLATFORM) as session:
        claim = actions.claim_of_holder(session, before.identity)
    new = passwords.clean_password(before.input["new_password"], "new_password", unlike=claim.email)
    if not passwords.fits(claim.kept, before.input["current_password"]):
        raise SignInRefused("This is not your password.", path=("current_password",))
    hashed = passwords.hashed(new)
    with before.sessions.begin(PLATFORM) as session:
        actions.settle(session, claim)
    return {"claim": claim, "password_hash": hashed}


def change_password(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.signing_in.actions.change_password`."""
    change.require_own_tenant()
    actions.change_password(change.session, change.identity, **input)
    return {}


def count_reset(before: Before) -> dict[str, Any]:
    """Before `request_password_reset`: count it, for people who are not there too. A dry run sends nothing."""
    input = before.input | {"email": clean_email(before.input["email"], "email")}
    if not before.dry_run:
        with before.sessions.begin(PLATFORM) as session:
            limit, at = attempts.RESETS_OF_PERSON, tenant_named(session, input["tenant"])
            attempts.count(
                session, limit, actions.key_of_person(limit, input["tenant"], at, input["kind"], input["email"])
            )
    return input


def request_password_reset(change: Change, /, *, tenant: str, kind: PersonKind, email: str) -> Answer:
    """Let a job look for the person and write the mail: here nothing may depend on whether there is one."""
    with seeing(change.session, PLATFORM):
        found = tenant_named(change.session, tenant)
    if found is not None:
        change.session.act_as(Scope.of_tenant(found.distributor_id, found.id, found.tenant_path))
        outbox.enqueue(
            change.session,
            found,
            "notifications.send_password_reset",
            queue="notifications",
            arguments={"tenant_id": found.id.hex, "kind": kind.value, "email": email},
        )
    return {}


def hash_new_password(before: Before) -> dict[str, Any]:
    """Before `reset_password`. Counted by address, since it costs as much as looking at a password."""
    new = passwords.clean_password(before.input["new_password"], "new_password")
    if before.address is not None and not before.dry_run:
        with before.sessions.begin(PLATFORM) as session:
            limit = attempts.RESETS_FROM_ADDRESS
            attempts.count(session, limit, attempts.key_of(limit, before.address))
    return {**before.input, "password_hash": passwords.hashed(new)}


def reset_password(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.signing_in.actions.reset_password`."""
    actions.reset_password(change.session, change.scope, **input)
    return {}
