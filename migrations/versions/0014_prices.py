"""What prices come to and how they came to be: price lists, versions of prices, and marks of changed net costs.

Triggers keep the lists and the versions, so that nothing that writes prices can forget them. They look at and write
rows that the changing transaction may not see: a copy's product stands at its origin, above it.

Locks: the new columns of `plans` are made without a scan. Filling the new tables reads the three tables of the catalog
once and keeps nobody out: about four seconds for 100,000 plans. What changes prices meanwhile waits for the triggers.
"""

import sqlalchemy as sa
from alembic import op

from migrations.policies import open_to_customers, protect_log

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

FEES = ("setup", "recurring_per_month", "renewal", "net_setup", "net_recurring_per_month", "net_renewal")
# What a line of the price list takes from its plan.
OF_PLAN = ("name", "sku", "billing_type", "state", "public", "currency", "markup_percent", "product_id")

# A line that stays as it is, is not written. Planned anew each time: a plan kept from when there were few rows takes
# hours for a hundred thousand.
LIST = """
CREATE FUNCTION app_list_prices(distributors uuid[], wanted uuid[], happened timestamptz[], marking boolean)
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  EXECUTE $q$
  INSERT INTO public.price_list_entries AS e (
    distributor_id, id, tenant_id, tenant_path, plan_id, plan_name, sku, product_name, vendor, billing_type, state,
    public, currency, duration, unit, months, retail_price, net_cost, margin, margin_percent, markup_percent,
    net_cost_changed_at, created_at, updated_at
  )
  SELECT p.distributor_id, t.id, p.tenant_id, p.tenant_path, p.id, p.name, p.sku, r.name, r.vendor, p.billing_type,
         p.state, p.public AND t.public, p.currency, t.duration, t.unit, m.months, c.price, c.net, c.price - c.net,
         CASE WHEN c.price <> 0 THEN round((c.price - c.net) * 100 / c.price, 4) END, p.markup_percent,
         NULL, w.at, w.at
    FROM unnest($1, $2, $3) AS w(distributor_id, id, at)
    JOIN public.plans p ON (p.distributor_id, p.id) = (w.distributor_id, w.id)
    JOIN public.plans o ON (o.distributor_id, o.id) = (p.distributor_id, p.origin_id)
    LEFT JOIN public.products r
      ON (r.distributor_id, r.id) = (p.distributor_id, coalesce(p.product_id, o.product_id))
    JOIN public.plan_periods t ON (t.distributor_id, t.plan_id) = (p.distributor_id, p.id) AND NOT t.trial
   CROSS JOIN LATERAL (
         SELECT CASE t.unit WHEN 'ENDLESS' THEN 1 WHEN 'MONTH' THEN t.duration WHEN 'YEAR' THEN t.duration * 12
                ELSE round(t.duration * 12 / 365.0, 4) END AS months
         ) m
   CROSS JOIN LATERAL (
         SELECT round(t.setup + t.recurring_per_month * m.months
                      + coalesce(sum(u.units * (u.setup + u.recurring_per_month * m.months)), 0), 4) AS price,
                round(t.net_setup + t.net_recurring_per_month * m.months
                      + coalesce(sum(u.units * (u.net_setup + u.net_recurring_per_month * m.months)), 0), 4) AS net
           FROM (SELECT s.*,
                        CASE WHEN sum(s.least) OVER () = 0 AND s.place = 1
                              AND t.setup = 0 AND t.recurring_per_month = 0 AND t.net_setup = 0
                              AND t.net_recurring_per_month = 0
                             THEN 1 ELSE s.least END AS units
                   FROM (SELECT d.*, greatest(d.minimum - d.included, 0) AS least,
                                row_number() OVER (ORDER BY d.priority DESC, d.name, d.id) AS place
                           FROM public.plan_resources d
                          WHERE (d.distributor_id, d.plan_id) = (p.distributor_id, p.id)) s) u
         ) c
      ON CONFLICT (distributor_id, id) DO UPDATE SET
         plan_name = excluded.plan_name, sku = excluded.sku, product_name = excluded.product_name,
         vendor = excluded.vendor, billing_type = excluded.billing_type, state = excluded.state,
         public = excluded.public, currency = excluded.currency, duration = excluded.duration, unit = excluded.unit,
         months = excluded.months, retail_price = excluded.retail_price, net_cost = excluded.net_cost,
         margin = excluded.margin, margin_percent = excluded.margin_percent, markup_percent = excluded.markup_percent,
         net_cost_changed_at =
           CASE WHEN $4 AND e.net_cost <> excluded.net_cost THEN excluded.updated_at
                ELSE e.net_cost_changed_at END,
         updated_at = excluded.updated_at
   WHERE (e.plan_name, e.sku, e.product_name, e.vendor, e.billing_type, e.state, e.public, e.currency, e.duration,
          e.unit, e.retail_price, e.net_cost, e.markup_percent)
         IS DISTINCT FROM
         (excluded.plan_name, excluded.sku, excluded.product_name, excluded.vendor, excluded.billing_type,
          excluded.state, excluded.public, excluded.currency, excluded.duration, excluded.unit, excluded.retail_price,
          excluded.net_cost, excluded.markup_percent)
  $q$ USING distributors, wanted, happened, marking;
END $$
"""

