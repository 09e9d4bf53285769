"""One database connection a thread, kept between its jobs, and few ways back and forth on it.

A short job takes as long as its words with PostgreSQL. A transaction of a session has four besides what the job does
itself: BEGIN, the scope, the job's end, COMMIT. Here the first two go together, and so do the last two.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import cast

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from tenancy.scope import Scope
from tenancy.sessions import ScopedSession, Sessions, key_of_tree, settings_of

__all__ = ["DATABASE_ERRORS", "LineSession", "Lines"]

DATABASE_ERRORS = (SQLAlchemyError, psycopg.Error)
"""What a transaction of `Lines` raises when the database is away or says no: the driver is spoken to directly too."""

TRUSTED_FOR = 1.0
"""Seconds for which an unused connection counts as alive; after them the pool looks whether it is."""


class LineSession(ScopedSession):
    """A session on a connection where the transaction and its scope have begun already."""

    scope_is_set = True

    def commit_with(self, statement: str) -> None:
        """Run the statement and commit, in one go: nothing is committed if it fails."""
        self.flush()
        _driver(self.connection()).execute(f"{statement}; COMMIT".encode())


class Lines(Sessions):
    """Sessions for short transactions in a row. A thread's connection goes back to the pool when a transaction fails,
    and when the thread has been idle."""

    def __init__(self, engine: Engine) -> None:
        # SQLAlchemy begins nothing by itself; its commit and rollback end what is begun here.
        super().__init__(engine.execution_options(isolation_level="AUTOCOMMIT"))
        self._own = threading.local()

    @contextmanager
    def begin(
        self, scope: Scope, *, alone: bool = False, about: Mapping[str, str | None] | None = None
    ) -> Iterator[LineSession]:
        """As `Sessions.begin`; not inside itself."""
        connection = self._connection()
        try:
            with LineSession(connection, scope, alone=alone, about=about) as session:
                _driver(connection).execute(_beginning(scope, alone) + _telling(session.about))
                with session.begin():
                    yield session
        except BaseException:
            self.let_go()
            raise
        self._own.used_at = time.monotonic()

    def let_go(self) -> None:
        """Give this thread's connection back to the pool."""
        connection: Connection | None = self._own.__dict__.pop("connection", None)
        if connection is not None:
            connection.close()

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is not None and time.monotonic() - self._own.used_at < TRUSTED_FOR:
            return connection
        self.let_go()
        self._own.connection = connection = self.engine.connect()
        return connection


def _driver(connection: Connection) -> psycopg.Connection:
    return cast("psycopg.Connection", connection.connection.driver_connection)


@lru_cache(maxsize=1024)
def _beginning(scope: Scope, alone: bool) -> bytes:
    """What begins a transaction in a scope, as `tenancy.sessions` does it with parameters and in two."""
    wanted: list[sql.Composable] = [_set(name, value) for name, value in settings_of(scope).items()]
    if scope.distributor_id is not None:
        hold = sql.SQL("pg_advisory_xact_lock({})") if alone else sql.SQL("pg_advisory_xact_lock_shared({})")
        wanted.append(hold.format(sql.Literal(key_of_tree(scope.distributor_id))))
    return sql.SQL("BEGIN; SELECT {}").format(sql.SQL(", ").join(wanted)).as_bytes()


def _telling(about: str) -> bytes:
    """What the audit log hears of the transaction, right behind its beginning."""
    return sql.SQL(", {}, {}").format(_set("audit", about), _set("audited", "")).as_bytes()


def _set(name: str, value: str) -> sql.Composed:
    return sql.SQL("set_config({}, {}, true)").format(sql.Literal(f"app.{name}"), sql.Literal(value))
