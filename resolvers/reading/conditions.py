"""Which rows a list shows: filters and full text."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLInputObjectType, get_named_type
from sqlalchemy import (
    ARRAY,
    Boolean,
    Date,
    DateTime,
    Integer,
    Numeric,
    Text,
    Uuid,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.types import TypeEngine

from db.words import WORDS, words_wanted
from resolvers.reading.binding import Binder, leaf_text, plain_text, uuid_texts
from resolvers.reading.catalog import definition, python_name
from resolvers.reading.declarations import Columns, Grouped, Guarded, Having
from resolvers.reading.inputs import Argument
from resolvers.reading.lists import limit_error, never_null
from resolvers.reading.statement import Sql, may_be_null, text_array

__all__ = ["Filter", "found_by"]

MOST_CONDITIONS = 50
DEEPEST = 4
LONGEST_SEARCH = 200

_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}
_COMBINATIONS = {"and", "or", "not"}


class Filter:
    """One filter argument; counts its conditions against the limits."""

    def __init__(self, binder: Binder, prefixes: Callable[[Sql], tuple[str, ...]]) -> None:
        self._binder = binder
        self._prefixes = prefixes
        self._conditions = 0

    def condition(self, type_: GraphQLInputObjectType, argument: Argument, columns: Columns, depth: int = 1) -> Sql:
        """What a row must satisfy. A condition whose operand is null counts as left out."""
        if depth > DEEPEST:
            raise limit_error(f"A filter may be {DEEPEST} levels deep.", DEEPEST, depth)
        named = definition(type_).origin.__filters__
        found: list[Sql] = []
        for name, value in argument.fields().items():
            self._conditions += 1
            if self._conditions > MOST_CONDITIONS:
                raise limit_error(f"A filter may have {MOST_CONDITIONS} conditions.", MOST_CONDITIONS, self._conditions)
            if name in _COMBINATIONS:
                found.append(self._combined(name, type_, value, columns, depth + 1))
            else:
                field = type_.fields[name]
                column = named.of(python_name(field))(columns)
                if isinstance(column, Having):
                    found.append(self._had(get_named_type(field.type), value, column, depth + 1))
                    continue
                found.append(self._compared(get_named_type(field.type), value, column))
        return and_(true(), *found)

    def _had(self, type_: Any, value: Argument, other: Having, depth: int) -> Sql:
        wanted = self.condition(type_, value, other.table.c, depth)
        return exists(select(literal(1)).where(other.column, wanted).correlate_except(other.table))

    def _combined(self, name: str, type_: GraphQLInputObjectType, value: Argument, columns: Columns, depth: int) -> Sql:
        if name == "not":
            return not_(func.coalesce(self.condition(type_, value, columns, depth), false()))
        parts = [self.condition(type_, item, columns, depth) for item in value.items()]
        return and_(true(), *parts) if name == "and" else or_(false(), *parts)

    def _compared(self, type_: Any, value: Argument, column: Sql | Grouped | Guarded) -> Sql:
        conditions = []
        for name, operand in value.fields().items():
            if isinstance(column, Grouped):
                conditions.append(self._among(name, operand, column))
            elif isinstance(column, Guarded):
                conditions.append(self._told(name, type_, operand, column))
            elif isinstance(column.type, Date | DateTime) and may_be_null(column):
                conditions.append(self._dated(name, operand, column))
            else:
                leaf = get_named_type(type_.fields[name].type).name
                conditions.append(self._operation(name, leaf, operand, column))
        return and_(true(), *conditions)

    def _told(self, name: str, type_: Any, operand: Argument, column: Guarded) -> Sql:
        """A comparison that a row whose value is not told passes when one without a value does."""
        leaf = get_named_type(type_.fields[name].type).name
        found = self._operation(name, leaf, operand, column.column)
        passes_without = name == "notIn" or (name == "isNull" and operand.exact())
        return or_(not_(column.told), found) if passes_without else and_(column.told, found)

    def _operation(self, name: str, leaf: str, operand: Argument, column: Sql) -> Sql:
        if name == "isNull":
            return column.is_(None) if operand.exact() else column.is_not(None)
        if name in {"in", "notIn"}:
            found = column == func.any(self._several(leaf, operand, column))
            return found if name == "in" else or_(not_(found), column.is_(None))
        if name in {"startsWith", "contains"}:
            part = self._binder.value(operand, Text())
            return func.starts_with(column, part) if name == "startsWith" else func.strpos(column, part) > 0
        if leaf == "ID":
            return column == self._binder.id(operand, self._prefixes(column))
        if leaf == "Boolean":  # how many rows it leaves depends on it, and there are but two plans
            return column == (true() if operand.exact() else false())
        return _COMPARISONS[name](column, self._binder.value(operand, _comparable(column)))  # type: ignore[no-any-return]

    def _dated(self, name: str, operand: Argument, column: Sql) -> Sql:
        """A comparison of a date or instant that may be missing, with what orders and indexes hold instead."""
        key = never_null(column)
        if name == "isNull":
            missing = cast(literal("infinity", Text()), column.type)
            return key == missing if operand.exact() else key < missing
        found = _COMPARISONS[name](key, self._binder.value(operand, column.type))
        return and_(found, column.is_not(None)) if name in {"gt", "gte"} else found

    @staticmethod
    def _groups(operand: Argument, column: Grouped) -> Callable[[Mapping[str, Any], Any], str]:
        def read(variables: Mapping[str, Any], _viewer: Any) -> str:
            wanted = operand.read(variables)
            groups = wanted if isinstance(wanted, list | tuple) else [wanted]
            return text_array([member for group in groups for member in column.members[leaf_text(group) or ""]])

        return read

    def _among(self, name: str, operand: Argument, column: Grouped) -> Sql:
        members = self._binder.bind(self._groups(operand, column), ARRAY(Text()))
        found = column.column == func.any(members)
        return not_(found) if name == "notIn" else found

    def _several(self, leaf: str, operand: Argument, column: Sql) -> Sql:
        if leaf != "ID":
            return self._binder.bind(self._binder.texts(operand), ARRAY(_comparable(column)))
        prefixes = self._prefixes(column)
        read = self._binder.texts(operand, lambda wanted: uuid_texts(wanted, prefixes))
        return self._binder.bind(read, ARRAY(Uuid()))


def _comparable(column: Sql) -> TypeEngine[Any]:
    """The type to send an operand as. Enums are kept as text; a NUMERIC takes any number of digits."""
    match column.type:
        case Numeric():
            return Numeric()
        case Date() | DateTime() | Integer() | Boolean() | Uuid():
            return column.type
        case _:
            return Text()


def found_by(binder: Binder, argument: Argument, columns: Columns) -> Sql:
    """Rows that have, for every word of the search, a word that begins with it. No word: every row."""

    def search(variables: Any, _viewer: Any) -> str:
        text = plain_text(argument.read(variables))
        if len(text) > LONGEST_SEARCH:
            raise limit_error(f"`search` may have {LONGEST_SEARCH} characters.", LONGEST_SEARCH, len(text))
        return text

    wanted = words_wanted(binder.bind(search, Text()))
    return or_(wanted.is_(None), columns[WORDS].op("@@")(wanted))
