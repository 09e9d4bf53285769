"""Switches to another plan, and orders that the billing run has made.

Locks: `orders` and `subscriptions` for an instant each, to add columns without a rewrite; the check of `orders` reads
the table once under the same lock.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("switched_on", sa.Date(), nullable=True))
    op.add_column("orders", sa.Column("plan_id", sa.Uuid(), nullable=True))
    op.add_column("orders", sa.Column("plan_period_id", sa.Uuid(), nullable=True))
    op.add_column("orders", sa.Column("automatic", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_foreign_key(
        "fk_orders_distributor_id_plan_id",
        "orders",
        "plans",
        ["distributor_id", "plan_id"],
        ["distributor_id", "id"],
    )
    op.create_foreign_key(
        "fk_orders_distributor_id_plan_period_id",
        "orders",
        "plan_periods",
        ["distributor_id", "plan_period_id"],
        ["distributor_id", "id"],
    )
    op.create_check_constraint(
        op.f("ck_orders_a_switch_names_its_plan"),
        "orders",
        "(type = 'SWITCH') = (plan_id IS NOT NULL) AND (plan_id IS NULL) = (plan_period_id IS NULL)",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_orders_a_switch_names_its_plan"), "orders", type_="check")
    op.drop_constraint("fk_orders_distributor_id_plan_period_id", "orders", type_="foreignkey")
    op.drop_constraint("fk_orders_distributor_id_plan_id", "orders", type_="foreignkey")
    for name in ("automatic", "plan_period_id", "plan_id"):
        op.drop_column("orders", name)
    op.drop_column("subscriptions", "switched_on")
