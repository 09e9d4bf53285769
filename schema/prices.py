"""What prices come to, and how they came to be."""

from datetime import date, datetime
from decimal import Decimal

import strawberry

from domain.pricing import models
from resolvers.reading import Node, column, price, reads, related, sql
from schema.catalog import Plan, PlanPeriod
from schema.common import Money
from schema.enums import BillingType, PeriodUnit, PlanState, PriceOf
from schema.references import TenantRef
from schema.scalars import CurrencyCode
from tenancy.permissions import Permission

__all__ = ["PlannedPrice", "PriceListEntry", "PriceVersion"]


@strawberry.type
@reads(models.PriceListEntry, "ple", needs=Permission.PRICES_UPSTREAM_READ)
class PriceListEntry(Node):
    """One period of one plan: the least that a customer pays for it, and what the tenant pays and earns.

    Fees once, and monthly ones for the whole term, of the plan and of the units of each resource that one has to order
    beyond the included ones. Where one has to order none and the plan itself is free, one unit of the first resource
    counts. An endless period counts as one month, a day as 12/365 of a month. Before discounts.
    """

    tenant: TenantRef = related(models.PriceListEntry.tenant_id)
    """The tenant that sells it."""
    plan: Plan = related(models.PriceListEntry.plan_id)
    """What is sold."""
    period: PlanPeriod = related(lambda row: row.id)
    """For how long."""
    product_name: str | None = column(models.PriceListEntry.product_name)
    """What the vendor calls the product; null: the plan sells none."""
    product_key: str | None = column(models.PriceListEntry.product_key)
    """The product's key; see setDefaultMarkup."""
    category_key: str | None = column(models.PriceListEntry.category_key)
    """The key of the category in which the product stands, at the tenant whose product it is."""
    category_name: str | None = column(models.PriceListEntry.category_name)
    """The name of that category."""
    vendor: str | None = column(models.PriceListEntry.vendor)
    """Who makes the product."""
    plan_name: str = column(models.PriceListEntry.plan_name)
    """The plan's name."""
    sku: str | None = column(models.PriceListEntry.sku)
    """The plan's article number."""
    billing_type: BillingType = column(models.PriceListEntry.billing_type)
    """How charges come about."""
    state: PlanState = column(models.PriceListEntry.state)
    """Whether the plan is sold."""
    public: bool = column(models.PriceListEntry.public)
    """Whether customers may order it themselves, for this period."""
    currency: CurrencyCode = column(models.PriceListEntry.currency)
    """What its prices are in."""
    duration: int | None = column(models.PriceListEntry.duration)
    """How many units the period has; null: endless."""
    unit: PeriodUnit = column(models.PriceListEntry.unit)
    """What the duration is counted in."""
    months: Decimal = column(models.PriceListEntry.months)
    """Months that the prices are for."""
    retail_price: Money = price(models.PriceListEntry.retail_price, models.PriceListEntry.currency)
    """What a customer pays."""
    net_cost: Money = price(models.PriceListEntry.net_cost, models.PriceListEntry.currency)
    """The same at the prices of the tenant above; at the plan's origin at the vendor's."""
    margin: Money = price(models.PriceListEntry.margin, models.PriceListEntry.currency)
    """Retail price less net cost; below zero: sold at a loss."""
    margin_percent: Decimal | None = column(models.PriceListEntry.margin_percent)
    """The margin in percent of the retail price; null where that is zero."""
    markup_percent: Decimal | None = column(models.PriceListEntry.markup_percent)
    """How the plan's prices follow net costs; null: they are set by hand."""
    at_a_loss: bool = sql(lambda row: row.margin < 0)
    """Whether the margin is below zero."""
    net_cost_changed_at: datetime | None = column(models.PriceListEntry.net_cost_changed_at)
    """When the net cost last changed, on the distributor's clock; null: not since the plan came to be."""
    created_at: datetime = column(models.PriceListEntry.created_at)
    """When the line came to be, on the distributor's clock."""
    updated_at: datetime = column(models.PriceListEntry.updated_at)
    """When anything in it last changed, on the distributor's clock."""


