"""What of the schema is announced to go, and when: each deprecation's reason says its day."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLSchema,
    ObjectFieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    type_from_ast,
    visit,
)
from graphql.utilities import separate_operations

__all__ = ["FORM", "Deprecation", "Deprecations", "UndatedDeprecation", "dated", "deprecated_elements"]

FORM = "Removed after <day>. <What to use instead>."
"""How a reason reads; the day as 2028-01-01."""
_REASON = re.compile(r"Removed after (\d{4}-\d{2}-\d{2})\. (\S.*\.)", re.DOTALL)


class UndatedDeprecation(ValueError):
    """A reason that does not say when, or not what to use instead."""


@dataclass(frozen=True, slots=True)
class Deprecation:
    """An element of the schema that clients are to leave."""

    coordinate: str
    """Such as `Plan.price`, `Query.plans(before:)`, `OrderState.NEW`."""
    removed_after: date
    """The last day on which it is answered."""


def dated(reason: str) -> date:
    """The day in a reason. Raises UndatedDeprecation for a reason of another form."""
    found = _REASON.fullmatch(reason)
    try:
        return date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise UndatedDeprecation(f"{reason!r} is not of the form {FORM!r}") from None


def deprecated_elements(schema: GraphQLSchema) -> dict[str, str]:
    """Reasons by the coordinates of everything that is deprecated."""
    return {coordinate: reason for coordinate, reason in _elements(schema) if reason is not None}


def _elements(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    for type_ in schema.type_map.values():
        members: Mapping[str, Any] = getattr(type_, "fields", None) or getattr(type_, "values", None) or {}
        for name, member in members.items():
            yield f"{type_.name}.{name}", member.deprecation_reason
            for argument_name, argument in getattr(member, "args", {}).items():
                yield f"{type_.name}.{name}({argument_name}:)", argument.deprecation_reason


class Deprecations:
    """Finds what an operation uses of it. Where nothing is deprecated it does nothing, and is false."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: dict[str, Deprecation] = {}
        for coordinate, reason in deprecated_elements(schema).items():
            # The tests refuse one without a day; a server goes on.
            if _REASON.fullmatch(reason):
                self._known[coordinate] = Deprecation(coordinate, dated(reason))

    def __bool__(self) -> bool:
        return bool(self._known)

    def by_operation(self, document: DocumentNode) -> dict[str, tuple[Deprecation, ...]]:
        """What each operation of a valid document says that is to go; an operation without a name as ""."""
        if not self._known:
            return {}
        found = {}
        for name, part in separate_operations(document).items():
            info = TypeInfo(self._schema)
            said = _Said(info)
            visit(part, TypeInfoVisitor(info, said))
            found[name] = self._among(said.coordinates)
        return found

    def in_variables(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> tuple[Deprecation, ...]:
        """What an operation's variables hold that is to go: input fields and values."""
        if not self._known:
            return ()
        held: set[str] = set()
        for definition in operation.variable_definitions or ():
            type_ = type_from_ast(self._schema, definition.type)
            held.update(_held(type_, variables.get(definition.variable.name.value)))
        return self._among(held)

    def _among(self, coordinates: set[str]) -> tuple[Deprecation, ...]:
        return tuple(self._known[each] for each in sorted(coordinates & self._known.keys()))


class _Said(Visitor):
    """Coordinates of everything that a document names."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.coordinates: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.coordinates.add(f"{self._info.get_parent_type()}.{node.name.value}")

    def enter_argument(self, node: ArgumentNode, _key: Any, _parent: Any, _path: Any, ancestors: Any) -> None:
        field = next((each for each in reversed(ancestors) if hasattr(each, "kind")), None)
        if isinstance(field, FieldNode):
            self.coordinates.add(f"{self._info.get_parent_type()}.{field.name.value}({node.name.value}:)")

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        self.coordinates.add(f"{get_named_type(self._info.get_parent_input_type())}.{node.name.value}")

    def enter_enum_value(self, node: EnumValueNode, *_: Any) -> None:
        self.coordinates.add(f"{get_named_type(self._info.get_input_type())}.{node.value}")


def _held(type_: Any, value: Any) -> Iterator[str]:
    """Coordinates in a variable's value as it was sent, which need not be right."""
    named = get_named_type(type_)
    if isinstance(value, list):
        for item in value:
            yield from _held(named, item)
    elif isinstance(named, GraphQLEnumType) and isinstance(value, str):
        yield f"{named.name}.{value}"
    elif isinstance(named, GraphQLInputObjectType) and isinstance(value, dict):
        for name, item in value.items():
            field = named.fields.get(name)
            if field is not None:
                yield f"{named.name}.{name}"
                yield from _held(field.type, item)
