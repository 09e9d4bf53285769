"""What billing costs: the calculation alone, an order over GraphQL, and the billing run of a day."""

import resource
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from statistics import median

import psycopg

from bench.cores import keep_to, two_cores
from bench.database import CHILD, MeasuredDatabase, measured_database
from bench.load import load
from bench.operations import Operation
from bench.servers import CannotCompare, headwater
from db import ids
from db.engine import application_engine
from domain.billing.charging import sales_charges
from domain.billing.drafts import BillingTerms, Line
from domain.payments.billing_run import STEPS
from domain.shared.billing_types import BillingType
from jobs.memory import collect_rarely
from tenancy.clock import Clock
from tenancy.scope import Scope
from tenancy.sessions import Sessions

__all__ = ["measure"]

CHARGES = 100_000
FUNDS = 1_000_000
"""Of every account: nothing is to fail for want of money."""
PLANS = 20
"""Of each tenant; every third, from the third on, is sold month by month."""
BILLING_DAYS = (date(2026, 12, 5), date(2027, 1, 5))
"""The first makes the charges that the second closes: the second is measured."""
ORDER = """mutation Order($input: OrderSubscriptionInput!) {
  orderSubscription(input: $input) {
    order { id number state total { amount currency } charges { amount { amount } } }
    errors { code message path }
  }
}"""


def measure(folder: Path, *, subscriptions: int, rounds: int, seconds: float) -> Iterator[str]:
    """Lines of a table."""
    yield from _calculation(rounds)
    server_core, other_core = two_cores()
    with measured_database(folder, subscriptions, other_core) as database:
        yield ""
        yield from _orders(database, server_core, other_core, rounds=rounds, seconds=seconds)
        yield ""
        with keep_to(server_core):
            yield from _run(database)


def _calculation(rounds: int) -> Iterator[str]:
    """Charges with their explanations, from terms and lines: nothing else is touched."""
    terms = BillingTerms(BillingType.RESERVATION, "EUR", billing_day=5, end=date(2027, 8, 20), anchor_day=20)
    lines = [Line("seats", Decimal(5), Decimal("10.00")), Line("storage", Decimal(7), Decimal("0.3333"))]
    found = []
    for _ in range(rounds):
        made, before = 0, time.process_time()
        while made < CHARGES:
            made += len(sales_charges(terms, lines, on=date(2026, 8, 20)))
        found.append((time.process_time() - before) / made)
    each = median(found)
    yield f"{CHARGES:,} charges calculated, a year's orders of two resources: {each * CHARGES:.1f} s of processor time"
    yield f"  {each * 1e6:.0f} µs a charge, {1 / each:,.0f} a second"


def _orders(
    database: MeasuredDatabase, server_core: int | None, other_core: int | None, *, rounds: int, seconds: float
) -> Iterator[str]:
    """Orders that wait for their payment, with one charge for each of three resources and its levels up the chain."""
    with headwater(database, server_core) as server:
        served = replace(
            server, operations={"order": Operation(_requests(database), lambda data: data)}, paths={"order": "/graphql"}
        )
        answer = served.ask("order", served.operations["order"].bodies[0])
        if answer.get("errors") or answer["data"]["orderSubscription"]["errors"]:
            raise CannotCompare(f"Headwater does not answer: {answer}")
        yield f"orderSubscription over GraphQL, server on core {server_core}, PostgreSQL and load on core {other_core}"
        for clients in (1, 16):
            load(served, "order", clients=clients, seconds=2, core=other_core)
            found = [
                load(served, "order", clients=clients, seconds=seconds, core=other_core).per_second
                for _ in range(rounds)
            ]
            yield f"  {clients:2} clients {median(found):8.1f} a second ({min(found):.1f} … {max(found):.1f})"


def _requests(database: MeasuredDatabase) -> list[dict[str, object]]:
    with psycopg.connect(database.superuser_url) as connection:
        found = connection.execute(
            "SELECT a.id, p.id, r.id FROM tenants t JOIN accounts a ON a.tenant_id = t.id"
            " JOIN plans p ON p.tenant_id = t.id JOIN plan_periods r ON r.plan_id = p.id"
            " WHERE t.number = %s AND p.billing_type = 'CSP_MONTHLY' ORDER BY a.id, p.id LIMIT 1000",
            [f"R{CHILD}"],
        ).fetchall()
    quantities = [{"resourceKey": key, "quantity": "5"} for key in ("seats", "storage", "support")]
    return [
        {
            "query": ORDER,
            "variables": {
                "input": {
                    "accountId": ids.encode("acc", account),
                    "planId": ids.encode("pln", plan),
                    "periodId": ids.encode("per", period),
                    "quantities": quantities,
                }
            },
        }
        for account, plan, period in found
    ]


def _run(database: MeasuredDatabase) -> Iterator[str]:
    """Two billing days of the whole distributor in this process, step by step as the job does them in a worker."""
    collect_rarely()
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("UPDATE accounts SET funds = %s", [FUNDS])
        # They were not made by a run: there is nothing to compute them from.
        connection.execute("UPDATE charges SET state = 'CLOSED' WHERE state = 'BLOCKED'")
        found = connection.execute("SELECT id, tenant_path FROM tenants WHERE kind = 'DISTRIBUTOR'").fetchone()
    assert found is not None
    id, path = found
    scope = Scope.of_tenant(id, id, path).writing_downstream()
    engine = application_engine(database.app_url)
    try:
        for day in BILLING_DAYS:
            clock = Clock(datetime(day.year, day.month, day.day, 3, tzinfo=UTC), "Europe/Berlin", sandbox=True)
            lines, wall, busy = [], 0.0, 0.0
            for step in STEPS:
                rows, started, before = 0, time.perf_counter(), _processor()
                while True:
                    with Sessions(engine).begin(scope) as session:
                        done = step(session, scope, clock=clock, day=day)
                    if not done:
                        break
                    rows += done
                took, used = time.perf_counter() - started, _processor() - before
                wall, busy = wall + took, busy + used
                if rows:
                    name = getattr(step, "__name__", "step")
                    lines.append(f"  {name:22}{rows:7,} rows {took:7.1f} s, {1000 * used / rows:5.2f} ms of ours a row")
    finally:
        engine.dispose()
    with psycopg.connect(database.superuser_url) as connection:
        paid = connection.execute("SELECT count(*) FROM subscriptions WHERE paid_to > %s", [BILLING_DAYS[-1]])
        ((count,),) = paid.fetchall()
    yield f"The billing run of {BILLING_DAYS[-1]}: {count:,} subscriptions go on, of three charges each, three levels"
    yield from lines
    yield f"  {count / wall:,.0f} subscriptions a second; {count / busy:,.0f} a second of our processor time"


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
