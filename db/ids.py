"""Identifiers: UUID version 7 inside, `<prefix>_<32 hex>` outside."""

import re
import secrets
import threading
import time
from uuid import UUID

__all__ = ["InvalidId", "decode", "encode", "uuid7"]

_COUNTER_BITS = 12
_PUBLIC = re.compile("([A-Za-z]+)_([0-9a-f]{32})")
_lock = threading.Lock()
_last = 0


class InvalidId(ValueError):
    """The text is not `<prefix>_<32 hex digits>`."""


def uuid7() -> UUID:
    """A new time-ordered id: 48 bits of Unix milliseconds, a 12-bit counter, 62 random bits (RFC 9562, method 1).

    Ids made in one process rise strictly, so that rows made in the same millisecond keep their order.
    """
    global _last  # noqa: PLW0603 - the counter belongs to the process
    with _lock:
        _last = max(_last + 1, (time.time_ns() // 1_000_000) << _COUNTER_BITS)
        stamp = _last
    milliseconds, counter = stamp >> _COUNTER_BITS, stamp & ((1 << _COUNTER_BITS) - 1)
    return UUID(int=milliseconds << 80 | 7 << 76 | counter << 64 | 0b10 << 62 | secrets.randbits(62))


def encode(prefix: str, id: UUID) -> str:
    """The public form of an id."""
    return f"{prefix}_{id.hex}"


def decode(text: str) -> tuple[str, UUID]:
    """The prefix and the id of a public id.

    Only the one spelling that `encode` writes is accepted, so that an id has one text everywhere (caches rely on it).
    """
    prefix, digits = split(text)
    return prefix, UUID(hex=digits)


def split(text: str) -> tuple[str, str]:
    """The prefix and the 32 hex digits of a public id; else as `decode`."""
    found = _PUBLIC.fullmatch(text)
    if found is None:
        raise InvalidId(text)
    return found[1], found[2]
