"""What a tenant takes off what its customers pay, and what its resellers owe it."""

from datetime import date, datetime
from decimal import Decimal

import strawberry

from domain.billing import models
from resolvers.reading import Node, column, reads, related
from schema.references import TenantRef
from tenancy.permissions import Permission

__all__ = ["Discount", "ResellerDiscount"]


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
    tenant: TenantRef = related(models.Discount.tenant_id)
    """The tenant that grants it."""
    created_at: datetime = column(models.Discount.created_at)
    """When it was created, on the distributor's clock."""
