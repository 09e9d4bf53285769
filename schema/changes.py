"""How the schema may change: what was released stays, until a day announced twelve months ahead has passed."""

from collections.abc import Iterator
from datetime import date
from enum import Enum
from typing import Any

from graphql import (
    REMOVE,
    DirectiveNode,
    DocumentNode,
    GraphQLEnumType,
    GraphQLNamedType,
    GraphQLSchema,
    Node,
    TypeDefinitionNode,
    Visitor,
    build_ast_schema,
    build_schema,
    get_named_type,
    is_interface_type,
    is_introspection_type,
    is_object_type,
    parse,
    print_ast,
    visit,
)
from graphql.utilities.find_schema_changes import BreakingChangeType, DangerousChangeType, find_schema_changes

from resolvers.reading.deprecations import UndatedDeprecation, dated, deprecated_elements

__all__ = ["refused_changes", "refused_deprecations"]

REMOVAL_DAYS = {(1, 1), (7, 1)}
"""Month and day of the removals of a year."""

_HARMLESS = {
    DangerousChangeType.VALUE_ADDED_TO_ENUM,  # closed ones are looked at apart
    DangerousChangeType.OPTIONAL_ARG_ADDED,
    DangerousChangeType.OPTIONAL_INPUT_FIELD_ADDED,
    # Clients are told to expect new types behind an interface or union, as they are told of @open enums.
    DangerousChangeType.IMPLEMENTED_INTERFACE_ADDED,
    DangerousChangeType.TYPE_ADDED_TO_UNION,
}


def refused_changes(released: str, current: str, today: date) -> list[str]:
    """What of the change from one schema to the next clients were not told of in time; both in SDL.

    Removals are allowed of what was released with a deprecation whose day has passed, and of types that nothing leads
    to but that. Refused besides what breaks a query: a value for a closed enum, an enum that becomes open, another
    default, and a field that needs a permission which it did not need.
    """
    before = _without_lapsed(parse(released), today)
    after = build_schema(current)
    found = [change.description for change in find_schema_changes(before, after) if _breaks(change.type)]
    return [*found, *_reopened_enums(before, after), *_newly_guarded(before, after)]


def _breaks(kind: Enum) -> bool:
    return isinstance(kind, BreakingChangeType | DangerousChangeType) and kind not in _HARMLESS


def refused_deprecations(released: str, current: str, today: date) -> list[str]:
    """Which deprecations do not say when, or leave clients too little time; both schemas in SDL.

    A day is 1 January or 1 July. One that is new, or earlier than it was released with, is twelve months from today.
    """
    announced = deprecated_elements(build_schema(released))
    found = []
    for coordinate, reason in deprecated_elements(build_schema(current)).items():
        try:
            day = dated(reason)
            told = dated(announced[coordinate]) if coordinate in announced else None
        except UndatedDeprecation as wrong:
            found.append(f"{coordinate}: {wrong}")
            continue
        if (day.month, day.day) not in REMOVAL_DAYS:
            found.append(f"{coordinate}: {day} is neither 1 January nor 1 July")
        kept = told is not None and day >= told
        if not kept and (day.year, day.month, day.day) < (today.year + 1, today.month, today.day):
            found.append(f"{coordinate}: {day} is less than twelve months ahead")
    return found


def _without_lapsed(document: DocumentNode, today: date) -> GraphQLSchema:
    """The schema without what may be gone by now."""
    rest: DocumentNode = visit(document, _Lapsed(today))
    whole, pruned = build_ast_schema(document), build_ast_schema(rest, assume_valid=True)
    reached = _reached(whole)
    # A type that only `node(id:)` gave before is a beginning too: what it mentions stays.
    beginnings = pruned.type_map.keys() - reached
    rest = visit(rest, _Without(reached - _reached(pruned, *beginnings)))
    return build_ast_schema(rest, assume_valid=True)


class _Lapsed(Visitor):
    """Takes out elements whose day has passed."""

    def __init__(self, today: date) -> None:
        super().__init__()
        self._today = today

    def enter(self, node: Node, *_: Any) -> Any:
        for directive in getattr(node, "directives", None) or ():
            if directive.name.value == "deprecated" and self._has_lapsed(directive):
                return REMOVE
        return None

    def _has_lapsed(self, directive: DirectiveNode) -> bool:
        reasons = [argument.value for argument in directive.arguments or () if argument.name.value == "reason"]
        try:
            return dated(getattr(reasons[0], "value", "") if reasons else "") < self._today
        except UndatedDeprecation:
            return False


class _Without(Visitor):
    """Takes out types that nothing mentions any more."""

    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self._names = names

    def enter(self, node: Node, *_: Any) -> Any:
        return REMOVE if isinstance(node, TypeDefinitionNode) and node.name.value in self._names else None


def _reached(schema: GraphQLSchema, *beginnings: str) -> set[str]:
    """Names of the types that a client comes to from the roots and beginnings. `node(id:)` alone promises no type."""
    found: set[str] = set()
    roots = [root for root in (schema.query_type, schema.mutation_type) if root is not None]
    open_: list[GraphQLNamedType] = [*roots, *(schema.type_map[name] for name in beginnings)]
    while open_:
        type_ = open_.pop()
        if type_.name not in found:
            found.add(type_.name)
            open_ += _next(schema, type_)
    return found


def _next(schema: GraphQLSchema, type_: GraphQLNamedType) -> Iterator[GraphQLNamedType]:
    for field in getattr(type_, "fields", {}).values():
        yield get_named_type(field.type)
        for argument in getattr(field, "args", {}).values():
            yield get_named_type(argument.type)
    yield from getattr(type_, "interfaces", ())
    yield from getattr(type_, "types", ())
    if is_interface_type(type_) and type_.name != "Node":
        yield from schema.get_implementations(type_).objects


def _directive(node: Any, name: str) -> str | None:
    """A directive as it is written on an element."""
    written = (each for each in getattr(node, "directives", None) or () if each.name.value == name)
    return next(map(print_ast, written), None)


def _reopened_enums(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[str]:
    """Of enums that are answered; those only asked with, such as sort fields, may grow."""
    objects = [type_ for type_ in after.type_map.values() if is_object_type(type_) or is_interface_type(type_)]
    answered = {get_named_type(field.type).name for type_ in objects for field in type_.fields.values()}
    for name, old in before.type_map.items():
        new = after.type_map.get(name)
        if not isinstance(old, GraphQLEnumType) or not isinstance(new, GraphQLEnumType) or is_introspection_type(old):
            continue
        if name not in answered or _directive(old.ast_node, "open") is not None:
            continue
        if _directive(new.ast_node, "open") is not None:
            yield f"Enum {name} was closed and is open."
        for value in sorted(new.values.keys() - old.values.keys()):
            yield f"Enum value {name}.{value} was added to a closed enum."


def _newly_guarded(before: GraphQLSchema, after: GraphQLSchema) -> Iterator[str]:
    for name, old in before.type_map.items():
        fields = getattr(after.type_map.get(name), "fields", {})
        for field_name, old_field in getattr(old, "fields", {}).items():
            new = _directive(getattr(fields.get(field_name), "ast_node", None), "requires")
            if new is not None and new != _directive(old_field.ast_node, "requires"):
                yield f"Field {name}.{field_name} needs another permission: {new}."
