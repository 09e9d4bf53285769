"""Taxes: on charges and orders, through splits and late payments, and in nobody's margin."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from domain.billing.customer_discounts import create_discount
from domain.billing.models import ChargeState, Tax
from domain.billing.owing import kept
from domain.billing.replay import explain
from domain.billing.taxes import set_tax
from domain.payments.lifecycle import activate_subscription, stop_subscription
from domain.shared.errors import InvalidInput
from domain.subscriptions.models import ServiceSubscription
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope
from tests.domain.payments.selling import Shop, open_shop, owed
from tests.domain.payments.test_billing_run_acts import run

SEPTEMBER = date(2027, 9, 1)


def tax(shop: Shop, percent: str = "19", **more: object) -> Tax:
    values: dict[str, object] = {"name": "VAT", "percent": Decimal(percent), **more}
    return set_tax(shop.session, shop.scope, **values, clock=shop.clock)  # type: ignore[arg-type]


def taxes(shop: Shop, *states: ChargeState) -> list[tuple[str, str]]:
    return [(f"{charge.amount:.2f}", f"{charge.tax:.2f}") for charge in shop.charges(*states)]


def test_a_tenants_tax_is_put_on_what_its_customers_order(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("500.00")
    tax(shop)
    # when: example 1's order, 19.35 without
    order = shop.order(5)
    # then: 19 % of it are 3.6765
    (charge,) = shop.charges()
    assert (f"{order.total:.2f}", f"{order.tax:.2f}") == ("23.03", "3.68")
    assert taxes(shop) == [("23.03", "3.68")]
    assert (charge.tax_name, charge.tax_percent) == ("VAT", Decimal(19))
    assert charge.explanation["text"].endswith("plus 19 % VAT 3.68 = 23.03")
    assert explain(charge).agrees
    # when: the next month
    shop.pay(order)
    run(shop, SEPTEMBER)
    # then
    assert taxes(shop, ChargeState.BLOCKED) == [("59.50", "9.50")]
    shop.assert_books_agree()


def test_a_tax_is_nobodys_margin(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("500.00")
    tax(shop)
    subscription = shop.bought(5)
    # when
    run(shop, SEPTEMBER)
    # then: what each owes is that of example 7
    closed = shop.charges(ChargeState.CLOSED)
    act_as(session, distributor_scope(chain.distributor))
    assert owed(session, chain) == [("child", "17.42"), ("reseller", "15.48")]
    assert [each.amount for each in kept(session, closed)] == [Decimal("1.93"), Decimal("1.94"), Decimal("1.93")]
    told = session.scalars(select(func.app_waterfall(subscription.distributor_id, subscription.id, "EUR"))).one()
    assert told["paid"]["amount"] == "19.35"
    assert [level["margin"]["amount"] for level in told["levels"]] == ["1.93", "1.94", "1.93"]


def test_an_accounts_own_tax_takes_the_place_of_the_tenants(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, day=SEPTEMBER)
    tax(shop, "19")
    tax(shop, "7", account_id=shop.account.id)
    assert f"{shop.order(5).total:.2f}" == "53.50"
    # when: it is exempt
    tax(shop, "0", account_id=shop.account.id)
    # then
    order = shop.order(5)
    assert (f"{order.total:.2f}", f"{order.tax:.2f}") == ("50.00", "0.00")
    assert shop.charges()[-1].tax_name is None
    assert shop.count(Tax) == 2


def test_a_tax_comes_after_the_discount(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, day=SEPTEMBER)
    create_discount(session, shop.scope, name="Friends", percent=Decimal(10), clock=shop.clock)
    tax(shop)
    # when
    order = shop.order(5)
    # then: 45.00 and 8.55
    assert (f"{order.total:.2f}", f"{order.discount:.2f}", f"{order.tax:.2f}") == ("53.55", "5.00", "8.55")
    assert explain(shop.charges()[0]).agrees


def test_the_parts_of_a_split_bear_their_charges_tax(session: ScopedSession, chain: Chain) -> None:
    # given: example 1, taxed
    shop = open_shop(session, chain)
    shop.top_up("500.00")
    tax(shop, "10")
    subscription = shop.bought(5)
    tax(shop, "20")
    # when
    shop.day = date(2027, 8, 28)
    shop.change(subscription, 3)
    # then: 12.90 used, 3.87 left, each with 10 %
    assert taxes(shop, ChargeState.CLOSED) == [("14.19", "1.29")]
    assert taxes(shop, ChargeState.BLOCKED) == [("4.26", "0.39")]
    assert taxes(shop, ChargeState.REFUNDED) == [("2.84", "0.26")]
    assert all(explain(charge).agrees for charge in shop.charges())
    shop.assert_books_agree()


def test_an_order_paid_late_bears_its_tax_on_what_remains(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    tax(shop)
    order = shop.order(5)
    # when: 7 of 31 days are left, 11.29
    shop.day = date(2027, 8, 25)
    shop.pay(order)
    # then
    assert taxes(shop) == [("13.44", "2.15")]
    assert (f"{order.total:.2f}", f"{order.tax:.2f}") == ("13.44", "2.15")
    shop.assert_books_agree()


def test_an_activation_is_taxed_and_discounted_like_an_order(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, day=SEPTEMBER)
    shop.top_up("500.00")
    tax(shop, "10")
    create_discount(session, shop.scope, name="Friends", percent=Decimal(50), clock=shop.clock)
    subscription: ServiceSubscription = shop.bought(5)
    # when: stop 10 Sep, activate 20 Sep
    shop.day = date(2027, 9, 10)
    stop_subscription(session, shop.scope, subscription_id=subscription.id, clock=shop.clock)
    shop.day = date(2027, 9, 20)
    activate_subscription(session, shop.scope, subscription_id=subscription.id, clock=shop.clock)
    # then: half of 15.00 and of 18.33, with a tenth on top
    assert taxes(shop, ChargeState.CLOSED) == [("8.25", "0.75")]
    assert taxes(shop, ChargeState.BLOCKED) == [("10.09", "0.92")]
    assert shop.charges(ChargeState.BLOCKED)[0].discount_name == "Friends"
    shop.assert_books_agree()


@pytest.mark.parametrize("percent", ["-1", "100.1", "1.00001"])
def test_a_tax_is_a_percentage(session: ScopedSession, chain: Chain, percent: str) -> None:
    with pytest.raises(InvalidInput):
        tax(open_shop(session, chain), percent)
