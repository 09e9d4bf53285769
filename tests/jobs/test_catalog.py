"""Names follow their plan down the chain, by a real worker."""

import pytest
from sqlalchemy import select

from domain.catalog.drafts import PlanChange
from domain.catalog.models import Plan
from domain.pricing.actions import update_plan
from domain.shared import outbox
from domain.shared.models import Job, JobState
from jobs.wake import wake
from tenancy.scope import PLATFORM
from tests.domain.catalog.making import acting, delegate, make_plan
from tests.jobs.conftest import House


@pytest.mark.feature("C-06")
def test_a_new_name_reaches_every_copy_at_every_level(house: House) -> None:
    # given
    house.start_worker()
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
    wake(house.sessions.engine)
    # then
    house.until(lambda: house.states()[JobState.DONE] == 1)
    with house.sessions.begin(PLATFORM) as session:
        assert list(session.scalars(select(Plan.name))) == ["Post"] * 5
        assert session.scalars(select(Job.error)).one() is None
