"""What every mutation of the schema does alike: found in the schema, so that a new one is held to it at once."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from resolvers.changing.calls import declaration_of
from tests.changing.documents import KEYED, MUTATIONS, input_type_of
from tests.changing.samples import SAMPLES
from tests.changing.world import Row, World

every_mutation = pytest.mark.parametrize("mutation", sorted(MUTATIONS))
every_keyed_mutation = pytest.mark.parametrize("mutation", KEYED)


def test_every_mutation_has_a_sample() -> None:
    assert sorted(SAMPLES) == sorted(MUTATIONS)


@every_mutation
@pytest.mark.feature("B-11")
def test_a_dry_run_keeps_nothing_and_answers_what_the_real_run_answers(world: World, mutation: str) -> None:
    # given
    sample = SAMPLES[mutation]
    before = world.digest()
    # when
    tried = world.call(sample.who, mutation, sample.input(world), dry=True, key="k-1")
    after = world.digest()
    done = world.call(sample.who, mutation, sample.input(world), key="k-1")
    # then
    assert done["errors"] == []
    assert after == before
    assert world.digest() != before
    for payload in (tried, done):
        payload.pop("impact", None)  # a dry run foretells, the real one does not
    assert _without_chance(tried, world.ids) == _without_chance(done, world.ids)


@every_keyed_mutation
@pytest.mark.feature("A-07")
def test_the_same_key_does_it_once(world: World, mutation: str) -> None:
    # given
    sample = SAMPLES[mutation]
    input = sample.input(world)
    first = world.call(sample.who, mutation, input, key="k-1")
    done = world.digest()
    # when
    again = world.call(sample.who, mutation, input, key="k-1")
    other = world.call(sample.who, mutation, {**input, **sample.other}, key="k-1")
    # then
    assert (first["errors"], first["replayed"], again["errors"], again["replayed"]) == ([], False, [], True)
    assert [error["code"] for error in other["errors"]] == ["IDEMPOTENCY_MISMATCH"]
    assert world.digest() == done
    secrets = {name for name, value in first.items() if isinstance(value, str) and value.startswith("hw_")}
    assert {name: again[name] for name in secrets} == dict.fromkeys(secrets)
    of_call = {"replayed", *secrets}
    assert {name: again[name] for name in again if name not in of_call} == {
        name: first[name] for name in first if name not in of_call
    }


@every_keyed_mutation
@pytest.mark.feature("A-07")
def test_a_refused_call_keeps_neither_key_nor_anything_else(world: World, mutation: str) -> None:
    # given
    sample = SAMPLES[mutation]
    input = sample.input(world)
    before = world.digest()
    # when
    refused = world.call(sample.who, mutation, {**input, **sample.refused}, key="k-1")
    after = world.digest()
    done = world.call(sample.who, mutation, input, key="k-1")
    # then
    assert len(refused["errors"]) == 1
    assert after == before
    assert (done["errors"], done["replayed"]) == ([], False)


@every_mutation
def test_what_is_secret_in_an_input_is_declared_so(mutation: str) -> None:
    found = {name for name in input_type_of(mutation).fields if re.search(r"password$|token$", name, re.IGNORECASE)}
    assert found <= declaration_of(MUTATIONS[mutation]).secrets


def test_nothing_secret_is_recorded_of_an_input() -> None:
    declaration = declaration_of(MUTATIONS["changePassword"])
    input = {"currentPassword": "correct horse", "newPassword": "battery staple"}
    assert declaration.without_secrets(input) == {"currentPassword": "…", "newPassword": "…"}


def test_mutations_that_hand_out_secrets_are_known(unchanged_world: World) -> None:
    found = {
        mutation
        for mutation, sample in SAMPLES.items()
        if "hw_" in str(unchanged_world.call(sample.who, mutation, sample.input(unchanged_world), dry=True))
    }
    assert found == {
        "createDistributor",
        "createReseller",
        "createManager",
        "createToken",
        "createUserToken",
        "acceptInvitation",
        "signIn",
        "refreshSession",
    }


_ID = re.compile(r"\b[a-z]{3}_[0-9a-f]{32}\b")
_TODAY = re.compile(r"\b202[5-6]-\d\d-\d\dT[0-9:.]+(\+00:00|Z)")
_FROM_SEQUENCE = re.compile(r"\bD\d+\b")
_SECRET = re.compile(r"\bhw_[\w-]+")


def _without_chance(value: Any, known: Mapping[str, str]) -> Any:
    """The payload with what no two runs have alike left out: new ids, secrets, a distributor's number, real time."""
    if isinstance(value, dict):
        return {name: _without_chance(each, known) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_chance(each, known) for each in value]
    if not isinstance(value, str):
        return value
    of_before = set(known.values())
    value = _ID.sub(lambda found: found[0] if found[0] in of_before else "id", value)
    for chance in (_TODAY, _FROM_SEQUENCE, _SECRET):
        value = chance.sub("…", value)
    return value


def test_what_a_payload_is_compared_by() -> None:
    row: Row = {"id": "acc_" + "0" * 32, "number": "AC000001", "at": "2026-11-22T09:00:00+00:00"}
    assert _without_chance(row, {}) == {"id": "id", "number": "AC000001", "at": "…"}
