"""How lists of charges and reseller charges are narrowed and ordered."""

from enum import StrEnum

import strawberry
from strawberry import UNSET

from domain.billing import models
from resolvers.reading import filters, sorts
from schema.common import ChargeStateFilter, DateFilter, DateTimeFilter, DecimalFilter, IDFilter
from schema.enums import Direction, closed

__all__ = [
    "ChargeFilter",
    "ChargeSort",
    "ChargeSortField",
    "ResellerChargeFilter",
    "ResellerChargeSort",
    "ResellerChargeSortField",
]


@strawberry.input
@filters(models.Charge)
class ChargeFilter:
    """Which charges a list shows. All given fields must hold."""

    id: IDFilter | None = UNSET
    """By id."""
    state: ChargeStateFilter | None = UNSET
    """By state."""
    subscription_id: IDFilter | None = UNSET
    """By the subscription they are for."""
    account_id: IDFilter | None = UNSET
    """By the account that pays."""
    amount: DecimalFilter | None = UNSET
    """By amount, whatever the currency."""
    billing_period_start: DateFilter | None = UNSET
    """By the first day of the billing period."""
    closed_at: DateTimeFilter | None = UNSET
    """By closing; charges that are not closed have none."""
    created_at: DateTimeFilter | None = UNSET
    """By creation."""
    updated_at: DateTimeFilter | None = UNSET
    """By last change."""
    and_: list["ChargeFilter"] | None = strawberry.field(name="and", default=UNSET)
    """All of these hold."""
    or_: list["ChargeFilter"] | None = strawberry.field(name="or", default=UNSET)
    """At least one of these holds; an empty list matches nothing."""
    not_: "ChargeFilter | None" = strawberry.field(name="not", default=UNSET)
    """This does not hold."""


@closed
class ChargeSortField(StrEnum):
    """What charges may be sorted by."""

    NUMBER = "NUMBER"
    """By number, which is by creation."""
    CREATED_AT = "CREATED_AT"
    """By creation."""
    UPDATED_AT = "UPDATED_AT"
    """By last change."""
    AMOUNT = "AMOUNT"
    """By amount, whatever the currency."""


@strawberry.input
@sorts(models.Charge)
class ChargeSort:
    """One key of an order; later keys decide between equals."""

    field: ChargeSortField
    """What to compare."""
    direction: Direction = Direction.ASC
    """Which end comes first."""


@strawberry.input
@filters(models.ResellerCharge, debtor_id="tenant_id")
class ResellerChargeFilter:
    """Which reseller charges a list shows. All given fields must hold."""

    id: IDFilter | None = UNSET
    """By id."""
    subscription_id: IDFilter | None = UNSET
    """By the subscription that the charge is for."""
    debtor_id: IDFilter | None = UNSET
    """By the tenant that owes."""
    creditor_id: IDFilter | None = UNSET
    """By the tenant that is owed."""
    closed_at: DateTimeFilter | None = UNSET
    """By the closing of the charge."""
    created_at: DateTimeFilter | None = UNSET
    """By creation."""
    updated_at: DateTimeFilter | None = UNSET
    """By last change."""
    and_: list["ResellerChargeFilter"] | None = strawberry.field(name="and", default=UNSET)
    """All of these hold."""
    or_: list["ResellerChargeFilter"] | None = strawberry.field(name="or", default=UNSET)
    """At least one of these holds; an empty list matches nothing."""
    not_: "ResellerChargeFilter | None" = strawberry.field(name="not", default=UNSET)
    """This does not hold."""


@closed
class ResellerChargeSortField(StrEnum):
    """What reseller charges may be sorted by."""

    CREATED_AT = "CREATED_AT"
    """By creation."""
    UPDATED_AT = "UPDATED_AT"
    """By last change."""
    AMOUNT = "AMOUNT"
    """By amount, whatever the currency."""


@strawberry.input
@sorts(models.ResellerCharge)
class ResellerChargeSort:
    """One key of an order; later keys decide between equals."""

    field: ResellerChargeSortField
    """What to compare."""
    direction: Direction = Direction.ASC
    """Which end comes first."""
