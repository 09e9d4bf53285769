"""One world a run, and somebody to read it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from db.engine import application_engine
from resolvers.reading import Engine, Viewer, reading_pool
from schema.build import build
from tests.conftest import Server, _clone
from tests.resolvers.reading.world import World, found_world

Read = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def reading_engine() -> Engine:
    """The engine on the real schema."""
    return Engine(build())


@pytest.fixture(scope="session")
def readable(postgres: Server, worker_id: str) -> Iterator[tuple[Server, World]]:
    """A database with a world in it, never written to again."""
    for server in _clone(postgres, f"headwater_{worker_id}_reading"):
        engine = application_engine(server.app)
        world = found_world(engine)
        engine.dispose()
        yield server, world


@pytest.fixture(scope="session")
def world(readable: tuple[Server, World]) -> World:
    """What the database holds."""
    return readable[1]


@pytest.fixture(scope="session")
def read(readable: tuple[Server, World], reading_engine: Engine) -> Iterator[Read]:
    """Ask as somebody: `read(viewer, document, name=value)` gives the response."""
    with asking(readable[0], reading_engine) as ask:
        yield ask


@contextmanager
def asking(server: Server, engine: Engine) -> Iterator[Read]:
    """The same of any database."""
    with asyncio.Runner() as runner:
        pool = reading_pool(server.app, size=1)
        runner.run(pool.open(wait=True))

        def ask(viewer: Viewer, document: str, **variables: Any) -> dict[str, Any]:
            response = runner.run(engine.execute(pool, viewer, document, variables))
            answer: dict[str, Any] = orjson.loads(response.body)
            return answer

        yield ask
        runner.run(pool.close())
