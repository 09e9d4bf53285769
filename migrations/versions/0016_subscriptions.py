"""Switches to another plan, orders that the billing run has made, what is to be paid next, and stops and deletions that
wait for a manager; what vendors say of subscriptions.

Locks: `orders` and `subscriptions` for an instant each, to add columns without a rewrite; the check of `orders` reads
the table once under the same lock.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.policies import open_to_customers, protect

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# What is to be paid next, and when: an order that waits; else what was opened; else what a running subscription is
# charged from the day it is paid to, at the prices of now. The fractions are exact, each charge is rounded by itself.
NEXT_CHARGE = """
CREATE FUNCTION app_next_charge(distributor uuid, subscription uuid) RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE
AS $$
  WITH s AS (
    SELECT * FROM subscriptions WHERE distributor_id = distributor AND id = subscription
  ), waiting AS (
    SELECT o.total AS amount, coalesce(p.due_on, o.paid_from) AS day
      FROM orders o
      LEFT JOIN payments p ON p.distributor_id = distributor AND p.order_id = o.id
     WHERE o.distributor_id = distributor AND o.subscription_id = subscription AND o.state = 'WAITING_FOR_PAYMENT'
  ), opened AS (
    SELECT sum(c.amount) AS amount, c.period_start AS day
      FROM charges c
     WHERE c.distributor_id = distributor AND c.subscription_id = subscription AND c.state = 'OPENED'
       AND c.period_start > app_today(distributor)
     GROUP BY c.period_start ORDER BY c.period_start LIMIT 1
  ), coming AS (
    SELECT s.*, (s.next_period ->> 'held')::boolean AS held, (s.next_period ->> 'renewal')::boolean AS renewal
      FROM s
     WHERE s.state = 'ACTIVE' AND (s.next_period ->> 'on')::date = s.paid_to
       AND (NOT (s.next_period ->> 'renewal')::boolean OR (s.auto_renew AND NOT s.trial))
  ), lines AS (
    SELECT p.renewal AS fee, 1 AS units,
           CASE WHEN n.held THEN coalesce((
             SELECT c.unit_price FROM charges c
              WHERE c.distributor_id = distributor AND c.subscription_id = subscription AND c.kind = 'RECURRING'
                AND c.resource_key IS NULL ORDER BY c.id DESC LIMIT 1), p.recurring_per_month)
           ELSE p.recurring_per_month END AS price
      FROM coming n
      JOIN plan_periods p ON p.distributor_id = distributor AND p.id = n.plan_period_id
    UNION ALL
    SELECT coalesce(o.renewal, 0), greatest(0, r.quantity - r.included),
           CASE WHEN r.individual_price IS NULL OR (n.renewal AND n.renewal_price = 'PLAN') THEN p.price
                WHEN n.renewal AND n.renewal_price = 'HIGHEST' THEN greatest(r.individual_price, p.price)
                ELSE r.individual_price END
      FROM coming n
      JOIN subscription_resources r ON r.distributor_id = distributor AND r.subscription_id = n.id
      LEFT JOIN plan_resources o ON o.distributor_id = distributor AND o.plan_id = n.plan_id AND o.key = r.key
     CROSS JOIN LATERAL (
       SELECT CASE WHEN n.held OR o.id IS NULL THEN r.unit_price ELSE o.recurring_per_month END) AS p(price)
  ), foretold AS (
    SELECT sum(CASE WHEN n.renewal THEN round(l.fee * l.units, app_minor_digits(n.currency)) ELSE 0 END + (
             SELECT coalesce(sum(app_for_months(l.price * l.units, months, n.currency)), 0)
               FROM jsonb_array_elements_text(n.next_period -> 'months') AS months)) AS amount,
           n.paid_to AS day
      FROM coming n, lines l
     GROUP BY n.paid_to
  ), found AS (
    SELECT 1 AS rank, amount, day, false AS estimated FROM waiting
    UNION ALL SELECT 2, amount, day, false FROM opened
    UNION ALL SELECT 3, amount, day, true FROM foretold
  )
  SELECT jsonb_build_object(
           'amount', jsonb_build_object('amount', app_money(f.amount, s.currency), 'currency', s.currency),
           'date', f.day, 'estimated', f.estimated)
    FROM found f, s
   ORDER BY f.rank LIMIT 1;
$$
"""

# What a subscription of a postpaid account has reserved and not written off; null for a prepaid one.
CONSUMED = """
CREATE FUNCTION app_consumed(distributor uuid, subscription uuid) RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE
AS $$
  SELECT coalesce((
           SELECT sum(c.amount) FROM charges c
            WHERE c.distributor_id = distributor AND c.subscription_id = s.id AND c.state = 'BLOCKED'), 0)
    FROM subscriptions s
    JOIN accounts a ON a.distributor_id = distributor AND a.id = s.account_id
   WHERE s.distributor_id = distributor AND s.id = subscription AND a.payment_model = 'POSTPAY';
