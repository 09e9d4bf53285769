"""What became of a price sheet as CSV, for people: its changes, or its bad cells. All of them, however many."""

import csv
from dataclasses import fields
from decimal import Decimal
from typing import TextIO

from domain.catalog.price_sheet import BrokenPriceSheet
from domain.pricing.sheet_report import SheetChange
from domain.shared.decimals import plain

__all__ = ["ChangeList", "write_rejected"]

_COLUMNS = [each.name for each in fields(SheetChange)]


class ChangeList:
    """Writes each change as it comes."""

    def __init__(self, text: TextIO) -> None:
        """`text` without translation of line ends."""
        self._writer = csv.writer(text)
        self._writer.writerow(name.replace("_", " ") for name in _COLUMNS)

    def note(self, change: SheetChange) -> None:
        """Write one."""
        self._writer.writerow(_cell(getattr(change, name)) for name in _COLUMNS)


def _cell(value: object) -> object:
    return plain(value) if isinstance(value, Decimal) else value


def write_rejected(text: TextIO, broken: BrokenPriceSheet) -> None:
    """Every bad cell: its line, its column as the file calls it, and what is wrong with it."""
    writer = csv.writer(text)
    writer.writerow(("line", "column", "reason"))
    writer.writerows((error.line, error.told_as or error.column or "", error.reason.told()) for error in broken.every)