LISTED = "SELECT public.app_list_prices(array_agg(w.distributor_id), array_agg(w.id), array_agg(w.at), {marking})"

# After periods or resources were added.
ADDED = """
  INSERT INTO public.price_versions (
    distributor_id, id, tenant_id, tenant_path, plan_id, price_of, subject_id, key, currency, {fees}, valid_from,
    created_at, updated_at
  )
  SELECT n.distributor_id, public.app_uuid7(), n.tenant_id, n.tenant_path, n.plan_id, $1, n.id, n.key,
         p.currency, {of_row}, n.updated_at, n.updated_at, n.updated_at
    FROM new_rows n JOIN public.plans p ON (p.distributor_id, p.id) = (n.distributor_id, n.plan_id){new};
  {listed}
     FROM (SELECT distributor_id, plan_id AS id, max(updated_at) AS at FROM new_rows GROUP BY 1, 2) w;
"""

# After they were changed: prices as they were until now end, others begin.
PRICED = """
  UPDATE public.price_versions v SET valid_to = n.updated_at, updated_at = n.updated_at
    FROM new_rows n
   WHERE v.distributor_id = n.distributor_id AND v.subject_id = n.id AND v.valid_to IS NULL
     AND v.valid_from < n.updated_at AND ({of_version}) IS DISTINCT FROM ({of_row});
  UPDATE public.price_versions v SET ({fees}) = ({of_row}), updated_at = n.updated_at
    FROM new_rows n
   WHERE v.distributor_id = n.distributor_id AND v.subject_id = n.id AND v.valid_to IS NULL
     AND ({of_version}) IS DISTINCT FROM ({of_row});
  {added}
"""
WITHOUT_ONE = """
   WHERE NOT EXISTS (SELECT FROM public.price_versions v
                      WHERE v.distributor_id = n.distributor_id AND v.subject_id = n.id AND v.valid_to IS NULL)"""

UNPRICED = """
  UPDATE public.price_versions v
     SET valid_to = greatest(public.app_now(o.distributor_id), v.valid_from + interval '1 microsecond')
    FROM old_rows o
   WHERE v.distributor_id = o.distributor_id AND v.subject_id = o.id AND v.valid_to IS NULL;
  DELETE FROM public.price_list_entries e USING old_rows o WHERE (e.distributor_id, e.id) = (o.distributor_id, o.id);
  {listed}
     FROM (SELECT distributor_id, plan_id AS id, max(public.app_now(distributor_id)) AS at
             FROM old_rows GROUP BY 1, 2) w;
"""

PLANNED = """
  {listed}
     FROM (SELECT n.distributor_id, n.id, n.updated_at AS at
             FROM new_rows n JOIN old_rows o ON (o.distributor_id, o.id) = (n.distributor_id, n.id)
            WHERE ({before}) IS DISTINCT FROM ({after})) w
   HAVING count(*) > 0;
"""

NAMED = """
  {listed}
     FROM (SELECT p.distributor_id, p.id, n.updated_at AS at
             FROM new_rows n JOIN old_rows o ON (o.distributor_id, o.id) = (n.distributor_id, n.id)
             JOIN public.plans q ON (q.distributor_id, q.product_id) = (n.distributor_id, n.id)
             JOIN public.plans p ON (p.distributor_id, p.origin_id) = (q.distributor_id, q.id)
            WHERE (o.name, o.vendor) IS DISTINCT FROM (n.name, n.vendor)) w
   HAVING count(*) > 0;
"""

