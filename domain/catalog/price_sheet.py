"""Reading a price sheet in a layout of Microsoft's licence lists: bytes in, checked rows out, one after the other.

Columns go by the names in the first line, in any order and case; those we do not use may be there. Nothing of a file
with a bad row is used: all bad cells are told at once, by line and column.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import BinaryIO

from domain.catalog.sheet_layouts import NEW, Layout, layout_of, spelling
from domain.shared.decimals import clean_price
from domain.shared.errors import InvalidInput
from domain.shared.money import is_currency
from tenancy.messages import Lines, Message, Tellable
from tenancy.texts import clean_text

__all__ = ["ERRORS_LIMIT", "BrokenPriceSheet", "Offering", "PriceSheet", "SheetError", "SheetRow", "read_price_sheet"]

ERRORS_LIMIT = 100
"""Bad cells told of one file."""
TITLE_LIMIT = 150
"""Characters of a product's title; a plan's name adds to it."""
ID_LIMIT = 100
"""Characters of a product's or SKU's id."""
PIECE = 1 << 16
"""Bytes."""
FEWEST = 5
"""Other delimiters in a header of one cell from which on they are taken for what separates columns."""

_DATES = ("EffectiveStartDate", "EffectiveEndDate")
_UNUSED_IF_EMPTY = ("PricingTierRangeMin", "PricingTierRangeMax")
_DESCRIPTION = "SkuDescription"
_DELETED = "D"
"""In the older layout: an offer that is no longer sold. Such a row is left out, as if the file ended before it."""
_ORDER = [*NEW.names]

_DATE_FORMATS = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%Y-%m-%d")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?|[+-]?\.[0-9]+")


class Offering(Enum):
    """How long one commits oneself and when one pays: TermDuration and BillingPlan."""

    YEAR_AT_ONCE = ("P1Y", "Annual")
    YEAR_BY_MONTH = ("P1Y", "Monthly")
    MONTH = ("P1M", "Monthly")

    @property
    def months(self) -> int:
        """What the sheet's prices are for."""
        return 1 if self is Offering.MONTH else 12


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One offer. Prices are for one unit and the whole term, as the sheet has them."""

    line: int
    """Of the file, from 1; the header is on the first."""
    product_id: str
    sku_id: str
    title: str
    publisher: str
    description: str | None
    unit: str
    """Such as `license`."""
    offering: Offering
    currency: str
    unit_price: Decimal
    """What the seller of the sheet takes."""
    erp_price: Decimal
    """The estimated retail price."""

    @property
    def product_key(self) -> str:
        """The product's; an offer of the older layout has no SKU."""
        return f"{self.product_id}:{self.sku_id}" if self.sku_id else self.product_id


@dataclass(frozen=True, slots=True)
class SheetError:
    """What is wrong in one place of the file."""

    line: int
    column: str | None
    """None: the line as a whole."""
    reason: Tellable
    told_as: str | None = None
    """What the file calls the column, where that is not our name for it."""

    def told(self, spelled: Callable[[str], str] = str) -> str:
        """Where and what, such as "line 2, UnitPrice: the cell is empty"."""
        reason = self.reason.told(spelled)
        if self.column is None:
            return Message("line {line}: {reason}", line=self.line, reason=reason).told()
        reason = reason.removeprefix(f"{self.column} ").removesuffix(".")
        column = self.told_as or self.column
        return Message("line {line}, {column}: {reason}", line=self.line, column=column, reason=reason).told()

    def __str__(self) -> str:
        return self.told()


class BrokenPriceSheet(InvalidInput):
    """The file has errors; nothing of it is imported. At most `ERRORS_LIMIT` are told."""

    def __init__(self, errors: Sequence[SheetError]) -> None:
        self.every = tuple(errors)
        """All that were found."""
        self.errors = tuple(errors[:ERRORS_LIMIT])
        self.more = len(errors) > ERRORS_LIMIT
        """Whether there are errors that are not told."""
        super().__init__(Lines(self.errors), path=("file",))


def read_price_sheet(content: bytes) -> Sequence[SheetRow]:
    """The rows of a price sheet that says its currency, in the order of the file. Raises BrokenPriceSheet."""
    return list(PriceSheet(io.BytesIO(content)))


