"""PUT /files: bytes come in, for a token's holder. GET /files/{id}: they go out, for whoever has a signed link.

A slow client holds neither a connection of the database nor memory: what is sent waits on the disk until it is whole,
what is fetched is read a piece at a time.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast
from urllib.parse import quote
from uuid import UUID

import orjson
from psycopg.rows import dict_row
from sqlalchemy import Engine
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from db import ids
from domain.audit.about import about_mutation
from domain.shared.files import is_signed, keep_file
from resolvers.reading import Pool
from server.auth import Requester
from server.graphql_http import JSON, BadRequest, Incoming
from server.limits import Spending
from server.refusals import refusal
from server.request_ids import request_id_of
from tenancy.errors import Refusal
from tenancy.hierarchy import tenant_by_id
from tenancy.permissions import Permission
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions, settings_of

if TYPE_CHECKING:
    from server.site import Site

__all__ = ["DOWNLOAD", "UPLOAD", "Files", "download", "upload"]

UPLOAD = "/files"
DOWNLOAD = "/files/{id}"
IN_MEMORY = 1 << 20
"""Bytes of a file that comes in; more wait on the disk."""
PATIENCE = 600
"""Seconds that the sending of one file may take."""
POINTS = 100
"""Cost points that a file takes, and again for every 100,000 bytes."""
_SCOPED = "SELECT set_config('app.lo', %(lo)s, true), set_config('app.hi', %(hi)s, true)"


@dataclass(frozen=True, slots=True)
class Sent:
    """A file on its way in: what its request says of it, beside its bytes."""

    name: str
    media_type: str
    content: BinaryIO
    request_id: str


class Files:
    """Takes files in and gives them out."""

    def __init__(self, pool: Pool, database: Engine, *, limit: int) -> None:
        """`limit` in bytes, of one file."""
        self._pool = pool
        self._sessions = Sessions(database)
        self.limit = limit

    async def received(self, request: Incoming, into: BinaryIO) -> int:
        """Write the request's body there; its length. Raises BadRequest when it is too long, ClientDisconnect."""
        told = request.header(b"content-length") or "0"
        if told.isdecimal() and int(told) > self.limit:
            raise self._too_long(told)
        length, more = 0, True
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part: bytes = message.get("body", b"")
            length += len(part)
            if length > self.limit:
                raise self._too_long(f"at least {length}")
            into.write(part)
            more = message.get("more_body", False)
        return length

    def _too_long(self, length: str) -> BadRequest:
        return BadRequest(413, f"A file may have {self.limit} bytes; this one has {length}.", "LIMIT_EXCEEDED")

    def keep(self, who: Requester, sent: Sent) -> dict[str, Any]:
        """Keep it for the acting tenant; what the sender is told. Raises Refusal."""
        scope = who.scope
        assert scope.tenant_id is not None
        about = about_mutation("putFile", who.viewer.actor, acted_as_id=who.acted_as, request_id=sent.request_id)
        with self._sessions.begin(scope, about=about) as session:
            file = keep_file(
                session,
                tenant_by_id(session, scope.tenant_id),
                name=sent.name,
                media_type=sent.media_type,
                content=sent.content,
                actor_id=scope.actor_id,
            )
            return {
                "id": ids.encode("fil", file.id),
                "name": file.name,
                "mediaType": file.media_type,
                "bytes": file.bytes,
                "sha256": file.sha256,
            }

    async def found(self, id: UUID, distributor_id: UUID) -> dict[str, Any] | None:
        """What a file's link is held against, and the file's headers."""
        return await self._row(
            "SELECT name, media_type, bytes, sha256, link_secret FROM files WHERE distributor_id = %s AND id = %s",
            [distributor_id, id],
        )

    async def content(self, id: UUID, distributor_id: UUID) -> AsyncIterator[bytes]:
        """The pieces of a file, each in a transaction of its own: no client, however slow, keeps a connection."""
        position = 0
        while True:
            row = await self._row(
                "SELECT content FROM file_chunks WHERE distributor_id = %s AND file_id = %s AND position = %s",
                [distributor_id, id, position],
            )
            if row is None:
                return
            yield row["content"]
            position += 1

    async def _row(self, statement: str, parameters: list[Any]) -> dict[str, Any] | None:
        """The signature of a link is its bearer's right: the look-up itself sees every tenant's files."""
        async with (
            self._pool.connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            await cursor.execute(_SCOPED, settings_of(PLATFORM))
            await cursor.execute(cast("Any", statement), parameters, binary=True)
            return await cursor.fetchone()


async def upload(request: Request) -> Response:
    """PUT /files?name=…: 201 and the file's id."""
    site: Site = request.app.state.site
    incoming = Incoming.of(request.scope, request.receive)
    request_id = request_id_of(request.scope)
    try:
        who = await site.holders.requester(incoming.header(b"authorization"), incoming.header(b"headwater-act-as"))
        _check_may_send(who)
        spending = site.budgets.spending(who.identity.token_id)
        spending(POINTS)
        return await _taken(site.files, incoming, request.query_params.get("name"), who, spending, request_id)
    except Refusal as refused:
        status = 507 if refused.code == "LIMIT_EXCEEDED" else 400
        return refusal(BadRequest(status, refused.message, refused.code.value), request_id, JSON)
    except TimeoutError:
        return refusal(
            BadRequest(408, f"Sending a file may take {PATIENCE} seconds.", "LIMIT_EXCEEDED"), request_id, JSON
        )
    except Exception as error:  # noqa: BLE001 - refusal() tells the log of what nobody expected
        return refusal(error, request_id, JSON)


def _check_may_send(who: Requester) -> None:
    if Permission.FILES_WRITE not in who.identity.permissions or who.scope.customer is not None:
        raise BadRequest(403, f"Sending files needs the permission {Permission.FILES_WRITE}.", "FORBIDDEN")
    if who.scope.tenant_id is None:
        raise BadRequest(404, "Say whose file it is: send Headwater-Act-As with the id of a tenant.", "NOT_FOUND")


async def _taken(
    files: Files, request: Incoming, name: str | None, who: Requester, spending: Spending, request_id: str
) -> Response:
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as spooled:
        content = cast("BinaryIO", spooled)
        async with asyncio.timeout(PATIENCE):
            length = await files.received(request, content)
        if length:
            spending(POINTS * (length // 100_000))
        media_type = request.header(b"content-type") or "application/octet-stream"
        sent = Sent(name or "upload", media_type, content, request_id)
        kept = await asyncio.to_thread(files.keep, who, sent)
    return Response(orjson.dumps(kept), 201, headers={"Cache-Control": "no-store"}, media_type=JSON)


async def download(request: Request) -> Response:
    """GET /files/{id}, by a link of `domain.shared.files.link`."""
    site: Site = request.app.state.site
    try:
        return await _given(site.files, request)
    except Exception as error:  # noqa: BLE001 - refusal() tells the log of what nobody expected
        return refusal(error, request_id_of(request.scope), JSON)


async def _given(files: Files, request: Request) -> Response:
    """Raises BadRequest, alike for what is not there, signed wrongly, expired or forgotten."""
    nothing = BadRequest(404, "There is no file at this address, or the link has expired.", "NOT_FOUND")
    asked = request.query_params
    try:
        (prefix, id), (kind, owner) = ids.decode(request.path_params["id"]), ids.decode(asked.get("of", ""))
        until = int(asked.get("until", ""))
    except ValueError:
        raise nothing from None
    if prefix != "fil" or kind != "dst" or until < time.time():
        raise nothing
    found = await files.found(id, owner)
    signature = asked.get("signature", "")
    secret = "" if found is None else found["link_secret"]
    if found is None or not is_signed(owner, id, secret=secret, until=until, signature=signature):
        raise nothing
    headers = {
        "Content-Length": str(found["bytes"]),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found['name'], safe='')}",
        "ETag": f'"{found["sha256"]}"',
        "Cache-Control": "private, no-store",
        # Whatever somebody has sent, no browser runs it as a page of ours.
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if request.method == "HEAD":
        return Response(headers=headers, media_type=found["media_type"])
    return StreamingResponse(files.content(id, owner), headers=headers, media_type=found["media_type"])
