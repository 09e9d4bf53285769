"""What products want to know with an order, and what orders told.

Locks: `products`, `plans`, `orders` and `subscriptions` for an instant each, to add columns without a rewrite.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NO_ATTRIBUTES = """'{"managers": [], "customers": []}'"""
ATTRIBUTES = (
    ("products", "order_attributes"),
    ("plans", "order_attributes"),
    ("orders", "attributes"),
    ("subscriptions", "attributes"),
)


def upgrade() -> None:
    for table, column in ATTRIBUTES:
        op.add_column(
            table, sa.Column(column, JSONB(), server_default=sa.text(NO_ATTRIBUTES), nullable=False)
        )


def downgrade() -> None:
    for table, column in reversed(ATTRIBUTES):
        op.drop_column(table, column)
