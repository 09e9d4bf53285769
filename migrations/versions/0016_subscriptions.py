"""Switches to another plan, orders that the billing run has made, and what is to be paid next.

Locks: `orders` and `subscriptions` for an instant each, to add columns without a rewrite; the check of `orders` reads
the table once under the same lock.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

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
           CASE WHEN n.held OR o.id IS NULL THEN r.unit_price ELSE o.recurring_per_month END
      FROM coming n
      JOIN subscription_resources r ON r.distributor_id = distributor AND r.subscription_id = n.id
      LEFT JOIN plan_resources o ON o.distributor_id = distributor AND o.plan_id = n.plan_id AND o.key = r.key
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
    op.execute(NEXT_CHARGE)
    op.execute(CONSUMED)


def downgrade() -> None:
    op.execute("DROP FUNCTION app_consumed(uuid, uuid)")
    op.execute("DROP FUNCTION app_next_charge(uuid, uuid)")
    op.drop_constraint(op.f("ck_orders_a_switch_names_its_plan"), "orders", type_="check")
    op.drop_constraint("fk_orders_distributor_id_plan_period_id", "orders", type_="foreignkey")
    op.drop_constraint("fk_orders_distributor_id_plan_id", "orders", type_="foreignkey")
    for name in ("automatic", "plan_period_id", "plan_id"):
        op.drop_column("orders", name)
    op.drop_column("subscriptions", "next_period")
    op.drop_column("subscriptions", "switched_on")
