"""One connection: which rows, in which order, from where, how many."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from graphql import GraphQLNamedType, GraphQLObjectType, SelectionSetNode, get_named_type
from sqlalchemy import BigInteger, Select, Text, cast, false, func, literal, not_, select, union_all

from resolvers.reading.catalog import python_name
from resolvers.reading.compiler import Compiler
from resolvers.reading.declarations import Listing
from resolvers.reading.inputs import Argument, arguments
from resolvers.reading.json_text import Json, Maybe, fixed, json_array, json_list, json_object
from resolvers.reading.listed import Rows, count_limit, one_way
from resolvers.reading.lists import Order, cursor
from resolvers.reading.rows import Row
from resolvers.reading.selections import Selected
from resolvers.reading.statement import Frame, Sql

__all__ = ["Page"]

MOST_TRIED = 1_000
"""Rows of a list that a search looks at one by one before it asks the index: about a millisecond."""
FREQUENT = MOST_TRIED // 10
"""Of these, how many a search finds so that all are counted faster by going on like that."""
ONE_ROW = func.count() >= 0
"""Makes a SELECT an aggregate also where its value happens to be none, such as `pageInfo { __typename }`."""


def _name(number: int) -> str:
    """What a sort key is called where it is a column."""
    return f"key_{number}"


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
        compiler.is_steady &= "filter" not in given and "sort" not in given
        self.backwards = "last" in given

    def value(self, sets: Sequence[SelectionSetNode]) -> Json:
        """The connection."""
        selected = [(each, self._name(each)) for each in self.compiler.selected(self.connection, sets)]
        if any(name in {"nodes", "edges", "page_info"} for _, name in selected):
            return Json((self._page(selected).scalar_subquery(),))
        return json_object([(each.key, self._outside(each, name)) for each, name in selected])

    def _reach(self) -> tuple[Row, list[Sql]]:
        row, conditions = self.compiler.reach(self.rows.reads, self.around)
        return row, conditions + self.rows.conditions(row)

    def _name(self, selected: Selected) -> str:
        if selected.name.startswith("__"):
            return selected.name
        return python_name(self.connection.fields[selected.name])

    def _outside(self, selected: Selected, name: str) -> Json:
        """What needs no page."""
        if name == "__typename":
            return fixed(self.connection.name)
        return self._count(selected)

    def _page(self, selected: Sequence[tuple[Selected, str]]) -> Select[Any]:
        size = self.rows.size()
        looks_further = any(name == "page_info" for _, name in selected)
        limit = size + 1 if looks_further else size
        order = self.rows.order(self.compiler.reach(self.rows.reads, self.around)[0])
        if "search" in self.given:
            found = self._found(limit, enough=limit)
            rows = select(found).order_by(*self._clauses(order, found)).limit(limit).subquery(self.compiler.name())
        else:
            rows = self._read(limit)
        page: Any = rows
        if looks_further or self.backwards:
            page = select(
                rows, func.row_number().over().label("position"), func.count().over().label("fetched")
            ).subquery(self.compiler.name())
        frame = Frame(page)
        shown = Row(frame, page, self.rows.reads)
        marks = cursor(order, [page.c[_name(number)] for number in range(len(order.keys))])
        parts: list[tuple[str, Json]] = []
        for each, name in selected:
            match name:
                case "nodes":
                    item = self._node(each, shown)
                    value = self._list(item, page, size, looks_further=looks_further)
                case "edges":
                    item = self._edge(each, shown, marks)
                    value = self._list(item, page, size, looks_further=looks_further)
                case "page_info":
                    value = self._page_info(each, page, size, marks)
                case _:
                    value = self._outside(each, name)
            parts.append((each.key, value))
        return frame.select(json_object(parts).text()).having(ONE_ROW)

    def _read(self, limit: Any, *, searching: bool = True, ordered: bool = True, onwards: bool = True) -> Any:
        """The list's rows, each with its keys. `onwards`: from where the page begins; not `ordered`: all of them."""
        row, conditions = self.compiler.reach(self.rows.reads, self.around, is_own=self.rows.is_own)
        conditions += self.rows.conditions(row, searching=searching)
        order = self.rows.order(row)
        if onwards:
            conditions += [self.rows.beyond(order, name) for name in ("after", "before") if name in self.given]
        keys = [key.expression.label(_name(number)) for number, key in enumerate(order.keys)]
        rows = select(row.table, *keys).where(*conditions)
        # OFFSET keeps PostgreSQL from preferring the order to the words.
        rows = rows.order_by(*self._clauses(order)).limit(limit) if ordered else rows.offset(0)
        return rows.correlate_except(row.table).subquery(self.compiler.name())

    def _clauses(self, order: Order, rows: Any = None) -> list[Sql]:
        """ORDER BY; of `rows` that have the keys as columns."""
        if rows is not None:
            keys = [replace(key, expression=rows.c[_name(number)]) for number, key in enumerate(order.keys)]
            order = replace(order, keys=tuple(keys))
        return order.clauses(backwards=self.backwards)

    def _found(self, limit: Any, *, enough: Any, onwards: bool = True) -> Any:
        """The same with a search: by walking the list, if its first rows show `enough` matches, else by the index.

        PostgreSQL cannot tell how many words begin with some letters. Left to itself, it reads a whole list in order
        for a word that nothing has, or finds a million rows by a word that every row has.
        """

        def matching(rows: Any, most: Any) -> Any:
            return select(rows).where(self.rows.found(rows.c)).limit(most).subquery(self.compiler.name())

        tried = matching(self._read(MOST_TRIED, searching=False, onwards=onwards), enough)
        frequent = select(func.count()).select_from(tried).correlate_except(tried).scalar_subquery() >= enough
        walked = self._read(MOST_TRIED, searching=False, ordered=onwards, onwards=onwards)
        indexed = self._read(limit, ordered=False, onwards=onwards)
        both = union_all(select(matching(walked, limit)).where(frequent), select(indexed).where(not_(frequent)))
        return both.subquery(self.compiler.name())

    def _list(self, item: Json, page: Any, size: Sql, *, looks_further: bool) -> Json:
        order = (page.c.position.desc(),) if self.backwards else ()
        return json_array(json_list(item, *order, where=page.c.position <= size if looks_further else None))

    def _node(self, selected: Selected, row: Row) -> Json:
        item = self.compiler.item(self.node_type, selected.sets, row)
        return item if isinstance(item, Json) else item.or_null()

    def _edge(self, selected: Selected, row: Row, marks: Sql) -> Json:
        type_ = get_named_type(self.connection.fields[selected.name].type)
        assert isinstance(type_, GraphQLObjectType)
        fields: list[tuple[str, Json]] = []
        for each in self.compiler.selected(type_, selected.sets):
            if each.name == "__typename":
                value = fixed(type_.name)
            elif python_name(type_.fields[each.name]) == "cursor":
                value = Json(('"', marks, '"'))
            else:
                value = self._node(each, row)
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

    def _page_info(self, selected: Selected, page: Any, size: Sql, marks: Sql) -> Json:
        type_ = get_named_type(self.connection.fields[selected.name].type)
        assert isinstance(type_, GraphQLObjectType)
        more = func.count() > size
        last = func.least(page.c.fetched, size)
        first_shown, last_shown = (last, 1) if self.backwards else (1, last)

        def mark(position: Any) -> Json:
            quoted = func.max(literal('"', Text()).op("||")(marks).op("||")(literal('"', Text())), type_=Text())
            return Maybe(quoted.filter(page.c.position == position, page.c.position <= size)).or_null()

        def truth(condition: Sql) -> Json:
            return Json((cast(condition, Text()),))

        values: dict[str, Callable[[], Json]] = {
            "has_next_page": lambda: truth(self._exist("before") if self.backwards else more),
            "has_previous_page": lambda: truth(more if self.backwards else self._exist("after")),
            "start_cursor": lambda: mark(first_shown),
            "end_cursor": lambda: mark(last_shown),
        }
        fields: list[tuple[str, Json]] = []
        for each in self.compiler.selected(type_, selected.sets):
            if each.name == "__typename":
                fields.append((each.key, fixed(type_.name)))
            else:
                fields.append((each.key, values[python_name(type_.fields[each.name])]()))
        return json_object(fields)

    def _count(self, selected: Selected) -> Json:
        field = self.connection.fields[selected.name]
        type_ = get_named_type(field.type)
        assert isinstance(type_, GraphQLObjectType)
        limit_argument = arguments(self.compiler.questions, field, selected.nodes[0])["limit"]

        limit = self.compiler.binder.bind(
            lambda variables, _viewer: str(count_limit(limit_argument.read(variables))), BigInteger()
        )
        if "search" in self.given:
            found = self._found(limit + 1, enough=literal(FREQUENT), onwards=False)
            rows = select(found.c.id).limit(limit + 1).subquery(self.compiler.name())
        else:
            row, conditions = self._reach()
            query = select(literal(1)).select_from(row.table).where(*conditions).limit(limit + 1)
            rows = query.correlate_except(row.table).subquery(self.compiler.name())
        counted = func.count()
        fields: list[tuple[str, Json]] = []
        for each in self.compiler.selected(type_, selected.sets):
            if each.name == "__typename":
                value = fixed(type_.name)
            elif python_name(type_.fields[each.name]) == "value":
                value = Json((func.least(counted, limit),))
            else:
                value = Json((cast(counted <= limit, Text()),))
            fields.append((each.key, value))
        query = (
            select(json_object(fields).text().label("value")).select_from(rows).having(ONE_ROW).correlate_except(rows)
        )
        return Json((query.scalar_subquery(),))
