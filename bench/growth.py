"""Whether a page takes longer where there are more rows that it does not show."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import psycopg

from bench.cores import two_cores
from bench.database import CHILD, MeasuredDatabase, measured_databases, token
from bench.load import load
from bench.operations import PAGE, PAGE_SIZE
from bench.servers import headwater
from db.engine import FAIL_CLOSED, application_engine
from resolvers.reading import Engine, Viewer
from resolvers.reading.execute import PLANNING, SET_SCOPE, scope_settings
from schema.build import schema
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tenancy.tokens import authenticate

__all__ = ["grow"]

SIZES = (10_000, 100_000, 1_000_000)
MOST = 1.25


def grow(folder: Path, *, rounds: int, seconds: float) -> Iterator[str]:
    """Lines: milliseconds for the page of one client at every size, and PostgreSQL's plans if it grows too much."""
    times: dict[int, list[float]] = {size: [] for size in SIZES}
    server_core, other_core = two_cores()
    with ExitStack() as stack:
        databases = stack.enter_context(measured_databases(folder, SIZES, other_core))
        all_served = [(each, stack.enter_context(headwater(each, server_core))) for each in databases]
        for _, served in all_served:
            load(served, "page", clients=16, seconds=2, core=other_core)
        for round_ in range(rounds):
            for database, served in all_served if round_ % 2 == 0 else reversed(all_served):
                found = load(served, "page", clients=1, seconds=seconds, core=other_core)
                times[database.subscriptions].append(1000 / found.per_second)
        plans = {database.subscriptions: _plan(database) for database in databases}
    smallest = median(times[SIZES[0]])
    for size in SIZES:
        middle = median(times[size])
        spread = f"{min(times[size]):.2f} … {max(times[size]):.2f}"
        yield f"{size:10,} subscriptions: {middle:6.2f} ms a page ({spread}), {middle / smallest:.2f} ×"
    if max(median(each) for each in times.values()) / smallest >= MOST:
        yield f"It grows by more than {MOST - 1:.0%}. What PostgreSQL does:"
        for size, plan in plans.items():
            yield f"\n{size:,} subscriptions"
            yield plan


def _plan(database: MeasuredDatabase) -> str:
    """EXPLAIN ANALYZE of the page's statement, as the child reseller."""
    engine = Engine(schema)
    operation = engine.documents.find(PAGE).operation(None)
    sessions = Sessions(application_engine(database.app_url, pool_size=1))
    with sessions.begin(PLATFORM) as session:
        identity = authenticate(session, token(CHILD))
    sessions.engine.dispose()
    assert identity is not None
    with psycopg.connect(database.app_url, options=f"{FAIL_CLOSED} {PLANNING}") as connection:
        viewer = Viewer(identity.scope, identity.permissions)
        variables = {"first": PAGE_SIZE}
        statement = engine.plan(operation, viewer, variables).statement
        assert statement is not None
        cursor = psycopg.RawCursor(connection)
        cursor.execute(SET_SCOPE, scope_settings(viewer.scope))
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + statement.text, statement.parameters(variables, viewer))
        return "\n".join(line for (line,) in cursor)
