"""The columns that make a row somebody's."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, TypeAlias
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, TextClause, func, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from db.ids import uuid7
from db.types import Path

__all__ = ["OF_ANY", "Reach", "TenantRow", "Visibility", "by_value", "foreign_key", "in_order", "in_own_order", "owned"]


OF_ANY: dict[Any, Any] = {"ids": "any"}
"""`info` of a column that holds ids of rows of any table, and therefore has no reference."""


class Visibility(StrEnum):
    """Who sees the rows of a table."""

    PRIVATE = "private"
    """The owner and everybody above it."""
    INHERITED = "inherited"
    """Also, read-only, everybody below the owner."""
    MARKED = "marked"
    """Also, read-only, everybody below the owner of a row whose column `inherited` says so."""


class Reach(StrEnum):
    """Which rows of a table a customer's user sees. A table that says nothing shows it none."""

    ITS_ACCOUNT = "id is the account's"
    """The account it works in."""
    OF_ITS_ACCOUNT = "account_id is the account's"
    """What belongs to the account it works in."""
    ITS_ACCOUNTS = "id is one of its accounts'"
    """Every account it belongs to."""
    ITSELF = "id is the user's"
    """The user; also a manager or an operator's token that acts for a tenant below."""
    ITS_OWN = "user_id is the user's"
    """What belongs to the user."""
    WHOSE_PERSON_IT_IS = "person_id is the user's"
    """What belongs to the user, in a table where it may also be somebody else's."""
    ITS_SERVICES = "id is an assigned subscription's"
    """Subscriptions assigned to it."""
    OF_ITS_SERVICES = "subscription_id is an assigned subscription's"
    """What belongs to subscriptions assigned to it."""
    OF_ITS_SELLER = "tenant_path is the seller's"
    """What its seller shows to all customers."""
    OF_ITS_SELLERS_CHAIN = "tenant_path is the seller's or above"
    """What its seller and those above show to all customers."""


def foreign_key(column: str, target: str) -> ForeignKeyConstraint:
    """A reference inside one distributor: `distributor_id` is part of it, so that none can cross."""
    return ForeignKeyConstraint(["distributor_id", column], [f"{target}.distributor_id", f"{target}.id"])


def owned(*more: SchemaItem, **references: str) -> tuple[SchemaItem, ...]:
    """Table arguments of a tenant's row: its owner, its references (`column="table"`), then whatever else it has."""
    return (
        foreign_key("tenant_id", "tenants"),
        *(foreign_key(column, target) for column, target in references.items()),
        *more,
    )


Listed: TypeAlias = str | tuple[str, str]
"""A column that lists are sorted or narrowed by; a nullable date or instant together with its type."""


def in_order(table: str, *keys: Listed) -> tuple[Index, ...]:
    """Indexes that hold a table's rows in the order of each key, then of the id, as lists show them.

    Two a key, because no index has both a range of paths and an order: `own` for the rows of one tenant, read from
    where a page begins; `all` for a whole tree, read the same way while rows of other branches are passed over by the
    path at the index's end.
    """
    found = []
    for name, key in map(_listed, keys):
        tail = [] if name == "id" else ["id"]
        found.append(Index(f"ix_{table}_own_{name}", "distributor_id", "tenant_path", key, *tail))
        found.append(Index(f"ix_{table}_all_{name}", "distributor_id", key, *tail, "tenant_path"))
    return tuple(found)


def in_own_order(table: str, *keys: Listed) -> tuple[Index, ...]:
    """The `own` half of `in_order`: for lists of one tenant's rows, where a whole tree's may be sorted each time."""
    return tuple(
        Index(f"ix_{table}_own_{name}", "distributor_id", "tenant_path", key, "id") for name, key in map(_listed, keys)
    )


def by_value(table: str, *columns: Listed) -> tuple[Index, ...]:
    """Indexes that find the rows with a rare value of each column. Small: rows of one value and tenant share an entry.

    Rows with a frequent value are found sooner in the order of a list.
    """
    return tuple(
        Index(f"ix_{table}_by_{name}", "distributor_id", column, "tenant_path")
        for name, column in map(_listed, columns)
    )


def _listed(column: Listed) -> tuple[str, str | TextClause]:
    """A column's name, and what lists compare: empty dates and instants come last.

    Not COALESCE, of which PostgreSQL does not know that it leaks nothing: under row-level security it looks nothing up
    by it.
    """
    if isinstance(column, str):
        return column, column
    name, type_ = column
    # Broken as PostgreSQL prints it, so that `alembic check` sees that nothing has changed.
    return name, text(f"(\nCASE\n    WHEN {name} IS NULL THEN 'infinity'::{type_}\n    ELSE {name}\nEND)")


class TenantRow:
    """A row that belongs to one tenant of one distributor. The distributor is first in every key."""

    __visibility__: ClassVar[Visibility] = Visibility.PRIVATE
    __customers__: ClassVar[tuple[Reach, ...]] = ()
    """What a customer's user sees of the table: rows of any of these kinds."""

    distributor_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-5)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-4)
    tenant_id: Mapped[UUID] = mapped_column(sort_order=-3)
    """The owner."""
    tenant_path: Mapped[str] = mapped_column(Path, sort_order=-2)
    """The owner's place in the hierarchy; row-level security compares this column."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=90)
    """The instant on the distributor's clock."""
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), sort_order=91)
    """The instant of the last change on the distributor's clock."""
