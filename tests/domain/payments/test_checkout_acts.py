"""What an order is held against before it is taken, and what it makes when it is."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from domain.billing.models import Charge, ChargeState
from domain.billing.replay import explain
from domain.catalog.models import PlanState
from domain.ordering.models import Order, OrderState
from domain.payments import actions
from domain.payments.models import Payment, PaymentPurpose, PaymentState
from domain.shared.errors import (
    CurrencyMismatch,
    InvalidInput,
    InvalidState,
    NoExchangeRate,
    NotFound,
    PriceChanged,
    Stale,
)
from domain.shared.money import Money
from domain.subscriptions.models import SubscriptionState
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.payments.selling import YEAR, open_shop
from tests.domain.payments.test_billing_run_acts import run


@pytest.mark.parametrize(
    ("quantities", "path", "says"),
    [
        ([("seats", "1"), ("desks", "1")], ("quantities", 1, "resource_key"), "no resource 'desks'"),
        ([("seats", "1"), ("seats", "2")], ("quantities", 1, "resource_key"), "twice"),
        ([("seats", "1.5")], ("quantities", 0, "quantity"), "whole number"),
        ([("seats", "-1")], ("quantities", 0, "quantity"), "from 0"),
        ([("seats", "1001")], ("quantities", 0, "quantity"), "ends at 1000"),
        ([("seats", "NaN")], ("quantities", 0, "quantity"), "whole number"),
    ],
)
def test_quantities_outside_what_is_offered_are_named(
    session: ScopedSession,
    chain: Chain,
    quantities: list[tuple[str, str]],
    path: tuple[str | int, ...],
    says: str,
) -> None:
    # given
    shop = open_shop(session, chain)
    # when
    with pytest.raises(InvalidInput, match=says) as refused:
        shop.order(quantities=[(key, Decimal(quantity)) for key, quantity in quantities])
    # then
    assert refused.value.path == path
    assert shop.count(Order) == 0


def test_resources_left_out_start_at_their_minimum_and_an_order_of_zero_completes_at_once(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    shop = open_shop(session, chain)
    # when
    order = shop.order(quantities=[])
    # then
    assert (order.state, order.total) == (OrderState.COMPLETED, Decimal(0))
    assert shop.subscription_of(order).state is SubscriptionState.ACTIVE
    assert shop.subscription_of(order).paid_to == date(2027, 9, 1)
    assert (shop.count(Payment), shop.count(Charge)) == (0, 0)


def test_a_plan_that_is_not_sold_is_refused(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.plan.state = PlanState.DEACTIVATED_BY_PROVIDER
    session.flush()
    # when
    with pytest.raises(InvalidState, match="DEACTIVATED_BY_PROVIDER") as refused:
        shop.order(5)
    # then
    assert refused.value.path == ("plan_id",)


def test_a_period_of_another_plan_is_not_found(session: ScopedSession, chain: Chain) -> None:
    shop = open_shop(session, chain)
    with pytest.raises(NotFound) as refused:
        shop.order(5, period_id=uuid4())
    assert refused.value.path == ("period_id",)


def test_an_account_pays_in_one_currency(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.account.currency = "USD"
    session.flush()
    # then
    with pytest.raises(NoExchangeRate):
        shop.order(5)
    with pytest.raises(CurrencyMismatch):
        shop.top_up("1.00")


def test_another_total_than_expected_is_refused(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    # then
    with pytest.raises(PriceChanged, match=r"19\.35 EUR, not 19\.34"):
        shop.order(5, expected_total=Money(Decimal("19.34"), "EUR"))
    with pytest.raises(CurrencyMismatch):
        shop.order(5, expected_total=Money(Decimal("19.35"), "USD"))
    assert shop.order(5, expected_total=Money(Decimal("19.3500"), "EUR")).total == Decimal("19.35")


def test_there_are_no_promo_codes(session: ScopedSession, chain: Chain) -> None:
    with pytest.raises(InvalidInput) as refused:
        open_shop(session, chain).order(5, promo_code="SUMMER")
    assert refused.value.path == ("promo_code",)


def test_a_subscription_has_one_open_order(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    waiting = shop.change(subscription, 8)
    # when
    with pytest.raises(InvalidState, match=waiting.number):
        shop.change(subscription, 6)
    # then
    assert shop.count(Order) == 2


def test_a_change_that_changes_nothing_is_refused(session: ScopedSession, chain: Chain) -> None:
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    with pytest.raises(InvalidInput, match="already"):
        shop.change(subscription, 5)
    with pytest.raises(Stale):
        shop.change(subscription, 6, if_version=subscription.version - 1)


def test_an_unpaid_subscription_is_not_changed(session: ScopedSession, chain: Chain) -> None:
    shop = open_shop(session, chain)
    order = shop.order(5)
    with pytest.raises(InvalidState, match="is ORDERED: its change is not possible"):
        shop.change(shop.subscription_of(order), 8)


def test_no_change_before_the_billing_run_of_the_day(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("200.00")
    subscription = shop.bought(5)
    shop.day = date(2027, 9, 1)
    # when
    with pytest.raises(InvalidState, match="before the billing run"):
        shop.change(subscription, 8)
    # then: after it, a change of the day bills the whole new period
    run(shop, shop.day)
    assert f"{shop.change(subscription, 8).total:.2f}" == "30.00"


def test_a_decrease_to_nothing_returns_everything_on_the_day_of_the_order(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    # when
    order = shop.change(subscription, 0)
    # then
    assert order.state is OrderState.COMPLETED
    assert shop.amounts(ChargeState.REFUNDED) == ["19.35"]
    assert shop.balance() == ("100.00", "0.00")
    shop.assert_books_agree()


def test_an_order_paid_late_costs_what_remains_and_leaves_the_rest_on_the_balance(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    shop = open_shop(session, chain, period=YEAR)
    shop.top_up("19.35")
    order = shop.order(5)
    # when
    shop.day = date(2027, 8, 25)
    payment = shop.pay(order)
    # then
    assert shop.amounts(ChargeState.BLOCKED) == ["11.29"]
    (charge,) = shop.charges()
    assert charge.description == "Business Basic, 5 licences, 25–31 Aug 2027"
    assert explain(charge).agrees
    assert (f"{order.total:.2f}", f"{payment.total:.2f}") == ("11.29", "19.35")
    assert shop.balance() == ("19.35", "11.29")
    subscription = shop.subscription_of(order)
    assert (subscription.started_on, subscription.expires_on) == (date(2027, 8, 25), date(2028, 8, 19))
    shop.assert_books_agree()


def test_a_lapsed_order_is_not_paid_even_before_the_run_has_cancelled_it(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    order = shop.order(5)
    shop.day = date(2027, 9, 1)
    # when
    with pytest.raises(InvalidState, match="had to be paid before"):
        shop.pay(order)
    # then
    assert order.state is OrderState.WAITING_FOR_PAYMENT


def test_an_order_lapses_after_fourteen_days_or_on_the_next_billing_day(session: ScopedSession, chain: Chain) -> None:
    shop = open_shop(session, chain)
    assert shop.order(5).cancels_on == date(2027, 9, 1)
    shop.day = date(2027, 9, 2)
    assert shop.order(5).cancels_on == date(2027, 9, 16)


def test_a_payment_is_completed_once(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    order = shop.order(5)
    shop.pay(order)
    # when
    with pytest.raises(InvalidState, match="PAID_FROM_BALANCE: its completion is not possible"):
        shop.pay(order)
    # then
    assert shop.balance() == ("100.00", "19.35")


def test_a_top_up_waits_until_its_money_comes_and_pays_nothing_by_itself(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    order = shop.order(5)
    # when
    payment = actions.top_up(
        session,
        shop.scope,
        account_id=shop.account.id,
        amount=Decimal("50.00"),
        currency="EUR",
        received=False,
        comment="By bank",
        external_id="B-7",
        clock=shop.clock,
    )
    # then
    assert (payment.state, payment.purpose) == (PaymentState.WAITING_FOR_PAYMENT, PaymentPurpose.TOP_UP)
    assert shop.balance() == ("0.00", "0.00")
    # when
    actions.complete_payment(session, shop.scope, payment_id=payment.id, clock=shop.clock)
    # then
    assert payment.state is PaymentState.COMPLETED
    assert shop.balance() == ("50.00", "0.00")
    assert order.state is OrderState.WAITING_FOR_PAYMENT
    shop.assert_books_agree()


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "1000000000000"])
def test_a_top_up_has_a_sensible_amount(session: ScopedSession, chain: Chain, amount: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        open_shop(session, chain).top_up(amount)
    assert refused.value.path == ("amount", "amount")
