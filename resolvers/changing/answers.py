"""What a mutation came to, as references to rows: kept for idempotency, read for the payload."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from domain.shared.errors import InsufficientBalance, Refusal
from domain.shared.money import minor_digits
from resolvers.changing.change import Answer, Secret, Shown
from tenancy.tokens import Identity

__all__ = ["Outcome", "outcome_of", "refused"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A payload without its rows' contents."""

    rows: Mapping[str, UUID | list[UUID] | None] = field(default_factory=dict)
    """The payload's fields, by their Python names: ids of the rows they show."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)
    """Objects that are no rows, by the names of GraphQL."""
    refusal: Refusal | None = None
    replayed: bool = False
    became: Identity | None = None
    """Who the caller of an open mutation turned out to be."""

    def values(self, acted_as: UUID | None) -> dict[str, Any]:
        """Everything a payload can be asked for besides `query`, by Python names."""
        return {
            **self.rows,
            **self.secrets,
            **self.shown,
            "errors": [] if self.refusal is None else [_error(self.refusal)],
            "replayed": self.replayed,
            "acted_as": acted_as,
        }


def outcome_of(answer: Answer, refusal: Refusal | None, became: Identity | None) -> Outcome:
    """What a resolver returned, once its rows are flushed, and what it said besides."""
    rows: dict[str, UUID | list[UUID] | None] = {}
    secrets, shown = {}, {}
    for name, value in answer.items():
        if isinstance(value, Secret):
            secrets[name] = value.text
        elif isinstance(value, Shown):
            shown[name] = value.value
        elif isinstance(value, list):
            rows[name] = [row.id for row in value]
        else:
            rows[name] = None if value is None else value.id
    return Outcome(rows, secrets, shown, refusal, became=became)


def refused(refusal: Refusal) -> Outcome:
    """Nothing was done, and why."""
    return Outcome(refusal=refusal)


def _error(refusal: Refusal) -> dict[str, Any]:
    error: dict[str, Any] = {
        "__typename": "GenericError",
        "kind": refusal.kind.value,
        "code": refusal.code.value,
        "message": refusal.told(_camel),
        "path": [_camel(step) if isinstance(step, str) else str(step) for step in refusal.path],
    }
    if isinstance(refusal, InsufficientBalance):
        error |= {
            "__typename": "InsufficientBalance",
            "required": _money(refusal.required, refusal.currency),
            "available": _money(refusal.available, refusal.currency),
        }
    return error


def _money(amount: Decimal, currency: str) -> dict[str, str]:
    return {"amount": f"{amount:.{minor_digits(currency)}f}", "currency": currency}


def _camel(name: str) -> str:
    if not name.islower():  # the name of a setting, say
        return name
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
