"""Money: a decimal amount and its currency, and the roundings that prices and amounts get."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache

from babel.core import get_global
from babel.numbers import get_currency_precision

from domain.shared.rounding import half_up

PRICE_DIGITS = 4
"""Decimals of a price that was made by a markup."""

_NOT_MONEY = frozenset({"XXX", "XTS"})
"""ISO 4217 codes that say there is no currency, or that it is a test."""


@cache
def _currencies() -> frozenset[str]:
    return frozenset(get_global("all_currencies")) - _NOT_MONEY


def is_currency(code: str) -> bool:
    """Whether `code` is a currency known to CLDR, in capitals: "EUR" is, "eur" and "EURO" are not."""
    return code in _currencies()


@cache
def minor_digits(currency: str) -> int:
    """Decimals of the currency's minor unit as CLDR has it: EUR 2, JPY 0, KWD 3.

    Raises ValueError for a code that is no currency.
    """
    if not is_currency(currency):
        raise ValueError(f"{currency!r} is not a currency")
    return get_currency_precision(currency)


def round_money(value: Fraction | Decimal, currency: str) -> Decimal:
    """`value` in whole minor units of `currency`, half up (away from zero).

    Raises ValueError for a code that is no currency.
    """
    return half_up(value, minor_digits(currency))


def marked_up(net: Decimal, percent: Decimal) -> Decimal:
    """The price that adds `percent` to a net cost: net × (100 + percent) / 100, half up to four decimals.

    Each level of a chain starts from the stored, rounded price of the level above.  A negative percentage is a
    price below cost.
    """
    return half_up(Fraction(net) * (100 + Fraction(percent)) / 100, PRICE_DIGITS)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its currency.  The amount may be finer than the minor unit (a unit price often is)."""

    amount: Decimal
    """In major units: 19.35 is nineteen euros and thirty-five cents."""
    currency: str
    """ISO 4217 code in capitals."""

    def __post_init__(self) -> None:
        """Raise ValueError for an unknown currency and for an amount that is not finite."""
        if not is_currency(self.currency):
            raise ValueError(f"{self.currency!r} is not a currency")
        if not self.amount.is_finite():
            raise ValueError(f"an amount is finite, got {self.amount}")

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._in_same_currency(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._in_same_currency(other), self.currency)

    def __neg__(self) -> Money:
        return Money(self.amount.copy_negate(), self.currency)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def rounded(self) -> Money:
        """The same money in whole minor units, half up."""
        return Money(round_money(self.amount, self.currency), self.currency)

    def _in_same_currency(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up without a rate")
        return other.amount
