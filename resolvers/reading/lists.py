"""Orders and pages: what sort orders and cursors mean in SQL."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError
from sqlalchemy import Date, DateTime, Integer, Numeric, Text, Uuid, and_, case, cast, func, literal, or_, tuple_
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.types import TypeEngine

from resolvers.reading.binding import Binder, cursor_values, leaf_text
from resolvers.reading.declarations import Columns, as_source
from resolvers.reading.inputs import Argument
from resolvers.reading.statement import Sql, json_values, may_be_null

__all__ = ["Key", "Order", "beyond", "cursor", "declared_order", "limit_error", "never_null", "order_of"]

MOST_KEYS = 5


def limit_error(message: str, limit: int, amount: int) -> GraphQLError:
    """What refuses too much of something, with the figures."""
    return GraphQLError(
        f"{message} This one has {amount}.",
        extensions={"code": "LIMIT_EXCEEDED", "limit": limit, "amount": amount},
    )


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
            raise limit_error(f"A list is sorted by at most {MOST_KEYS} fields.", MOST_KEYS, len(chosen))
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
    return Key(never_null(expression), descending, _kept(expression))


def _kept(expression: Sql) -> TypeEngine[Any]:
    """The type that a key's value has in a cursor."""
    type_ = expression.type
    if isinstance(type_, Numeric):
        return Numeric()
    return type_ if isinstance(type_, Date | DateTime | Integer | Uuid) else Text()


def never_null(expression: Sql) -> Sql:
    """What orders and indexes hold of a value that may be missing: something that comes after all values."""
    if not may_be_null(expression):
        return expression
    kept = _kept(expression)
    last = literal("\U0010ffff" if isinstance(kept, Text) else "infinity", Text())
    # PostgreSQL takes COALESCE for leaky: under row-level security it would look nothing up by it.
    return case((expression.is_(None), cast(last, kept)), else_=expression)


def cursor(order: Order, columns: Sequence[Sql]) -> Sql:
    """A row's cursor, from the columns that hold its keys."""
    parts = [literal(order.name, Text()), *(cast(column, Text()) for column in columns)]
    text = func.convert_to(cast(json_values(parts), Text()), literal("UTF8", Text()))
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
