"""What a worker does for the audit log: it leaves entries as everybody, and takes all into the chains."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from domain.audit.chain import Head, verify
from domain.audit.entries import sealed
from domain.audit.models import AuditEntry
from domain.catalog.drafts import PlanChange
from domain.pricing.actions import update_plan
from domain.shared.models import Job, JobState
from tenancy.scope import PLATFORM
from tests.conftest import Server
from tests.domain.catalog.making import acting, delegate, make_plan
from tests.jobs.conftest import House

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.feature("T-12")


def test_a_jobs_effect_is_told_with_the_job_and_what_was_before_it_is_sealed(
    house: House, fresh_database: Server
) -> None:
    # given
    chain = house.chain
    with house.sessions.begin(PLATFORM) as session:
        plan = make_plan(session, chain.distributor, name="Mail")
        copy = delegate(session, plan, chain.distributor, chain.reseller)
    with house.sessions.begin(PLATFORM) as session:
        scope = acting(session, chain.distributor)
        update_plan(session, scope, plan_id=plan.id, change=PlanChange(name="Post"), clock=chain.clock)
    with house.sessions.begin(PLATFORM) as session:
        before = session.scalar(select(func.count()).select_from(AuditEntry)) or 0
    # when
    program = subprocess.Popen([sys.executable, "-m", "jobs.worker", "--database-url", fresh_database.owner], cwd=ROOT)

    def head() -> Head:
        with house.sessions.begin(PLATFORM) as session:
            found = verify(sealed(session, house.distributor.id))
        assert isinstance(found, Head)
        return found

    house.until(lambda: house.states()[JobState.DONE] == 1 and head().sequence >= before)
    program.terminate()
    assert program.wait(10) == 0
    # then
    with house.sessions.begin(PLATFORM) as session:
        job = session.scalars(select(Job)).one()
        renamed = session.scalars(select(AuditEntry).where(AuditEntry.job_id == job.id)).all()
        assert {entry.operation for entry in renamed} == {"catalog.synchronize_plan"}
        (entry,) = [each for each in renamed if each.subject_id == copy.id]
        assert entry.changes["name"] == ["Mail", "Post"]
        assert (entry.actor_kind, entry.actor_id, entry.tenant_id) == (None, None, chain.reseller.tenant.id)
