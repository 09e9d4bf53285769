"""What each level of the chain owes the one above it for a customer's charge, and what it earns."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from domain.billing.exchange import Exchange
from domain.billing.explanation import Explanation, owed


@dataclass(frozen=True, slots=True)
class UpstreamPrice:
    """What a level pays the level above it (the origin of the plan: its vendor) for one unit."""

    unit_price: Decimal
    """A month's fee, in force when the charge, or the one it was split from, was created."""
    discount_percent: Decimal = Decimal(0)
    """The reseller discount of the level above, as of closing; 0…100."""
    exchange: Exchange | None = None
    """Where the price was converted from."""


def owed_upstream(
    of: Explanation, price: UpstreamPrice, *, quantity: Decimal, currency: str, refund: bool = False
) -> Explanation:
    """What one level owes the level above for the customer's charge that `of` explains.

    price × months × quantity × (100 − discount %) / 100, months being the same exact fraction as the charge's, rounded
    once.  The customer's own discount does not lower it.  A refund's amount is negative.
    Raises ValueError for a discount outside 0…100.
    """
    if not 0 <= price.discount_percent <= 100:
        raise ValueError(f"a reseller discount is 0…100 per cent, got {price.discount_percent}")
    return owed(
        of,
        unit_price=price.unit_price,
        quantity=-quantity if refund else quantity,
        currency=currency,
        percent_off=price.discount_percent,
        exchange=price.exchange,
    )


def up_the_chain(
    of: Explanation, prices: Sequence[UpstreamPrice], *, quantity: Decimal, currency: str, refund: bool = False
) -> list[Explanation]:
    """The same for every level of a chain in one currency, the seller's first, the origin's net cost last."""
    return [owed_upstream(of, price, quantity=quantity, currency=currency, refund=refund) for price in prices]


def margins(received: Decimal, owed_amounts: Sequence[Decimal]) -> list[Decimal]:
    """What each level keeps: the rounded amount it received less the rounded amount it owes upstream.

    `received` is the customer's amount (negative for a refund), `owed_amounts` go from the seller's up to the origin's
    rounded net cost; the margins and that net cost add up to `received`.
    """
    incomes = [received, *owed_amounts[:-1]]
    return [income - cost for income, cost in zip(incomes, owed_amounts, strict=True)] if owed_amounts else []
