"""Exchange rates; what is owed upstream in the currencies of both sides; the next charge with discounts and taxes.

Locks: `charge_levels`, `reseller_charges` and `subscription_resources` for an instant each, to add columns without a
rewrite. The new table is nobody's yet. Functions are replaced under the lock of their own row.
"""

from importlib import import_module

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.policies import protect

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# As in 0015; what a level owes is counted in its own currency, so that it has a margin across currencies too.
WATERFALL = """
CREATE OR REPLACE FUNCTION app_waterfall(distributor uuid, subscription uuid, currency text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  WITH closed AS (
    SELECT c.id, c.tenant_id, coalesce(c.split_from_id, c.id) AS priced_as, c.quantity, c.amount - c.tax AS amount,
           c.discount, c.explanation ->> 'fraction' AS fraction
      FROM charges c
     WHERE c.distributor_id = distributor AND c.subscription_id = subscription AND c.state = 'CLOSED'
  ), priced AS (
    SELECT l.tenant_id, l.tenant_path, l.creditor_id, coalesce(l.cost_currency, l.currency) AS currency,
           app_for_months(coalesce(l.cost_unit_price, l.unit_price) * c.quantity, c.fraction,
                          coalesce(l.cost_currency, l.currency)) AS amount
      FROM closed c
      JOIN charge_levels l ON l.distributor_id = distributor AND l.charge_id = c.priced_as
  ), levels AS (
    SELECT p.tenant_id, max(p.tenant_path) AS tenant_path, p.currency, sum(p.amount) AS undiscounted,
           sum(p.amount) FILTER (WHERE p.creditor_id IS NULL) AS of_vendor
      FROM priced p
     GROUP BY p.tenant_id, p.currency
  ), owed AS (
    SELECT r.tenant_id, r.creditor_id, r.currency, r.amount,
           coalesce(r.cost_currency, r.currency) AS paid_in, coalesce(r.cost, r.amount) AS cost
      FROM reseller_charges r
     WHERE r.distributor_id = distributor AND r.subscription_id = subscription
  ), found AS (
    SELECT l.tenant_id, l.tenant_path, l.currency, l.undiscounted,
           coalesce((SELECT sum(c.amount) FROM closed c WHERE c.tenant_id = l.tenant_id), 0)
             + coalesce((SELECT sum(o.amount) FROM owed o WHERE o.creditor_id = l.tenant_id), 0) AS received,
           coalesce((SELECT max(o.currency) FROM owed o WHERE o.creditor_id = l.tenant_id), $3) AS received_in,
           coalesce(l.of_vendor, 0)
             + coalesce((SELECT sum(o.cost) FROM owed o WHERE o.tenant_id = l.tenant_id
                          AND o.paid_in = l.currency), 0) AS cost
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

# What the next order of a subscription is counted with besides prices: the seller's best discount, the tax, and the
# exchange rate, as they will be on `day`. It looks at rows that whoever asks may not see (a customer sees no discounts
# of others), and answers three numbers, for a subscription that it does see. No tax: 0; no discount: 0.
TERMS = """
CREATE FUNCTION app_next_terms(distributor uuid, subscription uuid, day date, renewal boolean)
RETURNS TABLE (discount numeric, tax numeric, rate numeric)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  lo text := current_setting('app.lo', true);
  hi text := current_setting('app.hi', true);
  s public.subscriptions%ROWTYPE;
