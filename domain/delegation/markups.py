"""Markups: which there may be, and what one does in the database's words."""

from decimal import Decimal

from sqlalchemy import ColumnElement, Numeric, func, literal, literal_column
from sqlalchemy.orm import InstrumentedAttribute

from domain.shared.decimals import clean_percent

__all__ = ["MARKUP_LIMIT", "clean_markup", "marked_up_in_sql"]

MARKUP_LIMIT = 1000
"""Percent: a price is at most eleven times its net cost."""

_HUNDREDTH = literal(Decimal("0.01"), Numeric())
_TO_FOUR_DECIMALS: ColumnElement[int] = literal_column("4")


def marked_up_in_sql(
    net: ColumnElement[Decimal] | InstrumentedAttribute[Decimal],
    percent: ColumnElement[Decimal | None] | InstrumentedAttribute[Decimal | None],
) -> ColumnElement[Decimal]:
    """`domain.shared.money.marked_up` for the database: net × (100 + percent) / 100, half up to four decimals.

    Multiplied by 0.01 instead of divided by 100: PostgreSQL multiplies exactly, and `round` of a numeric goes away
    from zero, so that there is one rounding.
    """
    return func.round(net * (literal(Decimal(100), Numeric()) + percent) * _HUNDREDTH, _TO_FOUR_DECIMALS)


def clean_markup(percent: Decimal) -> Decimal:
    """A markup; below zero it sells under cost. Raises InvalidInput outside (−100, 1000] and beyond four decimals."""
    return clean_percent(percent, "markup_percent", above=-100, most=MARKUP_LIMIT)