# Whose shop it is, for somebody without a token: of one tenant whose people may work, and nothing else of it.
STOREFRONT = """
CREATE FUNCTION app_storefront(tenant uuid) RETURNS TABLE (distributor_id uuid, tenant_id uuid, tenant_path text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  lo text := current_setting('app.lo', true);
  hi text := current_setting('app.hi', true);
BEGIN
  PERFORM set_config('app.lo', '', true), set_config('app.hi', '~', true);
  RETURN QUERY
    SELECT t.distributor_id, t.id, t.tenant_path FROM public.tenants t
     WHERE t.id = tenant AND t.state = 'ACTIVE' AND NOT t.suspended_above AND t.tenant_path <> '';
  PERFORM set_config('app.lo', coalesce(lo, '~'), true), set_config('app.hi', coalesce(hi, ''), true);
END $$
"""

# Each statement is planned anew, for the same reason.
EXECUTED = "EXECUTE $q${statement}$q$ USING TG_ARGV[0], TG_OP = 'UPDATE';"

TRIGGER = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  lo text := current_setting('app.lo', true);
  hi text := current_setting('app.hi', true);
BEGIN
  PERFORM set_config('app.lo', '', true), set_config('app.hi', '~', true);
  {body}
  PERFORM set_config('app.lo', coalesce(lo, '~'), true), set_config('app.hi', coalesce(hi, ''), true);
  RETURN NULL;
END $$
"""

FILL = """
INSERT INTO price_versions (
  distributor_id, id, tenant_id, tenant_path, plan_id, price_of, subject_id, key, currency, {fees}, valid_from,
  created_at, updated_at
)
SELECT n.distributor_id, app_uuid7(), n.tenant_id, n.tenant_path, n.plan_id, '{price_of}', n.id, n.key, p.currency,
       {of_row}, n.updated_at, n.updated_at, n.updated_at
  FROM {table} n JOIN plans p ON (p.distributor_id, p.id) = (n.distributor_id, n.plan_id)
