"""Which rows somebody reaches."""

from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID

from db import ids
from tenancy.errors import ActAsRequired
from tenancy.permissions import AccessLevel

__all__ = [
    "AFTER_ALL",
    "BEFORE_ALL",
    "NOWHERE",
    "PLATFORM",
    "SEGMENT",
    "Customer",
    "Scope",
    "ancestors_of",
    "segment",
]

SEGMENT = 6
"""Characters of one path segment: a tenant may have 36⁶ children."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
AFTER_ALL = "~"
"""Sorts after every character of a segment: `path + "~"` ends a subtree."""
BEFORE_ALL = "!"
"""Sorts before every character of a segment: `path + "!"` ends a tenant's own rows."""


def segment(number: int) -> str:
    """The path segment of a parent's `number`th child, so that byte order is creation order."""
    if not 0 <= number < len(_DIGITS) ** SEGMENT:
        raise ValueError(f"a path segment holds numbers from 0 to {len(_DIGITS) ** SEGMENT - 1}, not {number}")
    text = ""
    for _ in range(SEGMENT):
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
    return text


def ancestors_of(path: str) -> tuple[str, ...]:
    """The paths above `path`, the distributor's first; without `path` itself."""
    return tuple(path[:end] for end in range(SEGMENT, len(path), SEGMENT))


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer's user: which rows of its seller it reaches, none of them by a range of paths.

    Everything is empty unless said: who forgets a part sees less.
    """

    user_id: UUID
    account_id: UUID | None = None
    """The account it works in; None: none, or one in which it sees only `services`."""
    accounts: tuple[UUID, ...] = ()
    """Those it belongs to: it knows their names and may change over to them."""
    services: tuple[UUID, ...] = ()
    """Subscriptions assigned to it, where it sees no others."""
    member_of: UUID | None = None
    """The account it works in, also where it sees only `services`."""
    level: AccessLevel | None = None
    """What it is there."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One half-open range of tenant paths to read, one to write.

    A manager reads its tenant and everything below and writes its tenant's own rows; a job reads and writes its
    distributor's tree; the platform reads everything. Rows of inherited tables are also read from `ancestors`.
    A customer's user has an empty range and reads what its `customer` says, of the tables that are open to customers.
    """

    distributor_id: UUID | None
    tenant_id: UUID | None
    path: str
    lo: str
    hi: str
    write_lo: str
    write_hi: str
    actor_id: UUID | None = None
    job_id: UUID | None = None
    customer: Customer | None = None
    visitor: UUID | None = None
    """Who acts for the tenant from above: of the people there it sees itself."""

    @classmethod
    def of_tenant(cls, distributor_id: UUID, tenant_id: UUID, path: str, *, actor_id: UUID | None = None) -> Self:
        """What a manager of this tenant reaches."""
        return cls(
            distributor_id=distributor_id,
            tenant_id=tenant_id,
            path=path,
            lo=path,
            hi=path + AFTER_ALL,
            write_lo=path,
            write_hi=path + BEFORE_ALL,
            actor_id=actor_id,
        )

    @classmethod
    def of_user(cls, distributor_id: UUID, tenant_id: UUID, path: str, customer: Customer) -> Self:
        """What a user of a customer of this tenant reaches. Nothing can be written: see `as_seller`."""
        return cls(
            distributor_id=distributor_id,
            tenant_id=tenant_id,
            path=path,
            lo=AFTER_ALL,
            hi="",
            write_lo=AFTER_ALL,
            write_hi="",
            actor_id=customer.user_id,
            customer=customer,
        )

    @property
    def ancestors(self) -> tuple[str, ...]:
        """The paths whose inherited rows are read too; none for a user, who reads only what is open to customers."""
        return ancestors_of(self.path) if self.lo < self.hi else ()

    @property
    def is_ranged(self) -> bool:
        """Whether ranges of paths say all that it sees; a user and a visitor see rows by their ids."""
        return self.customer is None and self.visitor is None

    def as_seller(self) -> Self:
        """What an action works in that its tenant does for a customer's user; everybody else's own scope.

        The user stays in `customer`, and `domain.shared.rows` looks for its rows only.
        """
        if self.customer is None:
            return self
        end = self.path + BEFORE_ALL
        return replace(self, lo=self.path, hi=end, write_lo=self.path, write_hi=end)

    def writing_downstream(self) -> Self:
        """The same, but writing what it reads: for the few actions whose effect is below (delegation, creation)."""
        return replace(self, write_lo=self.lo, write_hi=self.hi)

    @classmethod
    def of_everything(cls, distributor_id: UUID, path: str) -> Self:
        """The whole tree in which `path` is, reading and writing: for the few steps that an actor may not see."""
        return cls.of_tenant(distributor_id, distributor_id, path[:SEGMENT]).writing_downstream()

    def for_job(self, job_id: UUID) -> Self:
        """The same, acting for a job."""
        return replace(self, job_id=job_id)

    def require_own(self, row_tenant_id: UUID, row_tenant_path: str, *path: str | int) -> None:
        """Refuse a change of a visible row of another tenant, naming that tenant."""
        if row_tenant_path != self.path:
            prefix = "dst" if len(row_tenant_path) == SEGMENT else "rsl"
            raise ActAsRequired(ids.encode(prefix, row_tenant_id), path=path)


PLATFORM = Scope(distributor_id=None, tenant_id=None, path="", lo="", hi=AFTER_ALL, write_lo="", write_hi=AFTER_ALL)
"""Everything: platform operators, migrations of data, and the claim of jobs."""

NOWHERE = Scope(distributor_id=None, tenant_id=None, path="", lo=AFTER_ALL, hi="", write_lo=AFTER_ALL, write_hi="")
"""No row at all."""
