"""What a mutation's resolver has at hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from domain.shared.errors import Forbidden, NotFound
from tenancy.clock import Clock, clock_of
from tenancy.permissions import Permission
from tenancy.rows import TenantRow
from tenancy.scope import Scope
from tenancy.sessions import ScopedSession

__all__ = ["Answer", "Answered", "Change", "Secret", "Wait"]


@dataclass(frozen=True, slots=True)
class Secret:
    """A text that is shown in the first answer and never again."""

    text: str


Answered = TenantRow | Secret | list[TenantRow] | None
Answer = Mapping[str, Answered]
"""What a resolver returns: the payload's own fields, by their Python names."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A job that the answer is to wait for, after its transaction is committed."""

    distributor_id: UUID
    job_id: UUID
    seconds: float


@dataclass
class Change:
    """One mutation's transaction, and who does it."""

    session: ScopedSession
    scope: Scope
    """The acting tenant's; the platform's for an operator who acts for nobody."""
    permissions: frozenset[Permission]
    dry_run: bool
    wait: Wait | None = field(default=None)
    """Set by a resolver whose work goes on in a job."""

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
