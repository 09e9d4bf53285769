"""Which core a process runs on."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["keep_to", "two_cores"]


def two_cores() -> tuple[int | None, int | None]:
    """A core for the server, and one for PostgreSQL and the load; None where the system does not let one choose."""
    if not hasattr(os, "sched_getaffinity"):
        return None, None
    first, *others = sorted(os.sched_getaffinity(0))
    return first, others[0] if others else first


@contextmanager
def keep_to(core: int | None) -> Iterator[None]:
    """Programs started inside run on this core."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
