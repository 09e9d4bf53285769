"""Plans to which one may switch, and those that an account needs first: said once, at the origin."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from domain.catalog.drafts import PlanPeriodDraft
from domain.catalog.models import Plan, PlanLinkKind
from domain.catalog.queries import periods_of
from domain.delegation.errors import FieldIsUpstreams
from domain.delegation.links import linked_origins, set_plan_links
from domain.payments.switching import switch_subscription
from domain.shared.billing_types import BillingType
from domain.shared.errors import ActAsRequired, InvalidInput, InvalidState, NotFound
from domain.shared.periods import PeriodUnit
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as
from tests.domain.catalog.making import ENDLESS, ONE_YEAR, acting, delegate, licences, make_plan
from tests.domain.payments.selling import Shop, open_shop

pytestmark = pytest.mark.feature("C-03")

SWITCHABLE, PREREQUISITE = PlanLinkKind.SWITCHABLE, PlanLinkKind.PREREQUISITE


def link(
    session: ScopedSession,
    chain: Chain,
    plan: Plan,
    *,
    switchable: Sequence[Plan] | None = None,
    prerequisite: Sequence[Plan] | None = None,
) -> Plan:
    """As the distributor."""
    return set_plan_links(
        session,
        acting(session, chain.distributor),
        plan_id=plan.id,
        switchable_plan_ids=None if switchable is None else [other.id for other in switchable],
        prerequisite_plan_ids=None if prerequisite is None else [other.id for other in prerequisite],
        clock=chain.clock,
    )


def further_plan(shop: Shop, name: str, **given: object) -> Plan:
    """Another plan of the distributor's; the child reseller's copy of it."""
    session, chain = shop.session, shop.chain
    given = {"resources": [licences(key="seats", maximum=Decimal(1000))], **given}
    own = make_plan(session, chain.distributor, name=name, **given)
    first = delegate(session, own, chain.distributor, chain.reseller)
    second = delegate(session, first, chain.reseller, chain.child)
    act_as(session, shop.scope)
    return second


def origin(session: ScopedSession, plan: Plan) -> Plan:
    """The plan at the top that a copy shows."""
    return session.get_one(Plan, (plan.distributor_id, plan.origin_id))


def test_a_link_holds_for_copies_made_before_and_after_it(session: ScopedSession, chain: Chain) -> None:
    # given
    plan, other = make_plan(session, chain.distributor), make_plan(session, chain.distributor, name="Post")
    copy = delegate(session, plan, chain.distributor, chain.reseller)
    # when
    link(session, chain, plan, switchable=[other], prerequisite=[other])
    below = delegate(session, copy, chain.reseller, chain.child)
    # then
    assert plan.version == 2
    for each, owner in ((plan, chain.distributor), (copy, chain.reseller), (below, chain.child)):
        acting(session, owner)
        assert linked_origins(session, each, SWITCHABLE) == linked_origins(session, each, PREREQUISITE) == [other.id]
    # when: the same once more, and an empty list
    link(session, chain, plan, switchable=[other])
    assert plan.version == 2
    link(session, chain, plan, switchable=[])
    assert (linked_origins(session, plan, SWITCHABLE), linked_origins(session, plan, PREREQUISITE)) == ([], [other.id])
    assert plan.version == 3


def test_a_copys_links_are_its_origins(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor)
    copy = delegate(session, plan, chain.distributor, chain.reseller)
    own = make_plan(session, chain.reseller, name="Ours", service_term_id=plan.service_term_id)
    scope = acting(session, chain.reseller)
    with pytest.raises(FieldIsUpstreams) as refusal:
        set_plan_links(session, scope, plan_id=copy.id, prerequisite_plan_ids=[own.id], clock=chain.clock)
    assert refusal.value.path == ("prerequisite_plan_ids",)
    set_plan_links(session, scope, plan_id=own.id, switchable_plan_ids=[copy.id], clock=chain.clock)
    assert linked_origins(session, own, SWITCHABLE) == [plan.id]
    with pytest.raises(NotFound):
        set_plan_links(session, scope, plan_id=own.id, switchable_plan_ids=[plan.id], clock=chain.clock)
    with pytest.raises(ActAsRequired):
        link(session, chain, plan, switchable=[copy])


def test_plans_that_cannot_belong_together_are_refused_at_their_place(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor)
    foreign = make_plan(session, chain.distributor, currency="USD")
    once = make_plan(
        session, chain.distributor, billing_type=BillingType.NON_RECURRING, periods=[ONE_YEAR], resources=[]
    )
    for others, message, at in (
        ([plan], "not linked with itself", 0),
        ([foreign], "is sold in USD, not in EUR", 0),
        ([once], "is NON_RECURRING", 0),
    ):
        with pytest.raises(InvalidInput, match=message) as refusal:
            link(session, chain, plan, switchable=others)
        assert refusal.value.path == ("switchable_plan_ids", at)
    link(session, chain, plan, prerequisite=[foreign, once])
    with pytest.raises(InvalidInput, match="names PL000002 twice") as refusal:
        link(session, chain, plan, prerequisite=[foreign, foreign])
    assert refusal.value.path == ("prerequisite_plan_ids", 1)


def test_an_account_needs_a_subscription_of_a_prerequisite_first(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("500.00")
    extra = further_plan(shop, "Extra")
    acting(session, chain.distributor)
    link(session, chain, origin(session, extra), prerequisite=[shop.chain_plans[0]])
    act_as(session, shop.scope)
    more = {"plan_id": extra.id, "period_id": periods_of(session, extra)[0].id}
    # then
    with pytest.raises(InvalidState, match="needs a subscription of another plan before Extra") as refusal:
        shop.order(1, **more)
    assert refusal.value.path == ("plan_id",)
    shop.bought(1)
    assert shop.order(1, **more).total > 0


def test_an_account_has_one_subscription_of_a_singleton(session: ScopedSession, chain: Chain) -> None:
    shop = open_shop(session, chain, plan={"singleton": True})
    shop.top_up("500.00")
    assert shop.plan.singleton
    shop.bought(1)
    with pytest.raises(InvalidState, match="has a subscription of Business Basic already") as refusal:
        shop.order(1)
    assert refusal.value.path == ("plan_id",)


def test_one_switches_only_to_the_plans_that_are_named(session: ScopedSession, chain: Chain) -> None:
    # given
    month = PlanPeriodDraft(PeriodUnit.MONTH, 1)
    shop = open_shop(session, chain, period=month)
    shop.top_up("500.00")
    subscription = shop.bought(2)
    named, other = (further_plan(shop, name, periods=[month, ENDLESS]) for name in ("Named", "Other"))
    acting(session, chain.distributor)
    link(session, chain, shop.chain_plans[0], switchable=[origin(session, named)])
    act_as(session, shop.scope)

    def switch(plan: Plan) -> None:
        switch_subscription(
            session,
            shop.scope,
            subscription_id=subscription.id,
            plan_id=plan.id,
            period_id=periods_of(session, plan)[0].id,
            clock=shop.clock,
        )

    # then
    with pytest.raises(InvalidInput, match="does not switch from Business Basic to Other") as refusal:
        switch(other)
    assert refusal.value.path == ("plan_id",)
    switch(named)