BEGIN
  SELECT * INTO s FROM public.subscriptions v WHERE v.distributor_id = distributor AND v.id = subscription;
  IF s.id IS NULL THEN
    RETURN;
  END IF;
  PERFORM set_config('app.lo', '', true), set_config('app.hi', '~', true);
  RETURN QUERY SELECT
    coalesce((
      SELECT d.percent FROM public.discounts d
       WHERE d.distributor_id = distributor AND d.tenant_id = s.tenant_id AND d.active
         AND (d.code IS NULL OR d.id = s.promo_discount_id)
         AND coalesce(d.valid_from, day) <= day AND coalesce(d.valid_until, day) >= day
         AND NOT EXISTS (
           SELECT FROM public.discount_limits l
            WHERE l.distributor_id = distributor AND l.discount_id = d.id
            GROUP BY l.kind
           HAVING NOT bool_or(l.target_id = CASE l.kind WHEN 'ACCOUNT' THEN s.account_id WHEN 'PLAN' THEN s.plan_id
                                                        ELSE s.id END))
         AND ((renewal AND s.renewal_price = 'PLAN') OR NOT EXISTS (
           SELECT FROM public.subscription_resources r
            WHERE r.distributor_id = distributor AND r.subscription_id = s.id AND r.individual_price IS NOT NULL))
       ORDER BY d.percent DESC LIMIT 1), 0),
    coalesce((
      SELECT t.percent FROM public.taxes t
       WHERE t.distributor_id = distributor AND t.tenant_id = s.tenant_id
         AND (t.account_id = s.account_id OR t.account_id IS NULL)
       ORDER BY t.account_id NULLS LAST LIMIT 1), 0),
    (SELECT CASE WHEN p.currency = s.currency THEN 1 ELSE coalesce((
        SELECT e.rate FROM public.exchange_rates e
         WHERE e.distributor_id = distributor AND e.from_currency = p.currency AND e.to_currency = s.currency
           AND e.valid_from <= day AND starts_with(s.tenant_path, e.tenant_path)
         ORDER BY length(e.tenant_path) DESC, e.valid_from DESC LIMIT 1), (
        SELECT (r.exchange ->> 'rate')::numeric FROM public.subscription_resources r
         WHERE r.distributor_id = distributor AND r.subscription_id = s.id AND r.exchange IS NOT NULL
         ORDER BY r.id LIMIT 1)) END
       FROM public.plans p WHERE p.distributor_id = distributor AND p.id = s.plan_id);
  PERFORM set_config('app.lo', coalesce(lo, '~'), true), set_config('app.hi', coalesce(hi, ''), true);
