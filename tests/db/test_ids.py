"""Ids are opaque outside, ordered inside, and have one spelling."""

from uuid import UUID

import pytest

from db import ids


def test_ids_of_one_process_rise_strictly_and_are_version_7() -> None:
    made = [ids.uuid7() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert {(id.version, id.variant) for id in made} == {(7, "specified in RFC 4122")}


def test_a_public_id_is_read_back() -> None:
    id = ids.uuid7()
    assert ids.decode(ids.encode("sub", id)) == ("sub", id)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sub",
        "sub_",
        "sub_123",
        "_" + "0" * 32,
        "sub_" + "0" * 33,
        "sub_" + "g" * 32,
        "sub_" + "A" * 32,
        "sub_{" + "0" * 30 + "}",
        "sub_0000000-0000000000000000000000000",
        "sub_" + "\N{ARABIC-INDIC DIGIT ZERO}" * 32,
        "süb_" + "0" * 32,
        " sub_" + "0" * 32,
    ],
)
def test_any_other_spelling_is_no_id(text: str) -> None:
    with pytest.raises(ids.InvalidId):
        ids.decode(text)


def test_the_smallest_id_is_an_id() -> None:
    assert ids.decode("sub_" + "0" * 32) == ("sub", UUID(int=0))
