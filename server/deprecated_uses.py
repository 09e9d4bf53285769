"""Who still uses what the schema is to lose: noted in memory, written down every few seconds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import structlog
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from resolvers.reading.documents import Documents, RequestErrors
from server.graphql_http import Asked
from tenancy.models import DeprecatedUse
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tenancy.tokens import Identity

__all__ = ["DeprecatedUses"]

PAUSE = 5
"""Seconds between writing down: as much is lost when a process dies."""
MOST_NOTED = 10_000
"""Tokens times elements that wait at once; more are let go, and noted at their next use."""
LONGEST_NAME = 200
"""Characters that are kept of an operation's name."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Use:
    tenant_path: str
    removed_after: date
    last_used_at: datetime
    operation_name: str | None


class DeprecatedUses:
    """One web process's notes. A request that uses nothing deprecated, so nearly all, costs a look at a flag."""

    def __init__(
        self, documents: Documents, database: Engine, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._documents = documents
        self._sessions = Sessions(database)
        self._now = now
        self._noted: dict[tuple[UUID, str], _Use] = {}

    def note(self, identity: Identity, document: str, question: Asked) -> None:
        """Note what a request uses. Says nothing of a request that is wrong."""
        deprecations = self._documents.deprecations
        if not deprecations:
            return
        try:
            operation = self._documents.find(document).operation(question.operation_name)
        except RequestErrors:
            return
        name = (operation.name or "")[:LONGEST_NAME] or None
        for each in (*operation.deprecated, *deprecations.in_variables(operation.node, question.variables)):
            if len(self._noted) < MOST_NOTED:
                use = _Use(identity.scope.path, each.removed_after, self._now(), name)
                self._noted[identity.token_id, each.coordinate] = use

    @asynccontextmanager
    async def written_down(self) -> AsyncIterator[None]:
        """Write every few seconds for as long as the block runs, and at its end."""
        if not self._documents.deprecations:
            yield
            return
        writing = asyncio.create_task(self._write_again_and_again())
        try:
            yield
        finally:
            writing.cancel()
            with suppress(asyncio.CancelledError):
                await writing
            await self.write()

    async def _write_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(PAUSE)
            await self.write()

    async def write(self) -> None:
        """Write what is noted. What the database does not take now waits for the next time."""
        noted, self._noted = self._noted, {}
        if not noted:
            return
        try:
            # A thread that was begun ends by itself, also when the task that waits for it is cancelled.
            await asyncio.shield(asyncio.to_thread(self._write, noted))
        except SQLAlchemyError as error:
            log.warning("use of deprecated fields not written down", exc_info=error)
            self._noted = noted | self._noted

    def _write(self, noted: dict[tuple[UUID, str], _Use]) -> None:
        rows = [
            {
                "token_id": token_id,
                "coordinate": coordinate,
                "tenant_path": use.tenant_path,
                "removed_after": use.removed_after,
                "last_used_at": use.last_used_at,
                "operation_name": use.operation_name,
            }
            # In one order everywhere: two processes that write the same rows do not wait for each other.
            for (token_id, coordinate), use in sorted(noted.items(), key=lambda item: item[0])
        ]
        entry = insert(DeprecatedUse)
        key = ["token_id", "coordinate"]
        changed = {name: entry.excluded[name] for name in rows[0] if name not in key}
        entry = entry.on_conflict_do_update(
            index_elements=key,
            set_=changed,
            where=DeprecatedUse.last_used_at < entry.excluded.last_used_at,
        )
        with self._sessions.begin(PLATFORM) as session:
            session.execute(entry, rows)
