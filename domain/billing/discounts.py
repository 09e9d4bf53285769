"""Discounts on an order: the best percentage wins, and the charges' parts add up to the discounted total."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from domain.shared.money import minor_digits
from domain.shared.rounding import half_up


def best_percent(percents: Iterable[Decimal]) -> Decimal | None:
    """The one percentage that applies, the highest; None when there is none.

    An order with individual prices gets no discount: do not ask for it.
    Raises ValueError for a percentage that is not over 0 and at most 100, or finer than two decimals.
    """
    return max((_checked(percent) for percent in percents), default=None)


def _checked(percent: Decimal) -> Decimal:
    if not 0 < percent <= 100:
        raise ValueError(f"a discount is over 0 and at most 100 per cent, got {percent}")
    if Fraction(percent) * 100 % 1 != 0:
        raise ValueError(f"a discount has at most two decimals, got {percent}")
    return percent


@dataclass(frozen=True, slots=True)
class DiscountedOrder:
    """What an order costs with a discount; all in the order's currency, rounded."""

    undiscounted: Decimal
    """A: the sum of the rounded charges."""
    total: Decimal
    """S: what remains to pay, A − p·A rounded once."""
    parts: tuple[Decimal, ...]
    """What remains of each charge, in the charges' order; they add up to S."""

    @property
    def discount(self) -> Decimal:
        """A − S."""
        return self.undiscounted - self.total


def discounted(amounts: Sequence[Decimal], percent: Decimal, currency: str) -> DiscountedOrder:
    """An order's charges after `percent` off.

    `amounts` are the rounded charges in the order of their numbers.  Every part is rounded for itself; the largest
    charge, of equals the one with the lowest number, takes what rounding leaves over or asks for.
    Raises ValueError for a percentage that is not over 0 and at most 100, or finer than two decimals.
    """
    return discounted_to(amounts, percent, minor_digits(currency))


def discounted_to(amounts: Sequence[Decimal], percent: Decimal, digits: int) -> DiscountedOrder:
    """The same for a currency of which only the number of minor digits is at hand."""
    kept = 1 - Fraction(_checked(percent)) / 100
    undiscounted = sum(amounts, Decimal(0))
    total = half_up(Fraction(undiscounted) * kept, digits)
    parts = [half_up(Fraction(amount) * kept, digits) for amount in amounts]
    if parts:
        largest = max(range(len(amounts)), key=lambda position: (amounts[position], -position))
        parts[largest] += total - sum(parts, Decimal(0))
    return DiscountedOrder(undiscounted, total, tuple(parts))