END $$
"""

# As in 0016, and besides: fees of the plan in what the subscription is billed in, the discount of the order (its parts
# rounded each, the largest takes what rounding leaves over), and the tax on each charge.
NEXT_CHARGE = """
CREATE OR REPLACE FUNCTION app_next_charge(distributor uuid, subscription uuid) RETURNS jsonb LANGUAGE sql VOLATILE
PARALLEL UNSAFE
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
  ), coming AS MATERIALIZED (
    SELECT s.*, (s.next_period ->> 'held')::boolean AS held, (s.next_period ->> 'renewal')::boolean AS renewal,
           greatest(app_today(distributor), s.paid_to - CASE WHEN a.payment_model = 'POSTPAY' THEN 0
                                                             ELSE t.auto_renew_point_days END) AS ordered_on
      FROM s
      JOIN plans q ON q.distributor_id = distributor AND q.id = s.plan_id
      JOIN service_terms t ON t.distributor_id = distributor AND t.id = q.service_term_id
      LEFT JOIN accounts a ON a.distributor_id = distributor AND a.id = s.account_id
     WHERE s.state = 'ACTIVE' AND (s.next_period ->> 'on')::date = s.paid_to
       AND (NOT (s.next_period ->> 'renewal')::boolean OR (s.auto_renew AND NOT s.trial))
  ), terms AS MATERIALIZED (
    SELECT t.* FROM coming n CROSS JOIN LATERAL app_next_terms(distributor, n.id, n.ordered_on, n.renewal) AS t
  ), lines AS (
    SELECT round(p.renewal * t.rate, 4) AS fee, 1 AS units,
           CASE WHEN n.held THEN coalesce((
             SELECT c.unit_price FROM charges c
              WHERE c.distributor_id = distributor AND c.subscription_id = subscription AND c.kind = 'RECURRING'
                AND c.resource_key IS NULL ORDER BY c.id DESC LIMIT 1), round(p.recurring_per_month * t.rate, 4))
           ELSE round(p.recurring_per_month * t.rate, 4) END AS price
      FROM coming n
      CROSS JOIN terms t
      JOIN plan_periods p ON p.distributor_id = distributor AND p.id = n.plan_period_id
    UNION ALL
    SELECT round(coalesce(o.renewal, 0) * t.rate, 4), greatest(0, r.quantity - r.included),
           CASE WHEN r.individual_price IS NULL OR (n.renewal AND n.renewal_price = 'PLAN') THEN p.price
                WHEN n.renewal AND n.renewal_price = 'HIGHEST' THEN greatest(r.individual_price, p.price)
                ELSE r.individual_price END
      FROM coming n
      CROSS JOIN terms t
      JOIN subscription_resources r ON r.distributor_id = distributor AND r.subscription_id = n.id
      LEFT JOIN plan_resources o ON o.distributor_id = distributor AND o.plan_id = n.plan_id AND o.key = r.key
     CROSS JOIN LATERAL (
       SELECT CASE WHEN n.held OR o.id IS NULL THEN r.unit_price ELSE round(o.recurring_per_month * t.rate, 4) END
     ) AS p(price)
  ), bare AS (
    SELECT round(l.fee * l.units, app_minor_digits(n.currency)) AS amount FROM coming n, lines l WHERE n.renewal
    UNION ALL
    SELECT app_for_months(l.price * l.units, months, n.currency)
      FROM coming n, lines l, jsonb_array_elements_text(n.next_period -> 'months') AS months
  ), parts AS (
    SELECT b.amount, round(b.amount * (100 - t.discount) / 100, app_minor_digits(n.currency)) AS part, t.discount,
           t.tax, app_minor_digits(n.currency) AS digits, row_number() OVER (ORDER BY b.amount DESC) AS nth
      FROM bare b, terms t, coming n
  ), discounted AS (
    SELECT p.part + CASE WHEN p.nth = 1
             THEN round(sum(p.amount) OVER () * (100 - p.discount) / 100, p.digits) - sum(p.part) OVER ()
             ELSE 0 END AS amount, p.tax, p.digits
      FROM parts p
  ), foretold AS (
    SELECT sum(d.amount + round(d.amount * d.tax / 100, d.digits)) AS amount, n.paid_to AS day
      FROM coming n, discounted d
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


def upgrade() -> None:
    op.create_table(
        "exchange_rates",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("from_currency", sa.Text(), nullable=False),
        sa.Column("to_currency", sa.Text(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=20, scale=10), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("rate > 0", name=op.f("ck_exchange_rates_rate_is_positive")),
        sa.CheckConstraint("from_currency <> to_currency", name=op.f("ck_exchange_rates_of_two_currencies")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_exchange_rates_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_exchange_rates")),
        sa.UniqueConstraint(
            "distributor_id",
            "tenant_path",
            "from_currency",
            "to_currency",
            "valid_from",
            name="uq_exchange_rates_day",
        ),
    )
    op.create_index("ix_exchange_rates_path", "exchange_rates", ["distributor_id", "tenant_path", "id"])
    protect("exchange_rates", inherited=True)
    op.add_column("subscription_resources", sa.Column("exchange", JSONB(), nullable=True))
    op.add_column("charge_levels", sa.Column("exchange", JSONB(), nullable=True))
    op.add_column("charge_levels", sa.Column("cost_unit_price", sa.Numeric(precision=18, scale=4), nullable=True))
    op.add_column("charge_levels", sa.Column("cost_currency", sa.Text(), nullable=True))
    op.add_column("charge_levels", sa.Column("cost_exchange", JSONB(), nullable=True))
    op.add_column("reseller_charges", sa.Column("cost", sa.Numeric(precision=18, scale=4), nullable=True))
    op.add_column("reseller_charges", sa.Column("cost_currency", sa.Text(), nullable=True))
    op.execute(WATERFALL)
    op.execute(TERMS)
    op.execute("REVOKE ALL ON FUNCTION app_next_terms(uuid, uuid, date, boolean) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION app_next_terms(uuid, uuid, date, boolean) TO headwater_app")
    op.execute(NEXT_CHARGE)


def downgrade() -> None:
    # What they are called with does not change: the functions as they were made before.
    op.execute(import_module("migrations.versions.0015_money").WATERFALL)
    before = import_module("migrations.versions.0016_subscriptions").NEXT_CHARGE
    op.execute(before.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    op.execute("DROP FUNCTION app_next_terms(uuid, uuid, date, boolean)")
    op.drop_column("reseller_charges", "cost_currency")
    op.drop_column("reseller_charges", "cost")
    for column in ("cost_exchange", "cost_currency", "cost_unit_price", "exchange"):
        op.drop_column("charge_levels", column)
    op.drop_column("subscription_resources", "exchange")
    op.drop_table("exchange_rates")
