"""Plans go down the chain one level at a time, and stop together."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from db.ids import uuid7
from domain.catalog.models import Plan, PlanState
from domain.catalog.queries import periods_of, resources_of
from domain.delegation.actions import activate_plan, deactivate_plan, delegate_plan, undelegate_plan
from domain.delegation.errors import AlreadyDelegated, NotDelegated, NotSoldAbove, PlanNotActive, PlanNotInactive
from domain.shared.errors import ActAsRequired, InvalidInput, NotFound, Refusal
from domain.shared.models import Event
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.catalog.making import ENDLESS, ONE_YEAR, acting, delegate, licences, make_plan, prices


@pytest.mark.feature("C-05")
def test_a_copy_has_everything_and_costs_what_the_plan_above_is_sold_for(session: ScopedSession, chain: Chain) -> None:
    # given
    own = make_plan(
        session,
        chain.distributor,
        sku="A-1",
        currency="USD",
        description="For offices",
        periods=[ONE_YEAR, ENDLESS],
        resources=[licences(maximum=Decimal(300), priority=9), licences("1.00", "0.50", key="storage", name="GB")],
    )
    # when
    copies = delegate_plan(
        session,
        acting(session, chain.distributor),
        plan_id=own.id,
        tenant_ids=[chain.sibling.tenant.id, chain.reseller.tenant.id],
        markup_percent=Decimal("12.5"),
        clock=chain.clock,
    )
    # then
    assert [copy.tenant_id for copy in copies] == [chain.sibling.tenant.id, chain.reseller.tenant.id]
    copy = copies[1]
    assert (copy.parent_id, copy.origin_id, copy.state, copy.number) == (own.id, own.id, PlanState.ACTIVE, "PL000001")
    assert (copy.name, copy.sku, copy.currency, copy.service_term_id) == ("Mail", "A-1", "USD", own.service_term_id)
    assert (copy.markup_percent, copy.synchronized_version) == (Decimal("12.5"), own.version)
    assert [period.key for period in periods_of(session, copy)] == ["1_YEAR", "ENDLESS"]
    assert [
        (row.key, row.maximum, row.priority, row.net_recurring_per_month, row.recurring_per_month)
        for row in resources_of(session, copy)
    ] == [("licence", 300, 9, Decimal("8.00"), Decimal("9.00")), ("storage", None, 0, Decimal(1), Decimal("1.125"))]
    assert session.scalars(select(Event.tenant_id).where(Event.type == "plan.delegated")).all() == [
        chain.sibling.tenant.id,
        chain.reseller.tenant.id,
    ]


@pytest.mark.feature("C-05")
def test_a_copy_is_delegated_again_and_starts_at_its_net_cost_without_a_markup(
    session: ScopedSession, chain: Chain
) -> None:
    own = make_plan(session, chain.distributor)
    copy = delegate(session, own, chain.distributor, chain.reseller, "12.5")
    second = delegate(session, copy, chain.reseller, chain.child)
    assert (second.parent_id, second.origin_id, second.markup_percent) == (copy.id, own.id, None)
    assert prices(session, [second]) == [(Decimal(9), Decimal(9))]


@pytest.mark.feature("C-05")
def test_a_second_copy_for_the_same_tenant_is_refused_by_name(session: ScopedSession, chain: Chain) -> None:
    own = make_plan(session, chain.distributor)
    delegate(session, own, chain.distributor, chain.reseller)
    scope = acting(session, chain.distributor)
    with pytest.raises(AlreadyDelegated, match="Ripple has a copy of this plan already: PL000001") as refusal:
        delegate_plan(
            session,
            scope,
            plan_id=own.id,
            tenant_ids=[chain.sibling.tenant.id, chain.reseller.tenant.id],
            clock=chain.clock,
        )
    assert refusal.value.path == ("tenant_ids", 1)
    assert len(session.scalars(select(Plan)).all()) == 2


@pytest.mark.feature("C-05")
def test_a_plan_goes_only_to_tenants_directly_below(session: ScopedSession, chain: Chain) -> None:
    own = make_plan(session, chain.reseller)
    scope = acting(session, chain.reseller)

    def refused(tenant_ids: list[UUID], kind: type[Refusal], at: tuple[str | int, ...]) -> None:
        with pytest.raises(kind) as refusal:
            delegate_plan(session, scope, plan_id=own.id, tenant_ids=tenant_ids, clock=chain.clock)
        assert refusal.value.path == at

    child = chain.child.tenant.id
    refused([], InvalidInput, ("tenant_ids",))
    refused([child, child], InvalidInput, ("tenant_ids", 1))
    refused([child, chain.reseller.tenant.id], InvalidInput, ("tenant_ids", 1))
    refused([chain.sibling.tenant.id], NotFound, ("tenant_ids", 0))
    refused([chain.distributor.tenant.id], NotFound, ("tenant_ids", 0))
    refused([uuid7()], NotFound, ("tenant_ids", 0))
    assert session.scalars(select(Plan.id)).all() == [own.id]


@pytest.mark.feature("C-05")
def test_a_grandchild_is_one_level_too_far(session: ScopedSession, chain: Chain) -> None:
    own = make_plan(session, chain.distributor)
    scope = acting(session, chain.distributor)
    with pytest.raises(InvalidInput, match="Brook is not directly below you"):
        delegate_plan(session, scope, plan_id=own.id, tenant_ids=[chain.child.tenant.id], clock=chain.clock)


@pytest.mark.feature("T-04")
def test_only_the_owner_delegates_and_deactivates(session: ScopedSession, chain: Chain) -> None:
    own = make_plan(session, chain.distributor)
    copy = delegate(session, own, chain.distributor, chain.reseller)
    child = [chain.child.tenant.id]
    scope = acting(session, chain.distributor)
    with pytest.raises(ActAsRequired):
        delegate_plan(session, scope, plan_id=copy.id, tenant_ids=child, clock=chain.clock)
    with pytest.raises(ActAsRequired):
        deactivate_plan(session, scope, plan_id=copy.id, clock=chain.clock)
    scope = acting(session, chain.sibling)
    with pytest.raises(NotFound):
        delegate_plan(session, scope, plan_id=copy.id, tenant_ids=child, clock=chain.clock)
    with pytest.raises(NotFound):
        deactivate_plan(session, scope, plan_id=own.id, clock=chain.clock)
    acting(session, chain.distributor)
    assert set(session.scalars(select(Plan.state))) == {PlanState.ACTIVE}


@pytest.mark.feature("C-05")
def test_deactivating_reaches_every_level_and_leaves_what_was_inactive(session: ScopedSession, chain: Chain) -> None:
    # given
    own = make_plan(session, chain.distributor)
    copy = delegate(session, own, chain.distributor, chain.reseller)
    below = delegate(session, copy, chain.reseller, chain.child)
    beside = delegate(session, own, chain.distributor, chain.sibling)
    deactivate_plan(session, acting(session, chain.sibling), plan_id=beside.id, clock=chain.clock)
    # when
    scope = acting(session, chain.distributor)
    deactivate_plan(session, scope, plan_id=own.id, clock=chain.clock)
    # then
    assert own.state is PlanState.INACTIVE
    assert (copy.state, copy.version) == (PlanState.DEACTIVATED_BY_PROVIDER, 2)
    assert (below.state, below.version) == (PlanState.DEACTIVATED_BY_PROVIDER, 2)
    assert (beside.state, beside.version) == (PlanState.INACTIVE, 2)
    told = session.scalars(select(Event.subject_id).where(Event.type == "plan.deactivated_by_provider")).all()
    assert set(told) == {copy.id, below.id}


def test_a_plan_that_is_not_active_is_neither_delegated_nor_deactivated(session: ScopedSession, chain: Chain) -> None:
    own = make_plan(session, chain.distributor)
    copy = delegate(session, own, chain.distributor, chain.reseller)
    scope = acting(session, chain.distributor)
    deactivate_plan(session, scope, plan_id=own.id, clock=chain.clock)
    with pytest.raises(PlanNotActive, match="INACTIVE cannot be delegated"):
        delegate_plan(session, scope, plan_id=own.id, tenant_ids=[chain.sibling.tenant.id], clock=chain.clock)
    with pytest.raises(PlanNotActive, match="INACTIVE cannot be deactivated"):
        deactivate_plan(session, scope, plan_id=own.id, clock=chain.clock)
    scope = acting(session, chain.reseller)
    with pytest.raises(PlanNotActive, match="DEACTIVATED_BY_PROVIDER cannot be delegated"):
        delegate_plan(session, scope, plan_id=copy.id, tenant_ids=[chain.child.tenant.id], clock=chain.clock)


@pytest.mark.feature("C-05")
def test_a_plan_taken_back_is_sold_by_nobody_below_and_comes_back_as_it_was(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    own = make_plan(session, chain.distributor)
    copy = delegate(session, own, chain.distributor, chain.reseller, "12.5")
    below = delegate(session, copy, chain.reseller, chain.child)
    beside = delegate(session, own, chain.distributor, chain.sibling)
    # when
    scope = acting(session, chain.distributor)
    reseller = [chain.reseller.tenant.id]
    assert undelegate_plan(session, scope, plan_id=own.id, tenant_ids=reseller, clock=chain.clock) == [copy]
    # then
    assert (copy.state, copy.undelegated_at, copy.version) == (
        PlanState.DEACTIVATED_BY_PROVIDER,
        chain.clock.now,
        2,
    )
    assert (below.state, below.undelegated_at) == (PlanState.DEACTIVATED_BY_PROVIDER, None)
    assert (own.state, beside.state) == (PlanState.ACTIVE, PlanState.ACTIVE)
    # when
    assert delegate_plan(session, scope, plan_id=own.id, tenant_ids=reseller, clock=chain.clock) == [copy]
    # then
    assert (copy.state, copy.undelegated_at, copy.markup_percent) == (PlanState.ACTIVE, None, Decimal("12.5"))
    assert below.state is PlanState.ACTIVE
    told = session.scalars(
        select(Event.type).where(Event.subject_id.in_([copy.id, below.id])).order_by(Event.sequence)
    ).all()
    assert told == [
        "plan.delegated",
        "plan.delegated",
        "plan.undelegated",
        "plan.deactivated_by_provider",
        "plan.delegated",
        "plan.activated_by_provider",
    ]


@pytest.mark.feature("C-05")
def test_only_what_was_delegated_is_taken_back(session: ScopedSession, chain: Chain) -> None:
    own = make_plan(session, chain.distributor)
    delegate(session, own, chain.distributor, chain.reseller)
    scope = acting(session, chain.distributor)
    both = [chain.reseller.tenant.id, chain.sibling.tenant.id]
    with pytest.raises(NotDelegated, match="Plan PL000001 is not delegated to Sandbank") as refusal:
        undelegate_plan(session, scope, plan_id=own.id, tenant_ids=both, clock=chain.clock)
    assert refusal.value.path == ("tenant_ids", 1)
    undelegate_plan(session, scope, plan_id=own.id, tenant_ids=both[:1], clock=chain.clock)
    with pytest.raises(NotDelegated, match="to Ripple"):
        undelegate_plan(session, scope, plan_id=own.id, tenant_ids=both[:1], clock=chain.clock)


@pytest.mark.feature("C-05")
def test_a_plan_activated_again_is_sold_by_those_below_who_had_not_stopped(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    own = make_plan(session, chain.distributor)
    copy = delegate(session, own, chain.distributor, chain.reseller)
    below = delegate(session, copy, chain.reseller, chain.child)
    beside = delegate(session, own, chain.distributor, chain.sibling)
    under = delegate(session, beside, chain.sibling, chain.cousin)
    deactivate_plan(session, acting(session, chain.sibling), plan_id=beside.id, clock=chain.clock)
    deactivate_plan(session, acting(session, chain.distributor), plan_id=own.id, clock=chain.clock)
    with pytest.raises(NotSoldAbove, match="the tenant above does not sell it"):
        activate_plan(session, acting(session, chain.sibling), plan_id=beside.id, clock=chain.clock)
    with pytest.raises(PlanNotInactive, match="DEACTIVATED_BY_PROVIDER cannot be activated"):
        activate_plan(session, acting(session, chain.reseller), plan_id=copy.id, clock=chain.clock)
    # when
    activate_plan(session, acting(session, chain.distributor), plan_id=own.id, clock=chain.clock)
    # then
    stopped = PlanState.INACTIVE, PlanState.DEACTIVATED_BY_PROVIDER
    assert (own.state, copy.state, below.state) == (PlanState.ACTIVE,) * 3
    assert (beside.state, under.state) == stopped
    activate_plan(session, acting(session, chain.sibling), plan_id=beside.id, clock=chain.clock)
    assert (beside.state, under.state) == (PlanState.ACTIVE,) * 2


@pytest.mark.feature("C-05")
def test_what_was_taken_back_stays_so_when_the_plan_above_is_sold_again(session: ScopedSession, chain: Chain) -> None:
    own = make_plan(session, chain.distributor)
    copy = delegate(session, own, chain.distributor, chain.reseller)
    scope = acting(session, chain.distributor)
    tenants = [chain.reseller.tenant.id]
    undelegate_plan(session, scope, plan_id=own.id, tenant_ids=tenants, clock=chain.clock)
    deactivate_plan(session, scope, plan_id=own.id, clock=chain.clock)
    activate_plan(session, scope, plan_id=own.id, clock=chain.clock)
    assert (own.state, copy.state) == (PlanState.ACTIVE, PlanState.DEACTIVATED_BY_PROVIDER)
