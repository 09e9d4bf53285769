"""What a mutation's resolver has at hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from domain.shared.errors import Forbidden, InvalidState, NotFound, Refusal
from tenancy.clock import Clock, clock_of
from tenancy.customers import standing
from tenancy.permissions import Permission
from tenancy.rows import TenantRow
from tenancy.scope import Customer, Scope
from tenancy.sessions import ScopedSession, Sessions
from tenancy.tokens import Identity

__all__ = ["Answer", "Answered", "Before", "Change", "Secret", "Shown", "Wait"]


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that is shown in the first answer and never again."""

    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """An object that is no row: told in this answer and kept nowhere, so that a replay does not have it."""

    value: Mapping[str, Any]
    """By the names of GraphQL, all the way down."""


Answered = TenantRow | Secret | Shown | list[TenantRow] | None
Answer = Mapping[str, Answered]
"""What a resolver returns: the payload's own fields, by their Python names."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A job that the answer is to wait for, after its transaction is committed."""

    distributor_id: UUID
    job_id: UUID
    seconds: float


@dataclass(frozen=True, slots=True)
class Before:
    """What there is before a mutation's transaction: transactions of one's own, which stay whatever becomes of it."""

    sessions: Sessions
    identity: Identity
    address: str | None
    """The caller's IP address, where it is known."""
    dry_run: bool
    input: dict[str, Any]
    """The resolver's keywords."""


@dataclass
class Change:
    """One mutation's transaction, and who does it."""

    session: ScopedSession
    scope: Scope
    """The acting tenant's; the platform's for an operator who acts for nobody; of an open mutation: nothing."""
    identity: Identity
    """Whose token it is; nobody's in an open mutation."""
    dry_run: bool
    address: str | None = None
    """The caller's IP address, where it is known."""
    wait: Wait | None = field(default=None)
    """Set by a resolver whose work goes on in a job."""
    refusal: Refusal | None = field(default=None)
    """Set by a resolver that refuses, but what it wrote is to be kept. All other refusals are raised."""
    became: Identity | None = field(default=None)
    """Set by an open mutation when it has found out who calls, and by one that changed what a customer's user sees: for
    that one the payload is read."""

    @property
    def permissions(self) -> frozenset[Permission]:
        """What whoever does it may do."""
        return self.identity.permissions

    @property
    def customer(self) -> Customer | None:
        """The customer's user who does it; None: somebody of the seller's."""
        return self.scope.customer

    def stand_anew(self, *, user_id: UUID, token_id: UUID) -> None:
        """Let the payload be read by a user as it stands after this change, with what it sees now."""
        self.became = standing(self.session, self.identity, user_id=user_id, token_id=token_id)

    def require_own_tenant(self) -> None:
        """For what a token's holder does about himself. Raises InvalidState while he acts as another tenant."""
        if self.scope.tenant_id != self.identity.scope.tenant_id:
            raise InvalidState("This is about yourself: leave out Headwater-Act-As.")

    def require(self, permission: Permission) -> None:
        """Raises Forbidden without this permission: for what only some inputs of a mutation need."""
        if permission not in self.permissions:
            raise Forbidden(permission)

    @cached_property
    def clock(self) -> Clock:
        """The acting tenant's clock, read once. Raises NotFound when the platform acts for nobody."""
        if self.scope.distributor_id is None:
            raise NotFound
        return clock_of(self.session, self.scope.distributor_id)
