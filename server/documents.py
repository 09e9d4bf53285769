"""Trusted documents: which may run, by their text or by the SHA-256 of it."""

import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from server.graphql_http import Asked
from tenancy.scope import PLATFORM
from tenancy.sessions import settings_of

__all__ = ["DocumentRefused", "TrustedDocuments"]

KEPT = 30
"""Seconds until a document is looked up again: so long one that was removed still runs."""
MOST_KEPT = 2_000
_ID = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


class DocumentRefused(Exception):
    """The document is not known, or not trusted."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True, slots=True)
class _Kept:
    text: str
    until: float


class TrustedDocuments:
    """The documents that `./headwater documents add` stored, for all web processes."""

    def __init__(
        self,
        pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]],
        *,
        only: bool,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`only`: nothing else runs. `now` in seconds."""
        self._pool = pool
        self._only = only
        self._now = now
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()

    async def text(self, asked: Asked) -> str:
        """The document to run. Raises DocumentRefused."""
        if asked.document is not None:
            if asked.document_id is not None and _digest(asked.document_id) != _sha256(asked.document):
                raise DocumentRefused("The document's id is not the SHA-256 of its text.", "DOCUMENT_ID_MISMATCH")
            if self._only:
                await self._check(asked.document)
            return asked.document
        digest = _digest(asked.document_id or "")
        found = None if digest is None else await self._find(digest)
        if found is not None:
            return found
        if self._only:
            raise _not_trusted()
        # The words that clients wait for before they send the text itself.
        raise DocumentRefused("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")

    async def _check(self, text: str) -> None:
        """Raise DocumentRefused unless the text is trusted; spaces around it do not matter."""
        if await self._find(_sha256(text)) is None and await self._find(_sha256(text.strip())) is None:
            raise _not_trusted()

    async def _find(self, digest: bytes) -> str | None:
        kept = self._kept.get(digest)
        if kept is not None and kept.until > self._now():
            return kept.text
        self._kept.pop(digest, None)
        async with self._pool.connection() as connection, connection.transaction():
            platform = settings_of(PLATFORM)
            await connection.execute(
                "SELECT set_config('app.lo', %(lo)s, true), set_config('app.hi', %(hi)s, true)", platform
            )
            cursor = await connection.execute("SELECT document FROM trusted_documents WHERE sha256 = %s", [digest])
            row = await cursor.fetchone()
        if row is None:
            return None
        self._kept[digest] = _Kept(str(row[0]), self._now() + KEPT)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return str(row[0])


def _sha256(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _digest(id: str) -> bytes | None:
    """The digest in an id such as `sha256:…` or 64 hex digits; None for anything else."""
    match = _ID.fullmatch(id)
    return bytes.fromhex(match[1]) if match else None


def _not_trusted() -> DocumentRefused:
    return DocumentRefused("Only trusted documents run here, and this is none of them.", "DOCUMENT_NOT_TRUSTED")
