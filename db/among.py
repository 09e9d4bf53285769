"""Rows by many ids at once."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, literal
from sqlalchemy.orm import InstrumentedAttribute

__all__ = ["among"]


def among(column: InstrumentedAttribute[Any], ids: Collection[UUID]) -> ColumnElement[bool]:
    """Whether the column holds one of these, however many they are.

    They are one parameter. With `in_` each is one, and a statement has at most 65,535.
    """
    return column == any_(literal(list(ids), ARRAY(Uuid())))
