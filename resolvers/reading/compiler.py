"""From a selection set to one SQL expression: the response, as JSON."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from sqlalchemy import JSON, Select, Text, case, column, func, literal
from sqlalchemy.dialects.postgresql import JSONB

from resolvers.reading.binding import Binder
from resolvers.reading.catalog import (
    Catalog,
    Target,
    instance,
    is_connection,
    python_name,
    visible,
)
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
from resolvers.reading.inputs import Questions, arguments
from resolvers.reading.json_text import Json, Maybe, fixed, json_array, json_list, json_object, leaf
from resolvers.reading.lists import declared_order
from resolvers.reading.rows import Row, inner_row, is_of, joined, member, presence, same_distributor
from resolvers.reading.selections import Selected, Selections
from resolvers.reading.statement import (
    Frame,
    Sql,
    json_values,
    public_id,
)
from tenancy.permissions import Permission

__all__ = ["FROM", "MARK", "Compiler", "Declined", "Forbidden", "Mark", "Patch"]


class Declined(Exception):
    """The compiler does not do this: the reference answers instead."""


@dataclass(frozen=True, slots=True)
class Forbidden:
    """A field that the viewer may not see: null and an error in its place."""

    permission: Permission


@dataclass(frozen=True, slots=True)
class Patch:
    """A field whose value a Python function makes of what the statement read."""

    function: Callable[..., Any]


Mark = Forbidden | Patch
MARK = "!"
"""The key of an object that stands in the answer where something is still to do; no field can be called so."""
FROM = "from"
"""The key of what a patch's function takes."""


