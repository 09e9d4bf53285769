"""Operations made from the schema: one mutation each, asking for everything its payload holds nearby."""

from functools import cache

from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
)
from graphql.pyutils import Undefined

from resolvers.changing.calls import declaration_of
from schema.build import schema

__all__ = ["KEYED", "MUTATIONS", "document_of", "input_type_of"]

GRAPHQL = schema._schema
assert GRAPHQL.mutation_type is not None
MUTATIONS: dict[str, GraphQLField] = dict(GRAPHQL.mutation_type.fields)
"""Every mutation of the schema, by its name."""
KEYED = sorted(name for name, field in MUTATIONS.items() if declaration_of(field).keeps_keys)
"""Those that remember an idempotencyKey."""

DEPTH = 3
"""Objects below a payload."""
WORLD = """query { viewer { tenant { name } } accounts(scope: ALL) { totalCount { value } }
  subscriptions(scope: ALL) { totalCount { value } } plans(scope: ALL) { totalCount { value } }
  payments(scope: ALL) { totalCount { value } } charges(scope: ALL) { totalCount { value } } }"""


def input_type_of(mutation: str) -> GraphQLInputObjectType:
    """What a mutation takes."""
    found = get_named_type(MUTATIONS[mutation].args["input"].type)
    assert isinstance(found, GraphQLInputObjectType)
    return found


@cache
def document_of(mutation: str, depth: int = DEPTH) -> str:
    """The mutation, answered under `done`. Variables: `input`, `dry`, `key`."""
    payload = get_named_type(MUTATIONS[mutation].type)
    assert isinstance(payload, GraphQLObjectType)
    fields = []
    for name, field in payload.fields.items():
        if name == "errors":
            fields.append("errors { kind code message path }")
        elif name == "query":
            fields += [WORLD] if depth > 1 else []
        else:
            fields.append(_selected(name, field, depth))
    return (
        f"mutation ($input: {input_type_of(mutation).name}!, $dry: Boolean! = false, $key: String) {{"
        f" done: {mutation}(input: $input, dryRun: $dry, idempotencyKey: $key) {{ {' '.join(fields)} }} }}"
    )


def _selected(name: str, field: GraphQLField, depth: int) -> str:
    """The field with what is below it; empty where that needs arguments or goes too deep."""
    type_ = get_named_type(field.type)
    if any(is_non_null_type(each.type) and each.default_value is Undefined for each in field.args.values()):
        return ""
    if is_leaf_type(type_):
        return name
    if depth == 0 or type_.name.endswith("Connection"):
        return ""
    below = _fields(type_, depth - 1)
    return f"{name} {{ {below} }}" if below else ""


def _fields(type_: GraphQLNamedType, depth: int) -> str:
    if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        return "__typename"
    found = (_selected(name, field, depth) for name, field in type_.fields.items())
    return " ".join(each for each in found if each)
