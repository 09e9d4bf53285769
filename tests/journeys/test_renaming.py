"""One name for everybody: a vendor renames a plan, and the copies of 5,500 resellers below a distributor follow."""

import time
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select, update

from db.engine import application_engine
from db.ids import encode
from domain.catalog.models import Plan
from domain.catalog.products import create_product
from domain.delegation.actions import make_copies
from domain.pricing.publishing import accept_vendor, publish_product
from domain.shared.models import Job, JobState
from tenancy.hierarchy import Founded, create_distributor, create_reseller
from tenancy.models import Tenant
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.conftest import Chain, distributor_scope, found_chain
from tests.domain.catalog.making import acting, make_plan, now_of
from tests.journeys.conftest import House

pytestmark = [pytest.mark.slow, pytest.mark.feature("C-01"), pytest.mark.feature("C-06")]

RESELLERS = 500
CHILDREN = 10
"""Child resellers below each reseller."""
RENAME = """mutation ($input: UpdatePlanInput!) {
  updatePlan(input: $input) { plan { name } errors { code message } }
}"""
LIMIT = timedelta(minutes=2)


def test_renamed_twice_with_the_jobs_in_the_wrong_order_the_last_name_is_everywhere(house: House) -> None:
    # given: a plan, and copies of it at 500 resellers and at 5,000 below them
    engine = application_engine(house.database.app)
    sessions = Sessions(engine)
    vendor, plan_id = spread(sessions)
    # when: the vendor renames it, and again before the first job begins; the first job comes last
    held = Job.kind == "catalog.publish_product", Job.state == JobState.WAITING
    worker = house.processes["worker"]
    worker.terminate()
    worker.wait(20)
    rename(house, vendor, plan_id, "Post")
    with sessions.begin(PLATFORM) as session:
        later = func.clock_timestamp() + timedelta(seconds=5)
        session.execute(update(Job).where(*held).values(run_at=later, unique_key=None))
    rename(house, vendor, plan_id, "Letters")
    house.start("worker", "jobs.worker")
    # then
    names = copies_once_done(sessions)
    assert names == [("Letters", 2 + RESELLERS * (1 + CHILDREN))]
    with sessions.begin(PLATFORM) as session:
        assert list(session.scalars(select(Job.state).where(held[0]))) == [JobState.DONE] * 3
        assert session.scalars(select(Plan.version).where(Plan.parent_id.is_not(None)).distinct()).all() == [2]
    engine.dispose()


def spread(sessions: Sessions) -> tuple[Founded, UUID]:
    """A vendor's plan at a distributor and every reseller of two levels below it."""
    with sessions.begin(PLATFORM) as session:
        vendor = create_distributor(
            session, PLATFORM, name="Brine", currency="EUR", admin_email="admin@brine.example", vendor=True
        )
        chain = found_chain(session)
        scope, clock = acting(session, vendor), now_of(session, vendor)
        product = create_product(session, scope, key="mail", name="Mail", clock=clock)
        plan_id = make_plan(session, vendor, product_id=product.id).id
        brine, delta = vendor.tenant.number, chain.distributor.tenant.number
        accept_vendor(session, acting(session, chain.distributor), vendor_number=brine, clock=chain.clock)
        scope = acting(session, vendor)
        publish_product(session, scope, product_id=product.id, distributor_numbers=[delta], clock=clock)
    copies_once_done(sessions)
    whole = distributor_scope(chain.distributor)
    resellers = [found_below(sessions, chain, chain.distributor.tenant, f"R{at}") for at in range(RESELLERS)]
    with sessions.begin(whole) as session:
        plan = session.scalars(select(Plan).where(Plan.source_id == plan_id)).one()
        copies = make_copies(session, whole, plan, resellers, markups={}, clock=chain.clock)
    for at, (reseller, copy) in enumerate(zip(resellers, copies, strict=True)):
        children = [found_below(sessions, chain, reseller, f"R{at}C{number}") for number in range(CHILDREN)]
        with sessions.begin(whole) as session:
            make_copies(session, whole, copy, children, markups={}, clock=chain.clock)
    return vendor, plan_id


def found_below(sessions: Sessions, chain: Chain, parent: Tenant, name: str) -> Tenant:
    scope = replace(distributor_scope(chain.distributor), tenant_id=parent.id, path=parent.tenant_path)
    with sessions.begin(scope) as session:
        made = create_reseller(
            session, scope, parent_id=None, name=name, currency="EUR", admin_email=f"{name.lower()}@delta.example"
        )
        session.expunge_all()
        return made.tenant


def rename(house: House, vendor: Founded, plan_id: UUID, name: str) -> None:
    answer = httpx2.post(
        f"{house.url}/graphql",
        json={
            "query": RENAME,
            "variables": {"input": {"planId": encode("pln", plan_id), "change": {"name": name}}},
        },
        headers={"Authorization": f"Bearer {vendor.token}"},
    ).json()
    assert answer["data"]["updatePlan"] == {"plan": {"name": name}, "errors": []}


def copies_once_done(sessions: Sessions) -> list[tuple[str, int]]:
    """Names and how many plans have them, as soon as no job waits."""
    until = time.monotonic() + LIMIT.total_seconds()
    while time.monotonic() < until:
        with sessions.begin(PLATFORM) as session:
            open_jobs = Job.state.in_([JobState.WAITING, JobState.RUNNING])
            if not session.scalar(select(func.count()).select_from(Job).where(open_jobs)):
                rows = session.execute(select(Plan.name, func.count()).group_by(Plan.name))
                return [(name, count) for name, count in rows]
        time.sleep(0.2)
    raise AssertionError("jobs still wait")
