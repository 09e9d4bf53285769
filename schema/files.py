"""Files: sent with PUT /files, or written by jobs."""

from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import BigInteger, cast, func

from domain.shared import files, models
from resolvers.reading import Node, column, python, reads, related, sql
from schema.references import TenantRef
from tenancy.permissions import Permission

__all__ = ["File"]


def _until(_: Any) -> Any:
    """The second since 1970 until which a link that is made now opens its file: the same in the whole statement."""
    return cast(func.floor(func.extract("epoch", func.now())), BigInteger()) + int(files.LINKS_LAST.total_seconds())


@strawberry.type
@reads(models.File, "fil", needs=Permission.FILES_READ)
class File(Node):
    """Bytes that somebody sent with PUT /files or that a job wrote; never changed, forgotten 30 days after it was made.
    Its tenant sees it, and everybody above, with the permission files.read."""

    name: str = column(models.File.name)
    """What it is called where it is saved, such as rejected.csv."""
    media_type: str = column(models.File.media_type)
    """What it is, such as text/csv; for sent ones as the sender said."""
    bytes: int = column(models.File.bytes)
    """Its length."""
    sha256: str = column(models.File.sha256)
    """SHA-256 of its content, as 64 hex digits in lower case."""
    url: str = python(files.signed_link, models.File.distributor_id, models.File.id, models.File.link_secret, _until)
    """Where it is downloaded with GET and without a token: path and query, to put behind the API's own origin. Signed:
    it opens this file for whoever has it, until urlExpiresAt."""
    url_expires_at: datetime = sql(lambda row: func.to_timestamp(_until(row)))
    """Until when `url` opens the file, an hour from now, in real time; ask again for another."""
    tenant: TenantRef = related(models.File.tenant_id)
    """Whose file it is."""
    created_at: datetime = column(models.File.created_at)
    """When it was made, in real time."""
