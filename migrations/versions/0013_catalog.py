"""A copy of a plan can be taken back from the tenant that has it.

Locks: plans for a moment, to get an empty column, and while its rows are read to prove the new check: about a second
for a million, in which nobody writes plans.
"""

from alembic import op
import sqlalchemy as sa

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plans", sa.Column("undelegated_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_plans_what_is_taken_back_is_not_sold"),
        "plans",
        "undelegated_at IS NULL OR (parent_id IS NOT NULL AND state <> 'ACTIVE')",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_plans_what_is_taken_back_is_not_sold"), "plans", type_="check")
    op.drop_column("plans", "undelegated_at")
