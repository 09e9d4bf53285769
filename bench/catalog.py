"""Prices of a big catalog: repricing all copies of all plans, and a page of the price list."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.copying import clone
from db.engine import application_engine
from domain.catalog.actions import create_plan, create_service_term
from domain.catalog.drafts import FeesDraft, PlanPeriodDraft, PlanResourceDraft
from domain.pricing.repricing import reprice_below
from domain.shared.billing_types import BillingType
from domain.shared.periods import PeriodUnit
from migrations.run import upgrade
from resolvers.reading import Engine, Viewer, reading_pool
from schema.build import schema
from server.embedded import DATABASE, EmbeddedPostgres
from tenancy.clock import clock_of
from tenancy.hierarchy import create_distributor, create_reseller
from tenancy.permissions import Permission
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import Sessions

__all__ = ["measure"]

PLANS = 200
"""At the distributor, each of one period and one resource; every reseller has a copy of each, with a markup."""
READS = 100
"""Of a page, in a round."""

PAGE = """query ($scope: Scope!, $field: PriceListSortField!) {
  priceList(scope: $scope, first: 50, sort: [{field: $field}]) { nodes {
    planName sku productName billingType duration unit retailPrice { amount currency } netCost { amount }
    margin { amount } marginPercent markupPercent } } }"""
BY_HAND = """SELECT json_agg(json_build_object('planName', plan_name, 'sku', sku, 'productName', product_name,
    'billingType', billing_type, 'duration', duration, 'unit', unit, 'retailPrice', retail_price::text,
    'currency', currency, 'netCost', net_cost::text, 'margin', margin::text,
    'marginPercent', margin_percent::text, 'markupPercent', markup_percent::text))::text
  FROM (SELECT * FROM price_list_entries
         WHERE distributor_id = %(distributor)s AND tenant_path >= %(lo)s AND tenant_path < %(hi)s
         ORDER BY {order}, id LIMIT 50) lines"""
# One statement that reads what repricing reads and writes the prices of the copies, and nothing else.
BARE = """
UPDATE plan_resources r SET net_recurring_per_month = a.recurring_per_month,
       recurring_per_month = round(a.recurring_per_month * (100 + p.markup_percent) * 0.01, 4), updated_at = now()
  FROM plans p JOIN plan_resources a ON (a.distributor_id, a.plan_id) = (p.distributor_id, p.parent_id)
 WHERE (p.distributor_id, p.id) = (r.distributor_id, r.plan_id) AND p.parent_id IS NOT NULL AND a.key = r.key