class PriceSheet:
    """A price sheet without a bad cell. Its rows are read anew each time, so that a long one takes little memory; one
    reading has to end before the next begins.

    `currency`: rows in others are left out; of a file that tells none it is the currency of all. `every_error`: look
    through the whole file for errors, instead of stopping soon after `ERRORS_LIMIT`.

    Raises BrokenPriceSheet with every bad cell; with one error when the file as a whole cannot be read.
    """

    def __init__(self, content: BinaryIO, *, currency: str | None = None, every_error: bool = False) -> None:
        _check_text(content)
        self._content = content
        self._currency = currency
        errors: list[SheetError] = []
        first_seen: dict[tuple[str, Offering], int] = {}
        found = False
        self.count = 0
        """Rows."""
        for item in self._read():
            found = True
            if isinstance(item, SheetRow):
                self.count += 1
                errors += _repeated(item, first_seen)
            elif item is not None:
                errors += item
            if len(errors) > ERRORS_LIMIT and not every_error:
                break
        if errors:
            raise BrokenPriceSheet(errors)
        if not found:
            raise BrokenPriceSheet([SheetError(1, None, Message("there is no row below the header"))])

    def __iter__(self) -> Iterator[SheetRow]:
        """The rows, in the order of the file."""
        return (item for item in self._read() if isinstance(item, SheetRow))

    def _read(self) -> Iterator[SheetRow | list[SheetError] | None]:
        """Each row, or what is wrong with it; None for one that is left out."""
        self._content.seek(0)
        text = io.TextIOWrapper(self._content, encoding="utf-8-sig", newline="")
        try:
            yield from self._items(_records(text))
        finally:
            text.detach()  # or the file would be closed with it

    def _items(self, lines: Iterator[tuple[int, list[str]]]) -> Iterator[SheetRow | list[SheetError] | None]:
        header_line, header = next(lines, (1, []))
        layout = layout_of(header)
        columns = _columns(header_line, header, layout)
        if "Currency" not in columns and self._currency is None:
            raise _unreadable(header_line, Message("the file tells no currency; say which one it is in"))
        fixed = {"Currency": self._currency or "", **layout.fixed}
        for line, cells in lines:
            if len(cells) != len(header):
                reason = Message("has {count} cells; the header has {expected}", count=len(cells), expected=len(header))
                yield [SheetError(line, None, reason)]
                continue
            named = fixed | {name: cells[at].strip() for name, at in columns.items()}
            if named.get("Change", "").upper() == _DELETED or self._currency not in {None, named["Currency"]}:
                yield None
                continue
            errors: list[SheetError] = []
            row = _row(line, named, errors, with_sku="SkuId" in columns)
            yield row if row is not None else [_told(error, layout) for error in errors]


def _told(error: SheetError, layout: Layout) -> SheetError:
    return error if error.column is None else replace(error, told_as=layout.told(error.column))


def _check_text(content: BinaryIO) -> None:
    """UTF-8, with or without a byte order mark. Read piece by piece: the file may be longer than memory."""
    content.seek(0)
    decoder, line = codecs.getincrementaldecoder("utf-8")(), 1
    piece = content.read(PIECE)
    if piece.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable(1, Message("the file is UTF-16; save it as CSV in UTF-8"))
    if piece.startswith(b"PK\x03\x04"):
        raise _unreadable(1, Message("the file is a workbook or an archive, not text; save its sheet as CSV in UTF-8"))
    blank = not piece.removeprefix(codecs.BOM_UTF8).strip()
    while piece:
        following = content.read(PIECE)
        try:
            decoder.decode(piece, final=not following)
        except UnicodeDecodeError as error:
            line += piece.count(b"\n", 0, error.start)
            raise _unreadable(line, Message("the file is not UTF-8; save it as CSV in UTF-8")) from None
        zero = piece.find(b"\x00")
        if zero >= 0:
            line += piece.count(b"\n", 0, zero)
            raise _unreadable(line, Message("the file holds zero bytes; it is not a CSV"))
        line += piece.count(b"\n")
        blank = blank and not following.strip()
        piece = following
    if blank:
        raise _unreadable(1, Message("the file is empty"))


def _unreadable(line: int, reason: Message) -> BrokenPriceSheet:
    return BrokenPriceSheet([SheetError(line, None, reason)])


