"""Tells workers that there is something to do, so that they need not wait for their next look at the table.

Called after the commit, never in the transaction that inserted the job: PostgreSQL commits transactions that notify one
at a time, which costs the business two thirds of its speed. A call that is lost costs at most `jobs.broker.POLL`.
"""

import logging
import threading
from collections.abc import Callable

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

__all__ = ["CHANNEL", "Listener", "wake"]

CHANNEL = "headwater_jobs"

_NOTIFY = text(f"NOTIFY {CHANNEL}")

_log = logging.getLogger(__name__)


def wake(engine: Engine) -> None:
    """Wake all workers. For whoever has just committed a session in which `outbox.has_enqueued`.

    Takes a connection of the pool: call it when your own session has given its back. Never raises for a database that
    is away, since the jobs are in the table already.
    """
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(_NOTIFY)
    except SQLAlchemyError:
        _log.warning("workers were not woken; they will look by themselves", exc_info=True)


class Listener(threading.Thread):
    """Calls `on_wake` for every notification, on a connection of its own; connects again when that breaks."""

    PAUSE = 1.0
    """Seconds between attempts to connect, and until a stop is noticed."""

    def __init__(self, engine: Engine, on_wake: Callable[[], None]) -> None:
        super().__init__(name="wake", daemon=True)
        self._engine = engine
        self._on_wake = on_wake
        self._stopped = threading.Event()

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except (psycopg.Error, SQLAlchemyError) as error:
                _log.warning("cannot listen for jobs, looking every second instead: %s", str(error).strip())
                self._stopped.wait(self.PAUSE)

    def stop(self) -> None:
        """End within `PAUSE`."""
        self._stopped.set()

    def _listen(self) -> None:
        # Not of the pool: one that went back there would go on collecting notifications.
        with self._engine.connect() as pooled:
            connection: psycopg.Connection = pooled.connection.driver_connection  # type: ignore[assignment]
            pooled.detach()
            connection.autocommit = True
            connection.execute(f"LISTEN {CHANNEL}")
            self._on_wake()  # for what came while nobody listened
            while not self._stopped.is_set():
                for _ in connection.notifies(timeout=self.PAUSE, stop_after=1):
                    self._on_wake()
