"""Account classes and types, members and their levels, legal agreements; customers' users read what is theirs.

Locks: new tables, nothing. accounts gets columns with constants for defaults, which rewrites nothing, and foreign keys,
which are checked while nobody writes. subscription_resources gets its account from its subscription: every row is
written, which takes about half a minute a million, and readers are kept out while the column becomes NOT NULL.
"""

from alembic import op
import sqlalchemy as sa
from migrations.policies import open_to_customers, protect

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


INHERITED = ("account_classes", "account_types", "legal_agreements")
PRIVATE = (
    "users",
    "user_tokens",
    "account_names",
    "agreement_acceptances",
    "chosen_accounts",
    "invitations",
    "memberships",
    "entry_points",
    "service_assignments",
)
APPEND_ONLY = ("agreement_acceptances", "legal_agreements")
# What users of customers read, by `migrations.policies`; every other table shows them nothing.
OPEN = {
    "accounts": ["its account"],
    "account_names": ["its accounts"],
    "agreement_acceptances": ["its own"],
    "charges": ["of its account"],
    "entry_points": ["of its account", "of its services"],
    "invitations": ["of its account", "itself"],
    "memberships": ["of its account", "its own"],
    "orders": ["of its account"],
    "payments": ["of its account"],
    "plan_periods": ["of its seller"],
    "plan_resources": ["of its seller"],
    "plans": ["of its seller"],
    "service_assignments": ["of its account", "its own"],
    "subscription_resources": ["of its account", "of its services"],
    "subscriptions": ["of its account", "its services"],
    "users": ["itself"],
}
OPEN_INHERITED = ("distributor_clocks", "legal_agreements", "service_terms", "tenant_names")

# Of a user only; empty for everybody else, and an empty text matches nothing.
SETTINGS = {
    "account": ("uuid", "nullif(current_setting('app.account', true), '')::uuid"),
    "accounts": ("uuid[]", "string_to_array(current_setting('app.accounts', true), ',')::uuid[]"),
    "chain": ("text[]", "string_to_array(current_setting('app.chain', true), ',')"),
    "seller": ("text", "nullif(current_setting('app.seller', true), '')"),
    "services": ("uuid[]", "string_to_array(current_setting('app.services', true), ',')::uuid[]"),
    "user": ("uuid", "nullif(current_setting('app.user', true), '')::uuid"),
}

# Where a user stands: the account chosen with its token, else its first; what it sees there. The lists are in order,
# because requests compare the whole answer with an earlier one.
STANDING = """
CREATE FUNCTION app_standing(distributor uuid, whose uuid, token uuid)
RETURNS TABLE (member_of uuid, level text, accounts uuid[], services uuid[])
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT here.account_id, here.level::text, coalesce(every.accounts, '{}'), coalesce(assigned.services, '{}')
    FROM (SELECT) AS nothing
    LEFT JOIN LATERAL (
      SELECT m.account_id, m.level
        FROM memberships m
        LEFT JOIN chosen_accounts c
          ON (c.distributor_id, c.token_id, c.account_id) = (m.distributor_id, token, m.account_id)
       WHERE m.distributor_id = distributor AND m.user_id = whose AND m.active
       ORDER BY c.id IS NULL, m.id LIMIT 1
    ) AS here ON true
    CROSS JOIN LATERAL (
      SELECT array_agg(m.account_id ORDER BY m.id) AS accounts
        FROM memberships m WHERE m.distributor_id = distributor AND m.user_id = whose AND m.active
    ) AS every
    CROSS JOIN LATERAL (
      SELECT array_agg(a.subscription_id ORDER BY a.id) AS services
        FROM service_assignments a
       WHERE a.distributor_id = distributor AND a.user_id = whose AND a.account_id = here.account_id
         AND here.level = 'USER'
    ) AS assigned;
END
"""

