"""How a value of a request becomes a parameter's text, checked so that PostgreSQL cannot stumble over it."""

import base64
import binascii
import json
from collections.abc import Callable, Hashable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any
from uuid import UUID

from graphql import GraphQLError
from sqlalchemy import ARRAY, Date, DateTime, Integer, Numeric, Text, Uuid, cast
from sqlalchemy.types import TypeEngine

from db import ids
from resolvers.reading.inputs import Argument
from resolvers.reading.statement import Bind, Parameter, Sql, text_array

__all__ = ["Binder", "cursor_values", "leaf_text", "page_size", "plain_text", "uuid_texts"]

MOST_ROWS = 200
"""Largest page, and most ids of `nodes`."""
NOTHING = "0" * 32
"""The UUID that no row has."""


class Binder:
    """Makes the parameters of one statement, each with a name of its own."""

    def __init__(self) -> None:
        self._count = 0

    def bind(self, read: Bind, type_: TypeEngine[Any]) -> Sql:
        """A parameter found by `read`, cast to `type_`."""
        self._count += 1
        return cast(Parameter(f"p{self._count}", read), type_)

    def value(self, argument: Argument, type_: TypeEngine[Any]) -> Sql:
        """A leaf as it was sent."""
        return self.bind(lambda variables, _viewer: leaf_text(argument.read(variables)), type_)

    def texts(self, argument: Argument, change: Callable[[list[str]], list[str]] = list) -> Bind:
        """A list of leaves as an array literal."""

        def read(variables: Any, _viewer: Any) -> str:
            return text_array(change([leaf_text(item) or "" for item in argument.read(variables)]))

        return read

    def id(self, argument: Argument, prefixes: tuple[str, ...]) -> Sql:
        """The UUID of a public id with one of these prefixes; any other text is nothing's id."""
        return self.bind(lambda variables, _viewer: uuid_text(argument.read(variables), prefixes), Uuid())

    def nodes(self, argument: Argument) -> tuple[Sql, Sql]:
        """Prefixes and UUIDs of a list of public ids, as two arrays."""

        def wanted(variables: Any) -> list[tuple[str, str]]:
            return [split_id(id) for id in id_texts(argument.read(variables))]

        prefixes = self.bind(lambda variables, _viewer: text_array([id[0] for id in wanted(variables)]), ARRAY(Text()))
        uuids = self.bind(lambda variables, _viewer: text_array([id[1] for id in wanted(variables)]), ARRAY(Uuid()))
        return prefixes, uuids


def leaf_text(value: Any) -> str | None:
    """A parsed leaf as PostgreSQL reads it. Raises GraphQLError for a text that no column can hold."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case Enum():
            return str(value.value)
        case date():
            return value.isoformat()
        case Decimal():
            if not value.is_finite():
                raise GraphQLError("A number is expected.")
            return f"{value:f}"
        case _:
            return plain_text(str(value))


def plain_text(text: str) -> str:
    """The text itself. Raises GraphQLError when it holds what PostgreSQL has no place for."""
    try:
        if "\0" not in text:
            text.encode()
            return text
    except UnicodeEncodeError:
        pass
    raise GraphQLError("A text holds a character that is none: U+0000 or half a surrogate pair.")


def uuid_text(id: str, prefixes: tuple[str, ...]) -> str:
    """The UUID in a public id, or nothing's."""
    prefix, uuid = split_id(id)
    return uuid if prefix in prefixes else NOTHING


def id_texts(wanted: list[str]) -> list[str]:
    """The ids themselves. Raises GraphQLError with the limit and the amount when there are too many."""
    if len(wanted) > MOST_ROWS:
        raise GraphQLError(
            f"`ids` has {len(wanted)} ids; it may have {MOST_ROWS}.",
            extensions={"code": "LIMIT_EXCEEDED", "limit": MOST_ROWS, "amount": len(wanted)},
        )
    return wanted


def split_id(id: str) -> tuple[str, str]:
    """The prefix and the UUID in a public id; of any other text nothing's."""
    try:
        return ids.split(id)
    except ids.InvalidId:
        return "", NOTHING


def uuid_texts(wanted: list[str], prefixes: tuple[str, ...]) -> list[str]:
    """The UUIDs of the ids that can be something's."""
    return [text for text in (uuid_text(id, prefixes) for id in wanted) if text != NOTHING]


def page_size(value: int, name: str) -> int:
    """A page size within limits. Raises GraphQLError with the limit and the amount."""
    if not 0 <= value <= MOST_ROWS:
        raise GraphQLError(
            f"`{name}` is {value}; it may be 0 to {MOST_ROWS}.",
            extensions={"code": "LIMIT_EXCEEDED", "limit": MOST_ROWS, "amount": value},
        )
    return value


def cursor_values(cursor: str, order: str, types: tuple[TypeEngine[Any], ...]) -> tuple[str, ...]:
    """The sort keys in a cursor. Raises GraphQLError for a text that no list in this order gave out."""
    try:
        given, *values = json.loads(base64.b64decode(cursor, validate=True))
        if given == order and len(values) == len(types):
            return tuple(_checked(value, type_) for value, type_ in zip(values, types, strict=True))
    except (ValueError, TypeError, binascii.Error, InvalidOperation, RecursionError):
        pass
    raise GraphQLError("This cursor is none of this list in this order.", extensions={"code": "INVALID_CURSOR"})


_READERS: dict[type[TypeEngine[Any]], Callable[[str], object]] = {
    Uuid: UUID,
    Date: date.fromisoformat,
    DateTime: datetime.fromisoformat,
    Integer: int,
    Numeric: Decimal,
    Text: plain_text,
}


def _checked(value: Hashable, type_: TypeEngine[Any]) -> str:
    """The text of a sort key, when its type can read it."""
    if not isinstance(value, str):
        raise TypeError(value)
    if value != "infinity" or isinstance(type_, Uuid | Integer):
        read = next(read for known, read in _READERS.items() if isinstance(type_, known))
        read(value)
    return value
