"""The first tables, the application's role, row-level security.

Locks: nothing that anybody uses; the database is empty.
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from migrations.policies import protect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# A role that somebody else made beforehand is taken as it is; one made here can be taken on by its maker, which is how
# an installation with a single database URL becomes it.
ROLE = """
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'headwater_app') THEN
    CREATE ROLE headwater_app NOLOGIN NOSUPERUSER NOBYPASSRLS;
    GRANT headwater_app TO CURRENT_USER;
  END IF;
END $$
"""

# CLDR's minor digits, where they are not 2. Not STRICT, nor what calls it: PostgreSQL would not inline a strict CASE, and
# a call costs more than the rest of a line of a list.
MINOR_DIGITS = """
CREATE FUNCTION app_minor_digits(currency text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN currency IN ('EUR', 'USD', 'GBP') THEN 2
  WHEN currency IN ('ADP', 'AFN', 'ALL', 'BIF', 'BYR', 'CLP', 'DJF', 'ESP', 'GNF', 'IQD', 'IRR', 'ISK', 'ITL', 'JPY',
    'KMF', 'KPW', 'KRW', 'LAK', 'LBP', 'LUF', 'MGA', 'MGF', 'MMK', 'MRO', 'PYG', 'RSD', 'RWF',
    'SLL', 'SOS', 'STD', 'SYP', 'TMM', 'TRL', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF',
    'YER', 'ZMK', 'ZWD') THEN 0
  WHEN currency IN ('BHD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') THEN 3
  WHEN currency IN ('CLF', 'UYW') THEN 4
  ELSE 2
END
"""

MONEY = """
CREATE FUNCTION app_money(amount numeric, currency text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN round(amount, app_minor_digits(currency))::text
"""

PRICE = """
CREATE FUNCTION app_price(price numeric, currency text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN round(price, greatest(scale(trim_scale(price)), app_minor_digits(currency)))::text
"""

# Version 7 for rows that a statement makes by the thousand; PostgreSQL has its own from 18 on only. The bits of a
# random id (version 4) become those of a timed one: milliseconds in front, version 0100 to 0111.
UUID7 = """
CREATE FUNCTION app_uuid7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN encode(
  set_bit(
    set_bit(
      overlay(
        uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6
      ),
      52, 1
    ),
    53, 1
  ),
  'hex'
)::uuid
"""

# Who is behind a token is asked before a scope is known, so this one function looks everywhere and answers for one
# hash only. Row-level security holds its owner like everybody, therefore it widens the scope for its own statement and
# puts it back; an error ends the transaction, and with it the setting.
AUTHENTICATE = """
CREATE FUNCTION app_authenticate(hash bytea)
RETURNS TABLE (
  kind text, actor_id uuid, token_id uuid, role text,
  distributor_id uuid, tenant_id uuid, tenant_path text, tenant_name text
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
    SELECT 'manager', m.id, t.id, m.role::text, n.distributor_id, n.id, n.tenant_path, n.name
      FROM public.api_tokens t
      JOIN public.managers m ON (m.distributor_id, m.id) = (t.distributor_id, t.manager_id)
      JOIN public.tenants n ON (n.distributor_id, n.id) = (m.distributor_id, m.tenant_id)
     WHERE t.token_hash = hash AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())
       AND m.active AND n.state = 'ACTIVE'
    UNION ALL
    SELECT 'platform', s.id, s.id, NULL, NULL, NULL, '', s.name
      FROM public.service_tokens s
     WHERE s.token_hash = hash AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp());
  PERFORM set_config('app.lo', coalesce(lo, '~'), true), set_config('app.hi', coalesce(hi, ''), true);
END $$
"""

NOW = """
CREATE FUNCTION app_now(distributor uuid) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
RETURN (SELECT coalesce(clock_at, now()) FROM distributor_clocks WHERE distributor_id = distributor)
"""

TODAY = """
CREATE FUNCTION app_today(distributor uuid) RETURNS date LANGUAGE sql STABLE PARALLEL SAFE
RETURN (
  SELECT (coalesce(clock_at, now()) AT TIME ZONE time_zone)::date FROM distributor_clocks
   WHERE distributor_id = distributor
)
"""

TABLES = (
    "idempotency_records",
    "service_tokens",
    "tenants",
    "accounts",
    "counters",
    "distributor_clocks",
    "events",
    "jobs",
    "mails",
    "managers",
    "products",
    "reseller_discounts",
    "service_terms",
    "tenant_names",
    "api_tokens",
    "plans",
    "reseller_discount_targets",
    "plan_periods",
    "plan_resources",
    "subscriptions",
    "orders",
    "subscription_resources",
    "charges",
    "order_lines",
    "payments",
    "charge_levels",
    "ledger_entries",
    "reseller_charges",
)

INHERITED = ("distributor_clocks", "service_terms", "tenant_names")
APPEND_ONLY = ("events", "ledger_entries", "charge_levels")


def upgrade() -> None:
    role()
    functions()
    tables()
    op.execute(AUTHENTICATE)
    op.execute("REVOKE ALL ON FUNCTION app_authenticate(bytea) FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION app_authenticate(bytea) TO headwater_app")
    op.execute(TODAY)
    op.execute(NOW)
    op.execute("GRANT USAGE ON SEQUENCE distributor_numbers TO headwater_app")
    for name in TABLES:
        protect(
            name,
            inherited=name in INHERITED,
            verbs="SELECT, INSERT" if name in APPEND_ONLY else "SELECT, INSERT, UPDATE, DELETE",
        )


def role() -> None:
    op.execute(ROLE)
    op.execute("GRANT USAGE ON SCHEMA public TO headwater_app")


def functions() -> None:
    for name in ("lo", "hi", "write_lo", "write_hi"):
        op.execute(
            f"CREATE FUNCTION app_{name}() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE "
            f"RETURN current_setting('app.{name}', true)"
        )
    op.execute(
        "CREATE FUNCTION app_ancestors() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE "
        "RETURN string_to_array(current_setting('app.ancestors', true), ',')"
    )
    for statement in (MINOR_DIGITS, MONEY, PRICE, UUID7):
        op.execute(statement)
    op.execute("CREATE SEQUENCE distributor_numbers")


def tables() -> None:
    op.create_table(
        "idempotency_records",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("mutation", sa.Text(), nullable=False),
        sa.Column("input_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_idempotency_records")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "actor_id", "key", name="uq_idempotency_records_key"),
    )
    op.create_index("ix_idempotency_records_created_at", "idempotency_records", ["created_at"], unique=False)
    op.create_table(
        "service_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("tenant_path = ''", name=op.f("ck_service_tokens_belongs_to_the_platform")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_tokens")),
        sa.UniqueConstraint("name", name=op.f("uq_service_tokens_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_service_tokens_token_hash")),
    )
    op.create_table(
        "tenants",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "DISTRIBUTOR",
                "RESELLER",
                name="tenant_kind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "ACTIVE", "SUSPENDED", name="tenant_state_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("children", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(kind = 'DISTRIBUTOR') = (parent_id IS NULL)", name=op.f("ck_tenants_only_a_distributor_has_no_parent")
        ),
        sa.CheckConstraint(
            "length(tenant_path) = 6 * (level + 1)", name=op.f("ck_tenants_path_is_as_long_as_the_level_says")
        ),
        sa.CheckConstraint("tenant_id = id", name=op.f("ck_tenants_owns_itself")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "parent_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_tenants_distributor_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_tenants_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("distributor_id", "number", name="uq_tenants_number"),
        sa.UniqueConstraint("distributor_id", "tenant_path", name="uq_tenants_path"),
    )
    op.create_index("ix_tenants_parent", "tenants", ["distributor_id", "parent_id"], unique=False)
    op.create_table(
        "accounts",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "payment_model",
            sa.Enum(
                "PREPAY", "POSTPAY", name="payment_model_known", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("funds", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("blocked", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("blocked >= 0", name=op.f("ck_accounts_blocked_not_negative")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_accounts_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "number", name="uq_accounts_number"),
    )
    op.create_table(
        "counters",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_counters_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_counters")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "series", name="uq_counters_series"),
    )
    op.create_table(
        "distributor_clocks",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("clock_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_run_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "sandbox = (clock_at IS NOT NULL)", name=op.f("ck_distributor_clocks_only_a_sandbox_has_its_own_clock")
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_distributor_clocks_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_distributor_clocks")),
    )
    op.create_table(
        "events",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_events_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_job", "events", ["distributor_id", "job_id", "sequence"], unique=False)
    op.create_index("ix_events_stream", "events", ["distributor_id", "tenant_path", "sequence"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("arguments", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("unique_key", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "WAITING",
                "RUNNING",
                "DONE",
                "FAILED",
                "CANCELLED",
                name="job_state_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("run_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=True),
        sa.Column("lane", sa.Text(), nullable=True),
        sa.Column("cursor", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("attempt >= 0 AND done >= 0", name=op.f("ck_jobs_counts_from_zero")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_jobs_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_jobs")),
    )
    op.create_index(
        "ix_jobs_due",
        "jobs",
        ["queue", "run_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('WAITING', 'RUNNING')"),
    )
    op.create_index(
        "ix_jobs_lane",
        "jobs",
        ["distributor_id", "lane", "id"],
        unique=False,
        postgresql_where=sa.text("lane IS NOT NULL AND state IN ('WAITING', 'RUNNING')"),
    )
    op.create_index(
        "uq_jobs_running_in_lane",
        "jobs",
        ["distributor_id", "lane"],
        unique=True,
        postgresql_where=sa.text("state = 'RUNNING'"),
    )
    op.create_index(
        "uq_jobs_unique_key",
        "jobs",
        ["distributor_id", "queue", "unique_key"],
        unique=True,
        postgresql_where=sa.text("state = 'WAITING'"),
    )
    op.create_table(
        "mails",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "WAITING",
                "SENT",
                "REFUSED",
                name="mail_state_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "account_id"],
            ["accounts.distributor_id", "accounts.id"],
            name=op.f("fk_mails_distributor_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_mails_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_mails")),
    )
    op.create_index("uq_mails_key", "mails", ["distributor_id", "tenant_id", "kind", "key"], unique=True)
    op.create_table(
        "managers",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "SYSTEM_ADMINISTRATOR",
                "PRODUCT_OWNER",
                "MARKETING",
                "SALES_PERSON",
                name="role_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_managers_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_managers")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "email", name="uq_managers_email"),
    )
    op.create_table(
        "products",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("vendor", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_products_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_products")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "key", name="uq_products_key"),
    )
    op.create_table(
        "reseller_discounts",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(precision=9, scale=4), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("percent > 0 AND percent <= 100", name=op.f("ck_reseller_discounts_percent_in_range")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_reseller_discounts_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_reseller_discounts")),
    )
    op.create_table(
        "service_terms",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("billing_day", sa.Integer(), nullable=False),
        sa.Column("auto_renew_point_days", sa.Integer(), nullable=False),
        sa.Column("manual_renew_point_days", sa.Integer(), nullable=False),
        sa.Column("grace_period_days", sa.Integer(), nullable=False),
        sa.Column("grace_on_prolongation", sa.Boolean(), nullable=False),
        sa.Column("stop_period_days", sa.Integer(), nullable=False),
        sa.Column("deletion_window_days", sa.Integer(), nullable=False),
        sa.Column(
            "expired_renewal",
            sa.Enum(
                "CONSTANT",
                "SHIFTED",
                name="expired_renewal_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("key ~ '^[a-z0-9_]+$'", name=op.f("ck_service_terms_key_is_plain")),
        sa.CheckConstraint("billing_day BETWEEN 1 AND 31", name=op.f("ck_service_terms_billing_day_is_a_day")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_service_terms_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_service_terms")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "key", name="uq_service_terms_key"),
    )
    op.create_table(
        "tenant_names",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("tenant_id = id", name=op.f("ck_tenant_names_owns_itself")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_tenant_names_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_tenant_names")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("manager_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "manager_id"],
            ["managers.distributor_id", "managers.id"],
            name=op.f("fk_api_tokens_distributor_id_manager_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_api_tokens_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_api_tokens")),
    )
    op.create_index("ix_api_tokens_token_hash", "api_tokens", ["token_hash"], unique=False)
    op.create_table(
        "plans",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "ACTIVE",
                "INACTIVE",
                "DEACTIVATED_BY_PROVIDER",
                name="plan_state_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column(
            "billing_type",
            sa.Enum(
                "CSP_MONTHLY",
                "CSP_ANNUAL",
                "MONTHLY_COMMITMENT",
                "MONTHLY_COMMITMENT_CALENDAR",
                "LICENSE_BASED_MONTHLY",
                "PAY_IN_FULL",
                "NON_REFUND",
                "FLEXIBLE_MONTHLY",
                "RESERVATION",
                "NEXT_DAY_MONTHLY",
                "NON_RECURRING",
                "PAY_AS_YOU_GO",
                name="billing_type_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("fixed_price", sa.Boolean(), nullable=False),
        sa.Column("free_period", sa.Boolean(), nullable=False),
        sa.Column("price_protection_months", sa.Integer(), nullable=False),
        sa.Column(
            "expired_renewal",
            sa.Enum(
                "CONSTANT",
                "SHIFTED",
                name="expired_renewal_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("service_term_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("origin_id", sa.Uuid(), nullable=False),
        sa.Column("markup_percent", sa.Numeric(precision=9, scale=4), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("synchronized_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(parent_id IS NULL) = (origin_id = id)", name=op.f("ck_plans_an_own_plan_is_its_origin")),
        sa.CheckConstraint("markup_percent > -100", name=op.f("ck_plans_markup_leaves_a_price")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "origin_id"],
            ["plans.distributor_id", "plans.id"],
            name=op.f("fk_plans_distributor_id_origin_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "parent_id"],
            ["plans.distributor_id", "plans.id"],
            name=op.f("fk_plans_distributor_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "product_id"],
            ["products.distributor_id", "products.id"],
            name=op.f("fk_plans_distributor_id_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "service_term_id"],
            ["service_terms.distributor_id", "service_terms.id"],
            name=op.f("fk_plans_distributor_id_service_term_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_plans_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_plans")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "number", name="uq_plans_number"),
    )
    op.create_index("ix_plans_origin", "plans", ["distributor_id", "origin_id"], unique=False)
    op.create_index("uq_plans_delegation", "plans", ["distributor_id", "parent_id", "tenant_id"], unique=True)
    op.create_table(
        "reseller_discount_targets",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
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
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "discount_id"],
            ["reseller_discounts.distributor_id", "reseller_discounts.id"],
            name=op.f("fk_reseller_discount_targets_distributor_id_discount_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_reseller_discount_targets_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_reseller_discount_targets")),
        sa.UniqueConstraint("distributor_id", "discount_id", "kind", "target_id", name="uq_reseller_discount_targets"),
    )
    op.create_table(
        "plan_periods",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("duration", sa.Integer(), nullable=True),
        sa.Column(
            "unit",
            sa.Enum(
                "DAY",
                "MONTH",
                "YEAR",
                "ENDLESS",
                name="period_unit_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("trial", sa.Boolean(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("setup", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("recurring_per_month", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("renewal", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("net_setup", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("net_recurring_per_month", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("net_renewal", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(duration IS NULL) = (unit = 'ENDLESS')", name=op.f("ck_plan_periods_only_endless_has_no_duration")
        ),
        sa.CheckConstraint("duration > 0", name=op.f("ck_plan_periods_duration_is_positive")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "plan_id"],
            ["plans.distributor_id", "plans.id"],
            name=op.f("fk_plan_periods_distributor_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_plan_periods_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_plan_periods")),
        sa.UniqueConstraint("distributor_id", "plan_id", "key", name="uq_plan_periods_key"),
    )
    op.create_table(
        "plan_resources",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("included", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("minimum", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("maximum", sa.Numeric(precision=18, scale=4), nullable=True),
        sa.Column("setup", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("recurring_per_month", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("renewal", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("net_setup", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("net_recurring_per_month", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("net_renewal", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("included >= 0 AND minimum >= 0", name=op.f("ck_plan_resources_counts_from_zero")),
        sa.CheckConstraint("maximum >= minimum", name=op.f("ck_plan_resources_maximum_not_below_minimum")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "plan_id"],
            ["plans.distributor_id", "plans.id"],
            name=op.f("fk_plan_resources_distributor_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_plan_resources_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_plan_resources")),
        sa.UniqueConstraint("distributor_id", "plan_id", "key", name="uq_plan_resources_key"),
    )
    op.create_table(
        "subscriptions",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "ORDERED",
                "INSTALLING",
                "INSTALLATION_FAILED",
                "ACTIVATING",
                "ACTIVATION_FAILED",
                "ACTIVE",
                "DELIVERED",
                "UPDATING",
                "UPDATING_FAILED",
                "RENEWING",
                "RENEWING_FAILED",
                "SWITCHING",
                "SWITCHING_FAILED",
                "WAITING_FOR_MANUAL_APPROVAL",
                "GRACED",
                "BLOCKED",
                "STOPPING",
                "STOPPING_FAILED",
                "STOPPED",
                "DELETING",
                "DELETION_FAILED",
                "DELETED",
                name="subscription_state_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("plan_period_id", sa.Uuid(), nullable=False),
        sa.Column(
            "billing_type",
            sa.Enum(
                "CSP_MONTHLY",
                "CSP_ANNUAL",
                "MONTHLY_COMMITMENT",
                "MONTHLY_COMMITMENT_CALENDAR",
                "LICENSE_BASED_MONTHLY",
                "PAY_IN_FULL",
                "NON_REFUND",
                "FLEXIBLE_MONTHLY",
                "RESERVATION",
                "NEXT_DAY_MONTHLY",
                "NON_RECURRING",
                "PAY_AS_YOU_GO",
                name="billing_type_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("billing_day", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("trial", sa.Boolean(), nullable=False),
        sa.Column("endless", sa.Boolean(), nullable=False),
        sa.Column("auto_renew", sa.Boolean(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("paid_to", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("stopped_on", sa.Date(), nullable=True),
        sa.Column("stop_reason", sa.Text(), nullable=True),
        sa.Column("stopped_units", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("NOT endless OR expires_on IS NULL", name=op.f("ck_subscriptions_endless_never_expires")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "account_id"],
            ["accounts.distributor_id", "accounts.id"],
            name=op.f("fk_subscriptions_distributor_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "plan_id"],
            ["plans.distributor_id", "plans.id"],
            name=op.f("fk_subscriptions_distributor_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "plan_period_id"],
            ["plan_periods.distributor_id", "plan_periods.id"],
            name=op.f("fk_subscriptions_distributor_id_plan_period_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_subscriptions_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "number", name="uq_subscriptions_number"),
    )
    op.create_index("ix_subscriptions_account", "subscriptions", ["distributor_id", "account_id", "id"], unique=False)
    op.create_index("ix_subscriptions_paid_to", "subscriptions", ["distributor_id", "paid_to"], unique=False)
    op.create_index(
        "ix_subscriptions_tenant", "subscriptions", ["distributor_id", "tenant_path", "id"], unique=False
    )
    op.create_table(
        "orders",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column(
            "type",
            sa.Enum(
                "SALES",
                "RENEWAL",
                "PROLONG",
                "CHANGE",
                "SWITCH",
                name="order_type_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "WAITING_FOR_PAYMENT",
                "WAITING_FOR_PROVISIONING",
                "PROVISIONING",
                "COMPLETED",
                "PROVISIONING_FAILED",
                "CANCELLED",
                name="order_state_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("discount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("paid_from", sa.Date(), nullable=True),
        sa.Column("paid_until", sa.Date(), nullable=True),
        sa.Column("cancels_on", sa.Date(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("paid_until > paid_from", name=op.f("ck_orders_paid_period_has_days")),
        sa.CheckConstraint("total >= 0 AND discount >= 0", name=op.f("ck_orders_amounts_not_negative")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "account_id"],
            ["accounts.distributor_id", "accounts.id"],
            name=op.f("fk_orders_distributor_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "subscription_id"],
            ["subscriptions.distributor_id", "subscriptions.id"],
            name=op.f("fk_orders_distributor_id_subscription_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_orders_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_orders")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "number", name="uq_orders_number"),
    )
    op.create_index("ix_orders_subscription", "orders", ["distributor_id", "subscription_id", "id"], unique=False)
    op.create_index(
        "uq_orders_one_open",
        "orders",
        ["distributor_id", "subscription_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('WAITING_FOR_PAYMENT', 'WAITING_FOR_PROVISIONING', 'PROVISIONING')"),
    )
    op.create_table(
        "subscription_resources",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("plan_resource_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("included", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_subscription_resources_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "plan_resource_id"],
            ["plan_resources.distributor_id", "plan_resources.id"],
            name=op.f("fk_subscription_resources_distributor_id_plan_resource_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "subscription_id"],
            ["subscriptions.distributor_id", "subscriptions.id"],
            name=op.f("fk_subscription_resources_distributor_id_subscription_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_subscription_resources_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_subscription_resources")),
        sa.UniqueConstraint("distributor_id", "subscription_id", "key", name="uq_subscription_resources_key"),
    )
    op.create_table(
        "charges",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "SETUP",
                "RECURRING",
                "RENEWAL",
                "TRANSFER",
                "CONSUMPTION",
                name="charge_kind_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "NEW",
                "OPENED",
                "BLOCKED",
                "WAITING_FOR_REFUND",
                "WAITING_APPROVAL",
                "CLOSED",
                "REFUNDED",
                "DELETED",
                name="charge_state_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("resource_key", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("discount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("discount_id", sa.Uuid(), nullable=True),
        sa.Column("discount_name", sa.Text(), nullable=True),
        sa.Column("discount_percent", sa.Numeric(precision=9, scale=4), nullable=True),
        sa.Column("period_start", sa.Date(), nullable=True),
        sa.Column("period_end", sa.Date(), nullable=True),
        sa.Column("billing_period_start", sa.Date(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("explanation", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("split_from_id", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("period_end > period_start", name=op.f("ck_charges_period_has_days")),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_charges_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "account_id"],
            ["accounts.distributor_id", "accounts.id"],
            name=op.f("fk_charges_distributor_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "order_id"],
            ["orders.distributor_id", "orders.id"],
            name=op.f("fk_charges_distributor_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "split_from_id"],
            ["charges.distributor_id", "charges.id"],
            name=op.f("fk_charges_distributor_id_split_from_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "subscription_id"],
            ["subscriptions.distributor_id", "subscriptions.id"],
            name=op.f("fk_charges_distributor_id_subscription_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_charges_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_charges")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "number", name="uq_charges_number"),
    )
    op.create_index("ix_charges_closes_on", "charges", ["distributor_id", "state", "closes_on"], unique=False)
    op.create_index("ix_charges_order", "charges", ["distributor_id", "order_id"], unique=False)
    op.create_index("ix_charges_subscription", "charges", ["distributor_id", "subscription_id", "id"], unique=False)
    op.create_table(
        "order_lines",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("resource_key", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_order_lines_quantity_not_negative")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "order_id"],
            ["orders.distributor_id", "orders.id"],
            name=op.f("fk_order_lines_distributor_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_order_lines_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("distributor_id", "order_id", "resource_key", name="uq_order_lines_resource"),
    )
    op.create_table(
        "payments",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "WAITING_FOR_PAYMENT",
                "PROCESSING",
                "COMPLETED",
                "PAID_FROM_BALANCE",
                "EXPIRED",
                "CANCELLED",
                name="payment_state_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "purpose",
            sa.Enum(
                "ORDER",
                "TOP_UP",
                "POSTPAID_SERVICES",
                name="payment_purpose_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(purpose = 'ORDER') = (order_id IS NOT NULL)", name=op.f("ck_payments_an_order_payment_has_its_order")
        ),
        sa.CheckConstraint("total > 0", name=op.f("ck_payments_total_is_positive")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "account_id"],
            ["accounts.distributor_id", "accounts.id"],
            name=op.f("fk_payments_distributor_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "order_id"],
            ["orders.distributor_id", "orders.id"],
            name=op.f("fk_payments_distributor_id_order_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_payments_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_payments")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "number", name="uq_payments_number"),
    )
    op.create_index("uq_payments_order", "payments", ["distributor_id", "order_id"], unique=True)
    op.create_table(
        "charge_levels",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "charge_id"],
            ["charges.distributor_id", "charges.id"],
            name=op.f("fk_charge_levels_distributor_id_charge_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "creditor_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_charge_levels_distributor_id_creditor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "plan_id"],
            ["plans.distributor_id", "plans.id"],
            name=op.f("fk_charge_levels_distributor_id_plan_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_charge_levels_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_charge_levels")),
        sa.UniqueConstraint("distributor_id", "charge_id", "tenant_id", name="uq_charge_levels_debtor"),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column(
            "from_book",
            sa.Enum(
                "CASH",
                "AVAILABLE",
                "BLOCKED",
                "REVENUE",
                name="from_book_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "to_book",
            sa.Enum(
                "CASH",
                "AVAILABLE",
                "BLOCKED",
                "REVENUE",
                name="to_book_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_ledger_entries_amount_is_positive")),
        sa.CheckConstraint("from_book <> to_book", name=op.f("ck_ledger_entries_money_moves")),
        sa.ForeignKeyConstraint(
            ["distributor_id", "account_id"],
            ["accounts.distributor_id", "accounts.id"],
            name=op.f("fk_ledger_entries_distributor_id_account_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "charge_id"],
            ["charges.distributor_id", "charges.id"],
            name=op.f("fk_ledger_entries_distributor_id_charge_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "payment_id"],
            ["payments.distributor_id", "payments.id"],
            name=op.f("fk_ledger_entries_distributor_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_ledger_entries_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_ledger_entries")),
    )
    op.create_index("ix_ledger_entries_account", "ledger_entries", ["distributor_id", "account_id", "id"], unique=False)
    op.create_table(
        "reseller_charges",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("creditor_id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("subscription_id", sa.Uuid(), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("reversal", sa.Boolean(), nullable=False),
        sa.Column("months", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("discount_percent", sa.Numeric(precision=9, scale=4), nullable=False),
        sa.Column("discount_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=18, scale=4), nullable=False),
        sa.Column("explanation", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "charge_id"],
            ["charges.distributor_id", "charges.id"],
            name=op.f("fk_reseller_charges_distributor_id_charge_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "creditor_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_reseller_charges_distributor_id_creditor_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "subscription_id"],
            ["subscriptions.distributor_id", "subscriptions.id"],
            name=op.f("fk_reseller_charges_distributor_id_subscription_id"),
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_reseller_charges_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_reseller_charges")),
        sa.UniqueConstraint(
            "distributor_id", "charge_id", "tenant_id", "reversal", name="uq_reseller_charges_debtor"
        ),
    )
    op.create_index(
        "ix_reseller_charges_subscription", "reseller_charges", ["distributor_id", "subscription_id"], unique=False
    )
