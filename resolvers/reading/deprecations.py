"""What of the schema is announced to go, and when: each deprecation's reason says its date."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from graphql import GraphQLSchema

__all__ = ["FORM", "Deprecation", "UndatedDeprecation", "dated", "deprecated_elements"]

FORM = "Removed after <day>. <What to use instead>."
"""How a reason reads; the day as 2028-01-01."""
_REASON = re.compile(r"Removed after (\d{4}-\d{2}-\d{2})\. (\S.*\.)", re.DOTALL)


class UndatedDeprecation(ValueError):
    """A reason that does not say when, or not what to use instead."""


@dataclass(frozen=True, slots=True)
class Deprecation:
    """An element of the schema that clients are to leave."""

    coordinate: str
    """Such as `Plan.price`, `Query.plans(before:)`, `OrderState.NEW`."""
    removed_after: date
    """The last day on which it is answered."""


def dated(reason: str) -> date:
    """The day in a reason. Raises UndatedDeprecation for a reason of another form."""
    found = _REASON.fullmatch(reason)
    try:
        return date.fromisoformat(found[1] if found else "")
    except ValueError:
        raise UndatedDeprecation(f"{reason!r} is not of the form {FORM!r}") from None


def deprecated_elements(schema: GraphQLSchema) -> dict[str, str]:
    """Reasons by the coordinates of everything that is deprecated."""
    return {coordinate: reason for coordinate, reason in _elements(schema) if reason is not None}


def _elements(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    for type_ in schema.type_map.values():
        members: Mapping[str, Any] = getattr(type_, "fields", None) or getattr(type_, "values", None) or {}
        for name, member in members.items():
            yield f"{type_.name}.{name}", member.deprecation_reason
            for argument_name, argument in getattr(member, "args", {}).items():
                yield f"{type_.name}.{name}({argument_name}:)", argument.deprecation_reason
