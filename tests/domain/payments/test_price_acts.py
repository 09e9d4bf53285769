"""Which price a charge has at each level, and that books and explanations hold whatever people do."""

import random
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from domain.billing.models import Charge, ChargeLevel, ChargeState, ResellerCharge
from domain.billing.replay import explain
from domain.ordering.models import Order, OrderState, OrderType
from domain.payments import checkout, lifecycle
from domain.shared.errors import (
    Refusal,
)
from domain.subscriptions.models import ServiceSubscription
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope
from tests.domain.payments.selling import Shop, open_shop, owed
from tests.domain.payments.test_billing_run_acts import run
from tests.domain.payments.test_lifecycle_acts import raise_price


def test_the_levels_above_are_written_down_with_the_charge(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    # when
    shop.order(5)
    # then: the child reseller sees what it owes; the whole chain stands there
    seen = session.scalars(select(ChargeLevel.unit_price)).all()
    assert seen == [Decimal(9)]
    act_as(session, distributor_scope(chain.distributor))
    levels = session.execute(select(ChargeLevel.unit_price).order_by(ChargeLevel.tenant_path.desc())).scalars().all()
    assert levels == [Decimal(9), Decimal(8), Decimal(7)]


def test_prices_upstream_are_those_of_the_day_the_charge_was_made(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    shop.bought(5)
    act_as(session, distributor_scope(chain.distributor))
    for plan in shop.chain_plans:
        raise_price(replace(shop, plan=plan), "99.00")
    # when
    run(shop, date(2027, 9, 1))
    # then
    act_as(session, distributor_scope(chain.distributor))
    assert owed(session, chain)[:2] == [("child", "17.42"), ("reseller", "15.48")]


def test_example_5_a_free_period_then_protected_prices(session: ScopedSession, chain: Chain) -> None:
    # given: 10.00 a month, free until the first billing day, protected for twelve months
    shop = open_shop(session, chain, day=date(2027, 1, 15), plan={"free_period": True, "price_protection_months": 12})
    shop.top_up("2000.00")
    # when
    subscription = shop.bought(5)
    shop.day = date(2027, 1, 25)
    shop.change(subscription, 8)
    # then
    assert shop.amounts(ChargeState.BLOCKED) == ["0.00", "0.00"]
    # when
    run(shop, date(2027, 2, 1))
    assert shop.amounts(ChargeState.BLOCKED) == ["80.00"]
    shop.day = date(2027, 2, 22)
    shop.pay(shop.change(subscription, 9))
    assert shop.amounts(ChargeState.BLOCKED) == ["80.00", "2.50"]
    run(shop, date(2027, 3, 1))
    assert shop.amounts(ChargeState.BLOCKED) == ["90.00"]
    raise_price(shop, "11.00")
    run(shop, *(date(2027, month, 1) for month in (4, 5, 6)))
    # then
    assert shop.amounts(ChargeState.BLOCKED) == ["90.00"]
    # when: the protection of a year is over
    run(shop, *(date(2027, month, 1) for month in range(7, 13)), date(2028, 1, 1), date(2028, 2, 1))
    # then
    assert shop.amounts(ChargeState.BLOCKED) == ["99.00"]
    shop.assert_books_agree()


def test_a_fixed_price_holds_for_added_units_too_and_upstream(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, day=date(2027, 9, 1), plan={"fixed_price": True})
    shop.top_up("500.00")
    subscription = shop.bought(5)
    act_as(session, distributor_scope(chain.distributor))
    for plan in shop.chain_plans:
        raise_price(replace(shop, plan=plan), "11.00")
    act_as(session, shop.scope)
    # when
    shop.pay(shop.change(subscription, 8))
    run(shop, date(2027, 10, 1))
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["50.00", "30.00"]
    assert shop.amounts(ChargeState.BLOCKED) == ["80.00"]
    act_as(session, distributor_scope(chain.distributor))
    assert owed(session, chain) == [
        ("child", "45.00"),
        ("reseller", "40.00"),
        ("child", "27.00"),
        ("reseller", "24.00"),
    ]


def test_without_a_fixed_price_each_charge_takes_the_plans(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, day=date(2027, 9, 1))
    shop.top_up("500.00")
    subscription = shop.bought(5)
    raise_price(shop, "11.00")
    # when
    shop.pay(shop.change(subscription, 8))
    run(shop, date(2027, 10, 1))
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["50.00", "33.00"]
    assert shop.amounts(ChargeState.BLOCKED) == ["88.00"]


@pytest.mark.parametrize("seed", range(6))
def test_books_agree_and_explanations_replay_after_any_sequence(
    session: ScopedSession, chain: Chain, seed: int
) -> None:
    # given
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    shop = open_shop(session, chain, term={"auto_renew_point_days": 3})
    shop.top_up("400.00")
    subscription = shop.bought(5)
    # when: forty days of whatever people do
    for _ in range(40):
        shop.day += timedelta(days=1)
        run(shop, shop.day)
        with session.begin_nested() as attempt:
            try:
                _something(dice, shop, subscription)
            except Refusal:
                attempt.rollback()
        shop.assert_books_agree()
    # then
    assert all(explain(charge).agrees for charge in shop.charges())
    act_as(session, distributor_scope(chain.distributor))
    debts = session.scalars(select(ResellerCharge)).all()
    assert all(explain(charge).agrees for charge in debts)
    closed = session.scalar(select(func.count()).select_from(Charge).where(Charge.state == ChargeState.CLOSED))
    assert len(debts) == 2 * (closed or 0)


def _something(dice: random.Random, shop: Shop, subscription: ServiceSubscription) -> None:
    session, scope, clock, id = shop.session, shop.scope, shop.clock, subscription.id
    what = dice.choice(["change", "change", "stop", "activate", "prolong", "pay", "top up", "nothing"])
    if what == "change":
        order = shop.change(subscription, dice.randrange(0, 12))
        if order.state is OrderState.WAITING_FOR_PAYMENT and dice.random() < 0.8:
            shop.pay(order)
    elif what == "stop":
        lifecycle.stop_subscription(session, scope, subscription_id=id, clock=clock)
    elif what == "activate":
        lifecycle.activate_subscription(session, scope, subscription_id=id, clock=clock)
    elif what == "prolong":
        shop.pay(checkout.prolong_subscription(session, scope, subscription_id=id, clock=clock))
    elif what == "pay":
        waiting = session.scalars(
            select(Order).where(Order.state == OrderState.WAITING_FOR_PAYMENT, Order.type != OrderType.SALES)
        ).first()
        if waiting is not None:
            shop.pay(waiting)
    elif what == "top up":
        shop.top_up(f"{dice.randrange(1, 4000) / 100:.2f}")
