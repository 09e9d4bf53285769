"""A new term by hand, and months that were paid ahead."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.billing.models import ChargeState
from domain.catalog.drafts import PlanPeriodDraft
from domain.catalog.models import ExpiredRenewal
from domain.ordering.models import Order, OrderState, OrderType
from domain.payments.renewing import renew_subscription
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidState
from domain.shared.periods import PeriodUnit
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope
from tests.domain.payments.selling import MONTH, YEAR, Shop, open_shop, owed
from tests.domain.payments.test_billing_run_acts import run
from tests.domain.payments.test_lifecycle_acts import activate, delete, raise_price, stop


def renew(shop: Shop, subscription: ServiceSubscription, *quantity: int) -> Order:
    return renew_subscription(
        shop.session,
        shop.scope,
        subscription_id=subscription.id,
        quantities=[("seats", Decimal(units)) for units in quantity],
        clock=shop.clock,
    )


@pytest.mark.parametrize(
    ("mode", "total", "expires_on"),
    [("CONSTANT", "366.00", date(2022, 5, 14)), ("SHIFTED", "372.00", date(2022, 5, 20))],
)
def test_example_4_an_expired_subscription_is_renewed_late(
    session: ScopedSession, chain: Chain, mode: str, total: str, expires_on: date
) -> None:
    # given: a year at 31.00 a month, ordered 15 May 2020, expired on 14 May 2021
    shop = open_shop(
        session,
        chain,
        billing_type=BillingType.CSP_ANNUAL,
        period=YEAR,
        day=date(2020, 5, 15),
        plan={"expired_renewal": ExpiredRenewal(mode)},
        prices=("31.00", "0", "0"),
    )
    shop.top_up("1000.00")
    subscription = shop.bought(1, auto_renew=False)
    assert subscription.expires_on == date(2021, 5, 14)
    run(shop, date(2021, 5, 15))
    assert subscription.state is SubscriptionState.STOPPED
    # when
    shop.day = date(2021, 5, 21)
    order = renew(shop, subscription)
    # then
    assert (order.type, f"{order.total:.2f}") == (OrderType.RENEWAL, total)
    # when
    shop.pay(order)
    # then
    assert (subscription.state, subscription.expires_on) == (SubscriptionState.ACTIVE, expires_on)
    assert subscription.paid_to is not None
    shop.assert_books_agree()


def test_a_term_renewed_ahead_is_paid_on_its_first_day(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, period=MONTH, day=date(2027, 9, 1))
    shop.top_up("100.00")
    subscription = shop.bought(5, auto_renew=False)
    # when
    shop.day = date(2027, 9, 20)
    order = renew(shop, subscription)
    # then
    assert (order.state, order.paid_from) == (OrderState.WAITING_FOR_PAYMENT, date(2027, 10, 1))
    # when
    run(shop, date(2027, 10, 1))
    # then
    assert (subscription.paid_to, subscription.expires_on) == (date(2027, 11, 1), date(2027, 10, 31))
    assert shop.amounts(ChargeState.BLOCKED) == ["50.00"]


def test_a_fixed_price_ends_with_its_term(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, period=MONTH, day=date(2027, 9, 1), plan={"fixed_price": True})
    shop.top_up("300.00")
    subscription = shop.bought(5)
    raise_price(shop, "11.00")
    # when
    run(shop, date(2027, 10, 1))
    # then
    assert shop.amounts(ChargeState.BLOCKED) == ["55.00"]
    # and it holds again
    raise_price(shop, "12.00")
    shop.day = date(2027, 10, 16)
    assert f"{shop.change(subscription, 7).total:.2f}" == "11.35"


def test_renewal_by_hand_has_its_bounds(session: ScopedSession, chain: Chain) -> None:
    # given
    endless = open_shop(session, chain)
    endless.top_up("100.00")
    subscription = endless.bought(5)
    # then
    with pytest.raises(InvalidState, match="endless: its renewal is not possible, prolong it"):
        renew(endless, subscription)


def test_a_point_bounds_renewal_by_hand_and_months_of_the_term_come_first(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, period=YEAR, term={"manual_renew_point_days": 15})
    shop.top_up("100.00")
    subscription = shop.bought(5)
    # then
    with pytest.raises(InvalidState, match="by hand is not possible before 2028-08-05"):
        renew(shop, subscription)
    shop.day = date(2028, 8, 5)
    with pytest.raises(InvalidState, match="is not possible before it is paid to 2028-08-20"):
        renew(shop, subscription)


def test_a_commitment_is_decreased_when_it_is_renewed(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, billing_type=BillingType.MONTHLY_COMMITMENT, period=MONTH, day=date(2027, 9, 1))
    shop.top_up("100.00")
    subscription = shop.bought(5, auto_renew=False)
    shop.day = date(2027, 9, 20)
    # when: ordered and paid before the term ends
    order = renew(shop, subscription, 3)
    shop.pay(order)
    # then: it waits for that day
    assert (order.state, order.provisions_on) == (OrderState.WAITING_FOR_PROVISIONING, date(2027, 10, 1))
    assert (subscription.expires_on, shop.amounts(ChargeState.BLOCKED)) == (date(2027, 9, 30), ["50.00", "30.00"])
    run(shop, date(2027, 10, 1))
    assert order.state is OrderState.COMPLETED
    assert (subscription.state, subscription.expires_on) == (SubscriptionState.ACTIVE, date(2027, 10, 31))
    run(shop, date(2027, 11, 1))
    assert shop.amounts(ChargeState.CLOSED) == ["50.00", "30.00"]


def test_a_month_paid_ahead_follows_the_changes_before_it(session: ScopedSession, chain: Chain) -> None:
    # given: September is paid in August
    shop = open_shop(session, chain, term={"auto_renew_point_days": 10})
    shop.top_up("200.00")
    subscription = shop.bought(5)
    run(shop, date(2027, 8, 22))
    prolongation = session.scalars(select(Order).where(Order.type == OrderType.PROLONG)).one()
    shop.pay(prolongation)
    assert shop.amounts(ChargeState.BLOCKED) == ["19.35", "50.00"]
    # when: 8 from 25 August, 6 from 28 August
    shop.day = date(2027, 8, 25)
    shop.pay(shop.change(subscription, 8))
    assert shop.amounts(ChargeState.BLOCKED) == ["19.35", "50.00", "6.77", "30.00"]
    shop.day = date(2027, 8, 28)
    shop.change(subscription, 6)
    # then: September is changed in place
    assert sorted(shop.amounts(ChargeState.BLOCKED)) == ["10.00", "50.00", "7.74"]
    shop.assert_books_agree()
    run(shop, date(2027, 9, 1), date(2027, 10, 1))
    assert sum(charge.amount for charge in shop.charges(ChargeState.CLOSED)) == Decimal("83.54")
    shop.assert_books_agree()


def test_a_stop_gives_a_month_paid_ahead_back(session: ScopedSession, chain: Chain) -> None:
    # given: September is paid in August
    shop = open_shop(session, chain, term={"auto_renew_point_days": 10})
    shop.top_up("200.00")
    subscription = shop.bought(5)
    run(shop, date(2027, 8, 22))
    shop.pay(session.scalars(select(Order).where(Order.type == OrderType.PROLONG)).one())
    assert subscription.paid_to == date(2027, 10, 1)
    # when
    shop.day = date(2027, 8, 28)
    stop(shop, subscription)
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["12.90"]
    assert shop.balance() == ("187.10", "0.00")
    assert subscription.paid_to == date(2027, 9, 1)
    # when: it runs again, the month is ordered and paid as usual
    activate(shop, subscription)
    run(shop, date(2027, 9, 1))
    # then
    assert subscription.paid_to == date(2027, 10, 1)
    assert shop.amounts(ChargeState.BLOCKED) == ["50.00"]
    shop.assert_books_agree()


def test_a_calendar_commitment_counts_months_from_its_start_and_takes_closed_ones_back_in_its_window(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    shop = open_shop(
        session,
        chain,
        billing_type=BillingType.MONTHLY_COMMITMENT_CALENDAR,
        period=YEAR,
        term={"deletion_window_days": 7},
    )
    shop.top_up("200.00")
    subscription = shop.bought(5)
    assert (subscription.paid_to, shop.amounts(ChargeState.BLOCKED)) == (date(2027, 9, 20), ["50.00"])
    shop.pay(shop.change(subscription, 6))
    assert shop.amounts(ChargeState.CLOSED) == ["10.00"]
    act_as(session, distributor_scope(chain.distributor))
    assert owed(session, chain) == [("child", "9.00"), ("reseller", "8.00")]
    act_as(session, shop.scope)
    # when: the whole of it goes back on the third day
    shop.day = date(2027, 8, 22)
    delete(shop, subscription)
    # then: two days of six licences stay
    assert shop.amounts(ChargeState.CLOSED) == ["3.23", "0.65"]
    assert shop.balance() == ("196.12", "0.00")
    shop.assert_books_agree()
    act_as(session, distributor_scope(chain.distributor))
    debts = owed(session, chain)
    assert ("child", "-9.00") in debts
    assert ("reseller", "-8.00") in debts
    assert sum(Decimal(amount) for who, amount in debts if who == "child") == Decimal("3.48")


def test_a_calendar_commitment_is_prolonged_on_its_own_day(session: ScopedSession, chain: Chain) -> None:
    # given: from 31 January, three months
    shop = open_shop(
        session,
        chain,
        billing_type=BillingType.MONTHLY_COMMITMENT_CALENDAR,
        period=PlanPeriodDraft(unit=PeriodUnit.MONTH, duration=3),
        day=date(2027, 1, 31),
    )
    shop.top_up("200.00")
    subscription = shop.bought(5, auto_renew=False)
    paid_to = [subscription.paid_to]
    # when
    for day in (date(2027, 2, 28), date(2027, 3, 31)):
        run(shop, day)
        paid_to.append(subscription.paid_to)
    # then
    assert paid_to == [date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]
    assert shop.amounts(ChargeState.CLOSED) == ["50.00", "50.00", "50.00"]
    run(shop, date(2027, 4, 30))
    assert subscription.state is SubscriptionState.STOPPED
