"""What a subscription's money is at each level of the chain, as each of them sees it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import JSONB

from domain.billing.reseller_discounts import create_reseller_discount
from domain.subscriptions.models import ServiceSubscription
from tenancy.scope import Scope
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, scope_of
from tests.domain.payments.selling import Shop, open_shop
from tests.domain.payments.test_billing_run_acts import run
from tests.domain.payments.test_lifecycle_acts import activate, stop


def waterfall(shop: Shop, subscription: ServiceSubscription, scope: Scope) -> dict[str, Any]:
    """As the scope sees it."""
    act_as(shop.session, scope)
    found = shop.session.scalar(
        select(func.app_waterfall(subscription.distributor_id, subscription.id, "EUR", type_=JSONB()))
    )
    act_as(shop.session, shop.scope)
    assert isinstance(found, dict)
    return found


def levels(shop: Shop, subscription: ServiceSubscription, scope: Scope) -> list[tuple[str, ...]]:
    """Name, received, discount, net cost and margin of each level."""
    return [
        (
            level["tenant_name"],
            *(level[name]["amount"] for name in ("received", "discount", "net_cost", "margin")),
        )
        for level in waterfall(shop, subscription, scope)["levels"]
    ]


@pytest.fixture
def shop(session: ScopedSession, chain: Chain) -> Shop:
    shop = open_shop(session, chain)
    shop.top_up("500.00")
    return shop


def test_each_level_sees_the_money_up_to_its_own(shop: Shop, chain: Chain) -> None:
    # given: example 7
    subscription = shop.bought(5)
    # when
    run(shop, date(2027, 9, 1))
    # then
    child = ("Brook", "19.35", "0.00", "17.42", "1.93")
    reseller = ("Ripple", "17.42", "0.00", "15.48", "1.94")
    distributor = ("Delta", "15.48", "0.00", "13.55", "1.93")
    assert levels(shop, subscription, scope_of(chain.child)) == [child]
    assert levels(shop, subscription, scope_of(chain.reseller)) == [child, reseller]
    assert levels(shop, subscription, scope_of(chain.distributor)) == [child, reseller, distributor]
    assert levels(shop, subscription, scope_of(chain.sibling)) == []


def test_a_reseller_discount_is_the_margin_of_who_gets_it(shop: Shop, chain: Chain) -> None:
    # given
    scope = act_as(shop.session, scope_of(chain.distributor))
    create_reseller_discount(
        shop.session,
        scope,
        name="Spring",
        percent=Decimal(10),
        tenant_ids=[chain.reseller.tenant.id],
        clock=shop.clock,
    )
    act_as(shop.session, shop.scope)
    subscription = shop.bought(5)
    # when
    run(shop, date(2027, 9, 1))
    # then
    assert levels(shop, subscription, scope_of(chain.distributor))[1:] == [
        ("Ripple", "17.42", "1.54", "13.94", "3.48"),
        ("Delta", "13.94", "0.00", "13.55", "0.39"),
    ]


def test_nothing_flows_before_a_charge_is_closed(shop: Shop, chain: Chain) -> None:
    # given
    subscription = shop.bought(5)
    # then
    found = waterfall(shop, subscription, scope_of(chain.distributor))
    assert found == {
        "paid": {"amount": "0.00", "currency": "EUR"},
        "discount": {"amount": "0.00", "currency": "EUR"},
        "levels": [],
    }


def test_it_sums_exactly_through_splits_stops_and_months(shop: Shop, chain: Chain) -> None:
    # given: example 1, then a stop and an activation, and two months
    subscription = shop.bought(5)
    shop.day = date(2027, 8, 25)
    shop.pay(shop.change(subscription, 8))
    shop.day = date(2027, 8, 28)
    shop.change(subscription, 6)
    run(shop, date(2027, 9, 1))
    shop.day = date(2027, 9, 10)
    stop(shop, subscription)
    shop.day = date(2027, 9, 20)
    activate(shop, subscription)
    run(shop, date(2027, 10, 1), date(2027, 11, 1))
    # then
    found = waterfall(shop, subscription, scope_of(chain.distributor))
    margins = sum(Decimal(level["margin"]["amount"]) for level in found["levels"])
    assert Decimal(found["paid"]["amount"]) == Decimal("23.54") + Decimal("18.00") + Decimal("22.00") + Decimal("60.00")
    assert margins + Decimal(found["levels"][-1]["net_cost"]["amount"]) == Decimal(found["paid"]["amount"])
    assert [level["tenant_name"] for level in found["levels"]] == ["Brook", "Ripple", "Delta"]


def cost_now(shop: Shop, subscription: ServiceSubscription) -> str:
    found = shop.session.scalar(select(func.app_cost_now(subscription.distributor_id, subscription.id)))
    return f"{found:.2f}"


def test_what_the_running_period_costs(shop: Shop) -> None:
    # given: the sandbox's clock stands on 20 August
    subscription = shop.bought(5)
    assert cost_now(shop, subscription) == "19.35"
    # when: as in example 1
    shop.day = date(2027, 8, 25)
    shop.pay(shop.change(subscription, 8))
    shop.day = date(2027, 8, 28)
    shop.change(subscription, 6)
    # then
    assert cost_now(shop, subscription) == "23.54"
