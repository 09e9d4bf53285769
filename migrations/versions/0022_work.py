"""The ends of several jobs in one statement.

Locks: nothing; a function is new. Workers of the release before do not know it.
"""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


# As `app_finish_job`, for several jobs of one distributor: all of them or none. The index is prescribed because the plan
# is kept: one that was made while the table had a few pages would read all of them ever after.
FINISH = """
CREATE FUNCTION app_finish_jobs(distributor uuid, ids uuid[], claims integer[])
RETURNS void LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off
AS $$
DECLARE
  held bigint;
BEGIN
  UPDATE jobs SET
    state = 'DONE', lease_until = NULL, error = NULL, finished_at = clock_timestamp(), updated_at = clock_timestamp()
   WHERE distributor_id = distributor AND id = ANY(ids) AND attempt = claims[array_position(ids, id)]
     AND state = 'RUNNING';
  GET DIAGNOSTICS held = ROW_COUNT;
  IF held < cardinality(ids) THEN
    RAISE 'somebody else has one of the jobs by now' USING ERRCODE = 'HW001';
  END IF;
END $$
"""


def upgrade() -> None:
    op.execute(FINISH)


def downgrade() -> None:
    op.execute("DROP FUNCTION app_finish_jobs")
