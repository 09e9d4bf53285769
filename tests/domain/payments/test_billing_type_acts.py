"""Each billing type that has a life of its own, from order to renewal, with dates and amounts."""

from datetime import date
from decimal import Decimal

import pytest

from domain.billing.models import ChargeState
from domain.catalog.drafts import PlanPeriodDraft
from domain.ordering.models import OrderState, OrderType
from domain.shared.billing_types import BillingType
from domain.shared.errors import InsufficientBalance, RefusedByBillingType
from domain.shared.periods import PeriodUnit
from domain.subscriptions.models import SubscriptionState
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.payments.selling import ENDLESS, MONTH, YEAR, Shop, open_shop
from tests.domain.payments.test_billing_run_acts import run
from tests.domain.payments.test_lifecycle_acts import activate, delete, stop
from tests.domain.payments.test_renewal_acts import renew

AUGUST_25 = date(2027, 8, 25)
SEPTEMBER_1 = date(2027, 9, 1)
SEPTEMBER_10 = date(2027, 9, 10)


def licence_shop(session: ScopedSession, chain: Chain, billing_type: BillingType, funds: str = "500.00") -> Shop:
    shop = open_shop(session, chain, billing_type=billing_type, period=MONTH)
    shop.top_up(funds)
    return shop


def charged(shop: Shop, *states: ChargeState) -> list[str]:
    """Days, quantity and amount of each charge."""
    return [
        f"{charge.period_start}…{charge.period_end} {charge.quantity:.0f}: {charge.amount:.2f}"
        for charge in shop.charges(*states)
    ]