def _records(text: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it starts on; empty lines left out."""
    reader = csv.reader(text, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _unreadable(line, Message("this is no CSV from here on: {error}", error=error)) from None
        if any(cell.strip() for cell in cells):
            yield line, cells


def _columns(line: int, header: Sequence[str], layout: Layout) -> Mapping[str, int]:
    """Where the columns we know stand, by our names for them."""
    if len(header) == 1:
        for delimiter, called in ((";", Message("semicolons")), ("\t", Message("tabs")), ("|", Message("bars"))):
            if header[0].count(delimiter) >= FEWEST:
                raise _unreadable(
                    line, Message("the columns are separated by {called}; save the file with commas", called=called)
                )
    places: dict[str, int] = {}
    errors = []
    by_spelling = {spelling(alias): name for name, aliases in layout.names.items() for alias in aliases}
    for at, cell in enumerate(header):
        name = by_spelling.get(spelling(cell))
        if name is not None and places.setdefault(name, at) != at:
            errors.append(SheetError(line, name, Message("the column is there twice"), layout.told(name)))
    errors += [
        SheetError(line, name, Message("the column is missing"), layout.told(name))
        for name in layout.names
        if name not in places and name not in layout.optional
    ]
    if errors:
        raise BrokenPriceSheet(errors)
    return places


def _row(line: int, cells: Mapping[str, str], errors: list[SheetError], *, with_sku: bool) -> SheetRow | None:
    """The row; or None, with what is wrong added to `errors`."""
    checked = _Cells(line, cells)
    offering = checked.offering()
    product_id = checked.text("ProductId", ID_LIMIT)
    sku_id = checked.text("SkuId", ID_LIMIT) if with_sku else ""
    title, publisher = checked.text("SkuTitle", TITLE_LIMIT), checked.text("Publisher", 100)
    unit, currency = checked.unit(), checked.currency()
    unit_price, erp_price = checked.price("UnitPrice"), checked.price("ERP Price")
    checked.check_dates()
    checked.check_no_tiers()
    errors += sorted(checked.errors, key=lambda error: _ORDER.index(str(error.column)))
    if checked.errors or offering is None:
        return None
    return SheetRow(
        line=line,
        product_id=product_id,
        sku_id=sku_id,
        title=title,
        publisher=publisher,
        description=_prose(cells.get(_DESCRIPTION, "")),
        unit=unit,
        offering=offering,
        currency=currency,
        unit_price=unit_price,
        erp_price=erp_price,
    )


class _Cells:
    """The cells of one line, checked one by one; a bad one gives a placeholder and an error."""

    def __init__(self, line: int, cells: Mapping[str, str]) -> None:
        self.line = line
        self.cells = cells
        self.errors: list[SheetError] = []

    def text(self, column: str, limit: int) -> str:
        text = self._filled(column)
        try:
            return clean_text(text, column, limit=limit) if text else ""
        except InvalidInput as refusal:
            self._wrong(column, refusal)
        return ""

    def unit(self) -> str:
        """`1 License` is `license`."""
        column = "UnitOfMeasure"
        number, _, name = self.text(column, 50).partition(" ")
        return (name.strip() if number.isdecimal() and name.strip() else self.cells[column]).lower()

    def currency(self) -> str:
        code = self._filled("Currency")
        if code and not is_currency(code):
            self._wrong("Currency", Message("{cell} is not an ISO 4217 code such as USD", cell=_shown(code)))
        return code

    def price(self, column: str) -> Decimal:
        text = self._filled(column)
        if not text:
            return Decimal(0)
        if not _NUMBER.fullmatch(text):
            self._wrong(column, Message("{cell} is not a number such as 1234.50", cell=_shown(text)))
            return Decimal(0)
        try:
            return clean_price(Decimal(text), column)
        except InvalidInput as refusal:
            self._wrong(column, refusal)
        return Decimal(0)

    def offering(self) -> Offering | None:
        pair = self._filled("TermDuration"), self._filled("BillingPlan")
        if not all(pair):
            return None
        try:
            return Offering(pair)
        except ValueError:
            known = [offering.value for offering in Offering]
        if pair[0] not in {term for term, _ in known}:
            self._wrong("TermDuration", Message("{cell} is none of {known}", cell=_shown(pair[0]), known="P1M, P1Y"))
        elif pair[1] not in {plan for _, plan in known}:
            self._wrong(
                "BillingPlan", Message("{cell} is none of {known}", cell=_shown(pair[1]), known="Annual, Monthly")
            )
        else:
            self._wrong("BillingPlan", Message("{plan} does not go with a term of {term}", plan=pair[1], term=pair[0]))
        return None

    def check_dates(self) -> None:
        """They are checked and not used: the sheet is in force from its import."""
        days = [self._date(column) for column in _DATES]
        if days[0] is not None and days[1] is not None and days[1] < days[0]:
            self._wrong("EffectiveEndDate", Message("is before {column}", column="EffectiveStartDate"))

    def check_no_tiers(self) -> None:
        for column in _UNUSED_IF_EMPTY:
            if self.cells.get(column):
                self._wrong(column, Message("prices by quantity are not supported; the cell has to be empty"))

    def _date(self, column: str) -> date | None:
        text = self.cells.get(column)
        if not text:
            return None
        for form in _DATE_FORMATS:
            try:
                return datetime.strptime(text, form).replace(tzinfo=UTC).date()
            except ValueError:
                continue
        self._wrong(
            column, Message("{cell} is not a date such as 10/31/2026 or 10/31/2026 11:59:59 PM", cell=_shown(text))
        )
        return None

    def _filled(self, column: str) -> str:
        text = self.cells[column]
        if not text and not any(error.column == column for error in self.errors):
            self._wrong(column, Message("the cell is empty"))
        return text

    def _wrong(self, column: str, reason: Tellable) -> None:
        self.errors.append(SheetError(self.line, column, reason))


def _repeated(row: SheetRow, first_seen: dict[tuple[str, Offering], int]) -> list[SheetError]:
    first = first_seen.setdefault((row.product_key, row.offering), row.line)
    if first == row.line:
        return []
    term, plan = row.offering.value
    reason = Message(
        "{key} for {term}, {plan} is on line {line} already", key=row.product_key, term=term, plan=plan, line=first
    )
    return [SheetError(row.line, "SkuId", reason)]


def _prose(text: str) -> str | None:
    """A description for people; a technical name such as O365_BUSINESS is none."""
    return text if " " in text else None


def _shown(text: str) -> str:
    """A cell as an error message quotes it."""
    return repr(text if len(text) <= 40 else text[:37] + "…")
