"""What a change of prices would do, before it is done."""

from decimal import Decimal

import strawberry

from schema.scalars import CurrencyCode

__all__ = ["PriceImpact", "PriceImpactLevel", "PriceImpactLine", "RenewalLoss"]


@strawberry.type
class PriceImpactLevel:
    """All lines of price lists at one level of the hierarchy that would change."""

    level: int
    """0 is the distributor, 1 its resellers, and so on."""
    lines: int
    """How many: one for each period of each plan."""
    at_a_loss: int
    """How many of them would cost more than they bring."""
    margin_before: Decimal
    """The sum of their margins as they are."""
    margin: Decimal
    """The sum of their margins as they would be."""


@strawberry.type
class PriceImpactLine:
    """One period of one plan, with the totals of PriceListEntry."""

    plan_id: strawberry.ID
    """The plan, or a copy of it below."""
    period_id: strawberry.ID
    """Its period."""
    tenant_id: strawberry.ID
    """The tenant that sells it."""
    tenant_name: str
    """What people call it."""
    level: int
    """The tenant's level: 0 is the distributor."""
    currency: CurrencyCode
    """What the amounts are in."""
    net_cost_before: Decimal
    """The net cost as it is."""
    net_cost: Decimal
    """The net cost as it would be."""
    price_before: Decimal
    """The retail price as it is."""
    price: Decimal
    """The retail price as it would be."""
    margin_before: Decimal
    """What is left now."""
    margin: Decimal
    """What would be left; below zero: sold at a loss."""
    markup_percent: Decimal | None
    """How its prices follow net costs; null: they are set by hand."""


@strawberry.type
class RenewalLoss:
    """A running subscription that would renew at a loss for its seller, or for a tenant between it and the plan."""

    subscription_id: strawberry.ID
    """The subscription."""
    subscription_number: str
    """What people call it by."""
    tenant_id: strawberry.ID
    """The tenant that would lose."""
    tenant_name: str
    """What people call it."""
    currency: CurrencyCode
    """What the amounts are in."""
    price: Decimal
    """What the tenant would get for the next term: renewal fees and what recurs, before discounts."""
    net_cost: Decimal
    """What it would pay for the term."""
    margin: Decimal
    """What would be left, below zero."""


@strawberry.type
class PriceImpact:
    """What new prices would do at the acting tenant and below it."""

    levels: list[PriceImpactLevel]
    """Level by level, from the plan's own down."""
    lines: list[PriceImpactLine]
    """The lines of price lists that would change, the worst margins first: up to 200."""
    losses: list[RenewalLoss] | None
    """Subscriptions that would renew at a loss, the greatest first: up to 200. A held price counts as ended, since it
    ends with its term. Null without subscriptions.read."""
    more_losses: bool | None
    """Whether there are others."""
