"""When tokens and sessions were last used: noted in memory, written down once a minute."""

import asyncio
import time
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from uuid import UUID

import structlog
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from server.noting import written_down
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tenancy.tokens import Identity

__all__ = ["LastUses"]

PAUSE = 60
"""Seconds between writing down: as much is lost when a process dies."""

log = structlog.get_logger()

_WRITE = {
    table: text(f"""
UPDATE {table} SET last_used_at = used.at
  FROM unnest(CAST(:distributors AS uuid[]), CAST(:ids AS uuid[]), CAST(:instants AS timestamptz[]))
    AS used (distributor_id, id, at)
 WHERE ({table}.distributor_id, {table}.id) = (used.distributor_id, used.id)
   AND coalesce({table}.last_used_at, '-infinity') < used.at
""")  # noqa: S608 - both names stand below
    for table in ("api_tokens", "person_sessions")
}


class LastUses:
    """One web process's notes: a request costs one entry in a dictionary, a minute two statements."""

    def __init__(self, database: Engine) -> None:
        self._sessions = Sessions(database)
        self._noted: dict[int, tuple[Identity, float]] = {}

    def note(self, identity: Identity) -> None:
        """That a request of this token was answered."""
        self._noted[identity.token_id.int] = identity, time.time()

    def written_down(self) -> AbstractAsyncContextManager[None]:
        """Write every minute for as long as the block runs, and at its end."""
        return written_down(self.write, pause=PAUSE)

    async def write(self) -> None:
        """Write what is noted. What the database does not take now is let go: the next use is as good."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        try:
            await asyncio.shield(asyncio.to_thread(self._write, noted))
        except SQLAlchemyError as error:
            log.warning("last use of tokens not written down", exc_info=error)

    def _write(self, noted: dict[int, tuple[Identity, float]]) -> None:
        used: dict[str, list[tuple[UUID, UUID, datetime]]] = {table: [] for table in _WRITE}
        for identity, at in noted.values():
            if (owner := identity.scope.distributor_id) is not None:
                table = "api_tokens" if identity.session_id is None else "person_sessions"
                used[table].append((owner, identity.token_id, datetime.fromtimestamp(at, UTC)))
        with self._sessions.begin(PLATFORM) as session:
            for table, statement in _WRITE.items():
                # In one order everywhere: two processes that write the same rows do not wait for each other.
                if rows := sorted(used[table]):
                    distributors, ids, instants = zip(*rows, strict=True)
                    session.execute(
                        statement,
                        {"distributors": list(distributors), "ids": list(ids), "instants": list(instants)},
                    )
