"""Default markups, planned prices, categories in price lists; periods that a plan has no more, terms of vendors.

Locks: the price list gets three columns without a scan, periods and service terms one. The lines of plans whose product
stands in a category are filled once: about four seconds for 100,000 lines, in which nobody changes prices.
"""

import sqlalchemy as sa
from alembic import op

from migrations.policies import protect

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

FEES = ("setup", "recurring_per_month", "renewal", "net_setup", "net_recurring_per_month", "net_renewal")

# As 0014 made it, but for where the product stands.
LIST = """
CREATE OR REPLACE FUNCTION app_list_prices(
  distributors uuid[], wanted uuid[], happened timestamptz[], marking boolean)
RETURNS void LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
  EXECUTE $q$
  INSERT INTO public.price_list_entries AS e (
    distributor_id, id, tenant_id, tenant_path, plan_id, plan_name, sku, product_name, vendor,{names} billing_type, state,
    public, currency, duration, unit, months, retail_price, net_cost, margin, margin_percent, markup_percent,
    net_cost_changed_at, created_at, updated_at
  )
  SELECT p.distributor_id, t.id, p.tenant_id, p.tenant_path, p.id, p.name, p.sku, r.name, r.vendor,{values} p.billing_type,
         p.state, p.public AND t.public, p.currency, t.duration, t.unit, m.months, c.price, c.net, c.price - c.net,
         CASE WHEN c.price <> 0 THEN round((c.price - c.net) * 100 / c.price, 4) END, p.markup_percent,
         NULL, w.at, w.at
    FROM unnest($1, $2, $3) AS w(distributor_id, id, at)
    JOIN public.plans p ON (p.distributor_id, p.id) = (w.distributor_id, w.id)
    JOIN public.plans o ON (o.distributor_id, o.id) = (p.distributor_id, p.origin_id)
    LEFT JOIN public.products r
      ON (r.distributor_id, r.id) = (p.distributor_id, coalesce(p.product_id, o.product_id)){joined}
    JOIN public.plan_periods t ON (t.distributor_id, t.plan_id) = (p.distributor_id, p.id) AND NOT t.trial{kept}
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
         vendor = excluded.vendor,{set} billing_type = excluded.billing_type, state = excluded.state,
         public = excluded.public, currency = excluded.currency, duration = excluded.duration, unit = excluded.unit,
         months = excluded.months, retail_price = excluded.retail_price, net_cost = excluded.net_cost,
         margin = excluded.margin, margin_percent = excluded.margin_percent, markup_percent = excluded.markup_percent,
         net_cost_changed_at =
           CASE WHEN $4 AND e.net_cost <> excluded.net_cost THEN excluded.updated_at
                ELSE e.net_cost_changed_at END,
         updated_at = excluded.updated_at
   WHERE (e.plan_name, e.sku, e.product_name, e.vendor,{old} e.billing_type, e.state, e.public, e.currency, e.duration,
          e.unit, e.retail_price, e.net_cost, e.markup_percent)
         IS DISTINCT FROM
         (excluded.plan_name, excluded.sku, excluded.product_name, excluded.vendor,{new} excluded.billing_type,
          excluded.state, excluded.public, excluded.currency, excluded.duration, excluded.unit, excluded.retail_price,
          excluded.net_cost, excluded.markup_percent)
  $q$ USING distributors, wanted, happened, marking;
END $$
"""
NO_PLACE = dict.fromkeys(("names", "values", "joined", "set", "old", "new", "kept"), "")
WITH_PLACE = {
    "names": " product_key, category_key, category_name,",
    "values": " r.key, g.key, g.name,",
    "joined": """
    LEFT JOIN public.product_categories g ON (g.distributor_id, g.id) = (p.distributor_id, r.category_id)""",
    "set": """
         product_key = excluded.product_key, category_key = excluded.category_key,
         category_name = excluded.category_name,""",
    "old": " e.product_key, e.category_key, e.category_name,",
    "new": """
          excluded.product_key, excluded.category_key, excluded.category_name,""",
    "kept": " AND t.removed_at IS NULL",
}

# Lists the plans of products of which one of {columns} has changed.
CHANGED = """
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  lo text := current_setting('app.lo', true);
  hi text := current_setting('app.hi', true);
BEGIN
  PERFORM set_config('app.lo', '', true), set_config('app.hi', '~', true);
  EXECUTE $q$SELECT public.app_list_prices(array_agg(w.distributor_id), array_agg(w.id), array_agg(w.at), false)
     FROM (SELECT p.distributor_id, p.id, n.updated_at AS at
             FROM new_rows n JOIN old_rows o ON (o.distributor_id, o.id) = (n.distributor_id, n.id)
             {products}
             JOIN public.plans p ON (p.distributor_id, p.origin_id) = (q.distributor_id, q.id)
            WHERE ({before}) IS DISTINCT FROM ({after})) w
   HAVING count(*) > 0$q$ USING TG_ARGV[0], TG_OP = 'UPDATE';
  PERFORM set_config('app.lo', coalesce(lo, '~'), true), set_config('app.hi', coalesce(hi, ''), true);
  RETURN NULL;
END $$
"""
# What a plan has no more is in no list.
REMOVED = """
CREATE FUNCTION app_periods_removed() RETURNS trigger LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  lo text := current_setting('app.lo', true);
  hi text := current_setting('app.hi', true);
BEGIN
  PERFORM set_config('app.lo', '', true), set_config('app.hi', '~', true);
  DELETE FROM public.price_list_entries e USING new_rows n
   WHERE (e.distributor_id, e.id) = (n.distributor_id, n.id) AND n.removed_at IS NOT NULL;
  PERFORM set_config('app.lo', coalesce(lo, '~'), true), set_config('app.hi', coalesce(hi, ''), true);
  RETURN NULL;
END $$
"""
OF_PRODUCTS = "JOIN public.plans q ON (q.distributor_id, q.product_id) = (n.distributor_id, n.id)"
OF_CATEGORIES = """JOIN public.products r ON (r.distributor_id, r.category_id) = (n.distributor_id, n.id)
             JOIN public.plans q ON (q.distributor_id, q.product_id) = (r.distributor_id, r.id)"""


