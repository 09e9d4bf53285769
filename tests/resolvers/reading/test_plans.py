"""What PostgreSQL does for the lists that panels show, where there are a million subscriptions."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from db import ids
from db.engine import FAIL_CLOSED
from migrations.run import upgrade
from resolvers.reading import Engine, Viewer
from resolvers.reading.execute import PLANNING, SET_SCOPE, scope_settings
from tenancy.permissions import Permission
from tenancy.scope import Scope
from tests.conftest import Server

pytestmark = [pytest.mark.slow, pytest.mark.feature("A-02")]

NAME = "headwater_million"
BUILD = 0x4D696C6C
"""Advisory lock number: workers of one run share the database."""
BIG = {"accounts", "charges", "reseller_charges", "subscriptions"}
PAGE = 200
"""The most rows that a page shows."""

# Numbers of tenants in million.sql.
DISTRIBUTOR, RESELLER, CHILD, SMALL_CHILD = 0, 1, 11, 12

PANEL = """nodes { id number name phase state expiresOn daysLeft account { id name } plan { id name } }
           pageInfo { hasNextPage endCursor }"""
NEWEST = f"query {{ subscriptions(first: 50, scope: SCOPE) {{ {PANEL} }} }}"
EXPIRING = f"""query ($until: Date!, $after: String) {{
  subscriptions(first: 50, after: $after, scope: SCOPE, sort: [{{field: EXPIRES_ON}}],
    filter: {{phase: {{in: [RUNNING, AT_RISK]}}, expiresOn: {{gte: "2026-12-01", lte: $until}}}}) {{ {PANEL} }}
}}"""
SORTED = f"query {{ subscriptions(first: 50, scope: SCOPE, sort: [{{field: FIELD}}]) {{ {PANEL} }} }}"
BY_ACCOUNT = (
    f"query ($id: ID!) {{ subscriptions(first: 50, scope: SCOPE, filter: {{accountId: {{eq: $id}}}}) {{ {PANEL} }} }}"
)
BY_PLAN = (
    f"query ($id: ID!) {{ subscriptions(first: 50, scope: SCOPE, filter: {{planId: {{eq: $id}}}}) {{ {PANEL} }} }}"
)
SEARCH = f"query ($text: String!) {{ subscriptions(first: 50, scope: SCOPE, search: $text) {{ {PANEL} }} }}"
CUSTOMERS = "query ($text: String!) { accounts(first: 50, scope: SCOPE, search: $text) { nodes { id name } } }"
OF_PERIOD = """query ($start: Date!) { charges(first: 50, scope: SCOPE, filter: {billingPeriodStart: {eq: $start}}) {
  nodes { id number amount { amount } } pageInfo { hasNextPage endCursor } } }"""
OWED = """query ($from: DateTime!, $to: DateTime!, $after: String) {
  resellerCharges(first: 200, after: $after, filter: {closedAt: {gte: $from, lt: $to}}, sort: [{field: CREATED_AT}]) {
    nodes { id updatedAt debtor { name } creditor { name } quantity months amount { amount } charge { number } }
    pageInfo { hasNextPage endCursor } } }"""
COUNT = "query { subscriptions(scope: SCOPE) { totalCount(limit: 1000) { value exact } } }"


@pytest.fixture(scope="session")
def million(postgres: Server) -> Server:
    """The database of million.sql, made by whichever worker comes first."""
    server = postgres.at(NAME)
    with psycopg.connect(postgres.superuser, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [BUILD])
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
        if found is None:
            draft = f"{NAME}_draft"
            connection.execute(f"CREATE DATABASE {draft} OWNER headwater_owner")
            connection.execute(f"ALTER DATABASE {draft} SET maintenance_work_mem = '256MB'")
            _fill(postgres.at(draft))
            connection.execute(f"ALTER DATABASE {draft} RENAME TO {NAME}")
    return server


def _fill(server: Server) -> None:
    upgrade(server.owner, "0001")
    with psycopg.connect(server.superuser) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(Path(__file__).with_name("million.sql").read_bytes())
    upgrade(server.owner)
    with psycopg.connect(server.superuser, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")


def viewer(server: Server, number: int) -> Viewer:
    """An administrator of a tenant."""
    with psycopg.connect(server.superuser) as connection:
        row = connection.execute(
            "SELECT distributor_id, id, tenant_path FROM tenants WHERE number = %s", [f"R{number}"]
        ).fetchone()
    assert row is not None
    return Viewer(Scope.of_tenant(*row), frozenset(Permission))


class Plan:
    """What a statement did."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._nodes = list(self._below(root))

    @classmethod
    def _below(cls, node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        for inner in node.get("Plans", []):
            yield from cls._below(inner)

    @property
    def scanned(self) -> set[str]:
        """Big tables that were read from end to end."""
        whole = {"Seq Scan", "Parallel Seq Scan"}
        return {node["Relation Name"] for node in self._nodes if node["Node Type"] in whole} & BIG

    @property
    def sorted(self) -> int:
        """Rows that the biggest sort was given."""
        sorts = [node for node in self._nodes if node["Node Type"] in {"Sort", "Incremental Sort"}]
        return max((int(sort["Plans"][0]["Actual Rows"]) for sort in sorts), default=0)

    @property
    def read(self) -> int:
        """Rows of big tables that were looked at."""
        return sum(
            int((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
            for node in self._nodes
            if node.get("Relation Name") in BIG
        )


def plan(engine: Engine, server: Server, viewer: Viewer, document: str, *, mode: str = "", **variables: Any) -> Plan:
    """Run the statement of a document. `mode`: instead of the way the engine asks for, `generic` or `custom` plans."""
    operation = engine.documents.find(document).operation(None)
    coerced = operation.coerced(variables)
    compiled = engine.plan(operation, viewer, coerced)
    assert compiled.statement is not None
    with psycopg.connect(server.app, options=f"{FAIL_CLOSED} {PLANNING}") as connection:
        cursor = psycopg.RawCursor(connection)
        cursor.execute(SET_SCOPE, scope_settings(viewer.scope, planning=compiled.planning))
        if mode:
            cursor.execute(f"SET LOCAL plan_cache_mode = force_{mode}_plan")
        cursor.execute(b"PREPARE page AS " + compiled.statement.text.encode())
        given = [sql.Literal(value) for value in compiled.statement.parameters(coerced, viewer)]
        run = sql.SQL("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE page ({})").format(sql.SQL(", ").join(given))
        row = cursor.execute(run).fetchone()
        assert row is not None
        found = row[0] if isinstance(row[0], list) else json.loads(row[0])
        return Plan(found[0]["Plan"])


def id_in(server: Server, table: str, prefix: str, tenant: int) -> str:
    """The id of one of a tenant's rows."""
    with psycopg.connect(server.superuser) as connection:
        row = connection.execute(
            f"SELECT t.id FROM {table} t JOIN tenants o ON o.id = t.tenant_id WHERE o.number = %s ORDER BY id LIMIT 1",
            [f"R{tenant}"],
        ).fetchone()
    assert row is not None
    return ids.encode(prefix, row[0])


OWN = [(tenant, mode) for tenant in (CHILD, SMALL_CHILD, RESELLER, DISTRIBUTOR) for mode in ("generic", "custom")]
WIDE = [CHILD, RESELLER, DISTRIBUTOR]


@pytest.mark.parametrize(("tenant", "mode"), OWN)
def test_the_newest_own_subscriptions_are_read_in_order(
    reading_engine: Engine, million: Server, tenant: int, mode: str
) -> None:
    done = plan(reading_engine, million, viewer(million, tenant), NEWEST.replace("SCOPE", "OWN"), mode=mode)
    assert (done.scanned, done.sorted) == (set(), 0)
    assert done.read <= 3 * PAGE


@pytest.mark.parametrize("scope", ["ALL", "DOWNSTREAM"])
@pytest.mark.parametrize("tenant", [RESELLER, DISTRIBUTOR])
def test_the_newest_subscriptions_below_are_read_in_order(
    reading_engine: Engine, million: Server, tenant: int, scope: str
) -> None:
    done = plan(reading_engine, million, viewer(million, tenant), NEWEST.replace("SCOPE", scope))
    assert (done.scanned, done.sorted) == (set(), 0)
    assert done.read <= 3 * PAGE


def test_the_newest_subscriptions_of_a_child_reseller_and_all_below_are_read_in_order(
    reading_engine: Engine, million: Server
) -> None:
    done = plan(reading_engine, million, viewer(million, CHILD), NEWEST.replace("SCOPE", "ALL"))
    assert (done.scanned, done.sorted) == (set(), 0)
    assert done.read <= 3 * PAGE


@pytest.mark.parametrize("field", ["NUMBER", "NAME", "CREATED_AT", "UPDATED_AT", "EXPIRES_ON"])
@pytest.mark.parametrize(("tenant", "scope"), [(CHILD, "OWN"), *((tenant, "ALL") for tenant in WIDE)])
def test_every_order_is_read_from_its_index(
    reading_engine: Engine, million: Server, tenant: int, scope: str, field: str
) -> None:
    document = SORTED.replace("SCOPE", scope).replace("FIELD", field)
    done = plan(reading_engine, million, viewer(million, tenant), document)
    assert (done.scanned, done.sorted) == (set(), 0)
    assert done.read <= 3 * PAGE


@pytest.mark.parametrize("tenant", [CHILD, SMALL_CHILD, RESELLER])
def test_what_expires_this_month_is_read_in_order(reading_engine: Engine, million: Server, tenant: int) -> None:
    document = EXPIRING.replace("SCOPE", "OWN")
    done = plan(reading_engine, million, viewer(million, tenant), document, mode="generic", until="2026-12-31")
    assert (done.scanned, done.sorted) == (set(), 0)
    assert done.read <= 3 * PAGE


@pytest.mark.parametrize("tenant", WIDE)
def test_what_expires_this_month_in_a_whole_tree_is_read_in_order(
    reading_engine: Engine, million: Server, tenant: int
) -> None:
    document = EXPIRING.replace("SCOPE", "ALL")
    done = plan(reading_engine, million, viewer(million, tenant), document, until="2026-12-31")
    assert (done.scanned, done.sorted) == (set(), 0)
    assert done.read <= 3 * PAGE


@pytest.mark.parametrize("scope", ["OWN", "ALL"])
@pytest.mark.parametrize(("document", "table", "prefix"), [(BY_ACCOUNT, "accounts", "acc"), (BY_PLAN, "plans", "pln")])
def test_the_subscriptions_of_an_account_or_plan_are_read_in_order(
    reading_engine: Engine, million: Server, document: str, table: str, prefix: str, scope: str
) -> None:
    wanted = id_in(million, table, prefix, CHILD)
    mode = "generic" if scope == "OWN" else ""
    done = plan(reading_engine, million, viewer(million, CHILD), document.replace("SCOPE", scope), mode=mode, id=wanted)
    assert (done.scanned, done.sorted) == (set(), 0)
    assert done.read <= 3 * PAGE


@pytest.mark.parametrize("document", [EXPIRING, BY_PLAN])
def test_a_plan_made_for_a_tenants_own_rows_alone_reads_no_others(
    reading_engine: Engine, million: Server, document: str
) -> None:
    # PostgreSQL multiplies the tenant's equality with the policy's range, and takes 20,000 rows for 400: it may sort
    # them. After five such plans it stays with the generic one, which reads in order.
    variables = {"until": "2026-12-31"} if document is EXPIRING else {"id": id_in(million, "plans", "pln", CHILD)}
    done = plan(
        reading_engine, million, viewer(million, CHILD), document.replace("SCOPE", "OWN"), mode="custom", **variables
    )
    assert done.scanned == set()
    assert done.read <= 20_000 + 3 * PAGE


@pytest.mark.parametrize(("tenant", "scope"), [(CHILD, "OWN"), (RESELLER, "ALL"), (DISTRIBUTOR, "ALL")])
@pytest.mark.parametrize("text", ["SU00049", "erp 4950", "office sui", "nothing-has-this"])
def test_a_search_walks_a_thousand_rows_twice_and_asks_the_index_for_rare_words(
    reading_engine: Engine, million: Server, tenant: int, scope: str, text: str
) -> None:
    done = plan(reading_engine, million, viewer(million, tenant), SEARCH.replace("SCOPE", scope), text=text)
    assert done.scanned == set()
    assert done.sorted <= PAGE
    assert done.read <= 3_000


def test_a_customer_is_found_by_the_beginnings_of_name_and_address(reading_engine: Engine, million: Server) -> None:
    distributor = viewer(million, DISTRIBUTOR)
    done = plan(reading_engine, million, distributor, CUSTOMERS.replace("SCOPE", "ALL"), text="meadow till499@mea")
    assert done.scanned == set()
    assert done.sorted <= PAGE
    assert done.read <= 3_000


@pytest.mark.parametrize(("tenant", "scope"), [(CHILD, "OWN"), (RESELLER, "ALL"), (DISTRIBUTOR, "ALL")])
def test_the_charges_of_a_billing_period_are_read_in_order(
    reading_engine: Engine, million: Server, tenant: int, scope: str
) -> None:
    document = OF_PERIOD.replace("SCOPE", scope)
    mode = "generic" if scope == "OWN" else ""
    done = plan(reading_engine, million, viewer(million, tenant), document, mode=mode, start="2025-06-05")
    assert (done.scanned, done.sorted) == (set(), 0)
    assert done.read <= 3 * PAGE


def test_what_is_owed_for_a_month_is_all_that_is_read_and_sorted_by_creation(
    reading_engine: Engine, million: Server
) -> None:
    # One index cannot hold the range of one column and the order of another; 500 of 12,000 are the month's.
    variables = {"from": "2025-07-01T00:00:00Z", "to": "2025-08-01T00:00:00Z"}
    done = plan(reading_engine, million, viewer(million, RESELLER), OWED, mode="custom", **variables)
    assert done.scanned == set()
    assert done.sorted <= 500
    assert done.read <= 500 + 2 * PAGE


@pytest.mark.parametrize(("tenant", "scope"), [(CHILD, "OWN"), (RESELLER, "ALL"), (DISTRIBUTOR, "ALL")])
def test_a_total_counts_no_further_than_its_limit(
    reading_engine: Engine, million: Server, tenant: int, scope: str
) -> None:
    done = plan(reading_engine, million, viewer(million, tenant), COUNT.replace("SCOPE", scope))
    assert (done.scanned, done.sorted) == (set(), 0)
    assert done.read == 1_001
