"""Rows that were changed: many of a table in one statement."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.orm import InstanceState, Mapper, Session, UOWTransaction
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from db.appending import TOLD_EACH, as_json, is_plain

__all__ = ["rewriting"]

_Group: TypeAlias = tuple[Mapper[Any], tuple[str, ...]]
"""Rows of one table of which the same columns have changed."""


@contextmanager
def rewriting(session: Session) -> Iterator[None]:
    """Let each flush inside write rows of one table, changed in the same columns, a hundred in one statement.

    For batches. A flush by itself sends a statement for every row: the database reads it and runs the table's triggers
    each time. Constraints and triggers hold as ever, and the audit log tells of every row.
    """
    changes = _Changes()
    event.listen(session, "before_flush", changes.take)
    event.listen(session, "after_flush", changes.write)
    try:
        yield
    finally:
        event.remove(session, "before_flush", changes.take)
        event.remove(session, "after_flush", changes.write)


@dataclass
class _Changes:
    """What one flush has to write."""

    taken: dict[_Group, list[dict[str, Any]]] = field(default_factory=dict)

    def take(self, session: Session, _context: UOWTransaction, only: object) -> None:
        """Take what many rows have in common out of the flush. What is deleted may refer to it: all is left then."""
        self.taken = {}
        if only or session.deleted:
            return
        groups: dict[_Group, list[tuple[object, dict[str, Any]]]] = defaultdict(list)
        for row in session.dirty:
            state: InstanceState[Any] = inspect(row)
            values = _changed(state)
            if values:
                groups[state.mapper, tuple(sorted(values))].append((row, values))
        for (mapper, names), rows in groups.items():
            if len(rows) == 1:
                continue
            keys = [mapper.get_property_by_column(column).key for column in mapper.primary_key]
            self.taken[mapper, names] = [{key: getattr(row, key) for key in keys} | values for row, values in rows]
            for row, values in rows:
                for name, value in values.items():
                    set_committed_value(row, name, value)

    def write(self, session: Session, _context: UOWTransaction) -> None:
        """Behind the rows that are new, as a flush does it."""
        taken, self.taken = self.taken, {}
        for (mapper, names), rows in taken.items():
            for first in range(0, len(rows), TOLD_EACH):
                _update(session.connection(), mapper, names, rows[first : first + TOLD_EACH])


def _changed(state: InstanceState[Any]) -> dict[str, Any] | None:
    """The new values by attribute; None: not all of them are columns that a JSON text can tell."""
    columns, values = state.mapper.columns, {}
    for name, before in state.committed_state.items():
        if name not in columns or columns[name].primary_key or name not in state.dict:
            return None
        value = state.dict[name]
        if value == before:
            continue
        if not is_plain(columns[name], value):
            return None
        values[name] = value
    return values


def _update(connection: Connection, mapper: Mapper[Any], names: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    table = mapper.class_.__tablename__
    changed = ", ".join(f"{mapper.columns[name].name} = new.{mapper.columns[name].name}" for name in names)
    same = " AND ".join(f"old.{column.name} = new.{column.name}" for column in mapper.primary_key)
    statement = f"UPDATE {table} AS old SET {changed}"  # noqa: S608 - names of our own tables
    statement += f" FROM json_populate_recordset(NULL::{table}, CAST(:rows AS json)) AS new WHERE {same}"
    named = [{mapper.columns[name].name: value for name, value in row.items()} for row in rows]
    written = connection.execute(text(statement), {"rows": as_json(named)}).rowcount
    if written != len(rows):
        raise StaleDataError(f"{len(rows)} rows of {table} have changed, {written} are there")