# Beside `app_holder`, which knows nothing of customers, and like it: who is behind a user's token, or an
# invitation's.
AUTHENTICATE = """
CREATE FUNCTION app_authenticate_customer(hash bytea)
RETURNS TABLE (
  kind text, actor_id uuid, token_id uuid, session_id uuid,
  distributor_id uuid, tenant_id uuid, tenant_path text, tenant_name text, suspended boolean, expires_at timestamptz,
  member_of uuid, level text, accounts uuid[], services uuid[]
)
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
    SELECT 'user', u.id, known.token_id, known.session_id, n.distributor_id, n.id, n.tenant_path, n.name,
           n.state = 'SUSPENDED' OR n.suspended_above, known.expires_at, s.member_of, s.level, s.accounts, s.services
      FROM (
        SELECT t.distributor_id, t.user_id, t.id AS token_id, NULL::uuid AS session_id, t.expires_at
          FROM public.user_tokens t
         WHERE t.token_hash = hash AND t.revoked_at IS NULL
           AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())
        UNION ALL
        SELECT s.distributor_id, s.person_id, s.id, s.id, t.expires_at
          FROM public.session_tokens t
          JOIN public.person_sessions s ON (s.distributor_id, s.id) = (t.distributor_id, t.session_id)
         WHERE t.token_hash = hash AND NOT t.refreshes AND t.expires_at > clock_timestamp()
           AND s.ended_at IS NULL AND s.person_kind = 'USER'
      ) known
      JOIN public.users u ON (u.distributor_id, u.id) = (known.distributor_id, known.user_id)
      JOIN public.tenants n ON (n.distributor_id, n.id) = (u.distributor_id, u.tenant_id)
      CROSS JOIN LATERAL public.app_standing(u.distributor_id, u.id, known.token_id) s
     WHERE u.active
    UNION ALL
    SELECT 'invitation', i.id, i.id, NULL, n.distributor_id, n.id, n.tenant_path, n.name,
           n.state = 'SUSPENDED' OR n.suspended_above, i.expires_at, NULL, NULL, ARRAY[i.account_id], '{}'::uuid[]
      FROM public.invitations i
      JOIN public.tenants n ON (n.distributor_id, n.id) = (i.distributor_id, i.tenant_id)
     WHERE i.token_hash = hash AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > clock_timestamp();
  PERFORM set_config('app.lo', coalesce(lo, '~'), true), set_config('app.hi', coalesce(hi, ''), true);
END $$
"""


def upgrade() -> None:
    """Make the tables, fill what existing rows need, then let users read."""
    tables()
    columns()
    for name in INHERITED + PRIVATE:
        protect(
            name,
            inherited=name in INHERITED,
            verbs="SELECT, INSERT" if name in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE",
        )
    fill()
    for name, (type_, value) in SETTINGS.items():
        op.execute(f"CREATE FUNCTION app_{name}() RETURNS {type_} LANGUAGE sql STABLE PARALLEL SAFE RETURN {value}")
    for name, reaches in OPEN.items():
        open_to_customers(name, *reaches)
    for name in OPEN_INHERITED:
        open_to_customers(name, "of its seller's chain", inherited=True)
    op.execute(STANDING)
    op.execute(AUTHENTICATE)
    op.execute("REVOKE ALL ON FUNCTION app_authenticate_customer(bytea) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION app_authenticate_customer(bytea) TO headwater_app")


