"""Stop, activate, prolong, delete."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.billing.models import ChargeState
from domain.catalog.models import PlanResource
from domain.ordering.models import Order, OrderState
from domain.payments import checkout, lifecycle
from domain.shared.billing_types import BillingType
from domain.shared.errors import InsufficientBalance, InvalidState, RefusedByBillingType
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope
from tests.domain.payments.selling import YEAR, Shop, open_shop, owed
from tests.domain.payments.test_billing_run_acts import run

SEPTEMBER_1 = date(2027, 9, 1)


def stop(shop: Shop, subscription: ServiceSubscription) -> None:
    lifecycle.stop_subscription(
        shop.session, shop.scope, subscription_id=subscription.id, reason="Asked for it", clock=shop.clock
    )


def activate(shop: Shop, subscription: ServiceSubscription) -> None:
    lifecycle.activate_subscription(shop.session, shop.scope, subscription_id=subscription.id, clock=shop.clock)


def prolong(shop: Shop, subscription: ServiceSubscription) -> Order:
    return checkout.prolong_subscription(shop.session, shop.scope, subscription_id=subscription.id, clock=shop.clock)


def delete(shop: Shop, subscription: ServiceSubscription) -> None:
    lifecycle.delete_subscription(shop.session, shop.scope, subscription_id=subscription.id, clock=shop.clock)


def test_stop_on_10_and_activate_on_20_september_charges_active_days_only(session: ScopedSession, chain: Chain) -> None:
    # given: 5 × 10.00, paid for September
    shop = open_shop(session, chain, day=SEPTEMBER_1)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    # when
    shop.day = date(2027, 9, 10)
    stop(shop, subscription)
    # then
    assert (subscription.state, subscription.stopped_on) == (SubscriptionState.STOPPED, shop.day)
    assert subscription.stop_reason == "Asked for it"
    assert shop.amounts(ChargeState.CLOSED) == ["15.00"]
    assert shop.amounts(ChargeState.REFUNDED) == ["35.00"]
    assert shop.balance() == ("85.00", "0.00")
    # when
    shop.day = date(2027, 9, 20)
    activate(shop, subscription)
    # then
    assert (subscription.state, subscription.stopped_on) == (SubscriptionState.ACTIVE, None)
    assert shop.amounts(ChargeState.CLOSED, ChargeState.BLOCKED) == ["15.00", "18.33"]
    shop.assert_books_agree()
    # and: what the stop closed is owed up the chain at once
    act_as(session, distributor_scope(chain.distributor))
    assert owed(session, chain) == [("child", "13.50"), ("reseller", "12.00")]


def test_an_activation_brings_back_each_unit_at_its_own_price(session: ScopedSession, chain: Chain) -> None:
    # given: 5 at 10.00, and 3 more after the price rose
    shop = open_shop(session, chain, day=SEPTEMBER_1)
    shop.top_up("200.00")
    subscription = shop.bought(5)
    raise_price(shop, "16.00")
    shop.pay(shop.change(subscription, 8))
    shop.day = date(2027, 9, 16)
    # when
    stop(shop, subscription)
    activate(shop, subscription)
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["25.00", "24.00"]
    assert shop.amounts(ChargeState.BLOCKED) == ["25.00", "24.00"]
    shop.assert_books_agree()


def raise_price(shop: Shop, price: str) -> None:
    """The child reseller's price, whoever set it."""
    for resource in shop.session.scalars(select(PlanResource).where(PlanResource.plan_id == shop.plan.id)):
        resource.recurring_per_month = Decimal(price)
    shop.session.flush()


def test_an_activation_needs_the_funds(session: ScopedSession, chain: Chain) -> None:
    # given: what came back was spent on another one
    shop = open_shop(session, chain, day=SEPTEMBER_1)
    shop.top_up("50.00")
    subscription = shop.bought(5)
    shop.day = date(2027, 9, 10)
    stop(shop, subscription)
    shop.bought(5)
    # when
    with pytest.raises(InsufficientBalance) as refused:
        activate(shop, subscription)
    # then
    assert (refused.value.required, refused.value.available) == (Decimal("35.00"), Decimal("0.00"))
    assert subscription.state is SubscriptionState.STOPPED


def test_from_paid_to_on_it_is_prolonged_instead_of_activated(session: ScopedSession, chain: Chain) -> None:
    # given: stopped for lack of funds on 1 September
    shop = open_shop(session, chain)
    shop.top_up("19.35")
    subscription = shop.bought(5)
    with pytest.raises(InvalidState, match="its prolongation is not possible before"):
        prolong(shop, subscription)
    run(shop, SEPTEMBER_1)
    # when: on 11 September there is money again
    shop.day = date(2027, 9, 11)
    with pytest.raises(InvalidState, match="its activation is not possible any more, prolong it"):
        activate(shop, subscription)
    shop.top_up("100.00")
    order = prolong(shop, subscription)
    # then
    assert (order.state, f"{order.total:.2f}") == (OrderState.WAITING_FOR_PAYMENT, "33.33")
    assert (order.paid_from, order.paid_until) == (shop.day, date(2027, 10, 1))
    # when: it is paid three days later
    shop.day = date(2027, 9, 14)
    shop.pay(order)
    # then: it costs what remains
    assert (subscription.state, subscription.paid_to) == (SubscriptionState.ACTIVE, date(2027, 10, 1))
    assert shop.amounts(ChargeState.BLOCKED) == ["28.33"]
    assert (f"{order.total:.2f}", f"{shop.payment_of(order).total:.2f}") == ("28.33", "33.33")
    shop.assert_books_agree()


