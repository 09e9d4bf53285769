"""Who buys."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from sqlalchemy import literal, select
from strawberry import UNSET

from domain.customers import models
from domain.subscriptions.models import ServiceSubscription as SubscriptionRow
from resolvers.reading import Connection, Node, column, filters, inline, listing, money, reads, related, sorts
from schema.common import DateTimeFilter, IDFilter, Money, StringFilter
from schema.enums import AccountKind, Direction, PaymentModel, PostpayPermission, closed
from schema.members import Invitation, Membership
from schema.references import TenantRef
from schema.subscription_lists import SubscriptionFilter
from schema.terms import AccountClass, AccountType
from tenancy.permissions import Permission

if TYPE_CHECKING:
    from schema.people import Manager
    from schema.subscriptions import ServiceSubscription

__all__ = [
    "Account",
    "AccountFilter",
    "AccountSort",
    "AccountSortField",
    "Balance",
]


@strawberry.type
class Balance:
    """A customer's money at its seller. available = funds − blocked; negative only for who pays later."""

    funds: Money = money(models.Account.funds, models.Account.currency)
    """All money on the balance, blocked included."""
    blocked: Money = money(models.Account.blocked, models.Account.currency)
    """Reserved for charges that are not closed yet."""
    available: Money = money(lambda row: row.funds - row.blocked, models.Account.currency)
    """Free to pay with."""


def _owner(row: Any) -> Any:
    member = models.Membership.__table__.alias()
    return (
        select(member.c.id)
        .where(
            member.c.distributor_id == row.distributor_id,
            member.c.account_id == row.id,
            member.c.level == literal("OWNER"),
        )
        .correlate_except(member)
        .scalar_subquery()
    )


@strawberry.type
@reads(models.Account, "acc", needs=Permission.ACCOUNTS_READ)
class Account(Node):
    """A customer of one tenant: who orders, pays and owns subscriptions."""

    number: str = column(models.Account.number)
    """What people call the account by, such as AC000017; unique at its tenant, rising by creation."""
    name: str = column(models.Account.name)
    """The person or company."""
    email: str = column(models.Account.email)
    """Where mail to the customer goes, in lower case."""
    tenant: TenantRef = related(models.Account.tenant_id)
    """The tenant it buys from."""
    kind: AccountKind = column(models.Account.kind)
    """What sort of customer it is."""
    type: AccountType | None = related(models.Account.account_type_id, needs=Permission.ACCOUNT_TERMS_READ)
    """Its type where it is CUSTOM."""
    terms: AccountClass | None = related(models.Account.account_class_id, needs=Permission.ACCOUNT_TERMS_READ)
    """Its payment rules; null: those of the default class."""
    contact_name: str | None = column(models.Account.contact_name)
    """Whom to speak to."""
    contact_email: str | None = column(models.Account.contact_email)
    """That person's address."""
    contact_phone: str | None = column(models.Account.contact_phone)
    """That person's telephone number."""
    signer_name: str | None = column(models.Account.signer_name)
    """Who signs contracts."""
    signer_email: str | None = column(models.Account.signer_email)
    """That person's address."""
    country: str | None = column(models.Account.country)
    """ISO 3166, two letters."""
    region: str | None = column(models.Account.region)
    """State, province, county."""
    city: str | None = column(models.Account.city)
    """City."""
    postal_code: str | None = column(models.Account.postal_code)
    """As its country writes it."""
    street: str | None = column(models.Account.street)
    """With the house number."""
    tax_number: str | None = column(models.Account.tax_number)
    """As its country writes it."""
    microsoft: bool | None = column(models.Account.microsoft, needs=Permission.ACCOUNT_TERMS_READ)
    """Whether the rules for company names hold."""
    manager: Annotated["Manager", strawberry.lazy("schema.people")] | None = related(
        models.Account.manager_id, needs=Permission.MANAGERS_READ
    )
    """The seller's manager who looks after it."""
    version: int = column(models.Account.version)
    """Rises with every change of the account but not of its balance; for `ifVersion`."""
    payment_model: PaymentModel = column(models.Account.payment_model)
    """Whether it pays before or after."""
    postpay_permission: PostpayPermission = column(models.Account.postpay_permission)
    """Whether it may pay afterwards; without meaning where it pays before."""
    balance: Balance = inline()
    """Its money at this tenant, in the tenant's currency."""
    subscriptions: Connection[Annotated["ServiceSubscription", strawberry.lazy("schema.subscriptions")]] | None = (
        listing(SubscriptionRow.account_id, filter=SubscriptionFilter, needs=Permission.SUBSCRIPTIONS_READ)
    )
    """What it has bought, newest first."""
    members: Connection[Membership] | None = listing(
        models.Membership.account_id, default_sort=(models.Membership.id,), needs=Permission.MEMBERS_READ
    )
    """The users who belong to it, oldest first."""
    invitations: Connection[Invitation] | None = listing(models.Invitation.account_id, needs=Permission.MEMBERS_READ)
    """Who was invited into it, newest first."""
    owner: Membership | None = related(_owner, needs=Permission.MEMBERS_READ)
    """The one member who may do everything in it; null for an account without members."""
    created_at: datetime = column(models.Account.created_at)
    """When it was created, on the distributor's clock."""
    updated_at: datetime = column(models.Account.updated_at)
    """The last change of the account or its balance, on the distributor's clock."""
    external_id: str | None = column(models.Account.external_id)
    """The client's own id for it; nothing checks that it is used once."""


@strawberry.input
@filters(models.Account)
class AccountFilter:
    """Which accounts a list shows. All given fields must hold."""

    id: IDFilter | None = UNSET
    """By id."""
    number: StringFilter | None = UNSET
    """By number."""
    name: StringFilter | None = UNSET
    """By name."""
    external_id: StringFilter | None = UNSET
    """By the client's own id."""
    created_at: DateTimeFilter | None = UNSET
    """By creation."""
    updated_at: DateTimeFilter | None = UNSET
    """By last change."""
    and_: list["AccountFilter"] | None = strawberry.field(name="and", default=UNSET)
    """All of these hold."""
    or_: list["AccountFilter"] | None = strawberry.field(name="or", default=UNSET)
    """At least one of these holds; an empty list matches nothing."""
    not_: "AccountFilter | None" = strawberry.field(name="not", default=UNSET)
    """This does not hold."""


@closed
class AccountSortField(StrEnum):
    """What accounts may be sorted by."""

    NUMBER = "NUMBER"
    """By number, which is by creation."""
    NAME = "NAME"
    """By name, letter by letter."""
    CREATED_AT = "CREATED_AT"
    """By creation."""
    UPDATED_AT = "UPDATED_AT"
    """By last change."""


@strawberry.input
@sorts(models.Account)
class AccountSort:
    """One key of an order; later keys decide between equals."""

    field: AccountSortField
    """What to compare."""
    direction: Direction = Direction.ASC
    """Which end comes first."""
