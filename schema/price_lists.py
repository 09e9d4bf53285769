"""How price lists and histories of prices are narrowed and ordered."""

from enum import StrEnum

import strawberry
from strawberry import UNSET

from domain.pricing import models
from resolvers.reading import filters, sorts
from schema.common import (
    BillingTypeFilter,
    BooleanFilter,
    DateTimeFilter,
    DecimalFilter,
    IDFilter,
    PlanStateFilter,
    StringFilter,
)
from schema.enums import Direction, closed

__all__ = ["PriceListFilter", "PriceListSort", "PriceListSortField", "PriceVersionFilter"]


@strawberry.input
@filters(models.PriceListEntry)
class PriceListFilter:
    """Which lines a price list shows. All given fields must hold."""

    plan_id: IDFilter | None = UNSET
    """By plan."""
    plan_name: StringFilter | None = UNSET
    """By the plan's name."""
    sku: StringFilter | None = UNSET
    """By the plan's article number."""
    product_name: StringFilter | None = UNSET
    """By the product's name."""
    product_key: StringFilter | None = UNSET
    """By the product's key."""
    category_key: StringFilter | None = UNSET
    """By the key of the category in which the product stands."""
    category_name: StringFilter | None = UNSET
    """By the name of that category."""
    vendor: StringFilter | None = UNSET
    """By who makes the product."""
    billing_type: BillingTypeFilter | None = UNSET
    """By the plan's billing type."""
    state: PlanStateFilter | None = UNSET
    """By the plan's state."""
    public: BooleanFilter | None = UNSET
    """By whether customers may order it themselves."""
    currency: StringFilter | None = UNSET
    """By the currency of its prices."""
    retail_price: DecimalFilter | None = UNSET
    """By retail price, whatever the currency."""
    net_cost: DecimalFilter | None = UNSET
    """By net cost, whatever the currency."""
    margin: DecimalFilter | None = UNSET
    """By margin, whatever the currency; below zero: sold at a loss."""
    margin_percent: DecimalFilter | None = UNSET
    """By margin in percent of the retail price."""
    markup_percent: DecimalFilter | None = UNSET
    """By the plan's markup; isNull: prices are set by hand."""
    net_cost_changed_at: DateTimeFilter | None = UNSET
    """By the last change of the net cost; `gte`: changed since."""
    created_at: DateTimeFilter | None = UNSET
    """By creation of the line."""
    and_: list["PriceListFilter"] | None = strawberry.field(name="and", default=UNSET)
    """All of these hold."""
    or_: list["PriceListFilter"] | None = strawberry.field(name="or", default=UNSET)
    """At least one of these holds; an empty list matches nothing."""
    not_: "PriceListFilter | None" = strawberry.field(name="not", default=UNSET)
    """This does not hold."""


@closed
class PriceListSortField(StrEnum):
    """What a price list may be sorted by."""

    PRODUCT_NAME = "PRODUCT_NAME"
    """By the product's name, letter by letter."""
    CATEGORY_NAME = "CATEGORY_NAME"
    """By the name of the category in which the product stands; without one last."""
    VENDOR = "VENDOR"
    """By who makes the product."""
    PLAN_NAME = "PLAN_NAME"
    """By the plan's name, letter by letter."""
    SKU = "SKU"
    """By the plan's article number."""
    BILLING_TYPE = "BILLING_TYPE"
    """By the name of the billing type."""
    PERIOD = "PERIOD"
    """By the months that the prices are for."""
    RETAIL_PRICE = "RETAIL_PRICE"
    """By retail price, whatever the currency."""
    NET_COST = "NET_COST"
    """By net cost, whatever the currency."""
    MARGIN = "MARGIN"
    """By margin, whatever the currency."""
    MARGIN_PERCENT = "MARGIN_PERCENT"
    """By margin in percent; without a price last."""
    MARKUP_PERCENT = "MARKUP_PERCENT"
    """By markup; without one last."""
    NET_COST_CHANGED_AT = "NET_COST_CHANGED_AT"
    """By the last change of the net cost; without one last."""


@strawberry.input
@sorts(models.PriceListEntry, period=models.PriceListEntry.months)
class PriceListSort:
    """One key of an order; later keys decide between equals."""

    field: PriceListSortField
    """What to compare."""
    direction: Direction = Direction.ASC
    """Which end comes first."""


@strawberry.input
@filters(models.PriceVersion, began_at=models.PriceVersion.valid_from, ended_at=models.PriceVersion.valid_to)
class PriceVersionFilter:
    """Which prices a history shows. All given fields must hold."""

    key: StringFilter | None = UNSET
    """By the period's or the resource's key."""
    began_at: DateTimeFilter | None = UNSET
    """By the instant from which they held."""
    ended_at: DateTimeFilter | None = UNSET
    """By the instant from which they held no longer; isNull: those that hold."""
    and_: list["PriceVersionFilter"] | None = strawberry.field(name="and", default=UNSET)
    """All of these hold."""
    or_: list["PriceVersionFilter"] | None = strawberry.field(name="or", default=UNSET)
    """At least one of these holds; an empty list matches nothing."""
    not_: "PriceVersionFilter | None" = strawberry.field(name="not", default=UNSET)
    """This does not hold."""
