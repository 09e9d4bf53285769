"""The public face keeps its promises."""

from pathlib import Path

import pytest

from schema.build import schema, sdl
from schema.descriptions import undescribed

ROOT = Path(__file__).parents[2]


@pytest.mark.feature("A-08")
def test_the_snapshot_is_what_the_code_says() -> None:
    assert (ROOT / "schema" / "schema.graphql").read_text() == sdl(), "run ./headwater schema --write"


@pytest.mark.feature("A-08")
def test_everything_public_is_described() -> None:
    assert undescribed(schema) == []
