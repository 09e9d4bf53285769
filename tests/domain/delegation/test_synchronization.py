"""Names and other synchronized fields reach every copy, and nothing else does."""

import threading
from decimal import Decimal

import pytest
from sqlalchemy import delete, select, text, update

from db.engine import application_engine
from domain.catalog.drafts import PlanChange, PlanResourceChange
from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.delegation import synchronization
from domain.delegation.synchronization import repair_plans, synchronize_plan
from domain.pricing.actions import update_plan
from domain.shared.errors import NotFound
from tenancy.clock import Clock
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import ScopedSession, Sessions
from tests.conftest import Chain, Server, act_as, distributor_scope, found_chain
from tests.domain.catalog.making import acting, delegate, make_plan, prices, resource


def synchronize(session: ScopedSession, chain: Chain, plan: Plan) -> int:
    """As the job does it, in the distributor's scope."""
    scope = act_as(session, distributor_scope(chain.distributor))
    return synchronize_plan(session, scope, plan_id=plan.id, clock=chain.clock)


def spread(session: ScopedSession, chain: Chain) -> list[Plan]:
    """An own plan and its copies: reseller, child, sibling, cousin."""
    own = make_plan(session, chain.distributor)
    copy = delegate(session, own, chain.distributor, chain.reseller, "10")
    beside = delegate(session, own, chain.distributor, chain.sibling)
    return [
        own,
        copy,
        delegate(session, copy, chain.reseller, chain.child),
        beside,
        delegate(session, beside, chain.sibling, chain.cousin),
    ]


def change(session: ScopedSession, chain: Chain, plan: Plan, what: PlanChange) -> None:
    update_plan(session, acting(session, chain.distributor), plan_id=plan.id, change=what, clock=chain.clock)


@pytest.mark.feature("C-06")
def test_a_renamed_plan_and_resource_have_their_new_names_at_every_level(session: ScopedSession, chain: Chain) -> None:
    # given
    plans = spread(session, chain)
    what = PlanChange(
        name="Post", sku="P-1", resources=[PlanResourceChange("licence", name="Seat", priority=9, public=False)]
    )
    change(session, chain, plans[0], what)
    assert plans[4].name == "Mail"
    # when
    assert synchronize(session, chain, plans[0]) == 4
    # then
    for plan in plans:
        seat = resource(session, plan)
        assert (plan.name, plan.sku, seat.name, seat.priority, seat.public) == ("Post", "P-1", "Seat", 9, False)
        assert (plan.version, plan.synchronized_version) == (2, 2)


@pytest.mark.feature("C-06")
def test_a_second_and_a_late_job_change_nothing(session: ScopedSession, chain: Chain) -> None:
    plans = spread(session, chain)
    change(session, chain, plans[0], PlanChange(name="Post"))
    change(session, chain, plans[0], PlanChange(name="Letters"))
    assert synchronize(session, chain, plans[0]) == 4
    assert synchronize(session, chain, plans[0]) == 0
    assert synchronize(session, chain, plans[4]) == 0  # a copy's id means its origin
    assert {(plan.name, plan.version) for plan in plans[1:]} == {("Letters", 2)}


@pytest.mark.feature("C-06")
def test_local_fields_and_prices_stay(session: ScopedSession, chain: Chain) -> None:
    # given
    plans = spread(session, chain)
    scope = acting(session, chain.reseller)
    local = PlanChange(public=False, description="Ours")
    update_plan(session, scope, plan_id=plans[1].id, change=local, clock=chain.clock)
    change(session, chain, plans[0], PlanChange(name="Post", public=True, description="Theirs"))
    # when
    synchronize(session, chain, plans[0])
    # then
    copy = plans[1]
    assert (copy.name, copy.public, copy.description) == ("Post", False, "Ours")
    assert (copy.markup_percent, resource(session, copy).recurring_per_month) == (Decimal(10), Decimal("8.80"))
    assert plans[2].description is None


@pytest.mark.feature("C-06")
def test_many_copies_are_brought_in_batches(
    session: ScopedSession, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synchronization, "BATCH", 3)
    plans = spread(session, chain)
    change(session, chain, plans[0], PlanChange(name="Post"))
    assert synchronize(session, chain, plans[0]) == 4
    assert {plan.name for plan in plans} == {"Post"}


