"""The columns that make a row somebody's."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, func
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from db.ids import uuid7
from db.types import Path

__all__ = ["TenantRow", "Visibility", "foreign_key", "owned"]


class Visibility(StrEnum):
    """Who sees the rows of a table."""

    PRIVATE = "private"
    """The owner and everybody above it."""
    INHERITED = "inherited"
    """Also, read-only, everybody below the owner."""


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


class TenantRow:
    """A row that belongs to one tenant of one distributor. The distributor is first in every key."""

    __visibility__: ClassVar[Visibility] = Visibility.PRIVATE

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
