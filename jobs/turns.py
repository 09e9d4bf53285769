"""Whose turn it is: which due jobs are claimed next.

Distributors take turns, however many jobs each has: a claim goes on with the one after the last that was served, and
takes the first of each: by priority, then by instant, then by id. Everything is a look at the front of an index, so a
million waiting jobs of one distributor cost neither it nor another anything.

Jobs whose lease ran out go before all. Only `alone` of them are taken at once: one of them may be what kills workers,
and those that it takes down with it each spend an attempt.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

__all__ = ["BEFORE_ALL_IDS", "Key", "due_keys", "last_served", "take", "take_one"]

Key: TypeAlias = tuple[UUID, UUID]
"""A job's distributor and id: what a message carries."""

BEFORE_ALL_IDS = UUID(int=0)


def take(
    session: Session,
    queue: str,
    limits: Mapping[str, int],
    *,
    count: int,
    alone: int,
    after: UUID,
    lease: timedelta,
) -> list[Row[Any]]:
    """Claim up to `count` due jobs, from the distributor that follows `after`; columns as `COLUMNS`, then `dead`."""
    session.execute(_AS_MEANT)
    return list(
        session.execute(
            _TAKE,
            {
                "queue": queue,
                "kinds": list(limits),
                "limits": _array(limits),
                "count": count,
                "alone": min(alone, count),
                "after": after,
                "lease": lease,
            },
        )
    )


def take_one(session: Session, queue: str, limits: Mapping[str, int], *, key: Key, lease: timedelta) -> list[Row[Any]]:
    """Claim this job if it is due; columns as of `take`."""
    distributor_id, job_id = key
    return list(
        session.execute(
            _TAKE_ONE,
            {
                "queue": queue,
                "kinds": list(limits),
                "limits": _array(limits),
                "distributor_id": distributor_id,
                "job_id": job_id,
                "lease": lease,
            },
        )
    )


def due_keys(
    session: Session, queue: str, limits: Mapping[str, int], *, count: int, after: UUID, again_after: timedelta
) -> list[Key]:
    """Keys of up to `count` due jobs, locked, in the order of claims; those sent within `again_after` left out."""
    session.execute(_AS_MEANT)
    rows = session.execute(
        _UNSENT,
        {
            "queue": queue,
            "kinds": list(limits),
            "count": count,
            "alone": count,
            "after": after,
            "again_after": again_after,
        },
    )
    return [(row.distributor_id, row.id) for row in rows]


def last_served(distributors: Iterable[UUID], after: UUID) -> UUID:
    """The one whose turn was last, when turns began with the one that follows `after`; `after` if there was none."""
    return max(distributors, key=lambda each: (each <= after, each), default=after)


def _array(limits: Mapping[str, int]) -> list[int]:
    return list(limits.values())


# PostgreSQL takes the index that is meant, even for a table that it takes for empty, as it does when it counted it
# while a million rows were not committed yet: each look is in the whole order of that index, and every other one would
# need a sort, which is forbidden. For the same reason the job of a lane is not asked whether it is WAITING: there is an
# index for that, which would be read to its end. And a plan that was kept since the table had a page or two must not
# read all of it later to find the places that it was given.
_AS_MEANT: TextClause = text(
    "SELECT set_config('enable_sort', 'off', true), set_config('enable_incremental_sort', 'off', true),"
    " set_config('enable_seqscan', 'off', true)"
)
_NEXT = """least(
    (SELECT distributor_id FROM jobs
      WHERE queue = :queue AND state = 'WAITING' AND lane IS NULL AND distributor_id > {last}
      ORDER BY distributor_id, priority, run_at, id LIMIT 1),
    (SELECT distributor_id FROM jobs
      WHERE queue = :queue AND state = 'WAITING' AND lane IS NOT NULL AND distributor_id > {last}
      ORDER BY distributor_id, lane, id LIMIT 1)
  )"""
"""The distributor after `last` that has waiting jobs: one look at each of two indexes."""

_NEXT_IN_LANE = """
  SELECT lane, id FROM jobs
   WHERE queue = :queue AND distributor_id = turn.distributor_id AND state = 'WAITING' AND lane > {last}
   ORDER BY lane, id LIMIT 1"""
"""The first job of the lane after `last`."""

_FIRST_OF_LANE = """(
  SELECT id FROM jobs
   WHERE distributor_id = {job}.distributor_id AND lane >= {job}.lane AND lane IS NOT NULL
     AND state IN ('WAITING', 'RUNNING')
   ORDER BY lane, id LIMIT 1)"""
"""Whichever of a job's lane stands in front, in any queue."""

