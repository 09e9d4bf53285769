"""Whatever is sent, the answer says what is wrong with it: no input of any mutation ends in a masked fault."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull
from hypothesis import HealthCheck, Phase, given, settings

from tenancy.messages import speaking
from tests.changing.documents import MUTATIONS, document_of, input_type_of
from tests.changing.hostile import Hostile, texts
from tests.changing.samples import SAMPLES
from tests.changing.world import World
from tests.pseudo import PSEUDO, is_pseudo, speakable


@pytest.fixture(scope="module", autouse=True)
def pseudo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """All of this is told in a language of the tests' own."""
    with speakable(tmp_path_factory.mktemp("languages")):
        yield


every_mutation = pytest.mark.parametrize("mutation", sorted(MUTATIONS))


def hostile(examples: int) -> settings:
    """So many inputs, new ones in every run."""
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@every_mutation
def test_no_input_ends_in_a_masked_fault(unchanged_world: World, mutation: str) -> None:
    attack(unchanged_world, mutation, 50)


@pytest.mark.slow
@every_mutation
def test_no_input_of_two_thousand_ends_in_a_masked_fault(unchanged_world: World, mutation: str) -> None:
    attack(unchanged_world, mutation, 2_000)


def attack(world: World, mutation: str, examples: int) -> None:
    """Send so many bad inputs, keeping nothing, and read every answer."""
    sample, type_ = SAMPLES[mutation], input_type_of(mutation)
    document = document_of(mutation, 1)

    @hostile(examples)
    @given(input=Hostile(type_, sample.input(world), world.ids).inputs())
    def holds(input: dict[str, Any]) -> None:
        with speaking(PSEUDO):
            body = world.send(sample.who, document, {"input": input, "dry": True})
        assert b"Internal error" not in body, body
        answer = json.loads(body)
        if answer.get("data"):
            for error in answer["data"]["done"]["errors"]:
                assert leads_into(type_, error["path"]), error
                assert is_pseudo(error["message"]), error

    holds()
    world.forget_attempts()


@hostile(150)
@given(key=texts())
def test_no_key_ends_in_a_masked_fault(unchanged_world: World, key: str) -> None:
    sample = SAMPLES["createAccount"]
    input = {**sample.input(unchanged_world), "name": ""}
    payload = unchanged_world.call(sample.who, "createAccount", input, key=key)
    assert [error["code"] for error in payload["errors"]] == ["INVALID_INPUT"]


def leads_into(type_: Any, path: list[str]) -> bool:
    """Whether a refusal's path names a place of the input."""
    for step in path:
        type_ = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(type_, GraphQLList):
            if not step.isdecimal():
                return False
            type_ = type_.of_type
        elif isinstance(type_, GraphQLInputObjectType) and step in type_.fields:
            type_ = type_.fields[step].type
        else:
            return False
    return True
