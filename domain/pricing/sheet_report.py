"""What an import of a price sheet did, or would do."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

__all__ = ["SAMPLES", "ChangeKind", "Counts", "ImportReport", "InexactYear", "SheetChange"]

SAMPLES = 100
"""How many changes of each kind, and how many inexact years, a report tells in full; the others it counts."""


class ChangeKind(StrEnum):
    """What a price sheet does to a catalog."""

    NEW_PRODUCT = "NEW_PRODUCT"
    """The sheet has a product that the catalog has not."""
    NEW_PLAN = "NEW_PLAN"
    """The sheet offers a product in a way that the catalog does not."""
    NEW_PRICE = "NEW_PRICE"
    """A plan's net cost or price becomes another."""
    GONE = "GONE"
    """An active plan that a sheet once made is not in this one; it is left as it is."""


@dataclass(frozen=True, slots=True)
class SheetChange:
    """One line of the diff between a catalog and a price sheet; prices of a licence a month."""

    kind: ChangeKind
    sku: str
    """The product's key, which is its plans' article number."""
    name: str
    """The product's or the plan's."""
    line: int | None = None
    """Of the sheet; None: it is not there."""
    number: str | None = None
    """The plan's; None: a product."""
    currency: str | None = None
    net_cost_before: Decimal | None = None
    net_cost: Decimal | None = None
    price_before: Decimal | None = None
    price: Decimal | None = None
    """With a markup the new price follows from the new net cost, not from the sheet."""


@dataclass(slots=True)
class Counts:
    """What became of the rows of one kind."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class InexactYear:
    """A yearly price that twelve monthly ones, at four decimals, do not make up exactly."""

    line: int
    column: str
    year: Decimal
    twelve_months: Decimal


@dataclass(slots=True)
class ImportReport:
    """What an import did, or, rolled back, would do. Its length does not depend on the sheet's."""

    on_change: Callable[[SheetChange], None] = lambda _: None
    """Hears every change, in the order of the sheet's thousands; those that are gone come last."""
    rows: int = 0
    products: Counts = field(default_factory=Counts)
    plans: Counts = field(default_factory=Counts)
    gone: int = 0
    terms: list[str] = field(default_factory=list)
    """Keys of the service terms that were made."""
    changes: dict[ChangeKind, list[SheetChange]] = field(default_factory=lambda: {kind: [] for kind in ChangeKind})
    """The first `SAMPLES` of each kind."""
    inexact: list[InexactYear] = field(default_factory=list)
    """The first `SAMPLES`."""
    inexact_count: int = 0
    copies: int = 0
    """Copies below, at all levels, that have new net costs."""

    @property
    def new_prices(self) -> list[SheetChange]:
        """Plans whose prices the sheet has changed, the first ones."""
        return self.changes[ChangeKind.NEW_PRICE]

    def note(self, change: SheetChange) -> None:
        """Keep the change, if it is among the first of its kind, and tell it."""
        samples = self.changes[change.kind]
        if len(samples) < SAMPLES:
            samples.append(change)
        self.on_change(change)

    def note_inexact(self, year: InexactYear) -> None:
        """Count it, and keep the first ones."""
        self.inexact_count += 1
        if len(self.inexact) < SAMPLES:
            self.inexact.append(year)
