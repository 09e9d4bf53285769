"""Draws operations from the schema: any fields, any arguments, written out or as variables at any depth."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)
from hypothesis import strategies as st

__all__ = ["Drawn", "operations"]

DEEPEST = 6
WIDEST = 4
MOST_FIELDS = 40
LEAVES: dict[str, Sequence[Any]] = {
    "Int": [0, 1, 2, 3, 7, 200],
    "String": ["Mail A", "Mail", "SU000001", "customer", "0000", "", "seat", "€ ☃", "%", "a'b\\"],
    "Boolean": [True, False],
    "Decimal": ["3.87", "0", "10.0000", "-1", "99999999999999999999"],
    "Date": ["2027-08-20", "2027-08-30", "0001-01-01", "9999-12-31"],
    "DateTime": ["2027-08-20T09:00:00Z", "2027-08-20T11:00:00.5+02:00"],
}
RARELY_PAGED = {"after", "before"}


@dataclass
class Drawn:
    """One operation with its variables."""

    text: str = ""
    variables: dict[str, Any] = field(default_factory=dict)


class _Drawing:
    def __init__(self, draw: Any, schema: GraphQLSchema, ids: Sequence[str]) -> None:
        self._draw = draw
        self._schema = schema
        self._leaves: Mapping[str, Sequence[Any]] = {**LEAVES, "ID": [*ids, "nonsense", "sub_1", "x_" + "0" * 32]}
        self._declared: list[str] = []
        self._variables: dict[str, Any] = {}
        self._names = 0
        self._aliases = 0
        self._fields = 0

    def operation(self) -> Drawn:
        assert self._schema.query_type is not None
        body = self._selection(self._schema.query_type, 1)
        declared = f"({', '.join(self._declared)})" if self._declared else ""
        return Drawn(f"query {declared} {body}", self._variables)

    def _chance(self, one_in: int) -> bool:
        return bool(self._draw(st.integers(0, one_in - 1)) == one_in - 1)

    # Selections

    def _selection(self, type_: GraphQLNamedType, depth: int) -> str:
        parts: list[str] = []
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            usable = [name for name, each in type_.fields.items() if self._fits(each, depth)]
            names = self._draw(st.lists(st.sampled_from(usable), min_size=1, max_size=WIDEST)) if usable else []
            parts = [self._field(name, type_.fields[name], depth) for name in names]
        if is_abstract_type(type_):
            for possible in self._schema.get_possible_types(type_):
                if self._chance(3) and self._fields < MOST_FIELDS:
                    parts.append(f"... on {possible.name} {self._selection(possible, depth)}")
        if not parts or self._chance(6):
            parts.append("__typename")
        if self._chance(8):
            directive = f"@{'include' if self._chance(2) else 'skip'}(if: {self._value_of('Boolean!')})"
            parts = [f"... {directive} {{ {' '.join(parts)} }}", "__typename"]
        return "{ " + " ".join(parts) + " }"

    def _fits(self, definition: GraphQLField, depth: int) -> bool:
        if not is_composite_type(get_named_type(definition.type)):
            return True
        return depth < DEEPEST and self._fields < MOST_FIELDS

    def _field(self, name: str, definition: GraphQLField, depth: int) -> str:
        self._fields += 1
        given = self._arguments(definition.args)
        alias = ""
        if (given or self._chance(6)) and self._aliases < 30:
            self._aliases += 1
            alias = f"a{self._aliases}: "
        elif given:
            return "__typename"
        named = get_named_type(definition.type)
        inner = self._selection(named, depth + 1) if is_composite_type(named) else ""
        # Without arguments two mentions of a field merge, with an alias of its own each stands for itself.
        return f"{alias}{name}{given} {inner}"

    # Arguments

    def _arguments(self, definitions: Mapping[str, GraphQLArgument]) -> str:
        given: dict[str, str] = {}
        for name, definition in definitions.items():
            if name in RARELY_PAGED or (name == "last" and "first" in given):
                continue
            if (is_non_null_type(definition.type) and definition.default is None) or self._chance(3):
                given[name] = self._input(definition.type, 1)
        return f"({', '.join(f'{name}: {value}' for name, value in given.items())})" if given else ""

    def _input(self, type_: GraphQLInputType, depth: int) -> str:
        value = self._value(type_, depth)
        if self._chance(3):
            return self._variable(str(type_), value)
        return self._written(type_, value, depth)

    def _variable(self, type_: str, value: Any) -> str:
        self._names += 1
        name = f"v{self._names}"
        self._declared.append(f"${name}: {type_}")
        if value is not None or type_.endswith("!") or self._chance(2):
            self._variables[name] = value
        return f"${name}"

    def _value_of(self, type_: str) -> str:
        value = self._draw(st.sampled_from(self._leaves[type_.rstrip("!")]))
        return self._variable(type_, value) if self._chance(2) else json.dumps(value)

    def _value(self, type_: GraphQLInputType, depth: int) -> Any:
        nullable: Any = get_nullable_type(type_)
        if nullable is type_ and self._chance(8):
            return None
        if is_list_type(nullable):
            return [self._value(nullable.of_type, depth) for _ in range(self._draw(st.integers(0, 3)))]
        if is_enum_type(nullable):
            return self._draw(st.sampled_from(sorted(nullable.values)))
        if is_input_object_type(nullable):
            return self._object(nullable, depth)
        return self._draw(st.sampled_from(self._leaves[nullable.name]))

    def _object(self, type_: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        fields = {name: each for name, each in type_.fields.items() if depth < 3 or name not in {"and", "or", "not"}}
        needed = [name for name, each in fields.items() if is_non_null_type(each.type) and each.default is None]
        chosen = self._draw(st.lists(st.sampled_from(sorted(fields)), max_size=2, unique=True))
        return {name: self._value(fields[name].type, depth + 1) for name in dict.fromkeys([*needed, *chosen])}

    def _written(self, type_: GraphQLInputType, value: Any, depth: int) -> str:
        nullable: Any = get_nullable_type(type_)
        if value is None:
            return "null"
        if isinstance(nullable, GraphQLEnumType):
            return str(value)
        if is_list_type(nullable):
            return "[" + ", ".join(self._inner(nullable.of_type, item, depth) for item in value) + "]"
        if is_input_object_type(nullable):
            members = (
                f"{name}: {self._inner(nullable.fields[name].type, item, depth)}" for name, item in value.items()
            )
            return "{" + ", ".join(members) + "}"
        return json.dumps(value)

    def _inner(self, type_: GraphQLInputType, value: Any, depth: int) -> str:
        return self._variable(str(type_), value) if self._chance(4) else self._written(type_, value, depth)


@st.composite
def operations(draw: st.DrawFn, schema: GraphQLSchema, ids: Sequence[str]) -> Drawn:
    """An operation that is valid, but for what validation alone can tell."""
    return _Drawing(draw, schema, ids).operation()
