"""The audit log's chain, and settings.

Locks: nothing; the tables are new. The triggers that write the log are put on every table after the last migration, see
`migrations.auditing`.
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from migrations.policies import protect_log, protect_marked

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# What nobody would look for, or what says nothing about the row: where it stands, when it was changed or used, by which
# words it is found.
IGNORED = """
CREATE FUNCTION app_audit_ignored(name text) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN name IN ('distributor_id', 'id', 'tenant_id', 'tenant_path', 'created_at', 'updated_at', 'last_used_at', 'words')
"""

# A value as the log shows it: secrets only by their being there, long texts by their beginning.
SHOWN = """
CREATE FUNCTION app_audit_shown(name text, value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
  WHEN value IS NULL THEN NULL
  WHEN name ~ '(password|secret|token|hash|private|credential)' OR value ~ '^\\\\x' THEN '***'
  WHEN length(value) > 500 THEN left(value, 500) || '…'
  ELSE value
END
"""

ADD = """
    INSERT INTO public.audit_entries (
      distributor_id, id, tenant_id, tenant_path, verb, subject, subject_id, count, changes, operation,
      actor_kind, actor_id, acted_as_id, job_id, request_id, created_at, updated_at
    )
    SELECT r.distributor_id, public.app_uuid7(), r.tenant_id, r.tenant_path, '{verb}', TG_TABLE_NAME, r.subject_id,
           r.count, r.changes, about ->> 'operation', about ->> 'actor_kind', (about ->> 'actor_id')::uuid,
           (about ->> 'acted_as_id')::uuid, (about ->> 'job_id')::uuid, about ->> 'request_id', now(), now()
      FROM ({rows}) AS r;
"""

# Some rows of one statement are told each, many at once together. `app.audit` says who and why, in JSON, set by whoever
# begins the transaction; `app.audited`, that it has left an entry. Run with the owner's rights: the application itself
# may add nothing.
TRIGGER = """
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  about jsonb := nullif(current_setting('app.audit', true), '')::jsonb;
  amount bigint;
BEGIN
  SELECT count(*) INTO amount FROM (SELECT FROM {table} LIMIT 101) AS few;
  IF amount = 0 THEN
    RETURN NULL;
  ELSIF amount > 100 THEN
    {together}
  ELSE
    {each}
  END IF;
  IF FOUND THEN
    PERFORM set_config('app.audited', 'yes', true);
  END IF;
  RETURN NULL;
END $$
"""

TOGETHER = """
SELECT distributor_id, tenant_id, tenant_path, NULL::uuid AS subject_id, count(*) AS count, '{{}}'::jsonb AS changes
  FROM {table} GROUP BY distributor_id, tenant_id, tenant_path
"""

ONE_SIDE = """
SELECT t.distributor_id, t.tenant_id, t.tenant_path, t.id AS subject_id, 1 AS count,
       (SELECT coalesce(jsonb_object_agg(key, jsonb_build_array({pair})), '{{}}')
          FROM jsonb_each_text(to_jsonb(t))
         WHERE value IS NOT NULL AND NOT public.app_audit_ignored(key)) AS changes
  FROM {table} AS t
"""

BOTH_SIDES = """
SELECT n.distributor_id, n.tenant_id, n.tenant_path, n.id AS subject_id, 1 AS count, d.changes
  FROM new_rows AS n JOIN old_rows AS o ON (o.distributor_id, o.id) = (n.distributor_id, n.id),
       LATERAL (SELECT jsonb_object_agg(key, jsonb_build_array(
                         public.app_audit_shown(key, a.value), public.app_audit_shown(key, b.value))) AS changes
                  FROM jsonb_each_text(to_jsonb(o)) AS a JOIN jsonb_each_text(to_jsonb(n)) AS b USING (key)
                 WHERE a.value IS DISTINCT FROM b.value AND NOT public.app_audit_ignored(key)) AS d
 WHERE d.changes IS NOT NULL
"""

# A mutation that found everything as it should be leaves a trace too.
CALLED = """
CREATE FUNCTION app_audit_called(distributor uuid, tenant uuid, path text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  about jsonb := nullif(current_setting('app.audit', true), '')::jsonb;
BEGIN
  IF coalesce(current_setting('app.audited', true), '') <> 'yes' THEN
    INSERT INTO public.audit_entries (
      distributor_id, id, tenant_id, tenant_path, verb, count, changes, operation,
      actor_kind, actor_id, acted_as_id, job_id, request_id, created_at, updated_at
    )
    SELECT t.distributor_id, public.app_uuid7(), t.id, t.tenant_path, 'CALLED', 0, '{}', about ->> 'operation',
           about ->> 'actor_kind', (about ->> 'actor_id')::uuid, (about ->> 'acted_as_id')::uuid,
           (about ->> 'job_id')::uuid, about ->> 'request_id', now(), now()
      FROM public.tenants t WHERE (t.distributor_id, t.id, t.tenant_path) = (distributor, tenant, path);
  END IF;
END $$
"""

SEAL = """
CREATE FUNCTION app_audit_seal(distributor uuid, ids uuid[], sequences bigint[], hashes bytea[]) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
  UPDATE public.audit_entries e SET sequence = s.sequence, hash = s.hash
    FROM unnest(ids, sequences, hashes) AS s(id, sequence, hash)
   WHERE e.distributor_id = distributor AND e.id = s.id AND e.sequence IS NULL
$$
"""

# Entries are sealed once and follow a tenant that is moved; nothing else ever happens to them, whoever tries.
GUARD = """
CREATE FUNCTION app_audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(new) - '{tenant_path}'::text[] = to_jsonb(old) - '{tenant_path}'::text[] THEN
    RETURN new;
  ELSIF TG_OP = 'UPDATE' AND old.sequence IS NULL
        AND to_jsonb(new) - '{sequence,hash}'::text[] = to_jsonb(old) - '{sequence,hash}'::text[] THEN
    RETURN new;
  END IF;
  RAISE EXCEPTION 'the audit log is only added to' USING ERRCODE = 'insufficient_privilege';
END $$
"""


def upgrade() -> None:
    settings()
    entries()
    protect_log("audit_entries")
    for statement in (IGNORED, SHOWN, CALLED, SEAL, GUARD):
        op.execute(sa.text(statement.replace(":", "\\:")))
    trigger("app_audit_created", "new_rows", "CREATED", one_side("new_rows", "NULL, public.app_audit_shown(key, value)"))
    trigger("app_audit_changed", "new_rows", "CHANGED", BOTH_SIDES)
    trigger("app_audit_deleted", "old_rows", "DELETED", one_side("old_rows", "public.app_audit_shown(key, value), NULL"))
    op.execute(
        "CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON audit_entries FOR EACH ROW EXECUTE FUNCTION app_audit_guard()"
    )
    op.execute(
        "CREATE TRIGGER guard_all BEFORE TRUNCATE ON audit_entries EXECUTE FUNCTION app_audit_guard()"
    )
    for function in ("app_audit_called(uuid, uuid, text)", "app_audit_seal(uuid, uuid[], bigint[], bytea[])"):
        op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
        op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO headwater_app")


def downgrade() -> None:
    for name in ("created", "changed", "deleted"):
        op.execute(f"DROP FUNCTION app_audit_{name}() CASCADE")
    op.drop_table("audit_entries")
    for function in (
        "app_audit_guard()",
        "app_audit_called(uuid, uuid, text)",
        "app_audit_seal(uuid, uuid[], bigint[], bytea[])",
        "app_audit_shown(text, text)",
        "app_audit_ignored(text)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("settings")


def one_side(table: str, pair: str) -> str:
    return ONE_SIDE.format(table=table, pair=pair)


def trigger(name: str, table: str, verb: str, rows: str) -> None:
    text = TRIGGER.format(
        name=name,
        table=table,
        together=ADD.format(verb=verb, rows=TOGETHER.format(table=table)),
        each=ADD.format(verb=verb, rows=rows),
    )
    op.execute(sa.text(text.replace(":", "\\:")))


def entries() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column(
            "verb",
            sa.Enum(
                "CREATED",
                "CHANGED",
                "DELETED",
                "CALLED",
                name="audit_verb_known",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("operation", sa.Text(), nullable=True),
        sa.Column("actor_kind", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("acted_as_id", sa.Uuid(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(sequence IS NULL) = (hash IS NULL)", name=op.f("ck_audit_entries_sealed_with_place_and_hash")
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("distributor_id", "sequence", name="uq_audit_entries_sequence"),
    )
    op.create_index("ix_audit_entries_own", "audit_entries", ["distributor_id", "tenant_path", "id"])
    op.create_index(
        "ix_audit_entries_subject", "audit_entries", ["distributor_id", "subject_id", "id", "tenant_path"]
    )
    op.create_index("ix_audit_entries_actor", "audit_entries", ["distributor_id", "actor_id", "id", "tenant_path"])
    op.create_index("ix_audit_entries_at", "audit_entries", ["distributor_id", "created_at", "id", "tenant_path"])
    op.create_index(
        "ix_audit_entries_unsealed",
        "audit_entries",
        ["distributor_id", "id"],
        postgresql_where=sa.text("sequence IS NULL"),
    )


def settings() -> None:
    op.create_table(
        "settings",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("inherited", sa.Boolean(), nullable=False),
        sa.Column("set_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_settings_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_settings")),
        sa.UniqueConstraint("distributor_id", "tenant_id", "key", name="uq_settings_key"),
    )
    op.create_index("ix_settings_place", "settings", ["distributor_id", "tenant_path", "key"])
    protect_marked("settings")
