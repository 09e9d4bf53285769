"""What workers count of their jobs, for Prometheus.

Several processes share one set of numbers by the files of PROMETHEUS_MULTIPROC_DIR, which has to be set before this
module is imported; without it each process counts for itself and nobody asks.
"""

from functools import cache

from prometheus_client import Counter, Histogram

from jobs.claims import Claim

__all__ = ["OUTCOMES", "count_attempt"]

OUTCOMES = ("done", "retried", "failed", "refused", "returned", "lost")
"""How an attempt ends: with its effect; to be tried again; given up; answered with a refusal; given back by a worker
that stops; or somebody else had the job by then."""

_ATTEMPTS = Counter("headwater_job_attempts", "Attempts at jobs, by how they ended.", ["queue", "kind", "outcome"])
_DURATION = Histogram(
    "headwater_job_duration_seconds",
    "How long attempts at jobs took.",
    ["queue", "kind"],
    buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300, 1800),
)


def count_attempt(claim: Claim, outcome: str, seconds: float) -> None:
    """An attempt has ended."""
    _attempts(claim.queue, claim.kind, outcome).inc()
    _duration(claim.queue, claim.kind).observe(seconds)


@cache
def _attempts(queue: str, kind: str, outcome: str) -> Counter:
    return _ATTEMPTS.labels(queue, kind, outcome)


@cache
def _duration(queue: str, kind: str) -> Histogram:
    return _DURATION.labels(queue, kind)
