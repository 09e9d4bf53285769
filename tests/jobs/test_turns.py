"""Which due jobs are claimed next, among distributors, priorities and lanes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from domain.shared import outbox
from domain.shared.models import Job, JobState, Priority
from jobs import claims, turns
from jobs.claims import Claim
from jobs.turns import BEFORE_ALL_IDS, last_served
from tenancy.hierarchy import create_distributor
from tenancy.models import Tenant
from tenancy.scope import PLATFORM
from tests.conftest import Server

LIMITS = {"trial.note": 5}
LEASE = timedelta(seconds=60)


@pytest.fixture
def distributors(session: Session) -> list[Tenant]:
    """Three, in the order of their ids."""
    founded = [
        create_distributor(
            session, PLATFORM, name=name, currency="EUR", admin_email=f"admin@{name}.example", sandbox=False
        )
        for name in ("one", "two", "three")
    ]
    return sorted((each.tenant for each in founded), key=lambda tenant: tenant.id)


def enqueue(session: Session, owner: Tenant, *, count: int = 1, **more: object) -> list[UUID]:
    # Due since yesterday: the transaction of the test began before its jobs.
    values = {"run_at": datetime.now(UTC) - timedelta(days=1)} | more
    return [
        outbox.enqueue(session, owner, "trial.note", queue="trial", arguments={}, **values)  # type: ignore[arg-type]
        for _ in range(count)
    ]


def claim(session: Session, count: int, **more: object) -> list[Claim]:
    return claims.claim(session, "trial", LIMITS, count=count, lease=LEASE, **more)  # type: ignore[arg-type]


def owners(taken: Sequence[Claim]) -> list[UUID]:
    return [each.distributor_id for each in taken]


def test_distributors_take_turns_however_many_jobs_one_of_them_has(
    session: Session, distributors: list[Tenant]
) -> None:
    # given
    one, two, three = distributors
    enqueue(session, one, count=50)
    enqueue(session, two, count=2)
    enqueue(session, three, count=2)
    # when: a claim for four, four times
    served, after = [], BEFORE_ALL_IDS
    for _ in range(4):
        taken = claim(session, 4, after=after)
        after = last_served(owners(taken), after)
        served.append(owners(taken))
    # then: each turn goes on behind the last distributor that was served
    assert served[0] == [one.id] * 4
    assert sorted(served[1]) == sorted([two.id] * 2 + [three.id] * 2)
    assert served[2] == served[3] == [one.id] * 4


def test_an_urgent_job_goes_before_older_ones_of_its_distributor(session: Session, distributors: list[Tenant]) -> None:
    # given
    last, usual, first = (
        enqueue(session, distributors[0], priority=priority)[0]
        for priority in (Priority.LAST, Priority.USUAL, Priority.FIRST)
    )
    # then
    assert [claim(session, 1)[0].id for _ in range(3)] == [first, usual, last]


def test_urgent_jobs_of_one_distributor_do_not_go_before_those_of_another(
    session: Session, distributors: list[Tenant]
) -> None:
    # given
    one, two, _ = distributors
    enqueue(session, one, count=20, priority=Priority.FIRST)
    (humble,) = enqueue(session, two, priority=Priority.LAST)
    # when
    claim(session, 2)
    # then
    assert [each.id for each in claim(session, 1, after=one.id)] == [humble]


def test_what_is_late_by_a_moment_is_due_and_what_is_early_is_not(session: Session, distributors: list[Tenant]) -> None:
    # given
    now = datetime.now(UTC)
    enqueue(session, distributors[0], run_at=now + timedelta(hours=1))
    (due,) = enqueue(session, distributors[0], run_at=now - timedelta(hours=1))
    # then
    assert [each.id for each in claim(session, 5)] == [due]


def test_only_the_first_of_a_lane_is_due(session: Session, distributors: list[Tenant]) -> None:
    # given
    one, two, _ = distributors
    first, second = enqueue(session, one, count=2, lane="clock")
    (other,) = enqueue(session, one, lane="shop")
    (elsewhere,) = enqueue(session, two, lane="clock")
    # then
    assert {each.id for each in claim(session, 10)} == {first, other, elsewhere}
    assert claim(session, 10) == []
    # and when
    session.execute(update(Job).where(Job.id == first).values(state=JobState.DONE))
    # then
    assert [each.id for each in claim(session, 10)] == [second]


def test_an_urgent_job_does_not_overtake_in_its_lane(session: Session, distributors: list[Tenant]) -> None:
    # given
    (first,) = enqueue(session, distributors[0], lane="clock")
    enqueue(session, distributors[0], lane="clock", priority=Priority.FIRST)
    # then
    assert [each.id for each in claim(session, 10)] == [first]


def test_of_jobs_that_lost_their_worker_no_more_are_taken_than_can_begin(
    session: Session, distributors: list[Tenant]
) -> None:
    # given
    lost = enqueue(session, distributors[0], count=6)
    claim(session, 6)
    session.execute(update(Job).values(lease_until=datetime.now(UTC) - timedelta(seconds=1)))
    (fresh,) = enqueue(session, distributors[1])
    # when
    taken = claim(session, 10, alone=2)
    # then
    assert len(taken) == 3
    assert {each.attempt for each in taken if each.id in lost} == {2}
    assert fresh in {each.id for each in taken}


def test_a_job_that_was_claimed_too_often_is_given_up_at_the_claim(
    session: Session, distributors: list[Tenant]
) -> None:
    # given
    (poison,) = enqueue(session, distributors[0])
    session.execute(
        update(Job).values(
            state=JobState.RUNNING, attempt=5, max_attempts=5, lease_until=datetime.now(UTC) - timedelta(seconds=1)
        )
    )
    # when
    (taken,) = claim(session, 1)
    # then
    assert (taken.id, taken.dead) == (poison, True)
    job = session.scalars(select(Job).execution_options(populate_existing=True)).one()
    assert (job.state, job.error) == (JobState.FAILED, "claimed too often: the worker died")
    assert claim(session, 1) == []


def test_the_turn_after_the_last_distributor_is_the_first_ones(distributors: list[Tenant]) -> None:
    one, two, three = (tenant.id for tenant in distributors)
    assert last_served([one, three], two) == one
    assert last_served([two, three], one) == three
    assert last_served([], two) == two


@pytest.mark.slow
@pytest.mark.feature("A-10")
@pytest.mark.parametrize("known", [True, False])
def test_a_million_jobs_of_one_distributor_do_not_starve_ten_of_another(
    session: Session, distributors: list[Tenant], database: Server, known: bool
) -> None:
    # given: a million due ones without a lane, many in one lane, and many for tomorrow
    one, two, three = distributors
    for owner, count, lane, due in (
        (one, 1_000_000, "NULL", "- interval '1 day'"),
        (one, 100_000, "'clock'", "- interval '1 day'"),
        (three, 100_000, "NULL", "+ interval '1 day'"),
    ):
        session.execute(
            text(
                "INSERT INTO jobs (distributor_id, id, tenant_id, tenant_path, kind, queue, arguments, state, attempt,"
                " done, lane, run_at)"
                " SELECT :owner, app_uuid7(), :owner, :path, 'trial.note', 'trial', '{}', 'WAITING', 0, 0,"
                f" {lane}, now() {due} FROM generate_series(1, :count)"
            ),
            {"owner": owner.id, "path": owner.tenant_path, "count": count},
        )
    ten = enqueue(session, two, count=10)
    # and: PostgreSQL has counted them, or has counted a table in which it did not see them
    if known:
        session.execute(text("ANALYZE jobs"))
    else:
        with psycopg.connect(database.superuser, autocommit=True) as superuser:
            superuser.execute("ANALYZE jobs")
    # when: two claims
    first = claim(session, 50)
    second = claim(session, 10, after=last_served(owners(first), BEFORE_ALL_IDS))
    # then
    assert owners(first) == [one.id] * 50
    assert {each.id for each in second} == set(ten)
    # and a claim reads no more than it takes, whatever PostgreSQL knows of the table
    for after in (BEFORE_ALL_IDS, one.id, two.id, three.id):
        plan = _plan(session, count=20, after=after)
        assert _read(plan) < 400, plan
        assert not [
            node for node in _nodes(plan) if node["Node Type"] == "Seq Scan" and node["Relation Name"] == "jobs"
        ]


def _plan(session: Session, *, count: int, after: UUID) -> dict[str, object]:
    session.execute(turns._AS_MEANT)
    explained = text(f"EXPLAIN (ANALYZE, FORMAT JSON) {turns._TAKE.text}")
    values = {
        "queue": "trial",
        "kinds": list(LIMITS),
        "limits": list(LIMITS.values()),
        "count": count,
        "alone": count,
        "after": after,
        "lease": LEASE,
    }
    plan: dict[str, object] = session.scalars(explained, values).one()[0]["Plan"]
    return plan


def _nodes(plan: dict[str, object]) -> list[dict[str, object]]:
    below = plan.get("Plans", [])
    assert isinstance(below, list)
    return [plan, *(node for each in below for node in _nodes(each))]


def _read(plan: dict[str, object]) -> float:
    """Rows of the table that were looked at."""
    return sum(
        (float(str(node["Actual Rows"])) + float(str(node.get("Rows Removed by Filter", 0))))
        * float(str(node["Actual Loops"]))
        for node in _nodes(plan)
        if node.get("Relation Name") == "jobs"
    )
