"""What a subscription's money is at each level, and what it costs now: functions that lists and panels ask.

They read as whoever asks: row-level security leaves each level its own rows and those below.

Locks: nothing; functions are new.
"""

from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None

# A fraction of months as an explanation keeps it, such as 12/31 or 1, by which an amount is multiplied. The division
# comes last: what is exact stays exact until the one rounding.
FOR_MONTHS = """
CREATE FUNCTION app_for_months(monthly numeric, fraction text, currency text) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN round(monthly * split_part(fraction, '/', 1)::numeric
             / CASE WHEN fraction LIKE '%/%' THEN split_part(fraction, '/', 2)::numeric ELSE 1 END,
             app_minor_digits(currency))
"""

# Levels of closed charges from the seller up to the last that is visible. What a level receives is the charge at the
# seller, else what the level below owes it; what it owes is its reseller charges, at the origin of the plan its net
# cost. There is no margin across currencies. The parts of a split charge have the levels of the charge they come from.
WATERFALL = """
CREATE FUNCTION app_waterfall(distributor uuid, subscription uuid, currency text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  WITH closed AS (
    SELECT c.id, c.tenant_id, coalesce(c.split_from_id, c.id) AS priced_as, c.quantity, c.amount, c.discount,
           c.explanation ->> 'fraction' AS fraction
      FROM charges c
     WHERE c.distributor_id = distributor AND c.subscription_id = subscription AND c.state = 'CLOSED'
  ), levels AS (
    SELECT l.tenant_id, max(l.tenant_path) AS tenant_path, l.currency,
           sum(app_for_months(l.unit_price * c.quantity, c.fraction, l.currency)) AS undiscounted,
           sum(app_for_months(l.unit_price * c.quantity, c.fraction, l.currency))
             FILTER (WHERE l.creditor_id IS NULL) AS of_vendor
      FROM closed c
      JOIN charge_levels l ON l.distributor_id = distributor AND l.charge_id = c.priced_as
     GROUP BY l.tenant_id, l.currency
  ), owed AS (
    SELECT r.tenant_id, r.creditor_id, r.currency, r.amount
      FROM reseller_charges r
     WHERE r.distributor_id = distributor AND r.subscription_id = subscription
  ), found AS (
    SELECT l.tenant_id, l.tenant_path, l.currency, l.undiscounted,
           coalesce((SELECT sum(c.amount) FROM closed c WHERE c.tenant_id = l.tenant_id), 0)
             + coalesce((SELECT sum(o.amount) FROM owed o WHERE o.creditor_id = l.tenant_id), 0) AS received,
           coalesce((SELECT max(o.currency) FROM owed o WHERE o.creditor_id = l.tenant_id), $3) AS received_in,
           coalesce(l.of_vendor, 0)
             + coalesce((SELECT sum(o.amount) FROM owed o WHERE o.tenant_id = l.tenant_id
                          AND o.currency = l.currency), 0) AS cost
      FROM levels l
  )
  SELECT jsonb_build_object(
    'paid', jsonb_build_object(
      'amount', app_money((SELECT coalesce(sum(c.amount), 0) FROM closed c), $3), 'currency', $3),
    'discount', jsonb_build_object(
      'amount', app_money((SELECT coalesce(sum(c.discount), 0) FROM closed c), $3), 'currency', $3),
    'levels', coalesce((
      SELECT jsonb_agg(jsonb_build_object(
        'tenant_id', 'ten_' || encode(uuid_send(f.tenant_id), 'hex'),
        'tenant_name', (SELECT n.name FROM tenants n WHERE n.distributor_id = distributor AND n.id = f.tenant_id),
        'received', jsonb_build_object('amount', app_money(f.received, f.received_in), 'currency', f.received_in),
        'discount', jsonb_build_object('amount', app_money(f.undiscounted - f.cost, f.currency),
                                       'currency', f.currency),
        'net_cost', jsonb_build_object('amount', app_money(f.cost, f.currency), 'currency', f.currency),
        'margin', CASE WHEN f.currency = f.received_in THEN
          jsonb_build_object('amount', app_money(f.received - f.cost, f.currency), 'currency', f.currency) END
      ) ORDER BY f.tenant_path DESC) FROM found f), '[]'::jsonb)
  );
$$
"""

# The billing period that runs now is the latest that has begun.
COST_NOW = """
CREATE FUNCTION app_cost_now(distributor uuid, subscription uuid) RETURNS numeric LANGUAGE sql STABLE PARALLEL SAFE
AS $$
  SELECT coalesce(sum(c.amount), 0)
    FROM charges c
   WHERE c.distributor_id = distributor AND c.subscription_id = subscription AND c.state IN ('BLOCKED', 'CLOSED')
     AND c.billing_period_start = (
       SELECT max(p.billing_period_start) FROM charges p
        WHERE p.distributor_id = distributor AND p.subscription_id = subscription
          AND p.state IN ('BLOCKED', 'CLOSED') AND p.billing_period_start <= app_today(distributor));
$$
"""


def upgrade() -> None:
    op.execute(FOR_MONTHS)
    op.execute(WATERFALL)
    op.execute(COST_NOW)


def downgrade() -> None:
    op.execute("DROP FUNCTION app_cost_now(uuid, uuid)")
    op.execute("DROP FUNCTION app_waterfall(uuid, uuid, text)")
    op.execute("DROP FUNCTION app_for_months(numeric, text, text)")
