"""What a schema file says beside a field: where its value is, and which permission it needs.

A declaration is a Strawberry field extension. It resolves nothing itself: the compiler and the reference find it
through the field of the finished schema and evaluate it, each in its own way.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias, TypeVar

import strawberry
from sqlalchemy import ColumnElement, Text, case, literal
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryOptional
from strawberry.types.field import StrawberryField
from strawberry.types.unset import UNSET

from resolvers.reading.directives import Cost, ListSize, Requires
from resolvers.reading.statement import Sql, public_id
from tenancy.permissions import Permission

__all__ = [
    "ById",
    "Columns",
    "Constant",
    "Declaration",
    "Grouped",
    "Guarded",
    "Having",
    "Inline",
    "Listing",
    "NodeById",
    "NodeId",
    "NodesByIds",
    "Part",
    "Python",
    "Reads",
    "Related",
    "Source",
    "Subject",
    "Value",
    "as_source",
    "reads",
    "reads_of",
    "tenant_public_id",
]

Columns: TypeAlias = Any
"""A row's columns by name: `row.expires_on`."""
Source: TypeAlias = Any
"""A mapped attribute (`Plan.name`), or a function from a row's columns to an expression."""
T = TypeVar("T", bound=type)

DEFAULT_PAGE = 10
DEFAULT_ROOT_PAGE = 50


@dataclass(frozen=True, slots=True)
class Reads:
    """The table behind a type."""

    model: type
    prefix: str | None
    """Of its public ids; None: an interface, or an object that is no node."""
    when: Any = None
    """Which of the table's rows are this type; None: all."""
    list_name: str | None = None
    """What its connection and edge are called after, where it is not the type's own name."""
    needs: Permission | None = None
    """Without it no row of the type is found by its id alone."""

    @property
    def table(self) -> Any:
        """The table itself."""
        return self.model.__table__  # type: ignore[attr-defined]


def reads(
    model: type,
    prefix: str | None = None,
    *,
    when: Any = None,
    list_name: str | None = None,
    needs: Permission | None = None,
) -> Callable[[T], T]:
    """Say which table a type reads, and the prefix of its ids. It stands below `@strawberry.type`.

    `when` tells the types of one interface apart: `when=Tenant.kind == TenantKind.RESELLER`. `needs`: the permission
    without which `node` and `nodes` do not show it; the fields that lead to it say for themselves what they need.
    """

    def mark(cls: T) -> T:
        cls.__reads__ = Reads(model, prefix, when, list_name, needs)  # type: ignore[attr-defined]
        return cls

    return mark


def reads_of(cls: type) -> Reads | None:
    """What `reads` said of this very class."""
    return cls.__dict__.get("__reads__")


def as_source(source: Source) -> Callable[[Columns], Sql]:
    """A function from a row's columns to an expression. An attribute is found in any row by its name."""
    if isinstance(source, str):
        return lambda row: row[source]
    key = getattr(source, "key", None)
    if key is not None and not isinstance(source, ColumnElement):
        return lambda row: row[key]
    if not callable(source):
        raise TypeError(f"{source!r} is neither a mapped attribute nor a function of a row")
    read: Callable[[Columns], Sql] = source
    return read


@dataclass(frozen=True, slots=True)
class Grouped:
    """What a filter compares when its values are names for groups of a column's values."""

    column: Sql
    members: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Guarded:
    """What a filter compares when some viewers are not told the column's value in every row: there it is as if null."""

    column: Sql
    told: Sql


@dataclass(frozen=True, slots=True)
class Having:
    """What a filter asks of another table's rows that refer to the row: one of them satisfies it."""

    column: Sql
    """That one of them refers to the row."""
    table: Any
    """The other table, under a name of its own."""


class Declaration(FieldExtension):
    """Where a field's value is. `needs`: without this permission the field is null and an error says so."""

    arguments: ClassVar[tuple[tuple[str, Any, Any], ...]] = ()
    """Name, type and default of the arguments that the declaration brings along."""

    def __init__(self, *, needs: Permission | None = None, cost: int | None = None) -> None:
        self.needs = needs
        self.cost = cost

    def apply(self, field: StrawberryField) -> None:
        """Add the arguments and the directives that follow from the declaration; safe to run again."""
        if self.needs is not None and not isinstance(field.type, StrawberryOptional):
            raise TypeError(f"{field.python_name} needs {self.needs}, so it must be nullable")
        if self.needs is not None:
            _add_directive(field, Requires(permission=str(self.needs)))
        if self.cost is not None:
            _add_directive(field, Cost(weight=self.cost))
        known = {argument.python_name for argument in field.arguments}
        field.arguments = [
            *field.arguments,
            *(_argument(*each) for each in self._arguments() if each[0] not in known),
        ]

    def _arguments(self) -> Sequence[tuple[str, Any, Any]]:
        return self.arguments


def _argument(name: str, type_: Any, default: Any) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name, graphql_name=None, type_annotation=StrawberryAnnotation(type_), default=default
    )


