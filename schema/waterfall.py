"""Who earns what of a subscription."""

import strawberry

from resolvers.reading import part
from schema.common import Money

__all__ = ["Waterfall", "WaterfallLevel"]


@strawberry.type
class WaterfallLevel:
    """One tenant of the chain. margin = received − netCost, from rounded amounts."""

    tenant_id: strawberry.ID = part()
    """The tenant."""
    tenant_name: str = part()
    """What it is called."""
    received: Money = part()
    """At the seller what the customer paid; above it what the level below owes."""
    net_cost: Money = part()
    """What it owes the level above, discounts taken off; at the origin of the plan what the vendor takes."""
    discount: Money = part()
    """What the level above took off; at the origin 0."""
    margin: Money | None = part()
    """What it keeps; negative when it sells below its cost. Null where it is paid in another currency than it pays."""


@strawberry.type
class Waterfall:
    """The closed charges of a subscription on their way up the chain, as far as the viewer sees.

    Taxes are left out. In one currency `paid` is the sum of all margins and of the last level's net cost.
    """

    paid: Money = part()
    """What the customer has paid by closed charges, without taxes."""
    discount: Money = part()
    """What the seller took off for the customer, at its own expense."""
    levels: list[WaterfallLevel] = part()
    """The seller first, then upwards to the viewer's own tenant."""