@strawberry.type
@reads(models.PriceVersion, "prv", needs=Permission.CATALOG_READ)
class PriceVersion(Node):
    """What one period of a plan, or one unit of a resource, cost for a time."""

    price_of: PriceOf = column(models.PriceVersion.price_of)
    """What it is the price of."""
    key: str = column(models.PriceVersion.key)
    """The period's or the resource's key."""
    currency: CurrencyCode = column(models.PriceVersion.currency)
    """What the fees are in."""
    setup: Decimal = column(models.PriceVersion.setup)
    """Once, at the start."""
    recurring_per_month: Decimal = column(models.PriceVersion.recurring_per_month)
    """A month."""
    renewal: Decimal = column(models.PriceVersion.renewal)
    """Once, at a renewal."""
    transfer: Decimal = column(models.PriceVersion.transfer)
    """Once, for a subscription that comes from elsewhere; of periods, else zero."""
    overuse: Decimal = column(models.PriceVersion.overuse)
    """For a unit used beyond those ordered; of resources, else zero."""
    net_setup: Decimal | None = column(models.PriceVersion.net_setup, needs=Permission.PRICES_UPSTREAM_READ)
    """What the tenant above took once, at the start; at the plan's origin the vendor. Before reseller discounts."""
    net_recurring_per_month: Decimal | None = column(
        models.PriceVersion.net_recurring_per_month, needs=Permission.PRICES_UPSTREAM_READ
    )
    """What it took a month."""
    net_renewal: Decimal | None = column(models.PriceVersion.net_renewal, needs=Permission.PRICES_UPSTREAM_READ)
    """What it took once, at a renewal."""
    net_transfer: Decimal | None = column(models.PriceVersion.net_transfer, needs=Permission.PRICES_UPSTREAM_READ)
    """What it took once, for a subscription that came from elsewhere."""
    net_overuse: Decimal | None = column(models.PriceVersion.net_overuse, needs=Permission.PRICES_UPSTREAM_READ)
    """What it took for a unit used beyond those ordered."""
    began_at: datetime = column(models.PriceVersion.valid_from)
    """From when it held, on the distributor's clock."""
    ended_at: datetime | None = column(models.PriceVersion.valid_to)
    """From when it held no longer; null: it holds."""


@strawberry.type
@reads(models.PlannedPrice, "plp", needs=Permission.CATALOG_READ)
class PlannedPrice(Node):
    """What becomes of the fees of one period, or of one unit of a resource, on a day to come; or of the plan's markup.

    The billing run of the day sets it, from the top of the chain down, before anything is charged: as setPrices or
    setMarkup would on that day.
    """

    valid_from: date = column(models.PlannedPrice.valid_from)
    """From which day it holds, in the distributor's time zone."""
    price_of: PriceOf | None = column(models.PlannedPrice.price_of)
    """What it is the price of; null: it is a markup."""
    key: str | None = column(models.PlannedPrice.key)
    """The period's or the resource's key; null: it is a markup."""
    setup: Decimal | None = column(models.PlannedPrice.setup)
    """Once, at the start; null: it stays as it is then, as the other fees."""
    recurring_per_month: Decimal | None = column(models.PlannedPrice.recurring_per_month)
    """A month."""
    renewal: Decimal | None = column(models.PlannedPrice.renewal)
    """Once, at a renewal."""
    transfer: Decimal | None = column(models.PlannedPrice.transfer)
    """Once, for a subscription that comes from elsewhere."""
    overuse: Decimal | None = column(models.PlannedPrice.overuse)
    """For a unit used beyond those ordered."""
    net_setup: Decimal | None = column(models.PlannedPrice.net_setup, needs=Permission.PRICES_UPSTREAM_READ)
    """What the vendor will take once, at the start; own plans only."""
    net_recurring_per_month: Decimal | None = column(
        models.PlannedPrice.net_recurring_per_month, needs=Permission.PRICES_UPSTREAM_READ
    )
    """What it will take a month."""
    net_renewal: Decimal | None = column(models.PlannedPrice.net_renewal, needs=Permission.PRICES_UPSTREAM_READ)
    """What it will take once, at a renewal."""
    net_transfer: Decimal | None = column(models.PlannedPrice.net_transfer, needs=Permission.PRICES_UPSTREAM_READ)
    """What it will take once, for a subscription that comes from elsewhere."""
    net_overuse: Decimal | None = column(models.PlannedPrice.net_overuse, needs=Permission.PRICES_UPSTREAM_READ)
    """What it will take for a unit used beyond those ordered."""
    markup_percent: Decimal | None = column(models.PlannedPrice.markup_percent, needs=Permission.PRICES_UPSTREAM_READ)
    """The plan's markup from then on; null: fees are planned."""
    refused_at: datetime | None = column(models.PlannedPrice.refused_at)
    """When its day had come and the plan did not take it any more, such as for a resource that is gone, on the
    distributor's clock; null: its day has not come. It is not tried again: withdraw it, or plan anew."""
    created_at: datetime = column(models.PlannedPrice.created_at)
    """When it was planned, on the distributor's clock."""
