"""One database connection a thread, kept between its jobs, and few ways back and forth on it.

A short job takes as long as its words with PostgreSQL. A transaction of a session has four besides what the job does
itself: BEGIN, the scope, the job's end, COMMIT. Here the first two go together, and so do the last two.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import cast

import psycopg
from psycopg import pq
from psycopg.errors import error_from_result
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

    def turn_to(self, scope: Scope, *, about: Mapping[str, str | None]) -> None:
        """What follows is for another job of the same distributor, which knows nothing of the rows of the last one."""
        self.flush()
        self.expunge_all()
        self.about = json.dumps(about)
        # A job that acted as somebody else leaves the next one a scope that is not its own.
        scoped = "" if _of_any_job(self.scope) == _of_any_job(scope) else f"{_setting(_of_any_job(scope))}, "
        self.scope = scope
        _say(self.connection(), f"SELECT {scoped}{_telling(self.about)}")

    def commit_with(self, statement: str) -> None:
        """Run the statement and commit, in one go: nothing is committed if it fails."""
        self.flush()
        _say(self.connection(), f"{statement}; COMMIT")


class Lines(Sessions):
    """Sessions for short transactions in a row. A thread's connection goes back to the pool when a transaction fails,
    and when the thread has been idle."""

    def __init__(self, engine: Engine) -> None:
        # SQLAlchemy begins nothing by itself; its commit and rollback end what is begun here.
        super().__init__(engine.execution_options(isolation_level="AUTOCOMMIT"))
        self._own = threading.local()
        self.beside = Sessions(engine)
        """For a transaction inside another one of the thread: on a connection of its own."""

    @contextmanager
    def begin(
        self, scope: Scope, *, alone: bool = False, about: Mapping[str, str | None] | None = None
    ) -> Iterator[LineSession]:
        """As `Sessions.begin`; not inside itself."""
        connection = self._connection()
        try:
            with LineSession(connection, scope, alone=alone, about=about) as session:
                _say(connection, f"BEGIN; SELECT {_setting(_of_any_job(scope), alone)}, {_telling(session.about)}")
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


def _say(connection: Connection, statements: str) -> None:
    """Run statements without parameters that answer nothing, in one way there and back. Raises psycopg.Error.

    By the driver's own first floor: what lies above it, cursors and conversions, takes longer than these statements.
    """
    driver = cast("psycopg.Connection", connection.connection.driver_connection)
    result = driver.pgconn.exec_(statements.encode())
    if result.status not in _WELL:
        raise error_from_result(result)


_WELL = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)


def _of_any_job(scope: Scope) -> Scope:
    """The scope as the database knows it: to it a distributor's jobs are all the same."""
    return scope if scope.job_id is None else replace(scope, job_id=None)


@lru_cache(maxsize=1024)
def _setting(scope: Scope, alone: bool = False) -> str:
    """What sets a scope and holds its tree, as `tenancy.sessions` does it with parameters."""
    wanted = [_set(name, value) for name, value in settings_of(scope).items()]
    if scope.distributor_id is not None:
        hold = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
        wanted.append(f"{hold}({key_of_tree(scope.distributor_id)})")
    return ", ".join(wanted)


def _telling(about: str) -> str:
    """What the audit log hears of what follows."""
    return f"{_set('audit', about)}, {_set('audited', '')}"


def _set(name: str, value: str) -> str:
    return f"set_config('app.{name}', {_quoted(value)}, true)"


def _quoted(value: str) -> str:
    """A literal, whatever `standard_conforming_strings` says."""
    doubled = value.replace("'", "''")
    return f"'{doubled}'" if "\\" not in doubled else " E'{}'".format(doubled.replace("\\", "\\\\"))
