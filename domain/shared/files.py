"""Files: kept in pieces in the database, read in pieces, reached by signed links.

Why there: `docs/decisions/0012-files-in-the-database.md`.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from db import ids
from db.ids import uuid7
from domain.shared.models import File, FileChunk
from tenancy.errors import InvalidInput, TooMany
from tenancy.rows import TenantRow
from tenancy.texts import clean_text

__all__ = [
    "FILES_ARE_KEPT",
    "LINKS_LAST",
    "TENANT_LIMIT",
    "content_of",
    "is_signed",
    "keep_file",
    "link",
    "signed_link",
]

FILES_ARE_KEPT = timedelta(days=30)
"""How long a file is there, in real time; then it is forgotten."""
LINKS_LAST = timedelta(hours=1)
"""How long a link opens its file."""
TENANT_LIMIT = 10 * 1000**3
"""Bytes that the files of one tenant may have together."""
PIECE = 1 << 18
"""Bytes of a chunk."""
MEDIA_TYPE_LIMIT = 127
"""Characters, as RFC 6838 has it for each half."""


def keep_file(
    session: Session,
    owner: TenantRow,
    *,
    name: str,
    media_type: str,
    content: BinaryIO,
    job_id: UUID | None = None,
    actor_id: UUID | None = None,
    id: UUID | None = None,
) -> File:
    """Keep what `content` holds from its beginning on, as a file of the tenant that owns `owner`.

    Read twice, a piece at a time: it may be longer than memory. `job_id`: the job that wrote it, of which it is the
    only one. Raises InvalidInput for a name or media type that is none; TooMany when the tenant's files have
    `TENANT_LIMIT` bytes together then.
    """
    content.seek(0)
    digest, length = hashlib.sha256(), 0
    for piece in _pieces(content):
        digest.update(piece)
        length += len(piece)
    _check_room(session, owner, length)
    file = File(
        distributor_id=owner.distributor_id,
        id=id or uuid7(),
        tenant_id=owner.tenant_id,
        tenant_path=owner.tenant_path,
        name=clean_text(name, "name"),
        media_type=_clean_media_type(media_type),
        bytes=length,
        sha256=digest.hexdigest(),
        link_secret=secrets.token_hex(32),
        job_id=job_id,
        actor_id=actor_id,
    )
    session.add(file)
    session.flush()
    content.seek(0)
    for position, piece in enumerate(_pieces(content)):
        # Not objects: the session would hold every piece to the end of the transaction.
        session.execute(
            insert(FileChunk),
            {
                "distributor_id": file.distributor_id,
                "id": uuid7(),
                "tenant_id": file.tenant_id,
                "tenant_path": file.tenant_path,
                "file_id": file.id,
                "position": position,
                "content": piece,
            },
        )
    return file


def _pieces(content: BinaryIO) -> Iterator[bytes]:
    while piece := content.read(PIECE):
        yield piece


def _check_room(session: Session, owner: TenantRow, length: int) -> None:
    taken = session.scalar(
        select(func.coalesce(func.sum(File.bytes), 0)).where(
            File.distributor_id == owner.distributor_id, File.tenant_path == owner.tenant_path
        )
    )
    if (taken or 0) + length > TENANT_LIMIT:
        raise TooMany(
            "A tenant's files may have {limit} bytes together; with this one of {length} they would have {total}.",
            limit=TENANT_LIMIT,
            length=length,
            total=int(taken or 0) + length,
        )


def _clean_media_type(text: str) -> str:
    """Such as `text/csv`, without parameters. Raises InvalidInput."""
    kind = text.partition(";")[0].strip().lower()
    family, _, name = kind.partition("/")
    letters = set("abcdefghijklmnopqrstuvwxyz0123456789!#$&-^_.+")
    if not family or not name or not set(family + name) <= letters or len(kind) > MEDIA_TYPE_LIMIT:
        raise InvalidInput("{field} must be a media type such as text/csv.", path=("media_type",))
    return kind


def content_of(session: Session, file: File) -> Iterator[bytes]:
    """The pieces of a file, one statement each."""
    position = 0
    while True:
        piece = session.scalar(
            select(FileChunk.content).where(
                FileChunk.distributor_id == file.distributor_id,
                FileChunk.file_id == file.id,
                FileChunk.position == position,
            )
        )
        if piece is None:
            return
        yield piece
        position += 1


def link(distributor_id: UUID, file_id: UUID, *, secret: str, until: int) -> str:
    """The path and query that open a file until that second since 1970, to whoever has them."""
    public_id, owner = ids.encode("fil", file_id), ids.encode("dst", distributor_id)
    signature = _signature(public_id, owner, until, secret)
    return f"/files/{public_id}?of={owner}&until={until}&signature={signature}"


def signed_link(distributor_id: str, file_id: str, secret: str, until: int) -> str:
    """`link`, of values as JSON has them."""
    return link(UUID(distributor_id), UUID(file_id), secret=secret, until=int(until))


def is_signed(distributor_id: UUID, file_id: UUID, *, secret: str, until: int, signature: str) -> bool:
    """Whether `link` made it with the same secret. Whether it still holds is for the caller to say."""
    wanted = _signature(ids.encode("fil", file_id), ids.encode("dst", distributor_id), until, secret)
    return hmac.compare_digest(wanted.encode(), signature.encode())


def _signature(file_id: str, distributor_id: str, until: int, secret: str) -> str:
    signed = f"{file_id} {distributor_id} {until}".encode()
    return hmac.new(bytes.fromhex(secret), signed, hashlib.sha256).hexdigest()
