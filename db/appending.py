"""Rows that are added and never looked at again: many of a table in one statement."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from json import dumps
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.base import Base
from db.ids import uuid7

__all__ = ["append", "append_all", "appending"]

_LATER = "rows to be appended"

Row = Mapping[str, Any]
"""The values of one row by column, without its id."""


@contextmanager
def appending(session: Session) -> Iterator[None]:
    """Let `append` collect rows until the end, and then write them, one statement a table.

    For batches: a row costs a tenth of what it costs the unit of work. Nothing reads these rows meanwhile. After an
    error nothing is written: the transaction is over.
    """
    rows: dict[type[Base], list[Row]] = defaultdict(list)
    session.info[_LATER] = rows
    try:
        yield
    finally:
        del session.info[_LATER]
    session.flush()
    for model, collected in rows.items():
        append_all(session, model, collected)


def append(session: Session, model: type[Base], values: Row) -> None:
    """Add a row; it is written by the next flush, or at the end of `appending`."""
    later: dict[type[Base], list[Row]] | None = session.info.get(_LATER)
    if later is None:
        session.add(model(**values))
    else:
        later[model].append(values)


def append_all(session: Session, model: type[Base], rows: Sequence[Row], *, where_new: bool = False) -> set[UUID]:
    """Write rows of one table with the same columns, in one statement; returns the ids of those written.

    With `where_new`, rows whose unique keys are taken already are left out. Rows without an id get one.
    """
    if not rows:
        return set()
    rows = [{"id": uuid7(), **row} for row in rows]
    names = ", ".join(rows[0])
    # One parameter whatever the number of rows: a statement with a place for every value takes longer to read than to
    # run. The table's own row type says what each value is.
    statement = f"INSERT INTO {model.__tablename__} ({names}) SELECT {names}"
    statement += f" FROM json_populate_recordset(NULL::{model.__tablename__}, CAST(:rows AS json))"
    statement += " ON CONFLICT DO NOTHING" if where_new else ""
    written = session.execute(text(f"{statement} RETURNING id"), {"rows": dumps(rows, default=_plain)})
    return set(written.scalars())


def _plain(value: object) -> str:
    """Decimals, dates, instants and ids as PostgreSQL reads them."""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
