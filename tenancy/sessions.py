"""Sessions that see one scope: the only way to the tables."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import cast
from uuid import UUID

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session, SessionTransaction

from tenancy.scope import Scope, ancestors_of

__all__ = ["ScopedSession", "Sessions", "hold_still", "key_of_tree", "seeing", "set_scope", "settings_of"]

_SETTINGS = (
    "SELECT set_config('app.lo', :lo, true), set_config('app.hi', :hi, true), "
    "set_config('app.write_lo', :write_lo, true), set_config('app.write_hi', :write_hi, true), "
    "set_config('app.ancestors', :ancestors, true), set_config('app.account', :account, true), "
    "set_config('app.accounts', :accounts, true), set_config('app.services', :services, true), "
    "set_config('app.user', :user, true), set_config('app.seller', :seller, true), "
    "set_config('app.chain', :chain, true)"
)
"""The third argument keeps a setting inside the transaction: on a pooled connection it must not outlive it."""
_SET = text(_SETTINGS)
_BEGIN = text(
    f"{_SETTINGS}, set_config('app.audit', :about, true), "
    "pg_advisory_xact_lock_shared(:shared), pg_advisory_xact_lock(:alone)"
)
"""And what the audit log says of it, and a lock on a distributor's tree: the one whose key is not null."""


def settings_of(scope: Scope) -> dict[str, str]:
    """What row-level security compares, by the name of the setting without `app.`."""
    return {
        "lo": scope.lo,
        "hi": scope.hi,
        "write_lo": scope.write_lo,
        "write_hi": scope.write_hi,
        "ancestors": ",".join(scope.ancestors),
        **_customer_settings(scope),
    }


def _customer_settings(scope: Scope) -> dict[str, str]:
    """What the tables open to customers compare besides; empty texts, which match nothing, for everybody else.

    Somebody who acts for a tenant below is found by its own id too.
    """
    customer = scope.customer
    if customer is None or scope.lo < scope.hi:
        nothing = dict.fromkeys(("account", "accounts", "services", "user", "seller", "chain"), "")
        return nothing if scope.visitor is None else {**nothing, "user": str(scope.visitor)}
    return {
        "account": "" if customer.account_id is None else str(customer.account_id),
        "accounts": ",".join(map(str, customer.accounts)),
        "services": ",".join(map(str, customer.services)),
        "user": str(customer.user_id),
        "seller": scope.path,
        "chain": ",".join((*ancestors_of(scope.path), scope.path)),
    }


class ScopedSession(Session):
    """A session whose every transaction begins by setting its scope.

    Until its end the distributor's tree stands still: whoever moves or suspends a tenant there waits for all others,
    and all others for it. A path that was read in a transaction is therefore good to the transaction's end.
    """

    scope_is_set = False
    """Whether whoever began the connection's transaction has set it, and holds the tree."""

    def __init__(
        self,
        bind: Engine | Connection,
        scope: Scope,
        *,
        alone: bool = False,
        about: Mapping[str, str | None] | None = None,
    ) -> None:
        """`alone`: nobody else is at work in the distributor's tree, because it will not look the same afterwards.

        `about`: who does it and why, for the audit log: see `domain.audit.about`.
        """
        super().__init__(bind, expire_on_commit=False)
        self.scope = scope
        self.alone = alone
        self.about = "" if about is None else json.dumps(about)

    def act_as(self, scope: Scope) -> None:
        """From here on see and write what `scope` says: for what founds a chain and then works in it."""
        self.flush()
        self.scope = scope
        _begin(self, self)


@event.listens_for(ScopedSession, "after_begin")
def _set_scope(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    scoped = cast("ScopedSession", session)
    if not transaction.nested and not scoped.scope_is_set:
        _begin(connection, scoped)


def _begin(connection: Session | Connection, session: ScopedSession) -> None:
    distributor_id = session.scope.distributor_id
    key = None if distributor_id is None else key_of_tree(distributor_id)
    held = {"shared": None, "alone": key} if session.alone else {"shared": key, "alone": None}
    connection.execute(_BEGIN, settings_of(session.scope) | held | {"about": session.about})


def hold_still(session: Session, distributor_id: UUID) -> None:
    """Wait until nobody else is at work in the distributor's tree, and keep everybody out until the transaction ends.

    Every later statement sees what they did. A session that is `alone` has done so already.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key_of_tree(distributor_id)})


def key_of_tree(distributor_id: UUID) -> int:
    """64 bits that no other distributor has, or anything else that takes advisory locks."""
    return int.from_bytes(sha256(b"tree" + distributor_id.bytes).digest()[:8], "big", signed=True)


def set_scope(connection: Session | Connection, scope: Scope) -> None:
    """Let the running transaction see and write what `scope` says, until it ends or this is called again."""
    connection.execute(_SET, settings_of(scope))


class Sessions:
    """Makes sessions on one engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def begin(
        self, scope: Scope, *, alone: bool = False, about: Mapping[str, str | None] | None = None
    ) -> Iterator[ScopedSession]:
        """One transaction: committed when the block ends well, rolled back when it raises. The rest as a session's."""
        with ScopedSession(self.engine, scope, alone=alone, about=about) as session, session.begin():
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
