"""JSON as a statement writes it: text, by one `concat` an object.

PostgreSQL's own `json_build_object` looks up the type of each argument at each call: a page costs it half as many
instructions again. So fixed texts, expressions, and what an object of the same row consists of all become arguments of
one call.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    Enum,
    Integer,
    Text,
    cast,
    func,
    literal,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.sql.elements import BinaryExpression, BindParameter

from resolvers.reading.statement import Plain, Sql, may_be_null, output

__all__ = ["Json", "Maybe", "fixed", "json_array", "json_list", "json_object", "leaf"]

MOST_ARGUMENTS = 100
"""PostgreSQL's limit on the arguments of a function."""


@dataclass(frozen=True, slots=True)
class Json:
    """A JSON value: pieces of its text, and between them expressions whose text it holds. It is never SQL's null."""

    parts: tuple[str | Sql, ...]

    def text(self) -> Sql:
        """The value as one expression of text."""
        arguments: list[Sql] = [literal(part, Text()) if isinstance(part, str) else part for part in self.parts]
        while len(arguments) > MOST_ARGUMENTS:
            chunks = range(0, len(arguments), MOST_ARGUMENTS)
            arguments = [_concat(arguments[start : start + MOST_ARGUMENTS]) for start in chunks]
        return _concat(arguments)


def _concat(arguments: Sequence[Sql]) -> Sql:
    return func.concat(*arguments, type_=Text())


@dataclass(frozen=True, slots=True)
class Maybe:
    """The text of a JSON value, or SQL's null where there is none."""

    value: Sql

    def text(self) -> Sql:
        """The text, or null."""
        return self.value

    def or_null(self) -> Json:
        """JSON's null where there is none."""
        return Json((func.coalesce(self.value, cast(literal("null", Text()), self.value.type)),))

    def required(self, coordinate: str) -> Json:
        """An error of class 22 where there is none: then the reference runs, which knows what null means there.

        The error is a text that is no JSON; `concat` is not folded, so that nothing is raised while planning.
        """
        wrong: Sql = cast(func.concat("empty: ", coordinate, type_=Text()), JSON())
        if not isinstance(self.value.type, JSON):
            wrong = cast(wrong, Text())
        return Json((func.coalesce(self.value, wrong),))


def fixed(value: Any) -> Json:
    """A value known now."""
    return Json((orjson.dumps(value).decode(),))


def leaf(value: Sql, name: str) -> Json | Maybe:
    """A value of the leaf type of this name."""
    value = output(value, name)
    nullable = may_be_null(value)
    match value.type, name:  # of an expression's type SQLAlchemy only has a notion, so that the leaf's name has a say
        case (Plain() | Enum(), _) | (Date(), "Date") | (Text(), "CurrencyCode"):
            if not nullable:
                return Json(('"', *_pieces(value), '"'))
            quote = literal('"', Text())
            return Maybe(quote.op("||")(cast(value, Text())).op("||")(quote))
        case (Integer(), "Int") if not nullable:
            return Json((value,))
        case (Integer(), "Int") | (Boolean(), "Boolean"):
            written: Sql = cast(value, Text())  # of truth values `concat` would write t and f
        case (JSON(), _):
            written = value
        case _:
            written = func.to_json(_typed(value), type_=JSON())
    return Maybe(written) if nullable else Json((written,))


def _pieces(value: Sql) -> tuple[str | Sql, ...]:
    """What `concat` puts together by itself, of a text and what follows it, such as a prefix and the rest of an id."""
    match value:
        case BinaryExpression(left=BindParameter(value=str(start)), right=rest, operator=put) if _is_joining(put):
            return start, rest
    return (value,)


def _is_joining(operator: Any) -> bool:
    """Whether an operator is `||`."""
    return getattr(operator, "opstring", None) == "||"


def _typed(value: Sql) -> Sql:
    """`to_json` is polymorphic and wants to know the type of a literal."""
    return cast(value, Text()) if isinstance(value, BindParameter) and isinstance(value.type, Text) else value


def json_object(members: Iterable[tuple[str, Json]]) -> Json:
    """An object with these members in this order. Their names are GraphQL's: nothing in them needs escaping."""
    parts: list[str | Sql] = []
    for number, (name, value) in enumerate(members):
        _append(parts, f'{"," if number else "{"}"{name}":')
        for part in value.parts:
            _append(parts, part)
    _append(parts, "}" if parts else "{}")
    return Json(tuple(parts))


def _append(parts: list[str | Sql], part: str | Sql) -> None:
    """Add a piece; fixed ones that meet become one."""
    last = parts[-1] if parts else None
    if isinstance(part, str) and isinstance(last, str):
        parts[-1] = last + part
    else:
        parts.append(part)


def json_list(item: Json, *order: Sql, where: Sql | None = None) -> Sql:
    """What stands between the brackets of an array of all rows' `item`; null when there is no row."""
    comma: Any = literal(",", Text())
    joined: Any = func.string_agg(item.text(), aggregate_order_by(comma, *order) if order else comma, type_=Text())
    found: Sql = joined if where is None else joined.filter(where)
    return found


def json_array(joined: Sql) -> Json:
    """The array of what `json_list` joined, in the same SELECT or around it."""
    return Json(("[", joined, "]"))
