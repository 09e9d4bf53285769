"""Changed rows are written many at once as the unit of work would have written them one by one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, delete, event, func, select, text
from sqlalchemy.orm.exc import StaleDataError

from db.appending import add_at_once
from db.rewriting import rewriting
from domain.audit.models import AuditEntry
from domain.customers.actions import create_account
from domain.customers.models import Account
from domain.shared.models import Job, JobState
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.payments.selling import open_shop

NOON = datetime(2027, 8, 20, 12, 0, 0, 123456, tzinfo=UTC)


def job(chain: Chain, **more: Any) -> Job:
    tenant = chain.distributor.tenant
    owner = {"distributor_id": tenant.distributor_id, "tenant_id": tenant.id, "tenant_path": tenant.tenant_path}
    return Job(**owner, kind="trial.note", queue="trial", arguments={"text": "“é\\'"}, **more)


@pytest.fixture
def jobs(session: ScopedSession, chain: Chain) -> list[Job]:
    found = [job(chain) for _ in range(3)]
    session.add_all(found)
    session.flush()
    return found


@contextmanager
def statements(session: ScopedSession, begin: str) -> Iterator[list[str]]:
    """The statements that begin so."""
    seen: list[str] = []
    connection = session.connection()

    def see(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith(begin):
            seen.append(statement)

    event.listen(connection, "before_cursor_execute", see)
    yield seen
    event.remove(connection, "before_cursor_execute", see)


def stored(session: ScopedSession) -> list[tuple[Any, ...]]:
    columns = (Job.state, Job.done, Job.total, Job.error, Job.cursor, Job.started_at, Job.actor_id, Job.cancellable)
    return [tuple(row) for row in session.execute(select(*columns, Job.arguments, Job.priority).order_by(Job.id))]


def change(jobs: list[Job]) -> None:
    for number, each in enumerate(jobs):
        each.state, each.done, each.total = JobState.RUNNING, number, None
        each.error, each.started_at, each.cancellable = "“é\\'\n", NOON, True
        each.cursor, each.actor_id = {"at": [number, None]}, each.tenant_id


def test_rows_changed_alike_are_one_statement_and_say_the_same(session: ScopedSession, jobs: list[Job]) -> None:
    # given
    change(jobs)
    session.flush()
    expected = stored(session)
    for each in jobs:
        each.state, each.done, each.error, each.cursor = JobState.WAITING, 7, None, {"at": 1}
        each.started_at, each.cancellable, each.actor_id = None, False, None
    session.flush()
    # when
    with rewriting(session), statements(session, "UPDATE jobs") as seen:
        change(jobs)
        assert stored(session) == expected
        session.flush()
    # then: those at 7 and those at less differ in the same columns
    assert len(seen) == 1
    assert not session.dirty


def test_rows_changed_in_other_columns_are_other_statements(session: ScopedSession, jobs: list[Job]) -> None:
    with rewriting(session), statements(session, "UPDATE jobs") as seen:
        for each in jobs[:2]:
            each.done = 1
        jobs[2].total = 5
        session.flush()
    assert len(seen) == 2
    assert session.execute(select(Job.done, Job.total).order_by(Job.id)).all() == [(1, None), (1, None), (0, 5)]


def test_a_json_null_is_written_as_ever(session: ScopedSession, jobs: list[Job]) -> None:
    with rewriting(session):
        change(jobs)
        session.flush()
        for each in jobs:
            each.cursor = None
        session.flush()
    assert session.scalars(text("SELECT jsonb_typeof(cursor) FROM jobs WHERE queue = 'trial'")).all() == ["null"] * 3


def test_a_changed_row_that_is_gone_is_an_error(session: ScopedSession, jobs: list[Job]) -> None:
    session.execute(delete(Job).where(Job.id == jobs[1].id), execution_options={"synchronize_session": False})
    session.begin_nested()
    for each in jobs:
        each.done = 1
    with rewriting(session), pytest.raises(StaleDataError, match="3 rows of jobs have changed, 2 are there"):
        session.flush()


def test_the_audit_log_tells_of_each_of_a_few_rows(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    other = create_account(session, shop.scope, name="Quay", email="it@quay.example", clock=shop.clock)
    # when
    with rewriting(session):
        for account, amount in ((shop.account, "5.5"), (other, "7")):
            account.funds = Decimal(amount)
        session.flush()
    # then
    told = session.scalars(select(AuditEntry).where(AuditEntry.subject == "accounts", AuditEntry.verb == "CHANGED"))
    assert {entry.subject_id: entry.changes for entry in told} == {
        shop.account.id: {"funds": ["0.0000", "5.5000"]},
        other.id: {"funds": ["0.0000", "7.0000"]},
    }
    assert session.scalars(select(func.sum(Account.funds))).one() == Decimal("12.5")


@pytest.mark.parametrize(
    "add", [lambda session, rows: session.add_all(rows), add_at_once], ids=["one by one", "at once"]
)
def test_new_rows_are_the_same_and_the_sessions_own(
    session: ScopedSession, chain: Chain, add: Callable[[ScopedSession, list[Job]], None]
) -> None:
    # when
    rows = [job(chain, unique_key=key, lane=lane) for key, lane in (("a", None), ("b", "days"))]
    add(session, rows)
    session.flush()
    # then
    assert all(each in session and each not in session.new for each in rows)
    assert [(each.priority, each.done, each.cursor, each.lane) for each in rows] == [
        (1, 0, None, None),
        (1, 0, None, "days"),
    ]
    assert all(each.run_at is not None for each in rows)
    expected = (JobState.WAITING, 0, None, None, None, None, None, False, {"text": "“é\\'"}, 1)
    assert stored(session) == [expected, expected]
    # and when
    rows[1].done = 3
    session.flush()
    # then
    assert session.scalars(select(Job.done).order_by(Job.unique_key)).all() == [0, 3]


def test_new_rows_at_once_are_one_statement(session: ScopedSession, chain: Chain) -> None:
    with statements(session, "INSERT INTO jobs") as seen:
        add_at_once(session, [job(chain, lane=lane) for lane in (None, "days", None)])
    assert len(seen) == 1
