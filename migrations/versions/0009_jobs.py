"""Priorities, turns, cancelling and traces of jobs; schedules; calls to services outside.

Locks: `jobs` for writers and readers, for as long as its indexes are built: one pass over the table each, about a second
for a million jobs. The columns themselves rewrite nothing. Workers of the release before go on meanwhile: what they
insert gets the defaults, and what they look for they find by `ix_jobs_turn` and `ix_jobs_lease`.
"""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from migrations.policies import protect

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


INDEXES = {
    "ix_jobs_turn": (
        ["queue", "distributor_id", "priority", "run_at", "id"],
        "state = 'WAITING' AND lane IS NULL",
    ),
    "ix_jobs_lane_turn": (
        ["queue", "distributor_id", "lane", "id"],
        "state = 'WAITING' AND lane IS NOT NULL",
    ),
    "ix_jobs_lease": (["queue", "lease_until"], "state = 'RUNNING'"),
    "ix_jobs_own_id": (["distributor_id", "tenant_path", "id"], "actor_id IS NOT NULL"),
}


# One statement with its own check, so that COMMIT can follow without waiting for an answer. In the rights of its caller:
# row-level security holds as for any UPDATE.
FINISH = """
CREATE FUNCTION app_finish_job(distributor uuid, job uuid, claim integer, steps integer, steps_in_all integer)
RETURNS void LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
  UPDATE jobs SET
    state = 'DONE', lease_until = NULL, error = NULL, finished_at = clock_timestamp(), updated_at = clock_timestamp(),
    done = coalesce(steps, done), total = CASE WHEN steps IS NULL THEN total ELSE steps_in_all END
   WHERE distributor_id = distributor AND id = job AND attempt = claim AND state = 'RUNNING';
  IF NOT FOUND THEN
    RAISE 'somebody else has the job by now' USING ERRCODE = 'HW001';
  END IF;
END $$
"""


def upgrade() -> None:
    op.add_column("jobs", sa.Column("priority", sa.SmallInteger(), server_default=sa.text("1"), nullable=False))
    op.add_column("jobs", sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("jobs", sa.Column("actor_id", sa.Uuid(), nullable=True))
    op.add_column("jobs", sa.Column("cancellable", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("jobs", sa.Column("traceparent", sa.Text(), nullable=True))
    op.create_check_constraint("priority_known", "jobs", "priority BETWEEN 0 AND 2")
    op.drop_index("ix_jobs_due", "jobs")
    for name, (columns, where) in INDEXES.items():
        op.create_index(name, "jobs", columns, postgresql_where=sa.text(where))
    # A running job without a lane needs no entry here: the busiest table of all has one index less to keep.
    op.drop_index("uq_jobs_running_in_lane", "jobs")
    op.create_index(
        "uq_jobs_running_in_lane",
        "jobs",
        ["distributor_id", "lane"],
        unique=True,
        postgresql_where=sa.text("state = 'RUNNING' AND lane IS NOT NULL"),
    )
    # Every row dies twice on its way. A vacuum after a fifth of a million would come too late for the claims.
    op.execute(
        "ALTER TABLE jobs SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0,"
        " autovacuum_analyze_scale_factor = 0.05)"
    )
    op.create_table(
        "schedules",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_schedules_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_schedules")),
        sa.UniqueConstraint("distributor_id", "kind", name="uq_schedules_kind"),
    )
    op.create_index("ix_schedules_next", "schedules", ["next_at"], unique=False)
    protect("schedules")
    create_outside_calls()
    op.execute(FINISH)


def create_outside_calls() -> None:
    states = ("UNKNOWN", "NOT_DONE", "DONE", "REFUSED")
    op.create_table(
        "outside_calls",
        sa.Column("distributor_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("tenant_path", sa.Text(collation="C"), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_digest", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(*states, name="outside_call_state_known", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "(state = 'DONE') = (answer IS NOT NULL)", name=op.f("ck_outside_calls_answer_of_what_is_done")
        ),
        sa.CheckConstraint(
            "(state IN ('DONE', 'REFUSED')) = (answered_at IS NOT NULL)", name=op.f("ck_outside_calls_known_when")
        ),
        sa.ForeignKeyConstraint(
            ["distributor_id", "tenant_id"],
            ["tenants.distributor_id", "tenants.id"],
            name=op.f("fk_outside_calls_distributor_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("distributor_id", "id", name=op.f("pk_outside_calls")),
        sa.UniqueConstraint("distributor_id", "service", "key", name="uq_outside_calls_key"),
    )
    protect("outside_calls")


def downgrade() -> None:
    op.drop_table("outside_calls")
    op.execute("DROP FUNCTION app_finish_job")
    op.drop_table("schedules")
    op.execute(
        "ALTER TABLE jobs RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay,"
        " autovacuum_analyze_scale_factor)"
    )
    for name in ("uq_jobs_running_in_lane", *INDEXES):
        op.drop_index(name, "jobs")
    op.create_index(
        "ix_jobs_due", "jobs", ["queue", "run_at"], postgresql_where=sa.text("state IN ('WAITING', 'RUNNING')")
    )
    op.create_index(
        "uq_jobs_running_in_lane",
        "jobs",
        ["distributor_id", "lane"],
        unique=True,
        postgresql_where=sa.text("state = 'RUNNING'"),
    )
    op.drop_constraint("priority_known", "jobs", type_="check")
    for name in ("traceparent", "cancellable", "actor_id", "sent_at", "priority"):
        op.drop_column("jobs", name)
