"""Two chains in one database, everybody in them with something of every kind."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from tests.changing.world import World, open_world
from tests.conftest import Server, _clone
from tests.isolation.ground import mark, prepare_ground


@dataclass(frozen=True)
class Ground:
    """Where to ask, and what is there."""

    database: Server
    world: World
    """The first chain, its people, and those of the second by their names with `other` before them."""
    others: Mapping[str, str]
    """Ids of the second chain, by the names that the first one's have."""
    marks: Mapping[str, tuple[str, ...]]
    """Secrets that can be recognized, by the path of whose they are."""


@pytest.fixture(scope="package")
def ground(postgres: Server, worker_id: str) -> Iterator[Ground]:
    """Tests leave it as it is."""
    for database in _clone(postgres, f"headwater_{worker_id}_isolation"):
        tokens, known, others = prepare_ground(database)
        marks = mark(database)
        world = open_world(database, tokens, known)
        yield Ground(database, world, others, marks)
        world.close()