def downgrade() -> None:
    """Drop what was made."""
    op.execute("DROP FUNCTION app_authenticate_customer(bytea)")
    op.execute("DROP FUNCTION app_standing(uuid, uuid, uuid)")
    for name in (*OPEN, *OPEN_INHERITED):
        if name not in INHERITED + PRIVATE:
            op.execute(f"DROP POLICY {name}_select ON {name}")
    for name in OPEN:
        if name not in PRIVATE:
            op.execute(f"CREATE POLICY {name}_select ON {name} FOR SELECT USING ({READS})")
    for name in OPEN_INHERITED:
        if name not in INHERITED:
            op.execute(f"CREATE POLICY {name}_select ON {name} FOR SELECT USING (({READS}) OR {INHERITS})")
    for name in INHERITED + PRIVATE:
        op.execute(f"DROP POLICY {name}_select ON {name}")
    for name in SETTINGS:
        op.execute(f"DROP FUNCTION app_{name}()")
    op.drop_constraint(
        op.f("fk_subscription_resources_distributor_id_account_id"), "subscription_resources", type_="foreignkey"
    )
    op.drop_column("subscription_resources", "account_id")
    op.drop_constraint(op.f("fk_accounts_distributor_id_account_type_id"), "accounts", type_="foreignkey")
    op.drop_constraint(op.f("fk_accounts_distributor_id_manager_id"), "accounts", type_="foreignkey")
    op.drop_constraint(op.f("fk_accounts_distributor_id_account_class_id"), "accounts", type_="foreignkey")
    op.drop_column("accounts", "version")
    op.drop_column("accounts", "microsoft")
    op.drop_column("accounts", "manager_id")
    op.drop_column("accounts", "tax_number")
    op.drop_column("accounts", "street")
    op.drop_column("accounts", "postal_code")
    op.drop_column("accounts", "city")
    op.drop_column("accounts", "region")
    op.drop_column("accounts", "country")
    op.drop_column("accounts", "signer_email")
    op.drop_column("accounts", "signer_name")
    op.drop_column("accounts", "contact_phone")
    op.drop_column("accounts", "contact_email")
    op.drop_column("accounts", "contact_name")
    op.drop_column("accounts", "account_class_id")
    op.drop_column("accounts", "account_type_id")
    op.drop_column("accounts", "kind")
    op.drop_index("ix_service_assignments_user", table_name="service_assignments")
    op.drop_table("service_assignments")
    op.drop_table("entry_points")
    op.drop_index("uq_memberships_owner", table_name="memberships", postgresql_where=sa.text("level = 'OWNER'"))
    op.drop_index("ix_memberships_user", table_name="memberships")
    op.drop_index("ix_memberships_path", table_name="memberships")
    op.drop_table("memberships")
    op.drop_index(
        "uq_invitations_open",
        table_name="invitations",
        postgresql_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
    )
    op.drop_index("ix_invitations_token_hash", table_name="invitations")
    op.drop_index("ix_invitations_account", table_name="invitations")
    op.drop_table("invitations")
    op.drop_table("chosen_accounts")
    op.drop_index("ix_agreement_acceptances_path", table_name="agreement_acceptances")
    op.drop_table("agreement_acceptances")
    op.drop_table("account_names")
    op.drop_index("ix_user_tokens_token_hash", table_name="user_tokens")
    op.drop_table("user_tokens")
    op.drop_index("ix_users_path", table_name="users")
    op.drop_table("users")
    op.drop_index("ix_legal_agreements_path", table_name="legal_agreements")
    op.drop_table("legal_agreements")
    op.drop_index("ix_account_types_path", table_name="account_types")
    op.drop_table("account_types")
    op.drop_index("uq_account_classes_default", table_name="account_classes", postgresql_where=sa.text('"default"'))
    op.drop_index("ix_account_classes_path", table_name="account_classes")
    op.drop_table("account_classes")


READS = "tenant_path >= app_lo() AND tenant_path < app_hi()"
INHERITS = "tenant_path = ANY (app_ancestors())"


def fill() -> None:
    """Every account gets its name's row, every subscription's resource its account."""
    everything = "set_config('app.lo', '', true), set_config('app.hi', '~', true)"
    op.execute(f"SELECT {everything}, set_config('app.write_lo', '', true), set_config('app.write_hi', '~', true)")
    op.execute(
        "INSERT INTO account_names (distributor_id, id, tenant_id, tenant_path, number, name)"
        " SELECT distributor_id, id, tenant_id, tenant_path, number, name FROM accounts"
    )
    op.add_column("subscription_resources", sa.Column("account_id", sa.Uuid()))
    op.execute(
        "UPDATE subscription_resources r SET account_id = s.account_id FROM subscriptions s"
        " WHERE (s.distributor_id, s.id) = (r.distributor_id, r.subscription_id)"
    )
    # Until then the new rows' references are not checked, and the table cannot be altered.
    op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    op.alter_column("subscription_resources", "account_id", nullable=False)
    op.create_foreign_key(
        op.f("fk_subscription_resources_distributor_id_account_id"),
        "subscription_resources",
        "accounts",
        ["distributor_id", "account_id"],
        ["distributor_id", "id"],
    )
    op.execute(
        "SELECT set_config('app.lo', '~', true), set_config('app.hi', '', true),"
        " set_config('app.write_lo', '~', true), set_config('app.write_hi', '', true)"
    )


