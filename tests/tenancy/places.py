"""Whether every row is where its tenant is."""

import psycopg
from psycopg import sql

__all__ = ["check_tree", "misplaced"]


def misplaced(superuser_url: str) -> dict[str, int]:
    """By table, rows whose path is not their tenant's; of cards with names, those that are not at or above it."""
    found = {}
    with psycopg.connect(superuser_url) as connection:
        tables = connection.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name IN ('tenant_path', 'tenant_id')"
            " GROUP BY table_name HAVING count(*) = 2 ORDER BY table_name"
        ).fetchall()
        for (table,) in tables:
            wrong = (
                "NOT starts_with(n.tenant_path, t.tenant_path)"
                if table == "tenant_names"
                else ("t.tenant_path <> n.tenant_path")
            )
            query = sql.SQL(
                "SELECT count(*) FROM {} t JOIN tenants n ON (n.distributor_id, n.id) = (t.distributor_id, t.tenant_id)"
                " WHERE " + wrong
            )
            count = connection.execute(query.format(sql.Identifier(table))).fetchone()
            assert count is not None
            if count[0]:
                found[table] = count[0]
    return found


def check_tree(superuser_url: str) -> None:
    """Every tenant is one step below its parent, which is there, and nobody is above itself."""
    with psycopg.connect(superuser_url) as connection:
        wrong = connection.execute(
            "SELECT t.number FROM tenants t"
            " LEFT JOIN tenants p ON (p.distributor_id, p.id) = (t.distributor_id, t.parent_id)"
            " WHERE t.parent_id IS NOT NULL AND (p.id IS NULL OR t.level <> p.level + 1"
            " OR left(t.tenant_path, -6) <> p.tenant_path)"
        ).fetchall()
        twice = connection.execute(
            "SELECT number FROM tenants GROUP BY distributor_id, number HAVING count(*) > 1"
        ).fetchall()
    assert (wrong, twice) == ([], [])
