"""A subscription's resources are read in the order in which they are shown.

Locks: building the index keeps writers out of `subscription_resources`, not readers; about a second for a million.
"""

from alembic import op
import sqlalchemy as sa

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_subscription_resources_shown",
        "subscription_resources",
        ["distributor_id", "subscription_id", sa.text("priority DESC"), "name", "id"],
    )


def downgrade() -> None:
    op.drop_index("ix_subscription_resources_shown", "subscription_resources")
