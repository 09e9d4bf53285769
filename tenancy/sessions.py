"""Sessions that see one scope: the only way to the tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session, SessionTransaction

from tenancy.scope import Scope

__all__ = ["ScopedSession", "Sessions", "seeing", "set_scope", "settings_of"]

_SET = text(
    "SELECT set_config('app.lo', :lo, true), set_config('app.hi', :hi, true), "
    "set_config('app.write_lo', :write_lo, true), set_config('app.write_hi', :write_hi, true), "
    "set_config('app.ancestors', :ancestors, true)"
)
"""The third argument keeps a setting inside the transaction: on a pooled connection it must not outlive it."""


def settings_of(scope: Scope) -> dict[str, str]:
    """What row-level security compares, by the name of the setting without `app.`."""
    return {
        "lo": scope.lo,
        "hi": scope.hi,
        "write_lo": scope.write_lo,
        "write_hi": scope.write_hi,
        "ancestors": ",".join(scope.ancestors),
    }


class ScopedSession(Session):
    """A session whose every transaction begins by setting its scope."""

    def __init__(self, bind: Engine | Connection, scope: Scope) -> None:
        super().__init__(bind, expire_on_commit=False)
        self.scope = scope

    def act_as(self, scope: Scope) -> None:
        """From here on see and write what `scope` says: for what founds a chain and then works in it."""
        self.flush()
        self.scope = scope
        set_scope(self, scope)


@event.listens_for(ScopedSession, "after_begin")
def _set_scope(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if not transaction.nested:
        set_scope(connection, cast("ScopedSession", session).scope)


def set_scope(connection: Session | Connection, scope: Scope) -> None:
    """Let the running transaction see and write what `scope` says, until it ends or this is called again."""
    connection.execute(_SET, settings_of(scope))


class Sessions:
    """Makes sessions on one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def begin(self, scope: Scope) -> Iterator[ScopedSession]:
        """One transaction: committed when the block ends well, rolled back when it raises."""
        with ScopedSession(self.engine, scope) as session, session.begin():
            yield session


@contextmanager
def seeing(session: Session, scope: Scope) -> Iterator[None]:
    """Widen (or narrow) the running transaction to `scope` for a block, then put its own scope back.

    For the few places where a rule needs rows that the actor may not see, such as the prices above it. What is read
    there must not reach the actor. Pending changes are written before and after, each under its own scope.
    """
    own = cast("ScopedSession", session).scope
    session.flush()
    set_scope(session, scope)
    yield
    # After an error the transaction is over, and the setting with it.
    session.flush()
    set_scope(session, own)
