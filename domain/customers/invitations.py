"""Ways into an account: mailed, used once, until they expire. Times are real, also in a sandbox."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.customers.agreements import record_acceptances, require_agreed
from domain.customers.members import issue_user_token, join, new_user
from domain.customers.models import AgreementKind, Invitation, Membership, User
from domain.customers.queries import account_for_update
from domain.shared.errors import InvalidInput, InvalidState, NotFound
from domain.shared.outbox import announce
from domain.shared.rows import own
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.permissions import AccessLevel
from tenancy.scope import Scope
from tenancy.texts import clean_email
from tenancy.tokens import hash_of, new_token

__all__ = ["INVITATION_LASTS", "Accepted", "accept_invitation", "invite", "resend_invitation", "revoke_invitation"]

INVITATION_LASTS = timedelta(days=7)
"""How long a mail's link works."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Who came in."""

    user: User
    membership: Membership
    token: str | None
    """Of a user who was made for it, shown this once; None: the user was there before and signs in as always."""


def invite(
    session: Session, scope: Scope, *, account_id: UUID, email: str, level: AccessLevel, clock: Clock
) -> tuple[Invitation, str]:
    """Let whoever reads mail at an address into an account, on a level other than OWNER. Returns the token to mail.

    Raises NotFound, ActAsRequired; InvalidInput; InvalidState for who belongs to it or is invited already, and for an
    account without an owner.
    """
    account = account_for_update(session, scope, account_id, "account_id")
    email = clean_email(email, "email")
    if level is AccessLevel.OWNER:
        raise InvalidInput("Nobody is invited as OWNER: ownership is transferred.", path=("level",))
    members = session.execute(
        select(Membership.email, Membership.level).where(
            Membership.distributor_id == account.distributor_id, Membership.account_id == account.id
        )
    ).all()
    if not any(member.level is AccessLevel.OWNER for member in members):
        raise InvalidState("{name} has no OWNER yet, who comes first.", name=account.name, path=("account_id",))
    if any(member.email == email for member in members):
        raise InvalidState("{email} belongs to {name} already.", email=email, name=account.name, path=("email",))
    open_one = session.scalar(
        select(Invitation.id).where(
            Invitation.distributor_id == account.distributor_id,
            Invitation.account_id == account.id,
            Invitation.email == email,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
    )
    if open_one is not None:
        raise InvalidState("{email} is invited already: send that invitation again.", email=email, path=("email",))
    token = new_token()
    invitation = Invitation(
        distributor_id=account.distributor_id,
        tenant_id=account.tenant_id,
        tenant_path=account.tenant_path,
        account_id=account.id,
        email=email,
        level=level,
        token_hash=hash_of(token),
        expires_at=_in_time(session),
        invited_by_id=scope.actor_id,
        created_at=clock.now,
        updated_at=clock.now,
    )
    session.add(invitation)
    session.flush()
    announce(session, scope, "invitation.sent", subject=invitation, prefix="ivn", at=clock.now)
    session.flush()
    return invitation, token


def resend_invitation(session: Session, scope: Scope, *, invitation_id: UUID, clock: Clock) -> tuple[Invitation, str]:
    """Mail an invitation anew, with a new token and all its time; the old token opens nothing any more.

    Raises NotFound, ActAsRequired; InvalidState for one that is accepted or revoked.
    """
    invitation = _open_for_update(session, scope, invitation_id)
    token = new_token()
    invitation.token_hash = hash_of(token)
    invitation.expires_at = _in_time(session)
    invitation.sent += 1
    invitation.updated_at = clock.now
    announce(session, scope, "invitation.sent", subject=invitation, prefix="ivn", at=clock.now)
    session.flush()
    return invitation, token


def revoke_invitation(session: Session, scope: Scope, *, invitation_id: UUID, clock: Clock) -> Invitation:
    """Take an invitation back. Raises NotFound, ActAsRequired; InvalidState for one that is accepted or revoked."""
    invitation = _open_for_update(session, scope, invitation_id)
    invitation.revoked_at = session.scalar(select(func.clock_timestamp()))
    invitation.updated_at = clock.now
    announce(session, scope, "invitation.revoked", subject=invitation, prefix="ivn", at=clock.now)
    session.flush()
    return invitation


def accept_invitation(
    session: Session,
    scope: Scope,
    *,
    name: str | None = None,
    agreement_ids: list[UUID] | None = None,
    ip: str | None,
    clock: Clock,
) -> Accepted:
    """Come in, as the bearer of an invitation: as the tenant's user with the invited address, or as a new one.

    A new user needs a name, and has to accept the privacy policy in force. Raises NotFound when the invitation has been
    used meanwhile, InvalidInput, InvalidState, AgreementRequired.
    """
    assert scope.customer is not None
    invitation = session.scalars(
        select(Invitation)
        .where(Invitation.distributor_id == scope.distributor_id, Invitation.id == scope.customer.user_id)
        .execution_options(populate_existing=True)
    ).one()
    seller = scope.of_tenant(invitation.distributor_id, invitation.tenant_id, invitation.tenant_path)
    account = account_for_update(session, seller, invitation.account_id)
    session.refresh(invitation, with_for_update=True)
    if invitation.accepted_at is not None or invitation.revoked_at is not None:
        raise NotFound
    tenant = tenant_by_id(session, invitation.tenant_id)
    user = session.scalars(
        select(User).where(
            User.distributor_id == tenant.distributor_id, User.tenant_id == tenant.id, User.email == invitation.email
        )
    ).one_or_none()
    token = None
    if user is None:
        if name is None:
            raise InvalidInput("A new user needs a name.", path=("name",))
        user = new_user(session, seller, tenant, name=name, email=invitation.email, clock=clock)
        token = issue_user_token(session, user)[1]
    elif not user.active:
        raise InvalidState("This user is shut out.", path=("name",))
    record_acceptances(
        session, seller, user, agreement_ids=agreement_ids or [], account_id=account.id, ip=ip, clock=clock
    )
    if token is not None:
        require_agreed(session, tenant, user.id, AgreementKind.PRIVACY_POLICY)
    membership = join(session, seller, account, user, invitation.level, clock=clock)
    invitation.accepted_at = session.scalar(select(func.clock_timestamp()))
    invitation.updated_at = clock.now
    announce(session, seller, "invitation.accepted", subject=invitation, prefix="ivn", at=clock.now)
    session.flush()
    return Accepted(user, membership, token)


def _open_for_update(session: Session, scope: Scope, invitation_id: UUID) -> Invitation:
    seen = own(session, scope, Invitation, invitation_id, "invitation_id")
    account_for_update(session, scope, seen.account_id, "invitation_id")
    session.refresh(seen)
    if seen.accepted_at is not None or seen.revoked_at is not None:
        what = "accepted" if seen.accepted_at is not None else "revoked"
        raise InvalidState("The invitation is {state} already.", state=what, path=("invitation_id",))
    return seen


def _in_time(session: Session) -> datetime:
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    return now + INVITATION_LASTS
