"""How often may be tried. Counted in the database, so that it holds across all web processes."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from tenancy.errors import TooMany
from tenancy.messages import Word

__all__ = [
    "FAILURES_OF_ADDRESS",
    "FAILURES_OF_PERSON",
    "RESETS_FROM_ADDRESS",
    "RESETS_OF_PERSON",
    "Limit",
    "count",
    "forget",
    "key_of",
    "take_back",
]


class Counted(Word):
    """What there were too many of."""

    FAILURES_OF_PERSON = "failed sign-ins of one person"
    FAILURES_OF_ADDRESS = "failed sign-ins from one address"
    RESETS_FROM_ADDRESS = "passwords reset from one address"
    RESETS_OF_PERSON = "password resets asked for one person"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in so long, counted from the first of them. When the time is over, all are forgotten."""

    what: Counted
    most: int
    within: timedelta


FAILURES_OF_PERSON = Limit(Counted.FAILURES_OF_PERSON, 10, timedelta(minutes=15))
FAILURES_OF_ADDRESS = Limit(Counted.FAILURES_OF_ADDRESS, 100, timedelta(minutes=15))
RESETS_FROM_ADDRESS = Limit(Counted.RESETS_FROM_ADDRESS, 30, timedelta(minutes=15))
RESETS_OF_PERSON = Limit(Counted.RESETS_OF_PERSON, 3, timedelta(hours=1))

_COUNT = text("""
INSERT INTO sign_in_attempts (key, tenant_path, failures, since) VALUES (:key, '', 1, clock_timestamp())
ON CONFLICT (key) DO UPDATE SET
  failures = CASE WHEN sign_in_attempts.since <= clock_timestamp() - CAST(:within AS interval) THEN 1
                  ELSE sign_in_attempts.failures + 1 END,
  since = CASE WHEN sign_in_attempts.since <= clock_timestamp() - CAST(:within AS interval) THEN clock_timestamp()
               ELSE sign_in_attempts.since END
RETURNING failures, ceil(extract(epoch FROM since + CAST(:within AS interval) - clock_timestamp()))::int AS rest
""")
_TAKE_BACK = text("UPDATE sign_in_attempts SET failures = failures - 1 WHERE key = :key AND failures > 1")
_FORGET = text("DELETE FROM sign_in_attempts WHERE key = :key")
_FORGET_LAST = text("DELETE FROM sign_in_attempts WHERE key = :key AND failures <= 1")


def key_of(limit: Limit, *parts: str) -> bytes:
    """What is counted under a limit: a person's address at a tenant, or an IP address."""
    return hashlib.sha256("\n".join((limit.what, *parts)).encode()).digest()


def count(session: Session, limit: Limit, key: bytes) -> None:
    """Count one more, before it is known whether it fails: of many at once, none gets by.

    Needs the platform's scope, and to be committed whatever becomes of what is tried. Raises TooMany.
    """
    row = session.execute(_COUNT, {"key": key, "within": limit.within}).one()
    if row.failures > limit.most:
        raise TooMany(
            "There were {most} {what} in {minutes} minutes, which is all that is allowed. Try again in {seconds} s.",
            most=limit.most,
            what=limit.what,
            minutes=int(limit.within.total_seconds() // 60),
            seconds=row.rest,
        )


def take_back(session: Session, key: bytes) -> None:
    """The one that was counted did not fail; earlier ones stay. Needs the platform's scope."""
    session.execute(_FORGET_LAST, {"key": key})
    session.execute(_TAKE_BACK, {"key": key})


def forget(session: Session, key: bytes) -> None:
    """Begin anew. Needs the platform's scope."""
    session.execute(_FORGET, {"key": key})
