"""Discounts for customers and their promo codes, and individual prices.

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
    for table in ("discounts", "discount_limits"):
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


def downgrade() -> None:
    op.drop_column("subscription_resources", "individual_price")
    op.drop_column("subscriptions", "renewal_price")
    op.drop_index("ix_subscriptions_promo", "subscriptions")
    op.drop_column("subscriptions", "promo_discount_id")
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
