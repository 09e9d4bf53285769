"""The public face keeps its promises."""

import re
from pathlib import Path

import pytest
from graphql import (
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    get_named_type,
    parse,
    validate,
)

from resolvers.changing.coercion import PREFIXES, SHAPES
from schema.build import schema, sdl
from schema.descriptions import undescribed

ROOT = Path(__file__).parents[2]
BUILT = schema._schema
MUTATIONS = BUILT.mutation_type.fields if BUILT.mutation_type else {}
INPUTS = [
    type_
    for type_ in BUILT.type_map.values()
    if isinstance(type_, GraphQLInputObjectType) and not type_.name.endswith(("Filter", "Sort"))
]


@pytest.mark.feature("A-08")
def test_the_snapshot_is_what_the_code_says() -> None:
    assert (ROOT / "schema" / "schema.graphql").read_text() == sdl(), "run ./headwater schema --write"


@pytest.mark.feature("A-08")
def test_everything_public_is_described() -> None:
    assert undescribed(schema) == []


def test_there_is_no_json_and_no_float() -> None:
    assert {"JSON", "Float"}.isdisjoint(BUILT.type_map)


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_takes_three_arguments_and_answers_a_nullable_payload(name: str) -> None:
    field = MUTATIONS[name]
    assert list(field.args) == ["input", "dryRun", "idempotencyKey"]
    assert not isinstance(field.type, GraphQLNonNull)
    payload = BUILT.type_map["Payload"]
    assert isinstance(payload, GraphQLInterfaceType)
    assert payload in get_named_type(field.type).interfaces


@pytest.mark.parametrize("type_", INPUTS, ids=str)
def test_the_pipeline_knows_every_id_and_every_object_of_an_input(type_: GraphQLInputObjectType) -> None:
    for field in type_.fields.values():
        named = get_named_type(field.type)
        if named is GraphQLID:
            assert field.extensions["strawberry-definition"].python_name in PREFIXES
        if isinstance(named, GraphQLInputObjectType):
            assert named.name in SHAPES


@pytest.mark.parametrize("type_", INPUTS, ids=str)
def test_no_nullable_input_has_a_default(type_: GraphQLInputObjectType) -> None:
    for name, field in type_.fields.items():
        has_default = field.default is not None
        assert not has_default or isinstance(field.type, GraphQLNonNull), f"{type_.name}.{name}"


def _documents() -> list[str]:
    blocks = re.findall(r"```graphql\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return [*blocks, (ROOT / "server" / "explorer" / "examples.graphql").read_text()]


@pytest.mark.parametrize("document", _documents(), ids=lambda text: text.split("\n")[0][:40])
def test_the_examples_are_valid(document: str) -> None:
    assert validate(BUILT, parse(document)) == []
