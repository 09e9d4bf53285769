"""Every field of a service term acts where it is used: the same story twice, told by different terms."""

from collections.abc import Callable
from datetime import date
from inspect import signature
from typing import Any

import pytest

from domain.catalog.models import ExpiredRenewal
from domain.catalog.terms import create_service_term
from domain.customers.models import AccountKind, HowDone
from domain.ordering.models import Order
from domain.payments import lifecycle
from domain.payments.renewing import renew_subscription
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidState
from domain.subscriptions.models import ServiceSubscription
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.payments.selling import YEAR, Shop, also_sell, open_shop
from tests.domain.payments.test_billing_run_acts import run
from tests.domain.payments.test_confirming_acts import customer

pytestmark = pytest.mark.feature("C-02")

Story = Callable[[Shop], str]
ANNUAL: dict[str, Any] = {"billing_type": BillingType.CSP_ANNUAL, "period": YEAR}
COMMITTED: dict[str, Any] = {"billing_type": BillingType.MONTHLY_COMMITMENT, "period": YEAR}
SEPTEMBER_1 = date(2027, 9, 1)


def bought(shop: Shop, funds: str = "1000.00") -> ServiceSubscription:
    """One seat at 10.00 a month, ordered and paid on 20 August 2027."""
    shop.top_up(funds)
    return shop.bought(1)


def told(act: Callable[[], object]) -> str:
    try:
        act()
    except InvalidState as refusal:
        return str(refusal)
    return "done"


def paid_to(shop: Shop) -> str:
    return str(bought(shop).paid_to)


def orders_on_27_august(shop: Shop) -> str:
    bought(shop)
    run(shop, date(2027, 8, 27))
    return f"{shop.count(Order)} orders"


def renewed_by_hand(shop: Shop) -> str:
    subscription = bought(shop)

    def renew() -> Order:
        return renew_subscription(shop.session, shop.scope, subscription_id=subscription.id, clock=shop.clock)

    return told(renew)


def switched_by_hand(shop: Shop) -> str:
    subscription = bought(shop)
    premium = also_sell(shop, **ANNUAL)
    return told(lambda: shop.switch(subscription, premium))


def unpaid_until(*days: date) -> Story:
    def story(shop: Shop) -> str:
        subscription = bought(shop, "5.00")  # enough for 12 days of August, and for no more
        run(shop, *days)
        return subscription.state.value

    return story


def deleted_on_23_august(shop: Shop) -> str:
    subscription = bought(shop)
    shop.day = date(2027, 8, 23)
    lifecycle.delete_subscription(shop.session, shop.scope, subscription_id=subscription.id, clock=shop.clock)
    return " and ".join(f"{charge.state.value} {charge.amount:.2f}" for charge in shop.charges())


def renewed_late(shop: Shop) -> str:
    subscription = bought(shop)
    subscription.auto_renew = False
    run(shop, date(2028, 8, 20))
    shop.day = date(2028, 8, 26)
    shop.pay(renew_subscription(shop.session, shop.scope, subscription_id=subscription.id, clock=shop.clock))
    return str(subscription.expires_on)


def ordered(shop: Shop) -> str:
    return told(lambda: bought(shop))


def stopped_by_the_customer(shop: Shop) -> str:
    subscription = bought(shop)
    lifecycle.stop_subscription(shop.session, customer(shop), subscription_id=subscription.id, clock=shop.clock)
    return subscription.state.value


def deleted_by_the_customer(shop: Shop) -> str:
    subscription = bought(shop)
    lifecycle.delete_subscription(shop.session, customer(shop), subscription_id=subscription.id, clock=shop.clock)
    return subscription.state.value


def paid(shop: Shop) -> str:
    shop.top_up("1000.00")
    order = shop.order(1)
    shop.pay(order)
    return order.state.value


GRACE = {"grace_period_days": 5, "grace_on_prolongation": True}
OVER_GRACE = [SEPTEMBER_1, date(2027, 9, 5), date(2027, 9, 6)]
TEN_DAYS_ON = [SEPTEMBER_1, date(2027, 9, 10), date(2027, 9, 11)]
NOT_FOR_BUSINESS = "is BUSINESS: the service term monthly is not for accounts of its type"

