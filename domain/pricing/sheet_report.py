"""What an import of a price sheet did, or would do."""

from dataclasses import dataclass, field
from decimal import Decimal

__all__ = ["Counts", "ImportReport", "InexactYear", "NewPrice"]


@dataclass(slots=True)
class Counts:
    """What became of the rows of one kind."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A plan whose prices the sheet has changed; a licence a month, before and after."""

    line: int
    number: str
    name: str
    net_cost: tuple[Decimal, Decimal]
    price: tuple[Decimal, Decimal]
    """With a markup the new price follows from the new net cost, not from the sheet."""


@dataclass(frozen=True, slots=True)
class InexactYear:
    """A yearly price that twelve monthly ones, at four decimals, do not make up exactly."""

    line: int
    column: str
    year: Decimal
    twelve_months: Decimal


@dataclass(slots=True)
class ImportReport:
    """What an import did, or, rolled back, would do."""

    products: Counts = field(default_factory=Counts)
    plans: Counts = field(default_factory=Counts)
    terms: list[str] = field(default_factory=list)
    """Keys of the service terms that were made."""
    new_prices: list[NewPrice] = field(default_factory=list)
    inexact: list[InexactYear] = field(default_factory=list)
    copies: int = 0
    """Copies below, at all levels, that have new net costs."""
