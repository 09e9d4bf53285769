"""What a tenant takes off what its customers pay, and what its resellers owe it."""

from datetime import date, datetime
from decimal import Decimal

import strawberry

from domain.billing import models
from resolvers.reading import Connection, Node, column, listing, reads, related
from schema.accounts import Account
from schema.catalog import Plan
from schema.enums import DiscountTargetKind
from schema.references import TenantRef
from schema.subscriptions import ServiceSubscription
from tenancy.permissions import Permission

__all__ = ["Discount", "DiscountLimit", "ResellerDiscount", "ResellerDiscountLimit"]


@strawberry.type
@reads(models.DiscountLimit, "dcl", needs=Permission.DISCOUNTS_READ)
class DiscountLimit(Node):
    """One name on the list of a discount for customers. An empty list of a kind means all."""

    kind: DiscountTargetKind = column(models.DiscountLimit.kind)
    """Whom or what it names: ACCOUNT, PLAN or SUBSCRIPTION."""
    account: Account | None = related(models.DiscountLimit.target_id, needs=Permission.ACCOUNTS_READ)
    """The account, of kind ACCOUNT; else null."""
    plan: Plan | None = related(models.DiscountLimit.target_id, needs=Permission.CATALOG_READ)
    """The plan, of kind PLAN; else null."""
    subscription: ServiceSubscription | None = related(
        models.DiscountLimit.target_id, needs=Permission.SUBSCRIPTIONS_READ
    )
    """The subscription, of kind SUBSCRIPTION; else null."""


@strawberry.type
@reads(models.DiscountTarget, "rdl", needs=Permission.DISCOUNTS_READ)
class ResellerDiscountLimit(Node):
    """One name on the list of a discount for resellers. An empty list of accounts or plans means all, unless only
    subscriptions are listed."""

    kind: DiscountTargetKind = column(models.DiscountTarget.kind)
    """Whom or what it names."""
    reseller: TenantRef | None = related(models.DiscountTarget.target_id)
    """Who gets it, of kind RESELLER; else null."""
    account: Account | None = related(models.DiscountTarget.target_id, needs=Permission.ACCOUNTS_READ)
    """The account, of kind ACCOUNT; else null."""
    plan: Plan | None = related(models.DiscountTarget.target_id, needs=Permission.CATALOG_READ)
    """The plan, of kind PLAN; else null."""
    subscription: ServiceSubscription | None = related(
        models.DiscountTarget.target_id, needs=Permission.SUBSCRIPTIONS_READ
    )
    """The subscription, of kind SUBSCRIPTION; else null."""


@strawberry.type
@reads(models.ResellerDiscount, "dsc", needs=Permission.DISCOUNTS_READ)
class ResellerDiscount(Node):
    """Percent off what resellers directly below a tenant owe it; of several that apply, the highest counts."""

    name: str = column(models.ResellerDiscount.name)
    """What people call it."""
    percent: Decimal = column(models.ResellerDiscount.percent)
    """12.5 means 12.5 % off."""
    active: bool = column(models.ResellerDiscount.active)
    """Whether charges that close now get it."""
    limits: Connection[ResellerDiscountLimit] | None = listing(
        models.DiscountTarget.discount_id, needs=Permission.DISCOUNTS_READ
    )
    """The resellers that get it, and what it is limited to, newest first."""
    tenant: TenantRef = related(models.ResellerDiscount.tenant_id)
    """The tenant that grants it."""
    created_at: datetime = column(models.ResellerDiscount.created_at)
    """When it was created, on the distributor's clock."""


@strawberry.type
@reads(models.Discount, "dct", needs=Permission.DISCOUNTS_READ)
class Discount(Node):
    """Percent off what a tenant's own customers order; of several that apply to an order, the highest counts.

    It is taken off the sum of an order's charges once, not added up; orders with individual prices get none.
    """

    name: str = column(models.Discount.name)
    """What it is called, also where customers read it."""
    code: str | None = column(models.Discount.code)
    """The promo code that gives it, in upper case; null: it applies by itself."""
    percent: Decimal = column(models.Discount.percent)
    """12.5 means 12.5 % off."""
    active: bool = column(models.Discount.active)
    """Whether new orders get it."""
    valid_from: date | None = column(models.Discount.valid_from)
    """The first day on which orders get it; null: from the beginning."""
    valid_until: date | None = column(models.Discount.valid_until)
    """The last day on which orders get it, inclusive; null: for good."""
    subscription_limit: int | None = column(models.Discount.subscription_limit)
    """How many subscriptions may be ordered with the code; null: as many as wish."""
    limits: Connection[DiscountLimit] | None = listing(
        models.DiscountLimit.discount_id, needs=Permission.DISCOUNTS_READ
    )
    """The accounts, plans and subscriptions that it is limited to, newest first; none: it is for all."""
    tenant: TenantRef = related(models.Discount.tenant_id)
    """The tenant that grants it."""
    created_at: datetime = column(models.Discount.created_at)
    """When it was created, on the distributor's clock."""