ACTS: list[tuple[dict[str, Any], dict[str, Any], Story, str]] = [
    ({"billing_day": 1}, {}, paid_to, "2027-09-01"),
    ({"billing_day": 10}, {}, paid_to, "2027-09-10"),
    ({"billing_day": 31}, {}, paid_to, "2027-08-31"),
    ({"auto_renew_point_days": 4}, {}, orders_on_27_august, "1 orders"),
    ({"auto_renew_point_days": 5}, {}, orders_on_27_august, "2 orders"),
    ({"manual_renew_point_days": -1}, ANNUAL, renewed_by_hand, "done"),
    ({"manual_renew_point_days": 0}, ANNUAL, renewed_by_hand, "not possible at all"),
    ({"manual_renew_point_days": 15}, ANNUAL, renewed_by_hand, "not possible before 2028-08-05"),
    ({"manual_switch_point_days": -1}, ANNUAL, switched_by_hand, "done"),
    ({"manual_switch_point_days": 0}, ANNUAL, switched_by_hand, "not possible at all"),
    ({"manual_switch_point_days": 15}, ANNUAL, switched_by_hand, "not possible before 2028-08-05"),
    ({"grace_period_days": 0, "grace_on_prolongation": True}, {}, unpaid_until(SEPTEMBER_1), "STOPPED"),
    ({"grace_period_days": 5, "grace_on_prolongation": False}, {}, unpaid_until(SEPTEMBER_1), "STOPPED"),
    (GRACE, {}, unpaid_until(*OVER_GRACE[:2]), "GRACED"),
    (GRACE, {}, unpaid_until(*OVER_GRACE), "STOPPED"),
    ({"stop_period_days": 10}, {}, unpaid_until(*TEN_DAYS_ON[:2]), "STOPPED"),
    ({"stop_period_days": 10}, {}, unpaid_until(*TEN_DAYS_ON), "DELETED"),
    ({"deletion_window_days": 2}, COMMITTED, deleted_on_23_august, "BLOCKED 3.87"),
    ({"deletion_window_days": 7}, COMMITTED, deleted_on_23_august, "DELETED 3.87 and CLOSED 0.97 and REFUNDED 2.90"),
    ({"expired_renewal": ExpiredRenewal.CONSTANT}, ANNUAL, renewed_late, "2029-08-19"),
    ({"expired_renewal": ExpiredRenewal.SHIFTED}, ANNUAL, renewed_late, "2029-08-25"),
    ({"account_kinds": [AccountKind.BUSINESS]}, {}, ordered, "done"),
    ({"account_kinds": [AccountKind.PERSONAL]}, {}, ordered, NOT_FOR_BUSINESS),
    ({"stop": HowDone.AUTOMATIC}, {}, stopped_by_the_customer, "STOPPED"),
    ({"stop": HowDone.MANUAL}, {}, stopped_by_the_customer, "WAITING_FOR_MANUAL_APPROVAL"),
    ({"delete": HowDone.AUTOMATIC}, {}, deleted_by_the_customer, "DELETED"),
    ({"delete": HowDone.MANUAL}, {}, deleted_by_the_customer, "WAITING_FOR_MANUAL_APPROVAL"),
    ({"provisioning": HowDone.AUTOMATIC}, {}, paid, "COMPLETED"),
    ({"provisioning": HowDone.MANUAL}, {}, paid, "PROVISIONING"),
]


def name(case: tuple[dict[str, Any], dict[str, Any], Story, str]) -> str:
    return ",".join(f"{field}={value}" for field, value in case[0].items())


@pytest.mark.parametrize("case", ACTS, ids=name)
def test_the_term_decides_what_becomes_of_the_story(
    session: ScopedSession, chain: Chain, case: tuple[dict[str, Any], dict[str, Any], Story, str]
) -> None:
    term, sold, story, end = case
    said = story(open_shop(session, chain, term=term, **sold))
    assert said == end or (" " in end and end in said), said


def test_every_field_of_a_term_is_told_here() -> None:
    given = {*signature(create_service_term).parameters} - {"session", "scope", "clock", "name", "key"}
    # Which types of CUSTOM accounts: tests/domain/catalog/test_service_terms.py.
    assert {field for term, *_ in ACTS for field in term} == given - {"account_type_ids"}
