"""Names follow their plan down the chain, by the worker as it is started everywhere, with the owner's URL."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from domain.catalog.drafts import PlanChange
from domain.catalog.models import Plan
from domain.pricing import repricing
from domain.pricing.actions import set_markup, update_plan
from domain.shared import outbox
from domain.shared.models import Job, JobState
from tenancy.scope import PLATFORM
from tests.conftest import Server
from tests.domain.catalog.making import acting, delegate, make_plan, prices
from tests.jobs.conftest import House

ROOT = Path(__file__).parents[2]


@pytest.mark.feature("C-06")
def test_a_new_name_reaches_every_copy_at_every_level(house: House, fresh_database: Server) -> None:
    # given
    chain = house.chain
    with house.sessions.begin(PLATFORM) as session:
        plan = make_plan(session, chain.distributor, name="Mail")
        for reseller, child in ((chain.reseller, chain.child), (chain.sibling, chain.cousin)):
            delegate(session, delegate(session, plan, chain.distributor, reseller), reseller, child)
    # when
    with house.sessions.begin(PLATFORM) as session:
        scope = acting(session, chain.distributor)
        update_plan(session, scope, plan_id=plan.id, change=PlanChange(name="Post"), clock=chain.clock)
        assert outbox.has_enqueued(session)
    program = subprocess.Popen([sys.executable, "-m", "jobs.worker", "--database-url", fresh_database.owner], cwd=ROOT)
    # then
    house.until(lambda: house.states()[JobState.DONE] == 1)
    program.terminate()
    assert program.wait(10) == 0
    with house.sessions.begin(PLATFORM) as session:
        assert list(session.scalars(select(Plan.name))) == ["Post"] * 5
        assert session.scalars(select(Job.error)).one() is None


@pytest.mark.feature("C-08")
def test_prices_reach_more_copies_than_a_request_takes(
    house: House, fresh_database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr(repricing, "AT_ONCE", 0)
    chain = house.chain
    with house.sessions.begin(PLATFORM) as session:
        plan = make_plan(session, chain.distributor)
        first = delegate(session, plan, chain.distributor, chain.reseller, "25")
        delegate(session, first, chain.reseller, chain.child, "10")
    # when
    with house.sessions.begin(PLATFORM) as session:
        scope = acting(session, chain.distributor)
        set_markup(session, scope, plan_id=plan.id, markup_percent=Decimal(150), clock=chain.clock)
    program = subprocess.Popen([sys.executable, "-m", "jobs.worker", "--database-url", fresh_database.owner], cwd=ROOT)
    # then
    house.until(lambda: house.states()[JobState.DONE] == 1)
    program.terminate()
    assert program.wait(10) == 0
    with house.sessions.begin(PLATFORM) as session:
        plans = session.scalars(select(Plan).order_by(Plan.tenant_path)).all()
        assert [net for net, _ in prices(session, plans)] == [Decimal("6.40"), Decimal("16.00"), Decimal("20.00")]
        assert prices(session, plans)[-1][1] == Decimal("22.00")
        assert session.scalars(select(Job.done)).one() == 2
