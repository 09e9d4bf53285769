"""What every mutation answers, and its refusals."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.shared.models import JobError
from resolvers.reading import column, reads, sql
from schema.common import Money
from schema.enums import ErrorCode, ErrorKind
from schema.references import TenantRef

if TYPE_CHECKING:
    from schema.query import Query

__all__ = ["GenericError", "InsufficientBalance", "Payload", "UserError"]


@strawberry.interface
@reads(JobError)
class UserError:
    """Why a mutation was refused; nothing of it was done."""

    kind: ErrorKind
    """What a program does next."""
    code: ErrorCode
    """Why, for logs and special cases; new codes may come."""
    message: str
    """For a person, in the language that Accept-Language asks for, else in English; it may be worded anew."""
    path: list[str]
    """Where in the input: field names, and list positions counted from 0. Empty: the whole."""


@strawberry.type
@reads(JobError)
class GenericError(UserError):
    """A refusal that its code and message tell in full."""

    # Where the values are when a job wrote the error down; a mutation's own answer brings them along.
    kind: ErrorKind = column(JobError.kind)
    code: ErrorCode = column(JobError.code)
    message: str = column(JobError.message)
    path: list[str] = sql(lambda row: row.path)


@strawberry.type
class InsufficientBalance(UserError):
    """The balance does not cover a payment."""

    required: Money
    """What was to be paid."""
    available: Money
    """What the balance could pay."""


@strawberry.interface
class Payload:
    """What every mutation answers."""

    errors: list[UserError]
    """Why it was refused; empty when it was done."""
    replayed: bool
    """True: an earlier answer to the same idempotencyKey. A secret is not repeated."""
    acted_as: TenantRef | None
    """The tenant acted as by Headwater-Act-As; null when acting for one's own."""
    query: Annotated["Query", strawberry.lazy("schema.query")] | None
    """Any query, in the world after this mutation. With dryRun: the world as it would be."""
