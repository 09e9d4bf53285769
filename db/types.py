"""Column types, each with one meaning everywhere."""

from enum import StrEnum

from sqlalchemy import Enum, Numeric, Text

__all__ = ["Amount", "CurrencyCode", "Path", "Percent", "Price", "Quantity", "choice"]

Amount = Numeric(18, 4)
"""Money as booked: already rounded to the currency's minor digits (0 for JPY, 2 for EUR, 3 for KWD)."""

Price = Numeric(18, 4)
"""A unit price in its currency; it may have more digits than the currency."""

Quantity = Numeric(18, 4)
"""Units of a resource."""

Percent = Numeric(9, 4)
"""12.5 means 12.5 %."""

CurrencyCode = Text
"""ISO 4217, upper case."""

Path = Text(collation="C")
"""Fixed-width segments from the distributor down; compared byte by byte, so that a subtree is one index range."""


def choice(values: type[StrEnum], *, name: str | None = None) -> Enum:
    """One of the values of a `StrEnum`, kept as text and held by a check constraint.

    `name` of the constraint, for a table with two columns of one kind.
    """
    return Enum(
        values,
        native_enum=False,
        create_constraint=True,
        length=40,
        name=f"{name or _snake(values.__name__)}_known",
        values_callable=lambda members: [member.value for member in members],
    )


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")
