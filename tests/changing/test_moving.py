"""A reseller with everything that a tenant can have is moved: rows of all tables, what is owed, jobs that wait."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import func, select
from sqlalchemy.exc import ProgrammingError

from domain.shared import outbox
from domain.shared.advancing import set_clock
from domain.shared.models import Job, JobState
from jobs import claims
from jobs.lines import Lines
from tenancy.models import Tenant
from tenancy.scope import PLATFORM, SEGMENT
from tenancy.sessions import Sessions
from tests.changing.world import World, uuid_of
from tests.tenancy.places import check_tree, misplaced

pytestmark = pytest.mark.feature("T-01")

SEPTEMBER_25 = datetime(2027, 9, 25, 9, tzinfo=UTC)
SEPTEMBER_28 = datetime(2027, 9, 28, 9, tzinfo=UTC)


def give_plans(world: World, to: str) -> None:
    """Let another reseller of the distributor have what the one that is moved has copies of."""
    mine = "distributor's "
    for name in [name.removeprefix(mine) for name in world.ids if name.startswith(mine)]:
        if f"reseller's {name}" in world.ids and name != "old plan":  # which is not sold any more
            world.do("distributor", "delegatePlan", planId=world.ids[mine + name], tenantIds=[world.ids[to]])


def move(world: World, whom: str, to: str) -> None:
    world.do("distributor", "moveReseller", resellerId=world.ids[whom], parentId=world.ids[to])


def rows_below(world: World, path: str) -> dict[str, int]:
    """By table, how many rows are at this place or below it."""
    found = {}
    with psycopg.connect(world.database.superuser) as connection:
        tables = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_path'"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
        ).fetchall()
        for (table,) in tables:
            row = connection.execute(
                sql.SQL("SELECT count(*) FROM {} WHERE starts_with(tenant_path, %s)").format(sql.Identifier(table)),
                [path],
            ).fetchone()
            assert row is not None
            if row[0]:
                found[table] = row[0]
    return found


def path_of(world: World, who: str) -> str:
    with Sessions(world.engine).begin(PLATFORM) as session:
        return session.scalars(select(Tenant.tenant_path).where(Tenant.id == uuid_of(world.ids[who]))).one()


def test_the_rows_of_every_table_come_along(world: World) -> None:
    # given
    give_plans(world, "sibling")
    old = path_of(world, "reseller")
    with psycopg.connect(world.database.superuser) as connection:  # of a table that no mutation here writes to
        connection.execute(
            "INSERT INTO deprecated_uses (id, token_id, coordinate, tenant_path, removed_after, last_used_at)"
            " SELECT gen_random_uuid(), id, 'Plan.price', tenant_path, now(), now() FROM api_tokens"
        )
    before = rows_below(world, old)
    # when
    move(world, "reseller", "sibling")
    # then
    after = rows_below(world, path_of(world, "reseller"))
    assert rows_below(world, old) == {}
    assert set(before) > {"accounts", "api_tokens", "charge_levels", "charges", "deprecated_uses", "events"}
    assert set(before) > {"ledger_entries", "payments", "plans", "subscriptions", "tenants"}
    added = {"audit_entries", "events"}  # told of the move, and of new costs
    assert {name: count for name, count in after.items() if name not in added} == {
        name: count for name, count in before.items() if name not in added
    }
    assert misplaced(world.database.superuser) == {}
    check_tree(world.database.superuser)


def test_a_dry_run_tells_of_the_move_and_leaves_everything_where_it_was(world: World) -> None:
    give_plans(world, "sibling")
    before = world.digest()
    input = {"resellerId": world.ids["reseller"], "parentId": world.ids["sibling"]}
    payload = world.call("distributor", "moveReseller", input, dry=True)
    assert (payload["errors"], payload["tenant"]["parent"]["name"]) == ([], "Sandbank")
    assert world.digest() == before


def test_a_refused_move_changes_nothing(world: World) -> None:
    before = world.digest()
    input = {"resellerId": world.ids["reseller"], "parentId": world.ids["sibling"]}
    payload = world.call("distributor", "moveReseller", input)
    assert [error["code"] for error in payload["errors"]] == ["INVALID_STATE"]
    assert world.digest() == before


OWED = """mutation {
  renameTenant(dryRun: true, input: {tenantId: "rsl_", name: "-"}) { query { resellerCharges(scope: ALL, first: 200) {
    nodes { debtor { name } creditor { name } createdAt }
  } } }
}"""


def owed(world: World, who: str, since: str = "") -> set[tuple[str, str]]:
    """Who owes whom, of reseller charges made from an instant on."""
    answer = world.ask(who, OWED)
    assert "errors" not in answer, answer
    nodes = answer["data"]["renameTenant"]["query"]["resellerCharges"]["nodes"]
    return {(row["debtor"]["name"], row["creditor"]["name"]) for row in nodes if row["createdAt"] >= since}


@pytest.mark.feature("B-05")
def test_what_was_charged_before_is_owed_to_the_former_parent_and_what_comes_after_to_the_new_one(
    world: World,
) -> None:
    # given
    give_plans(world, "sibling")
    move(world, "child", "sibling")
    world.known.clear()
    # when: a charge of before is closed
    stand_at(world, SEPTEMBER_25)
    world.do("child", "stopSubscription", subscriptionId=world.ids["to stop"])
    # then
    assert owed(world, "child", since="2027-09-25") == {("Brook", "Ripple")}
    assert owed(world, "distributor", since="2027-09-25") == {("Brook", "Ripple"), ("Ripple", "Delta")}
    # when: one is made and closed after the move
    made = world.do(
        "child",
        "orderSubscription",
        accountId=world.ids["account"],
        planId=world.ids["child's plan"],
        periodId=world.ids["plan endless"],
        quantities=[{"resourceKey": "seats", "quantity": "5"}],
    )
    world.do("child", "completePayment", paymentId=made["order"]["payment"]["id"])
    stand_at(world, SEPTEMBER_28)
    world.do("child", "stopSubscription", subscriptionId=made["subscription"]["id"])
    # then
    chain = {("Brook", "Sandbank"), ("Sandbank", "Delta")}
    assert owed(world, "child", since="2027-09-28") == {("Brook", "Sandbank")}
    assert owed(world, "sibling", since="2027-09-28") == chain
    assert owed(world, "distributor", since="2027-09-28") == chain
    assert owed(world, "reseller", since="2027-09-28") == set()


def stand_at(world: World, instant: datetime) -> None:
    with Sessions(world.engine).begin(PLATFORM) as session:
        set_clock(session, uuid_of(world.ids["distributor"]), instant)


def test_a_job_that_waited_finds_the_rows_where_they_are_now(world: World) -> None:
    # given
    give_plans(world, "sibling")
    with Sessions(world.engine).begin(PLATFORM) as session:
        child = session.scalars(select(Tenant).where(Tenant.id == uuid_of(world.ids["child"]))).one()
        job_id = outbox.enqueue(session, child, "catalog.probe", queue="probe", arguments={})
    # when
    move(world, "reseller", "sibling")
    # then
    path = path_of(world, "child")
    with Sessions(world.engine).begin(PLATFORM) as session:
        (claim,) = claims.claim(session, "probe", {"catalog.probe": 1}, count=1, lease=timedelta(seconds=30))
    assert (claim.id, claim.tenant_path) == (job_id, path)
    assert claim.scope.lo == path[:SEGMENT]
    with Lines(world.engine).begin(claim.scope) as session:
        assert session.scalars(select(Tenant.tenant_path).where(Tenant.id == child.id)).one() == path
        claims.finish(session, claim)
    with Sessions(world.engine).begin(PLATFORM) as session:
        job = session.scalars(select(Job).where(Job.id == job_id)).one()
    assert (job.state, job.tenant_path) == (JobState.DONE, path)


def test_the_database_moves_nothing_for_who_may_not_write_both_places(world: World) -> None:
    tenants = {who: path_of(world, who) for who in ("distributor", "reseller", "child", "sibling")}
    reseller, child = world.who("reseller").scope, tenants["child"]
    for scope, old, new in (
        (reseller, child, tenants["sibling"] + "000009"),
        (reseller.writing_downstream(), child, tenants["sibling"] + "000009"),
        (reseller.writing_downstream(), tenants["sibling"], tenants["reseller"] + "000009"),
        (reseller, child, tenants["reseller"] + "000009"),
        (PLATFORM, child, "zzzzzz000001"),
        (PLATFORM, tenants["distributor"], tenants["distributor"] + "000009"),
    ):
        with Sessions(world.engine).begin(scope) as session:
            ask = func.app_move_rows(reseller.distributor_id, old, new, uuid_of(world.ids["reseller"]))
            with pytest.raises(ProgrammingError, match="these rows cannot be moved there"), session.begin_nested():
                session.execute(select(ask))