@pytest.mark.feature("C-06")
def test_a_change_of_price_alone_leaves_nothing_to_bring(session: ScopedSession, chain: Chain) -> None:
    plans = spread(session, chain)
    change(session, chain, plans[0], PlanChange(public=False))
    assert synchronize(session, chain, plans[0]) == 0
    assert {(plan.version, plan.synchronized_version) for plan in plans[1:]} == {(1, 2)}


@pytest.mark.feature("T-02")
def test_nothing_is_synchronized_from_another_distributors_tree(session: ScopedSession, chain: Chain) -> None:
    plans = spread(session, chain)
    act_as(session, PLATFORM)
    other = found_chain(session)
    scope = act_as(session, distributor_scope(other.distributor))
    with pytest.raises(NotFound):
        synchronize_plan(session, scope, plan_id=plans[0].id, clock=other.clock)
    assert repair_plans(session, scope, clock=other.clock) == []


@pytest.mark.feature("C-07")
def test_repair_brings_back_what_has_drifted_and_says_where(session: ScopedSession, chain: Chain) -> None:
    # given
    drifted, sound = spread(session, chain), make_plan(session, chain.distributor, name="Archive")
    delegate(session, sound, chain.distributor, chain.reseller)
    scope = act_as(session, distributor_scope(chain.distributor))
    session.execute(update(Plan).where(Plan.id == drifted[2].id).values(name="Typo"))
    session.execute(update(PlanResource).where(PlanResource.plan_id == drifted[4].id).values(priority=3))
    session.execute(update(PlanPeriod).where(PlanPeriod.plan_id == drifted[4].id).values(public=False))
    session.execute(delete(PlanResource).where(PlanResource.plan_id.in_([drifted[1].id, drifted[2].id])))
    # when
    (repair,) = repair_plans(session, scope, clock=chain.clock)
    # then
    assert (repair.plan_id, repair.tenant_id, repair.copies) == (drifted[0].id, chain.distributor.tenant.id, 3)
    assert repair.places == {
        "name": 1,
        "periods.ENDLESS.public": 1,
        "resources.licence": 2,
        "resources.licence.priority": 1,
    }
    assert prices(session, drifted[:3]) == [
        (Decimal("6.40"), Decimal("8.00")),
        (Decimal("8.00"), Decimal("8.80")),
        (Decimal("8.80"), Decimal("8.80")),
    ]
    session.refresh(drifted[2])
    assert (drifted[2].name, resource(session, drifted[4]).priority) == ("Mail", 0)
    assert session.scalars(select(PlanPeriod.public).distinct()).all() == [True]
    assert repair_plans(session, scope, clock=chain.clock) == []


@pytest.mark.feature("C-06")
def test_two_jobs_at_once_and_a_rename_between_leave_the_newest_name(fresh_database: Server) -> None:
    """Four renames, each followed by two jobs in two threads that meet: whatever the order, the last name stays."""
    engine = application_engine(fresh_database.app)
    sessions = Sessions(engine)
    with sessions.begin(PLATFORM) as session:
        chain = found_chain(session)
        ids = [plan.id for plan in spread(session, chain)]
    whole, clock = distributor_scope(chain.distributor), chain.clock
    faults: list[BaseException] = []

    def job(scope: Scope, at: Clock) -> None:
        try:
            with sessions.begin(scope) as session:
                session.execute(text("SET LOCAL lock_timeout = '10s'"))
                synchronize_plan(session, scope, plan_id=ids[0], clock=at)
        except BaseException as fault:  # noqa: BLE001 - the test's own thread tells of it
            faults.append(fault)

    jobs = []
    for name in ("One", "Two", "Three", "Four"):
        with sessions.begin(whole) as session:
            update_plan(session, whole, plan_id=ids[0], change=PlanChange(name=name), clock=clock)
        for _ in range(2):
            jobs.append(threading.Thread(target=job, args=(whole, clock)))
            jobs[-1].start()
    for thread in jobs:
        thread.join()
    with sessions.begin(PLATFORM) as session:
        names = set(session.scalars(select(Plan.name)))
    engine.dispose()
    assert faults == []
    assert names == {"Four"}
