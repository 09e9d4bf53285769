"""The request or job that a piece of work comes from, for those who follow it through the house."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["coming_from", "traceparent"]

_traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)


def traceparent() -> str | None:
    """The W3C trace context (`traceparent`) of the work that runs here; None: nobody follows it."""
    return _traceparent.get()


@contextmanager
def coming_from(traceparent: str | None) -> Iterator[None]:
    """Everything inside, and the jobs that it starts, belong to this trace."""
    token = _traceparent.set(traceparent)
    try:
        yield
    finally:
        _traceparent.reset(token)
