"""A plan that the tenant above stopped selling: no new orders, no renewal by hand; subscriptions renew themselves."""

from datetime import date

import pytest

from domain.delegation.actions import deactivate_plan, undelegate_plan
from domain.shared.errors import InvalidState
from domain.subscriptions.models import SubscriptionState
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, scope_of
from tests.domain.payments.selling import MONTH, Shop, open_shop
from tests.domain.payments.test_billing_run_acts import run
from tests.domain.payments.test_renewal_acts import renew


def stop_selling(shop: Shop, *, taking_back: bool) -> None:
    """The distributor does it, two levels up."""
    session, chain = shop.session, shop.chain
    scope = act_as(session, scope_of(chain.distributor).writing_downstream())
    plan_id = shop.chain_plans[0].id
    if taking_back:
        undelegate_plan(session, scope, plan_id=plan_id, tenant_ids=[chain.reseller.tenant.id], clock=shop.clock)
    else:
        deactivate_plan(session, scope, plan_id=plan_id, clock=shop.clock)
    act_as(session, shop.scope)


@pytest.mark.feature("C-05")
@pytest.mark.parametrize("taking_back", [False, True], ids=["deactivated", "undelegated"])
def test_no_new_orders_but_subscriptions_renew_themselves(
    session: ScopedSession, chain: Chain, taking_back: bool
) -> None:
    # given
    shop = open_shop(session, chain, period=MONTH, day=date(2027, 9, 1))
    shop.top_up("200.00")
    subscription = shop.bought(5, auto_renew=True)
    assert subscription.expires_on == date(2027, 9, 30)
    # when
    stop_selling(shop, taking_back=taking_back)
    # then
    with pytest.raises(InvalidState, match="DEACTIVATED_BY_PROVIDER: it cannot be ordered"):
        shop.order(1)
    with pytest.raises(InvalidState, match="because its plan is DEACTIVATED_BY_PROVIDER") as refusal:
        renew(shop, subscription)
    assert refusal.value.path == ("subscription_id",)
    # when
    run(shop, date(2027, 10, 1))
    # then
    assert (subscription.state, subscription.expires_on) == (SubscriptionState.ACTIVE, date(2027, 10, 31))
    shop.assert_books_agree()
