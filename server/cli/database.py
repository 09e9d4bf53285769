"""The database a command works on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from server.cli.refusal import Refusal
from server.embedded import EmbeddedPostgres
from server.settings import Settings

__all__ = ["Database", "database", "first_line", "named_database"]

OLDEST_VERSION = 15
CONNECT_LIMIT = 5
"""Seconds."""


@dataclass(frozen=True)
class Database:
    """Where it is, as a libpq URL for each of the two logins."""

    owner_url: str
    """Logs in as the owner of the tables: migrations."""

    app_url: str
    """For everything else."""

    switches_role: bool
    """Whether a connection to `app_url` still has to become the application's role."""

    @classmethod
    def of(cls, server: EmbeddedPostgres) -> "Database":
        return cls(server.owner_url(), server.app_url(), switches_role=False)

    @property
    def environment(self) -> dict[str, str]:
        """What tells a child process. It learns no more than it needs: the owner's login only if there is no other."""
        return {"DATABASE_URL" if self.switches_role else "HEADWATER_APP_DATABASE_URL": self.app_url}


def named_database(settings: Settings) -> Database | None:
    """The database of DATABASE_URL, looked at; None when unset.

    Raises Refusal when it cannot be reached or is too old.
    """
    if settings.database_url is None:
        if settings.app_database_url is not None:
            raise Refusal("HEADWATER_APP_DATABASE_URL is set but DATABASE_URL, the owner's login, is not")
        return None
    owner_url = _libpq_url(settings.database_url, "DATABASE_URL")
    app_url = _libpq_url(settings.app_url, "HEADWATER_APP_DATABASE_URL")
    version = _version(owner_url, "DATABASE_URL")
    if version < OLDEST_VERSION:
        raise Refusal(f"the server of DATABASE_URL is PostgreSQL {version}; {OLDEST_VERSION} is the oldest that works")
    if not settings.switches_role:
        _version(app_url, "HEADWATER_APP_DATABASE_URL")
    return Database(owner_url, app_url, settings.switches_role)


@contextmanager
def database(settings: Settings) -> Iterator[Database]:
    """The database of a command: DATABASE_URL's, or the embedded one, started for as long as the command takes if `up`
    does not run it.

    Raises Refusal, EmbeddedError.
    """
    named = named_database(settings)
    if named is not None:
        yield named
    elif (running := EmbeddedPostgres.running(settings.data_dir)) is not None:
        yield Database.of(running)
    else:
        with EmbeddedPostgres(settings.data_dir) as started:
            yield Database.of(started)


def _libpq_url(url: str, variable: str) -> str:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise Refusal(f"{variable} is not a URL such as postgresql://user:password@host/database") from None
    if parsed.get_backend_name() not in {"postgresql", "postgres"}:
        raise Refusal(f"{variable} names {parsed.get_backend_name()}; Headwater works on PostgreSQL only")
    return parsed.set(drivername="postgresql").render_as_string(hide_password=False)


def _version(url: str, variable: str) -> int:
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_LIMIT) as connection:
            return connection.info.server_version // 10_000
    except psycopg.Error as error:
        raise Refusal(f"no connection to the database of {variable}: {first_line(error)}") from None


def first_line(error: BaseException | None) -> str:
    """What a database says of an error without the details that follow."""
    return (str(error or "").strip().splitlines() or ["no reason given"])[0]
