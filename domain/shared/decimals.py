"""Decimals that people give: what the columns hold, and what is refused."""

from decimal import Decimal

from domain.shared.errors import InvalidInput

__all__ = ["PRICE_LIMIT", "clean_decimal", "clean_percent", "clean_price", "clean_units", "plain"]

DIGITS = 4
"""Decimals of prices and percentages."""

LARGEST = 18
"""Powers of ten: more digits before the point are refused unread."""

PRICE_LIMIT = Decimal(10) ** 10
"""A unit price stays below ten thousand million, so that a chain of markups fits its column (14 digits)."""

UNITS_LIMIT = Decimal(10) ** 9
"""Units of a resource."""


def plain(value: Decimal) -> str:
    """The number as people write it: no exponent, no trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def clean_decimal(value: Decimal, *path: str | int, digits: int = DIGITS) -> Decimal:
    """The same number with `digits` decimals.

    Raises InvalidInput when it is not finite, has more decimals (zeros at the end are none), or is absurdly large.
    """
    if not value.is_finite():
        raise InvalidInput("{field} must be a number, not {value}.", value=value, path=path)
    if value and value.adjusted() > LARGEST:
        raise InvalidInput("{field} is too large.", path=path)
    decimals = _decimals(value)
    if decimals > digits:
        raise InvalidInput(
            "{field} has {decimals} decimals; at most {digits} are allowed.",
            decimals=decimals,
            digits=digits,
            path=path,
        )
    return (value or Decimal(0)).quantize(Decimal(1).scaleb(-digits))


def _decimals(value: Decimal) -> int:
    """Digits after the point, zeros at the end left out; exact for any length (no decimal context takes part)."""
    _, figures, exponent = value.as_tuple()
    written = "".join(map(str, figures)).rstrip("0")
    return max(0, -int(exponent) - (len(figures) - len(written))) if written else 0


def clean_price(value: Decimal, *path: str | int) -> Decimal:
    """A fee or a net cost. Raises InvalidInput when it is negative, too large, or finer than four decimals."""
    price = clean_decimal(value, *path)
    if price < 0:
        raise InvalidInput("{field} must not be negative, got {price}.", price=plain(price), path=path)
    if price >= PRICE_LIMIT:
        raise InvalidInput(
            "{field} must be below {limit}, got {price}.", limit=plain(PRICE_LIMIT), price=plain(price), path=path
        )
    return price


def clean_percent(value: Decimal, *path: str | int, above: int, most: int) -> Decimal:
    """A percentage in `(above, most]`. Raises InvalidInput outside it, and for more than four decimals."""
    percent = clean_decimal(value, *path)
    if not above < percent <= most:
        raise InvalidInput(
            "{field} must be above {above} and at most {most}, got {value}.",
            above=above,
            most=most,
            value=plain(percent),
            path=path,
        )
    return percent


def clean_units(value: Decimal, *path: str | int) -> Decimal:
    """A quantity: a whole number from zero on. Raises InvalidInput otherwise, and when it is too large."""
    if not value.is_finite() or value != value.to_integral_value():
        raise InvalidInput("{field} must be a whole number, got {value}.", value=value, path=path)
    if not 0 <= value <= UNITS_LIMIT:
        raise InvalidInput("{field} must be from 0 to {most}.", most=plain(UNITS_LIMIT), path=path)
    return (value or Decimal(0)).quantize(Decimal(1).scaleb(-DIGITS))
