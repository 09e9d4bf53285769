"""Where somebody may look over the pipeline's shoulder: at every change, in its transaction and after it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from resolvers.changing.answers import Outcome
from tenancy.scope import Scope
from tenancy.sessions import ScopedSession
from tenancy.tokens import Identity

__all__ = ["Audit", "Audited"]


@dataclass(frozen=True, slots=True)
class Audited:
    """One call of a mutation, and what it came to."""

    mutation: str
    input: Mapping[str, Any]
    """As GraphQL coerced it, by GraphQL's names; secrets left out."""
    identity: Identity
    """Whose token it was; of an open mutation who the caller turned out to be, or nobody."""
    scope: Scope
    """The acting tenant's."""
    acted_as: UUID | None
    dry_run: bool
    key: str | None
    request_id: str | None
    address: str | None
    """The caller's IP address, where it is known."""
    outcome: Outcome | None
    """Rows, or the refusal. None: a fault, which the log holds under `request_id`."""


class Audit:
    """Does nothing; whoever keeps records overrides what he needs."""

    def record(self, session: ScopedSession, done: Audited) -> None:
        """In the transaction of a change, its last act before the commit: what is added here is kept with it or not at
        all. Not called for refusals, dry runs and replays. An exception undoes the change.
        """

    def tell(self, done: Audited) -> None:
        """After the end of a call's transaction, whatever it came to. An exception is logged and changes nothing."""
