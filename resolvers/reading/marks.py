"""What is done to an answer after the statement ran: hidden fields become errors, Python's fields get their values."""

from collections.abc import Sequence
from typing import Any

import orjson

from resolvers.reading.compiler import FROM, MARK, Forbidden, Mark
from tenancy.messages import Message

__all__ = ["forbidden_error", "marks_done", "with_marks_done"]


def with_marks_done(data: bytes, marks: Sequence[Mark]) -> bytes:
    """The response for what a statement returned."""
    answer = {"data": orjson.loads(data)}
    errors: list[dict[str, Any]] = []
    marks_done(answer["data"], marks, (), errors)
    return orjson.dumps({**answer, "errors": errors} if errors else answer)


def marks_done(value: Any, marks: Sequence[Mark], path: tuple[str | int, ...], errors: list[dict[str, Any]]) -> None:
    """Replace every mark inside `value`; add an error for each that was a hidden field."""
    place: Any = value
    members: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(members):
        if not isinstance(item, dict) or MARK not in item:
            if isinstance(item, dict | list):
                marks_done(item, marks, (*path, key), errors)
            continue
        mark = marks[item[MARK]]
        if isinstance(mark, Forbidden):
            place[key] = None
            errors.append(forbidden_error(str(mark.permission), [*path, key]))
        else:
            place[key] = mark.function(*item[FROM])


def forbidden_error(permission: str, path: list[str | int]) -> dict[str, Any]:
    """The error in the place of a hidden field."""
    return {
        "message": Message("This needs the permission {permission}.", permission=permission).told(),
        "path": path,
        "extensions": {"code": "FORBIDDEN", "permission": permission},
    }
