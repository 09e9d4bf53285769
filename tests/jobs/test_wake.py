"""Waking is heard, not only made up for by looking."""

import threading

from db.engine import application_engine
from jobs.wake import Listener, wake
from tests.conftest import Server


def test_a_listener_hears_every_wake_and_is_told_to_look_once_it_listens(database: Server) -> None:
    engine = application_engine(database.app, pool_size=2)
    heard = threading.Semaphore(0)
    listener = Listener(engine, heard.release)
    listener.start()
    try:
        assert heard.acquire(timeout=10)  # for what came while nobody listened
        wake(engine)
        assert heard.acquire(timeout=10)
    finally:
        listener.stop()
        listener.join(10)
        engine.dispose()
    assert not listener.is_alive()
