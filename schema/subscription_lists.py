"""How lists of subscriptions are narrowed and ordered."""

from enum import StrEnum
from typing import Any

import strawberry
from sqlalchemy import case
from strawberry import UNSET

from domain.subscriptions import models
from resolvers.reading import filters, having, in_groups, sorts
from schema.common import (
    BillingTypeFilter,
    BooleanFilter,
    DateFilter,
    DateTimeFilter,
    IDFilter,
    StringFilter,
    SubscriptionPhaseFilter,
    SubscriptionStateFilter,
)
from schema.enums import Direction, closed

__all__ = ["SubscriptionFilter", "SubscriptionSort", "SubscriptionSortField", "phase_of"]


def phase_of(row: Any) -> Any:
    """The phase of a subscription's state, in SQL."""
    return case(*((row.state.in_(states), phase.value) for phase, states in models.PHASES.items()))


@strawberry.input
@filters(models.VendorAttribute)
class VendorAttributeFilter:
    """Which of a subscription's vendor attributes are meant. All given fields must hold of the same one."""

    key: StringFilter | None = UNSET
    """By what it is."""
    value: StringFilter | None = UNSET
    """By its value."""
    and_: list["VendorAttributeFilter"] | None = strawberry.field(name="and", default=UNSET)
    """All of these hold."""
    or_: list["VendorAttributeFilter"] | None = strawberry.field(name="or", default=UNSET)
    """At least one of these holds; an empty list matches nothing."""
    not_: "VendorAttributeFilter | None" = strawberry.field(name="not", default=UNSET)
    """This does not hold."""


@strawberry.input
@filters(
    models.ServiceSubscription,
    phase=in_groups(models.ServiceSubscription.state, models.PHASES),
    vendor_attribute=having(models.VendorAttribute, models.VendorAttribute.subscription_id),
)
class SubscriptionFilter:
    """Which subscriptions a list shows. All given fields must hold."""

    id: IDFilter | None = UNSET
    """By id."""
    number: StringFilter | None = UNSET
    """By number."""
    name: StringFilter | None = UNSET
    """By name."""
    external_id: StringFilter | None = UNSET
    """By the client's own id."""
    state: SubscriptionStateFilter | None = UNSET
    """By state."""
    phase: SubscriptionPhaseFilter | None = UNSET
    """By phase."""
    trial: BooleanFilter | None = UNSET
    """Trials, or all but trials."""
    billing_type: BillingTypeFilter | None = UNSET
    """By billing type."""
    tenant_id: IDFilter | None = UNSET
    """By the tenant that sells it."""
    account_id: IDFilter | None = UNSET
    """By the account that bought it."""
    plan_id: IDFilter | None = UNSET
    """By its plan."""
    paid_to: DateFilter | None = UNSET
    """By the day it is paid to."""
    expires_on: DateFilter | None = UNSET
    """By the last day of its term; endless ones have none."""
    vendor_attribute: VendorAttributeFilter | None = UNSET
    """It has such a vendor attribute."""
    created_at: DateTimeFilter | None = UNSET
    """By creation."""
    updated_at: DateTimeFilter | None = UNSET
    """By last change."""
    and_: list["SubscriptionFilter"] | None = strawberry.field(name="and", default=UNSET)
    """All of these hold."""
    or_: list["SubscriptionFilter"] | None = strawberry.field(name="or", default=UNSET)
    """At least one of these holds; an empty list matches nothing."""
    not_: "SubscriptionFilter | None" = strawberry.field(name="not", default=UNSET)
    """This does not hold."""


@closed
class SubscriptionSortField(StrEnum):
    """What subscriptions may be sorted by."""

    NUMBER = "NUMBER"
    """By number, which is by creation."""
    NAME = "NAME"
    """By name, letter by letter."""
    CREATED_AT = "CREATED_AT"
    """By creation."""
    UPDATED_AT = "UPDATED_AT"
    """By last change."""
    EXPIRES_ON = "EXPIRES_ON"
    """By the last day of the term; endless ones last."""


@strawberry.input
@sorts(models.ServiceSubscription)
class SubscriptionSort:
    """One key of an order; later keys decide between equals."""

    field: SubscriptionSortField
    """What to compare."""
    direction: Direction = Direction.ASC
    """Which end comes first."""