def test_what_was_stopped_before_its_billing_day_gets_no_prolong_order(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("500.00")
    subscription = shop.bought(5)
    shop.day = date(2027, 8, 25)
    stop(shop, subscription)
    # when
    run(shop, SEPTEMBER_1)
    # then
    assert subscription.state is SubscriptionState.STOPPED
    assert shop.count(Order) == 1
    assert shop.balance()[1] == "0.00"


def test_a_stop_cancels_the_order_that_waits(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    more = shop.change(subscription, 8)
    # when
    stop(shop, subscription)
    # then
    assert more.state is OrderState.CANCELLED
    assert shop.amounts(ChargeState.DELETED) == ["19.35", "11.61"]
    assert shop.amounts(ChargeState.REFUNDED) == ["19.35"]
    assert shop.balance() == ("100.00", "0.00")
    shop.assert_books_agree()


def test_a_deletion_closes_what_was_used_and_returns_the_rest(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    shop.day = date(2027, 8, 28)
    # when
    delete(shop, subscription)
    # then
    assert subscription.state is SubscriptionState.DELETED
    assert shop.amounts(ChargeState.CLOSED) == ["12.90"]
    assert shop.balance() == ("87.10", "0.00")
    shop.assert_books_agree()


def test_an_unpaid_order_can_be_withdrawn(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    order = shop.order(5)
    # when
    delete(shop, shop.subscription_of(order))
    # then
    assert order.state is OrderState.CANCELLED
    assert shop.subscription_of(order).state is SubscriptionState.DELETED


def test_a_commitment_is_not_decreased_and_its_stop_returns_nothing(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, billing_type=BillingType.MONTHLY_COMMITMENT, period=YEAR)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    # then
    with pytest.raises(RefusedByBillingType):
        shop.change(subscription, 4)
    # when
    shop.day = date(2027, 8, 25)
    stop(shop, subscription)
    # then
    assert shop.balance() == ("100.00", "19.35")
    # when: stopped until after the billing day, then prolonged late, it owes the missed month whole
    run(shop, SEPTEMBER_1)
    shop.day = date(2027, 9, 20)
    order = prolong(shop, subscription)
    # then
    assert f"{order.total:.2f}" == "50.00"


def test_a_years_commitment_paid_at_once_splits_on_deletion_only_inside_its_window(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    shop = open_shop(
        session,
        chain,
        billing_type=BillingType.MONTHLY_COMMITMENT,
        period=YEAR,
        term={"deletion_window_days": 5},
    )
    shop.top_up("100.00")
    inside, outside = shop.bought(5), shop.bought(5)
    # when
    shop.day = date(2027, 8, 24)
    delete(shop, inside)
    shop.day = date(2027, 8, 25)
    delete(shop, outside)
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["6.45"]
    assert shop.amounts(ChargeState.BLOCKED) == ["19.35"]
    shop.assert_books_agree()


def test_csp_annual_closes_at_once_without_a_window_and_is_not_decreased_then(
    session: ScopedSession, chain: Chain
) -> None:
    # given: a year of 120.00 a licence, from 1 September
    shop = open_shop(session, chain, billing_type=BillingType.CSP_ANNUAL, period=YEAR, day=SEPTEMBER_1)
    shop.top_up("120.00")
    # when
    subscription = shop.bought(1)
    # then
    assert (subscription.paid_to, subscription.expires_on) == (date(2028, 9, 1), date(2028, 8, 31))
    assert shop.amounts(ChargeState.CLOSED) == ["10.00"] * 12
    with pytest.raises(RefusedByBillingType):
        shop.change(subscription, 0)
    act_as(session, distributor_scope(chain.distributor))
    assert len(owed(session, chain)) == 24
    act_as(session, shop.scope)
    shop.assert_books_agree()


def test_csp_annual_in_its_window_returns_later_months_too(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(
        session,
        chain,
        billing_type=BillingType.CSP_ANNUAL,
        period=YEAR,
        day=SEPTEMBER_1,
        term={"deletion_window_days": 7},
    )
    shop.top_up("240.00")
    subscription = shop.bought(2)
    assert shop.balance() == ("240.00", "240.00")
    # when: on 4 September one licence leaves
    shop.day = date(2027, 9, 4)
    shop.change(subscription, 1)
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["2.00"]
    assert shop.amounts(ChargeState.BLOCKED) == [*["10.00"] * 11, "9.00"]
    assert shop.balance() == ("238.00", "119.00")
    shop.assert_books_agree()


def test_what_is_bought_once_is_delivered_and_never_changed(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, billing_type=BillingType.NON_RECURRING)
    shop.top_up("50.00")
    # when
    subscription = shop.bought(5)
    # then
    assert subscription.state is SubscriptionState.DELIVERED
    assert shop.amounts(ChargeState.CLOSED) == ["50.00"]
    for operation in (stop, delete):
        with pytest.raises(RefusedByBillingType):
            operation(shop, subscription)
    with pytest.raises(RefusedByBillingType):
        shop.change(subscription, 6)
