"""What a mutation answers with: its rows by one statement in its own transaction, everything else from its outcome."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import orjson
import psycopg
from graphql import (
    GraphQLLeafType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
)
from psycopg import RawCursor
from sqlalchemy import ARRAY, Connection, Select, Uuid, func, select

from resolvers.reading.catalog import Catalog, python_name
from resolvers.reading.compiler import Compiler, Declined
from resolvers.reading.documents import Operation
from resolvers.reading.inputs import Questions
from resolvers.reading.json_text import Maybe, json_array, json_list
from resolvers.reading.marks import marks_done
from resolvers.reading.plans import Plan
from resolvers.reading.reference import Reference
from resolvers.reading.rows import Row
from resolvers.reading.selections import Selected, Selections
from resolvers.reading.statement import Bind, Frame, Sql, compiled, text_array
from resolvers.reading.viewer import Viewer

__all__ = ["Payload", "Values"]

Values: TypeAlias = Mapping[str, Any]
"""A payload's fields by their Python names: UUIDs and lists of them for rows, plain values for everything else.

Plain objects are mappings by GraphQL names; those of an interface carry `__typename`. They may hold rows in turn, which
cost a statement of their own.
"""
_VALUES = "!values"
"""Where the statement's parameters find the values: no variable can be called so."""
DATA_ERROR = "22"


def _is_row(value: Any) -> bool:
    return isinstance(value, UUID) or (isinstance(value, list) and bool(value) and isinstance(value[0], UUID))


