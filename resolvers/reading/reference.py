"""The same declarations, evaluated one by one under graphql-core: slow, obvious, and what the compiler is held against.

It also answers what the compiler declines: introspection, and operations where null must travel upwards. It leans on
row-level security alone; the compiler binds the same ranges besides.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import strawberry
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLField,
    GraphQLNamedType,
    GraphQLResolveInfo,
    MiddlewareManager,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    default_field_resolver,
    default_type_resolver,
    execute_sync,
    get_named_type,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.executor import Executor
from graphql.execution.values import VariableValues

from resolvers.reading.catalog import Catalog, definition, python_name
from resolvers.reading.documents import Operation
from resolvers.reading.evaluating import Evaluator, Item, forbidden
from resolvers.reading.inputs import Argument, Questions
from resolvers.reading.rows import Row
from resolvers.reading.selections import Selected
from resolvers.reading.statement import Frame
from resolvers.reading.viewer import Viewer

__all__ = ["Answer", "Reference"]

_CONSTANTS = Questions({})


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes to the client, and the faults it must not see."""

    result: ExecutionResult
    faults: tuple[BaseException, ...] = ()

    def formatted(self, request_id: str | None = None) -> dict[str, Any]:
        """The response, faults masked."""
        response: dict[str, Any] = {"data": self.result.data}
        if self.result.errors:
            response["errors"] = [_masked(error, request_id) for error in self.result.errors]
        return response


def _answer(result: ExecutionResult) -> Answer:
    faults = [error.original_error for error in result.errors or ()]
    return Answer(result, tuple(each for each in faults if each and not isinstance(each, GraphQLError)))


def _masked(error: GraphQLError, request_id: str | None) -> Mapping[str, Any]:
    if error.original_error is None or isinstance(error.original_error, GraphQLError):
        return error.formatted
    extensions = {"code": "INTERNAL"} if request_id is None else {"code": "INTERNAL", "requestId": request_id}
    return {**error.formatted, "message": "Internal error", "extensions": extensions}


class Members(dict[str, Any]):
    """A plain object's members; unlike a dict it can be marked with its type."""


class Reference:
    """Answers operations for one viewer on a connection of its own."""

    def __init__(self, catalog: Catalog, viewer: Viewer, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        self._catalog = catalog
        self._viewer = viewer
        self._evaluator = Evaluator(catalog, viewer, connect)

    def answer(self, operation: Operation, variables: Mapping[str, Any]) -> Answer:
        """Run a query on a connection of its own, closed at the end."""
        try:
            return self._on_schema(operation, variables)
        finally:
            self._evaluator.close()

    def payload(
        self, operation: Operation, variables: Mapping[str, Any], selected: Selected, values: Mapping[str, Any]
    ) -> Answer:
        """What a mutation answers with, once it is done: its field alone, on the connection of its transaction."""
        alone = SelectionSetNode(selections=selected.nodes)
        node = OperationDefinitionNode(operation=OperationType.MUTATION, selection_set=alone)
        fragments = operation.document.fragments
        executor: Executor[Any] = Executor(
            self._catalog.schema,
            fragments,
            {name: FragmentDetails(fragment, None) for name, fragment in fragments.items()},
            {selected.name: values},
            None,
            node,
            VariableValues({}, dict(variables)),
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            middleware_manager=MiddlewareManager(self),
        )
        result = executor.execute_operation()
        assert isinstance(result, ExecutionResult)
        return _answer(result)

    def _on_schema(self, operation: Operation, variables: Mapping[str, Any]) -> Answer:
        result = execute_sync(
            self._catalog.schema,
            operation.document.node,
            root_value=Item(Row(Frame(None))),
            variable_values=dict(variables),
            operation_name=operation.name,
            middleware=[self],
        )
        return _answer(result)

    def resolve(self, inner: Any, source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
        """Resolve one field by its declaration. Introspection and lists' own objects know their values themselves."""
        if info.field_name.startswith("__") or info.parent_type.name.startswith("__"):
            return inner(source, info, **given)
        field = info.parent_type.fields[info.field_name]
        declaration = self._catalog.declaration(field)
        if isinstance(source, Mapping):
            return self._member(source, field, info.field_name, given)
        if declaration is None:
            return inner(source, info, **given)
        if declaration.needs is not None and declaration.needs not in self._viewer.permissions:
            raise forbidden(declaration.needs)
        arguments = {name: Argument.constant(_CONSTANTS, value) for name, value in given.items()}
        return self._evaluator.value(
            declaration, field, source, {key: each for key, each in arguments.items() if each.given}
        )

    def _member(self, source: Mapping[str, Any], field: GraphQLField, name: str, given: Mapping[str, Any]) -> Any:
        """A member of a connection, of a payload, or of a plain object in one."""
        value = source.get(python_name(field), source.get(name))
        if callable(value):
            return value(given["limit"])
        if isinstance(value, UUID):
            return self._evaluator.by_uuid(get_named_type(field.type), value)
        if isinstance(value, list) and value and isinstance(value[0], UUID):
            found = [self._evaluator.by_uuid(get_named_type(field.type), each) for each in value]
            return [item for item in found if item is not None]
        if name == "query":
            return Item(Row(Frame(None)))
        named = get_named_type(field.type)
        return [self._plain(named, each) for each in value] if isinstance(value, list) else self._plain(named, value)

    def _plain(self, named: GraphQLNamedType, value: Any) -> Any:
        """A plain object, marked with its type where the schema would ask for it."""
        if not isinstance(value, Mapping) or isinstance(value, Members):
            return value
        type_ = self._catalog.schema.type_map[value.get("__typename", named.name)]
        return strawberry.cast(definition(type_).origin, Members(value))
