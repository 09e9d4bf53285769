"""Promo codes, discounts of accounts, and individual prices: which counts, and what an order costs then."""

from datetime import date
from decimal import Decimal

import pytest

from domain.billing.customer_discounts import DiscountChange, create_discount, update_discount
from domain.billing.models import ChargeState, Discount
from domain.billing.replay import explain
from domain.ordering.models import OrderState
from domain.payments.renewing import renew_subscription
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidInput, KeyTaken, NotFound
from domain.subscriptions.models import RenewalPrice
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope, scope_of
from tests.domain.payments.selling import YEAR, Shop, open_shop, owed
from tests.domain.payments.test_billing_run_acts import run
from tests.domain.payments.test_lifecycle_acts import raise_price

SEPTEMBER = date(2027, 9, 1)


def discount(shop: Shop, percent: str = "12.5", **more: object) -> Discount:
    values: dict[str, object] = {"name": "Friends", "percent": Decimal(percent), **more}
    return create_discount(shop.session, shop.scope, **values, clock=shop.clock)  # type: ignore[arg-type]


def test_an_accounts_discount_is_taken_off_every_order(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("500.00")
    given = discount(shop, account_ids=[shop.account.id])
    # when: example 1's order, 19.35 without
    order = shop.order(5)
    # then
    (charge,) = shop.charges()
    assert (f"{order.total:.2f}", f"{order.discount:.2f}") == ("16.93", "2.42")
    assert (charge.discount_id, charge.discount_name, charge.discount_percent) == (given.id, "Friends", Decimal("12.5"))
    assert explain(charge).agrees
    # when: more units, and the next month
    shop.pay(order)
    shop.day = date(2027, 8, 25)
    shop.pay(shop.change(shop.subscription_of(order), 8))
    run(shop, SEPTEMBER)
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["16.93", "5.92"]
    assert shop.amounts(ChargeState.BLOCKED) == ["70.00"]
    shop.assert_books_agree()
    # and: upstream it changes nothing
    act_as(session, distributor_scope(chain.distributor))
    assert owed(session, chain)[:2] == [("child", "17.42"), ("reseller", "15.48")]


def test_parts_of_a_discounted_charge_keep_its_discount(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("500.00")
    discount(shop, "50")
    subscription = shop.bought(5)
    # when
    shop.day = date(2027, 8, 28)
    shop.change(subscription, 3)
    # then: half of 12.90 for eight days of five, half of 3.87 for four days of three
    assert [(f"{each.amount:.2f}", each.discount_name) for each in shop.charges(ChargeState.CLOSED)] == [
        ("6.45", "Friends")
    ]
    assert shop.amounts(ChargeState.BLOCKED) == ["1.94"]
    assert all(explain(each).agrees for each in shop.charges())
    shop.assert_books_agree()


def test_the_highest_discount_counts_alone(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, day=SEPTEMBER)
    discount(shop, "10")
    best = discount(shop, "20", name="Best")
    discount(shop, "40", name="With a code", code="forty")
    # when
    order = shop.order(5)
    # then
    assert f"{order.total:.2f}" == "40.00"
    assert {charge.discount_id for charge in shop.charges()} == {best.id}


def test_a_promo_code_counts_for_the_subscription_it_was_given_with(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, day=SEPTEMBER)
    shop.top_up("500.00")
    discount(shop, "20", code="Autumn", subscription_limit=1)
    # when
    subscription = shop.bought(5, promo_code=" autumn ")
    shop.day = date(2027, 9, 16)
    shop.pay(shop.change(subscription, 6))
    # then
    assert shop.amounts(ChargeState.BLOCKED) == ["40.00", "4.00"]
    # and: for one subscription only
    with pytest.raises(InvalidInput, match="no such promo code"):
        shop.order(5, promo_code="AUTUMN")
    assert f"{shop.order(1).discount:.2f}" == "0.00"


@pytest.mark.parametrize(
    "more",
    [
        {"valid_from": date(2027, 9, 2)},
        {"valid_until": date(2027, 8, 31)},
        {"subscription_ids": "another"},
    ],
)
def test_a_code_that_does_not_hold_is_told_like_one_that_does_not_exist(
    session: ScopedSession, chain: Chain, more: dict[str, object]
) -> None:
    # given
    shop = open_shop(session, chain, day=SEPTEMBER)
    if "subscription_ids" in more:
        more = {"subscription_ids": [shop.order(1).subscription_id]}
    discount(shop, "20", code="AUTUMN", **more)
    # when
    with pytest.raises(InvalidInput, match="There is no such promo code"):
        shop.order(5, promo_code="AUTUMN")


def test_a_discount_that_has_ended_counts_for_no_new_order(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, day=SEPTEMBER)
    shop.top_up("500.00")
    given = discount(shop, "20")
    shop.bought(5)
    # when
    update_discount(session, shop.scope, discount_id=given.id, change=DiscountChange(active=False), clock=shop.clock)
    run(shop, date(2027, 10, 1))
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["40.00"]
    assert shop.amounts(ChargeState.BLOCKED) == ["50.00"]


def test_an_order_of_nothing_but_discount_completes_at_once(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, day=SEPTEMBER)
    discount(shop, "100")
    # when
    order = shop.order(5)
    # then
    assert order.state is OrderState.COMPLETED
    assert (f"{order.total:.2f}", f"{order.discount:.2f}") == ("0.00", "50.00")


def test_an_order_paid_late_takes_its_discount_off_what_remains(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    discount(shop, "50")
    order = shop.order(5)
    # when: 7 of 31 days are left
    shop.day = date(2027, 8, 25)
    shop.pay(order)
    # then
    (charge,) = shop.charges()
    assert (f"{charge.amount:.2f}", f"{charge.discount:.2f}") == ("5.65", "5.64")
    assert (f"{order.total:.2f}", f"{order.discount:.2f}") == ("5.65", "5.64")
    assert explain(charge).agrees
    shop.assert_books_agree()


def test_a_code_belongs_to_one_discount(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    discount(shop, code="autumn")
    # when
    with pytest.raises(KeyTaken, match="AUTUMN belongs to Friends"):
        discount(shop, code="Autumn")


def test_those_above_see_a_discount_and_those_beside_do_not(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    given = discount(shop)
    # when
    act_as(session, distributor_scope(chain.distributor))
    assert session.get(Discount, (given.distributor_id, given.id)) is not None
    scope = act_as(session, scope_of(chain.sibling))
    with pytest.raises(NotFound):
        update_discount(session, scope, discount_id=given.id, change=DiscountChange(), clock=shop.clock)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [(RenewalPrice.PLAN, "30.00"), (RenewalPrice.HIGHEST, "30.00"), (RenewalPrice.INDIVIDUAL, "20.00")],
)
def test_example_8_an_individual_price_until_the_renewal_and_after(
    session: ScopedSession, chain: Chain, rule: RenewalPrice, expected: str
) -> None:
    # given: individual 20.00, the plan's 30.00
    shop = open_shop(session, chain, billing_type=BillingType.MONTHLY_COMMITMENT, day=SEPTEMBER, period=YEAR)
    raise_price(shop, "30.00")
    shop.top_up("5000.00")
    subscription = shop.bought(1, individual_prices=[("seats", Decimal(20))], renewal_price=rule)
    # when
    run(shop, *(date(2027, month, 1) for month in (10, 11, 12)), *(date(2028, month, 1) for month in range(1, 9)))
    # then
    assert set(shop.amounts()) == {"20.00"}
    # when
    run(shop, SEPTEMBER.replace(year=2028), date(2028, 10, 1))
    # then
    assert shop.amounts()[-2:] == [expected, expected]
    assert subscription.expires_on == date(2029, 8, 31)


def test_the_highest_of_both_may_be_the_individual_price(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, billing_type=BillingType.RESERVATION, day=SEPTEMBER, period=YEAR)
    shop.top_up("5000.00")
    agreed = [("seats", Decimal("12.3456"))]
    subscription = shop.bought(1, individual_prices=agreed, renewal_price=RenewalPrice.HIGHEST)
    # when
    shop.day = date(2028, 9, 1)
    order = renew_subscription(session, shop.scope, subscription_id=subscription.id, clock=shop.clock)
    # then: twelve months of 12.35
    assert f"{order.total:.2f}" == "148.20"


def test_added_units_cost_the_individual_price_and_get_no_discount(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, day=SEPTEMBER)
    shop.top_up("500.00")
    discount(shop, "50")
    subscription = shop.bought(5, individual_prices=[("seats", Decimal(20))])
    # when
    shop.pay(shop.change(subscription, 6))
    # then
    assert shop.amounts(ChargeState.BLOCKED) == ["100.00", "20.00"]


def test_an_individual_price_is_for_a_resource_of_the_plan(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    # when
    with pytest.raises(InvalidInput, match="no resource 'gold'"):
        shop.order(5, individual_prices=[("gold", Decimal(20))])
