"""Annual plans paid monthly that become commitments."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.billing.models import ChargeState
from domain.catalog.drafts import FeesDraft, PlanResourceDraft
from domain.catalog.models import Plan
from domain.payments.converting import Conversion, convert_to_commitment
from domain.payments.lifecycle import delete_subscription
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidInput, InvalidState, NotFound, RefusedByBillingType
from tenancy.scope import Scope
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as
from tests.domain.payments.selling import YEAR, Shop, open_shop
from tests.domain.payments.test_billing_run_acts import run
from tests.domain.payments.test_next_charge_acts import told

pytestmark = pytest.mark.feature("B-03")
NON_REFUND, COMMITMENT = BillingType.NON_REFUND, BillingType.MONTHLY_COMMITMENT


def convert(shop: Shop, number: str = "PL000001") -> Conversion:
    """As the command does: for the whole distributor."""
    tenant = shop.chain.distributor.tenant
    scope = act_as(shop.session, Scope.of_everything(tenant.distributor_id, tenant.tenant_path))
    try:
        return convert_to_commitment(shop.session, scope, plan_number=number, clock=shop.clock)
    finally:
        act_as(shop.session, shop.scope)


@pytest.fixture
def shop(session: ScopedSession, chain: Chain) -> Shop:
    shop = open_shop(session, chain, billing_type=NON_REFUND, period=YEAR, day=date(2027, 9, 1))
    shop.top_up("1000.00")
    return shop


def test_later_months_are_released_and_paid_when_they_come(shop: Shop) -> None:
    # given: twelve months of 50.00, the first of them written off
    subscription = shop.bought(5)
    run(shop, date(2027, 9, 1))
    assert (shop.balance(), len(shop.charges(ChargeState.BLOCKED))) == (("950.00", "550.00"), 11)
    # when
    shop.day = date(2027, 9, 10)
    done = convert(shop)
    # then
    assert done == Conversion(plans=3, converted=[subscription.number], waiting=[], released=11)
    assert {plan.billing_type for plan in shop.session.scalars(select(Plan))} == {COMMITMENT}
    assert (subscription.billing_type, subscription.paid_to) == (COMMITMENT, date(2027, 10, 1))
    assert subscription.expires_on == date(2028, 8, 31)
    assert shop.balance() == ("950.00", "0.00")
    assert told(shop, subscription) == ("50.00", "2027-10-01", True)
    shop.assert_books_agree()
    # when
    run(shop, date(2027, 10, 1))
    # then: one month, and no way out of the others
    assert shop.amounts(ChargeState.BLOCKED) == ["50.00"]
    with pytest.raises(RefusedByBillingType):
        shop.change(subscription, 3)
    run(shop, date(2027, 11, 1))
    assert shop.balance() == ("900.00", "50.00")
    shop.assert_books_agree()


def test_doing_it_again_changes_nothing(shop: Shop) -> None:
    # given
    shop.bought(5)
    convert(shop)
    before = shop.balance()
    # then
    assert convert(shop) == Conversion(plans=3, converted=[], waiting=[], released=0)
    assert shop.balance() == before


def test_what_has_an_open_order_is_left_alone_until_it_is_paid(shop: Shop) -> None:
    # given
    order = shop.order(5)
    subscription = shop.subscription_of(order)
    # when
    assert convert(shop).waiting == [subscription.number]
    assert subscription.billing_type is NON_REFUND
    shop.pay(order)
    # then
    assert convert(shop).converted == [subscription.number]
    assert subscription.billing_type is COMMITMENT


def test_what_is_deleted_stays_what_it_was(shop: Shop) -> None:
    # given
    subscription = shop.bought(5)
    convert(shop)
    run(shop, date(2027, 9, 1))
    delete_subscription(shop.session, shop.scope, subscription_id=subscription.id, clock=shop.clock)
    subscription.billing_type = NON_REFUND
    # then
    assert convert(shop).converted == []
    assert subscription.billing_type is NON_REFUND


def test_a_plan_with_fees_that_commitments_do_not_take_is_refused(session: ScopedSession, chain: Chain) -> None:
    # given
    fees = FeesDraft(recurring_per_month=Decimal(10), setup=Decimal(1))
    seats = PlanResourceDraft(key="seats", name="Seats", unit="licence", fees=fees)
    shop = open_shop(session, chain, billing_type=NON_REFUND, period=YEAR, plan={"resources": [seats]})
    # then
    with pytest.raises(InvalidInput, match="MONTHLY_COMMITMENT takes recurring fees of resources only"):
        convert(shop)


def test_other_plans_are_refused(session: ScopedSession, chain: Chain) -> None:
    shop = open_shop(session, chain)
    with pytest.raises(InvalidState, match="PL000001 is CSP_MONTHLY"):
        convert(shop)
    with pytest.raises(NotFound):
        convert(shop, "PL999999")
