"""Connections for the application's role."""

from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import URL, make_url

__all__ = ["APPLICATION_ROLE", "FAIL_CLOSED", "application_engine", "psycopg_url"]

APPLICATION_ROLE = "headwater_app"
"""Owns nothing and cannot bypass row-level security."""

FAIL_CLOSED = (
    "-c app.lo=~ -c app.hi= -c app.write_lo=~ -c app.write_hi= -c app.ancestors= -c timezone=UTC -c datestyle=ISO"
)
"""Connection defaults: an empty range (`lo > hi`), so that a forgotten scope shows and changes no row."""


def psycopg_url(url: str) -> URL:
    """The URL with the psycopg 3 driver named, whatever driver it named before."""
    return make_url(url).set(drivername="postgresql+psycopg")


def application_engine(
    url: str,
    *,
    pool_size: int = 10,
    switch_role: bool = False,
    statement_timeout: int | None = None,
    idle_limit: int | None = None,
) -> Engine:
    """An engine whose connections see no row until a scope is set.

    `switch_role`: the URL logs in as somebody else (an operator gave one URL only); become the application's role at
    connection start. `statement_timeout`: seconds after which the database ends a statement; None: its own setting.
    """
    options = f"{FAIL_CLOSED} -c role={APPLICATION_ROLE}" if switch_role else FAIL_CLOSED
    if statement_timeout is not None:
        options += f" -c statement_timeout={statement_timeout}s"
    if idle_limit is not None:
        options += f" -c idle_in_transaction_session_timeout={idle_limit}s"
    return create_engine(
        psycopg_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"options": options, "application_name": "headwater"},
    )