def upgrade() -> None:
    op.create_table(
        "default_markups",
        *owned("default_markups"),
        sa.Column("product_key", sa.Text(), nullable=True),
        sa.Column("category_key", sa.Text(), nullable=True),
        sa.Column("markup_percent", sa.Numeric(precision=9, scale=4), nullable=False),
        *times(),
        sa.UniqueConstraint(
            "distributor_id",
            "tenant_id",
            "product_key",
            "category_key",
            name="uq_default_markups_key",
            postgresql_nulls_not_distinct=True,
        ),
        sa.CheckConstraint(
            "(product_key IS NULL) <> (category_key IS NULL)",
            name=op.f("ck_default_markups_of_a_product_or_a_category"),
        ),
        sa.CheckConstraint("markup_percent > -100", name=op.f("ck_default_markups_markup_leaves_a_price")),
    )
    op.create_index("ix_default_markups_path", "default_markups", ["distributor_id", "tenant_path", "id"])
    op.create_table(
        "planned_prices",
        *owned("planned_prices"),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column(
            "price_of",
            sa.Enum("PERIOD", "RESOURCE", name="price_of_known", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("key", sa.Text(), nullable=True),
        *(sa.Column(fee, sa.Numeric(precision=18, scale=4), nullable=True) for fee in FEES),
        sa.Column("markup_percent", sa.Numeric(precision=9, scale=4), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        *times(),
        sa.ForeignKeyConstraint(
            ["distributor_id", "plan_id"],
            ["plans.distributor_id", "plans.id"],
            name=op.f("fk_planned_prices_distributor_id_plan_id"),
        ),
        sa.UniqueConstraint(
            "distributor_id",
            "plan_id",
            "valid_from",
            "price_of",
            "key",
            name="uq_planned_prices_key",
            postgresql_nulls_not_distinct=True,
        ),
        sa.CheckConstraint(
            "(price_of IS NULL) = (markup_percent IS NOT NULL) AND (price_of IS NULL) = (key IS NULL)",
            name=op.f("ck_planned_prices_fees_or_a_markup"),
        ),
    )
    op.create_index(
        "ix_planned_prices_due",
        "planned_prices",
        ["distributor_id", "valid_from", "tenant_path"],
        postgresql_where=sa.text("refused_at IS NULL"),
    )
    for table in ("default_markups", "planned_prices"):
        protect(table)
    for name in ("product_key", "category_key", "category_name"):
        op.add_column("price_list_entries", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("service_terms", sa.Column("source_id", sa.Uuid(), nullable=True))
    op.add_column("plan_periods", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    execute(LIST.format(**WITH_PLACE))
    execute(REMOVED)
    op.execute("REVOKE ALL ON FUNCTION app_periods_removed() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER prices_removed AFTER UPDATE ON plan_periods REFERENCING NEW TABLE AS new_rows"
        " FOR EACH STATEMENT EXECUTE FUNCTION app_periods_removed()"
    )
    execute(changed("app_products_changed", OF_PRODUCTS, ("name", "vendor", "key", "category_id")))
    execute(changed("app_categories_changed", OF_CATEGORIES, ("name", "key")))
    op.execute("REVOKE ALL ON FUNCTION app_categories_changed() FROM PUBLIC")
    op.execute(
        "CREATE TRIGGER prices_changed AFTER UPDATE ON product_categories REFERENCING OLD TABLE AS old_rows"
        " NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION app_categories_changed()"
    )
    op.execute("SELECT set_config('app.lo', '', true), set_config('app.hi', '~', true)")
    op.execute(
        "SELECT app_list_prices(array_agg(p.distributor_id), array_agg(p.id), array_agg(p.updated_at), false)"
        " FROM plans p JOIN plans o ON (o.distributor_id, o.id) = (p.distributor_id, p.origin_id)"
        " WHERE o.product_id IS NOT NULL HAVING count(*) > 0"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER prices_removed ON plan_periods")
    op.execute("DROP FUNCTION app_periods_removed()")
    op.execute("DROP TRIGGER prices_changed ON product_categories")
    op.execute("DROP FUNCTION app_categories_changed()")
    execute(changed("app_products_changed", OF_PRODUCTS, ("name", "vendor")))
    execute(LIST.format(**NO_PLACE))
    op.drop_column("plan_periods", "removed_at")
    op.drop_column("service_terms", "source_id")
    for name in ("category_name", "category_key", "product_key"):
        op.drop_column("price_list_entries", name)
    op.drop_table("planned_prices")
    op.drop_table("default_markups")


def changed(name: str, products: str, columns: tuple[str, ...]) -> str:
    before, after = (", ".join(f"{row}.{column}" for column in columns) for row in "on")
    return CHANGED.format(name=name, products=products, before=before, after=after)


def execute(statement: str) -> None:
    op.execute(sa.text(statement.replace(":", "\\:")))


def owned(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f(f"fk_{table}_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f(f"pk_{table}")),
    ]


def times() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
        for name in ("created_at", "updated_at")
    ]
