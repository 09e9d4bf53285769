"""How much of a month a part of a billing period is, and what a fee is for it: exact fractions of calendar days."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction

from domain.shared.periods import Period, billing_periods

Cut = tuple[Period, Period]
"""A part, and the whole billing period it lies in."""


def chargeable(ordered: Decimal, included: Decimal) -> Decimal:
    """Units that cost money: those ordered beyond the included ones, never fewer than none."""
    return max(Decimal(0), ordered - included)


def chargeable_increase(before: Decimal, after: Decimal, included: Decimal) -> Decimal:
    """Units that start to cost money when the ordered quantity changes; 0 when it falls."""
    return max(Decimal(0), chargeable(after, included) - chargeable(before, included))


def share(part: Period, within: Period) -> Fraction:
    """The fraction of the billing period `within` that `part` is, by calendar days.

    Raises ValueError when `part` has days outside `within`, or `within` has none.
    """
    if within.days == 0 or part.start < within.start or part.end > within.end:
        raise ValueError(f"{part} is not a part of the billing period {within}")
    return Fraction(part.days, within.days)


def months(cuts: Iterable[Cut]) -> Fraction:
    """Months that parts of billing periods amount to: Σ days(part) / days(its billing period), exact."""
    return sum((share(part, whole) for part, whole in cuts), Fraction(0))


def months_between(start: date, end: date, billing_day: int) -> Fraction:
    """Months from `start` to `end` (exclusive), cut at every billing day; 0 for an empty range."""
    return months(billing_periods(start, end, billing_day))


def prorated(fee: Decimal, quantity: Decimal, part: Period, within: Period) -> Fraction:
    """A monthly fee for `part` of the billing period `within`, by calendar days, unrounded.

    Raises ValueError when `part` has days outside `within`.
    """
    return Fraction(fee) * Fraction(quantity) * share(part, within)