$$
"""

KINDS = ("STOP", "DELETE")
DECISIONS = ("APPROVAL_REQUIRED", "APPROVED", "DECLINED")
STATES = (
    "ORDERED", "INSTALLING", "INSTALLATION_FAILED", "ACTIVATING", "ACTIVATION_FAILED", "ACTIVE", "DELIVERED",
    "UPDATING", "UPDATING_FAILED", "RENEWING", "RENEWING_FAILED", "SWITCHING", "SWITCHING_FAILED",
    "WAITING_FOR_MANUAL_APPROVAL", "GRACED", "BLOCKED", "STOPPING", "STOPPING_FAILED", "STOPPED", "DELETING",
    "DELETION_FAILED", "DELETED",
)


def one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("switched_on", sa.Date(), nullable=True))
    op.add_column("subscriptions", sa.Column("next_period", JSONB(), nullable=True))
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
    op.create_table(
        "manual_operations",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("previous_state", sa.String(40), nullable=False),
        sa.Column("auto_renew", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(one_of("kind", KINDS), name=op.f("ck_manual_operations_manual_operation_kind_known")),
        sa.CheckConstraint(one_of("state", DECISIONS), name=op.f("ck_manual_operations_manual_operation_state_known")),
        sa.CheckConstraint(one_of("previous_state", STATES), name=op.f("ck_manual_operations_previous_state_known")),
        sa.CheckConstraint(
            "(state = 'APPROVAL_REQUIRED') = (decided_at IS NULL)", name=op.f("ck_manual_operations_decided_when")
        ),
        *(
            sa.ForeignKeyConstraint(
                ["distributor_id", column],
                [f"{table}.distributor_id", f"{table}.id"],
                name=op.f(f"fk_manual_operations_distributor_id_{column}"),
            )
            for column, table in (
                ("account_id", "accounts"),
                ("subscription_id", "subscriptions"),
                ("tenant_id", "tenants"),
            )
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_manual_operations")),
    )
    op.create_index(
        "uq_manual_operations_open",
        "manual_operations",
        ["distributor_id", "subscription_id"],
        unique=True,
        postgresql_where=sa.text("state = 'APPROVAL_REQUIRED'"),
    )
    op.create_index(
        "ix_manual_operations_subscription", "manual_operations", ["distributor_id", "subscription_id", "id"]
    )
    op.create_index("ix_manual_operations_path", "manual_operations", ["distributor_id", "tenant_path", "id"])
    op.add_column("subscription_resources", sa.Column("used", sa.Numeric(18, 4), nullable=True))
    op.create_table(
        "vendor_attributes",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["distributor_id", column],
                [f"{table}.distributor_id", f"{table}.id"],
                name=op.f(f"fk_vendor_attributes_distributor_id_{column}"),
            )
            for column, table in (
                ("account_id", "accounts"),
                ("subscription_id", "subscriptions"),
                ("tenant_id", "tenants"),
            )
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_vendor_attributes")),
        sa.UniqueConstraint("distributor_id", "subscription_id", "key", name="uq_vendor_attributes_key"),
    )
    op.create_index(
        "ix_vendor_attributes_value", "vendor_attributes", ["distributor_id", "key", "value", "subscription_id"]
    )
    protect("vendor_attributes")
    open_to_customers("vendor_attributes", "of its account", "of its services")
    protect("manual_operations")
    open_to_customers("manual_operations", "of its account")
    op.execute(NEXT_CHARGE)
    op.execute(CONSUMED)


def downgrade() -> None:
    op.execute("DROP FUNCTION app_consumed(uuid, uuid)")
    op.execute("DROP FUNCTION app_next_charge(uuid, uuid)")
    op.drop_table("manual_operations")
    op.drop_table("vendor_attributes")
    op.drop_column("subscription_resources", "used")
    op.drop_constraint(op.f("ck_orders_a_switch_names_its_plan"), "orders", type_="check")
    op.drop_constraint("fk_orders_distributor_id_plan_period_id", "orders", type_="foreignkey")
    op.drop_constraint("fk_orders_distributor_id_plan_id", "orders", type_="foreignkey")
    for name in ("automatic", "plan_period_id", "plan_id"):
        op.drop_column("orders", name)
    op.drop_column("subscriptions", "next_period")
    op.drop_column("subscriptions", "switched_on")
