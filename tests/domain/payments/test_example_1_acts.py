"""Example 1 of the billing rules, played on a real database: order, pay, add three, go down to six."""

from datetime import date
from decimal import Decimal

import pytest

from domain.billing.models import ChargeState
from domain.ordering.models import OrderState
from domain.payments.models import PaymentState
from domain.shared.errors import InsufficientBalance
from domain.subscriptions.models import SubscriptionState
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.payments.selling import open_shop


def test_an_order_waits_for_its_payment(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    # when
    order = shop.order(5)
    # then
    assert order.state is OrderState.WAITING_FOR_PAYMENT
    assert order.total == Decimal("19.35")
    assert (order.paid_from, order.paid_until) == (date(2027, 8, 20), date(2027, 9, 1))
    assert order.cancels_on == date(2027, 9, 1)
    assert shop.payment_of(order).state is PaymentState.WAITING_FOR_PAYMENT
    assert shop.subscription_of(order).state is SubscriptionState.ORDERED
    (charge,) = shop.charges()
    assert charge.state is ChargeState.NEW
    assert charge.description == "Business Basic, 5 licences, 20–31 Aug 2027"
    assert charge.explanation["fraction"] == "12/31"
    assert shop.balance() == ("0.00", "0.00")


def test_a_payment_without_funds_is_refused_with_what_it_needs(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    order = shop.order(5)
    shop.top_up("19.34")
    # when
    with pytest.raises(InsufficientBalance) as refused:
        shop.pay(order)
    # then
    assert (refused.value.required, refused.value.available) == (Decimal("19.35"), Decimal("19.34"))
    assert shop.amounts(ChargeState.NEW) == ["19.35"]
    shop.assert_books_agree()


def test_example_1_in_acts(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    # when: 5 on 20 August
    subscription = shop.bought(5)
    # then
    assert subscription.state is SubscriptionState.ACTIVE
    assert (subscription.started_on, subscription.paid_to) == (date(2027, 8, 20), date(2027, 9, 1))
    assert shop.balance() == ("100.00", "19.35")
    # when: 8 on 25 August
    shop.day = date(2027, 8, 25)
    more = shop.change(subscription, 8)
    assert more.total == Decimal("6.77")
    shop.pay(more)
    # then
    assert shop.amounts(ChargeState.BLOCKED) == ["19.35", "6.77"]
    assert shop.balance() == ("100.00", "26.12")
    # when: 6 on 28 August
    shop.day = date(2027, 8, 28)
    fewer = shop.change(subscription, 6)
    # then
    assert (fewer.state, fewer.total) == (OrderState.COMPLETED, Decimal(0))
    assert shop.amounts(ChargeState.DELETED) == ["19.35", "6.77"]
    assert shop.amounts(ChargeState.CLOSED) == ["12.90", "2.90"]
    assert shop.amounts(ChargeState.BLOCKED) == ["7.74"]
    assert shop.amounts(ChargeState.REFUNDED) == ["2.58"]
    assert shop.balance() == ("84.20", "7.74")
    billed = shop.charges(ChargeState.CLOSED, ChargeState.BLOCKED)
    assert sum(charge.amount for charge in billed) == Decimal("23.54")
    shop.assert_books_agree()
