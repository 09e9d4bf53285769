"""Row-level security in words that migrations share.

What a policy says may not change under a migration that is out in the world: a new rule gets a new function here.
"""

from alembic import op

__all__ = ["open_to_customers", "protect", "protect_log", "protect_marked"]

_READS = "tenant_path >= app_lo() AND tenant_path < app_hi()"
_INHERITS = "tenant_path = ANY (app_ancestors())"
_WRITES = "tenant_path >= app_write_lo() AND tenant_path < app_write_hi()"
_REACHES = {
    "its account": "id = app_account()",
    "of its account": "account_id = app_account()",
    "its accounts": "id = ANY (app_accounts())",
    "itself": "id = app_user()",
    "its own": "user_id = app_user()",
    "whose person it is": "person_id = app_user()",
    "its services": "id = ANY (app_services())",
    "of its services": "subscription_id = ANY (app_services())",
    "of its seller": "tenant_path = app_seller()",
    "of its seller's chain": "tenant_path = ANY (app_chain())",
}
"""What a customer's user reaches, as `tenancy.rows.Reach` says. Its range of paths is empty: it sees nothing else."""


def protect(table: str, *, inherited: bool = False, verbs: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Let the application's role reach the rows of its scope in `table`, with `verbs`, and nothing else.

    `inherited`: rows of the tenants above are read too, never written. `FORCE` holds the owner to the same policies.
    """
    _protect(table, f"({_READS}) OR {_INHERITS}" if inherited else _READS, verbs)


def protect_marked(table: str) -> None:
    """As `protect`; those below read a row only when its column `inherited` is true."""
    _protect(table, f"({_READS}) OR (inherited AND {_INHERITS})", "SELECT, INSERT, UPDATE, DELETE")


def protect_log(table: str) -> None:
    """Let the application's role read the rows of its scope, and nothing else: what is added comes from triggers."""
    _protect(table, _READS, "SELECT")
    # The triggers run with the owner's rights, also where a statement of the superuser sets no scope.
    op.execute(f"ALTER POLICY {table}_insert ON {table} WITH CHECK (true)")


def _protect(table: str, reads: str, verbs: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY {table}_select ON {table} FOR SELECT USING ({reads})")
    op.execute(f"CREATE POLICY {table}_insert ON {table} FOR INSERT WITH CHECK ({_WRITES})")
    op.execute(f"CREATE POLICY {table}_update ON {table} FOR UPDATE USING ({_WRITES}) WITH CHECK ({_WRITES})")
    op.execute(f"CREATE POLICY {table}_delete ON {table} FOR DELETE USING ({_WRITES})")
    op.execute(f"GRANT {verbs} ON {table} TO headwater_app")


def open_to_customers(table: str, *reaches: str, inherited: bool = False) -> None:
    """Let users of customers read rows of `table` besides, of any of these reaches; they write none.

    `inherited`: as `table` was protected.
    """
    reads = f"({_READS}) OR {_INHERITS}" if inherited else f"({_READS})"
    # COALESCE changes no row, but what the planner expects of everybody else: that the condition halves nothing more.
    # Without it a range is counted twice, here and in the statement, and pages are sorted instead of read in order.
    conditions = " OR ".join(f"coalesce({_REACHES[reach]}, false)" for reach in reaches)
    op.execute(f"ALTER POLICY {table}_select ON {table} USING ({reads} OR {conditions})")
