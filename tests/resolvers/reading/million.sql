-- A distributor, 10 resellers, 50 child resellers below each, a million subscriptions, and some of what hangs on them.
-- The first child reseller has 2 % of the subscriptions. For the first migration's tables: indexes are built later,
-- which takes half the time. One transaction of a superuser who does not check references.

CREATE FUNCTION pg_temp.id(kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex(1800000000000 + n), 12, '0') || '7' || lpad(to_hex(kind), 3, '0')
          || lpad(to_hex(n), 16, '8000000000000000'))::uuid
$$;

CREATE TEMP TABLE chain ON COMMIT DROP AS
SELECT 0 AS n, NULL::integer AS parent, '000001' AS path
UNION ALL
SELECT r, 0, '000001' || lpad(r::text, 6, '0') FROM generate_series(1, 10) r
UNION ALL
SELECT 10 + c, 1 + (c - 1) % 10, '000001' || lpad((1 + (c - 1) % 10)::text, 6, '0') || lpad(c::text, 6, '0')
  FROM generate_series(1, 500) c;
ALTER TABLE chain ADD COLUMN d uuid, ADD COLUMN id uuid;
UPDATE chain SET d = pg_temp.id(1, 0), id = pg_temp.id(1, n);
CREATE UNIQUE INDEX ON chain (n);
ANALYZE chain;

INSERT INTO tenants (distributor_id, id, tenant_id, tenant_path, kind, number, name, state, currency, parent_id, level,
                     children)
SELECT d, id, id, path, CASE WHEN n = 0 THEN 'DISTRIBUTOR' ELSE 'RESELLER' END, 'R' || n, 'Tenant ' || n, 'ACTIVE',
       'EUR', CASE WHEN n > 0 THEN pg_temp.id(1, parent) END, length(path) / 6 - 1, 0
  FROM chain ORDER BY n;
INSERT INTO tenant_names (distributor_id, id, tenant_id, tenant_path, name)
SELECT distributor_id, id, id, tenant_path, name FROM tenants;
INSERT INTO distributor_clocks (distributor_id, id, tenant_id, tenant_path, time_zone, sandbox)
SELECT d, id, id, path, 'Europe/Berlin', false FROM chain WHERE n = 0;

INSERT INTO plans (distributor_id, id, tenant_id, tenant_path, number, name, state, public, billing_type, fixed_price,
                   free_period, price_protection_months, currency, service_term_id, parent_id, origin_id, version,
                   synchronized_version)
SELECT t.d, pg_temp.id(6, 20 * t.n + p), t.id, t.path, 'PL' || lpad(p::text, 6, '0'), 'Office Suite ' || p, 'ACTIVE',
       true, 'CSP_MONTHLY', false, false, 0, 'EUR', pg_temp.id(4, 1),
       CASE WHEN t.n > 0 THEN pg_temp.id(6, 20 * t.parent + p) END, pg_temp.id(6, p), 1, 1
  FROM chain t, generate_series(1, 20) p ORDER BY t.n, p;

-- 20 subscriptions an account.
INSERT INTO accounts (distributor_id, id, tenant_id, tenant_path, number, name, email, payment_model, currency, funds,
                      blocked)
SELECT t.d, pg_temp.id(9, a), t.id, t.path, 'AC' || lpad(a::text, 6, '0'), 'Meadow Bakery ' || a,
       'till' || a || '@meadow.example', 'PREPAY', 'EUR', 0, 0
  FROM generate_series(0, 49999) a JOIN chain t ON t.n = 10 + CASE WHEN a % 50 = 0 THEN 1 ELSE 2 + a % 499 END
 ORDER BY a;

INSERT INTO subscriptions (distributor_id, id, tenant_id, tenant_path, number, name, state, account_id, plan_id,
                           plan_period_id, billing_type, billing_day, currency, trial, endless, auto_renew, started_on,
                           paid_to, expires_on, version, external_id, created_at, updated_at)
SELECT t.d, pg_temp.id(10, s), t.id, t.path, 'SU' || lpad(s::text, 7, '0'), 'Office Suite ' || s % 20,
       (ARRAY['ACTIVE', 'ACTIVE', 'ACTIVE', 'ACTIVE', 'ACTIVE', 'GRACED', 'STOPPED'])[1 + s % 7], pg_temp.id(9, a),
       pg_temp.id(6, 20 * t.n + 1 + s % 20), pg_temp.id(7, 1), 'CSP_MONTHLY', 5, 'EUR', s % 1000 = 0, s % 10 = 3, true,
       date '2026-01-01', date '2026-12-05', CASE WHEN s % 10 <> 3 THEN date '2026-12-01' + s * 7 % 365 END, 1,
       CASE WHEN s % 3 = 0 THEN 'erp-' || s END, timestamptz '2026-01-01 00:00Z' + s * interval '20 seconds',
       timestamptz '2026-11-01 00:00Z' + (s::bigint * 7919 % 1000003) * interval '1 second'
  FROM (SELECT s, (s % 50000) AS a FROM generate_series(1, 1000000) s) each
  JOIN chain t ON t.n = 10 + CASE WHEN a % 50 = 0 THEN 1 ELSE 2 + a % 499 END
 ORDER BY s;

-- 5,000 charges in each of 24 months, and what resellers owe for them.
CREATE TEMP TABLE charged ON COMMIT DROP AS
SELECT c, 1 + c * 7 % 1000000 AS s, date '2024-12-05' + make_interval(months => c / 5000) AS start
  FROM generate_series(0, 119999) c;
ANALYZE charged;
INSERT INTO charges (distributor_id, id, tenant_id, tenant_path, number, kind, state, description, subscription_id,
                     account_id, quantity, unit_price, currency, amount, discount, period_start, period_end,
                     billing_period_start, explanation, closed_at, created_at, updated_at)
SELECT s.distributor_id, pg_temp.id(12, c), s.tenant_id, s.tenant_path, 'CH' || lpad(c::text, 7, '0'), 'RECURRING',
       'CLOSED', 'Seats', s.id, s.account_id, 1, c % 1000, 'EUR', c % 1000, 0, start, start + interval '1 month',
       start, '{}', start + interval '1 month 3 hours', start, start + interval '1 month 3 hours'
  FROM charged JOIN subscriptions s ON s.id = pg_temp.id(10, charged.s) ORDER BY c;
INSERT INTO reseller_charges (distributor_id, id, tenant_id, tenant_path, creditor_id, charge_id, subscription_id,
                              unit_price, currency, quantity, reversal, months, discount_percent, amount, explanation,
                              closed_at, created_at, updated_at)
SELECT t.d, pg_temp.id(13, c), t.id, t.path, pg_temp.id(1, 0), pg_temp.id(12, c), pg_temp.id(10, s), 1, 'EUR', 1, false,
       1, 0, c % 1000, '{}', start + interval '1 month 3 hours', start + interval '1 month 3 hours', start
  FROM charged JOIN chain t ON t.n = 1 + c % 10 ORDER BY c;
