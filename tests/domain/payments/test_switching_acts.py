"""Another plan for a running subscription."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.billing.models import ChargeState
from domain.catalog.drafts import FeesDraft, PlanPeriodDraft, PlanResourceDraft
from domain.ordering.models import Order, OrderState, OrderType
from domain.payments import renewing, updating
from domain.payments.cancelling import cancel_order
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidInput, InvalidState, RefusedByBillingType
from domain.subscriptions.models import SubscriptionState
from domain.subscriptions.queries import resources_of
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope
from tests.domain.payments.selling import MONTH, YEAR, also_sell, open_shop, owed
from tests.domain.payments.test_billing_run_acts import run

pytestmark = pytest.mark.feature("O-02")


def test_a_switch_closes_the_days_used_and_begins_a_term_of_the_new_plan(session: ScopedSession, chain: Chain) -> None:
    # given: 5 × 10.00, ordered on 20 August
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    premium = also_sell(shop, period=YEAR)
    # when: on 25 August to a plan of 20.00
    shop.day = date(2027, 8, 25)
    order = shop.switch(subscription, premium)
    # then: 7/31 of 100.00, nothing has happened yet
    assert (order.type, order.state, f"{order.total:.2f}") == (
        OrderType.SWITCH,
        OrderState.WAITING_FOR_PAYMENT,
        "22.58",
    )
    assert (order.plan_id, str(order.cancels_on)) == (premium.id, "2027-09-01")
    assert (subscription.plan_id, shop.balance()) == (shop.plan.id, ("100.00", "19.35"))
    # when
    shop.pay(order)
    # then: 5 days of the old plan are closed, the rest has come back
    assert (subscription.state, subscription.plan_id) == (SubscriptionState.ACTIVE, premium.id)
    assert (str(subscription.paid_to), str(subscription.expires_on)) == ("2027-09-01", "2028-08-24")
    assert not subscription.endless
    assert shop.amounts(ChargeState.CLOSED) == ["8.06"]
    assert shop.amounts(ChargeState.REFUNDED) == ["11.29"]
    assert shop.amounts(ChargeState.BLOCKED) == ["22.58"]
    assert shop.balance() == ("91.94", "22.58")
    shop.assert_books_agree()
    # when: the month is over
    run(shop, date(2027, 9, 1))
    # then: the new plan's month is owed up the chain at the new plan's prices
    act_as(session, distributor_scope(chain.distributor))
    assert owed(session, chain) == [
        ("child", "20.32"),
        ("reseller", "18.06"),
        ("child", "7.26"),
        ("reseller", "6.45"),
    ]


def test_money_that_comes_back_pays_the_new_plan(session: ScopedSession, chain: Chain) -> None:
    # given: 31.00 for August, all of the balance
    shop = open_shop(session, chain, day=date(2027, 8, 1))
    shop.top_up("50.00")
    subscription = shop.bought(5)
    cheaper = also_sell(shop, prices=("8.00", "12.5", "11.1111"))
    # when
    shop.day = date(2027, 8, 17)
    shop.pay(shop.switch(subscription, cheaper))
    # then: 16 and 15 of 31 days
    assert shop.amounts(ChargeState.CLOSED) == ["25.81"]
    assert shop.amounts(ChargeState.BLOCKED) == ["24.19"]
    assert shop.balance() == ("24.19", "24.19")


def test_a_switch_paid_late_charges_the_old_plan_until_then(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    premium = also_sell(shop, period=YEAR)
    shop.day = date(2027, 8, 25)
    order = shop.switch(subscription, premium)
    # when: three days later
    shop.day = date(2027, 8, 28)
    shop.pay(order)
    # then: 8 days of the old plan, 4 of the new one, whose term counts from the order
    assert shop.amounts(ChargeState.CLOSED) == ["12.90"]
    assert shop.amounts(ChargeState.BLOCKED) == ["12.90"]
    assert (str(subscription.expires_on), f"{order.total:.2f}") == ("2028-08-24", "12.90")
    shop.assert_books_agree()


def test_resources_that_both_plans_have_keep_their_quantity(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("1000.00")
    subscription = shop.bought(5)
    fees = FeesDraft(recurring_per_month=Decimal("1.00"))
    wider = also_sell(
        shop,
        plan={
            "resources": [
                PlanResourceDraft(key="seats", name="Seats", unit="licence", fees=fees),
                PlanResourceDraft(key="boxes", name="Boxes", unit="box", fees=fees, minimum=Decimal(2)),
            ]
        },
    )
    # when
    shop.pay(shop.switch(subscription, wider))
    # then
    rows = resources_of(session, subscription.distributor_id, [subscription.id])[subscription.id]
    assert {row.key: int(row.quantity) for row in rows} == {"seats": 5, "boxes": 2}


def test_what_does_not_fit_the_new_plan_has_to_be_said_anew(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("1000.00")
    subscription = shop.bought(5)
    small = also_sell(
        shop, plan={"resources": [PlanResourceDraft(key="seats", name="Seats", unit="licence", maximum=Decimal(3))]}
    )
    # then
    with pytest.raises(
        InvalidInput, match="Seats of the new plan is from 0 to 3; the subscription has 5: say how many"
    ):
        shop.switch(subscription, small)
    # when
    order = shop.switch(subscription, small, quantities=[("seats", Decimal(3))])
    # then: it is free, so that it is done at once
    assert (order.state, subscription.plan_id) == (OrderState.COMPLETED, small.id)


def test_one_order_at_a_time_and_no_switch_to_where_one_is(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    premium = also_sell(shop)
    with pytest.raises(InvalidInput, match="has this plan and period already"):
        shop.switch(subscription, shop.plan)
    order = shop.switch(subscription, premium)
    # then
    with pytest.raises(
        InvalidState, match=f"Order {order.number} of this subscription is WAITING_FOR_PAYMENT: its switch"
    ):
        shop.switch(subscription, premium)
    # when
    cancel_order(session, shop.scope, order_id=order.id, clock=shop.clock)
    # then: the subscription goes on as it was
    assert (order.state, subscription.state) == (OrderState.CANCELLED, SubscriptionState.ACTIVE)
    assert shop.amounts(ChargeState.NEW) == []


@pytest.mark.parametrize(
    ("billing_type", "period"),
    [
        (BillingType.NON_REFUND, YEAR),
        (BillingType.NEXT_DAY_MONTHLY, MONTH),
    ],
)
def test_a_type_that_does_not_allow_it_refuses(
    session: ScopedSession, chain: Chain, billing_type: BillingType, period: PlanPeriodDraft
) -> None:
    # given
    shop = open_shop(session, chain, billing_type=billing_type, period=period)
    shop.top_up("1000.00")
    subscription = shop.bought(5)
    # then
    with pytest.raises(RefusedByBillingType, match=f"{billing_type} does not allow a switch"):
        shop.switch(subscription, also_sell(shop))


def test_nothing_is_switched_to_what_is_bought_once(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("1000.00")
    subscription = shop.bought(5)
    # then
    with pytest.raises(InvalidInput, match="Business Premium is NON_RECURRING: one does not switch to it"):
        shop.switch(subscription, also_sell(shop, billing_type=BillingType.NON_RECURRING))


def test_a_cancelled_sales_order_takes_its_subscription_along(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    order = shop.order(5)
    # when
    cancel_order(session, shop.scope, order_id=order.id, clock=shop.clock)
    # then
    assert shop.subscription_of(order).state is SubscriptionState.DELETED
    with pytest.raises(InvalidState, match=f"Order {order.number} is CANCELLED: its cancellation is not possible"):
        cancel_order(session, shop.scope, order_id=order.id, clock=shop.clock)


def test_automatic_renewal_turned_off_cancels_the_order_that_the_run_has_made(
    session: ScopedSession, chain: Chain
) -> None:
    # given: a month that renews itself, ordered five days ahead
    shop = open_shop(
        session, chain, billing_type=BillingType.RESERVATION, period=MONTH, term={"auto_renew_point_days": 5}
    )
    shop.top_up("1000.00")
    subscription = shop.bought(5)
    run(shop, date(2027, 9, 15))
    (waiting,) = session.scalars(select(Order).where(Order.type == OrderType.RENEWAL))
    assert waiting.automatic
    # when
    off = updating.SubscriptionChange({"auto_renew": False, "name": "Shop floor"})
    updating.update_subscription(session, shop.scope, subscription_id=subscription.id, change=off, clock=shop.clock)
    # then
    assert (waiting.state, subscription.name) == (OrderState.CANCELLED, "Shop floor")
    # when: a renewal by hand is a wish of its own
    mine = renewing.renew_subscription(session, shop.scope, subscription_id=subscription.id, clock=shop.clock)
    updating.update_subscription(session, shop.scope, subscription_id=subscription.id, change=off, clock=shop.clock)
    # then
    assert (mine.state, mine.automatic) == (OrderState.WAITING_FOR_PAYMENT, False)


def test_what_is_endless_does_not_renew_itself(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    # then
    with pytest.raises(InvalidState, match="is ACTIVE and endless: a change of automatic renewal is not possible"):
        updating.update_subscription(
            session,
            shop.scope,
            subscription_id=subscription.id,
            change=updating.SubscriptionChange({"auto_renew": False}),
            clock=shop.clock,
        )
