"""A price in one currency counted into another one, at a rate that holds from a day on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.shared.decimals import plain
from domain.shared.money import PRICE_DIGITS
from domain.shared.rounding import half_up

__all__ = ["Exchange", "Rate", "Rates", "UnitPrice", "exchanged"]


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a currency is worth in another one."""

    value: Decimal
    """Above 0, up to ten decimals."""
    valid_from: date
    """Its first day; it holds until a later one begins."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Where a converted unit price comes from."""

    currency: str
    """The plan's."""
    unit_price: Decimal
    """In that currency."""
    rate: Rate

    @property
    def converted(self) -> Decimal:
        """The price in the other currency."""
        return exchanged(self.unit_price, self.rate.value)

    def to_json(self) -> dict[str, str]:
        """JSON values only; `from_json` takes them back."""
        return {
            "currency": self.currency,
            "unit_price": plain(self.unit_price),
            "rate": plain(self.rate.value),
            "valid_from": f"{self.rate.valid_from}",
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> "Exchange | None":
        """What `to_json` made; None of None."""
        if stored is None:
            return None
        rate = Rate(Decimal(stored["rate"]), date.fromisoformat(stored["valid_from"]))
        return cls(stored["currency"], Decimal(stored["unit_price"]), rate)


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """A unit price in the currency that is billed in."""

    amount: Decimal
    exchange: Exchange | None = None
    """Where it comes from; None: it was set in this currency."""


def exchanged(price: Decimal, rate: Decimal) -> Decimal:
    """A unit price in another currency: price × rate, half up to four decimals, like a price by markup."""
    return half_up(Fraction(price) * Fraction(rate), PRICE_DIGITS)


@dataclass(frozen=True, slots=True)
class Rates:
    """The exchange rates of some tenants and of all those above them."""

    by_owner: Mapping[tuple[str, str, str], Sequence[Rate]] = field(default_factory=dict)
    """By the owner's path and the two currencies, the latest first."""
    segment: int = 1
    """Characters of a path for each level."""

    def at(self, path: str, from_currency: str, to_currency: str, on: date) -> Rate | None:
        """What holds for a tenant on a day: its own latest rate, else that of the nearest tenant above that has one.

        None when nobody has set one, or only for later days.
        """
        for end in range(len(path), 0, -self.segment):
            for rate in self.by_owner.get((path[:end], from_currency, to_currency), ()):
                if rate.valid_from <= on:
                    return rate
        return None