def _add_directive(field: StrawberryField, directive: object) -> None:
    if not any(type(known) is type(directive) for known in field.directives):
        field.directives = [*field.directives, directive]


class Value(Declaration):
    """A leaf: an expression on the row."""

    def __init__(self, source: Source, **options: Any) -> None:
        super().__init__(**options)
        self.source = as_source(source)


class NodeId(Declaration):
    """The public id of the row: the type's prefix and the row's `id`."""


class Part(Declaration):
    """A part of the object around it, which says what it is: a member of a document, or one of `Inline`'s parts."""

    def __init__(self, name: str | None = None, *, told: Callable[[Any], Any] | None = None, **options: Any) -> None:
        """`told`: what is made of a leaf of a document after it was read; never of null."""
        super().__init__(**options)
        self.name = name
        self.told = told


class Constant(Declaration):
    """The same leaf, null or empty list for everybody."""

    def __init__(self, value: Any, **options: Any) -> None:
        super().__init__(**options)
        self.value = value


class Inline(Declaration):
    """An object made of the same row."""

    def __init__(
        self,
        parts: Mapping[str, Source] | None = None,
        *,
        when: Callable[[Columns], Sql] | None = None,
        document: Source | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.parts = {name: as_source(source) for name, source in (parts or {}).items()}
        self.when = when
        self.document = None if document is None else as_source(document)


class Related(Declaration):
    """Another row, or rows, found by a foreign key.

    The key's column on the row's own table leads to one row; on the other table it leads back: to a list, or to the
    one row that refers here. A function instead of a column gives the other row's id.
    """

    def __init__(
        self,
        key: Source,
        *,
        order: Sequence[Any] = (),
        where: Callable[[Columns], Sql] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.key = key
        self.order = tuple(order)
        self.where = where


class Subject(Declaration):
    """A row of whatever type of the interface or union a prefix names."""

    def __init__(self, kind: Source, id: Source, *, himself: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.kind = as_source(kind)
        self.id = as_source(id)
        self.himself = himself


class Listing(Declaration):
    """A connection. See `listing`."""

    def __init__(
        self,
        key: Source | None = None,
        *,
        filter: type | None = None,
        sort: type | None = None,
        default_sort: Sequence[Any] = (),
        search: bool = False,
        scope: bool = False,
        below: bool = False,
        account: bool = False,
        when: Callable[[Columns], Sql] | None = None,
        where: Callable[[Columns], Sql] | None = None,
        page: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.key = key
        self.filter = filter
        self.sort = sort
        self.default_sort = tuple(default_sort)
        self.search = search
        self.scope = scope
        self.below = below
        self.account = account
        self.when = when
        self.where = where
        self.page = page

    def _arguments(self) -> Sequence[tuple[str, Any, Any]]:
        from resolvers.reading.connections import Scope  # noqa: PLC0415 - the types of lists need declarations

        offered: list[tuple[str, Any, Any]] = []
        if self.account:
            offered.append(("account_id", strawberry.ID | None, UNSET))
        if self.scope:
            offered.append(("scope", Scope, Scope.OWN))
        if self.filter is not None:
            offered.append(("filter", self.filter | None, UNSET))
        if self.search:
            offered.append(("search", str | None, UNSET))
        if self.sort is not None:
            offered.append(("sort", list.__class_getitem__(self.sort) | None, UNSET))
        return [
            *offered,
            ("first", int | None, UNSET),
            ("after", str | None, UNSET),
            ("last", int | None, UNSET),
            ("before", str | None, UNSET),
        ]

    def apply(self, field: StrawberryField) -> None:
        """Also publish the page size that the limits count with."""
        super().apply(field)
        if self.page is None:
            self.page = DEFAULT_ROOT_PAGE if _is_root(field) else DEFAULT_PAGE
        _add_directive(field, ListSize(assumed_size=self.page, slicing_arguments=["first", "last"]))


def _is_root(field: StrawberryField) -> bool:
    return isinstance(field.origin, type) and field.origin.__name__ == "Query"


class ById(Declaration):
    """The row that the argument `id` names, among those of the field's type."""

    arguments = (("id", strawberry.ID, UNSET),)

    def __init__(self, *, where: Callable[[Columns], Sql] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.where = where


class NodeById(Declaration):
    """The row that the argument `id` names, of any type that is a node."""

    arguments = (("id", strawberry.ID, UNSET),)


class NodesByIds(Declaration):
    """The rows that the argument `ids` names, in its order, null for what is not there."""

    arguments = (("ids", list[strawberry.ID], UNSET),)


class Python(Declaration):
    """What a function makes of the row's values, after they were read. The values come as JSON has them."""

    def __init__(self, function: Callable[..., Any], *sources: Source, **options: Any) -> None:
        super().__init__(**options)
        self.function = function
        self.sources = tuple(as_source(source) for source in sources)


def tenant_public_id(id: Sql, distributor_id: Sql) -> Sql:
    """The public id of a tenant: a distributor is its own."""
    return public_id(case((id == distributor_id, literal("dst", Text())), else_=literal("rsl", Text())), id)
