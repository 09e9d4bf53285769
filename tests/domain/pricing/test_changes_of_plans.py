"""Prices down the chain, changes of plans, and who may make them."""

import threading
from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from db.engine import application_engine
from domain.catalog.drafts import FeesChange, PlanChange, PlanResourceChange
from domain.catalog.errors import PlanStale
from domain.catalog.models import Plan
from domain.delegation.actions import delegate_plan
from domain.delegation.errors import FieldIsUpstreams
from domain.pricing.actions import set_markup, update_plan
from domain.shared.errors import ActAsRequired, InvalidInput, NotFound
from domain.shared.models import Event, Job
from tenancy.hierarchy import Founded
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession, Sessions
from tests.conftest import Chain, Server, found_chain, scope_of
from tests.domain.catalog.making import acting, delegate, found_below, make_plan, prices, resource


def D(*texts: str) -> tuple[Decimal, ...]:  # noqa: N802 - short, in tables of amounts
    return tuple(Decimal(text) for text in texts)


def three_levels(session: ScopedSession, chain: Chain, markups: tuple[str | None, str | None]) -> list[Plan]:
    own = make_plan(session, chain.distributor)
    copy = delegate(session, own, chain.distributor, chain.reseller, markups[0])
    return [own, copy, delegate(session, copy, chain.reseller, chain.child, markups[1])]


def new_price(price: str) -> PlanChange:
    return PlanChange(resources=[PlanResourceChange("licence", fees=FeesChange(recurring_per_month=Decimal(price)))])


@pytest.mark.feature("C-08")
def test_a_new_price_reprices_automatic_levels_and_only_tells_manual_ones_their_net_cost(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    plans = three_levels(session, chain, ("12.5", None))
    sibling = delegate(session, plans[0], chain.distributor, chain.sibling)
    assert prices(session, plans) == [D("6.40", "8.00"), D("8.00", "9.00"), D("9.00", "9.00")]
    # when
    scope = acting(session, chain.distributor)
    update_plan(session, scope, plan_id=plans[0].id, change=new_price("8.80"), clock=chain.clock)
    # then
    assert prices(session, [*plans, sibling]) == [
        D("6.40", "8.80"),
        D("8.80", "9.90"),
        D("9.90", "9.00"),
        D("8.80", "8.00"),
    ]
    assert [plan.version for plan in (*plans, sibling)] == [2, 2, 2, 2]
    told = session.execute(
        select(Event.type, Event.tenant_id).where(Event.type.in_(["plan.repriced", "plan.net_cost_changed"]))
    ).all()
    assert set(map(tuple, told)) == {
        ("plan.repriced", chain.reseller.tenant.id),
        ("plan.net_cost_changed", chain.child.tenant.id),
        ("plan.net_cost_changed", chain.sibling.tenant.id),
    }


@pytest.mark.feature("C-08")
def test_a_markup_is_a_price_from_the_stored_net_cost_half_up_to_four_decimals(
    session: ScopedSession, chain: Chain
) -> None:
    plans = three_levels(session, chain, ("12.5", "11.1111"))
    assert prices(session, plans) == [D("6.40", "8.00"), D("8.00", "9.00"), D("9.00", "10.0000")]
    set_markup(
        session,
        acting(session, chain.reseller),
        plan_id=plans[1].id,
        markup_percent=Decimal("0.0007"),
        clock=chain.clock,
    )
    # 8 × 1.000007 = 8.000056 → 8.0001; 8.0001 × 1.111111 = 8.888999… → 8.8890
    assert prices(session, plans) == [D("6.40", "8.00"), D("8.00", "8.0001"), D("8.0001", "8.8890")]


@pytest.mark.feature("C-08")
def test_fees_set_by_hand_end_the_markup(session: ScopedSession, chain: Chain) -> None:
    plans = three_levels(session, chain, ("12.5", "10"))
    scope = acting(session, chain.reseller)
    copy = update_plan(session, scope, plan_id=plans[1].id, change=new_price("9.50"), clock=chain.clock)
    assert copy.markup_percent is None
    assert prices(session, plans) == [D("6.40", "8.00"), D("8.00", "9.50"), D("9.50", "10.45")]
    scope = acting(session, chain.distributor)
    update_plan(session, scope, plan_id=plans[0].id, change=new_price("20"), clock=chain.clock)
    assert prices(session, plans) == [D("6.40", "20"), D("20", "9.50"), D("9.50", "10.45")]


def test_an_own_plan_with_a_markup_follows_its_own_net_cost(session: ScopedSession, chain: Chain) -> None:
    plans = three_levels(session, chain, ("10", "10"))
    scope = acting(session, chain.distributor)
    set_markup(session, scope, plan_id=plans[0].id, markup_percent=Decimal(50), clock=chain.clock)
    assert prices(session, plans) == [D("6.40", "9.60"), D("9.60", "10.56"), D("10.56", "11.616")]
    change = PlanChange(resources=[PlanResourceChange("licence", net_cost=FeesChange(recurring_per_month=Decimal(10)))])
    update_plan(session, scope, plan_id=plans[0].id, change=change, clock=chain.clock)
    assert prices(session, plans) == [D("10", "15"), D("15", "16.5"), D("16.5", "18.15")]


@pytest.mark.parametrize("markup", ["-100", "1000.0001", "1.00001", "NaN"])
def test_a_markup_outside_its_limits_is_refused(session: ScopedSession, chain: Chain, markup: str) -> None:
    plan = make_plan(session, chain.distributor)
    scope = acting(session, chain.distributor)
    with pytest.raises(InvalidInput) as refusal:
        set_markup(session, scope, plan_id=plan.id, markup_percent=Decimal(markup), clock=chain.clock)
    assert refusal.value.path == ("markup_percent",)


def test_a_price_that_no_column_holds_is_refused_and_nothing_is_kept(session: ScopedSession, chain: Chain) -> None:
    # given
    owner, plan = chain.distributor, make_plan(session, chain.distributor)
    plans = [plan]
    for name in ("Level1", "Level2", "Level3", "Level4"):
        below = found_below(session, owner, name)
        plan = delegate(session, plan, owner, below, "1000")
        plans.append(plan)
        owner = below
    before = prices(session, plans)
    # when
    scope = acting(session, chain.distributor)
    with pytest.raises(InvalidInput, match="14 digits"), session.begin_nested():
        update_plan(session, scope, plan_id=plans[0].id, change=new_price("9999999999"), clock=chain.clock)
    # then
    assert prices(session, plans) == before


@pytest.mark.feature("C-06")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        (PlanChange(name="Post"), "name"),
        (PlanChange(sku=None), "sku"),
        (PlanChange(resources=[PlanResourceChange("licence", name="Seat")]), "name"),
        (PlanChange(resources=[PlanResourceChange("licence", priority=5)]), "priority"),
        (PlanChange(resources=[PlanResourceChange("licence", public=False)]), "public"),
        (PlanChange(resources=[PlanResourceChange("licence", net_cost=FeesChange(setup=Decimal(1)))]), "net_cost"),
    ],
)
def test_a_synchronized_field_of_a_copy_is_read_only(
    session: ScopedSession, chain: Chain, change: PlanChange, field: str
) -> None:
    copy = three_levels(session, chain, (None, None))[1]
    scope = acting(session, chain.reseller)
    with pytest.raises(FieldIsUpstreams) as refusal, session.begin_nested():
        update_plan(session, scope, plan_id=copy.id, change=change, clock=chain.clock)
    assert refusal.value.path[0] == "change"
    assert refusal.value.path[-1] == field
    assert refusal.value.message.startswith(field)
    assert (copy.name, copy.version, resource(session, copy).name) == ("Mail", 1, "Licence")


