"""Users of customers see their own sessions.

Locks: `person_sessions` for an instant.
"""

from migrations.policies import open_to_customers
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    open_to_customers("person_sessions", "whose person it is")


def downgrade() -> None:
    reads = "tenant_path >= app_lo() AND tenant_path < app_hi()"
    op.execute(f"ALTER POLICY person_sessions_select ON person_sessions USING ({reads})")
