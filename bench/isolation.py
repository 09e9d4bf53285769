"""What isolation costs: the reads of `bench.reading` with row-level security and without, on one database.

Both servers send the same statements, with the same predicates. One logs in as the application's role, the other as a
role that has the same rights and that row-level security does not hold.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median

import psycopg

from bench.cores import two_cores
from bench.database import MeasuredDatabase, measured_database
from bench.load import GENERATOR
from bench.reading import CLIENTS, Round, measured
from bench.servers import headwater, same_answers
from db.engine import APPLICATION_ROLE

__all__ = ["compare"]

BYPASSING = "headwater_bench_bypassing"
MOST = 0.10
"""What row-level security may cost of the requests a second."""


def compare(folder: Path, *, subscriptions: int, rounds: int, seconds: float) -> Iterator[str]:
    """Lines of a table. The two servers are loaded in turn, round after round."""
    server_core, other_core = two_cores()
    yield f"Database of {subscriptions:,} subscriptions; load by {GENERATOR}"
    with (
        measured_database(folder, subscriptions, other_core) as database,
        _bypassing(database) as unheld,
        headwater(database, server_core) as held,
        headwater(unheld, server_core) as free,
    ):
        compared = [held, replace(free, name="without")]
        same_answers(compared)
        yield f"Medians of {rounds} interleaved rounds of {seconds:.0f} s; the cost is within a round, with its range."
        for operation in ("page", "single"):
            for clients in CLIENTS:
                found = measured(compared, database, operation, clients, rounds, seconds, other_core)
                yield _line(operation, clients, found["Headwater"], found["without"])


@contextmanager
def _bypassing(database: MeasuredDatabase) -> Iterator[MeasuredDatabase]:
    """The same database for a role that row-level security does not hold, for as long as the block runs."""
    url = database.app_url
    assert url.count(f"//{APPLICATION_ROLE}") == 1
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute(f"DROP ROLE IF EXISTS {BYPASSING}")
        connection.execute(f"CREATE ROLE {BYPASSING} LOGIN NOSUPERUSER BYPASSRLS IN ROLE {APPLICATION_ROLE}")
        try:
            yield replace(database, app_url=url.replace(f"//{APPLICATION_ROLE}", f"//{BYPASSING}"))
        finally:
            connection.execute(f"DROP ROLE {BYPASSING}")


def _line(operation: str, clients: int, held: list[Round], free: list[Round]) -> str:
    with_it, without = (median(round_.per_second for round_ in each) for each in (held, free))
    costs = sorted(1 - a.per_second / b.per_second for a, b in zip(held, free, strict=True))
    postgres = median(a.postgres for a in held) - median(b.postgres for b in free)
    cost = median(costs)
    return (
        f"{operation:>7}, {clients:2} {'client ' if clients == 1 else 'clients'}: {with_it:7,.0f} requests/s with,"
        f" {without:7,.0f} without; it costs {cost:6.1%} ({costs[0]:+.1%} … {costs[-1]:+.1%}),"
        f" of PostgreSQL {postgres:+5.0f} µs a request{'' if cost < MOST else f'  more than {MOST:.0%}'}"
    )
