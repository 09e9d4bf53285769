"""The trace that a request says it belongs to."""

import re
from collections.abc import Mapping

__all__ = ["traceparent_of"]

_W3C = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def traceparent_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The header `traceparent` of W3C Trace Context; None without one, and when it is not as it should be."""
    given = headers.get(b"traceparent", b"")
    return given.decode() if _W3C.fullmatch(given) else None
