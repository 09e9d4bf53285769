"""What a change of prices does to the levels below and to renewals, before it is kept."""

from decimal import Decimal

import pytest

from domain.catalog.drafts import FeesChange
from domain.catalog.models import Plan
from domain.pricing.actions import set_markup
from domain.pricing.by_hand import PriceChange, set_prices
from domain.subscriptions.price_impact import Impact, impact_of, totals_below
from tenancy.hierarchy import Founded
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.catalog.making import acting
from tests.domain.payments.selling import YEAR, Shop, open_shop

pytestmark = pytest.mark.feature("C-12")


def impact_of_price(session: ScopedSession, shop: Shop, owner: Founded, plan: Plan, amount: str) -> Impact:
    """Of a price of one seat a month, set by the plan's owner."""
    scope = acting(session, owner)
    before = totals_below(session, scope, [plan.id])
    change = PriceChange("seats", fees=FeesChange(recurring_per_month=Decimal(amount)))
    set_prices(session, scope, plan_id=plan.id, resources=[change], clock=shop.clock)
    return impact_of(session, scope, [plan.id], before)


def by_hand(session: ScopedSession, shop: Shop, chain: Chain, amount: str) -> None:
    """The child reseller's own price."""
    change = PriceChange("seats", fees=FeesChange(recurring_per_month=Decimal(amount)))
    scope = acting(session, chain.child)
    set_prices(session, scope, plan_id=shop.plan.id, resources=[change], clock=shop.clock)


def test_every_level_tells_its_new_net_cost_price_and_margin(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    # when
    impact = impact_of_price(session, shop, chain.distributor, shop.chain_plans[0], "16")
    # then: markups of 12.5 and 11.1111 % go along
    assert [
        (line.tenant_name, line.before.net_cost, line.now.net_cost, line.before.price, line.now.price)
        for line in sorted(impact.lines, key=lambda line: line.now.level)
    ] == [
        ("Delta", Decimal(7), Decimal(7), Decimal(8), Decimal(16)),
        ("Ripple", Decimal(8), Decimal(16), Decimal(9), Decimal(18)),
        ("Brook", Decimal(9), Decimal(18), Decimal(10), Decimal(20)),
    ]
    assert [
        (level.level, level.lines, level.at_a_loss, level.margin_before, level.margin) for level in impact.levels
    ] == [
        (0, 1, 0, Decimal(1), Decimal(9)),
        (1, 1, 0, Decimal(1), Decimal(2)),
        (2, 1, 0, Decimal(1), Decimal(2)),
    ]
    assert (impact.losses, impact.more_losses) == ([], False)


def test_subscriptions_that_would_renew_at_a_loss_are_told_with_who_loses(session: ScopedSession, chain: Chain) -> None:
    # given: five seats for a year, of a plan whose last price is set by hand
    shop = open_shop(session, chain, period=YEAR, plan={"fixed_price": True})
    shop.top_up("10000")
    subscription = shop.bought(5)
    shop.bought(5, auto_renew=False)
    by_hand(session, shop, chain, "10")
    # when
    impact = impact_of_price(session, shop, chain.distributor, shop.chain_plans[0], "10")
    # then: 11.25 a seat from the reseller, 10 for the customer, twelve months
    (loss,) = impact.losses
    assert (loss.subscription_id, loss.tenant_name, loss.level) == (subscription.id, "Brook", 2)
    assert (loss.price, loss.net_cost) == (Decimal(600), Decimal(675))
    assert [(level.level, level.at_a_loss) for level in impact.levels] == [(0, 0), (1, 0), (2, 1)]


def test_a_level_between_that_loses_is_told_too_and_those_above_are_not_looked_at(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("1000")
    shop.bought(5)
    scope = acting(session, chain.reseller)
    plan = shop.chain_plans[1]
    before = totals_below(session, scope, [plan.id])
    # when: the reseller sells for less than it pays
    set_markup(session, scope, plan_id=plan.id, markup_percent=Decimal(-50), clock=shop.clock)
    impact = impact_of(session, scope, [plan.id], before)
    # then
    assert [(loss.tenant_name, loss.price, loss.net_cost) for loss in impact.losses] == [
        ("Ripple", Decimal(20), Decimal(40))
    ]
    assert [line.tenant_name for line in impact.lines] == ["Ripple", "Brook"]


def test_a_scope_without_the_plan_learns_nothing(session: ScopedSession, chain: Chain) -> None:
    shop = open_shop(session, chain)
    for founded, plan in ((chain.sibling, shop.plan), (chain.child, shop.chain_plans[0])):
        assert totals_below(session, acting(session, founded), [plan.id]) == {}
        assert impact_of(session, acting(session, founded), [plan.id], {}).levels == []
