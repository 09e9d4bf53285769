"""The one rounding of money: exact fractions in, decimals out."""

from decimal import Decimal
from fractions import Fraction


def half_up(value: Fraction | Decimal | int, digits: int) -> Decimal:
    """`value` with `digits` decimals, a half going away from zero: 0.005 → 0.01, −0.005 → −0.01.

    Exact for every fraction: no decimal context and no float takes part.  Never returns a negative zero.
    Raises ValueError for a negative number of digits, a NaN or an infinity.
    """
    if digits < 0:
        raise ValueError(f"digits must not be negative, got {digits}")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"cannot round {value}")
    # In whole numbers: every charge comes by here several times, and fractions look for common divisors at each step.
    numerator, denominator = value.as_integer_ratio()
    whole = (abs(numerator) * 2 * 10**digits + denominator) // (2 * denominator)
    sign = "-" if numerator < 0 and whole else ""
    return Decimal(f"{sign}{whole}e-{digits}")
