"""SQL as the engine writes it: what a request brings is a parameter, everything else stands in the text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import (
    JSON,
    ColumnElement,
    FromClause,
    Integer,
    Numeric,
    Select,
    Text,
    cast,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.base import PGCompiler
from sqlalchemy.sql.elements import BindParameter, Case
from sqlalchemy.sql.selectable import ScalarSelect
from sqlalchemy.sql.visitors import iterate
from sqlalchemy.types import NullType, TypeEngine

if TYPE_CHECKING:
    from resolvers.reading.viewer import Viewer

__all__ = [
    "Bind",
    "Compiled",
    "Frame",
    "Parameter",
    "Plain",
    "Sql",
    "compiled",
    "json_values",
    "may_be_null",
    "output",
    "public_id",
    "text_array",
]

Sql: TypeAlias = ColumnElement[Any]
Bind: TypeAlias = "Callable[[Mapping[str, Any], Viewer], str | None]"
"""Finds a parameter's text in the coerced variables and the viewer."""


class Plain(Text):
    """A text in which JSON has nothing to escape: ids, amounts, cursors."""


class Parameter(BindParameter[Any]):
    """A value that a request brings. It is sent as text and wants a `cast` around it.

    psycopg would type integers by size, and one text would become several prepared statements.
    """

    inherit_cache = False

    def __init__(self, name: str, bind: Bind) -> None:
        super().__init__(name, None, type_=NullType(), unique=False)
        self.bind = bind


class _Compiler(PGCompiler):
    def visit_bindparam(self, bindparam: Any, *arguments: Any, **options: Any) -> Any:
        if not isinstance(bindparam, Parameter):
            options["literal_binds"] = True
        return super().visit_bindparam(bindparam, *arguments, **options)  # type: ignore[no-untyped-call]


_DIALECT: Any = postgresql.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_DIALECT.statement_compiler = _Compiler


@dataclass(frozen=True, slots=True)
class Compiled:
    """One statement and how to find its parameters, `$1` first."""

    text: str
    binds: tuple[Bind, ...]

    def parameters(self, variables: Mapping[str, Any], viewer: "Viewer") -> list[str | None]:
        """The parameters' texts for one request. Raises GraphQLError when a value cannot be used."""
        return [bind(variables, viewer) for bind in self.binds]


def compiled(statement: Select[Any]) -> Compiled:
    """The statement's text and its parameters."""
    result: Any = statement.compile(dialect=_DIALECT)
    return Compiled(str(result), tuple(result.binds[name].bind for name in result.positiontup or ()))


class Frame:
    """One SELECT under construction. To-one relations join it sideways, so that each is looked up once a row.

    A plain join would be planned for all rows at once, and a generic plan made for one tenant would be kept for all.
    """

    def __init__(self, source: FromClause | None) -> None:
        self.source = source
        self._own: list[FromClause] = [] if source is None else [source]

    def one(self, query: Select[Any], name: str) -> Sql:
        """The only column of the only row of `query`; null when there is none."""
        if self.source is None:
            return query.scalar_subquery()
        lateral = query.lateral(name)
        self.source = self.source.outerjoin(lateral, true())
        self._own.append(lateral)
        return lateral.c.value

    def select(self, value: Sql, *more: Sql) -> Select[Any]:
        """What was built, as a SELECT of `value`; whatever else it names belongs to the SELECTs around it."""
        query = select(value.label("value"), *more)
        if self.source is None:
            return query
        return query.select_from(self.source).correlate_except(*self._own)


def json_values(items: Sequence[Sql]) -> Sql:
    """A JSON array of these values."""
    return func.json_build_array(*items, type_=JSON())


def text_array(items: Sequence[str]) -> str:
    """A PostgreSQL array literal of texts."""
    return "{" + ",".join('"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items) + "}"


def public_id(prefix: str | Sql, id: Sql) -> Sql:
    """The public form of a UUID column: `sub_` and 32 hex digits. Null stays null."""
    start = literal(f"{prefix}_", Text()) if isinstance(prefix, str) else prefix.op("||")(literal("_", Text()))
    digits: Sql = func.encode(func.uuid_send(id), literal("hex", Text()), type_=Text())
    return start.op("||", return_type=Plain())(digits)


def may_be_null(value: Sql) -> bool:
    """Whether the declaration leaves open that there is no value. Functions are taken as strict."""
    for element in iterate(value):
        if isinstance(element, Parameter | ScalarSelect):
            return True
        if isinstance(element, Case) and element.else_ is None:
            return True
        if getattr(element, "nullable", False):
            return True
    return False


def output(value: Sql, leaf: str) -> Sql:
    """`value` as a leaf type shows it: decimals are texts without trailing zeros, long integers texts."""
    type_: TypeEngine[Any] = value.type
    if leaf in {"Int", "Float", "Boolean"}:
        return value
    if isinstance(type_, Numeric):
        return cast(func.trim_scale(value), Plain())
    if isinstance(type_, Integer):
        return cast(value, Plain())
    return value
