"""The database that all servers are measured on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import psycopg
from psycopg import sql

from bench.cores import keep_to
from db import ids
from migrations.run import upgrade
from server.embedded import EmbeddedPostgres
from server.settings import ROOT

__all__ = ["CHILD", "DISTRIBUTOR", "MeasuredDatabase", "fill", "measured_database", "measured_databases", "token"]

DISTRIBUTOR = 0
CHILD = 11
"""Numbers of two tenants in `rows.sql`: the one on top, and the child reseller that has 2 % of all subscriptions."""

ROWS = Path(__file__).with_name("rows.sql")
POSTGRES = {
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "fsync": "off",
    "autovacuum": "off",
    "max_connections": "100",
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
"""Everything is read from memory, and nothing else happens meanwhile."""


def token(tenant: int) -> str:
    """What opens the API to the manager of a tenant of `rows.sql`."""
    return f"hw_bench-{tenant}"


@dataclass(frozen=True)
class MeasuredDatabase:
    """A filled database, and who may come in how."""

    app_url: str
    superuser_url: str
    subscriptions: int
    pid: int | None = None
    """The postmaster's."""

    def subscription_ids(self, tenant: int, limit: int) -> list[str]:
        """Public ids of a tenant's subscriptions, spread over all of them."""
        with psycopg.connect(self.superuser_url) as connection:
            found = connection.execute(
                "SELECT s.id FROM subscriptions s JOIN tenants t ON t.id = s.tenant_id WHERE t.number = %s"
                " ORDER BY md5(s.id::text) LIMIT %s",
                ["R" + str(tenant) if tenant else "D0", limit],
            )
            return [ids.encode("sub", id) for (id,) in found]


@contextmanager
def measured_database(folder: Path, subscriptions: int, core: int | None) -> Iterator[MeasuredDatabase]:
    """The embedded PostgreSQL of `folder` on one core, holding so many subscriptions; made there if it is not yet."""
    with measured_databases(folder, (subscriptions,), core) as (database,):
        yield database


@contextmanager
def measured_databases(folder: Path, sizes: Sequence[int], core: int | None) -> Iterator[list[MeasuredDatabase]]:
    """The same for several sizes on one server."""
    server = EmbeddedPostgres(folder)
    with keep_to(core):  # what is started here stays there
        process = server.start(POSTGRES)
    try:
        found = []
        for size in sizes:
            name = _made(server, size)
            found.append(MeasuredDatabase(server.app_url(name), server.superuser_url(name), size, process.pid))
        yield found
    finally:
        server.stop()


def _made(server: EmbeddedPostgres, subscriptions: int) -> str:
    """The name of the database of this size, made if there is none or only an older one."""
    name = f"bench_{subscriptions}_{_fingerprint()}"
    with psycopg.connect(server.superuser_url(), autocommit=True) as connection:
        known = {each for (each,) in connection.execute("SELECT datname FROM pg_database")}
        if name not in known:
            for old in known:
                if old.startswith(f"bench_{subscriptions}_"):
                    connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(old)))
            draft = f"{name}_draft"
            connection.execute(f"CREATE DATABASE {draft} OWNER headwater_owner")
            upgrade(server.owner_url(draft))
            fill(server.superuser_url(draft), subscriptions, check_references=False)
            with psycopg.connect(server.superuser_url(draft), autocommit=True) as made:
                made.execute("VACUUM (ANALYZE)")
            connection.execute(f"ALTER DATABASE {draft} RENAME TO {name}")
    return name


def _fingerprint() -> str:
    """Of everything that a kept database was made by."""
    made_by = sorted((ROOT / "migrations").rglob("*.py"))
    return sha256(b"".join(path.read_bytes() for path in (*made_by, ROWS))).hexdigest()[:8]


_INDEXES = """
SELECT i.relname, pg_get_indexdef(i.oid)
  FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
 WHERE i.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.oid)
"""
"""All that no constraint stands on."""


def fill(superuser_url: str, subscriptions: int, *, check_references: bool = True) -> None:
    """Make the rows of `rows.sql` in a migrated database.

    Foreign keys are checked row by row, which takes longer than all the rest: for a big database the check may be left
    out, since a small one made by the same statements passed it. Indexes are then built at the end, each in one go.
    """
    with psycopg.connect(superuser_url) as connection:
        again: list[str] = []
        if not check_references:
            connection.execute("SET session_replication_role = replica")
            connection.execute("SET maintenance_work_mem = '1GB'")
            for name, definition in connection.execute(_INDEXES).fetchall():
                connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
                again.append(definition)
        connection.execute("SELECT set_config('bench.subscriptions', %s, false)", [str(subscriptions)])
        connection.execute(ROWS.read_bytes())
        for definition in again:
            connection.execute(definition.encode())
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