class Payload:
    """Reads the payload of one mutation of a request."""

    def __init__(
        self, catalog: Catalog, viewer: Viewer, operation: Operation, variables: Mapping[str, Any], selected: Selected
    ) -> None:
        mutation = catalog.schema.mutation_type
        assert mutation is not None
        type_ = get_named_type(mutation.fields[selected.name].type)
        assert isinstance(type_, GraphQLObjectType)
        self._catalog = catalog
        self._viewer = viewer
        self._operation = operation
        self._variables = variables
        self._selected = selected
        self._type = type_
        selections = Selections(catalog.schema, operation.document.fragments, Questions(variables))
        self._selections = selections
        self._fields = selections.of(type_, selected.sets)

    def read(
        self, connection: Connection, values: Values, *, careful: bool = True
    ) -> tuple[bytes, list[dict[str, Any]]]:
        """The payload as JSON, and the errors inside it, with their paths from the root.

        `careful`: behind a savepoint, so that the reference can answer what the statement cannot. Otherwise that raises
        psycopg.DataError, and the transaction is over.
        """
        raw: Any = connection.connection.driver_connection
        wanted = [field for field in self._fields if self._is_read(field, values)]
        found: Sequence[bytes] = ()
        plan = Plan(None)
        if wanted:
            shape = tuple((name, type(value).__name__) for name, value in values.items() if _is_row(value))
            key = ("payload", self._selected.key, *self._viewer.kind, shape)
            plan = self._operation.plans.find(key, self._variables, lambda asked: self._compile(asked, values))
            if plan.statement is None:
                return self._by_reference(raw, values)
            bound = {**self._variables, _VALUES: values}
            parameters = plan.statement.parameters(bound, self._viewer)
            try:
                with connection.begin_nested() if careful else nullcontext(), RawCursor(raw) as cursor:
                    cursor.execute(plan.statement.text, parameters)
                    found = _row(cursor)
            except psycopg.Error as error:
                if not careful or not (error.sqlstate or "").startswith(DATA_ERROR):
                    raise
                return self._by_reference(raw, values)
        try:
            return self._assembled(raw, values, dict(zip((field.key for field in wanted), found, strict=True)), plan)
        except Declined:
            return self._by_reference(raw, values)

    def _is_read(self, field: Selected, values: Values) -> bool:
        if field.name == "__typename":
            return False
        name = python_name(self._type.fields[field.name])
        return name == "query" or _is_row(values.get(name))

    # The statement

    def _compiler(self, questions: Questions) -> Compiler:
        return Compiler(
            self._catalog,
            self._operation.document.fragments,
            questions,
            self._viewer.permissions,
            is_platform=self._viewer.is_platform,
            is_customer=self._viewer.is_customer,
        )

    def _compile(self, questions: Questions, values: Values) -> Plan:
        compiler = self._compiler(questions)
        try:
            columns = [
                self._column(compiler, field, values).label(f"part_{number}")
                for number, field in enumerate(compiler.selected(self._type, self._selected.sets))
                if self._is_read(field, values)
            ]
        except Declined:
            return Plan(None)
        return Plan(compiled(select(*columns)), tuple(compiler.marks))

    def _column(self, compiler: Compiler, field: Selected, values: Values) -> Sql:
        definition = self._type.fields[field.name]
        name, named = python_name(definition), get_named_type(definition.type)
        if name == "query":
            assert isinstance(named, GraphQLObjectType)
            return compiler.object(named, field.sets, Row(Frame(None))).text()
        if isinstance(values[name], list):
            return self._rows(compiler, named, field.sets, _ids_of(name))
        id = compiler.binder.bind(_id_of(name), Uuid())
        return self._one(compiler, named, field.sets, id).scalar_subquery()

    @staticmethod
    def _one(compiler: Compiler, named: GraphQLNamedType, sets: Sequence[SelectionSetNode], id: Sql) -> Select[Any]:
        reads = compiler.catalog.reads(named)
        if reads is None:
            raise Declined(f"{named.name} reads no table")
        row, conditions = compiler.reach(reads, Row(Frame(None)))
        value = compiler.item(named, sets, row)
        return row.frame.select(value.text()).where(*conditions, row.columns.id == id).limit(1)

    def _rows(self, compiler: Compiler, named: GraphQLNamedType, sets: Sequence[SelectionSetNode], ids_of: Bind) -> Sql:
        ids = compiler.binder.bind(ids_of, ARRAY(Uuid()))
        wanted = func.unnest(ids).table_valued("id", with_ordinality="position").render_derived(name=compiler.name())
        frame = Frame(wanted)
        value = frame.one(self._one(compiler, named, sets, wanted.c.id), compiler.name())
        items = json_list(Maybe(value).or_null(), wanted.c.position, where=value.is_not(None))
        return json_array(frame.select(items).scalar_subquery()).text()

    # The answer

    def _assembled(
        self, raw: Any, values: Values, found: Mapping[str, bytes | None], plan: Plan
    ) -> tuple[bytes, list[dict[str, Any]]]:
        answer: dict[str, Any] = {}
        errors: list[dict[str, Any]] = []
        for field in self._fields:
            if field.key in found:
                part = found[field.key]
                answer[field.key] = None if part is None else orjson.Fragment(part)
                if plan.marks and part is not None:
                    answer[field.key] = orjson.loads(part)
                    marks_done(answer[field.key], plan.marks, (self._selected.key, field.key), errors)
            elif field.name == "__typename":
                answer[field.key] = self._type.name
            else:
                definition = self._type.fields[field.name]
                value = values.get(python_name(definition))
                inside = _Inside(raw, errors, (self._selected.key, field.key))
                answer[field.key] = self._plain(definition.type, value, field.sets, inside)
        return orjson.dumps(answer), errors

    def _plain(self, type_: GraphQLOutputType, value: Any, sets: Sequence[SelectionSetNode], inside: "_Inside") -> Any:
        nullable: Any = get_nullable_type(type_)
        if value is None:
            return None
        if _is_row(value):
            found = self._read_rows(get_named_type(type_), value if isinstance(value, list) else [value], sets, inside)
            return found if isinstance(value, list) else found[0]
        if is_list_type(nullable):
            return [self._plain(nullable.of_type, item, sets, inside.at(at)) for at, item in enumerate(value)]
        if is_leaf_type(nullable):
            leaf: GraphQLLeafType = nullable
            return leaf.coerce_output_value(value)
        if is_abstract_type(nullable):
            nullable = self._catalog.schema.type_map[value["__typename"]]
        assert isinstance(nullable, GraphQLObjectType)
        return {
            field.key: nullable.name
            if field.name == "__typename"
            else self._plain(nullable.fields[field.name].type, value[field.name], field.sets, inside.at(field.key))
            for field in self._selections.of(nullable, sets)
        }

    def _read_rows(
        self, named: GraphQLNamedType, ids: Sequence[UUID], sets: Sequence[SelectionSetNode], inside: "_Inside"
    ) -> list[Any]:
        """Rows inside a plain object, by a statement of their own, for which no plan is kept. Raises Declined."""
        compiler = self._compiler(Questions(self._variables))
        wanted = self._rows(compiler, named, sets, lambda _variables, _viewer: text_array([str(id) for id in ids]))
        statement = compiled(select(wanted.label("part_0")))
        with RawCursor(inside.raw) as cursor:
            cursor.execute(statement.text, statement.parameters(self._variables, self._viewer))
            (part,) = _row(cursor)
        found: list[Any] = orjson.loads(part)
        marks_done(found, compiler.marks, inside.path, inside.errors)
        return found

    def _by_reference(self, raw: psycopg.Connection[Any], values: Values) -> tuple[bytes, list[dict[str, Any]]]:
        reference = Reference(self._catalog, self._viewer, lambda: raw)
        answer = reference.payload(self._operation, self._variables, self._selected, values)
        if answer.faults:
            raise answer.faults[0]
        formatted = answer.formatted()
        data = formatted["data"] and formatted["data"][self._selected.key]
        return orjson.dumps(data), formatted.get("errors", [])


@dataclass(frozen=True, slots=True)
class _Inside:
    """Where in the payload a plain value is, and what is needed to read the rows in it."""

    raw: Any
    errors: list[dict[str, Any]]
    path: tuple[str | int, ...]

    def at(self, step: str | int) -> "_Inside":
        return _Inside(self.raw, self.errors, (*self.path, step))


def _row(cursor: "RawCursor[Any]") -> list[Any]:
    """The only row, its JSON left undecoded."""
    result = cursor.pgresult
    assert result is not None
    return [result.get_value(0, column) for column in range(result.nfields)]


def _id_of(name: str) -> Bind:
    return lambda variables, _viewer: str(variables[_VALUES][name])


def _ids_of(name: str) -> Bind:
    return lambda variables, _viewer: text_array([str(id) for id in variables[_VALUES][name]])
