"""Discounts for customers and their promo codes, individual prices, and taxes.

The waterfall of a subscription leaves taxes out: they are nobody's margin.

Locks: the new columns are made without a scan; building the index of subscriptions ordered with a code keeps writers
out of `subscriptions`, not readers: about a second for a million, none of which is in it. The new tables are nobody's
yet; checking the new reference reads `subscriptions` once.
"""

import sqlalchemy as sa
from alembic import op

from migrations.policies import protect

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


# As in 0011, of amounts without tax.
WATERFALL = """
CREATE OR REPLACE FUNCTION app_waterfall(distributor uuid, subscription uuid, currency text) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  WITH closed AS (
    SELECT c.id, c.tenant_id, coalesce(c.split_from_id, c.id) AS priced_as, c.quantity, c.amount - c.tax AS amount, c.discount,
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


def upgrade() -> None:
    op.create_table(
        "discounts",
        *_owned("discounts"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("percent", sa.Numeric(precision=9, scale=4), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("subscription_limit", sa.Integer(), nullable=True),
        *_times(),
        sa.CheckConstraint("percent > 0 AND percent <= 100", name=op.f("ck_discounts_percent_in_range")),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_discounts_valid_for_days")),
        sa.CheckConstraint(
            "subscription_limit IS NULL OR code IS NOT NULL", name=op.f("ck_discounts_limit_of_a_code")
        ),
        sa.UniqueConstraint("distributor_id", "tenant_id", "code", name="uq_discounts_code"),
    )
    op.create_index("ix_discounts_path", "discounts", ["distributor_id", "tenant_path", "id"])
    op.create_table(
        "discount_limits",
        *_owned("discount_limits"),
        sa.Column("discount_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "RESELLER",
                "SUBSCRIPTION",
                "ACCOUNT",
                "PLAN",
                name="discount_target_kind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        *_times(),
        sa.ForeignKeyConstraint(
            ["distributor_id", "discount_id"],
            ["discounts.distributor_id", "discounts.id"],
            name=op.f("fk_discount_limits_distributor_id_discount_id"),
        ),
        sa.UniqueConstraint("distributor_id", "discount_id", "kind", "target_id", name="uq_discount_limits"),
    )
    op.create_table(
        "taxes",
        *_owned("taxes"),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=9, scale=4), nullable=False),
        *_times(),
        sa.CheckConstraint("percent >= 0 AND percent <= 100", name=op.f("ck_taxes_percent_in_range")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "account_id"],
            ["accounts.distributor_id", "accounts.id"],
            name=op.f("fk_taxes_distributor_id_account_id"),
        ),
        sa.UniqueConstraint(
            "distributor_id", "tenant_id", "account_id", name="uq_taxes_account", postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index("ix_taxes_path", "taxes", ["distributor_id", "tenant_path", "id"])
    for table in ("discounts", "discount_limits", "taxes"):
        protect(table)
    op.add_column("subscriptions", sa.Column("promo_discount_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_subscriptions_distributor_id_promo_discount_id"),
        "subscriptions",
        "discounts",
        ["distributor_id", "promo_discount_id"],
        ["distributor_id", "id"],
    )
    op.create_index(
        "ix_subscriptions_promo",
        "subscriptions",
        ["distributor_id", "promo_discount_id"],
        postgresql_where=sa.text("promo_discount_id IS NOT NULL"),
    )
    op.add_column(
        "subscriptions",
        sa.Column(
            "renewal_price",
            sa.Enum(
                "HIGHEST",
                "INDIVIDUAL",
                "PLAN",
                name="renewal_price_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
    )
    op.add_column(
        "subscription_resources", sa.Column("individual_price", sa.Numeric(precision=18, scale=4), nullable=True)
    )
    for table in ("charges", "orders"):
        nothing = sa.text("0")
        op.add_column(
            table, sa.Column("tax", sa.Numeric(precision=18, scale=4), server_default=nothing, nullable=False)
        )
    op.add_column("charges", sa.Column("tax_name", sa.Text(), nullable=True))
    op.add_column("charges", sa.Column("tax_percent", sa.Numeric(precision=9, scale=4), nullable=True))
    op.execute(WATERFALL)


def downgrade() -> None:
    # What it was called with does not change: the function as 0011 made it, which knows no taxes.
    op.execute(WATERFALL.replace("c.amount - c.tax AS amount", "c.amount"))
    op.drop_column("charges", "tax_percent")
    op.drop_column("charges", "tax_name")
    for table in ("charges", "orders"):
        op.drop_column(table, "tax")
    op.drop_column("subscription_resources", "individual_price")
    op.drop_column("subscriptions", "renewal_price")
    op.drop_index("ix_subscriptions_promo", "subscriptions")
    op.drop_column("subscriptions", "promo_discount_id")
    op.drop_table("taxes")
    op.drop_table("discount_limits")
    op.drop_table("discounts")


def _owned(table: str) -> list[sa.schema.SchemaItem]:
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


def _times() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
        for name in ("created_at", "updated_at")
    ]
