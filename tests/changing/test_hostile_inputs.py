"""Whatever is sent, the answer says what is wrong with it: no input of any mutation ends in a masked fault."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from resolvers.changing import pipeline
from resolvers.reading import NotProven
from tenancy.messages import speaking
from tests.changing.documents import MUTATIONS, document_of, input_type_of
from tests.changing.hostile import Hostile, texts
from tests.changing.samples import SAMPLES
from tests.changing.world import ROLES, World
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
    attack(unchanged_world, mutation, 30, dry=True)


@every_mutation
def test_no_input_that_is_meant_ends_in_a_masked_fault(
    world: World, mutation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "LONGEST_WAIT", 0)  # nobody works here
    attack(world, mutation, 20, dry=False)


@pytest.mark.slow
@every_mutation
def test_no_input_of_a_thousand_ends_in_a_masked_fault(unchanged_world: World, mutation: str) -> None:
    attack(unchanged_world, mutation, 1_000, dry=True)


@pytest.mark.slow
@every_mutation
def test_no_input_of_a_thousand_that_are_meant_ends_in_a_masked_fault(
    world: World, mutation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "LONGEST_WAIT", 0)
    attack(world, mutation, 1_000, dry=False)


def attack(world: World, mutation: str, examples: int, *, dry: bool) -> None:
    """Send so many bad inputs, as the one of the sample and as managers of each role, and read every answer."""
    sample, type_ = SAMPLES[mutation], input_type_of(mutation)
    document = document_of(mutation, 1)
    tenant = "child" if sample.who in {"child", "reseller"} else "distributor"
    people = [sample.who] * len(ROLES) + [f"{tenant} {role}" for role in ROLES]

    @hostile(examples)
    @given(who=st.sampled_from(people), input=Hostile(type_, sample.input(world), world.ids).inputs())
    def holds(who: str, input: dict[str, Any]) -> None:
        with speaking(PSEUDO):
            body = sent(world, who, document, {"input": input, "dry": dry})
        assert b"Internal error" not in body, body
        answer = json.loads(body)
        if answer.get("data"):
            for error in answer["data"]["done"]["errors"]:
                assert leads_into(type_, error["path"]), error
                assert is_pseudo(error["message"]), error

    holds()
    world.forget_attempts()


def sent(world: World, who: str, document: str, variables: dict[str, Any]) -> bytes:
    """The answer; where an earlier call has moved who asks, he is looked up again, as for a request."""
    try:
        return world.send(who, document, variables)
    except NotProven:
        world.known.clear()
        return world.send(who, document, variables)


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
