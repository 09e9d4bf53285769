"""Custom roles, passwords, sessions, resets; tokens with names and their last use.

Locks: the new tables are nobody's yet. `api_tokens`, `managers` and `mails` are locked for the moment in which their
columns are added or changed; managers are read once, by the foreign key and the new check of their roles. The release
that still runs keeps asking `app_authenticate`, which stays as it was.
"""

from alembic import op
import sqlalchemy as sa

from migrations.policies import protect

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ROLES = ("SYSTEM_ADMINISTRATOR", "PRODUCT_OWNER", "MARKETING", "SALES_PERSON")

# Who is behind a token, as `app_authenticate` was, and more: sessions besides tokens, permissions of custom roles.
# It looks everywhere, because no scope is known yet, and answers for one hash only.
HOLDER = """
CREATE FUNCTION app_holder(hash bytea)
RETURNS TABLE (
  kind text, actor_id uuid, token_id uuid, session_id uuid, role text, permissions text[],
  distributor_id uuid, tenant_id uuid, tenant_path text, tenant_name text, suspended boolean, expires_at timestamptz
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
    SELECT 'manager', m.id, known.token_id, known.session_id, m.role::text, r.permissions,
           n.distributor_id, n.id, n.tenant_path, n.name, n.state = 'SUSPENDED' OR n.suspended_above, known.expires_at
      FROM (
        SELECT t.distributor_id, t.manager_id, t.id AS token_id, NULL::uuid AS session_id, t.expires_at
          FROM public.api_tokens t
         WHERE t.token_hash = hash AND t.revoked_at IS NULL
           AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())
        UNION ALL
        SELECT s.distributor_id, s.person_id, s.id, s.id, t.expires_at
          FROM public.session_tokens t
          JOIN public.person_sessions s ON (s.distributor_id, s.id) = (t.distributor_id, t.session_id)
         WHERE t.token_hash = hash AND NOT t.refreshes AND t.expires_at > clock_timestamp()
           AND s.ended_at IS NULL AND s.person_kind = 'MANAGER'
      ) known
      JOIN public.managers m ON (m.distributor_id, m.id) = (known.distributor_id, known.manager_id)
      JOIN public.tenants n ON (n.distributor_id, n.id) = (m.distributor_id, m.tenant_id)
      LEFT JOIN public.custom_roles r ON (r.distributor_id, r.id) = (m.distributor_id, m.custom_role_id)
     WHERE m.active
    UNION ALL
    SELECT 'platform', s.id, s.id, NULL, NULL, NULL, NULL, NULL, '', s.name, false, s.expires_at
      FROM public.service_tokens s
     WHERE s.token_hash = hash AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp());
  PERFORM set_config('app.lo', coalesce(lo, '~'), true), set_config('app.hi', coalesce(hi, ''), true);
END $$
"""


