"""Filters, orders and pages: what a connection's arguments mean in SQL."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError, GraphQLInputObjectType, get_named_type
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
    false,
    func,
    literal,
    not_,
    or_,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import REGCONFIG
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.types import TypeEngine

from resolvers.reading.binding import Binder, cursor_values, leaf_text, plain_text, uuid_texts
from resolvers.reading.catalog import definition, python_name
from resolvers.reading.declarations import Columns, as_source
from resolvers.reading.inputs import Argument
from resolvers.reading.statement import Sql, json_array, may_be_null

__all__ = ["Filter", "Key", "Order", "beyond", "cursor", "declared_order", "found_by", "order_of", "search_vector"]

MOST_CONDITIONS = 50
DEEPEST = 4
MOST_KEYS = 5

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
            raise _limit(f"A filter may be {DEEPEST} levels deep.", DEEPEST, depth)
        named = definition(type_).origin.__filters__
        found: list[Sql] = []
        for name, value in argument.fields().items():
            self._conditions += 1
            if self._conditions > MOST_CONDITIONS:
                raise _limit(f"A filter may have {MOST_CONDITIONS} conditions.", MOST_CONDITIONS, self._conditions)
            if name in _COMBINATIONS:
                found.append(self._combined(name, type_, value, columns, depth + 1))
            else:
                field = type_.fields[name]
                column = named.of(python_name(field))(columns)
                found.append(self._compared(get_named_type(field.type), value, column))
        return and_(true(), *found)

    def _combined(self, name: str, type_: GraphQLInputObjectType, value: Argument, columns: Columns, depth: int) -> Sql:
        if name == "not":
            return not_(func.coalesce(self.condition(type_, value, columns, depth), false()))
        parts = [self.condition(type_, item, columns, depth) for item in value.items()]
        return and_(true(), *parts) if name == "and" else or_(false(), *parts)

    def _compared(self, type_: Any, value: Argument, column: Sql) -> Sql:
        conditions = []
        for name, operand in value.fields().items():
            leaf = get_named_type(type_.fields[name].type).name
            conditions.append(self._operation(name, leaf, operand, column))
        return and_(true(), *conditions)

    def _operation(self, name: str, leaf: str, operand: Argument, column: Sql) -> Sql:
        if name == "isNull":
            return column.is_(None) if operand.exact() else column.is_not(None)
        if name in {"in", "notIn"}:
            found = column == func.any(self._several(leaf, operand, column))
            return found if name == "in" else or_(not_(found), column.is_(None))
        if name == "startsWith":
            return func.starts_with(column, self._binder.value(operand, Text()))
        if name == "contains":
            return func.strpos(column, self._binder.value(operand, Text())) > 0
        if leaf == "ID":
            return column == self._binder.id(operand, self._prefixes(column))
        return _COMPARISONS[name](column, self._binder.value(operand, _comparable(column)))  # type: ignore[no-any-return]

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


def _limit(message: str, limit: int, amount: int) -> GraphQLError:
    return GraphQLError(
        f"{message} This one has {amount}.",
        extensions={"code": "LIMIT_EXCEEDED", "limit": limit, "amount": amount},
    )


# Full text

_WORDS = re.compile(r"\w+")


def search_vector(columns: Sequence[Sql]) -> Sql:
    """What full text looks at: words and numbers of these columns, an address's parts each a word; for indexes too."""
    text = columns[0] if not may_be_null(columns[0]) else func.coalesce(columns[0], "")
    for column in columns[1:]:
        text = text.op("||")(literal(" ", Text())).op("||")(func.coalesce(column, ""))
    return func.to_tsvector(cast(literal("simple"), REGCONFIG()), func.regexp_replace(text, r"[^[:alnum:]]+", " ", "g"))


def found_by(binder: Binder, argument: Argument, columns: Sequence[Sql]) -> Sql:
    """Rows that have, for every word of the search, a word that begins with it. No word: every row."""

    def query(variables: Any, _viewer: Any) -> str:
        words = _WORDS.findall(plain_text(argument.read(variables)).replace("_", " "))
        return " & ".join(f"{word}:*" for word in words)

    text = binder.bind(query, Text())
    wanted = func.to_tsquery(cast(literal("simple"), REGCONFIG()), text)
    return or_(text == literal("", Text()), search_vector(columns).op("@@")(wanted))


# Order


