"""Alembic's entry: one transaction a migration, one migrator at a time, no long wait for a lock."""

from alembic import context
from sqlalchemy import Connection, text

from migrations.auditing import watch
from migrations.tables import TABLES

LOCK = 0x48656164
"""Advisory lock number ("Head"): a second migrator waits for the first."""


def run(connection: Connection) -> None:
    """Bring the database behind `connection` to the wanted revision."""
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
    connection.execute(text("SET lock_timeout = '5s'"))
    connection.commit()
    try:
        context.configure(
            connection=connection,
            target_metadata=TABLES,
            transaction_per_migration=True,
            compare_server_default=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        watch(connection)
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
        connection.commit()


run(context.config.attributes["connection"])
