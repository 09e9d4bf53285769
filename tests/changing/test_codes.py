"""The codes that a mutation's description tells of are those that it answers: none is missing, none is made up.

That none is missing is held by every test (`codes_in_descriptions` in `tests/conftest.py`); here, that none is made up.
"""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull

from db import ids
from resolvers.changing.declaration import codes_told
from tests.changing.documents import MUTATIONS, input_type_of
from tests.changing.provocations import PROVOCATIONS, UNPROVOKED
from tests.changing.samples import SAMPLES, UNKNOWN
from tests.changing.world import Row, World

WRONG = {
    "String": "\u0007",
    "String!": "\u0007",
    "Decimal": "0.00001",
    "[QuantityInput!]": [{"resourceKey": "none", "quantity": "1"}],
    "[QuantityInput!]!": [{"resourceKey": "none", "quantity": "1"}],
}
"""What no field of the type takes."""
OTHERS = ("child", "reseller", "distributor")
"""Who tries besides the one of the sample."""


@pytest.mark.feature("A-05")
@pytest.mark.parametrize("mutation", sorted(MUTATIONS))
def test_every_code_told_is_answered_to_somebody(unchanged_world: World, mutation: str) -> None:
    told = {code.value for code in codes_told(MUTATIONS[mutation].description or "")}
    found = {code for name, code in UNPROVOKED if name == mutation}
    for who, input in attempts(unchanged_world, mutation):
        payload = unchanged_world.call(who, mutation, input, dry=True)
        found |= {error["code"] for error in payload["errors"]}
        if told <= found:
            break
    assert sorted(told - found) == [], mutation


def test_codes_are_read_from_the_end_of_a_description() -> None:
    text = "Let TIME pass. Codes: INVALID_INPUT (an earlier time, or too far), INVALID_STATE (NO_SANDBOX)."
    assert codes_told(text) == {"INVALID_INPUT", "INVALID_STATE"}
    assert codes_told("Says nothing of INVALID_INPUT.") == frozenset()


def attempts(world: World, mutation: str) -> Iterator[tuple[str, Row]]:
    """Calls that are probably refused: who sends what."""
    sample = SAMPLES[mutation]
    input = sample.input(world)
    yield sample.who, {**input, **sample.refused}
    for more in PROVOCATIONS.get(mutation, ()):
        yield more.who, {**input, **more.make(world.ids)}
    for who in dict.fromkeys((sample.who, *OTHERS)):
        yield who, input
        for spoilt in varied(input_type_of(mutation), input, world):
            yield who, spoilt


def varied(type_: Any, value: Any, world: World) -> Iterator[Any]:
    """The value with one place changed: another id, an old version, another price or currency."""
    type_ = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(type_, GraphQLList):
        for at, item in enumerate(value):
            for other in varied(type_.of_type, item, world):
                yield [*value[:at], other, *value[at + 1 :]]
    elif isinstance(type_, GraphQLInputObjectType):
        if type_.name == "MoneyInput":
            yield {"amount": "1.00", "currency": "EUR"}
            yield {"amount": value["amount"], "currency": "USD"}
        if "ifVersion" in type_.fields:
            yield {**value, "ifVersion": 99}
        for name, field in type_.fields.items():
            if str(field.type) in WRONG:
                yield {**value, name: WRONG[str(field.type)]}
            for other in varied(field.type, value[name], world) if name in value else ():
                yield {**copy.deepcopy(value), name: other}
    elif getattr(type_, "name", "") == "ID":
        prefix = str(value).partition("_")[0]
        yield from (each for each in world.ids.values() if each.startswith(prefix) and each != value)
        yield ids.encode(prefix, UNKNOWN)
