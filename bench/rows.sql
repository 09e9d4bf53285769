-- A distributor, 10 resellers, 500 child resellers below them, and what they sold. One transaction of a superuser, to
-- whom row-level security does not apply. `bench.subscriptions` says how many; the first child reseller has 2 % of
-- them, whose panel is measured, and the others share the rest evenly. Everything else follows from row numbers, so
-- that two databases of one size hold the same rows.

-- Ids as `db.ids` makes them: a millisecond each, in the order of creation. `kind` keeps those of two tables apart.
CREATE FUNCTION pg_temp.id(kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex(1800000000000 + n), 12, '0') || '7' || lpad(to_hex(kind), 3, '0')
          || '8' || substr(md5(kind || ':' || n), 1, 15))::uuid
$$;

-- `tenancy.scope.segment`, for numbers below 1,296.
CREATE FUNCTION pg_temp.segment(n bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT '0000' || substr('0123456789abcdefghijklmnopqrstuvwxyz', (n / 36)::integer + 1, 1)
                || substr('0123456789abcdefghijklmnopqrstuvwxyz', (n % 36)::integer + 1, 1)
$$;

CREATE TEMP TABLE chain ON COMMIT DROP AS
SELECT 0 AS n, 0 AS level, NULL::integer AS parent, pg_temp.segment(nextval('distributor_numbers')) AS path;
INSERT INTO chain SELECT r, 1, 0, d.path || pg_temp.segment(r) FROM chain d, generate_series(1, 10) r;
INSERT INTO chain
SELECT 10 + c, 2, r.n, r.path || pg_temp.segment((c + 9) / 10)
  FROM generate_series(1, 500) c JOIN chain r ON r.n = 1 + (c - 1) % 10 AND r.level = 1;
ALTER TABLE chain ADD COLUMN id uuid, ADD COLUMN distributor uuid;
UPDATE chain SET id = pg_temp.id(1, n), distributor = pg_temp.id(1, 0);
CREATE UNIQUE INDEX ON chain (n);
ANALYZE chain;

INSERT INTO tenants (distributor_id, id, tenant_id, tenant_path, kind, number, name, state, currency, parent_id, level,
                     children)
SELECT t.distributor, t.id, t.id, t.path, CASE t.level WHEN 0 THEN 'DISTRIBUTOR' ELSE 'RESELLER' END,
       CASE t.level WHEN 0 THEN 'D' ELSE 'R' END || t.n,
       (ARRAY['Delta', 'Ripple', 'Brook'])[t.level + 1] || ' ' || t.n, 'ACTIVE', 'EUR', above.id, t.level,
       (ARRAY[10, 50, 0])[t.level + 1]
  FROM chain t LEFT JOIN chain above ON above.n = t.parent ORDER BY t.n;
INSERT INTO tenant_names (distributor_id, id, tenant_id, tenant_path, name)
SELECT distributor_id, id, id, tenant_path, name FROM tenants;
INSERT INTO distributor_clocks (distributor_id, id, tenant_id, tenant_path, time_zone, sandbox)
SELECT distributor, id, id, path, 'Europe/Berlin', false FROM chain WHERE level = 0;
INSERT INTO managers (distributor_id, id, tenant_id, tenant_path, name, email, role, active)
SELECT distributor, pg_temp.id(2, n), id, path, 'Manager ' || n, 'manager' || n || '@chain.example',
       'SYSTEM_ADMINISTRATOR', true
  FROM chain;
-- Everybody's token is hw_bench- and the tenant's number here: these open nothing but this database.
INSERT INTO api_tokens (distributor_id, id, tenant_id, tenant_path, manager_id, token_hash)
SELECT distributor, pg_temp.id(3, n), id, path, pg_temp.id(2, n), sha256(('hw_bench-' || n)::bytea) FROM chain;

INSERT INTO service_terms (distributor_id, id, tenant_id, tenant_path, name, key, billing_day, auto_renew_point_days,
                           manual_renew_point_days, grace_period_days, grace_on_prolongation, stop_period_days,
                           deletion_window_days, expired_renewal)
SELECT distributor, pg_temp.id(4, 1), id, path, 'Monthly', 'monthly', 5, 3, 30, 7, false, 30, 0, 'CONSTANT'
  FROM chain WHERE level = 0;
INSERT INTO products (distributor_id, id, tenant_id, tenant_path, key, name, vendor)
SELECT distributor, pg_temp.id(5, p), id, path, 'product-' || p, 'Office Suite ' || p, 'Vendor ' || p % 3
  FROM chain, generate_series(1, 20) p WHERE level = 0;

-- 20 plans, delegated to everybody: plan p of tenant n is number 20 n + p.
INSERT INTO plans (distributor_id, id, tenant_id, tenant_path, number, name, sku, state, public, billing_type,
                   fixed_price, free_period, price_protection_months, currency, service_term_id, product_id, parent_id,
                   origin_id, markup_percent, version, synchronized_version)
SELECT t.distributor, pg_temp.id(6, 20 * t.n + p), t.id, t.path, 'PL' || lpad(p::text, 6, '0'),
       'Office Suite ' || p || ' Premium', 'OS-' || p, 'ACTIVE', true,
       (ARRAY['CSP_MONTHLY', 'CSP_ANNUAL', 'MONTHLY_COMMITMENT'])[1 + p % 3], false, false, 0, 'EUR',
       pg_temp.id(4, 1), CASE t.level WHEN 0 THEN pg_temp.id(5, p) END,
       CASE WHEN t.level > 0 THEN pg_temp.id(6, 20 * t.parent + p) END, pg_temp.id(6, p), 10, 1, 1
  FROM chain t, generate_series(1, 20) p ORDER BY t.n, p;
INSERT INTO plan_periods (distributor_id, id, tenant_id, tenant_path, plan_id, key, position, duration, unit, trial,
                          public, setup, recurring_per_month, renewal, net_setup, net_recurring_per_month, net_renewal)
SELECT t.distributor, pg_temp.id(7, 20 * t.n + p), t.id, t.path, pg_temp.id(6, 20 * t.n + p), '1_YEAR', 0, 1, 'YEAR',
       false, true, 0, 0, 0, 0, 0, 0
  FROM chain t, generate_series(1, 20) p ORDER BY t.n, p;
INSERT INTO plan_resources (distributor_id, id, tenant_id, tenant_path, plan_id, key, name, unit, priority, public,
                            included, minimum, setup, recurring_per_month, renewal, net_setup,
                            net_recurring_per_month, net_renewal)
SELECT t.distributor, pg_temp.id(8, 3 * (20 * t.n + p) + r), t.id, t.path, pg_temp.id(6, 20 * t.n + p),
       (ARRAY['seats', 'storage', 'support'])[r + 1], (ARRAY['Seats', 'Storage', 'Support hours'])[r + 1],
       (ARRAY['seat', 'GB', 'hour'])[r + 1], 3 - r, true, 0, 0, 0,
       (p + r) * 1.21, 0, 0, p + r, 0
  FROM chain t, generate_series(1, 20) p, generate_series(0, 2) r ORDER BY t.n, p, r;

-- One account for two subscriptions of the same child reseller.
CREATE TEMP TABLE sold ON COMMIT DROP AS
SELECT s, 10 + CASE WHEN s % 50 = 0 THEN 1 ELSE 2 + s % 499 END AS n, 1 + s % 20 AS p, s % 7 AS mood
  FROM generate_series(1, current_setting('bench.subscriptions')::integer) s;
ALTER TABLE sold ADD COLUMN a bigint;
UPDATE sold SET a = paired.a
  FROM (SELECT s, min(s) OVER (PARTITION BY n, pair) AS a
          FROM (SELECT s, n, (row_number() OVER (PARTITION BY n ORDER BY s) - 1) / 2 AS pair FROM sold) each) paired
 WHERE paired.s = sold.s;
ANALYZE sold;
INSERT INTO accounts (distributor_id, id, tenant_id, tenant_path, number, name, email, payment_model, currency, funds,
                      blocked)
SELECT t.distributor, pg_temp.id(9, a), t.id, t.path, 'AC' || lpad(a::text, 7, '0'), 'Meadow Bakery ' || a,
       'till' || a || '@meadow.example', 'PREPAY', 'EUR', a % 1000, 0
  FROM (SELECT DISTINCT a, n FROM sold) each JOIN chain t USING (n) ORDER BY a;
INSERT INTO subscriptions (distributor_id, id, tenant_id, tenant_path, number, name, state, account_id, plan_id,
                           plan_period_id, billing_type, billing_day, currency, trial, endless, auto_renew, started_on,
                           paid_to, expires_on, stopped_on, version, external_id)
SELECT t.distributor, pg_temp.id(10, s), t.id, t.path, 'SU' || lpad(s::text, 7, '0'),
       'Office Suite ' || p || ' Premium', (ARRAY['ACTIVE', 'GRACED', 'STOPPED'])[greatest(mood - 3, 1)],
       pg_temp.id(9, a), pg_temp.id(6, 20 * t.n + p), pg_temp.id(7, 20 * t.n + p),
       (ARRAY['CSP_MONTHLY', 'CSP_ANNUAL', 'MONTHLY_COMMITMENT'])[1 + p % 3], 5, 'EUR', false, false, mood <> 5,
       date '2026-01-01' + (s * 7 % 300)::integer, date '2026-12-05', date '2026-12-31' + (s * 7 % 300)::integer,
       CASE mood WHEN 6 THEN date '2026-11-01' END, 1 + mood, CASE WHEN s % 3 = 0 THEN 'erp-' || s END
  FROM sold JOIN chain t USING (n) ORDER BY s;
INSERT INTO subscription_resources (distributor_id, id, tenant_id, tenant_path, subscription_id, account_id,
                                    plan_resource_id, key, name, priority, quantity, included, unit_price, currency)
SELECT t.distributor, pg_temp.id(11, 3 * s + r), t.id, t.path, pg_temp.id(10, s), pg_temp.id(9, a),
       pg_temp.id(8, 3 * (20 * t.n + p) + r), (ARRAY['seats', 'storage', 'support'])[r + 1],
       (ARRAY['Seats', 'Storage', 'Support hours'])[r + 1], 3 - r, 1 + s % 40, 0, (p + r) * 1.21, 'EUR'
  FROM sold JOIN chain t USING (n), generate_series(0, 2) r ORDER BY s, r;
INSERT INTO charges (distributor_id, id, tenant_id, tenant_path, number, kind, state, description, subscription_id,
                     account_id, resource_key, quantity, unit_price, currency, amount, discount, period_start,
                     period_end, billing_period_start, explanation, closed_at)
SELECT t.distributor, pg_temp.id(12, 3 * s + r), t.id, t.path, 'CH' || lpad((3 * s + r)::text, 8, '0'), 'RECURRING',
       (ARRAY['CLOSED', 'CLOSED', 'BLOCKED'])[r + 1], 'Office Suite ' || p || ' Premium, '
       || (ARRAY['Seats', 'Storage', 'Support hours'])[r + 1], pg_temp.id(10, s), pg_temp.id(9, a),
       (ARRAY['seats', 'storage', 'support'])[r + 1], 1 + s % 40, (p + r) * 1.21, 'EUR',
       round((1 + s % 40) * (p + r) * 1.21, 2), 0, date '2026-11-05', date '2026-12-05', date '2026-11-05',
       '{"rule": "BY_DAYS", "fraction": "1", "unrounded": "1", "rounded": "1", "steps": [], "text": ""}',
       CASE WHEN r < 2 THEN timestamptz '2026-11-05 03:00Z' END
  FROM sold JOIN chain t USING (n), generate_series(0, 2) r ORDER BY s, r;