def test_local_fields_of_a_copy_are_its_tenants(session: ScopedSession, chain: Chain) -> None:
    plans = three_levels(session, chain, (None, None))
    scope = acting(session, chain.reseller)
    change = PlanChange(public=False, description="  For\nschools. ")
    copy = update_plan(session, scope, plan_id=plans[1].id, change=change, if_version=1, clock=chain.clock)
    assert (copy.public, copy.description, copy.version) == (False, "For\nschools.", 2)
    cleared = PlanChange(description=None)
    assert update_plan(session, scope, plan_id=copy.id, change=cleared, clock=chain.clock).description is None
    assert (plans[0].public, plans[2].public) == (True, True)


def test_a_change_of_nothing_raises_no_version(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor)
    scope = acting(session, chain.distributor)
    change = PlanChange(
        name="Mail", resources=[PlanResourceChange("licence", fees=FeesChange(recurring_per_month=Decimal(8)))]
    )
    assert update_plan(session, scope, plan_id=plan.id, change=change, clock=chain.clock).version == 1
    assert session.scalars(select(Event).where(Event.type == "plan.updated")).all() == []


def test_another_version_than_the_one_known_is_stale(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor)
    scope = acting(session, chain.distributor)
    with pytest.raises(PlanStale, match="at version 1, not 2"), session.begin_nested():
        update_plan(session, scope, plan_id=plan.id, change=PlanChange(name="Post"), if_version=2, clock=chain.clock)
    assert plan.name == "Mail"


def test_what_cannot_be_cleared_says_so(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor)
    scope = acting(session, chain.distributor)
    for change, path in (
        (PlanChange(name=None), ("change", "name")),
        (PlanChange(resources=None), ("change", "resources")),
        (PlanChange(resources=[PlanResourceChange("licence", fees=None)]), ("change", "resources", 0, "fees")),
        (
            PlanChange(resources=[PlanResourceChange("licence", fees=FeesChange(setup=None))]),
            ("change", "resources", 0, "fees", "setup"),
        ),
    ):
        with pytest.raises(InvalidInput, match="cannot be cleared") as refusal, session.begin_nested():
            update_plan(session, scope, plan_id=plan.id, change=change, clock=chain.clock)
        assert refusal.value.path == path