def tables() -> None:
    op.create_table(
        "account_classes",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("default", sa.Boolean(), nullable=False),
        sa.Column(
            "payment_model",
            sa.Enum(
                "PREPAY", "POSTPAY", name="payment_model_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "stop",
            sa.Enum("AUTOMATIC", "MANUAL", name="stop_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "delete",
            sa.Enum("AUTOMATIC", "MANUAL", name="delete_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("threshold", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("pays_below_zero", sa.Boolean(), nullable=False),
        sa.Column("subzero_days", sa.Integer(), nullable=False),
        sa.Column("cancel_unpaid_days", sa.Integer(), nullable=False),
        sa.Column("credit_limit", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("payment_expiration_days", sa.Integer(), nullable=False),
        sa.Column("guaranteed_limit", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("guaranteed_days", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "cancel_unpaid_days >= 1 AND payment_expiration_days >= 1", name=op.f("ck_account_classes_days_from_one")
        ),
        sa.CheckConstraint("subzero_days >= -1", name=op.f("ck_account_classes_subzero_days_from_minus_one")),
        sa.CheckConstraint("threshold >= 0", name=op.f("ck_account_classes_threshold_not_negative")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_account_classes_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_account_classes")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "key", name="uq_account_classes_key"),
    )
    op.create_index("ix_account_classes_path", "account_classes", ["distributor_id", "tenant_path", "id"], unique=False)
    op.create_index(
        "uq_account_classes_default",
        "account_classes",
        ["distributor_id", "tenant_id"],
        unique=True,
        postgresql_where=sa.text('"default"'),
    )
    op.create_table(
        "account_types",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_account_types_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_account_types")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "key", name="uq_account_types_key"),
    )
    op.create_index("ix_account_types_path", "account_types", ["distributor_id", "tenant_path", "id"], unique=False)
    op.create_table(
        "legal_agreements",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "PRIVACY_POLICY",
                "TERMS_AND_CONDITIONS",
                name="agreement_kind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_legal_agreements_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_legal_agreements")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "kind", "version", name="uq_legal_agreements_version"),
    )
    op.create_index(
        "ix_legal_agreements_path", "legal_agreements", ["distributor_id", "tenant_path", "id"], unique=False
    )
    op.create_table(
        "users",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_users_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_users")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "email", name="uq_users_email"),
    )
    op.create_index("ix_users_path", "users", ["distributor_id", "tenant_path", "id"], unique=False)
    op.create_table(
        "user_tokens",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_user_tokens_distributor_id_tenant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "user_id"],
            ["users.distributor_id", "users.id"],
            name=op.f("fk_user_tokens_distributor_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_user_tokens")),
    )
    op.create_index("ix_user_tokens_token_hash", "user_tokens", ["token_hash"], unique=False)
    op.create_table(
        "account_names",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "id"],
            ["accounts.distributor_id", "accounts.id"],
            name=op.f("fk_account_names_distributor_id_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_account_names_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_account_names")),
    )
    op.create_table(
        "agreement_acceptances",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "PRIVACY_POLICY",
                "TERMS_AND_CONDITIONS",
                name="agreement_kind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "account_id"],
            ["accounts.distributor_id", "accounts.id"],
            name=op.f("fk_agreement_acceptances_distributor_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "agreement_id"],
            ["legal_agreements.distributor_id", "legal_agreements.id"],
            name=op.f("fk_agreement_acceptances_distributor_id_agreement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_agreement_acceptances_distributor_id_tenant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "user_id"],
            ["users.distributor_id", "users.id"],
            name=op.f("fk_agreement_acceptances_distributor_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_agreement_acceptances")),
        sa.UniqueConstraint("distributor_id", "user_id", "agreement_id", name="uq_agreement_acceptances_user"),
    )
    op.create_index(
        "ix_agreement_acceptances_path", "agreement_acceptances", ["distributor_id", "tenant_path", "id"], unique=False
    )
    op.create_table(
        "chosen_accounts",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "account_id"],
            ["accounts.distributor_id", "accounts.id"],
            name=op.f("fk_chosen_accounts_distributor_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_chosen_accounts_distributor_id_tenant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "user_id"],
            ["users.distributor_id", "users.id"],
            name=op.f("fk_chosen_accounts_distributor_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_chosen_accounts")),
        sa.UniqueConstraint("distributor_id", "token_id", name="uq_chosen_accounts_token"),
    )
    op.create_table(
        "invitations",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "level",
            sa.Enum(
                "OWNER",
                "ADMIN",
                "FINANCE",
                "TECHNICAL",
                "USER",
                name="access_level_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("invited_by_id", sa.Uuid(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("level <> 'OWNER'", name=op.f("ck_invitations_nobody_is_invited_as_owner")),
        sa.CheckConstraint(
            "accepted_at IS NULL OR revoked_at IS NULL", name=op.f("ck_invitations_accepted_or_revoked")
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "account_id"],
            ["accounts.distributor_id", "accounts.id"],
            name=op.f("fk_invitations_distributor_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_invitations_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_invitations")),
    )
    op.create_index("ix_invitations_account", "invitations", ["distributor_id", "account_id", "id"], unique=False)
    op.create_index("ix_invitations_token_hash", "invitations", ["token_hash"], unique=False)
    op.create_index(
        "uq_invitations_open",
        "invitations",
        ["distributor_id", "account_id", "email"],
        unique=True,
        postgresql_where=sa.text("accepted_at IS NULL AND revoked_at IS NULL"),
    )
    op.create_table(
        "memberships",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "level",
            sa.Enum(
                "OWNER",
                "ADMIN",
                "FINANCE",
                "TECHNICAL",
                "USER",
                name="access_level_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("active OR level <> 'OWNER'", name=op.f("ck_memberships_an_owner_is_active")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "account_id"],
            ["accounts.distributor_id", "accounts.id"],
            name=op.f("fk_memberships_distributor_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_memberships_distributor_id_tenant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "user_id"],
            ["users.distributor_id", "users.id"],
            name=op.f("fk_memberships_distributor_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("distributor_id", "account_id", "user_id", name="uq_memberships_user"),
    )
    op.create_index("ix_memberships_path", "memberships", ["distributor_id", "tenant_path", "id"], unique=False)
    op.create_index("ix_memberships_user", "memberships", ["distributor_id", "user_id", "id"], unique=False)
    op.create_index(
        "uq_memberships_owner",
        "memberships",
        ["distributor_id", "account_id"],
        unique=True,
        postgresql_where=sa.text("level = 'OWNER'"),
    )
    op.create_table(
        "entry_points",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "account_id"],
            ["accounts.distributor_id", "accounts.id"],
            name=op.f("fk_entry_points_distributor_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "subscription_id"],
            ["subscriptions.distributor_id", "subscriptions.id"],
            name=op.f("fk_entry_points_distributor_id_subscription_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_entry_points_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_entry_points")),
        sa.UniqueConstraint("distributor_id", "subscription_id", "position", name="uq_entry_points_position"),
    )
    op.create_table(
        "service_assignments",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "account_id"],
            ["accounts.distributor_id", "accounts.id"],
            name=op.f("fk_service_assignments_distributor_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "subscription_id"],
            ["subscriptions.distributor_id", "subscriptions.id"],
            name=op.f("fk_service_assignments_distributor_id_subscription_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_service_assignments_distributor_id_tenant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "user_id"],
            ["users.distributor_id", "users.id"],
            name=op.f("fk_service_assignments_distributor_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_service_assignments")),
        sa.UniqueConstraint("distributor_id", "subscription_id", "user_id", name="uq_service_assignments_user"),
    )
    op.create_index(
        "ix_service_assignments_user", "service_assignments", ["distributor_id", "user_id", "account_id"], unique=False
    )


def columns() -> None:
    op.add_column(
        "accounts",
        sa.Column(
            "kind",
            sa.Enum(
                "PERSONAL",
                "BUSINESS",
                "CUSTOM",
                name="account_kind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            server_default="BUSINESS",
            nullable=False,
        ),
    )
    op.add_column("accounts", sa.Column("account_type_id", sa.Uuid(), nullable=True))
    op.add_column("accounts", sa.Column("account_class_id", sa.Uuid(), nullable=True))
    op.add_column("accounts", sa.Column("contact_name", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("contact_email", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("contact_phone", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("signer_name", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("signer_email", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("country", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("region", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("city", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("postal_code", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("street", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("tax_number", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("manager_id", sa.Uuid(), nullable=True))
    op.add_column("accounts", sa.Column("microsoft", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("accounts", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.create_foreign_key(
        op.f("fk_accounts_distributor_id_account_class_id"),
        "accounts",
        "account_classes",
        ["distributor_id", "account_class_id"],
        ["distributor_id", "id"],
    )
    op.create_foreign_key(
        op.f("fk_accounts_distributor_id_manager_id"),
        "accounts",
        "managers",
        ["distributor_id", "manager_id"],
        ["distributor_id", "id"],
    )
    op.create_foreign_key(
        op.f("fk_accounts_distributor_id_account_type_id"),
        "accounts",
        "account_types",
        ["distributor_id", "account_type_id"],
        ["distributor_id", "id"],
    )
