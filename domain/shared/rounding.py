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
    exact = Fraction(value)
    doubled = abs(exact) * 2 * 10**digits
    whole = (doubled.numerator + doubled.denominator) // (2 * doubled.denominator)
    negative = exact < 0 and whole > 0
    return Decimal((int(negative), tuple(int(digit) for digit in str(whole)), -digits))
