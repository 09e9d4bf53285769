"""The people of an account: who belongs to it, and on which level. An account with people has exactly one owner."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from domain.customers.errors import OnlyForTheOwner
from domain.customers.models import Account, AccountName, ChosenAccount, Membership, ServiceAssignment, User, UserToken
from domain.customers.queries import account_for_update
from domain.shared.errors import InvalidInput, InvalidState, KeyTaken, NotFound
from domain.shared.outbox import announce
from domain.shared.rows import own
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.models import Tenant
from tenancy.permissions import AccessLevel
from tenancy.scope import Scope
from tenancy.texts import clean_email, clean_text
from tenancy.tokens import hash_of, new_token

__all__ = [
    "add_member",
    "change_member",
    "choose",
    "choose_account",
    "create_user",
    "create_user_token",
    "issue_user_token",
    "join",
    "new_user",
    "remove_member",
    "transfer_ownership",
    "write_name",
]

LONGEST_TOKEN = timedelta(days=3660)
"""How long a user's token may hold at most."""


def create_user(
    session: Session, scope: Scope, *, name: str, email: str, phone: str | None = None, clock: Clock
) -> User:
    """Add a person to the acting tenant's customers, without an account yet. Raises InvalidInput, KeyTaken."""
    return new_user(
        session, scope, tenant_by_id(session, scope.tenant_id), name=name, email=email, phone=phone, clock=clock
    )


def new_user(
    session: Session, scope: Scope, tenant: Tenant, *, name: str, email: str, phone: str | None = None, clock: Clock
) -> User:
    """`create_user`, for whoever has the tenant at hand."""
    email = clean_email(email, "email")
    known = session.scalars(
        select(User.id).where(
            User.distributor_id == tenant.distributor_id, User.tenant_id == tenant.id, User.email == email
        )
    ).one_or_none()
    if known is not None:
        raise KeyTaken("There is a user with the address {email} already.", email=email, path=("email",))
    user = User(
        distributor_id=tenant.distributor_id,
        tenant_id=tenant.id,
        tenant_path=tenant.tenant_path,
        name=clean_text(name, "name"),
        email=email,
        phone=None if phone is None else clean_text(phone, "phone", limit=50),
        created_at=clock.now,
        updated_at=clock.now,
    )
    session.add(user)
    session.flush()
    announce(session, scope, "user.created", subject=user, prefix="usr", at=clock.now)
    session.flush()
    return user


def create_user_token(
    session: Session, scope: Scope, *, user_id: UUID, expires_at: datetime | None = None
) -> tuple[User, str]:
    """Give a user of the acting tenant a token, which is seen this once. `expires_at` is real time; None: never.

    Raises NotFound, ActAsRequired; InvalidInput for an instant that is over or absurdly far.
    """
    user = own(session, scope, User, user_id, "user_id")
    now = datetime.now(UTC)
    if expires_at is not None and not now < expires_at < now + LONGEST_TOKEN:
        raise InvalidInput(
            "{field} must be later than now and within {days} days.", days=LONGEST_TOKEN.days, path=("expires_at",)
        )
    return user, issue_user_token(session, user, expires_at=expires_at)[1]


def issue_user_token(session: Session, user: User, *, expires_at: datetime | None = None) -> tuple[UserToken, str]:
    """A new token of a user, and its text."""
    text = new_token()
    token = UserToken(
        distributor_id=user.distributor_id,
        tenant_id=user.tenant_id,
        tenant_path=user.tenant_path,
        user_id=user.id,
        token_hash=hash_of(text),
        expires_at=expires_at,
    )
    session.add(token)
    session.flush()
    return token, text


def add_member(
    session: Session, scope: Scope, *, account_id: UUID, user_id: UUID, level: AccessLevel, clock: Clock
) -> Membership:
    """Let a user work in an account of the acting tenant. The first one is its owner, others are not.

    Raises NotFound, ActAsRequired, InvalidInput, InvalidState.
    """
    account = account_for_update(session, scope, account_id, "account_id")
    user = own(session, scope, User, user_id, "user_id")
    return join(session, scope, account, user, level, clock=clock)


def join(
    session: Session, scope: Scope, account: Account, user: User, level: AccessLevel, *, clock: Clock
) -> Membership:
    """`add_member` of an account that is locked."""
    levels = {member.user_id: member.level for member in _members(session, account)}
    if user.id in levels:
        raise InvalidState(
            "{email} belongs to {name} already, as {level}.",
            email=user.email,
            name=account.name,
            level=levels[user.id].value,
            path=("user_id",),
        )
    if not levels and level is not AccessLevel.OWNER:
        raise InvalidInput(
            "The first user of {name} is its OWNER, not {level}.", name=account.name, level=level.value, path=("level",)
        )
    if levels and level is AccessLevel.OWNER:
        raise InvalidInput("{name} has an owner; ownership is transferred.", name=account.name, path=("level",))
    membership = Membership(
        distributor_id=account.distributor_id,
        tenant_id=account.tenant_id,
        tenant_path=account.tenant_path,
        account_id=account.id,
        user_id=user.id,
        level=level,
        name=user.name,
        email=user.email,
        created_at=clock.now,
        updated_at=clock.now,
    )
    session.add(membership)
    session.flush()
    announce(session, scope, "member.added", subject=membership, prefix="mbr", at=clock.now)
    session.flush()
    return membership