def upgrade() -> None:
    op.create_table(
        "sign_in_attempts",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("tenant_path = ''", name=op.f("ck_sign_in_attempts_belongs_to_the_platform")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_attempts")),
    )
    op.create_index("ix_sign_in_attempts_since", "sign_in_attempts", ["since"], unique=False)
    op.create_table(
        "credentials",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "person_kind",
            sa.Enum("MANAGER", "USER", name="person_kind_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_credentials_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("distributor_id", "person_kind", "person_id", name="uq_credentials_person"),
    )
    op.create_table(
        "custom_roles",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("permissions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_custom_roles_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_custom_roles")),
    )
    op.create_index("ix_custom_roles_path", "custom_roles", ["distributor_id", "tenant_path", "id"], unique=False)
    op.create_index(
        "uq_custom_roles_name",
        "custom_roles",
        ["distributor_id", "tenant_id", sa.literal_column("lower(name)")],
        unique=True,
    )
    op.create_table(
        "password_resets",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "person_kind",
            sa.Enum("MANAGER", "USER", name="person_kind_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_password_resets_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_password_resets")),
    )
    op.create_index("ix_password_resets_person", "password_resets", ["distributor_id", "person_id"], unique=False)
    op.create_index("ix_password_resets_token_hash", "password_resets", ["token_hash"], unique=False)
    op.create_table(
        "person_sessions",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "person_kind",
            sa.Enum("MANAGER", "USER", name="person_kind_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ended_by",
            sa.Enum(
                "SIGNED_OUT",
                "REVOKED",
                "PASSWORD_CHANGED",
                "TOKEN_REUSED",
                name="session_end_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_person_sessions_ends_for_a_reason")
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_person_sessions_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_person_sessions")),
    )
    op.create_index("ix_person_sessions_person", "person_sessions", ["distributor_id", "person_id", "id"], unique=False)
    op.create_table(
        "session_tokens",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("refreshes", sa.Boolean(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "refreshes OR used_at IS NULL", name=op.f("ck_session_tokens_only_refresh_tokens_are_used_up")
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "session_id"],
            ["person_sessions.distributor_id", "person_sessions.id"],
            name=op.f("fk_session_tokens_distributor_id_session_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_session_tokens_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_session_tokens")),
    )
    op.create_index("ix_session_tokens_session", "session_tokens", ["distributor_id", "session_id"], unique=False)
    op.create_index("ix_session_tokens_token_hash", "session_tokens", ["token_hash"], unique=False)
    op.add_column("api_tokens", sa.Column("name", sa.Text(), server_default="", nullable=False))
    op.add_column("api_tokens", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_api_tokens_manager", "api_tokens", ["distributor_id", "manager_id", "id"], unique=False)
    op.add_column("managers", sa.Column("custom_role_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_managers_distributor_id_custom_role_id"),
        "managers",
        "custom_roles",
        ["distributor_id", "custom_role_id"],
        ["distributor_id", "id"],
    )
    op.create_check_constraint(
        op.f("ck_managers_custom_role_is_named"), "managers", "(role = 'CUSTOM') = (custom_role_id IS NOT NULL)"
    )
    roles(*ROLES, "CUSTOM")
    # Mail to people who work for a tenant is not about an account.
    op.alter_column("mails", "account_id", nullable=True)
    for table in ("custom_roles", "credentials", "person_sessions", "session_tokens", "password_resets"):
        protect(table)
    protect("sign_in_attempts")
    op.execute(HOLDER)
    op.execute("REVOKE ALL ON FUNCTION app_holder(bytea) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION app_holder(bytea) TO headwater_app")


def roles(*names: str) -> None:
    """Let managers have these roles."""
    listed = ", ".join(f"'{name}'" for name in names)
    op.drop_constraint("ck_managers_role_known", "managers")
    op.create_check_constraint(op.f("ck_managers_role_known"), "managers", f"role IN ({listed})")


def downgrade() -> None:
    op.execute("DROP FUNCTION app_holder(bytea)")
    # Row-level security holds the owner too: without a range it would change no row.
    op.execute(
        "SELECT set_config('app.lo', '', true), set_config('app.hi', '~', true), "
        "set_config('app.write_lo', '', true), set_config('app.write_hi', '~', true)"
    )
    # Whoever had a role of the tenant's own gets the least of the four.
    op.execute("UPDATE managers SET role = 'MARKETING', custom_role_id = NULL WHERE role = 'CUSTOM'")
    op.execute("DELETE FROM mails WHERE account_id IS NULL")
    op.alter_column("mails", "account_id", nullable=False)
    roles(*ROLES)
    op.drop_constraint("ck_managers_custom_role_is_named", "managers")
    op.drop_column("managers", "custom_role_id")
    op.drop_index("ix_api_tokens_manager", "api_tokens")
    op.drop_column("api_tokens", "last_used_at")
    op.drop_column("api_tokens", "name")
    for table in (
        "session_tokens",
        "person_sessions",
        "password_resets",
        "credentials",
        "custom_roles",
        "sign_in_attempts",
    ):
        op.drop_table(table)
