"""The chain of a distributor's entries: each hash covers the one before, so that nothing in between can change unseen.

Canonical form of an entry, version 1: a JSON object with the keys of `SEALED`, in alphabetical order, nothing between
the tokens but what JSON asks for, UTF-8 unescaped; ids as 36 lower-case characters, the instant in UTC with six digits
of a second and `Z`, absent values as null; `changes` an object of `[before, after]`, texts or null. The hash of an
entry is SHA-256 of the previous hash (32 bytes; zeros before the first) followed by the canonical form.

`tenant_path` is left out on purpose: it follows a tenant that is moved. The tenant's id stands in it.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["GENESIS", "SEALED", "Broken", "Head", "canonical", "link", "verify"]

GENESIS = bytes(32)
"""What stands before the first entry."""

SEALED = (
    "acted_as_id",
    "actor_id",
    "actor_kind",
    "at",
    "changes",
    "count",
    "distributor_id",
    "id",
    "job_id",
    "operation",
    "request_id",
    "sequence",
    "subject",
    "subject_id",
    "tenant_id",
    "verb",
)
"""What a hash covers."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: keep it somewhere else, and nobody can shorten the chain unseen."""

    sequence: int
    hash: str
    """Hexadecimal."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first entry at which a chain does not hold."""

    sequence: int
    id: str | None
    why: str


def canonical(entry: Mapping[str, Any]) -> bytes:
    """The bytes that a hash covers, of an entry whose values are as JSON has them."""
    covered = {name: entry[name] for name in SEALED}
    return json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def link(previous: bytes, entry: Mapping[str, Any]) -> bytes:
    """The hash of an entry that stands after the one with the hash `previous`."""
    return hashlib.sha256(previous + canonical(entry)).digest()


def verify(entries: Iterable[Mapping[str, Any]], *, head: Head | None = None) -> Head | Broken:
    """Follow a whole chain, in the order of `sequence`. Entries also have `hash`, in hexadecimal.

    With `head`, an end that was kept elsewhere, the chain must lead through it: without it a chain whose last entries
    were taken away looks whole.
    """
    previous, last = GENESIS, 0
    for entry in entries:
        sequence = entry["sequence"]
        if sequence != last + 1:
            return Broken(last + 1, None, "is missing" if sequence > last + 1 else "stands twice or out of order")
        hash = link(previous, entry)
        if hash.hex() != entry["hash"]:
            return Broken(sequence, entry["id"], "was altered, or an entry before it was exchanged")
        if head is not None and sequence == head.sequence and hash.hex() != head.hash:
            return Broken(sequence, entry["id"], "is not the one that the kept head names")
        previous, last = hash, sequence
    if head is not None and last < head.sequence:
        return Broken(last + 1, None, f"is missing, with everything up to the kept head {head.sequence}")
    return Head(last, previous.hex())
