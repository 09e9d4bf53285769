"""What a date brings: charges close, the chain owes, periods are prolonged and paid, else grace or stop."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from domain.billing.models import ChargeState
from domain.billing.reseller_discounts import create_reseller_discount
from domain.customers.models import PaymentModel
from domain.ordering.models import Order, OrderState, OrderType
from domain.payments.billing_run import run_day
from domain.payments.due_dates import anything_due, next_due
from domain.payments.forecast import required_funds
from domain.payments.models import PaymentState
from domain.shared.models import Event
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope, scope_of
from tests.domain.payments.selling import MONTH, YEAR, Shop, clock_on, open_shop, owed

SEPTEMBER_1 = date(2027, 9, 1)


def run(shop: Shop, *days: date) -> None:
    """The billing run of these dates, then back to the child reseller."""
    scope = act_as(shop.session, distributor_scope(shop.chain.distributor))
    for day in days:
        run_day(shop.session, scope, clock=clock_on(day), day=day)
        shop.day = day
    act_as(shop.session, shop.scope)


def test_example_7_the_chain_owes_when_the_charge_closes(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("19.35")
    shop.bought(5)
    # when
    run(shop, SEPTEMBER_1)
    # then
    act_as(session, distributor_scope(chain.distributor))
    assert owed(session, chain) == [("child", "17.42"), ("reseller", "15.48")]
    assert shop.amounts(ChargeState.CLOSED) == ["19.35"]
    shop.assert_books_agree()


def test_example_7_with_a_reseller_discount_of_ten_percent(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    scope = act_as(session, scope_of(chain.distributor))
    for percent in ("5", "10"):
        create_reseller_discount(
            session,
            scope,
            name=f"{percent} off",
            percent=Decimal(percent),
            tenant_ids=[chain.reseller.tenant.id],
            plan_ids=[shop.chain_plans[0].id],
            clock=shop.clock,
        )
    act_as(session, shop.scope)
    shop.top_up("19.35")
    shop.bought(5)
    # when
    run(shop, SEPTEMBER_1)
    # then
    act_as(session, distributor_scope(chain.distributor))
    assert owed(session, chain) == [("child", "17.42"), ("reseller", "13.94")]


def test_the_billing_day_closes_and_prolongs(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    # when
    run(shop, SEPTEMBER_1)
    # then
    assert (subscription.state, subscription.paid_to) == (SubscriptionState.ACTIVE, date(2027, 10, 1))
    assert shop.amounts(ChargeState.CLOSED) == ["19.35"]
    assert shop.amounts(ChargeState.BLOCKED) == ["50.00"]
    assert shop.balance() == ("80.65", "50.00")
    order = session.scalars(select(Order).where(Order.type == OrderType.PROLONG)).one()
    assert order.state is OrderState.COMPLETED
    assert shop.payment_of(order).state is PaymentState.PAID_FROM_BALANCE
    shop.assert_books_agree()


def test_a_second_run_of_a_date_finds_nothing(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    shop.bought(5)
    run(shop, SEPTEMBER_1)
    act_as(session, distributor_scope(chain.distributor))
    before = [shop.count(model) for model in (Event, Order)], owed(session, chain)
    # when
    run(shop, SEPTEMBER_1)
    # then
    scope = act_as(session, distributor_scope(chain.distributor))
    assert ([shop.count(model) for model in (Event, Order)], owed(session, chain)) == before
    assert not anything_due(session, scope, day=SEPTEMBER_1)


def test_a_short_balance_stops_and_money_that_comes_later_does_not_start_it(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("69.34")
    subscription = shop.bought(5)
    # when
    run(shop, SEPTEMBER_1)
    shop.top_up("100.00")
    run(shop, date(2027, 9, 2))
    # then
    assert (subscription.state, subscription.stopped_on) == (SubscriptionState.STOPPED, SEPTEMBER_1)
    order = session.scalars(select(Order).where(Order.type == OrderType.PROLONG)).one()
    assert order.state is OrderState.CANCELLED
    assert shop.payment_of(order).state is PaymentState.CANCELLED
    assert shop.balance() == ("149.99", "0.00")
    shop.assert_books_agree()


def test_periods_are_paid_in_order_of_subscription_number(session: ScopedSession, chain: Chain) -> None:
    # given: money for one more month of one of them
    shop = open_shop(session, chain)
    shop.top_up("88.70")
    first, second = shop.bought(5), shop.bought(5)
    # when
    run(shop, SEPTEMBER_1)
    # then
    assert (first.state, second.state) == (SubscriptionState.ACTIVE, SubscriptionState.STOPPED)


def test_an_order_ahead_waits_and_is_paid_on_the_day(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, term={"auto_renew_point_days": 5})
    shop.top_up("100.00")
    subscription = shop.bought(5)
    # when
    run(shop, date(2027, 8, 26))
    assert shop.count(Order) == 1
    run(shop, date(2027, 8, 27))
    # then
    order = session.scalars(select(Order).where(Order.type == OrderType.PROLONG)).one()
    assert (order.state, f"{order.total:.2f}") == (OrderState.WAITING_FOR_PAYMENT, "50.00")
    assert shop.balance() == ("100.00", "19.35")
    # when
    run(shop, SEPTEMBER_1)
    # then
    assert order.state is OrderState.COMPLETED
    assert subscription.paid_to == date(2027, 10, 1)


def test_grace_lets_it_run_and_a_payment_in_grace_covers_from_paid_to(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, term={"grace_on_prolongation": True, "grace_period_days": 5})
    shop.top_up("19.35")
    subscription = shop.bought(5)
    run(shop, SEPTEMBER_1)
    assert subscription.state is SubscriptionState.GRACED
    # when
    shop.day = date(2027, 9, 3)
    shop.top_up("50.00")
    order = session.scalars(select(Order).where(Order.type == OrderType.PROLONG)).one()
    shop.pay(order)
    # then
    assert (subscription.state, subscription.paid_to) == (SubscriptionState.ACTIVE, date(2027, 10, 1))
    assert shop.amounts(ChargeState.BLOCKED) == ["50.00"]
    shop.assert_books_agree()


def test_after_grace_it_stops_and_after_the_stop_period_it_is_deleted(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(
        session,
        chain,
        term={"grace_on_prolongation": True, "grace_period_days": 5, "stop_period_days": 10},
    )
    shop.top_up("19.35")
    subscription = shop.bought(5)
    seen = {}
    # when
    for day in (SEPTEMBER_1, date(2027, 9, 5), date(2027, 9, 6), date(2027, 9, 15), date(2027, 9, 16)):
        run(shop, day)
        seen[day.day] = subscription.state
    # then
    state = SubscriptionState
    assert seen == {1: state.GRACED, 5: state.GRACED, 6: state.STOPPED, 15: state.STOPPED, 16: state.DELETED}


def test_lapsed_orders_are_cancelled_with_all_that_came_with_them(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    order = shop.order(5)
    # when
    run(shop, SEPTEMBER_1)
    # then
    assert order.state is OrderState.CANCELLED
    assert shop.payment_of(order).state is PaymentState.CANCELLED
    assert shop.amounts(ChargeState.DELETED) == ["19.35"]
    assert shop.subscription_of(order).state is SubscriptionState.DELETED


def test_a_postpaid_account_is_charged_without_payment_and_falls_into_debt(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    shop = open_shop(session, chain, payment_model=PaymentModel.POSTPAY)
    subscription = shop.bought(5)
    # when
    run(shop, SEPTEMBER_1)
    # then
    assert subscription.paid_to == date(2027, 10, 1)
    assert shop.balance() == ("-19.35", "50.00")
    shop.assert_books_agree()


def test_a_year_ends_and_renews_itself(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, period=YEAR, day=date(2027, 1, 15))
    shop.top_up("2000.00")
    subscription = shop.bought(5)
    assert subscription.expires_on == date(2028, 1, 14)
    # when
    run(shop, *(date(2027, month, 1) for month in range(2, 13)), date(2028, 1, 1))
    # then
    assert subscription.paid_to == date(2028, 1, 15)
    # when
    run(shop, date(2028, 1, 15))
    # then
    assert (subscription.paid_to, subscription.expires_on) == (date(2028, 2, 1), date(2029, 1, 14))
    assert session.scalars(select(Order.type).order_by(Order.number.desc())).first() is OrderType.RENEWAL
    shop.assert_books_agree()


def test_a_term_that_does_not_renew_itself_stops_when_it_ends(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, period=MONTH)
    shop.top_up("200.00")
    subscription = shop.bought(5, auto_renew=False)
    # when
    run(shop, SEPTEMBER_1, date(2027, 9, 20))
    # then
    assert subscription.expires_on == date(2027, 9, 19)
    assert (subscription.state, subscription.stopped_on) == (SubscriptionState.STOPPED, date(2027, 9, 20))
    assert shop.amounts(ChargeState.CLOSED, ChargeState.BLOCKED) == ["19.35", "31.67"]


def test_due_dates_are_found_in_order(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, term={"auto_renew_point_days": 3, "stop_period_days": 20})
    shop.top_up("19.35")
    shop.bought(5)
    day, found = shop.day, []
    # when
    while True:
        scope = act_as(session, distributor_scope(chain.distributor))
        due = next_due(session, scope, after=day, until=date(2028, 1, 1))
        if due is None:
            break
        run(shop, due)
        found.append(due)
        day = due
    # then
    assert found == [date(2027, 8, 29), SEPTEMBER_1, date(2027, 9, 21)]


@pytest.mark.parametrize("order_waits", [True, False])
def test_required_funds_say_what_is_missing(session: ScopedSession, chain: Chain, order_waits: bool) -> None:
    # given
    term: dict[str, Any] = {"auto_renew_point_days": 5}
    shop = open_shop(session, chain, term=term)
    shop.top_up("79.35")
    first, second = shop.bought(5), shop.bought(2)
    if order_waits:
        run(shop, date(2027, 8, 28))
    # when
    scope = act_as(session, distributor_scope(chain.distributor))
    (needed,) = required_funds(session, scope, billing_on=SEPTEMBER_1, clock=shop.clock)
    # then
    assert needed.account is shop.account
    assert [(line.subscription.id, line.amount) for line in needed.lines] == [
        (first.id, Decimal("50.00")),
        (second.id, Decimal("20.00")),
    ]
    assert (needed.required, needed.available, needed.missing) == (
        Decimal("70.00"),
        Decimal("52.26"),
        Decimal("17.74"),
    )
    assert required_funds(session, scope, billing_on=date(2027, 9, 2), clock=shop.clock) == []


def test_the_run_tells_what_happened_in_order(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    shop.bought(5)
    act_as(session, distributor_scope(chain.distributor))
    before = session.scalar(select(func.max(Event.sequence)))
    # when
    run(shop, SEPTEMBER_1)
    # then
    act_as(session, distributor_scope(chain.distributor))
    types = session.scalars(select(Event.type).where(Event.sequence > before).order_by(Event.sequence)).all()
    assert types == [
        "charge.closed",
        "reseller_charge.created",
        "reseller_charge.created",
        "order.created",
        "payment.completed",
        "order.completed",
        "subscription.prolonged",
    ]


def test_nothing_of_the_levels_above_reaches_the_seller(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    shop.bought(5)
    run(shop, SEPTEMBER_1)
    # when: the child reseller looks
    act_as(session, shop.scope)
    # then
    assert owed(session, chain) == [("child", "17.42")]
    assert session.scalars(select(ServiceSubscription.id)).one() is not None
