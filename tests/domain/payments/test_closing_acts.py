"""Charges that a manager closes before their day."""

from datetime import date
from decimal import Decimal

import pytest

from domain.billing.models import ChargeState
from domain.billing.replay import explain
from domain.payments.closing_by_hand import close_charges
from domain.shared.billing_types import BillingType
from domain.shared.errors import InsufficientBalance, InvalidState, RefusedByBillingType
from domain.subscriptions.models import ServiceSubscription
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope
from tests.domain.payments.selling import MONTH, YEAR, Shop, open_shop, owed
from tests.domain.payments.test_billing_run_acts import run
from tests.domain.payments.test_lifecycle_acts import raise_price


def close(shop: Shop, subscription: ServiceSubscription) -> None:
    close_charges(shop.session, shop.scope, subscription_id=subscription.id, clock=shop.clock)


def test_blocked_charges_of_a_resource_close_as_one(session: ScopedSession, chain: Chain) -> None:
    # given: example 1's two charges
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    shop.day = date(2027, 8, 25)
    shop.pay(shop.change(subscription, 8))
    # when
    close(shop, subscription)
    # then
    assert shop.amounts(ChargeState.DELETED) == ["19.35", "6.77"]
    (closed,) = shop.charges(ChargeState.CLOSED)
    assert (closed.quantity, closed.unit_price, f"{closed.amount:.2f}") == (Decimal(8), Decimal(10), "26.12")
    assert closed.explanation["text"] == "19.35 + 6.77 = 26.12"
    assert explain(closed).agrees
    assert shop.balance() == ("73.88", "0.00")
    shop.assert_books_agree()
    # and: the levels above get what both charges would have brought: 9.00 and 8.00 × (5 × 12/31 + 3 × 7/31)
    act_as(session, distributor_scope(chain.distributor))
    assert owed(session, chain) == [("child", "23.52"), ("reseller", "20.90")]


def test_charges_of_different_prices_are_not_merged(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    raise_price(shop, "20.00")
    shop.day = date(2027, 8, 25)
    shop.pay(shop.change(subscription, 8))
    # when
    close(shop, subscription)
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["19.35", "13.55"]
    shop.assert_books_agree()


def test_later_months_are_closed_too_and_nothing_of_it_comes_back(session: ScopedSession, chain: Chain) -> None:
    # given: thirteen parts of a year, all blocked
    shop = open_shop(session, chain, billing_type=BillingType.RESERVATION, day=date(2027, 9, 15), period=YEAR)
    shop.top_up("1000.00")
    subscription = shop.bought(5)
    assert len(shop.charges(ChargeState.BLOCKED)) == 13
    # when
    close(shop, subscription)
    with pytest.raises(InvalidState, match="closed by hand: its quantities do not fall before 2028-09-15"):
        shop.change(subscription, 3)
    # then
    (closed,) = shop.charges(ChargeState.CLOSED)
    assert (closed.period_start, closed.period_end) == (date(2027, 9, 15), date(2028, 9, 15))
    assert f"{closed.amount:.2f}" == "600.00"
    assert closed.explanation["fraction"] == "12"
    assert shop.amounts(ChargeState.REFUNDED) == []
    shop.assert_books_agree()


def test_a_year_closed_by_hand_is_not_decreased(session: ScopedSession, chain: Chain) -> None:
    # given
    term = {"deletion_window_days": 7}
    shop = open_shop(session, chain, billing_type=BillingType.CSP_ANNUAL, period=YEAR, term=term)
    shop.top_up("1000.00")
    subscription = shop.bought(5)
    close(shop, subscription)
    # when
    with pytest.raises(RefusedByBillingType):
        shop.change(subscription, 3)


def test_a_month_at_its_highest_quantity_stays_charged_for_it(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(
        session, chain, billing_type=BillingType.LICENSE_BASED_MONTHLY, day=date(2027, 9, 10), period=MONTH
    )
    shop.top_up("500.00")
    subscription = shop.bought(5)
    close(shop, subscription)
    # when
    shop.pay(shop.change(subscription, 8))
    # then: only the three that were added
    assert shop.amounts(ChargeState.CLOSED, ChargeState.BLOCKED) == ["50.00", "30.00"]


def test_opened_charges_need_funds(session: ScopedSession, chain: Chain) -> None:
    # given: a month from the 15th to the 15th, of which only the first part is reserved
    shop = open_shop(session, chain, billing_type=BillingType.FLEXIBLE_MONTHLY, day=date(2027, 9, 15), period=MONTH)
    shop.top_up("50.00")
    subscription = shop.bought(5)
    assert shop.amounts(ChargeState.BLOCKED, ChargeState.OPENED) == ["26.67", "22.58"]
    # when
    close(shop, subscription)
    # then
    assert shop.balance() == ("0.75", "0.00")
    # and: where another subscription has taken what was not reserved, nothing is closed
    shop.top_up("20.00")
    poorer = shop.bought(2)
    shop.bought(1)
    with pytest.raises(InsufficientBalance):
        close(shop, poorer)


def test_nothing_to_close_is_refused(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    close(shop, subscription)
    # when
    with pytest.raises(InvalidState, match="no charges that wait"):
        close(shop, subscription)


def test_the_newest_units_leave_first_whatever_people_call_their_charges(session: ScopedSession, chain: Chain) -> None:
    # given: the older charge has the higher number
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    (first,) = shop.charges(ChargeState.BLOCKED)
    first.number = "CH-2027-999999"
    raise_price(shop, "20.00")
    shop.day = date(2027, 8, 25)
    shop.pay(shop.change(subscription, 8))
    # when
    shop.day = date(2027, 8, 28)
    shop.change(subscription, 5)
    # then
    (rest,) = shop.charges(ChargeState.BLOCKED)
    assert (rest.quantity, rest.unit_price) == (Decimal(5), Decimal(10))


def test_what_is_added_before_the_renewal_is_closed_at_once(session: ScopedSession, chain: Chain) -> None:
    # given: a year of 5 × 10.00, closed by hand
    shop = open_shop(session, chain, billing_type=BillingType.RESERVATION, day=date(2027, 9, 15), period=YEAR)
    shop.top_up("1000.00")
    subscription = shop.bought(5)
    close(shop, subscription)
    # when: one more from 1 March to 15 September
    shop.day = date(2028, 3, 1)
    shop.pay(shop.change(subscription, 6))
    # then: one charge for all of it, and nothing is left that waits
    added = shop.charges(ChargeState.CLOSED)[-1]
    assert (f"{added.amount:.2f}", added.quantity, added.period_end) == ("64.67", Decimal(1), date(2028, 9, 15))
    assert explain(added).agrees
    assert shop.balance() == ("335.33", "0.00")
    assert shop.amounts(ChargeState.BLOCKED) == []
    # and once more
    shop.pay(shop.change(subscription, 7))
    assert shop.amounts(ChargeState.BLOCKED) == []
    shop.assert_books_agree()


def test_after_the_days_that_were_closed_all_is_as_before(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("500.00")
    subscription = shop.bought(5)
    close(shop, subscription)
    run(shop, date(2027, 9, 1))
    # when
    shop.day = date(2027, 9, 10)
    shop.pay(shop.change(subscription, 6))
    shop.change(subscription, 4)
    # then
    assert shop.amounts(ChargeState.BLOCKED) == ["28.00"]
    shop.assert_books_agree()
