"""Big answers, made small for who can read that."""

import asyncio
import gzip
from functools import lru_cache

import brotli

__all__ = ["SMALLEST", "compressed"]

SMALLEST = 1_400
"""Bytes: a shorter answer fits one packet as it is."""
IN_THREAD = 200_000
"""Bytes: compressing more would keep other requests waiting."""
BROTLI_QUALITY = 2
GZIP_LEVEL = 3
"""Low ones: an answer is made once and sent once, and JSON of rows repeats itself enough."""


async def compressed(body: bytes, accepted: str | None) -> tuple[bytes, str | None]:
    """The body as the header Accept-Encoding wants it, and the name of its encoding, None when it stays as it is."""
    if accepted is None or len(body) < SMALLEST:
        return body, None
    encoding = _chosen(accepted)
    if encoding is None:
        return body, None
    if len(body) > IN_THREAD:
        return await asyncio.to_thread(_encode, body, encoding), encoding
    return _encode(body, encoding), encoding


def _encode(body: bytes, encoding: str) -> bytes:
    if encoding == "br":
        made: bytes = brotli.compress(body, quality=BROTLI_QUALITY)
        return made
    return gzip.compress(body, GZIP_LEVEL, mtime=0)


@lru_cache(256)
def _chosen(accepted: str) -> str | None:
    """Brotli before gzip, of those whose weight is not 0."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((each[2:] for each in parameters if each.startswith("q=")), "1")
        try:
            weights[name] = float(weight)
        except ValueError:
            weights[name] = 0
    for encoding in ("br", "gzip"):
        if weights.get(encoding, weights.get("*", 0)) > 0:
            return encoding
    return None
