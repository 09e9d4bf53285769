"""Every order and filter that lists offer gets its index, and every search its words.

Locks: a generated column rewrites its table, which nobody reads or writes meanwhile: accounts, orders, payments, plans,
subscriptions, tenants. Index builds keep writers out of their table, not readers. Together about two minutes for a
million subscriptions; nothing is released yet, so nobody is kept waiting, and the builds are not concurrent.
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


# A key that may be empty stands with its type: empty dates and instants come last.
IN_ORDER = {
    "accounts": ["id", "number", "name", "created_at", "updated_at"],
    "charges": [
        "id",
        "number",
        "created_at",
        "updated_at",
        "amount",
        ("billing_period_start", "date"),
        ("closed_at", "timestamptz"),
    ],
    "orders": ["id", "number", "created_at", "updated_at", "total"],
    "payments": ["id", "number", "created_at", "updated_at", ("due_on", "date")],
    "plans": ["id", "number", "name"],
    "reseller_charges": ["id", "created_at", "updated_at", "amount", ("closed_at", "timestamptz")],
    "subscriptions": ["id", "number", "name", "created_at", "updated_at", ("expires_on", "date")],
}
BY_VALUE = {
    "accounts": ["external_id"],
    "charges": ["state"],
    "orders": ["state"],
    "payments": ["state", "external_id"],
    "plans": ["sku", "state", "billing_type", "updated_at"],
    "subscriptions": ["state", "billing_type", "trial", "external_id", ("paid_to", "date")],
}
# What is found by a reference ends with the path, so that PostgreSQL prefers it to reading all rows of a tenant.
PLAIN = {
    "ix_charges_account": ("charges", ["distributor_id", "account_id", "id", "tenant_path"]),
    "ix_charges_subscription": ("charges", ["distributor_id", "subscription_id", "id", "tenant_path"]),
    "ix_managers_tenant": ("managers", ["distributor_id", "tenant_id", "id"]),
    "ix_orders_account": ("orders", ["distributor_id", "account_id", "id", "tenant_path"]),
    "ix_payments_account": ("payments", ["distributor_id", "account_id", "id", "tenant_path"]),
    "ix_plans_parent": ("plans", ["distributor_id", "parent_id", "id"]),
    "ix_reseller_charges_creditor": ("reseller_charges", ["distributor_id", "creditor_id", "id", "tenant_path"]),
    "ix_reseller_charges_debtor": ("reseller_charges", ["distributor_id", "tenant_id", "id", "tenant_path"]),
    "ix_reseller_charges_subscription": (
        "reseller_charges",
        ["distributor_id", "subscription_id", "id", "tenant_path"],
    ),
    "ix_reseller_discounts_path": ("reseller_discounts", ["distributor_id", "tenant_path", "id"]),
    "ix_service_terms_path": ("service_terms", ["distributor_id", "tenant_path", "id"]),
    "ix_subscriptions_account": ("subscriptions", ["distributor_id", "account_id", "id", "tenant_path"]),
    "ix_subscriptions_plan": ("subscriptions", ["distributor_id", "plan_id", "id", "tenant_path"]),
    "ix_subscriptions_seller": ("subscriptions", ["distributor_id", "tenant_id", "id", "tenant_path"]),
    "ix_tenants_kind": ("tenants", ["kind", "id"]),
    "ix_tenants_parent": ("tenants", ["distributor_id", "parent_id", "id"]),
}
# As the first migration made them.
BEFORE = {
    "ix_charges_subscription": ("charges", ["distributor_id", "subscription_id", "id"]),
    "ix_reseller_charges_subscription": ("reseller_charges", ["distributor_id", "subscription_id"]),
    "ix_subscriptions_account": ("subscriptions", ["distributor_id", "account_id", "id"]),
    "ix_subscriptions_tenant": ("subscriptions", ["distributor_id", "tenant_path", "id"]),
    "ix_tenants_parent": ("tenants", ["distributor_id", "parent_id"]),
}
SEARCHED = {
    "accounts": ["number", "name", "email", "external_id"],
    "orders": ["number", "external_id"],
    "payments": ["number", "external_id"],
    "plans": ["number", "name", "sku"],
    "subscriptions": ["number", "name", "external_id"],
    "tenants": ["number", "name", "external_id"],
}


def upgrade() -> None:
    """Make them, the words first: a rewrite would build the indexes anew."""
    for name, (table, _) in BEFORE.items():
        op.drop_index(name, table)
    for table, columns in SEARCHED.items():
        words = sa.Column("words", postgresql.TSVECTOR(), sa.Computed(split(*columns), persisted=True))
        op.add_column(table, words)
        op.create_index(f"ix_{table}_words", table, ["words"], postgresql_using="gin")
    for table, keys in IN_ORDER.items():
        for name, key in map(listed, keys):
            tail = [] if name == "id" else ["id"]
            op.create_index(f"ix_{table}_own_{name}", table, ["distributor_id", "tenant_path", key, *tail])
            op.create_index(f"ix_{table}_all_{name}", table, ["distributor_id", key, *tail, "tenant_path"])
    for table, keys in BY_VALUE.items():
        for name, key in map(listed, keys):
            op.create_index(f"ix_{table}_by_{name}", table, ["distributor_id", key, "tenant_path"])
    for name, (table, columns) in PLAIN.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    """Drop what was made."""
    for name, (table, _) in PLAIN.items():
        op.drop_index(name, table)
    for table, keys in BY_VALUE.items():
        for name, _ in map(listed, keys):
            op.drop_index(f"ix_{table}_by_{name}", table)
    for table, keys in IN_ORDER.items():
        for name, _ in map(listed, keys):
            op.drop_index(f"ix_{table}_own_{name}", table)
            op.drop_index(f"ix_{table}_all_{name}", table)
    for table in SEARCHED:
        op.drop_column(table, "words")
    for name, (table, columns) in BEFORE.items():
        op.create_index(name, table, columns)


def listed(key: str | tuple[str, str]) -> tuple[str, str | sa.TextClause]:
    """A key's column, and what is compared."""
    if isinstance(key, str):
        return key, key
    name, type_ = key
    return name, sa.text(f"(CASE WHEN {name} IS NULL THEN 'infinity'::{type_} ELSE {name} END)")


def split(first: str, *others: str) -> str:
    """The words of these columns, as `db.words` said when this was written."""
    text = f'"left"({first}, 500)'
    for other in others:
        text = f"(({text} || ' '::text) || \"left\"(COALESCE({other}, ''::text), 500))"
    split = f"btrim(regexp_replace(lower({text}), '[^[:alnum:]]+'::text, ' '::text, 'g'::text))"
    return f"array_to_tsvector(string_to_array({split}, ' '::text))"