@dataclass(frozen=True, slots=True)
class Key:
    """One sort key: never null, so that a keyset can compare it."""

    expression: Sql
    descending: bool
    type: TypeEngine[Any]


@dataclass(frozen=True, slots=True)
class Order:
    """A total order: the keys asked for, then the id."""

    name: str
    """Stands in the cursors, so that one of another order is noticed."""
    keys: tuple[Key, ...]
    types: tuple[TypeEngine[Any], ...] = field(default=())

    def clauses(self, *, backwards: bool = False) -> list[Sql]:
        """ORDER BY."""
        return [key.expression.desc() if key.descending != backwards else key.expression.asc() for key in self.keys]


def order_of(sort: Argument | None, declared: Any, default: Sequence[Any], columns: Columns) -> Order:
    """The order that the client asks for, else the declared one, else newest first (ids rise with creation)."""
    keys: list[Key] = []
    name = ""
    if sort is not None and sort.items():
        chosen = [dict(item) for item in sort.exact()]
        if len(chosen) > MOST_KEYS:
            raise _limit(f"A list is sorted by at most {MOST_KEYS} fields.", MOST_KEYS, len(chosen))
        for each in chosen:
            field, direction = (str(getattr(each[part], "value", each[part])) for part in ("field", "direction"))
            name += f"{field} {direction} "
            keys.append(_key(declared.of(field.lower())(columns), descending=direction == "DESC"))
    else:
        keys = [_declared_key(each, columns) for each in default]
    keys.append(Key(columns.id, keys[-1].descending if keys else True, Uuid()))
    return Order(name.strip(), tuple(keys))


def _declared_key(declared: Any, columns: Columns) -> Key:
    if isinstance(declared, UnaryExpression):
        return _key(columns[declared.element.key], descending=declared.modifier is operators.desc_op)
    return _key(as_source(declared)(columns), descending=False)


def declared_order(order: Sequence[Any], columns: Columns) -> list[Sql]:
    """ORDER BY of a plain list, as declared, the id last."""
    keys = [_declared_key(each, columns) for each in order]
    return [key.expression.desc() if key.descending else key.expression.asc() for key in keys] + [columns.id]


def _key(expression: Sql, *, descending: bool) -> Key:
    type_ = expression.type
    kept: TypeEngine[Any] = Text()
    if isinstance(type_, Date | DateTime | Integer | Uuid):
        kept = type_
    elif isinstance(type_, Numeric):
        kept = Numeric()
    if may_be_null(expression):
        last = literal("\U0010ffff" if isinstance(kept, Text) else "infinity", Text())
        expression = func.coalesce(expression, cast(last, kept), type_=type_)
    return Key(expression, descending, kept)


def cursor(order: Order, columns: Sequence[Sql]) -> Sql:
    """A row's cursor, from the columns that hold its keys."""
    parts = [literal(order.name, Text()), *(cast(column, Text()) for column in columns)]
    text = func.convert_to(cast(json_array(parts), Text()), literal("UTF8", Text()))
    return func.replace(func.encode(text, literal("base64", Text())), literal("\n", Text()), literal("", Text()))


def beyond(binder: Binder, order: Order, argument: Argument, *, before: bool, inclusive: bool = False) -> Sql:
    """Rows after (or before) the row that a cursor names; `inclusive`: or that row itself."""
    types = tuple(key.type for key in order.keys)

    def part(position: int) -> Callable[[Mapping[str, Any], Any], str]:
        return lambda variables, _viewer: cursor_values(leaf_text(argument.read(variables)) or "", order.name, types)[
            position
        ]

    limits = [binder.bind(part(position), type_) for position, type_ in enumerate(types)]
    if len({key.descending for key in order.keys}) == 1:
        left, right = tuple_(*(key.expression for key in order.keys)), tuple_(*limits)
        rising = order.keys[0].descending == before
        compare = {
            (True, False): operator.gt,
            (True, True): operator.ge,
            (False, False): operator.lt,
            (False, True): operator.le,
        }[rising, inclusive]
        return compare(left, right)  # type: ignore[no-any-return]
    alternatives: list[Sql] = []
    equal: list[Sql] = []
    for key, limit in zip(order.keys, limits, strict=True):
        rising = key.descending == before
        alternatives.append(and_(*equal, key.expression > limit if rising else key.expression < limit))
        equal.append(key.expression == limit)
    if inclusive:
        alternatives.append(and_(*equal))
    return or_(*alternatives)
