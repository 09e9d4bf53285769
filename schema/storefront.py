"""What a shop shows to everybody: plans that customers may order themselves, at this tenant's prices."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

import strawberry
from sqlalchemy import Text, and_, exists, literal, or_
from strawberry import UNSET

from domain.catalog.models import Plan, PlanResource, PlanState
from domain.pricing.models import PriceListEntry
from resolvers.reading import Node, column, filters, identifier, inline, reads, related, sorts, sql
from schema import shop_prices
from schema.common import BillingTypeFilter, BooleanFilter, DecimalFilter, IDFilter, Money, StringFilter
from schema.enums import BillingType, Direction, PeriodUnit, UnitKind, closed
from schema.scalars import CurrencyCode

__all__ = [
    "StorefrontFilter",
    "StorefrontOffer",
    "StorefrontPlan",
    "StorefrontResource",
    "StorefrontSort",
    "StorefrontSortField",
]


@strawberry.type
@reads(PlanResource)
class StorefrontResource:
    """What is counted in a plan, and its fees for one unit, in the offer's currency and before discounts."""

    key: str = column(PlanResource.key)
    """What programs call it."""
    name: str = column(PlanResource.name)
    """What customers read."""
    unit: str = column(PlanResource.unit)
    """One of what, such as license."""
    unit_kind: UnitKind = column(PlanResource.unit_kind)
    """Whether it is counted, or there or not."""
    public: bool = column(PlanResource.public)
    """Whether customers may change its quantity themselves."""
    included: Decimal = column(PlanResource.included)
    """Units in the plan's own price; only more are charged."""
    minimum: Decimal = column(PlanResource.minimum)
    """The least one may order, counted from zero, included ones counted."""
    maximum: Decimal | None = column(PlanResource.maximum)
    """The most one may order; null: unlimited."""
    setup: Decimal = sql(shop_prices.unit_fee("setup"))
    """Once, at the start."""
    recurring_per_month: Decimal = sql(shop_prices.unit_fee("recurring_per_month"))
    """A month; parts of a month are counted by days."""
    renewal: Decimal = sql(shop_prices.unit_fee("renewal"))
    """Once, at a renewal."""
    overuse: Decimal = column(PlanResource.overuse)
    """For a unit used beyond those ordered."""


@strawberry.type
@reads(Plan)
class StorefrontPlan:
    """What is sold, without anything that a customer may not know."""

    plan_id: strawberry.ID = identifier(Plan.id, "pln")
    """What orders name it by."""
    name: str = column(Plan.name)
    """What customers read."""
    sku: str | None = column(Plan.sku)
    """The vendor's article number."""
    description: str | None = column(Plan.description)
    """The seller's words about it."""
    resources: list[StorefrontResource] = related(
        PlanResource.plan_id, order=(PlanResource.priority.desc(), PlanResource.name, PlanResource.id)
    )
    """By priority, highest first, then by name."""


def _per_month(row: Any) -> Any:
    return row.retail_price / row.months


def _cheapest(row: Any) -> Any:
    """No other offer of the plan costs less a month; of equals the shortest counts, then the older."""
    other = PriceListEntry.__table__.alias()
    less, alike = _per_month(other.c) < _per_month(row), _per_month(other.c) == _per_month(row)
    shorter = or_(other.c.months < row.months, and_(other.c.months == row.months, other.c.id < row.id))
    return ~exists().where(
        other.c.distributor_id == row.distributor_id,
        other.c.plan_id == row.plan_id,
        other.c.public,
        or_(less, and_(alike, shorter)),
    )


