"""Who still uses what the schema is to lose: noted in memory, written down every few seconds."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from resolvers.reading.documents import Documents, Operation
from server.noting import written_down
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

    def note(self, identity: Identity, operation: Operation, variables: Mapping[str, Any]) -> None:
        """Note what an operation uses."""
        deprecations = self._documents.deprecations
        if not deprecations:
            return
        name = (operation.name or "")[:LONGEST_NAME] or None
        for each in (*operation.deprecated, *deprecations.in_variables(operation.node, variables)):
            if len(self._noted) < MOST_NOTED:
                use = _Use(identity.scope.path, each.removed_after, self._now(), name)
                self._noted[identity.token_id, each.coordinate] = use

    def written_down(self) -> AbstractAsyncContextManager[None]:
        """Write every few seconds for as long as the block runs, and at its end."""
        return written_down(self.write, pause=PAUSE) if self._documents.deprecations else nullcontext()

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
