"""What vendors say is in use bounds what customers may take away; next-day types change once a day."""

from datetime import date
from decimal import Decimal

import pytest

from domain.billing.models import ChargeState
from domain.payments import renewing
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidInput, RefusedByBillingType
from domain.subscriptions.vendor_data import set_vendor_data
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.payments.selling import MONTH, Shop, also_sell, open_shop

pytestmark = pytest.mark.feature("O-11")


def using(shop: Shop, used: int) -> None:
    """The vendor says that so many seats are in use."""
    (subscription_id,) = {charge.subscription_id for charge in shop.charges()}
    seats = [("seats", Decimal(used))]
    set_vendor_data(shop.session, shop.scope, subscription_id=subscription_id, used=seats, clock=shop.clock)


def test_a_quantity_does_not_fall_below_what_is_in_use(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("500.00")
    subscription = shop.bought(5)
    using(shop, 4)
    # then
    with pytest.raises(InvalidInput, match="4 of Seats are in use at the vendor; got 3") as refused:
        shop.change(subscription, 3)
    assert refused.value.path == ("quantities", 0, "quantity")
    with pytest.raises(InvalidInput, match="4 of Seats are in use at the vendor; got 2"):
        shop.switch(subscription, also_sell(shop), quantities=[("seats", Decimal(2))])
    # when
    shop.change(subscription, 4)
    # then
    assert shop.amounts(ChargeState.BLOCKED) == ["15.48"]


def test_more_than_is_ordered_may_be_in_use_and_less_stays_refused(session: ScopedSession, chain: Chain) -> None:
    # given: the vendor counts more than were bought
    shop = open_shop(session, chain)
    shop.top_up("500.00")
    subscription = shop.bought(5)
    using(shop, 9)
    # then
    with pytest.raises(InvalidInput, match="9 of Seats are in use at the vendor; got 4"):
        shop.change(subscription, 4)
    # and: buying some of them is no fault
    shop.pay(shop.change(subscription, 7))


def test_a_renewal_does_not_fall_below_it_either(session: ScopedSession, chain: Chain) -> None:
    # given: a month that has expired
    shop = open_shop(session, chain, billing_type=BillingType.RESERVATION, period=MONTH)
    shop.top_up("500.00")
    subscription = shop.bought(5, auto_renew=False)
    using(shop, 4)
    shop.day = date(2027, 9, 22)
    # then
    with pytest.raises(InvalidInput, match="4 of Seats are in use at the vendor; got 1"):
        renewing.renew_subscription(
            session,
            shop.scope,
            subscription_id=subscription.id,
            quantities=[("seats", Decimal(1))],
            clock=shop.clock,
        )


def test_eset_quantities_fall_once_a_day_and_count_from_the_next(session: ScopedSession, chain: Chain) -> None:
    # given: 5 × 10.00 from 20 August
    shop = open_shop(session, chain, billing_type=BillingType.NEXT_DAY_MONTHLY, period=MONTH)
    shop.top_up("500.00")
    subscription = shop.bought(5)
    # when: three on 25 August
    shop.day = date(2027, 8, 25)
    shop.change(subscription, 3)
    # then: the 25th is still billed for five, 6 of 12 days; three for the other 6
    assert shop.amounts(ChargeState.CLOSED) == ["9.68"]
    assert shop.amounts(ChargeState.BLOCKED) == ["5.81"]
    with pytest.raises(RefusedByBillingType, match="allows a decrease once a day"):
        shop.change(subscription, 2)
    # when
    shop.day = date(2027, 8, 26)
    shop.change(subscription, 2)
    # then
    shop.assert_books_agree()