_DUE = f"""
lost AS (
  SELECT distributor_id, id, ctid AS place FROM jobs
   WHERE queue = :queue AND state = 'RUNNING' AND lease_until < now() AND kind = ANY(:kinds) {{only}}
   ORDER BY lease_until LIMIT :alone
   FOR UPDATE SKIP LOCKED
),
following(distributor_id) AS (
  SELECT {_NEXT.format(last="CAST(:after AS uuid)")}
  UNION ALL
  SELECT {_NEXT.format(last="following.distributor_id")} FROM following WHERE distributor_id IS NOT NULL
),
beginning(distributor_id) AS (
  SELECT {_NEXT.format(last=f"CAST('{BEFORE_ALL_IDS}' AS uuid)")}
  UNION ALL
  SELECT {_NEXT.format(last="beginning.distributor_id")} FROM beginning WHERE distributor_id <= :after
),
turn AS (
  SELECT distributor_id FROM following WHERE distributor_id IS NOT NULL
  UNION ALL
  SELECT distributor_id FROM beginning WHERE distributor_id <= :after
),
due AS (
  SELECT turn.distributor_id, first.id, first.place FROM turn CROSS JOIN LATERAL (
    SELECT each.id, each.place FROM (
      SELECT free.id, free.place, free.priority, free.run_at
        FROM (VALUES (0), (1), (2)) AS known(priority) CROSS JOIN LATERAL (
          SELECT id, ctid AS place, priority, run_at FROM jobs
           WHERE queue = :queue AND distributor_id = turn.distributor_id AND priority = known.priority
             AND state = 'WAITING' AND lane IS NULL AND run_at <= now() AND kind = ANY(:kinds) {{only}}
           ORDER BY run_at, id LIMIT :count
           FOR UPDATE SKIP LOCKED
        ) AS free
      UNION ALL
      SELECT head.id, head.place, head.priority, head.run_at FROM (
        WITH RECURSIVE lanes(lane, id) AS (
          SELECT * FROM ({_NEXT_IN_LANE.format(last="''")}) AS first
          UNION ALL
          SELECT next.lane, next.id FROM lanes CROSS JOIN LATERAL ({_NEXT_IN_LANE.format(last="lanes.lane")}) AS next
        )
        SELECT job.id, job.place, job.priority, job.run_at FROM lanes CROSS JOIN LATERAL (
          SELECT job.id, job.ctid AS place, job.priority, job.run_at FROM jobs job
           WHERE job.distributor_id = turn.distributor_id AND job.id = lanes.id
             AND job.state NOT IN ('RUNNING', 'DONE', 'FAILED', 'CANCELLED')
             AND run_at <= now() AND kind = ANY(:kinds) {{only}}
             AND job.id = {_FIRST_OF_LANE.format(job="job")}
           LIMIT 1
           FOR UPDATE SKIP LOCKED
        ) AS job
        LIMIT :count
      ) AS head
    ) AS each
    ORDER BY each.priority, each.run_at, each.id LIMIT :count
  ) AS first
)"""
"""Lost jobs, then those of the turns. PostgreSQL goes no further in any of them than the limit at the end needs."""

_CHOSEN = """SELECT distributor_id, id, place FROM lost
  UNION ALL
  SELECT distributor_id, id, place FROM due
  LIMIT :count"""

_CLAIM = """
UPDATE jobs SET
  attempt = attempt + 1,
  max_attempts = coalesce(max_attempts, attempt + known.claims),
  state = CASE WHEN attempt < coalesce(max_attempts, attempt + known.claims) THEN 'RUNNING' ELSE 'FAILED' END,
  error = CASE WHEN attempt < coalesce(max_attempts, attempt + known.claims) THEN error
               ELSE 'claimed too often: ' || coalesce(error, 'the worker died') END,
  lease_until = CASE WHEN attempt < coalesce(max_attempts, attempt + known.claims) THEN clock_timestamp() + :lease END,
  error_message = CASE WHEN attempt >= coalesce(max_attempts, attempt + known.claims)
                       THEN 'It failed too often and was given up; the operator can see why.' END,
  sent_at = NULL,
  started_at = coalesce(started_at, clock_timestamp()),
  finished_at = CASE WHEN attempt >= coalesce(max_attempts, attempt + known.claims) THEN clock_timestamp() END,
  updated_at = clock_timestamp()
FROM unnest(CAST(:kinds AS text[]), CAST(:limits AS int[])) AS known(kind, claims)
WHERE jobs.ctid = ANY(ARRAY(SELECT place FROM chosen)) AND known.kind = jobs.kind
RETURNING jobs.distributor_id, jobs.id, tenant_path, jobs.kind, queue, arguments, cursor, attempt, max_attempts,
  state = 'FAILED' AS dead, traceparent, priority, run_at"""
"""A null `max_attempts` counts from here: as the actor says, for a first claim and for one that a person asked for.

The rows are locked and found by their place: by their keys PostgreSQL would join the whole table where it takes that
for empty. A row that somebody else changed just before it was locked has moved: it is left for the next claim.
"""

_TAKE: TextClause = text(f"WITH RECURSIVE {_DUE.format(only='')}, chosen AS MATERIALIZED ({_CHOSEN}) {_CLAIM}")

_TAKE_ONE: TextClause = text(f"""
WITH chosen AS MATERIALIZED (
  SELECT ctid AS place FROM jobs job
   WHERE distributor_id = :distributor_id AND id = :job_id AND queue = :queue AND kind = ANY(:kinds)
     AND (state = 'WAITING' AND run_at <= now() AND (lane IS NULL OR id = {_FIRST_OF_LANE.format(job="job")})
          OR state = 'RUNNING' AND lease_until < now())
   FOR UPDATE SKIP LOCKED
) {_CLAIM}""")

_UNSENT: TextClause = text(
    "WITH RECURSIVE "
    + _DUE.format(only="AND (sent_at IS NULL OR sent_at < now() - CAST(:again_after AS interval))")
    + _CHOSEN
)