"""


def upgrade() -> None:
    op.add_column("plans", sa.Column("net_cost_changed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("plans", sa.Column("prices_to_review", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    entries()
    versions()
    for table in ("price_list_entries", "price_versions"):
        protect_log(table)
        op.execute(f"ALTER POLICY {table}_update ON {table} USING (true) WITH CHECK (true)")
        op.execute(f"ALTER POLICY {table}_delete ON {table} USING (true)")
    open_to_customers("price_list_entries", "of its seller")
    op.execute(sa.text(LIST.replace(":", "\\:")))
    op.execute("REVOKE ALL ON FUNCTION app_list_prices(uuid[], uuid[], timestamptz[], boolean) FROM PUBLIC")
    fees = {
        "fees": ", ".join(FEES),
        "of_version": ", ".join(f"v.{fee}" for fee in FEES),
        "of_row": ", ".join(f"n.{fee}" for fee in FEES),
    }
    listed = LISTED.format(marking="$2")
    make("app_prices_added", ADDED.format(**fees, listed=listed, new=""))
    make("app_prices_set", PRICED.format(**fees, added=ADDED.format(**fees, listed=listed, new=WITHOUT_ONE)))
    make("app_prices_gone", UNPRICED.format(listed=LISTED.format(marking="false")))
    make(
        "app_plans_changed",
        PLANNED.format(
            listed=LISTED.format(marking="false"),
            before=", ".join(f"o.{column}" for column in OF_PLAN),
            after=", ".join(f"n.{column}" for column in OF_PLAN),
        ),
    )
    make("app_products_changed", NAMED.format(listed=LISTED.format(marking="false")))
    op.execute(STOREFRONT)
    op.execute("REVOKE ALL ON FUNCTION app_storefront(uuid) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION app_storefront(uuid) TO headwater_app")
    op.execute("SELECT set_config('app.lo', '', true), set_config('app.hi', '~', true)")
    for table, price_of in (("plan_periods", "PERIOD"), ("plan_resources", "RESOURCE")):
        op.execute(FILL.format(**fees, table=table, price_of=price_of))
        for name, event, side, function in (
            ("added", "INSERT", "NEW TABLE AS new_rows", "app_prices_added"),
            ("changed", "UPDATE", "NEW TABLE AS new_rows", "app_prices_set"),
            ("gone", "DELETE", "OLD TABLE AS old_rows", "app_prices_gone"),
        ):
            op.execute(
                f"CREATE TRIGGER prices_{name} AFTER {event} ON {table} REFERENCING {side}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {function}('{price_of}')"
            )
    op.execute(
        "SELECT app_list_prices(array_agg(distributor_id), array_agg(id), array_agg(updated_at), false)"
        " FROM plans HAVING count(*) > 0"
    )
    for table in ("plans", "products"):
        op.execute(
            f"CREATE TRIGGER prices_changed AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows"
            f" NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app_{table}_changed()"
        )


def make(name: str, body: str) -> None:
    statements = [EXECUTED.format(statement=each.strip()) for each in body.split(";") if each.strip()]
    op.execute(sa.text(TRIGGER.format(name=name, body="\n  ".join(statements)).replace(":", "\\:")))
    op.execute(f"REVOKE ALL ON FUNCTION {name}() FROM PUBLIC")


def downgrade() -> None:
    op.execute("DROP FUNCTION app_storefront(uuid)")
    for name in ("app_prices_added", "app_prices_set", "app_prices_gone", "app_plans_changed", "app_products_changed"):
        op.execute(f"DROP FUNCTION {name}() CASCADE")
    op.execute("DROP FUNCTION app_list_prices(uuid[], uuid[], timestamptz[], boolean)")
    op.drop_table("price_versions")
    op.drop_table("price_list_entries")
    op.drop_column("plans", "prices_to_review")
    op.drop_column("plans", "net_cost_changed_at")


def owner(table: str) -> list[sa.schema.SchemaItem]:
    """What every tenant's row begins with, and its reference to its tenant and plan."""
    return [
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f(f"fk_{table}_distributor_id_tenant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "plan_id"],
            ["plans.distributor_id", "plans.id"],
            name=op.f(f"fk_{table}_distributor_id_plan_id"),
        ),
    ]


def entries() -> None:
    table = "price_list_entries"
    op.create_table(
        table,
        *owner(table),
        sa.Column("plan_name", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("product_name", sa.Text(), nullable=True),
        sa.Column("vendor", sa.Text(), nullable=True),
        sa.Column("billing_type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("duration", sa.Integer(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("months", sa.Numeric(), nullable=False),
        sa.Column("retail_price", sa.Numeric(), nullable=False),
        sa.Column("net_cost", sa.Numeric(), nullable=False),
        sa.Column("margin", sa.Numeric(), nullable=False),
        sa.Column("margin_percent", sa.Numeric(), nullable=True),
        sa.Column("markup_percent", sa.Numeric(9, 4), nullable=True),
        sa.Column("net_cost_changed_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index(f"ix_{table}_own_id", table, ["distributor_id", "tenant_path", "id"])
    op.create_index(f"ix_{table}_all_id", table, ["distributor_id", "id", "tenant_path"])
    for name in ("plan_name", "retail_price", "margin"):
        op.create_index(f"ix_{table}_own_{name}", table, ["distributor_id", "tenant_path", name, "id"])
    for name, type_ in (("margin_percent", "numeric"), ("net_cost_changed_at", "timestamp with time zone")):
        key = sa.text(f"(CASE WHEN {name} IS NULL THEN 'infinity'\\:\\:{type_} ELSE {name} END)")
        op.create_index(f"ix_{table}_own_{name}", table, ["distributor_id", "tenant_path", key, "id"])
    op.create_index(f"ix_{table}_plan", table, ["distributor_id", "plan_id", "months"])


def versions() -> None:
    table = "price_versions"
    op.create_table(
        table,
        *owner(table),
        sa.Column(
            "price_of",
            sa.Enum("PERIOD", "RESOURCE", name="price_of_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        *(sa.Column(fee, sa.Numeric(18, 4), nullable=False) for fee in FEES),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("distributor_id", "subject_id", "valid_from", name="uq_price_versions_subject"),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_price_versions_holds_for_a_time")),
    )
    op.create_index(f"ix_{table}_plan", table, ["distributor_id", "plan_id", "valid_from", "id"])