class Compiler:
    """Compiles one operation for one set of permissions. It is used once."""

    def __init__(
        self,
        catalog: Catalog,
        fragments: Mapping[str, FragmentDefinitionNode],
        questions: Questions,
        permissions: frozenset[Permission],
        *,
        is_platform: bool,
        is_customer: bool = False,
    ) -> None:
        self.catalog = catalog
        self.questions = questions
        self.binder = Binder()
        self.marks: list[Mark] = []
        self.is_wide = False
        self.is_steady = True
        """Whether tenants below are read, or words searched: which plan is best then depends on the values."""
        self._permissions = permissions
        self._is_platform = is_platform
        self._is_customer = is_customer
        self._selections = Selections(catalog.schema, fragments, questions)
        self._tables = 0

    # Objects

    def root(self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> Select[Any]:
        """The statement that answers a query."""
        frame = Frame(None)
        return frame.select(self.object(type_, sets, Row(frame)).text())

    def object(self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode], row: Row) -> Json:
        """An object of this very type, made of the row."""
        return json_object([(each.key, self._field(type_, each, row)) for each in self.selected(type_, sets)])

    def selected(self, type_: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> list[Selected]:
        """The fields asked of an object of this type."""
        return self._selections.of(type_, sets)

    def item(self, type_: GraphQLNamedType, sets: Sequence[SelectionSetNode], row: Row) -> Json | Maybe:
        """An object of a type that the row decides, where there are several."""
        targets = self.catalog.targets(type_)
        if is_object_type(type_):
            return self.object(type_, sets, replace(row, reads=self.catalog.reads(type_) or row.reads))
        choices = [
            (is_of(target, row), self.object(target.type, sets, replace(row, reads=target.reads)).text())
            for target in targets
            if row.reads is not None and target.reads.table is row.reads.table
        ]
        if not choices:
            raise Declined(f"{type_.name} reads no table")
        return Maybe(case(*choices))

    def _field(self, type_: GraphQLObjectType, selected: Selected, row: Row) -> Json:
        if selected.name == "__typename":
            return fixed(type_.name)
        if selected.name.startswith("__"):
            raise Declined("introspection")
        definition = type_.fields[selected.name]
        declaration = self.catalog.declaration(definition)
        if declaration is None:
            raise Declined(f"{type_.name}.{selected.name} has no declaration")
        if (forbidden := self.forbidden(declaration.needs)) is not None:
            return forbidden
        made = self._made(declaration, definition, selected, row)
        if isinstance(made, Json):
            return made
        return made.required(f"{type_.name}.{selected.name}") if is_non_null_type(definition.type) else made.or_null()

    def _made(self, declaration: Declaration, definition: GraphQLField, selected: Selected, row: Row) -> Json | Maybe:
        named = get_named_type(definition.type)
        match declaration:
            case Inline():
                return self._inline(declaration, definition, selected, row)
            case Related():
                return self._related(declaration, definition.type, selected, row)
            case Subject():
                from resolvers.reading import lookups  # noqa: PLC0415 - they are made of objects, objects of them

                kind, id = declaration.kind(row.columns), declaration.id(row.columns)
                found = lookups.subject(self, kind, id, named, selected, row, is_own=declaration.himself)
                return Maybe(found)
            case Part():
                return self._part(declaration, definition, selected, row)
            case Listing() | ById() | NodeById() | NodesByIds():
                return self._argued(declaration, definition, selected, row)
            case _:
                return self._leaf(declaration, named, row)

    def _leaf(self, declaration: Declaration, named: GraphQLNamedType, row: Row) -> Json | Maybe:
        match declaration:
            case Value():
                return leaf(declaration.source(row.columns), named.name)
            case NodeId():
                return leaf(self.node_id(row), named.name)
            case Constant():
                return fixed(declaration.value)
            case Python():
                values = json_values([source(row.columns) for source in declaration.sources])
                return self._mark(Patch(declaration.function), (FROM, Json((values,))))
            case _:
                raise Declined(type(declaration).__name__)

    def _argued(self, declaration: Declaration, definition: GraphQLField, selected: Selected, row: Row) -> Json | Maybe:
        from resolvers.reading import lookups  # noqa: PLC0415 - they are made of objects, objects of them
        from resolvers.reading.pages import Page  # noqa: PLC0415 - the same

        named = get_named_type(definition.type)
        given = arguments(self.questions, definition, selected.nodes[0])
        match declaration:
            case Listing() if is_connection(named):
                page = Page(self, declaration, named, row, given).value(selected.sets)
                return page if declaration.when is None else Maybe(case((declaration.when(row.columns), page.text())))
            case ById():
                return Maybe(lookups.by_id(self, declaration, named, selected, row, given["id"]))
            case NodeById():
                return Maybe(lookups.node(self, named, selected, row, given["id"]))
            case NodesByIds():
                return lookups.nodes(self, named, selected, given["ids"])
            case _:
                raise Declined(f"{type(declaration).__name__} on {named.name}")

    def forbidden(self, needs: Permission | None) -> Json | None:
        """What stands where the viewer lacks a permission; None: it does not."""
        return None if needs is None or needs in self._permissions else self._mark(Forbidden(needs))

    def _mark(self, mark: Mark, *more: tuple[str, Json]) -> Json:
        self.marks.append(mark)
        return json_object([(MARK, fixed(len(self.marks) - 1)), *more])

    def node_id(self, row: Row) -> Sql:
        """The public id of the row."""
        if row.reads is None or row.reads.prefix is None:
            raise Declined("an id without a prefix")
        return public_id(row.reads.prefix, row.columns.id)

    # Objects of the same row

    def _inline(self, declaration: Inline, definition: GraphQLField, selected: Selected, row: Row) -> Json | Maybe:
        named = get_named_type(definition.type)
        assert isinstance(named, GraphQLObjectType)
        inner = inner_row(declaration, row)
        if inner.document is not None and is_list_type(get_nullable_type(definition.type)):
            return self._items(named, selected, inner.document)
        value = self.object(named, selected.sets, inner)
        present = presence(declaration, row)
        return value if present is None else Maybe(case((present, value.text())))

    def _part(self, declaration: Part, definition: GraphQLField, selected: Selected, row: Row) -> Json | Maybe:
        name = declaration.name or python_name(definition)
        named = get_named_type(definition.type)
        many = is_list_type(get_nullable_type(definition.type))
        if name in row.parts:
            return leaf(row.parts[name], named.name)
        if row.document is None:
            raise Declined(f"there is no part {name}")
        if declaration.told is not None:
            stored = member(row.document, name, named.name, many=many)
            return self._mark(Patch(declaration.told), (FROM, Json((json_values([stored]),))))
        if is_leaf_type(named):
            return Maybe(func.to_json(member(row.document, name, named.name, many=many), type_=JSON()))
        assert isinstance(named, GraphQLObjectType)
        inner = row.document.op("->")(literal(name, Text()))
        if not many:
            value = self.object(named, selected.sets, replace(row, document=inner))
            return Maybe(case((func.jsonb_typeof(inner) == literal("object", Text()), value.text())))
        return self._items(named, selected, inner)

    def _items(self, named: GraphQLObjectType, selected: Selected, array: Sql) -> Json:
        """The objects in an array of a document, in its order."""
        items = (
            func.jsonb_array_elements(array)
            .table_valued(column("value", JSONB()), with_ordinality="position")
            .render_derived(name=self.name())
        )
        frame = Frame(items)
        item = self.object(named, selected.sets, Row(frame, items, document=items.c.value))
        return json_array(frame.select(json_list(item, items.c.position)).scalar_subquery())

    # Other rows

    def reach(self, reads: Reads, around: Row, *, is_own: bool = False) -> tuple[Row, list[Sql]]:
        """A row of another table, and the conditions of its being visible from the row around it.

        Who belongs to a distributor sees no other's rows: that a row is of the same one as another need not be said.
        `is_own`: the caller says of the rows that they are the viewer's tenant's, or the viewer himself.
        """
        table = instance(reads, self.name())
        other = Row(Frame(table), table, reads)
        conditions = [
            visible(reads, table.c, is_platform=self._is_platform, is_customer=self._is_customer, is_own=is_own)
        ]
        return other, conditions + (same_distributor(around, other) if self._is_platform else [])

    def name(self) -> str:
        """A name that the statement does not have yet."""
        self._tables += 1
        return f"t{self._tables}"

    def _reads(self, named: GraphQLNamedType) -> Reads:
        reads = self.catalog.reads(named)
        if reads is None:
            raise Declined(f"{named.name} reads no table")
        return reads

    def _related(self, declaration: Related, type_: GraphQLOutputType, selected: Selected, row: Row) -> Json | Maybe:
        named = get_named_type(type_)
        reads = self._reads(named)
        other, conditions = self.reach(reads, row)
        conditions += joined(declaration, reads, type_, row, other)
        value = self.item(named, selected.sets, other)
        if is_list_type(get_nullable_type(type_)):
            items = json_list(
                value if isinstance(value, Json) else value.or_null(), *declared_order(declaration.order, other.columns)
            )
            return json_array(other.frame.select(items).where(*conditions).scalar_subquery())
        return Maybe(row.frame.one(other.frame.select(value.text()).where(*conditions).limit(1), self.name()))

    def one(
        self,
        target: Target,
        id: Sql,
        sets: Sequence[SelectionSetNode],
        row: Row,
        where: Callable[[Any], Sql] | None = None,
        *,
        is_own: bool = False,
    ) -> Sql:
        """The row of this type with this id, as an object's text; null: it is not there. `is_own`: as in `reach`."""
        other, conditions = self.reach(target.reads, row, is_own=is_own)
        conditions.append(other.columns.id == id)
        conditions.append(is_of(target, other))
        if where is not None:
            conditions.append(where(other.columns))
        value = self.object(target.type, sets, other)
        return row.frame.one(other.frame.select(value.text()).where(*conditions).limit(1), self.name())
