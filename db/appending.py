"""Rows that are added: many of a table in one statement."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import inspect, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.elements import NamedColumn

from db.base import Base
from db.ids import uuid7

__all__ = ["TOLD_EACH", "add_at_once", "append", "append_all", "appending", "as_json", "is_plain"]

TOLD_EACH = 100
"""Rows of a statement of which the audit log still tells each; of more it keeps their number."""

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
    written = session.execute(text(f"{statement} RETURNING id"), {"rows": as_json(rows)})
    return set(written.scalars())


def add_at_once(session: Session, rows: Sequence[Base]) -> None:
    """Write new rows of one class, a hundred in one statement; they are the session's then, as behind a flush.

    Values come from the rows and from the model; what only the database would give is read when it is asked for.
    """
    values = [_values(row) for row in rows]
    written = [each for each in values if each is not None]
    if len(rows) < 2 or len(written) < len(rows) or len({frozenset(each) for each in written}) > 1:
        session.add_all(rows)
        session.flush()
        return
    session.flush()  # what they refer to
    for first in range(0, len(written), TOLD_EACH):
        append_all(session, type(rows[0]), written[first : first + TOLD_EACH])
    for row, each in zip(rows, written, strict=True):
        state = inspect(row)
        for attribute in state.mapper.column_attrs:
            if attribute.key not in state.dict and (name := attribute.columns[0].name) in each:
                set_committed_value(row, attribute.key, each[name])
        make_transient_to_detached(row)
    session.add_all(rows)


def _values(row: Base) -> Row | None:
    """A new row's values by column; None: not all of them can be told by a JSON text."""
    state = inspect(row)
    values: dict[str, Any] = {}
    for attribute in state.mapper.column_attrs:
        column = attribute.columns[0]
        if attribute.key in state.dict:
            value = state.dict[attribute.key]
        elif column.default is not None:
            value = _default(column)
        elif column.server_default is not None or column.computed is not None:
            continue
        else:
            values[column.name] = None
            continue
        if not is_plain(column, value):
            return None
        values[column.name] = value
    return values


def _default(column: NamedColumn[Any]) -> Any:
    default: Any = column.default
    return default.arg(None) if default.is_callable else default.arg


def is_plain(column: NamedColumn[Any], value: object) -> bool:
    """Whether a JSON text says the value so that PostgreSQL reads the same again, as SQLAlchemy would write it."""
    if isinstance(column.type, JSONB):
        return isinstance(value, dict | list)  # a JSON null is not PostgreSQL's
    return value is None or isinstance(value, str | int | Decimal | date | datetime | UUID)


def as_json(rows: Sequence[Row]) -> str:
    """The rows as one parameter. Dates, instants and ids are told as PostgreSQL reads them, and so are decimals."""
    return orjson.dumps(rows, default=_plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()


def _plain(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
