"""Whoever acts for a tenant below his own sees himself.

Locks: `managers` and `service_tokens` for an instant each.
"""

from migrations.policies import open_to_customers
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TABLES = ("managers", "service_tokens")


def upgrade() -> None:
    for table in TABLES:
        open_to_customers(table, "itself")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER POLICY {table}_select ON {table} USING (tenant_path >= app_lo() AND tenant_path < app_hi())")