"""


def measure(folder: Path, *, copies: int, rounds: int) -> Iterator[str]:
    """Lines of a table. What is compared runs in turn, round after round, so that a slow minute meets all alike."""
    with EmbeddedPostgres(folder) as server:
        upgrade(server.owner_url())
        engine = application_engine(server.app_url(), pool_size=2)
        try:
            scope = _filled(Sessions(engine), copies)
            with psycopg.connect(server.superuser_url(DATABASE), autocommit=True) as connection:
                connection.execute("VACUUM (ANALYZE)")
            yield f"{PLANS} plans of a distributor, {copies:,} copies at its resellers; medians of {rounds} rounds"
            yield ""
            yield from _repricing(Sessions(engine), server.superuser_url(DATABASE), scope, copies, rounds)
            yield ""
            yield from asyncio.run(_pages(server.app_url(), server.superuser_url(DATABASE), scope, rounds))
        finally:
            engine.dispose()


def _filled(sessions: Sessions, copies: int) -> Scope:
    """The distributor's scope, writing downstream."""
    with sessions.begin(PLATFORM) as session:
        founded = create_distributor(session, PLATFORM, name="Delta", currency="EUR", admin_email="a@delta.example")
        distributor = founded.tenant
        scope = Scope.of_tenant(distributor.id, distributor.id, distributor.tenant_path).writing_downstream()
    with sessions.begin(scope) as session:
        for number in range(copies // PLANS):
            name = f"Reseller {number}"
            email = f"a@r{number}.example"
            create_reseller(session, scope, parent_id=None, name=name, currency="EUR", admin_email=email)
        clock = clock_of(session, distributor.id)
        term = create_service_term(session, scope, name="Monthly", key="monthly", clock=clock)
        for number in range(PLANS):
            fees = FeesDraft(recurring_per_month=Decimal(number + 1))
            create_plan(
                session,
                scope,
                name=f"Plan {number * 7919 % PLANS:04}",
                billing_type=BillingType.CSP_MONTHLY,
                service_term_id=term.id,
                periods=[PlanPeriodDraft(PeriodUnit.ENDLESS)],
                resources=[PlanResourceDraft(key="licence", name="Licence", fees=fees, net_cost=fees)],
                clock=clock,
            )
        _copy(session)
    return scope


def _copy(session: Session) -> None:
    """A copy of every plan for every reseller, in a statement a table, where delegation would make each by itself."""
    session.execute(
        text(
            "CREATE TEMP TABLE copies ON COMMIT DROP AS SELECT app_uuid7() AS id, p.id AS parent_id, t.id AS tenant_id,"
            " t.tenant_path, p.number || '-' || t.number AS number, 5 + (random() * 20)::int AS markup"
            " FROM plans p, tenants t WHERE t.level = 1"
        )
    )
    taken = {"tenant_id": "copies.tenant_id", "tenant_path": "copies.tenant_path"}
    of_plan = {"id": "copies.id", "parent_id": "copies.parent_id", "number": "copies.number"}
    clone(
        session,
        "plans",
        {**taken, **of_plan, "markup_percent": "copies.markup"},
        "JOIN copies ON copies.parent_id = was.id",
    )
    for table in ("plan_periods", "plan_resources"):
        of_row = {"id": "app_uuid7()", "plan_id": "copies.id"}
        clone(session, table, {**taken, **of_row}, "JOIN copies ON copies.parent_id = was.plan_id")


def _repricing(sessions: Sessions, superuser_url: str, scope: Scope, copies: int, rounds: int) -> Iterator[str]:
    """New prices of all plans to all copies, one transaction each way; and of one plan to its copies."""
    assert scope.distributor_id is not None
    distributor_id = scope.distributor_id
    plans = text("SELECT id FROM plans WHERE parent_id IS NULL ORDER BY number")
    dearer = text(
        "UPDATE plan_resources SET recurring_per_month = recurring_per_month * 1.01, updated_at = now()"
        " WHERE plan_id = ANY(:ids)"
    )

    def reprice(most: int) -> float:
        with sessions.begin(scope) as session:
            ids = session.scalars(plans).all()[:most]
            session.execute(dearer, {"ids": ids})
            began_at = time.perf_counter()
            changed = reprice_below(session, scope, ids, clock=clock_of(session, distributor_id))
            session.commit()
            took = time.perf_counter() - began_at
        assert changed == copies // PLANS * most
        return took

    def bare() -> float:
        with psycopg.connect(superuser_url) as connection:
            connection.execute("SET session_replication_role = replica")  # no trigger, no check
            began_at = time.perf_counter()
            done = connection.execute(BARE)
            connection.commit()
            took = time.perf_counter() - began_at
        assert done.rowcount == copies
        return took

    reprice(1)
    found: dict[str, list[float]] = {"all": [], "one": [], "bare": []}
    for _ in range(rounds):
        found["all"].append(reprice(PLANS))
        found["bare"].append(bare())
        found["one"].append(reprice(1))
    ours, one, theirs = (median(found[name]) for name in ("all", "one", "bare"))
    yield f"New prices of all plans to {copies:,} copies: {ours:.2f} s"
    yield "  with price lists, versions of prices, marks, events and the audit log"
    yield f"One bare UPDATE of their prices, without triggers or row-level security: {theirs:.2f} s"
    yield f"  that is {ours / theirs:.1f} ×, {ours / copies * 1e6:.0f} µs a copy"
    yield f"A new price of one plan to its {copies // PLANS} copies: {one * 1000:.0f} ms"


async def _pages(app_url: str, superuser_url: str, scope: Scope, rounds: int) -> Sequence[str]:
    """Fifty lines of a whole tree and of one reseller, by an order with an index and by one without."""
    engine, pool = Engine(schema), reading_pool(app_url, size=1)
    await pool.open()
    lines = [f"Fifty lines of the price list, {READS} times a round, one after the other"]
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        row = connection.execute("SELECT id, tenant_path FROM tenants WHERE level = 1 LIMIT 1").fetchone()
        assert row is not None
        assert scope.distributor_id is not None
        reseller = Scope.of_tenant(scope.distributor_id, row[0], row[1])
        for who, place, wide, field, order in (
            ("reseller", reseller, "OWN", "MARGIN", "margin"),
            ("reseller", reseller, "OWN", "NET_COST", "net_cost"),
            ("distributor and all below", scope, "ALL", "MARGIN", "margin"),
        ):
            viewer = Viewer(scope=place, permissions=frozenset(Permission))
            asked = {"scope": wide, "field": field}
            wanted = {"distributor": scope.distributor_id, "lo": place.lo, "hi": place.hi}
            ours, theirs = [], []
            for _ in range(rounds):
                began_at = time.perf_counter()
                for _ in range(READS):
                    answer = await engine.execute(pool, viewer, PAGE, asked)
                ours.append(time.perf_counter() - began_at)
                theirs.append(_timed(connection, BY_HAND.format(order=order), wanted))
            assert answer.body.count(b"planName") == 50, answer.body
            each, bare = median(ours) / READS * 1000, median(theirs) / READS * 1000
            lines.append(f"  {who:26} by {field:9}{each:8.2f} ms; by hand {bare:.2f} ms: {each / bare:.2f} ×")
    await pool.close()
    return lines


def _timed(connection: psycopg.Connection[Any], query: str, wanted: Mapping[str, Any]) -> float:
    began_at = time.perf_counter()
    for _ in range(READS):
        connection.execute(query.encode(), wanted).fetchone()
    return time.perf_counter() - began_at