def test_a_licence_based_month_is_paid_whole_and_ends_on_the_billing_day(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = licence_shop(session, chain, BillingType.LICENSE_BASED_MONTHLY)
    # when
    subscription = shop.bought(5)
    # then
    assert charged(shop, ChargeState.BLOCKED) == ["2027-08-20…2027-09-01 5: 50.00"]
    assert (subscription.paid_to, subscription.expires_on) == (SEPTEMBER_1, date(2027, 8, 31))
    # when: the next months are renewals
    run(shop, SEPTEMBER_1, date(2027, 10, 1))
    # then
    assert charged(shop, ChargeState.CLOSED) == ["2027-08-20…2027-09-01 5: 50.00", "2027-09-01…2027-10-01 5: 50.00"]
    assert (subscription.state, subscription.expires_on) == (SubscriptionState.ACTIVE, date(2027, 10, 31))
    shop.assert_books_agree()


def test_a_licence_based_month_pays_for_its_highest_quantity(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = licence_shop(session, chain, BillingType.LICENSE_BASED_MONTHLY)
    subscription = shop.bought(5)
    # when: three leave, two come back, two more come
    shop.day = AUGUST_25
    fewer = shop.change(subscription, 2)
    again = shop.change(subscription, 4)
    more = shop.change(subscription, 7)
    # then
    assert [fewer.total, again.total, more.total] == [Decimal(0), Decimal(0), Decimal(20)]
    assert (fewer.state, again.state) == (OrderState.COMPLETED, OrderState.COMPLETED)
    shop.pay(more)
    assert charged(shop, ChargeState.BLOCKED) == ["2027-08-20…2027-09-01 5: 50.00", "2027-08-25…2027-09-01 2: 20.00"]
    # when
    shop.change(subscription, 3)
    run(shop, SEPTEMBER_1)
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["50.00", "20.00"]
    assert charged(shop, ChargeState.BLOCKED) == ["2027-09-01…2027-10-01 3: 30.00"]
    shop.assert_books_agree()


def test_a_licence_based_month_is_not_returned(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = licence_shop(session, chain, BillingType.LICENSE_BASED_MONTHLY)
    subscription = shop.bought(5)
    shop.day = AUGUST_25
    # when
    stop(shop, subscription)
    activate(shop, subscription)
    # then
    assert shop.balance() == ("500.00", "50.00")
    # when
    delete(shop, subscription)
    run(shop, SEPTEMBER_1)
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["50.00"]
    assert shop.balance() == ("450.00", "0.00")


def test_pay_in_full_begins_free_and_pays_the_next_month(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = licence_shop(session, chain, BillingType.PAY_IN_FULL)
    # when
    subscription = shop.bought(5)
    # then
    assert charged(shop, ChargeState.BLOCKED) == ["2027-08-20…2027-09-01 5: 0.00", "2027-09-01…2027-10-01 5: 50.00"]
    assert (subscription.paid_to, subscription.expires_on) == (date(2027, 10, 1), date(2027, 9, 30))
    # when: more in the free days pay for the month, not for the days
    shop.day = AUGUST_25
    more = shop.change(subscription, 8)
    assert more.total == Decimal(30)
    shop.pay(more)
    # and fewer before the month begins are not paid for
    shop.change(subscription, 6)
    # then
    assert shop.balance() == ("500.00", "60.00")
    # when
    run(shop, SEPTEMBER_1, date(2027, 10, 1))
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["0.00", "50.00", "0.00", "10.00"]
    assert charged(shop, ChargeState.BLOCKED) == ["2027-10-01…2027-11-01 6: 60.00"]
    shop.assert_books_agree()


def test_pay_in_full_deleted_in_its_free_days_costs_nothing(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = licence_shop(session, chain, BillingType.PAY_IN_FULL)
    subscription = shop.bought(5)
    # when
    shop.day = AUGUST_25
    delete(shop, subscription)
    # then
    assert shop.balance() == ("500.00", "0.00")
    assert charged(shop, ChargeState.DELETED) == ["2027-09-01…2027-10-01 5: 50.00"]


def test_pay_in_full_renewed_late_is_not_free_again(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = licence_shop(session, chain, BillingType.PAY_IN_FULL)
    subscription = shop.bought(5, auto_renew=False)
    run(shop, SEPTEMBER_1, date(2027, 10, 1))
    assert subscription.state is SubscriptionState.STOPPED
    # when
    shop.day = date(2027, 10, 10)
    order = renew(shop, subscription)
    shop.pay(order)
    # then
    assert order.total == Decimal(50)
    assert (subscription.paid_to, subscription.expires_on) == (date(2027, 11, 1), date(2027, 10, 31))


def flexible_shop(session: ScopedSession, chain: Chain, funds: str = "500.00") -> Shop:
    shop = open_shop(session, chain, billing_type=BillingType.FLEXIBLE_MONTHLY, period=MONTH)
    shop.top_up(funds)
    return shop


def test_a_flexible_month_is_reserved_as_its_periods_begin(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = flexible_shop(session, chain)
    # when
    order = shop.order(5)
    shop.pay(order)
    subscription = shop.subscription_of(order)
    # then
    assert order.total == Decimal("51.02")
    assert charged(shop, ChargeState.BLOCKED) == ["2027-08-20…2027-09-01 5: 19.35"]
    assert charged(shop, ChargeState.OPENED) == ["2027-09-01…2027-09-20 5: 31.67"]
    assert shop.balance() == ("500.00", "19.35")
    assert (subscription.paid_to, subscription.expires_on) == (date(2027, 9, 20), date(2027, 9, 19))
    # when
    run(shop, SEPTEMBER_1)
    # then
    assert shop.balance() == ("480.65", "31.67")
    # when: the renewal of 20 September
    run(shop, date(2027, 9, 20), date(2027, 10, 1))
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["19.35", "31.67", "18.33"]
    assert charged(shop, ChargeState.BLOCKED) == ["2027-10-01…2027-10-20 5: 30.65"]
    shop.assert_books_agree()


def test_a_flexible_month_that_shrinks_shrinks_what_was_opened(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = flexible_shop(session, chain)
    subscription = shop.bought(5)
    shop.day = AUGUST_25
    more = shop.change(subscription, 8)
    # then: 7 of 31 days, and 19 of 30 for the opened part
    assert more.total == Decimal("6.77") + Decimal("19.00")
    shop.pay(more)
    # when
    shop.day = date(2027, 8, 28)
    shop.change(subscription, 6)
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["12.90", "2.90"]
    assert shop.amounts(ChargeState.BLOCKED) == ["7.74"]
    assert charged(shop, ChargeState.OPENED) == ["2027-09-01…2027-09-20 5: 31.67", "2027-09-01…2027-09-20 1: 6.33"]
    shop.assert_books_agree()


def test_a_flexible_month_short_on_the_billing_day_stops_until_the_money_is_there(
    session: ScopedSession, chain: Chain
) -> None:
    # given: enough for the order, but another one spends it
    shop = flexible_shop(session, chain, funds="51.02")
    subscription = shop.bought(5)
    shop.bought(1)
    # when
    run(shop, SEPTEMBER_1)
    # then
    assert (subscription.state, subscription.stopped_on) == (SubscriptionState.STOPPED, SEPTEMBER_1)
    assert "2027-09-01…2027-09-20 5: 31.67" in charged(shop, ChargeState.OPENED)
    # when
    shop.day = date(2027, 9, 5)
    with pytest.raises(InsufficientBalance):
        activate(shop, subscription)
    shop.top_up("100.00")
    activate(shop, subscription)
    # then: 15 of 30 days
    assert subscription.state is SubscriptionState.ACTIVE
    assert "2027-09-05…2027-09-20 5: 25.00" in charged(shop, ChargeState.BLOCKED)
    shop.assert_books_agree()


def test_a_flexible_month_stopped_by_hand_bills_the_used_days_and_what_is_missed_is_dropped(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    shop = flexible_shop(session, chain)
    subscription = shop.bought(5)
    # when
    shop.day = AUGUST_25
    stop(shop, subscription)
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["8.06"]
    assert shop.balance() == ("491.94", "0.00")
    with pytest.raises(RefusedByBillingType, match="does not allow a deletion"):
        delete(shop, subscription)
    # when
    run(shop, SEPTEMBER_1, date(2027, 9, 20))
    # then
    assert shop.charges(ChargeState.OPENED, ChargeState.BLOCKED) == []
    assert shop.balance() == ("491.94", "0.00")


def test_a_flexible_month_is_activated_in_the_next_period_at_what_was_opened(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    shop = flexible_shop(session, chain)
    subscription = shop.bought(5)
    shop.day = AUGUST_25
    stop(shop, subscription)
    run(shop, SEPTEMBER_1)
    # when
    shop.day = SEPTEMBER_10
    activate(shop, subscription)
    # then: 10 of 30 days
    assert charged(shop, ChargeState.BLOCKED) == ["2027-09-10…2027-09-20 5: 16.67"]


def test_time_deletes_a_flexible_month_that_is_stopped(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(
        session, chain, billing_type=BillingType.FLEXIBLE_MONTHLY, period=MONTH, term={"stop_period_days": 5}
    )
    shop.top_up("100.00")
    subscription = shop.bought(5)
    shop.day = AUGUST_25
    stop(shop, subscription)
    # when
    run(shop, date(2027, 8, 30))
    # then
    assert subscription.state is SubscriptionState.DELETED
    assert shop.charges(ChargeState.OPENED) == []


def test_next_day_changes_count_from_the_next_day(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, billing_type=BillingType.NEXT_DAY_MONTHLY, period=MONTH)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    assert (subscription.paid_to, subscription.expires_on) == (SEPTEMBER_1, date(2027, 8, 31))
    # when
    shop.day = date(2027, 8, 24)
    more = shop.change(subscription, 8)
    shop.pay(more)
    # then
    assert charged(shop, ChargeState.BLOCKED) == ["2027-08-20…2027-09-01 5: 19.35", "2027-08-25…2027-09-01 3: 6.77"]
    # when
    shop.day = date(2027, 8, 27)
    shop.change(subscription, 6)
    # then: as example 1, decreased a day before
    assert shop.amounts(ChargeState.CLOSED) == ["12.90", "2.90"]
    assert shop.amounts(ChargeState.BLOCKED) == ["7.74"]
    shop.assert_books_agree()
    # when
    with pytest.raises(RefusedByBillingType, match="a decrease once a day"):
        shop.change(subscription, 5)
    shop.day = date(2027, 8, 31)
    shop.change(subscription, 4)
    run(shop, SEPTEMBER_1)
    # then: the last day is billed at 6
    assert shop.amounts(ChargeState.CLOSED) == ["12.90", "2.90", "7.74"]
    assert charged(shop, ChargeState.BLOCKED) == ["2027-09-01…2027-10-01 4: 40.00"]
    shop.assert_books_agree()


def test_next_day_units_stopped_and_activated_on_the_day_they_fall_are_charged_once(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    shop = open_shop(session, chain, billing_type=BillingType.NEXT_DAY_MONTHLY, period=MONTH)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    shop.day = AUGUST_25
    shop.change(subscription, 2)
    # when
    stop(shop, subscription)
    activate(shop, subscription)
    # then: 5 for 20–25 August, 2 for 26–31 August
    assert sum(charge.amount for charge in shop.charges(ChargeState.CLOSED, ChargeState.BLOCKED)) == Decimal("13.54")
    shop.assert_books_agree()


@pytest.mark.parametrize("period", [ENDLESS, YEAR], ids=["endless", "a year"])
def test_next_day_terms_that_go_on_are_prolonged(session: ScopedSession, chain: Chain, period: PlanPeriodDraft) -> None:
    # given
    shop = open_shop(session, chain, billing_type=BillingType.NEXT_DAY_MONTHLY, period=period)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    # when
    run(shop, SEPTEMBER_1)
    # then
    assert subscription.paid_to == date(2027, 10, 1)
    assert charged(shop, ChargeState.BLOCKED) == ["2027-09-01…2027-10-01 5: 50.00"]
    assert subscription.expires_on == (date(2028, 8, 19) if period.unit is PeriodUnit.YEAR else None)


def test_pay_as_you_go_runs_without_charges_until_something_is_consumed(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, billing_type=BillingType.PAY_AS_YOU_GO)
    # when
    order = shop.order(0)
    subscription = shop.subscription_of(order)
    # then
    assert (order.state, order.type, order.total) == (OrderState.COMPLETED, OrderType.SALES, Decimal(0))
    assert (subscription.state, subscription.paid_to) == (SubscriptionState.ACTIVE, None)
    # when
    run(shop, SEPTEMBER_1, date(2027, 10, 1))
    stop(shop, subscription)
    activate(shop, subscription)
    # then
    assert subscription.state is SubscriptionState.ACTIVE
    assert shop.charges() == []
    with pytest.raises(RefusedByBillingType, match="does not allow a change"):
        shop.change(subscription, 1)
