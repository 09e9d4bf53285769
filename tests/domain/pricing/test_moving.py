"""A reseller comes below another tenant, with its rows, its people and its plans."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.catalog.models import Plan, PlanState
from domain.delegation.actions import deactivate_plan
from domain.pricing.moving import move_reseller
from domain.shared.errors import InvalidInput, InvalidState, NotFound
from domain.shared.models import Event
from tenancy.hierarchy import MAX_LEVEL, Founded, rename_tenant
from tenancy.models import Manager, Tenant, TenantName
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession
from tenancy.suspending import resume_tenant, suspend_tenant
from tenancy.tokens import authenticate
from tests.conftest import Chain, act_as, scope_of
from tests.domain.catalog.making import acting, delegate, found_below, make_plan, make_term, prices

pytestmark = pytest.mark.feature("T-01")


def move(session: ScopedSession, chain: Chain, whom: Founded, to: Founded, by: Founded | None = None) -> Tenant:
    scope = acting(session, by or chain.distributor)
    return move_reseller(session, scope, reseller_id=whom.tenant.id, parent_id=to.tenant.id, clock=chain.clock)


def seen_by(session: ScopedSession, founded: Founded) -> set[str]:
    act_as(session, PLATFORM)
    session.refresh(founded.tenant)
    act_as(session, scope_of(founded))
    return set(session.scalars(select(Tenant.name)))


def test_a_reseller_goes_with_everybody_below_it_and_keeps_its_number(session: ScopedSession, chain: Chain) -> None:
    # given
    number = chain.reseller.tenant.number
    # when
    moved = move(session, chain, chain.reseller, chain.sibling)
    # then
    assert (moved.parent_id, moved.level, moved.number) == (chain.sibling.tenant.id, 2, number)
    assert seen_by(session, chain.reseller) == {"Ripple", "Brook"}
    assert seen_by(session, chain.child) == {"Brook"}
    assert seen_by(session, chain.sibling) == {"Sandbank", "Creek", "Ripple", "Brook"}
    assert (chain.child.tenant.level, chain.child.tenant.parent_id) == (3, moved.id)
    assert chain.child.tenant.tenant_path.startswith(moved.tenant_path)


def test_its_people_and_their_tokens_go_with_it(session: ScopedSession, chain: Chain) -> None:
    move(session, chain, chain.reseller, chain.sibling)
    identity = authenticate(session, chain.child.token)
    act_as(session, PLATFORM)
    session.refresh(chain.child.tenant)
    assert identity is not None
    assert identity.scope == scope_of(chain.child)
    act_as(session, scope_of(chain.child))
    assert session.scalars(select(Manager.email)).all() == ["admin@brook.example"]


def test_it_is_moved_by_anybody_above_it_who_has_both_places_below(session: ScopedSession, chain: Chain) -> None:
    second = found_below(session, chain.reseller, "Rill")
    assert move(session, chain, chain.child, second, by=chain.reseller).parent_id == second.tenant.id
    assert move(session, chain, chain.child, chain.reseller, by=chain.reseller).parent_id == chain.reseller.tenant.id


def test_nobody_moves_itself_or_to_a_place_that_it_does_not_see(session: ScopedSession, chain: Chain) -> None:
    with pytest.raises(InvalidInput, match="Ripple cannot be moved by itself"):
        move(session, chain, chain.reseller, chain.child, by=chain.reseller)
    for whom, to in ((chain.child, chain.sibling), (chain.sibling, chain.reseller), (chain.child, chain.distributor)):
        with pytest.raises(NotFound):
            move(session, chain, whom, to, by=chain.reseller)


def test_no_circle_comes_about(session: ScopedSession, chain: Chain) -> None:
    for to in (chain.reseller, chain.child):
        with pytest.raises(InvalidInput, match="is Ripple itself or below it"):
            move(session, chain, chain.reseller, to)
    with pytest.raises(InvalidInput, match="Ripple is directly below Delta already"):
        move(session, chain, chain.reseller, chain.distributor)


def test_it_is_never_moved_to_another_distributor(session: ScopedSession, chain: Chain) -> None:
    from tests.conftest import found_chain  # noqa: PLC0415 - a second chain is for this test only

    act_as(session, PLATFORM)
    other = found_chain(session)
    with pytest.raises(NotFound):
        move(session, chain, chain.reseller, other.distributor)


def test_a_chain_stays_within_twelve_levels(session: ScopedSession, chain: Chain) -> None:
    # given
    deepest = chain.cousin
    while deepest.tenant.level < MAX_LEVEL - 1:
        deepest = found_below(session, deepest, f"Level {deepest.tenant.level + 1}".replace(" ", "-"))
    # then
    with pytest.raises(InvalidInput, match="at most 12 levels; below Level-10 this one would have 13"):
        move(session, chain, chain.reseller, deepest)
    assert move(session, chain, chain.child, deepest).level == MAX_LEVEL


def test_places_are_never_given_twice(session: ScopedSession, chain: Chain) -> None:
    move(session, chain, chain.child, chain.sibling)
    move(session, chain, chain.child, chain.reseller)
    new = found_below(session, chain.reseller, "Rill")
    act_as(session, PLATFORM)
    paths = session.scalars(select(Tenant.tenant_path)).all()
    numbers = session.scalars(select(Tenant.number)).all()
    assert (len(set(paths)), len(set(numbers))) == (6, 6)
    assert new.tenant.number == f"{chain.reseller.tenant.number}-3"


def test_copies_come_from_the_new_parents_plans_at_its_prices(session: ScopedSession, chain: Chain) -> None:
    # given
    own = make_plan(session, chain.distributor)
    old = delegate(session, own, chain.distributor, chain.reseller, "10")
    new = delegate(session, own, chain.distributor, chain.sibling, "50")
    copy = delegate(session, old, chain.reseller, chain.child, "25")
    assert prices(session, [copy]) == [(Decimal("8.80"), Decimal(11))]
    # when
    move(session, chain, chain.child, chain.sibling)
    # then
    act_as(session, PLATFORM)
    session.refresh(copy)
    assert (copy.parent_id, copy.origin_id, copy.markup_percent) == (new.id, own.id, Decimal(25))
    assert prices(session, [copy]) == [(Decimal(12), Decimal(15))]


def test_a_price_set_by_hand_stays_and_only_its_net_cost_is_new(session: ScopedSession, chain: Chain) -> None:
    own = make_plan(session, chain.distributor)
    old = delegate(session, own, chain.distributor, chain.reseller, "10")
    copy = delegate(session, old, chain.reseller, chain.child)
    move(session, chain, chain.child, chain.distributor)
    act_as(session, PLATFORM)
    session.refresh(copy)
    assert copy.parent_id == own.id
    assert prices(session, [copy]) == [(Decimal(8), Decimal("8.80"))]


def test_the_new_costs_go_down_to_those_below_it(session: ScopedSession, chain: Chain) -> None:
    own = make_plan(session, chain.distributor)
    delegate(session, own, chain.distributor, chain.sibling, "100")
    middle = delegate(session, own, chain.distributor, chain.reseller, "0")
    last = delegate(session, middle, chain.reseller, chain.child, "50")
    move(session, chain, chain.reseller, chain.sibling)
    assert prices(session, [middle, last]) == [(Decimal(16), Decimal(16)), (Decimal(16), Decimal(24))]


def test_it_is_refused_where_the_new_parent_lacks_a_plan_and_names_it(session: ScopedSession, chain: Chain) -> None:
    own = make_plan(session, chain.distributor, name="Mail")
    old = delegate(session, own, chain.distributor, chain.reseller)
    copy = delegate(session, old, chain.reseller, chain.child)
    path = chain.child.tenant.tenant_path
    with pytest.raises(InvalidState, match=r"Brook sells copies of plans that Sandbank does not have.*PL000001 Mail\."):
        move(session, chain, chain.child, chain.sibling)
    act_as(session, PLATFORM)
    session.refresh(copy)
    assert (chain.child.tenant.tenant_path, copy.parent_id) == (path, old.id)


def test_a_plan_that_is_not_sold_any_more_comes_along_to_the_new_parent(session: ScopedSession, chain: Chain) -> None:
    # given
    own = make_plan(session, chain.distributor)
    old = delegate(session, own, chain.distributor, chain.reseller, "10")
    copy = delegate(session, old, chain.reseller, chain.child, "25")
    own_id, copy_id = own.id, copy.id
    deactivate_plan(session, acting(session, chain.distributor), plan_id=own.id, clock=chain.clock)
    # when
    move(session, chain, chain.child, chain.cousin)
    # then
    act_as(session, PLATFORM)
    plans = {plan.tenant_id: plan for plan in session.scalars(select(Plan))}
    above, between, moved = (plans[each.tenant.id] for each in (chain.sibling, chain.cousin, chain.child))
    assert (above.parent_id, between.parent_id, moved.parent_id) == (own_id, above.id, between.id)
    assert moved.id == copy_id
    assert {plan.state for plan in (above, between, moved)} == {PlanState.DEACTIVATED_BY_PROVIDER}
    assert prices(session, [above, between, moved]) == [
        (Decimal(8), Decimal(8)),
        (Decimal(8), Decimal(8)),
        (Decimal(8), Decimal(10)),
    ]


def test_it_is_refused_where_a_plan_would_lose_its_service_term(session: ScopedSession, chain: Chain) -> None:
    term = make_term(session, chain.reseller, key="resellers_own")
    make_plan(session, chain.child, service_term_id=term.id)
    with pytest.raises(InvalidState, match="1 plans of Brook or below it use service terms of a tenant above"):
        move(session, chain, chain.child, chain.sibling)


def test_a_copy_is_sold_while_the_plan_that_it_comes_from_now_is(session: ScopedSession, chain: Chain) -> None:
    # given
    sold = make_plan(session, chain.distributor, name="Sold")
    stopped = make_plan(session, chain.distributor, name="Stopped")
    copies: dict[str, UUID] = {}
    for name, plan in (("sold", sold), ("stopped", stopped)):
        at = {to.tenant.name: delegate(session, plan, chain.distributor, to) for to in (chain.reseller, chain.sibling)}
        copies[f"old {name}"], copies[f"new {name}"] = at["Ripple"].id, at["Sandbank"].id
        copies[name] = delegate(session, at["Ripple"], chain.reseller, chain.child).id

    def deactivate(by: Founded, plan_id: UUID) -> None:
        deactivate_plan(session, acting(session, by), plan_id=plan_id, clock=chain.clock)

    deactivate(chain.reseller, copies["old sold"])
    deactivate(chain.sibling, copies["new stopped"])
    # when
    move(session, chain, chain.child, chain.sibling)
    # then
    act_as(session, PLATFORM)
    states = {row.id: row.state for row in session.execute(select(Plan.id, Plan.state))}
    assert states[copies["sold"]] is PlanState.ACTIVE
    assert states[copies["stopped"]] is PlanState.DEACTIVATED_BY_PROVIDER
    of_child = Event.tenant_id == chain.child.tenant.id
    events = session.scalars(select(Event.type).where(of_child, Event.type.like("plan.%ed_by_%")))
    assert sorted(events) == [
        "plan.activated_by_provider",
        "plan.deactivated_by_provider",
        "plan.deactivated_by_provider",
    ]


def test_the_former_parents_name_can_still_be_read_and_follows_its_changes(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    move(session, chain, chain.child, chain.cousin)

    def names(founded: Founded) -> set[str]:
        seen_by(session, founded)
        return set(session.scalars(select(TenantName.name)))

    assert names(chain.child) == {"Delta", "Sandbank", "Creek", "Brook", "Ripple"}
    # when
    act_as(session, PLATFORM)
    scope = act_as(session, scope_of(chain.reseller))
    rename_tenant(session, scope, tenant_id=chain.reseller.tenant.id, name="Ripple & Daughters")
    # then
    assert "Ripple & Daughters" in names(chain.child)
    assert seen_by(session, chain.child) == {"Brook"}


def test_names_are_found_after_any_number_of_moves(session: ScopedSession, chain: Chain) -> None:
    move(session, chain, chain.child, chain.sibling)  # Ripple's card is with Delta now
    move(session, chain, chain.reseller, chain.cousin)  # and Ripple itself three levels down
    last = found_below(session, chain.reseller, "Rill")
    seen_by(session, last)
    assert set(session.scalars(select(TenantName.name))) >= {"Delta", "Sandbank", "Creek", "Ripple", "Rill"}


def test_who_comes_below_a_suspended_tenant_is_shut_out_until_it_leaves(session: ScopedSession, chain: Chain) -> None:
    suspend_tenant(session, acting(session, chain.distributor), tenant_id=chain.sibling.tenant.id)
    move(session, chain, chain.reseller, chain.cousin)
    assert authenticate(session, chain.reseller.token) is None
    assert authenticate(session, chain.child.token) is None
    move(session, chain, chain.reseller, chain.distributor)
    assert authenticate(session, chain.child.token) is not None
    resume_tenant(session, acting(session, chain.distributor), tenant_id=chain.sibling.tenant.id)
