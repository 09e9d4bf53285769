"""Which rows a connection lists, and in which order."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError, GraphQLNamedType, is_object_type
from sqlalchemy import BigInteger, Text, and_, cast, func, literal

from resolvers.reading.binding import Binder, page_size
from resolvers.reading.catalog import Catalog, Target, is_inherited
from resolvers.reading.compiler import Declined
from resolvers.reading.conditions import Filter, found_by
from resolvers.reading.declarations import Listing
from resolvers.reading.inputs import Argument
from resolvers.reading.lists import Order, beyond, order_of
from resolvers.reading.rows import Row, is_of
from resolvers.reading.statement import Sql
from resolvers.reading.viewer import VIEWER
from tenancy.scope import AFTER_ALL, BEFORE_ALL

__all__ = ["Rows", "count_limit", "one_way"]

MOST_COUNTED = 100_000
"""Largest `totalCount(limit:)`."""


def one_way(given: Mapping[str, Argument]) -> None:
    """Refuse a page that is counted from both ends."""
    if "first" in given and "last" in given:
        raise GraphQLError("A page has either `first` or `last`.", extensions={"code": "INVALID_INPUT"})


def count_limit(amount: int) -> int:
    """How far `totalCount` counts. Raises GraphQLError with the limit and the amount."""
    if not 1 <= amount <= MOST_COUNTED:
        raise GraphQLError(
            f"`limit` is {amount}; it may be 1 to {MOST_COUNTED}.",
            extensions={"code": "LIMIT_EXCEEDED", "limit": MOST_COUNTED, "amount": amount},
        )
    return amount


class Rows:
    """Which rows a connection lists, and in which order."""

    def __init__(
        self,
        catalog: Catalog,
        binder: Binder,
        declaration: Listing,
        node_type: GraphQLNamedType,
        around: Row,
        given: Mapping[str, Argument],
    ) -> None:
        reads = catalog.reads(node_type)
        if reads is None:
            raise Declined(f"{node_type.name} reads no table")
        self.reads = reads
        self._catalog = catalog
        self._binder = binder
        self._declaration = declaration
        self._node_type = node_type
        self._around = around
        self._given = given

    def conditions(self, row: Row, *, searching: bool = True) -> list[Sql]:
        """What a row of the list satisfies, besides being visible and of the same distributor."""
        columns, here, declared = row.columns, self._around.columns, self._declaration
        conditions: list[Sql] = []
        if is_object_type(self._node_type):
            conditions.append(is_of(Target(self._node_type, self.reads), row))
        if declared.key is None:
            conditions.append(self._owned(columns.tenant_path))
        else:
            tenant = VIEWER.tenant_id if self._around.table is None else here.id
            conditions.append(columns[declared.key.key] == tenant)
        if declared.where is not None:
            conditions.append(declared.where(columns))
        if declared.filter is not None and "filter" in self._given:
            name = declared.filter.__strawberry_definition__.name  # type: ignore[attr-defined]
            filter = Filter(self._binder, self._catalog.prefixes)
            definition: Any = self._catalog.schema.type_map[name]
            conditions.append(filter.condition(definition, self._given["filter"], columns))
        if searching and "search" in self._given:
            conditions.append(self.found(columns))
        return conditions

    def found(self, columns: Any) -> Sql:
        """Whether the search finds a row."""
        return found_by(self._binder, self._given["search"], columns)

    @property
    def scope(self) -> str:
        """Whose rows: OWN, DOWNSTREAM or ALL."""
        if self._declaration.below:
            return "DOWNSTREAM"
        if "scope" not in self._given:
            return "OWN"
        exact = self._given["scope"].exact()
        return str(getattr(exact, "value", exact))

    @property
    def is_own(self) -> bool:
        """Whether the conditions say that the rows are the viewer's tenant's."""
        named = self._declaration.key is None and self._around.table is None
        return named and self.scope == "OWN" and not is_inherited(self.reads)

    def order(self, row: Row) -> Order:
        """The order asked for or declared."""
        sort = self._declaration.sort
        declared = None if sort is None else sort.__sorts__  # type: ignore[attr-defined]
        return order_of(self._given.get("sort"), declared, self._declaration.default_sort, row.columns)

    def beyond(self, order: Order, name: str, *, other_side: bool = False) -> Sql:
        """Rows on the page's side of the cursor `after` or `before`; or on the other, the cursor's own row included."""
        before = (name == "before") != other_side
        return beyond(self._binder, order, self._given[name], before=before, inclusive=other_side)

    def size(self) -> Sql:
        """Rows of a page."""
        name = "last" if "last" in self._given else "first"
        if name not in self._given:
            return cast(literal(self._declaration.page), BigInteger())
        argument = self._given[name]
        return self._binder.bind(
            lambda variables, _viewer: str(page_size(argument.read(variables), name)), BigInteger()
        )

    def _owned(self, path: Sql) -> Sql:
        place = VIEWER.path if self._around.table is None else self._around.columns.tenant_path
        scope = self.scope
        end = place.op("||")(literal(AFTER_ALL, Text()))
        if scope == "OWN":
            return func.starts_with(place, path) if is_inherited(self.reads) else path == place
        start = place if scope == "ALL" else place.op("||")(literal(BEFORE_ALL, Text()))
        return and_(path >= start, path < end)
