"""The people of customers: users, the accounts they belong to, invitations."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from sqlalchemy import and_, case, exists, func, literal, or_, select

from domain.customers import models
from resolvers.reading import VIEWER, Connection, Node, column, identifier, listing, reads, related, sql
from schema.enums import AccessLevel, AgreementKind, open_
from schema.references import TenantRef
from tenancy.permissions import Permission

if TYPE_CHECKING:
    from schema.accounts import Account

__all__ = ["AccountRef", "Invitation", "InvitationState", "LegalAgreement", "Membership", "User", "in_force"]


@strawberry.type
@reads(models.AccountName)
class AccountRef:
    """Enough to show an account; `account` opens it and is null where the viewer does not work in it.

    Its id is not a cache key: a ref is not a Node.
    """

    number: str = column(models.AccountName.number)
    """What people call the account by."""
    name: str = column(models.AccountName.name)
    """The person or company."""
    account_id: strawberry.ID = identifier(models.AccountName.id, "acc")
    """The account's id, also where you may not open it."""
    account: Annotated["Account", strawberry.lazy("schema.accounts")] | None = related(
        lambda row: row.id, needs=Permission.ACCOUNTS_READ
    )
    """The account itself; null where the viewer works in another."""


@strawberry.type
@reads(models.Membership, "mbr", needs=Permission.MEMBERS_READ)
class Membership(Node):
    """That a user belongs to an account."""

    name: str = column(models.Membership.name)
    """What the user is called."""
    email: str = column(models.Membership.email)
    """The user's address, in lower case."""
    level: AccessLevel = column(models.Membership.level)
    """What the user may see and do in the account."""
    active: bool = column(models.Membership.active)
    """False: the user cannot work in the account for the time being."""
    account: AccountRef = related(models.Membership.account_id)
    """Which account."""
    user: Annotated["User", strawberry.lazy("schema.members")] | None = related(models.Membership.user_id)
    """The user; null for the account's other members, who know no more of each other than stands here."""
    created_at: datetime = column(models.Membership.created_at)
    """Since when, on the distributor's clock."""


@strawberry.type
@reads(models.User, "usr", needs=Permission.MEMBERS_READ)
class User(Node):
    """A person who acts for customers of one tenant, in any number of accounts."""

    name: str = column(models.User.name)
    """What the person is called."""
    email: str = column(models.User.email)
    """The person's address, in lower case; unique at the tenant."""
    phone: str | None = column(models.User.phone)
    """The person's telephone number."""
    active: bool = column(models.User.active)
    """False: the person's tokens open nothing."""
    tenant: TenantRef = related(models.User.tenant_id)
    """The tenant of whose customers it is."""
    memberships: Connection[Membership] | None = listing(
        models.Membership.user_id, needs=Permission.MEMBERS_READ, default_sort=(models.Membership.id,)
    )
    """The accounts it belongs to, oldest first."""
    created_at: datetime = column(models.User.created_at)
    """When it was created, on the distributor's clock."""


@open_
class InvitationState(StrEnum):
    """What became of an invitation."""

    OPEN = "OPEN"
    """It can be accepted."""
    ACCEPTED = "ACCEPTED"
    """It was accepted."""
    REVOKED = "REVOKED"
    """It was taken back."""
    EXPIRED = "EXPIRED"
    """Its time is over; it can be sent again."""


@strawberry.type
@reads(models.Invitation, "ivn", needs=Permission.MEMBERS_READ)
class Invitation(Node):
    """A way into an account for whoever reads mail at an address; used once."""

    email: str = column(models.Invitation.email)
    """Who is invited, in lower case."""
    level: AccessLevel = column(models.Invitation.level)
    """What the user will be in the account."""
    state: InvitationState = sql(
        lambda row: case(
            (row.accepted_at.is_not(None), literal("ACCEPTED")),
            (row.revoked_at.is_not(None), literal("REVOKED")),
            (row.expires_at <= func.now(), literal("EXPIRED")),
            else_=literal("OPEN"),
        )
    )
    """What became of it."""
    account: AccountRef | None = related(models.Invitation.account_id)
    """Into which account."""
    sent: int = column(models.Invitation.sent)
    """How often it was mailed; only the last mail's link works."""
    expires_at: datetime = column(models.Invitation.expires_at)
    """Until when it can be accepted, in real time."""
    created_at: datetime = column(models.Invitation.created_at)
    """When it was first sent, on the distributor's clock."""


def _accepted(row: Any) -> Any:
    acceptance = models.AgreementAcceptance.__table__.alias()
    return (
        select(acceptance.c.created_at)
        .where(
            acceptance.c.distributor_id == row.distributor_id,
            acceptance.c.agreement_id == row.id,
            acceptance.c.user_id == VIEWER.user_id,
        )
        .correlate_except(acceptance)
        .scalar_subquery()
    )


def in_force(row: Any) -> Any:
    """Whether a version is the one that holds for the viewer's tenant: none is nearer, or newer at the same place."""
    other = models.LegalAgreement.__table__.alias()
    nearer = (
        select(literal(1))
        .select_from(other)
        .where(
            other.c.distributor_id == row.distributor_id,
            other.c.kind == row.kind,
            other.c.tenant_path == func.any(VIEWER.chain),
            or_(
                func.length(other.c.tenant_path) > func.length(row.tenant_path),
                and_(other.c.tenant_path == row.tenant_path, other.c.version > row.version),
            ),
        )
        .correlate_except(other)
    )
    return and_(row.tenant_path == func.any(VIEWER.chain), row.required, ~exists(nearer))


@strawberry.type
@reads(models.LegalAgreement, "agr")
class LegalAgreement(Node):
    """One version of what a tenant's customers agree to; it also holds for everybody below without one of its own."""

    kind: AgreementKind = column(models.LegalAgreement.kind)
    """Which agreement."""
    version: int = column(models.LegalAgreement.version)
    """From 1, rising with every version of the tenant."""
    required: bool = column(models.LegalAgreement.required)
    """Whether it has to be accepted."""
    title: str = column(models.LegalAgreement.title)
    """What it is called."""
    url: str = column(models.LegalAgreement.url)
    """Where its text is."""
    accepted_at: datetime | None = sql(_accepted)
    """When the viewer, being a customer's user, accepted it, on the distributor's clock; null: not yet."""
    created_at: datetime = column(models.LegalAgreement.created_at)
    """Since when it holds, on the distributor's clock."""
