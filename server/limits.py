"""Cost points a minute for each token, told in the headers of draft-ietf-httpapi-ratelimit-headers."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from uuid import NAMESPACE_OID, UUID, uuid5

from resolvers.reading.cost import MOST_COST

__all__ = ["Budgets", "OutOfBudget", "Spending", "caller_of"]

MOST_TOKENS = 10_000
"""Budgets kept at once: the one unused for the longest goes first, and comes back full."""


def caller_of(address: str | None) -> UUID:
    """Whose budget a request without a token uses: one an IPv4 address, one an IPv6 network of a single customer."""
    try:
        known = ip_address(address or "")
    except ValueError:
        network = "unknown"
    else:
        network = str(known) if known.version == 4 else str(ip_network((known, 64), strict=False))
    return uuid5(NAMESPACE_OID, f"address {network}")


class OutOfBudget(Exception):
    """The token has not enough points left for the operation."""

    def __init__(self, budget: "Budgets", points: int, left: int, retry_after: int) -> None:
        super().__init__(
            f"A token may spend {budget.per_minute} cost points a minute; this operation costs {points}, and {left} "
            f"are left. Try again in {retry_after} s."
        )
        self.per_minute = budget.per_minute
        self.points = points
        self.headers = {**budget.headers(left), "Retry-After": str(retry_after)}


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class Budgets:
    """A bucket a token that holds one minute's points and fills up evenly. Each web process has its own."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        """`per_minute` 0: no limit. `now` in seconds."""
        self.per_minute = per_minute
        self._policy = f'"cost";q={per_minute};w=60'
        self._now = now
        self._buckets: OrderedDict[int, _Bucket] = OrderedDict()

    def spending(self, token_id: UUID) -> "Spending":
        """One request of a token."""
        key = token_id.int  # hashed far faster than the UUID
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self.per_minute, self._now())
            if len(self._buckets) > MOST_TOKENS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return Spending(self, bucket)

    def take(self, bucket: _Bucket, points: int) -> None:
        """Take the points of an operation, at least one. Raises OutOfBudget."""
        if self.per_minute == 0:
            return
        now = self._now()
        bucket.level = min(self.per_minute, bucket.level + (now - bucket.at) * self.per_minute / 60)
        bucket.at = now
        # An operation that is dearer than a whole minute waits for a full bucket and empties it.
        needed = min(max(points, 1), self.per_minute)
        if bucket.level < needed:
            wait = math.ceil((needed - bucket.level) * 60 / self.per_minute)
            raise OutOfBudget(self, points, int(bucket.level), max(wait, 1))
        bucket.level -= needed

    def headers(self, left: int) -> dict[str, str]:
        """RateLimit-Policy and RateLimit: points left, and seconds until the bucket is full again."""
        if self.per_minute == 0:
            return {}
        full_in = math.ceil((self.per_minute - left) * 60 / self.per_minute)
        return {"RateLimit-Policy": self._policy, "RateLimit": f'"cost";r={left};t={full_in}'}


class Spending:
    """What one request spends, and what its answer says of it."""

    __slots__ = ("_bucket", "_budgets")

    def __init__(self, budgets: Budgets, bucket: _Bucket) -> None:
        self._budgets = budgets
        self._bucket = bucket

    def __call__(self, points: int) -> None:
        """Take the points. Raises OutOfBudget."""
        self._budgets.take(self._bucket, points)

    @property
    def left(self) -> int:
        """Points that the token's last operation left."""
        return int(self._bucket.level)

    def headers(self) -> dict[str, str]:
        """Of the answer; none without a limit."""
        return self._budgets.headers(self.left)

    def told(self, points: int | None) -> dict[str, int | None]:
        """The entry `cost` of an answer's extensions: of the operation, the most allowed, and of the minute."""
        per_minute = self._budgets.per_minute
        left = self.left if per_minute else None
        return {"points": points, "limit": MOST_COST, "left": left, "perMinute": per_minute or None}
