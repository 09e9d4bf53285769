"""The types that lists are made of, and how filters and sort orders say which columns they mean."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Generic, TypeVar

import strawberry
from sqlalchemy import and_
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.schema.name_converter import NameConverter
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import StrawberryObjectDefinition, StrawberryType
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

from resolvers.reading.declarations import Grouped, Guarded, Having, Source, as_source, reads_of
from resolvers.reading.fields import node_id

__all__ = [
    "Connection",
    "Count",
    "Edge",
    "Names",
    "Node",
    "PageInfo",
    "Scope",
    "filters",
    "having",
    "in_groups",
    "sorts",
    "where_told",
]

T = TypeVar("T")
C = TypeVar("C", bound=type)

COUNT_LIMIT = 10_000


@strawberry.enum(description="OWN: the tenant's rows. DOWNSTREAM: its descendants' rows. ALL: both.")
class Scope(Enum):
    """Whose rows a list shows."""

    OWN = "OWN"
    """The tenant's rows."""
    DOWNSTREAM = "DOWNSTREAM"
    """Its descendants' rows."""
    ALL = "ALL"
    """Both."""


@strawberry.interface(description="Something with a global id.")
class Node:
    """What `node(id:)` can answer."""

    id: strawberry.ID = node_id(description="Opaque, the same everywhere and for good.")


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Filled by lists."""

    has_next_page: bool = strawberry.field(description="Whether rows follow after this page.")
    has_previous_page: bool = strawberry.field(description="Whether rows come before this page.")
    start_cursor: str | None = strawberry.field(description="The first row's cursor, for `before`; null: no row.")
    end_cursor: str | None = strawberry.field(description="The last row's cursor, for `after`; null: no row.")


@strawberry.type(description="`exact` false: at least this many.")
class Count:
    """Filled by lists."""

    value: int = strawberry.field(description="Rows counted, at most the limit asked for.")
    exact: bool = strawberry.field(description="Whether there are no more than `value`.")


class _Counted(FieldExtension):
    def apply(self, field: StrawberryField) -> None:
        """Add the argument `limit`."""
        if not field.arguments:
            limit = StrawberryArgument(
                python_name="limit",
                graphql_name=None,
                type_annotation=StrawberryAnnotation(int),
                default=COUNT_LIMIT,
                description="Count no further than this.",
            )
            field.arguments = [limit]


@strawberry.type(description="A row and its place in the list.")
class Edge(Generic[T]):
    """Filled by lists."""

    node: T = strawberry.field(description="The row.")
    cursor: str = strawberry.field(description="Its place, for `after` and `before` of the same list and order.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    """Filled by lists."""

    edges: list[Edge[T]] = strawberry.field(description="The rows with their places.")
    nodes: list[T] = strawberry.field(description="The rows.")
    page_info: PageInfo = strawberry.field(description="Whether there is more.")
    total_count: Count = strawberry.field(
        description="How many rows the whole list has, counted only when asked.", extensions=[_Counted()]
    )


class Names(NameConverter):
    """`Connection[ServiceSubscription]` is called SubscriptionConnection, as its type's `reads` says."""

    def from_generic(self, object_type: StrawberryObjectDefinition, types: list[StrawberryType | type]) -> str:
        """The name of a connection or edge."""
        if object_type.name not in {"Connection", "Edge"}:
            return super().from_generic(object_type, types)
        node: Any = types[0]
        if isinstance(node, LazyType):
            node = node.resolve_type()
        reads = reads_of(node)
        return f"{(reads and reads.list_name) or node.__strawberry_definition__.name}{object_type.name}"


def filters(model: type, **columns: Source) -> Callable[[C], C]:
    """Say which columns a filter's fields mean: those of the same name on `model`, unless a keyword says another.

    It stands below `@strawberry.input`. A field's type has the operators: eq, in, notIn, lt, lte, gt, gte, isNull,
    startsWith, contains; fields called and, or, not combine.
    """
    return _columns("__filters__", model, columns)


def in_groups(column: Source, members: Mapping[Any, Sequence[Any]]) -> Any:
    """A filter's field whose values are groups of a column's values: compared as those, which an index may hold."""
    source = as_source(column)
    texts = {str(group): [str(value) for value in values] for group, values in members.items()}
    return lambda row: Grouped(source(row), texts)


def where_told(column: Source, told: Callable[[Any], Any]) -> Any:
    """A filter's field whose value the viewer is told in some rows only: others cannot be found by it either."""
    source = as_source(column)
    return lambda row: Guarded(source(row), told(row))


def having(model: Any, key: Source) -> Any:
    """A filter's field that holds for a row to which a row of `model` refers by `key`, and that satisfies the filter
    of the field's type.
    """
    refers = as_source(key)

    def read(row: Any) -> Having:
        other = model.__table__.alias()
        return Having(and_(other.c.distributor_id == row.distributor_id, refers(other.c) == row.id), other)

    return read


def sorts(model: type, **columns: Source) -> Callable[[C], C]:
    """Say which columns a sort order's values mean: EXPIRES_ON is `expires_on`, unless a keyword says another.

    It stands below `@strawberry.input` on the input with `field` and `direction`. Keywords are in lower case.
    """
    return _columns("__sorts__", model, columns)


def _columns(attribute: str, model: type, columns: dict[str, Source]) -> Callable[[C], C]:
    named = {name: as_source(source) for name, source in columns.items()}

    def mark(cls: C) -> C:
        setattr(cls, attribute, ColumnsByName(model, named))
        return cls

    return mark


class ColumnsByName:
    """Expressions by name; a column of the model where none was said."""

    def __init__(self, model: type, named: dict[str, Callable[[Any], Any]]) -> None:
        self.model = model
        self._named = named

    def of(self, name: str) -> Callable[[Any], Any]:
        """How to find the expression in a row. Raises KeyError for a name that is no column."""
        if name in self._named:
            return self._named[name]
        if name not in self.model.__table__.c:  # type: ignore[attr-defined]
            raise KeyError(f"{self.model.__name__} has no column {name}: say which one is meant")
        return as_source(name)
