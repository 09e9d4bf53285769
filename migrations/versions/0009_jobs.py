"""Priorities, cancelling, progress and outside calls of jobs.

Locks: `jobs` exclusively while columns are added, which writes no row and takes milliseconds.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("jobs", "sent_at")
