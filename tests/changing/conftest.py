"""The prepared world: made once a worker, cloned for every test that commits."""

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from tests.changing.world import World, open_world, prepare
from tests.conftest import Server, _clone


@dataclass(frozen=True)
class Prepared:
    """A filled database that nobody works in, and what is in it."""

    name: str
    tokens: dict[str, str]
    ids: dict[str, str]


@pytest.fixture(scope="session")
def prepared(postgres: Server, worker_id: str) -> Iterator[Prepared]:
    name = f"headwater_{worker_id}_prepared"
    for database in _clone(postgres, name):
        tokens, ids = prepare(database)
        yield Prepared(name, tokens, ids)


@pytest.fixture
def prepared_database(postgres: Server, prepared: Prepared, worker_id: str) -> Iterator[Server]:
    """A copy of the prepared database for one test."""
    yield from _copy(postgres, prepared, f"headwater_{worker_id}_changing")


def _copy(postgres: Server, prepared: Prepared, name: str) -> Iterator[Server]:
    with psycopg.connect(postgres.superuser, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {prepared.name} OWNER headwater_owner STRATEGY FILE_COPY")
    yield postgres.at(name)
    with psycopg.connect(postgres.superuser, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def world(prepared_database: Server, prepared: Prepared) -> Iterator[World]:
    """A world of the test's own."""
    opened = open_world(prepared_database, prepared.tokens, dict(prepared.ids))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def unchanged_world(postgres: Server, prepared: Prepared, worker_id: str) -> Iterator[World]:
    """One world for all tests that keep nothing."""
    for database in _copy(postgres, prepared, f"headwater_{worker_id}_unchanged"):
        opened = open_world(database, prepared.tokens, dict(prepared.ids))
        yield opened
        opened.close()