def test_a_changed_fee_still_has_to_suit_the_billing_type(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor)
    scope = acting(session, chain.distributor)
    change = PlanChange(resources=[PlanResourceChange("licence", fees=FeesChange(setup=Decimal(1)))])
    with pytest.raises(InvalidInput, match="CSP_MONTHLY takes recurring fees") as refusal, session.begin_nested():
        update_plan(session, scope, plan_id=plan.id, change=change, clock=chain.clock)
    assert refusal.value.path == ("change", "resources", 0, "fees", "setup")


@pytest.mark.feature("C-06")
def test_a_new_name_asks_for_one_job_and_a_new_price_for_none(session: ScopedSession, chain: Chain) -> None:
    own = three_levels(session, chain, (None, None))[0]
    scope = acting(session, chain.distributor)
    update_plan(session, scope, plan_id=own.id, change=new_price("9"), clock=chain.clock)
    assert session.scalars(select(Job)).all() == []
    for name in ("Post", "Letters"):
        update_plan(session, scope, plan_id=own.id, change=PlanChange(name=name), clock=chain.clock)
    job = session.scalars(select(Job)).one()
    assert (job.kind, job.queue, job.arguments) == ("catalog.synchronize_plan", "catalog", {"plan_id": own.id.hex})
    assert own.synchronized_version == own.version == 4


def test_a_plan_nobody_has_a_copy_of_needs_no_job(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor)
    scope = acting(session, chain.distributor)
    update_plan(session, scope, plan_id=plan.id, change=PlanChange(name="Post"), clock=chain.clock)
    assert session.scalars(select(Job)).all() == []


@pytest.mark.feature("T-04")
def test_only_the_owner_changes_a_plan(session: ScopedSession, chain: Chain) -> None:
    plans = three_levels(session, chain, ("10", "10"))
    before = prices(session, plans)
    scope = acting(session, chain.reseller)
    for id, refused in ((plans[2].id, ActAsRequired), (plans[0].id, NotFound)):
        with pytest.raises(refused):
            update_plan(session, scope, plan_id=id, change=PlanChange(public=False), clock=chain.clock)
        with pytest.raises(refused):
            set_markup(session, scope, plan_id=id, markup_percent=Decimal(1), clock=chain.clock)
    acting(session, chain.distributor)
    assert prices(session, plans) == before


@pytest.mark.feature("C-08")
def test_a_delegation_and_a_new_price_at_once_leave_no_copy_with_an_old_net_cost(fresh_database: Server) -> None:
    """The distributor changes its price while resellers pass the plan on: each waits for the other's copy."""
    engine = application_engine(fresh_database.app, pool_size=4)
    sessions = Sessions(engine)
    with sessions.begin(PLATFORM) as session:
        chain = found_chain(session)
        own = make_plan(session, chain.distributor)
        copies = [
            delegate(session, own, chain.distributor, chain.reseller, "12.5"),
            delegate(session, own, chain.distributor, chain.sibling, "25"),
        ]
        own_id, ids = own.id, [copy.id for copy in copies]
    faults: list[BaseException] = []
    together = threading.Barrier(3)

    def raise_price() -> None:
        scope = scope_of(chain.distributor).writing_downstream()
        for price in ("8.80", "9.60", "10.40"):
            with sessions.begin(scope) as session:
                update_plan(session, scope, plan_id=own_id, change=new_price(price), clock=chain.clock)

    def pass_on(seller: Founded, buyer: Founded, copy_id: UUID) -> None:
        scope = scope_of(seller).writing_downstream()
        with sessions.begin(scope) as session:
            delegate_plan(session, scope, plan_id=copy_id, tenant_ids=[buyer.tenant.id], clock=chain.clock)

    def guarded(what: Callable[..., None], *arguments: object) -> None:
        together.wait(10)
        try:
            what(*arguments)
        except BaseException as fault:  # noqa: BLE001 - a thread's fault is told by the test
            faults.append(fault)

    threads = [
        threading.Thread(target=guarded, args=(raise_price,)),
        threading.Thread(target=guarded, args=(pass_on, chain.reseller, chain.child, ids[0])),
        threading.Thread(target=guarded, args=(pass_on, chain.sibling, chain.cousin, ids[1])),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with sessions.begin(PLATFORM) as session:
        plans = {plan.id: plan for plan in session.scalars(select(Plan))}
        costs = {id: resource(session, plan) for id, plan in plans.items()}
    engine.dispose()
    assert faults == []
    assert len(plans) == 5
    for plan in plans.values():
        if plan.parent_id is not None:
            assert costs[plan.id].net_recurring_per_month == costs[plan.parent_id].recurring_per_month
    assert costs[ids[1]].recurring_per_month == Decimal(13)
