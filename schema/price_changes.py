"""Pricing plans."""

from datetime import date
from decimal import Decimal

import strawberry
from strawberry import UNSET

from schema.catalog import Plan
from schema.jobs import Job
from schema.payload import Payload
from schema.price_impact import PriceImpact

__all__ = [
    "FeesChange",
    "FeesInput",
    "SetMarkupInput",
    "SetMarkupPayload",
    "SetMarkupsInput",
    "SetMarkupsPayload",
    "SetPricesInput",
    "SetPricesPayload",
    "WithdrawPlannedPricesInput",
    "WithdrawPlannedPricesPayload",
]


@strawberry.input
class FeesInput:
    """One unit's fees in the plan's currency: not negative, below 10,000,000,000, at most four decimals."""

    setup: Decimal = Decimal(0)
    """Once, at the start."""
    recurring_per_month: Decimal = Decimal(0)
    """A month."""
    renewal: Decimal = Decimal(0)
    """Once, at a renewal."""
    transfer: Decimal = Decimal(0)
    """Once, for a subscription that comes from elsewhere; zero for resources."""
    overuse: Decimal = Decimal(0)
    """For a unit used beyond those ordered; zero for periods."""


@strawberry.input
class FeesChange:
    """Fees to set; what is left out stays. A fee cannot be cleared, only set to zero."""

    setup: Decimal | None = UNSET
    """Once, at the start."""
    recurring_per_month: Decimal | None = UNSET
    """A month."""
    renewal: Decimal | None = UNSET
    """Once, at a renewal."""
    transfer: Decimal | None = UNSET
    """Once, for a subscription that comes from elsewhere; zero for resources."""
    overuse: Decimal | None = UNSET
    """For a unit used beyond those ordered; zero for periods."""


@strawberry.input
class PriceChange:
    """What becomes of the fees of the period or resource with this key; what is left out stays."""

    key: str
    """Which one; another one than the plan's is INVALID_INPUT."""
    fees: FeesChange | None = UNSET
    """What this tenant takes, set by hand: the plan's markup ends."""
    net_cost: FeesChange | None = UNSET
    """What the vendor charges; own plans only, of delegated copies READ_ONLY_DELEGATED."""


@strawberry.input
class SetPricesInput:
    """Prices by hand."""

    plan_id: strawberry.ID
    """A plan of the acting tenant."""
    if_version: int | None = UNSET
    """Refused with STALE when the plan has another version; left out: whatever it has."""
    periods: list[PriceChange] | None = UNSET
    """Of the plan's own fees, by a period's key."""
    resources: list[PriceChange] | None = UNSET
    """Of fees for one unit, by a resource's key."""
    valid_from: date | None = UNSET
    """The day whose billing run sets them, before anything is charged; in the distributor's time zone, at most ten
    years away. Until then see pricesPlanned; what is set for the same day takes their place, withdrawPlannedPrices
    takes them back. Left out, or today: at once."""


@strawberry.type
class SetPricesPayload(Payload):
    """What setPrices answers."""

    plan: Plan | None
    """The plan with its new prices; null when refused."""
    job: Job | None
    """The job that brings the new prices to the levels below, where there are more than 5,000 copies; null: they have
    them."""
    impact: PriceImpact | None
    """With dryRun: what the new prices would do, down the chain and to renewals, if they held now. Null when no price
    would change, and without prices.upstream.read."""


@strawberry.input
class SetMarkupInput:
    """Prices that follow net costs."""

    plan_id: strawberry.ID
    """A plan of the acting tenant."""
    markup_percent: Decimal
    """12.5 means price = net cost × 1.125, to four decimals; above −100, at most 1000."""
    valid_from: date | None = UNSET
    """The day whose billing run sets it, before anything is charged; in the distributor's time zone, at most ten years
    away. Until then see pricesPlanned; what is set for the same day takes its place, withdrawPlannedPrices takes it
    back. Left out, or today: at once."""


@strawberry.type
class SetMarkupPayload(Payload):
    """What setMarkup answers."""

    plan: Plan | None
    """The plan with its new prices; null when refused."""
    job: Job | None
    """The job that brings the new prices to the levels below, where there are more than 5,000 copies; null: they have
    them."""
    impact: PriceImpact | None
    """With dryRun: what the new prices would do, down the chain and to renewals, if they held now. Null when no price
    would change, and without prices.upstream.read."""


@strawberry.input
class SetMarkupsInput:
    """One markup for many plans of the acting tenant, 1 to 1000: for all or, when one is refused, for none."""

    plan_ids: list[strawberry.ID] | None = UNSET
    """These plans. Either this, productKey or categoryKey."""
    product_key: str | None = UNSET
    """All plans of the product with this key; NOT_FOUND where there is none."""
    category_key: str | None = UNSET
    """All plans of products in the category with this key; NOT_FOUND where there is none."""
    markup_percent: Decimal
    """12.5 means price = net cost × 1.125, to four decimals; above −100, at most 1000."""


@strawberry.type
class SetMarkupsPayload(Payload):
    """What setMarkups answers."""

    plans: list[Plan] | None
    """The plans with their new prices, in the order of planIds, else by number; null when refused."""
    job: Job | None
    """The job that brings the new prices to the levels below, where there are more than 5,000 copies; null: they have
    them."""
    impact: PriceImpact | None
    """With dryRun: what the new prices would do, down the chain and to renewals. Null when no price would change, and
    without prices.upstream.read."""


@strawberry.input
class WithdrawPlannedPricesInput:
    """What was planned and is not wanted any more."""

    plan_id: strawberry.ID
    """A plan of the acting tenant."""
    valid_from: date
    """The day for which something is planned, else NOT_FOUND."""


@strawberry.type
class WithdrawPlannedPricesPayload(Payload):
    """What withdrawPlannedPrices answers."""

    plan: Plan | None
    """The plan with what is still planned; null when refused."""
