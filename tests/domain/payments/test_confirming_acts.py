"""Stops and deletions that wait for a manager."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from domain.billing.models import ChargeState
from domain.customers.models import HowDone
from domain.customers.terms import ClassTerms, create_account_class
from domain.payments import confirming, lifecycle
from domain.shared.errors import InvalidState
from domain.subscriptions.models import (
    ManualOperation,
    ManualOperationKind,
    ManualOperationState,
    ServiceSubscription,
    SubscriptionState,
)
from tenancy.scope import Customer, Scope
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.payments.selling import YEAR, Shop, open_shop
from tests.domain.payments.test_billing_run_acts import run

pytestmark = pytest.mark.feature("O-03")
S = SubscriptionState


def watched_shop(session: ScopedSession, chain: Chain, **more: Any) -> Shop:
    """A shop whose customers may neither stop nor delete without a manager."""
    shop = open_shop(session, chain, **more)
    terms = ClassTerms(stop=HowDone.MANUAL, delete=HowDone.MANUAL)
    create_account_class(
        session, shop.scope, key="watched", name="Watched", default=True, terms=terms, clock=shop.clock
    )
    shop.top_up("100.00")
    return shop


def customer(shop: Shop) -> Scope:
    """The seller acting for a user of the customer."""
    who = Customer(user_id=shop.account.id, account_id=shop.account.id)
    tenant = shop.chain.child.tenant
    return Scope.of_user(tenant.distributor_id, tenant.id, tenant.tenant_path, who).as_seller()


def asked(shop: Shop, subscription: ServiceSubscription) -> ManualOperation:
    """The one that waits."""
    return shop.session.scalars(
        select(ManualOperation).where(
            ManualOperation.subscription_id == subscription.id,
            ManualOperation.state == ManualOperationState.APPROVAL_REQUIRED,
        )
    ).one()


def stop(shop: Shop, subscription: ServiceSubscription, scope: Scope) -> None:
    lifecycle.stop_subscription(
        shop.session, scope, subscription_id=subscription.id, reason="Too dear", clock=shop.clock
    )


def test_a_customers_stop_waits_and_is_done_on_the_day_of_approval(session: ScopedSession, chain: Chain) -> None:
    # given: 5 × 10.00 from 20 August
    shop = watched_shop(session, chain)
    subscription = shop.bought(5)
    # when: asked on 25 August
    shop.day = date(2027, 8, 25)
    stop(shop, subscription, customer(shop))
    # then: nothing has changed but the state, and it does not renew itself
    waiting = asked(shop, subscription)
    assert (subscription.state, subscription.auto_renew) == (S.WAITING_FOR_MANUAL_APPROVAL, False)
    assert (waiting.kind, waiting.previous_state, waiting.reason) == (ManualOperationKind.STOP, S.ACTIVE, "Too dear")
    assert shop.balance() == ("100.00", "19.35")
    # when: approved three days later
    shop.day = date(2027, 8, 28)
    confirming.approve_manual_operation(session, shop.scope, manual_operation_id=waiting.id, clock=shop.clock)
    # then: eight days are billed
    assert (subscription.state, subscription.stopped_on, subscription.stop_reason) == (S.STOPPED, shop.day, "Too dear")
    assert subscription.auto_renew
    assert (waiting.state, waiting.decided_by_id) == (ManualOperationState.APPROVED, chain.child.manager.id)
    assert shop.amounts(ChargeState.CLOSED) == ["12.90"]
    shop.assert_books_agree()


@pytest.mark.parametrize("before", [S.ACTIVE, S.STOPPED])
def test_declining_a_deletion_restores_what_was(session: ScopedSession, chain: Chain, before: S) -> None:
    # given
    shop = watched_shop(session, chain)
    subscription = shop.bought(5)
    if before is S.STOPPED:
        stop(shop, subscription, shop.scope)
    funds = shop.balance()
    lifecycle.delete_subscription(session, customer(shop), subscription_id=subscription.id, clock=shop.clock)
    waiting = asked(shop, subscription)
    # then: nothing else is possible meanwhile
    with pytest.raises(InvalidState, match="is WAITING_FOR_MANUAL_APPROVAL: its change is not possible"):
        shop.change(subscription, 6)
    # when
    confirming.decline_manual_operation(
        session, shop.scope, manual_operation_id=waiting.id, reason="Paid for a year", clock=shop.clock
    )
    # then
    assert (subscription.state, subscription.auto_renew, shop.balance()) == (before, True, funds)
    assert (waiting.state, waiting.decision_reason) == (ManualOperationState.DECLINED, "Paid for a year")
    with pytest.raises(InvalidState, match=f"The DELETE of subscription {subscription.number} is DECLINED already"):
        confirming.approve_manual_operation(session, shop.scope, manual_operation_id=waiting.id, clock=shop.clock)


def test_a_manager_does_it_at_once(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = watched_shop(session, chain)
    subscription = shop.bought(5)
    # when
    stop(shop, subscription, shop.scope)
    # then
    assert subscription.state is S.STOPPED


def test_an_order_that_nobody_paid_is_withdrawn_without_a_manager(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = watched_shop(session, chain)
    subscription = shop.subscription_of(shop.order(5))
    # when
    lifecycle.delete_subscription(session, customer(shop), subscription_id=subscription.id, clock=shop.clock)
    # then
    assert subscription.state is S.DELETED


def test_a_service_term_may_want_a_manager_for_everybody(session: ScopedSession, chain: Chain) -> None:
    # given: no account class says anything
    shop = open_shop(session, chain, term={"stop": HowDone.MANUAL})
    shop.top_up("100.00")
    subscription, other = shop.bought(1), shop.bought(1)
    # when
    stop(shop, subscription, customer(shop))
    lifecycle.delete_subscription(session, customer(shop), subscription_id=other.id, clock=shop.clock)
    # then: it is about stops only
    assert (subscription.state, other.state) == (S.WAITING_FOR_MANUAL_APPROVAL, S.DELETED)


def test_the_calendar_asks_too(session: ScopedSession, chain: Chain) -> None:
    # given: money for August and September only
    shop = watched_shop(session, chain, period=YEAR, term={"stop_period_days": 10})
    subscription = shop.bought(5)
    run(shop, date(2027, 9, 1))
    # when: October is not paid
    run(shop, date(2027, 10, 1))
    # then
    assert subscription.state is S.WAITING_FOR_MANUAL_APPROVAL
    waiting = asked(shop, subscription)
    assert waiting.reason == "The next period was not paid."
    # when: approved on the 3rd, it is kept for ten days more
    shop.day = date(2027, 10, 3)
    confirming.approve_manual_operation(session, shop.scope, manual_operation_id=waiting.id, clock=shop.clock)
    run(shop, date(2027, 10, 12))
    assert f"{subscription.state}" == "STOPPED"
    run(shop, date(2027, 10, 13))
    # then
    assert asked(shop, subscription).kind is ManualOperationKind.DELETE
    # when
    confirming.approve_manual_operation(
        session, shop.scope, manual_operation_id=asked(shop, subscription).id, clock=shop.clock
    )
    # then
    assert f"{subscription.state}" == "DELETED"
    assert shop.amounts(ChargeState.CLOSED) == ["19.35", "50.00"]


def test_money_that_has_come_meanwhile_pays_what_was_declined(session: ScopedSession, chain: Chain) -> None:
    # given: October was not paid, the manager gives time
    shop = watched_shop(session, chain)
    subscription = shop.bought(5)
    run(shop, date(2027, 9, 1), date(2027, 10, 1))
    shop.top_up("100.00")
    shop.day = date(2027, 10, 4)
    confirming.decline_manual_operation(
        session, shop.scope, manual_operation_id=asked(shop, subscription).id, reason="They pay", clock=shop.clock
    )
    # when
    run(shop, date(2027, 10, 5))
    # then: October is paid whole
    assert (subscription.state, str(subscription.paid_to)) == (S.ACTIVE, "2027-11-01")
    assert shop.amounts(ChargeState.BLOCKED) == ["50.00"]
    shop.assert_books_agree()
