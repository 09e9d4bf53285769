"""Reads find resources in the order in which they are shown, and prove a token's holder by one number.

Locks: building the index keeps writers out of `subscription_resources`, not readers; about a second for a million. The
triggers lock their tables for a moment each. The new table is nobody's yet.
"""

from alembic import op
import sqlalchemy as sa

from migrations.policies import open_to_customers, protect

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Where the holder of a token is looked up, and which changes there make another answer possible. A new row alone does
# only where it adds to what somebody has. When a token was last used is no such change, nor is a session's next token.
ENDING = {
    "api_tokens": ("UPDATE OF token_hash, manager_id, revoked_at, expires_at", "DELETE"),
    "chosen_accounts": ("INSERT", "UPDATE", "DELETE"),
    "custom_roles": ("UPDATE", "DELETE"),
    "invitations": ("UPDATE", "DELETE"),
    "managers": ("UPDATE", "DELETE"),
    "memberships": ("INSERT", "UPDATE", "DELETE"),
    "person_sessions": ("UPDATE OF ended_at, person_id", "DELETE"),
    "service_assignments": ("INSERT", "UPDATE", "DELETE"),
    "service_tokens": ("UPDATE", "DELETE"),
    "session_tokens": ("UPDATE OF token_hash, session_id, expires_at", "DELETE"),
    "tenants": ("UPDATE OF name, state, suspended_above, tenant_path", "DELETE"),
    "user_tokens": ("UPDATE OF token_hash, user_id, revoked_at, expires_at", "DELETE"),
    "users": ("UPDATE", "DELETE"),
}

# It looks at and writes a row that the changing transaction may not see, like `app_holder`. Once a transaction is enough.
END = """
CREATE FUNCTION app_end_access_epoch() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
  lo text := current_setting('app.lo', true);
  hi text := current_setting('app.hi', true);
BEGIN
  PERFORM set_config('app.lo', '', true), set_config('app.hi', '~', true);
  INSERT INTO public.access_epochs AS known (tenant_path, epoch)
  VALUES (left(coalesce(NEW.tenant_path, OLD.tenant_path), 6), 1)
  ON CONFLICT (tenant_path) DO UPDATE SET epoch = known.epoch + 1 WHERE known.xmin <> pg_current_xact_id()::xid;
  PERFORM set_config('app.lo', coalesce(lo, '~'), true), set_config('app.hi', coalesce(hi, ''), true);
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_index(
        "ix_subscription_resources_shown",
        "subscription_resources",
        ["distributor_id", "subscription_id", sa.text("priority DESC"), "name", "id"],
    )
    op.create_table(
        "access_epochs",
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_path", name=op.f("pk_access_epochs")),
    )
    protect("access_epochs", inherited=True, verbs="SELECT")
    open_to_customers("access_epochs", "of its seller's chain", inherited=True)
    # Whoever changes who has access ends the epoch, wherever it stands; only the function below is let do it.
    op.execute("ALTER POLICY access_epochs_insert ON access_epochs WITH CHECK (true)")
    op.execute("ALTER POLICY access_epochs_update ON access_epochs USING (true) WITH CHECK (true)")
    op.execute(END)
    for table, changes in ENDING.items():
        op.execute(
            f"CREATE TRIGGER {table}_end_access_epoch AFTER {' OR '.join(changes)} ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION app_end_access_epoch()"
        )


def downgrade() -> None:
    for table in ENDING:
        op.execute(f"DROP TRIGGER {table}_end_access_epoch ON {table}")
    op.execute("DROP FUNCTION app_end_access_epoch()")
    op.drop_table("access_epochs")
    op.drop_index("ix_subscription_resources_shown", "subscription_resources")
