"""A mutation's time: the database ends a statement that is too long, and here no further one begins when it is over."""

import math
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from sqlalchemy import Engine, event

__all__ = ["CANCELED", "TimeIsOver", "keep_deadlines", "within"]

CANCELED = "57014"
"""PostgreSQL's code of a statement that took longer than it may."""

_until: ContextVar[float] = ContextVar("until", default=math.inf)

T = TypeVar("T")


class TimeIsOver(Exception):
    """No further statement may begin. Its transaction is rolled back."""

    sqlstate = CANCELED
    """So that it is told from faults like the database's own."""


def keep_deadlines(database: Engine) -> None:
    """From here on refuse statements of this engine that begin after their work's time: TimeIsOver."""
    event.listen(database, "before_cursor_execute", _check)


def within(seconds: float, work: Callable[[], T]) -> T:
    """Do work whose statements have to begin within so many seconds from now."""
    token = _until.set(time.monotonic() + seconds)
    try:
        return work()
    finally:
        _until.reset(token)


def _check(*_: Any) -> None:
    if time.monotonic() > _until.get():
        raise TimeIsOver
