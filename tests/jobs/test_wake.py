"""Notifications are heard, also after the connection that hears them broke."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from db.engine import application_engine
from jobs.wake import Listener, wake
from tests.conftest import Server

LIMIT = 20.0


class Heard:
    """Counts what a listener hears."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.times = 0

    def __call__(self) -> None:
        with self._condition:
            self.times += 1
            self._condition.notify_all()

    def wait_for(self, times: int) -> bool:
        with self._condition:
            return self._condition.wait_for(lambda: self.times >= times, LIMIT)


@pytest.fixture
def heard(fresh_database: Server) -> Iterator[Heard]:
    engine = application_engine(fresh_database.app)
    heard = Heard()
    listener = Listener(engine, heard)
    listener.start()
    yield heard
    listener.stop()
    listener.join()
    engine.dispose()


def test_a_wake_is_heard(fresh_database: Server, heard: Heard) -> None:
    # given: it looks once by itself when it begins to listen
    assert heard.wait_for(1)
    engine = application_engine(fresh_database.app)
    # when
    wake(engine)
    # then
    assert heard.wait_for(2)
    engine.dispose()


def test_a_listener_whose_connection_broke_looks_and_listens_again(fresh_database: Server, heard: Heard) -> None:
    # given
    assert heard.wait_for(1)
    # when
    with psycopg.connect(fresh_database.superuser, autocommit=True) as connection:
        killed = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query = 'LISTEN headwater_jobs'"
        ).fetchall()
    assert killed == [(True,)]
    # then
    assert heard.wait_for(2)
    # and when
    engine = application_engine(fresh_database.app)
    wake(engine)
    # then
    assert heard.wait_for(3)
    engine.dispose()


def test_a_wake_that_fails_is_nobodys_problem() -> None:
    engine = application_engine("postgresql://nobody@127.0.0.1:1/nowhere")
    wake(engine)
    engine.dispose()
