"""Who is shut out, and who is let in again."""

import pytest
from sqlalchemy import select

from tenancy.errors import InvalidInput, InvalidState, NotFound
from tenancy.hierarchy import Founded, create_reseller
from tenancy.models import Tenant, TenantState
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession
from tenancy.suspending import resume_tenant, suspend_tenant
from tenancy.tokens import authenticate
from tests.conftest import Chain, act_as, scope_of

pytestmark = pytest.mark.feature("T-01")


def suspend(session: ScopedSession, by: Founded, whom: Founded) -> Tenant:
    return suspend_tenant(session, act_as(session, scope_of(by).writing_downstream()), tenant_id=whom.tenant.id)


def resume(session: ScopedSession, by: Founded, whom: Founded) -> Tenant:
    return resume_tenant(session, act_as(session, scope_of(by).writing_downstream()), tenant_id=whom.tenant.id)


def who_may_work(session: ScopedSession, chain: Chain) -> set[str]:
    people = ("distributor", "reseller", "child", "sibling", "cousin")
    return {name for name in people if authenticate(session, getattr(chain, name).token) is not None}


def test_a_suspended_tenants_people_and_those_of_everybody_below_it_are_shut_out(
    session: ScopedSession, chain: Chain
) -> None:
    assert suspend(session, chain.distributor, chain.reseller).state is TenantState.SUSPENDED
    assert who_may_work(session, chain) == {"distributor", "sibling", "cousin"}


def test_all_of_them_work_again_when_it_is_resumed(session: ScopedSession, chain: Chain) -> None:
    suspend(session, chain.distributor, chain.reseller)
    assert resume(session, chain.distributor, chain.reseller).state is TenantState.ACTIVE
    assert who_may_work(session, chain) == {"distributor", "reseller", "child", "sibling", "cousin"}


def test_who_is_suspended_itself_stays_so_when_the_one_above_is_resumed(session: ScopedSession, chain: Chain) -> None:
    # given
    suspend(session, chain.reseller, chain.child)
    suspend(session, chain.distributor, chain.reseller)
    # when
    resume(session, chain.distributor, chain.reseller)
    # then
    assert who_may_work(session, chain) == {"distributor", "reseller", "sibling", "cousin"}
    resume(session, chain.reseller, chain.child)
    assert "child" in who_may_work(session, chain)


def test_who_is_below_a_suspended_one_at_any_distance_stays_shut_out(session: ScopedSession, chain: Chain) -> None:
    # given
    scope = act_as(session, scope_of(chain.child).writing_downstream())
    deep = create_reseller(session, scope, parent_id=None, name="Rill", currency="EUR", admin_email="a@rill.example")
    suspend(session, chain.reseller, chain.child)
    suspend(session, chain.distributor, chain.reseller)
    # when
    resume(session, chain.distributor, chain.reseller)
    # then
    assert authenticate(session, deep.token) is None
    assert authenticate(session, chain.reseller.token) is not None


def test_a_reseller_founded_below_a_suspended_one_is_shut_out_as_well(session: ScopedSession, chain: Chain) -> None:
    suspend(session, chain.distributor, chain.reseller)
    scope = act_as(session, scope_of(chain.reseller).writing_downstream())  # as somebody above who acts for it
    new = create_reseller(session, scope, parent_id=None, name="Rill", currency="EUR", admin_email="a@rill.example")
    assert (new.tenant.state, new.tenant.suspended_above) == (TenantState.ACTIVE, True)
    assert authenticate(session, new.token) is None


def test_the_platform_suspends_a_distributor_and_with_it_the_whole_tree(session: ScopedSession, chain: Chain) -> None:
    act_as(session, PLATFORM)
    suspend_tenant(session, PLATFORM, tenant_id=chain.distributor.tenant.id)
    assert who_may_work(session, chain) == set()
    resume_tenant(session, PLATFORM, tenant_id=chain.distributor.tenant.id)
    assert len(who_may_work(session, chain)) == 5


def test_nobody_suspends_itself_or_whoever_is_not_below_it(session: ScopedSession, chain: Chain) -> None:
    with pytest.raises(InvalidInput, match="Ripple cannot be suspended by itself, only from above"):
        suspend(session, chain.reseller, chain.reseller)
    for stranger in (chain.distributor, chain.sibling, chain.cousin):
        with pytest.raises(NotFound):
            suspend(session, chain.reseller, stranger)
    assert session.scalars(select(Tenant).where(Tenant.state == TenantState.SUSPENDED)).all() == []


def test_only_an_active_one_is_suspended_and_only_a_suspended_one_resumed(session: ScopedSession, chain: Chain) -> None:
    with pytest.raises(InvalidState, match="Ripple is ACTIVE already"):
        resume(session, chain.distributor, chain.reseller)
    suspend(session, chain.distributor, chain.reseller)
    with pytest.raises(InvalidState, match="Ripple is SUSPENDED already"):
        suspend(session, chain.distributor, chain.reseller)