def change_member(
    session: Session,
    scope: Scope,
    *,
    membership_id: UUID,
    level: AccessLevel | None = None,
    active: bool | None = None,
    clock: Clock,
) -> Membership:
    """Give a member another level, or shut it out for a while. The owner stays what it is.

    Raises NotFound, ActAsRequired, InvalidState; InvalidInput for OWNER, which is transferred.
    """
    _, membership = _member_for_update(session, scope, membership_id)
    if level is AccessLevel.OWNER:
        raise InvalidInput("An account has one OWNER: ownership is transferred.", path=("level",))
    _require_not_owner(membership)
    membership.level = membership.level if level is None else level
    membership.active = membership.active if active is None else active
    membership.updated_at = clock.now
    announce(session, scope, "member.changed", subject=membership, prefix="mbr", at=clock.now)
    session.flush()
    return membership


def transfer_ownership(session: Session, scope: Scope, *, membership_id: UUID, clock: Clock) -> list[Membership]:
    """Make an active member the owner of its account; who was the owner becomes an ADMIN. Returns new and old owner.

    A manager may do it, and the owner. Raises NotFound, ActAsRequired, Forbidden, InvalidState.
    """
    account, membership = _member_for_update(session, scope, membership_id)
    owner = next(member for member in _members(session, account) if member.level is AccessLevel.OWNER)
    if scope.customer is not None and scope.customer.user_id != owner.user_id:
        raise OnlyForTheOwner("membership_id")
    if not membership.active:
        raise InvalidState(
            "{email} is not active in {name} and cannot own it.",
            email=membership.email,
            name=account.name,
            path=("membership_id",),
        )
    if membership.id == owner.id:
        raise InvalidState(
            "{email} owns {name} already.", email=membership.email, name=account.name, path=("membership_id",)
        )
    owner.level = AccessLevel.ADMIN
    owner.updated_at = clock.now
    session.flush()  # first: at no instant has an account two owners
    membership.level = AccessLevel.OWNER
    membership.updated_at = clock.now
    announce(session, scope, "account.transferred", subject=account, prefix="acc", at=clock.now)
    session.flush()
    return [membership, owner]


def remove_member(session: Session, scope: Scope, *, membership_id: UUID, clock: Clock) -> Account:
    """Take a member out of its account, with the services assigned to it there. The owner cannot go.

    Raises NotFound, ActAsRequired, InvalidState.
    """
    account, membership = _member_for_update(session, scope, membership_id)
    _require_not_owner(membership)
    announce(session, scope, "member.removed", subject=membership, prefix="mbr", at=clock.now)
    session.execute(
        delete(ChosenAccount).where(
            ChosenAccount.distributor_id == account.distributor_id,
            ChosenAccount.user_id == membership.user_id,
            ChosenAccount.account_id == account.id,
        )
    )
    session.execute(
        delete(ServiceAssignment).where(
            ServiceAssignment.distributor_id == account.distributor_id,
            ServiceAssignment.user_id == membership.user_id,
            ServiceAssignment.account_id == account.id,
        )
    )
    session.delete(membership)
    session.flush()
    return account


def choose_account(session: Session, scope: Scope, *, token_id: UUID, membership_id: UUID) -> Membership:
    """Let the user of the scope work in another of its accounts, with this token or session from here on.

    Raises NotFound for a membership that is somebody else's; InvalidState for one that is not active.
    """
    membership = own(session, scope, Membership, membership_id, "membership_id")
    if scope.customer is None or membership.user_id != scope.customer.user_id:
        raise NotFound("membership_id")
    if not membership.active:
        raise InvalidState("This membership is not active: its account cannot be chosen.", path=("membership_id",))
    choose(session, membership, token_id=token_id)
    return membership


def choose(session: Session, membership: Membership, *, token_id: UUID) -> None:
    """From here on the token's or session's account is the membership's."""
    choice = insert(ChosenAccount).values(
        distributor_id=membership.distributor_id,
        tenant_id=membership.tenant_id,
        tenant_path=membership.tenant_path,
        token_id=token_id,
        user_id=membership.user_id,
        account_id=membership.account_id,
    )
    session.execute(
        choice.on_conflict_do_update(
            constraint="uq_chosen_accounts_token",
            set_={"account_id": choice.excluded.account_id, "updated_at": func.now()},
        )
    )


def write_name(session: Session, account: Account) -> None:
    """Keep what the account's users read of it in step with the account."""
    name = session.get(AccountName, (account.distributor_id, account.id))
    if name is None:
        name = AccountName(
            distributor_id=account.distributor_id,
            id=account.id,
            tenant_id=account.tenant_id,
            tenant_path=account.tenant_path,
        )
        session.add(name)
    name.number, name.name = account.number, account.name


def _members(session: Session, account: Account) -> Iterable[Membership]:
    return session.scalars(
        select(Membership)
        .where(Membership.distributor_id == account.distributor_id, Membership.account_id == account.id)
        .order_by(Membership.id)
        .execution_options(populate_existing=True)
    ).all()


def _member_for_update(session: Session, scope: Scope, membership_id: UUID) -> tuple[Account, Membership]:
    """A member of an account of the acting tenant; the account is locked, so that its members stay as they are."""
    seen = own(session, scope, Membership, membership_id, "membership_id")
    account = account_for_update(session, scope, seen.account_id, "membership_id")
    membership = next((member for member in _members(session, account) if member.id == membership_id), None)
    return account, membership or own(session, scope, Membership, membership_id, "membership_id")


def _require_not_owner(membership: Membership) -> None:
    if membership.level is AccessLevel.OWNER:
        raise InvalidState(
            "{email} is the OWNER: an account has exactly one. Transfer the ownership first.",
            email=membership.email,
            path=("membership_id",),
        )