@strawberry.type
@reads(
    PriceListEntry,
    "off",
    when=and_(PriceListEntry.public, PriceListEntry.state == literal(PlanState.ACTIVE.value, Text())),
)
class StorefrontOffer(Node):
    """A plan that customers may order themselves, for one of its periods; trials are not told.

    The price is the least that one pays for whole months of the period, before taxes: fees once and monthly ones, of
    the plan and of the units of each resource that one has to order beyond the included ones. Where one has to order
    none and the plan itself is free, one unit of the first resource counts. An endless period counts as one month.

    Prices are what an order of today would be charged at: in the currency that the account, or anybody here, pays in, a
    plan's own at today's exchange rate; an account's with its best discount. A plan in a currency without a rate keeps
    its own, and an account is not offered it: it cannot order it.
    """

    plan: StorefrontPlan = related(PriceListEntry.plan_id)
    """What is sold."""
    period_id: strawberry.ID = identifier(PriceListEntry.id, "per")
    """What orders name the period by."""
    product_name: str | None = column(PriceListEntry.product_name)
    """What the vendor calls the product; null: the plan sells none."""
    category_key: str | None = column(PriceListEntry.category_key)
    """The key of the category in which the product stands; null: in none."""
    category_name: str | None = column(PriceListEntry.category_name)
    """What that category is called."""
    vendor: str | None = column(PriceListEntry.vendor)
    """Who makes the product."""
    billing_type: BillingType = column(PriceListEntry.billing_type)
    """How charges come about."""
    duration: int | None = column(PriceListEntry.duration)
    """How many units the period has; null: endless."""
    unit: PeriodUnit = column(PriceListEntry.unit)
    """What the duration is counted in."""
    months: Decimal = column(PriceListEntry.months)
    """Months that the price is for."""
    currency: CurrencyCode = sql(shop_prices.currency)
    """What prices are in: what the account pays in."""
    list_price: Money = inline(amount=shop_prices.money_text(shop_prices.list_price), currency=shop_prices.currency)
    """What everybody pays for the period, before discounts."""
    discount_percent: Decimal | None = sql(shop_prices.discount_percent)
    """The best discount that the account gets without a promo code; null: none, or nobody said which account."""
    price: Money = inline(amount=shop_prices.money_text(shop_prices.price), currency=shop_prices.currency)
    """What is paid for the period: the list price less the discount."""
    price_per_month: Money = inline(amount=shop_prices.price_per_month, currency=shop_prices.currency)
    """The same divided by its months, to four decimals."""
    cheapest: bool = sql(_cheapest)
    """Whether no other offer of the plan costs less a month: one of each plan is."""


@strawberry.input
@filters(PriceListEntry, cheapest=_cheapest, price=PriceListEntry.retail_price)
class StorefrontFilter:
    """Which offers a storefront shows. All given fields must hold."""

    plan_id: IDFilter | None = UNSET
    """By plan."""
    plan_name: StringFilter | None = UNSET
    """By the plan's name."""
    sku: StringFilter | None = UNSET
    """By the plan's article number."""
    product_name: StringFilter | None = UNSET
    """By the product's name."""
    category_key: StringFilter | None = UNSET
    """By the key of the category in which the product stands."""
    category_name: StringFilter | None = UNSET
    """By the name of that category."""
    vendor: StringFilter | None = UNSET
    """By who makes the product."""
    billing_type: BillingTypeFilter | None = UNSET
    """By billing type."""
    currency: StringFilter | None = UNSET
    """By the currency of the plan's own prices, whichever they are shown in."""
    price: DecimalFilter | None = UNSET
    """By the plan's own price for the period, in its own currency and before discounts."""
    cheapest: BooleanFilter | None = UNSET
    """True: one offer of each plan, the one that costs least a month."""
    and_: list["StorefrontFilter"] | None = strawberry.field(name="and", default=UNSET)
    """All of these hold."""
    or_: list["StorefrontFilter"] | None = strawberry.field(name="or", default=UNSET)
    """At least one of these holds; an empty list matches nothing."""
    not_: "StorefrontFilter | None" = strawberry.field(name="not", default=UNSET)
    """This does not hold."""


@closed
class StorefrontSortField(StrEnum):
    """What a storefront may be sorted by."""

    PRODUCT_NAME = "PRODUCT_NAME"
    """By the product's name, letter by letter."""
    CATEGORY_NAME = "CATEGORY_NAME"
    """By the name of the category in which the product stands; without one last."""
    VENDOR = "VENDOR"
    """By who makes the product."""
    PLAN_NAME = "PLAN_NAME"
    """By the plan's name, letter by letter."""
    PERIOD = "PERIOD"
    """By the months that the price is for."""
    PRICE = "PRICE"
    """By the plan's own price for the period, whatever its currency, before discounts."""


@strawberry.input
@sorts(PriceListEntry, period=PriceListEntry.months, price=PriceListEntry.retail_price)
class StorefrontSort:
    """One key of an order; later keys decide between equals."""

    field: StorefrontSortField
    """What to compare."""
    direction: Direction = Direction.ASC
    """Which end comes first."""
