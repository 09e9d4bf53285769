"""Vendors and what they publish; copies that were taken back, links between plans; what service terms say of who orders.

Locks: plans for a moment, to get three columns, and while its rows are read to prove the new check and to build an index
of empty entries: a few seconds for a million, in which nobody writes plans. tenants and products likewise, and are small.
service_terms gets columns with constants for defaults, which rewrites nothing. The new tables are nobody's yet.
"""

from alembic import op
import sqlalchemy as sa

from migrations.policies import protect

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plans", sa.Column("undelegated_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_plans_what_is_taken_back_is_not_sold"),
        "plans",
        "undelegated_at IS NULL OR (parent_id IS NOT NULL AND state <> 'ACTIVE')",
    )
    op.add_column("plans", sa.Column("singleton", sa.Boolean(), server_default=sa.false(), nullable=False))
    kind = sa.Enum(
        "SWITCHABLE", "PREREQUISITE", name="plan_link_kind_known", native_enum=False, create_constraint=True, length=40
    )
    table = "plan_links"
    op.create_table(
        table,
        *_owned(table),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        *_times(),
        *_references(table, plan_id="plans", target_id="plans"),
        sa.UniqueConstraint("distributor_id", "plan_id", "kind", "target_id", name="uq_plan_links"),
    )
    protect(table, inherited=True)
    op.add_column("tenants", sa.Column("vendor", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_check_constraint(
        op.f("ck_tenants_only_a_root_is_a_vendor"), "tenants", "NOT vendor OR kind = 'DISTRIBUTOR'"
    )
    table = "product_categories"
    op.create_table(
        table,
        *_owned(table),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        *_times(),
        sa.UniqueConstraint("distributor_id", "tenant_id", "key", name=f"uq_{table}_key"),
        sa.CheckConstraint("key ~ '^[a-z0-9_]+$'", name=op.f(f"ck_{table}_key_is_plain")),
    )
    protect(table)
    op.add_column("products", sa.Column("category_id", sa.Uuid(), nullable=True))
    op.add_column("products", sa.Column("source_id", sa.Uuid(), nullable=True))
    op.add_column("products", sa.Column("receives_prices", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_foreign_key(
        op.f("fk_products_distributor_id_category_id"),
        "products",
        table,
        ["distributor_id", "category_id"],
        ["distributor_id", "id"],
    )
    op.create_unique_constraint("uq_products_source", "products", ["distributor_id", "source_id"])
    op.add_column("plans", sa.Column("source_id", sa.Uuid(), nullable=True))
    op.create_unique_constraint("uq_plans_source", "plans", ["distributor_id", "source_id"])
    table = "publications"
    op.create_table(
        table,
        *_owned(table),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("taker_id", sa.Uuid(), nullable=False),
        sa.Column("taker_number", sa.Text(), nullable=False),
        *_times(),
        *_references(table, product_id="products"),
        sa.UniqueConstraint("distributor_id", "product_id", "taker_id", name=f"uq_{table}_taker"),
    )
    protect(table)
    table = "accepted_vendors"
    op.create_table(
        table,
        *_owned(table),
        sa.Column("vendor_number", sa.Text(), nullable=False),
        *_times(),
        sa.UniqueConstraint("distributor_id", "vendor_number", name=f"uq_{table}_number"),
    )
    protect(table)
    for name in ("stop", "delete"):
        known = sa.Enum("AUTOMATIC", "MANUAL", name=f"{name}_known", native_enum=False, create_constraint=True, length=40)
        op.add_column("service_terms", sa.Column(name, known, server_default="AUTOMATIC", nullable=False))
    kinds = sa.Column(
        "account_kinds", sa.ARRAY(sa.Text()), server_default="{PERSONAL,BUSINESS,CUSTOM}", nullable=False
    )
    op.add_column("service_terms", kinds)
    op.create_check_constraint(
        op.f("ck_service_terms_somebody_may_order"), "service_terms", "cardinality(account_kinds) > 0"
    )
    table = "service_term_account_types"
    op.create_table(
        table,
        *_owned(table),
        sa.Column("service_term_id", sa.Uuid(), nullable=False),
        sa.Column("account_type_id", sa.Uuid(), nullable=False),
        *_times(),
        *_references(table, service_term_id="service_terms", account_type_id="account_types"),
        sa.UniqueConstraint("distributor_id", "service_term_id", "account_type_id", name=f"uq_{table}"),
    )
    protect(table, inherited=True)


def downgrade() -> None:
    op.drop_table("service_term_account_types")
    for name in ("account_kinds", "delete", "stop"):
        op.drop_column("service_terms", name)
    op.drop_table("accepted_vendors")
    op.drop_table("publications")
    op.drop_constraint("uq_plans_source", "plans", type_="unique")
    op.drop_column("plans", "source_id")
    op.drop_constraint("uq_products_source", "products", type_="unique")
    op.drop_constraint(op.f("fk_products_distributor_id_category_id"), "products", type_="foreignkey")
    for name in ("receives_prices", "source_id", "category_id"):
        op.drop_column("products", name)
    op.drop_table("product_categories")
    op.drop_constraint(op.f("ck_tenants_only_a_root_is_a_vendor"), "tenants", type_="check")
    op.drop_column("tenants", "vendor")
    op.drop_table("plan_links")
    op.drop_column("plans", "singleton")
    op.drop_constraint(op.f("ck_plans_what_is_taken_back_is_not_sold"), "plans", type_="check")
    op.drop_column("plans", "undelegated_at")


def _owned(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        *_references(table, tenant_id="tenants"),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f(f"pk_{table}")),
    ]


def _references(table: str, **columns: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.ForeignKeyConstraint(
            ["distributor_id", column],
            [f"{target}.distributor_id", f"{target}.id"],
            name=op.f(f"fk_{table}_distributor_id_{column}"),
        )
        for column, target in columns.items()
    ]


def _times() -> list[sa.schema.SchemaItem]:
    return [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
        for name in ("created_at", "updated_at")
    ]
