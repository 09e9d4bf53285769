"""One connection: which rows, in which order, from where, how many."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import GraphQLError, GraphQLNamedType, GraphQLObjectType, SelectionSetNode, get_named_type, is_object_type
from sqlalchemy import BigInteger, Select, Text, and_, cast, false, func, literal, select

from resolvers.reading.binding import Binder, page_size
from resolvers.reading.catalog import Catalog, Target, is_inherited, python_name
from resolvers.reading.compiler import Compiler, Declined
from resolvers.reading.conditions import Filter, found_by
from resolvers.reading.declarations import Listing
from resolvers.reading.inputs import Argument, arguments
from resolvers.reading.lists import Order, beyond, cursor, order_of
from resolvers.reading.rows import Row, is_of
from resolvers.reading.selections import Selected
from resolvers.reading.statement import Frame, Sql, empty_list, json_list, json_object
from resolvers.reading.viewer import VIEWER
from tenancy.scope import AFTER_ALL, BEFORE_ALL

__all__ = ["Page"]

MOST_COUNTED = 100_000
"""Largest `totalCount(limit:)`."""
ONE_ROW = func.count() >= 0
"""Makes a SELECT an aggregate also where its value happens to be none, such as `pageInfo { __typename }`."""


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

    def conditions(self, row: Row) -> list[Sql]:
        """What a row of the list satisfies, besides being visible."""
        columns, here, declared = row.columns, self._around.columns, self._declaration
        conditions: list[Sql] = []
        if self._around.table is not None:
            conditions.append(columns.distributor_id == here.distributor_id)
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
        if "search" in self._given:
            conditions.append(found_by(self._binder, self._given["search"], columns))
        return conditions

    @property
    def scope(self) -> str:
        """Whose rows: OWN, DOWNSTREAM or ALL."""
        if self._declaration.below:
            return "DOWNSTREAM"
        if "scope" not in self._given:
            return "OWN"
        exact = self._given["scope"].exact()
        return str(getattr(exact, "value", exact))

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


class Page:
    """Compiles one place where a connection is asked for."""

    def __init__(
        self,
        compiler: Compiler,
        declaration: Listing,
        connection: GraphQLNamedType,
        around: Row,
        given: Mapping[str, Argument],
    ) -> None:
        assert isinstance(connection, GraphQLObjectType)
        self.compiler = compiler
        self.declaration = declaration
        self.connection = connection
        self.around = around
        self.given = given
        self.node_type = get_named_type(connection.fields["nodes"].type)
        self.rows = Rows(compiler.catalog, compiler.binder, declaration, self.node_type, around, given)
        one_way(given)
        compiler.is_wide |= self.rows.scope != "OWN" or "search" in given
        self.backwards = "last" in given

    def value(self, sets: Sequence[SelectionSetNode]) -> Sql:
        """The connection as JSON."""
        selected = [(each, self._name(each)) for each in self.compiler.selected(self.connection, sets)]
        if any(name in {"nodes", "edges", "page_info"} for _, name in selected):
            return self._page(selected).scalar_subquery()
        return json_object([(each.key, self._outside(each, name)) for each, name in selected])

    def _reach(self) -> tuple[Row, list[Sql]]:
        row, conditions = self.compiler.reach(self.rows.reads)
        return row, conditions + self.rows.conditions(row)

    def _name(self, selected: Selected) -> str:
        if selected.name.startswith("__"):
            return selected.name
        return python_name(self.connection.fields[selected.name])

    def _outside(self, selected: Selected, name: str) -> Sql:
        """What needs no page."""
        if name == "__typename":
            return literal(self.connection.name, Text())
        return self._count(selected)

    def _page(self, selected: Sequence[tuple[Selected, str]]) -> Select[Any]:
        row, conditions = self._reach()
        order = self.rows.order(row)
        conditions += [self.rows.beyond(order, name) for name in ("after", "before") if name in self.given]
        size = self.rows.size()
        looks_further = any(name == "page_info" for _, name in selected)
        keys = [key.expression.label(f"key_{number}") for number, key in enumerate(order.keys)]
        rows = (
            select(row.table, *keys)
            .where(*conditions)
            .order_by(*order.clauses(backwards=self.backwards))
            .limit(size + 1 if looks_further else size)
            .correlate_except(row.table)
            .subquery(self.compiler.name())
        )
        page: Any = rows
        if looks_further or self.backwards:
            page = select(
                rows, func.row_number().over().label("position"), func.count().over().label("fetched")
            ).subquery(self.compiler.name())
        frame = Frame(page)
        shown = Row(frame, page, row.reads)
        marks = cursor(order, [page.c[key.name] for key in keys])
        parts: list[tuple[str, Sql]] = []
        for each, name in selected:
            match name:
                case "nodes":
                    item = self.compiler.item(self.node_type, each.sets, shown)
                    value = self._list(item, page, size, looks_further=looks_further)
                case "edges":
                    item = self._edge(each, shown, marks)
                    value = self._list(item, page, size, looks_further=looks_further)
                case "page_info":
                    value = self._page_info(each, page, size, marks)
                case _:
                    value = self._outside(each, name)
            parts.append((each.key, value))
        return frame.select(json_object(parts)).having(ONE_ROW)

    def _list(self, item: Sql, page: Any, size: Sql, *, looks_further: bool) -> Sql:
        items: Any = json_list(item, page.c.position.desc()) if self.backwards else json_list(item)
        return empty_list(items.filter(page.c.position <= size) if looks_further else items)

    def _edge(self, selected: Selected, row: Row, marks: Sql) -> Sql:
        type_ = get_named_type(self.connection.fields[selected.name].type)
        assert isinstance(type_, GraphQLObjectType)
        fields: list[tuple[str, Sql]] = []
        for each in self.compiler.selected(type_, selected.sets):
            if each.name == "__typename":
                value: Sql = literal(type_.name, Text())
            elif python_name(type_.fields[each.name]) == "cursor":
                value = marks
            else:
                value = self.compiler.item(self.node_type, each.sets, row)
            fields.append((each.key, value))
        return json_object(fields)

    def _exist(self, name: str) -> Sql:
        """Whether there are rows on the other side of the cursor that the page starts from, its own row included."""
        if name not in self.given:
            return false()
        row, conditions = self._reach()
        outside = self.rows.beyond(self.rows.order(row), name, other_side=True)
        query = select(literal(1)).select_from(row.table).where(*conditions, outside).correlate_except(row.table)
        return query.exists()

    def _page_info(self, selected: Selected, page: Any, size: Sql, marks: Sql) -> Sql:
        type_ = get_named_type(self.connection.fields[selected.name].type)
        assert isinstance(type_, GraphQLObjectType)
        more = func.count() > size
        last = func.least(page.c.fetched, size)
        first_shown, last_shown = (last, 1) if self.backwards else (1, last)
        values: dict[str, Callable[[], Sql]] = {
            "has_next_page": lambda: self._exist("before") if self.backwards else more,
            "has_previous_page": lambda: more if self.backwards else self._exist("after"),
            "start_cursor": lambda: func.max(marks).filter(page.c.position == first_shown, page.c.position <= size),
            "end_cursor": lambda: func.max(marks).filter(page.c.position == last_shown, page.c.position <= size),
        }
        fields: list[tuple[str, Sql]] = []
        for each in self.compiler.selected(type_, selected.sets):
            if each.name == "__typename":
                fields.append((each.key, literal(type_.name, Text())))
            else:
                fields.append((each.key, values[python_name(type_.fields[each.name])]()))
        return json_object(fields)

    def _count(self, selected: Selected) -> Sql:
        field = self.connection.fields[selected.name]
        type_ = get_named_type(field.type)
        assert isinstance(type_, GraphQLObjectType)
        limit_argument = arguments(self.compiler.questions, field, selected.nodes[0])["limit"]

        limit = self.compiler.binder.bind(
            lambda variables, _viewer: str(count_limit(limit_argument.read(variables))), BigInteger()
        )
        row, conditions = self._reach()
        rows = (
            select(literal(1).label("one"))
            .select_from(row.table)
            .where(*conditions)
            .limit(limit + 1)
            .correlate_except(row.table)
            .subquery(self.compiler.name())
        )
        counted = func.count()
        fields: list[tuple[str, Sql]] = []
        for each in self.compiler.selected(type_, selected.sets):
            if each.name == "__typename":
                value: Sql = literal(type_.name, Text())
            elif python_name(type_.fields[each.name]) == "value":
                value = func.least(counted, limit)
            else:
                value = counted <= limit
            fields.append((each.key, value))
        query = select(json_object(fields).label("value")).select_from(rows).having(ONE_ROW).correlate_except(rows)
        return query.scalar_subquery()
