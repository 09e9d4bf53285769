"""Questions made from the schema: each with something that belongs to others, and the same with something unknown.

Whatever takes an id, a filter, a search or a cursor, at any depth, is found here by its type. An argument of a kind
that is not known here stops the test: somebody has to say how it is to be asked.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
    is_input_object_type,
    is_leaf_type,
    is_non_null_type,
    is_object_type,
)
from graphql.pyutils import Undefined

from db import ids
from resolvers.reading.catalog import Catalog

__all__ = ["Asked", "Place", "argument_kind", "deep", "id_leaves", "moved_cursor", "places", "unknown_like"]

HARMLESS = {"first", "last", "limit", "sort", "scope"}
"""Arguments that name no row. What may be sorted by is looked at on its own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A field that takes arguments, and how one gets there: from the root, or from a row of its type."""

    type_name: str
    field_name: str
    field: GraphQLField
    at_root: bool

    @property
    def name(self) -> str:
        return f"{self.type_name}.{self.field_name}"

    def document(self, given: str, declared: str, below: str) -> str:
        """A query of the field with `given` as its arguments. A nested one is asked of the row `$own`."""
        asked = f"{self.field_name}({given}) {below}" if given else f"{self.field_name} {below}"
        if self.at_root:
            return f"query ({declared}) {{ asked: {asked} }}" if declared else f"{{ asked: {asked} }}"
        declared = f"$own: ID!, {declared}" if declared else "$own: ID!"
        return f"query ({declared}) {{ node(id: $own) {{ ... on {self.type_name} {{ asked: {asked} }} }} }}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with foreign things, and the same with unknown ones."""

    what: str
    document: str
    foreign: dict[str, Any]
    unknown: dict[str, Any]


def places(schema: GraphQLSchema) -> Iterator[Place]:
    """Every field with arguments that a reader may ask of."""
    roots = {schema.query_type, schema.mutation_type}
    for type_ in schema.type_map.values():
        if type_.name.startswith("__") or not is_object_type(type_) or type_ is schema.mutation_type:
            continue
        for name, field in type_.fields.items():
            if field.args:
                yield Place(type_.name, name, field, at_root=type_ in roots)


def argument_kind(name: str, type_: Any) -> str:
    """How an argument is asked with something foreign. Raises LookupError for one that nobody has thought of."""
    named = get_named_type(type_)
    if named.name == "ID":
        return "id"
    if is_input_object_type(named) and named.name.endswith("Filter"):
        return "filter"
    if name in {"after", "before"} and named.name == "String":
        return "cursor"
    if name == "search" and named.name == "String":
        return "search"
    if name in HARMLESS:
        return "harmless"
    raise LookupError(f"nobody says how the argument {name}: {type_} is asked with what belongs to others")


def unknown_like(public: str) -> str:
    """An id of the same kind that nothing has."""
    prefix, _, _ = public.partition("_")
    return ids.encode(prefix, ids.uuid7())


def moved_cursor(cursor: str) -> str:
    """The cursor of a row that is not there, right beside the one of this cursor."""
    given = json.loads(base64.b64decode(cursor))
    last = given[-1]
    given[-1] = last[:-1] + ("0" if last[-1] != "0" else "1")
    return base64.b64encode(json.dumps(given, separators=(",", ":")).encode()).decode()


def id_leaves(type_: GraphQLInputObjectType, value: Any, *path: Any) -> Iterator[tuple[tuple[Any, ...], str, str]]:
    """Every id in an input: where it is, the coordinate of its field, itself."""
    for name, field in type_.fields.items():
        if not isinstance(value, dict) or value.get(name) is None:
            continue
        named = get_named_type(field.type)
        items: Sequence[Any] = value[name] if isinstance(value[name], list) else [value[name]]
        for position, item in enumerate(items):
            here = (*path, name, position) if isinstance(value[name], list) else (*path, name)
            if named.name == "ID":
                yield here, f"{type_.name}.{name}", item
            elif isinstance(named, GraphQLInputObjectType):
                yield from id_leaves(named, item, *here)


def deep(catalog: Catalog, type_: GraphQLNamedType, depth: int, *, rows: int = 3) -> str:
    """Everything that a type shows, so deep: fields without required arguments, first rows of lists."""
    if isinstance(type_, GraphQLUnionType) or (is_abstract_type(type_) and type_.name in {"Node", "Actor"}):
        return "{ __typename }" if type_.name != "Node" else "{ __typename id }"
    assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    parts = ["__typename"]
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        if any(is_non_null_type(each.type) and each.default_value is Undefined for each in field.args.values()):
            continue
        if is_leaf_type(named):
            parts.append(name)
        elif depth > 0:
            given = [f"first: {rows}"] if "first" in field.args else []
            given += ["scope: ALL"] if "scope" in field.args else []
            below = deep(catalog, named, depth - (0 if named.name.endswith(("Connection", "Edge")) else 1), rows=rows)
            if named.name.endswith("Connection"):
                node = get_named_type(named.fields["nodes"].type)
                below = f"{{ nodes {deep(catalog, node, depth - 1, rows=rows)} totalCount {{ value }} }}"
            parts.append(f"{name}({', '.join(given)}) {below}" if given else f"{name} {below}")
    return "{ " + " ".join(parts) + " }"
