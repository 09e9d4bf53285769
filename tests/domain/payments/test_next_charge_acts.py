"""What the panel tells of the next charge is what the billing run takes then."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import JSONB

from db.ids import uuid7
from domain.billing.customer_discounts import create_discount
from domain.billing.models import Discount
from domain.billing.taxes import set_tax
from domain.catalog.drafts import FeesDraft, PlanPeriodDraft, PlanResourceDraft
from domain.catalog.models import PlanResource
from domain.customers.models import PaymentModel
from domain.ordering.models import Order, OrderState
from domain.payments import lifecycle
from domain.shared.billing_types import BillingType
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from tenancy.scope import Customer, Scope
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as
from tests.domain.payments.selling import ENDLESS, MONTH, YEAR, Shop, also_sell, open_shop
from tests.domain.payments.test_billing_run_acts import run

pytestmark = pytest.mark.feature("O-09")
T = BillingType


def told(shop: Shop, subscription: ServiceSubscription) -> tuple[str, str, bool] | None:
    """Amount, day, and whether it is an estimate."""
    shop.session.flush()
    asked = func.app_next_charge(subscription.distributor_id, subscription.id, type_=JSONB())
    found: dict[str, Any] | None = shop.session.scalar(select(asked))
    return None if found is None else (found["amount"]["amount"], found["date"], found["estimated"])


@pytest.mark.parametrize(
    ("billing_type", "period"),
    [
        (T.CSP_MONTHLY, ENDLESS),
        (T.CSP_MONTHLY, YEAR),
        (T.CSP_ANNUAL, YEAR),
        (T.MONTHLY_COMMITMENT, YEAR),
        (T.MONTHLY_COMMITMENT_CALENDAR, YEAR),
        (T.LICENSE_BASED_MONTHLY, MONTH),
        (T.PAY_IN_FULL, MONTH),
        (T.NON_REFUND, YEAR),
        (T.FLEXIBLE_MONTHLY, MONTH),
        (T.RESERVATION, MONTH),
        (T.RESERVATION, ENDLESS),
        (T.NEXT_DAY_MONTHLY, MONTH),
    ],
)
def test_what_is_told_is_taken(
    session: ScopedSession, chain: Chain, billing_type: BillingType, period: PlanPeriodDraft
) -> None:
    # given: 3 seats at an odd price, fees at renewals where the type takes them, a discount and a tax
    takes_fees = billing_type in {T.LICENSE_BASED_MONTHLY, T.PAY_IN_FULL, T.NON_REFUND, T.FLEXIBLE_MONTHLY}
    fees = FeesDraft(recurring_per_month=Decimal("3.3337"), renewal=Decimal("1.25") if takes_fees else Decimal(0))
    seats = PlanResourceDraft(key="seats", name="Seats", unit="licence", fees=fees, included=Decimal(1))
    shop = open_shop(session, chain, billing_type=billing_type, period=period, plan={"resources": [seats]})
    create_discount(session, shop.scope, name="Friends", percent=Decimal("33.33"), clock=shop.clock)
    set_tax(session, shop.scope, name="VAT", percent=Decimal("7.7"), clock=shop.clock)
    shop.top_up("9999.00")
    subscription = shop.bought(4)
    # when: the next charge comes, three times
    taken = 0
    for _ in range(3):
        next_charge = told(shop, subscription)
        assert next_charge is not None
        amount, day, _estimated = next_charge
        before = shop.books()
        shop.day = date.fromisoformat(day)
        run(shop, shop.day)
        # then: exactly that has left the balance
        after = shop.books()
        spent = sum((before[book] - after[book] for book in before if book.name == "AVAILABLE"), Decimal(0))
        assert (f"{spent:.2f}", subscription.state) == (amount, SubscriptionState.ACTIVE)
        taken += spent > 0
    assert taken >= 2


def test_the_last_part_of_a_term_is_told_before_it_comes(session: ScopedSession, chain: Chain) -> None:
    # given: two months from 20 August, 5 × 10.00, not renewed
    two_months = PlanPeriodDraft(unit=MONTH.unit, duration=2)
    shop = open_shop(session, chain, period=two_months)
    shop.top_up("500.00")
    subscription = shop.bought(5, auto_renew=False)
    # then
    assert told(shop, subscription) == ("50.00", "2027-09-01", True)
    run(shop, date(2027, 9, 1))
    assert told(shop, subscription) == ("30.65", "2027-10-01", True)
    run(shop, date(2027, 10, 1))
    # and: nothing comes after the term
    assert told(shop, subscription) is None
    # when: it renews itself after all
    subscription.auto_renew = True
    # then: 12 days of October
    assert told(shop, subscription) == ("19.35", "2027-10-20", True)


def test_an_order_that_waits_is_told_first(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, term={"auto_renew_point_days": 3})
    shop.top_up("69.35")
    order = shop.order(5)
    subscription = shop.subscription_of(order)
    assert told(shop, subscription) == ("19.35", "2027-09-01", False)
    shop.pay(order)
    # when: three days ahead the run has made the next order
    run(shop, date(2027, 8, 29))
    (waiting,) = session.scalars(select(Order).where(Order.state == OrderState.WAITING_FOR_PAYMENT))
    # then
    assert waiting.automatic
    assert told(shop, subscription) == ("50.00", "2027-09-01", False)


def test_the_estimate_follows_quantities_and_prices(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("500.00")
    subscription = shop.bought(5)
    # when
    shop.pay(shop.change(subscription, 7))
    # then
    assert told(shop, subscription) == ("70.00", "2027-09-01", True)
    # when
    for resource in session.scalars(select(PlanResource).where(PlanResource.plan_id == shop.plan.id)):
        resource.recurring_per_month = Decimal("11.00")
    # then
    assert told(shop, subscription) == ("77.00", "2027-09-01", True)


def test_a_held_price_is_told(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, period=YEAR, plan={"fixed_price": True})
    shop.top_up("500.00")
    subscription = shop.bought(5)
    # when
    for resource in session.scalars(select(PlanResource).where(PlanResource.plan_id == shop.plan.id)):
        resource.recurring_per_month = Decimal("11.00")
    # then
    assert told(shop, subscription) == ("50.00", "2027-09-01", True)


def test_what_is_stopped_is_charged_nothing(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("500.00")
    subscription = shop.bought(5)
    # when
    lifecycle.stop_subscription(session, shop.scope, subscription_id=subscription.id, clock=shop.clock)
    # then
    assert told(shop, subscription) is None


def test_a_postpaid_subscription_tells_what_is_consumed(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, payment_model=PaymentModel.POSTPAY)
    subscription = shop.bought(5)
    consumed = select(func.app_consumed(subscription.distributor_id, subscription.id))
    # then
    assert f"{session.scalar(consumed):.2f}" == "19.35"
    run(shop, date(2027, 9, 1) - timedelta(days=1))
    assert f"{session.scalar(consumed):.2f}" == "19.35"


def test_a_discount_that_ends_before_the_next_order_is_not_told(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("500.00")
    subscription = shop.bought(5)
    for percent, last_day in ((Decimal(20), date(2027, 8, 31)), (Decimal(10), date(2027, 9, 1))):
        create_discount(
            session, shop.scope, name=f"{percent} %", percent=percent, valid_until=last_day, clock=shop.clock
        )
    # then
    assert told(shop, subscription) == ("45.00", "2027-09-01", True)
    run(shop, date(2027, 9, 1))
    assert told(shop, subscription) == ("50.00", "2027-10-01", True)


def test_a_discount_of_others_is_not_told(session: ScopedSession, chain: Chain) -> None:
    # given: for another plan; for this one, but with individual prices
    shop = open_shop(session, chain)
    other = also_sell(shop)
    shop.top_up("500.00")
    plain, individual = shop.bought(5), shop.bought(5, individual_prices=[("seats", Decimal(7))])
    for name, plan in (("Other", other), ("This", shop.plan)):
        create_discount(session, shop.scope, name=name, percent=Decimal(20), plan_ids=[plan.id], clock=shop.clock)
    # then
    assert told(shop, plain) == ("40.00", "2027-09-01", True)
    assert told(shop, individual) == ("35.00", "2027-09-01", True)


def test_a_customer_is_told_what_the_seller_is_told(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    create_discount(session, shop.scope, name="Friends", percent=Decimal(20), clock=shop.clock)
    set_tax(session, shop.scope, name="VAT", percent=Decimal(10), clock=shop.clock)
    shop.top_up("500.00")
    subscription = shop.bought(5)
    seller = shop.account.distributor_id, shop.account.tenant_id, shop.account.tenant_path
    user = Customer(user_id=uuid7(), account_id=shop.account.id, accounts=(shop.account.id,))
    # when
    act_as(session, Scope.of_user(*seller, user))
    # then: it sees neither discount nor tax
    assert session.scalar(select(func.count()).select_from(Discount)) == 0
    assert told(shop, subscription) == ("44.00", "2027-09-01", True)
    # and: another customer is told nothing
    stranger = Customer(user_id=uuid7(), account_id=uuid7(), accounts=())
    act_as(session, Scope.of_user(*seller, stranger))
    assert told(shop, subscription) is None
