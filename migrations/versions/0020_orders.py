"""What products want to know with an order, and what orders told; which accounts may pay afterwards, and first orders
that wait for that; orders that take effect on a later day, or when their service is set up.

Locks: `products`, `plans`, `orders`, `subscriptions`, `service_terms` and `accounts` for an instant each, to add columns
without a rewrite; the checks of `accounts` and `service_terms` read them once under the same lock, the index and checks of `manual_operations` read
that, which is small.
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
PERMISSIONS = ("NOT_VERIFIED", "APPROVAL_REQUIRED", "DECLINED", "APPROVED")
KINDS = ("STOP", "DELETE", "ALLOW_POSTPAY")
WHAT_IT_IS_ABOUT = (
    "(kind = 'ALLOW_POSTPAY') = (request IS NOT NULL)"
    " AND (request IS NULL) = (previous_state IS NOT NULL)"
    " AND (request IS NULL) = (auto_renew IS NOT NULL)"
    " AND (request IS NOT NULL OR subscription_id IS NOT NULL)"
)


def one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def upgrade() -> None:
    for table, column in ATTRIBUTES:
        op.add_column(
            table, sa.Column(column, JSONB(), server_default=sa.text(NO_ATTRIBUTES), nullable=False)
        )
    op.add_column(
        "accounts", sa.Column("postpay_permission", sa.String(40), server_default="NOT_VERIFIED", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_accounts_postpay_permission_known"), "accounts", one_of("postpay_permission", PERMISSIONS)
    )
    op.add_column("orders", sa.Column("provisions_on", sa.Date(), nullable=True))
    op.add_column("orders", sa.Column("previous_state", sa.Text(), nullable=True))
    op.add_column("orders", sa.Column("failure", sa.Text(), nullable=True))
    op.create_index(
        "ix_orders_to_provision",
        "orders",
        ["distributor_id", "provisions_on"],
        postgresql_where=sa.text("state = 'WAITING_FOR_PROVISIONING'"),
    )
    op.add_column(
        "service_terms", sa.Column("provisioning", sa.String(40), server_default="AUTOMATIC", nullable=False)
    )
    op.add_column(
        "service_terms", sa.Column("manual_switch_point_days", sa.Integer(), server_default="-1", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_service_terms_provisioning_known"), "service_terms", one_of("provisioning", ("AUTOMATIC", "MANUAL"))
    )
    op.add_column("manual_operations", sa.Column("request", JSONB(), nullable=True))
    for column in ("subscription_id", "previous_state", "auto_renew"):
        op.alter_column("manual_operations", column, nullable=True)
    _kinds(KINDS)
    op.create_check_constraint(op.f("ck_manual_operations_what_it_is_about"), "manual_operations", WHAT_IT_IS_ABOUT)
    op.create_index(
        "uq_manual_operations_postpay",
        "manual_operations",
        ["distributor_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("state = 'APPROVAL_REQUIRED' AND kind = 'ALLOW_POSTPAY'"),
    )


def downgrade() -> None:
    op.drop_index("uq_manual_operations_postpay", table_name="manual_operations")
    op.drop_constraint(op.f("ck_manual_operations_what_it_is_about"), "manual_operations", type_="check")
    op.execute("DELETE FROM manual_operations WHERE kind = 'ALLOW_POSTPAY'")
    _kinds(KINDS[:2])
    for column in ("subscription_id", "previous_state", "auto_renew"):
        op.alter_column("manual_operations", column, nullable=False)
    op.drop_column("manual_operations", "request")
    op.drop_constraint(op.f("ck_service_terms_provisioning_known"), "service_terms", type_="check")
    op.drop_column("service_terms", "provisioning")
    op.drop_column("service_terms", "manual_switch_point_days")
    op.drop_index("ix_orders_to_provision", table_name="orders")
    for column in ("failure", "previous_state", "provisions_on"):
        op.drop_column("orders", column)
    op.drop_constraint(op.f("ck_accounts_postpay_permission_known"), "accounts", type_="check")
    op.drop_column("accounts", "postpay_permission")
    for table, column in reversed(ATTRIBUTES):
        op.drop_column(table, column)


def _kinds(values: tuple[str, ...]) -> None:
    """Which kinds of manual operations there are."""
    name = op.f("ck_manual_operations_manual_operation_kind_known")
    op.drop_constraint(name, "manual_operations", type_="check")
    op.create_check_constraint(name, "manual_operations", one_of("kind", values))
