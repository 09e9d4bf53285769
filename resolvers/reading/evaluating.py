"""One declaration on one row, by statements as simple as can be: what the reference is made of."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psycopg
import strawberry
from graphql import (
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_object_type,
)
from psycopg import RawCursor
from sqlalchemy import JSON, Select, Text, func, literal, select

from resolvers.reading.binding import Binder, id_texts, uuid_text
from resolvers.reading.catalog import Catalog, Target, definition, instance, is_connection, python_name
from resolvers.reading.cost import LONGEST, TOO_LONG
from resolvers.reading.declarations import (
    ById,
    Constant,
    Declaration,
    Inline,
    Listing,
    NodeById,
    NodeId,
    NodesByIds,
    Part,
    Python,
    Reads,
    Related,
    Subject,
    Value,
)
from resolvers.reading.inputs import Argument
from resolvers.reading.listed import Rows, count_limit, one_way
from resolvers.reading.lists import cursor, declared_order
from resolvers.reading.rows import Row, inner_row, is_of, joined, member, presence, same_distributor
from resolvers.reading.statement import Frame, Sql, compiled, output, public_id
from resolvers.reading.viewer import Viewer

__all__ = ["Evaluator", "Item", "forbidden"]


def forbidden(permission: str) -> GraphQLError:
    """The error of what the viewer may not see."""
    return GraphQLError(
        f"This needs the permission {permission}.", extensions={"code": "FORBIDDEN", "permission": permission}
    )


@dataclass
class Item:
    """An object of the response: a row, or a part of one."""

    row: Row
    where: tuple[Sql, ...] = ()
    """Which row it is."""

    def within(self, row: Row) -> "Item":
        """An object of the same row."""
        return Item(row, self.where)


class Evaluator:
    """Evaluates declarations for one viewer. Connects only when the database is needed."""

    def __init__(self, catalog: Catalog, viewer: Viewer, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        self.catalog = catalog
        self._viewer = viewer
        self._connect = connect
        self._connection: psycopg.Connection[Any] | None = None
        self._tables = 0
        self._deadline = time.monotonic() + LONGEST

    def by_uuid(self, named: GraphQLNamedType, id: UUID) -> Item | None:
        """The row with this UUID, when it is visible."""
        reads = self.catalog.reads(named)
        assert reads is not None
        row = self._row(reads)
        return next(iter(self._items(named, reads, row, [row.columns.id == literal(str(id))])), None)

    # Values

    def value(self, declaration: Declaration, field: GraphQLField, item: Item, given: Mapping[str, Argument]) -> Any:
        """A field's value: a leaf, an item, a list of items, or a connection's members."""
        named = get_named_type(field.type)
        match declaration:
            case Inline():
                return self._inline(declaration, field, item)
            case Related():
                return self._related(declaration, field, named, item)
            case Subject():
                return self._subject(declaration, named, item)
            case Part():
                return self._part(declaration, field, named, item)
            case Listing() | ById() | NodeById() | NodesByIds():
                return self._argued(declaration, named, item, given)
            case _:
                return self._leaf(declaration, named, item)

    def _argued(
        self, declaration: Declaration, named: GraphQLNamedType, item: Item, given: Mapping[str, Argument]
    ) -> Any:
        if isinstance(declaration, Listing) and is_connection(named):
            if declaration.when is not None and not self._read(declaration.when(item.row.columns), item):
                return None
            return self._connected(declaration, named, item, given)
        return self._identified(declaration, named, given)

    def _leaf(self, declaration: Declaration, named: GraphQLNamedType, item: Item) -> Any:
        match declaration:
            case Value():
                return self._read(output(declaration.source(item.row.columns), named.name), item)
            case NodeId():
                reads = item.row.reads
                assert reads is not None
                assert reads.prefix is not None
                return self._read(public_id(reads.prefix, item.row.columns.id), item)
            case Constant():
                return declaration.value
            case Python():
                values = [self._read(source(item.row.columns), item) for source in declaration.sources]
                return declaration.function(*values)
            case _:
                raise TypeError(f"{type(declaration).__name__} on {named.name}")

    def _inline(self, declaration: Inline, field: GraphQLField, item: Item) -> Item | list[Item] | None:
        present = presence(declaration, item.row)
        if present is not None and not self._read(present, item):
            return None
        inner = inner_row(declaration, item.row)
        if inner.document is not None and is_list_type(get_nullable_type(field.type)):
            return self._elements(inner.document, replace(item, row=inner))
        return item.within(inner)

    def _part(self, declaration: Part, field: GraphQLField, named: GraphQLNamedType, item: Item) -> Any:
        name = declaration.name or python_name(field)
        many = is_list_type(get_nullable_type(field.type))
        if name in item.row.parts:
            return self._read(output(item.row.parts[name], named.name), item)
        document = item.row.document
        assert document is not None
        if is_leaf_type(named):
            found = self._read(member(document, name, named.name, many=many), item)
            return found if declaration.told is None else declaration.told(found)
        inner = document.op("->")(literal(name, Text()))
        if not many:
            there = self._read(func.jsonb_typeof(inner) == literal("object", Text()), item)
            return item.within(replace(item.row, document=inner)) if there else None
        return self._elements(inner, item)

    def _elements(self, array: Sql, item: Item) -> list[Item]:
        """The objects in an array of a document, in its order."""
        length = self._read(func.jsonb_array_length(array), item) or 0
        return [item.within(replace(item.row, document=array.op("->")(literal(index)))) for index in range(length)]

    # Rows

    def _related(self, declaration: Related, field: GraphQLField, named: GraphQLNamedType, item: Item) -> Any:
        reads = self.catalog.reads(named)
        assert reads is not None
        other = self._row(reads)
        conditions = (
            *same_distributor(item.row, other),
            *joined(declaration, reads, field.type, item.row, other),
            *item.where,
        )
        if is_list_type(get_nullable_type(field.type)):
            order = declared_order(declaration.order, other.columns)
            return self._items(named, reads, other, conditions, order=order)
        return next(iter(self._items(named, reads, other, conditions, limit=1)), None)

    def _subject(self, declaration: Subject, named: GraphQLNamedType, item: Item) -> Any:
        kind: Any = declaration.kind(item.row.columns)
        prefix = kind if isinstance(kind, str) else self._read(kind, item)
        id = self._read(declaration.id(item.row.columns), item)
        target = self.catalog.by_prefix(named).get(prefix)
        return None if target is None or id is None else self._one(target, id)

    def _identified(self, declaration: Declaration, named: GraphQLNamedType, given: Mapping[str, Argument]) -> Any:
        possible = self.catalog.by_prefix(named)
        if isinstance(declaration, NodesByIds):
            texts = id_texts(given["ids"].content)
            return [self._allowed(possible, text) or self._by_text(possible, text) for text in texts]
        text = str(given["id"].content)
        if isinstance(declaration, ById):
            return self._by_text(possible, text, declaration.where)
        return self._allowed(possible, text) or self._by_text(possible, text)

    def _allowed(self, possible: Mapping[str, Target], text: str) -> GraphQLError | None:
        """The error in the place of a row that is asked for by its id alone; None: it may be shown."""
        target = possible.get(text.partition("_")[0])
        needs = None if target is None else target.reads.needs
        return None if needs is None or needs in self._viewer.permissions else forbidden(needs)

    def _by_text(
        self, possible: Mapping[str, Target], text: str, where: Callable[[Any], Sql] | None = None
    ) -> Item | None:
        target = possible.get(text.partition("_")[0])
        if target is None or target.reads.prefix is None:
            return None
        return self._one(target, uuid_text(text, (target.reads.prefix,)), where)

    def _one(self, target: Target, id: str, where: Callable[[Any], Sql] | None = None) -> Item | None:
        row = self._row(target.reads)
        conditions = [row.columns.id == literal(id), is_of(target, row)]
        if where is not None:
            conditions.append(where(row.columns))
        return next(iter(self._items(target.type, target.reads, row, conditions, limit=1)), None)

    def _row(self, reads: Reads) -> Row:
        self._tables += 1
        table = instance(reads, f"r{self._tables}")
        return Row(Frame(table), table, reads)

    def _items(
        self,
        named: GraphQLNamedType,
        reads: Reads,
        row: Row,
        conditions: Sequence[Sql],
        *,
        order: Sequence[Sql] = (),
        limit: int | None = None,
    ) -> list[Item]:
        """The rows that satisfy the conditions, each as an object of its own type."""
        query = select(row.columns.id).where(*conditions).order_by(*order).limit(limit)
        return [self._item(named, reads, id) for (id,) in self._fetch(query)]

    def _item(self, named: GraphQLNamedType, reads: Reads, id: Any) -> Item:
        row = self._row(reads)
        where = (row.columns.id == literal(str(id)),)
        if is_object_type(named):
            return self._cast(Item(row, where), named)
        for target in self.catalog.targets(named):
            item = Item(replace(row, reads=target.reads), where)
            if target.reads.table is reads.table and self._read(is_of(target, row), item):
                return self._cast(item, target.type)
        raise TypeError(f"the row {id} is of no type of {named.name}")

    @staticmethod
    def _cast(item: Item, type_: GraphQLNamedType) -> Item:
        return strawberry.cast(definition(type_).origin, item)

    # Lists

    def _connected(
        self, declaration: Listing, connection: Any, item: Item, given: Mapping[str, Argument]
    ) -> dict[str, Any]:
        one_way(given)
        node_type = get_named_type(connection.fields["nodes"].type)
        listed = Rows(self.catalog, Binder(), declaration, node_type, item.row, given)
        row = self._row(listed.reads)
        conditions = [*same_distributor(item.row, row), *listed.conditions(row), *item.where]
        order = listed.order(row)
        backwards = "last" in given
        beyond = [listed.beyond(order, name) for name in ("after", "before") if name in given]
        size = self._fetch(select(listed.size()))[0][0]
        marks = cursor(order, [key.expression for key in order.keys])
        query = select(row.columns.id, marks).where(*conditions, *beyond)
        found = self._fetch(query.order_by(*order.clauses(backwards=backwards)).limit(size + 1))
        page = found[:size][::-1] if backwards else found[:size]
        nodes = [self._item(node_type, listed.reads, id) for id, _ in page]

        def exists(name: str) -> bool:
            if name not in given:
                return False
            outside = listed.beyond(order, name, other_side=True)
            return bool(self._fetch(select(row.columns.id).where(*conditions, outside).limit(1)))

        def count(limit: int) -> dict[str, Any]:
            count_limit(limit)
            counted = len(self._fetch(select(row.columns.id).where(*conditions).limit(limit + 1)))
            return {"value": min(counted, limit), "exact": counted <= limit}

        more = len(found) > size
        return {
            "nodes": nodes,
            "edges": [{"node": node, "cursor": mark} for node, (_, mark) in zip(nodes, page, strict=True)],
            "page_info": {
                "has_next_page": exists("before") if backwards else more,
                "has_previous_page": more if backwards else exists("after"),
                "start_cursor": page[0][1] if page else None,
                "end_cursor": page[-1][1] if page else None,
            },
            "total_count": count,
        }

    # The database

    def _read(self, value: Sql, item: Item) -> Any:
        """One expression on one row, as JSON has it."""
        query = select(func.to_json(value, type_=JSON())).where(*item.where)
        rows = self._fetch(query)
        return rows[0][0] if rows else None

    def _fetch(self, query: Select[Any]) -> list[Any]:
        """All rows. A statement that fails takes nothing else with it."""
        if time.monotonic() > self._deadline:
            raise TOO_LONG
        statement = compiled(query)
        if self._connection is None:
            self._connection = self._connect()
        with self._connection.transaction(), RawCursor(self._connection) as cursor:
            cursor.execute(statement.text, statement.parameters({}, self._viewer))
            return cursor.fetchall()

    def close(self) -> None:
        """Give the connection back, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
