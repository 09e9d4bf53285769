"""Rows: what declared expressions are about, and how one leads to another."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Text, cast, func, literal, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import operators
from sqlalchemy.sql.visitors import replacement_traverse

from resolvers.reading.catalog import Target, leads_back
from resolvers.reading.declarations import Inline, Reads, Related
from resolvers.reading.statement import Frame, Sql, may_be_null
from resolvers.reading.viewer import VIEWER

__all__ = ["Row", "inner_row", "is_of", "joined", "member", "presence", "same_distributor"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a SELECT under construction, or the part of it that an object shows."""

    frame: Frame
    table: Any = None
    """Null at a root."""
    reads: Reads | None = None
    parts: Mapping[str, Sql] = field(default_factory=dict)
    document: Sql | None = None

    @property
    def columns(self) -> Any:
        """The row's columns by name."""
        if self.table is None:
            return VIEWER
        return self.table.c


def inner_row(declaration: Inline, row: Row) -> Row:
    """The row as an inline object sees it."""
    parts = {name: source(row.columns) for name, source in declaration.parts.items()}
    document = None if declaration.document is None else declaration.document(row.columns)
    return replace(row, parts=parts, document=document)


def presence(declaration: Inline, row: Row) -> Sql | None:
    """When an inline object is there; None: always."""
    if declaration.when is not None:
        condition = declaration.when(row.columns)
        return condition if _may_fail(condition) else None
    if declaration.document is not None:
        document = declaration.document(row.columns)
        return document.is_not(None) if may_be_null(document) else None
    return None


def _may_fail(condition: Sql) -> bool:
    """Whether `x IS NOT NULL` says anything: x may be null. Other conditions always do."""
    if getattr(condition, "operator", None) is operators.is_not:
        return may_be_null(condition.left)
    return True


def same_distributor(row: Row, other: Row) -> list[Sql]:
    """That two rows belong together as far as their distributor goes, where both have one."""
    if row.table is None or "distributor_id" not in row.columns or "distributor_id" not in other.columns:
        return []
    return [other.columns.distributor_id == row.columns.distributor_id]


def joined(declaration: Related, reads: Reads, type_: Any, row: Row, other: Row) -> list[Sql]:
    """How the other row is found, among those of the same distributor."""
    here, there = row.columns, other.columns
    conditions: list[Sql] = []
    key = getattr(declaration.key, "key", None)
    if leads_back(declaration, reads, row.reads, type_):
        conditions.append(there[key] == here.id)
    elif declaration.key is not None:
        conditions.append(there.id == (here[key] if key is not None else declaration.key(here)))
    if declaration.where is not None:
        conditions.append(declaration.where(there))
    return conditions


def member(document: Sql, name: str, leaf: str, *, many: bool) -> Sql:
    """A leaf inside a document; null where it is missing or JSON's null."""
    key = literal(name, Text())
    if many or leaf in {"Int", "Boolean", "Float"}:
        return func.nullif(document.op("->")(key), cast(literal("null", Text()), JSONB()))
    return document.op("->>")(key)


def is_of(target: Target, row: Row) -> Sql:
    """Whether the row is of this type, among those of its table."""
    columns, when = row.columns, target.reads.when
    if when is None:
        return true()

    def swap(element: Any, **_: Any) -> Any:
        return columns[element.key] if hasattr(element, "table") and element.key in columns else None

    return replacement_traverse(when, {}, swap)  # type: ignore[no-any-return]
