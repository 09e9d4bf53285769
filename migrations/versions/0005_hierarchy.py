"""Tenants that are suspended, resumed and moved.

Locks: `tenants` for the moment in which its column is added, whose value for all rows stands in the catalog alone; and
`app_authenticate` for the moment in which it is exchanged: a release that still runs goes on with the new one.
"""

from importlib import import_module

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# As in 0001, but who works for a suspended tenant is found too, and told that it is so: an unknown token and a suspended
# tenant are different news.
AUTHENTICATE = """
CREATE FUNCTION app_authenticate(hash bytea)
RETURNS TABLE (
  kind text, actor_id uuid, token_id uuid, role text,
  distributor_id uuid, tenant_id uuid, tenant_path text, tenant_name text, suspended boolean
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
    SELECT 'manager', m.id, t.id, m.role::text, n.distributor_id, n.id, n.tenant_path, n.name,
           n.state = 'SUSPENDED' OR n.suspended_above
      FROM public.api_tokens t
      JOIN public.managers m ON (m.distributor_id, m.id) = (t.distributor_id, t.manager_id)
      JOIN public.tenants n ON (n.distributor_id, n.id) = (m.distributor_id, m.tenant_id)
     WHERE t.token_hash = hash AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > clock_timestamp())
       AND m.active
    UNION ALL
    SELECT 'platform', s.id, s.id, NULL, NULL, NULL, '', s.name, false
      FROM public.service_tokens s
     WHERE s.token_hash = hash AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp());
  PERFORM set_config('app.lo', coalesce(lo, '~'), true), set_config('app.hi', coalesce(hi, ''), true);
END $$
"""

# Everything that belongs to a tenant and to those below it takes its new place: one statement a table, and every table
# that has a place, also those that later releases add. Some of them the application's role may only add to; so this is
# done with the owner's rights, which row-level security holds to a range as well: that of the caller's writing.
MOVE_ROWS = """
CREATE FUNCTION app_move_rows(distributor uuid, old_path text, new_path text, new_parent uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  lo text := current_setting('app.lo', true);
  hi text := current_setting('app.hi', true);
  write_lo text := current_setting('app.write_lo', true);
  write_hi text := current_setting('app.write_hi', true);
  whole text := left(old_path, 6);
  place record;
  found bigint;
  moved bigint := 0;
BEGIN
  IF old_path COLLATE "C" < write_lo OR old_path COLLATE "C" >= write_hi
     OR new_path COLLATE "C" < write_lo OR new_path COLLATE "C" >= write_hi
     OR length(old_path) <= 6 OR left(new_path, 6) <> whole OR starts_with(new_path, old_path) THEN
    RAISE insufficient_privilege USING MESSAGE = 'these rows cannot be moved there';
  END IF;
  PERFORM set_config('app.lo', whole, true), set_config('app.hi', whole || '~', true),
          set_config('app.write_lo', whole, true), set_config('app.write_hi', whole || '~', true);
  UPDATE public.tenants t
     SET tenant_path = new_path || substr(t.tenant_path, length(old_path) + 1),
         level = t.level + (length(new_path) - length(old_path)) / 6,
         parent_id = CASE t.tenant_path WHEN old_path THEN new_parent ELSE t.parent_id END
   WHERE t.distributor_id = distributor AND t.tenant_path >= old_path AND t.tenant_path < old_path || '~';
  GET DIAGNOSTICS moved = ROW_COUNT;
  FOR place IN
    SELECT c.relname AS name,
           EXISTS (SELECT FROM pg_attribute d WHERE d.attrelid = c.oid AND d.attname = 'distributor_id') AS shared
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_path'
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND c.relname <> 'tenants'
     ORDER BY c.relname
  LOOP
    EXECUTE format(
      'UPDATE public.%I SET tenant_path = $2 || substr(tenant_path, length($1) + 1)'
      ' WHERE tenant_path >= $1 AND tenant_path < $1 || ''~'''
      || CASE WHEN place.shared THEN ' AND distributor_id = $3' ELSE '' END,
      place.name
    ) USING old_path, new_path, distributor;
    GET DIAGNOSTICS found = ROW_COUNT;
    moved := moved + found;
  END LOOP;
  PERFORM set_config('app.lo', lo, true), set_config('app.hi', hi, true),
          set_config('app.write_lo', write_lo, true), set_config('app.write_hi', write_hi, true);
  RETURN moved;
END $$
"""


def upgrade() -> None:
    op.add_column(
        "tenants", sa.Column("suspended_above", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.execute("DROP FUNCTION app_authenticate(bytea)")
    make(AUTHENTICATE, "app_authenticate(bytea)")
    make(MOVE_ROWS, "app_move_rows(uuid, text, text, uuid)")


def downgrade() -> None:
    op.execute("DROP FUNCTION app_move_rows(uuid, text, text, uuid)")
    op.execute("DROP FUNCTION app_authenticate(bytea)")
    make(import_module("migrations.versions.0001_begin").AUTHENTICATE, "app_authenticate(bytea)")
    op.drop_column("tenants", "suspended_above")


def make(function: str, signature: str) -> None:
    """Something that runs with the owner's rights, for the application's role and nobody else."""
    op.execute(function)
    op.execute(f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {signature} TO headwater_app")
