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
from schema.enums import Direction, PaymentModel, closed
from schema.members import Membership
from schema.references import TenantRef
from schema.subscription_lists import SubscriptionFilter
from tenancy.permissions import Permission

if TYPE_CHECKING:
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
    payment_model: PaymentModel = column(models.Account.payment_model)
    """Whether it pays before or after."""
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
