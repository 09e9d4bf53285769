"""Every state against every operation, by the actions themselves: they do what the table says, or name both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.billing.contracts import contracts_of
from domain.customers.models import HowDone
from domain.customers.terms import ClassTerms, create_account_class
from domain.ordering.models import OrderState
from domain.payments import lifecycle, provisioning, renewing, run_paying, updating
from domain.payments.cancelling import cancel_order
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidState
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from domain.subscriptions.states import TRANSITIONS, Operation
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.payments.selling import MONTH, Shop, also_sell, open_shop
from tests.domain.payments.test_confirming_acts import customer
from tests.domain.payments.test_lifecycle_acts import activate, delete, prolong, stop

pytestmark = pytest.mark.feature("O-02")
Op = Operation


@dataclass(frozen=True)
class Way:
    """How an operation comes about."""

    act: Callable[[Shop, ServiceSubscription], None]
    shop: Mapping[str, Any]
    """What is sold."""
    ordered: bool = False
    """It is about what is not paid yet."""
    on: date = date(2027, 8, 25)
    """When it is done."""
    being_set_up: bool = False
    """It is about what is paid and not set up yet."""
    called: Operation | None = None
    """As what it is refused, where that is another operation; None: as itself."""


def pay_its_order(shop: Shop, subscription: ServiceSubscription) -> None:
    """Pay what was ordered last."""
    shop.pay(shop.last_order(subscription))


def cancel_its_order(shop: Shop, subscription: ServiceSubscription) -> None:
    cancel_order(shop.session, shop.scope, order_id=shop.last_order(subscription).id, clock=shop.clock)


def change(shop: Shop, subscription: ServiceSubscription) -> None:
    shop.pay(shop.change(subscription, 6))


def switch(shop: Shop, subscription: ServiceSubscription) -> None:
    order = shop.switch(subscription, also_sell(shop))
    if order.state is not OrderState.COMPLETED:
        shop.pay(order)


def set_auto_renewal(shop: Shop, subscription: ServiceSubscription) -> None:
    off = updating.SubscriptionChange({"auto_renew": False})
    updating.update_subscription(
        shop.session, shop.scope, subscription_id=subscription.id, change=off, clock=shop.clock
    )


def renew(shop: Shop, subscription: ServiceSubscription) -> None:
    shop.pay(renewing.renew_subscription(shop.session, shop.scope, subscription_id=subscription.id, clock=shop.clock))


def grace(shop: Shop, subscription: ServiceSubscription) -> None:
    contract = contracts_of(shop.session, [subscription])[subscription.id]
    assert run_paying.grace(shop.session, shop.scope, contract, prolongation=False, clock=shop.clock)


def ask_to_stop(shop: Shop, subscription: ServiceSubscription) -> None:
    lifecycle.stop_subscription(shop.session, customer(shop), subscription_id=subscription.id, clock=shop.clock)


def ask_to_delete(shop: Shop, subscription: ServiceSubscription) -> None:
    lifecycle.delete_subscription(shop.session, customer(shop), subscription_id=subscription.id, clock=shop.clock)


def fail(shop: Shop, subscription: ServiceSubscription) -> None:
    order = shop.last_order(subscription)
    provisioning.fail_provisioning(shop.session, shop.scope, order_id=order.id, reason="Away", clock=shop.clock)


def try_again(shop: Shop, subscription: ServiceSubscription) -> None:
    order = shop.last_order(subscription)
    order.state = OrderState.PROVISIONING_FAILED
    shop.session.flush()
    provisioning.retry_provisioning(shop.session, shop.scope, order_id=order.id, clock=shop.clock)


MONTHLY: Mapping[str, Any] = {"term": {"grace_period_days": 3}}
TERM: Mapping[str, Any] = {"billing_type": BillingType.RESERVATION, "period": MONTH}
BY_HAND: Mapping[str, Any] = {"term": {"provisioning": HowDone.MANUAL}}
ONCE: Mapping[str, Any] = {"billing_type": BillingType.NON_RECURRING}
WAYS = {
    Op.START: Way(pay_its_order, MONTHLY, ordered=True),
    Op.DELIVER: Way(pay_its_order, ONCE, ordered=True),
    Op.CANCEL: Way(cancel_its_order, MONTHLY, ordered=True),
    Op.CHANGE: Way(change, MONTHLY),
    Op.SWITCH: Way(switch, MONTHLY),
    Op.SET_AUTO_RENEWAL: Way(set_auto_renewal, TERM),
    Op.PROLONG: Way(
        lambda shop, subscription: shop.pay_if_due(prolong(shop, subscription)), MONTHLY, on=date(2027, 9, 3)
    ),
    Op.RENEW: Way(renew, TERM, on=date(2027, 9, 22)),
    Op.GRACE: Way(grace, MONTHLY),
    Op.STOP: Way(stop, MONTHLY),
    Op.ACTIVATE: Way(activate, MONTHLY),
    Op.DELETE: Way(delete, MONTHLY),
    Op.ASK_STOP: Way(ask_to_stop, MONTHLY),
    Op.ASK_DELETE: Way(ask_to_delete, MONTHLY),
    Op.INSTALL: Way(pay_its_order, BY_HAND, ordered=True, called=Op.START),
    Op.UPDATE: Way(change, BY_HAND, called=Op.CHANGE),
    Op.BEGIN_RENEWAL: Way(renew, {**TERM, **BY_HAND}, on=date(2027, 9, 22), called=Op.RENEW),
    Op.BEGIN_SWITCH: Way(switch, BY_HAND, called=Op.SWITCH),
    Op.FAIL: Way(fail, BY_HAND, being_set_up=True),
    Op.RETRY: Way(try_again, BY_HAND, being_set_up=True),
}


@pytest.mark.parametrize("operation", Operation)
def test_every_state_takes_the_operation_as_the_table_says(
    session: ScopedSession, chain: Chain, operation: Operation
) -> None:
    # given
    way = WAYS[operation]
    shop = open_shop(session, chain, **way.shop)
    shop.top_up("1000.00")
    if operation in {Op.ASK_STOP, Op.ASK_DELETE}:
        terms = ClassTerms(stop=HowDone.MANUAL, delete=HowDone.MANUAL)
        create_account_class(
            session, shop.scope, key="watched", name="Watched", default=True, terms=terms, clock=shop.clock
        )
    subscription = shop.subscription_of(shop.order(5)) if way.ordered else shop.bought(5)
    if subscription.state is SubscriptionState.INSTALLING and not way.being_set_up:
        installed = shop.last_order(subscription).id
        provisioning.complete_provisioning(session, shop.scope, order_id=installed, clock=shop.clock)
    called = way.called or operation
    shop.day = way.on
    allowed = {state: after for (state, known), after in TRANSITIONS.items() if known is operation}
    if operation is Op.ASK_DELETE:  # what nobody paid is withdrawn without asking
        allowed[SubscriptionState.ORDERED] = SubscriptionState.DELETED
    found = {}
    for state in SubscriptionState:
        before = session.begin_nested()
        subscription.state = state
        session.flush()
        # when
        if state in allowed:
            way.act(shop, subscription)
            # then
            found[state] = subscription.state
        else:
            with pytest.raises(InvalidState, match=f"{subscription.number} is {state}: its {called} is not possible"):
                way.act(shop, subscription)
            assert subscription.state is state
        before.rollback()
    assert found == allowed
    shop.assert_books_agree()


def test_an_order_changes_nothing_of_what_it_cannot_do_any_more(session: ScopedSession, chain: Chain) -> None:
    # given: a change is ordered, and the subscription deleted meanwhile by a machine that knows no orders
    shop = open_shop(session, chain)
    shop.top_up("1000.00")
    subscription = shop.bought(5)
    order = shop.change(subscription, 6)
    subscription.state = SubscriptionState.DELETED
    before = shop.balance()
    # then
    with pytest.raises(InvalidState, match="is DELETED: its change is not possible"):
        shop.pay(order)
    assert (order.state, shop.balance(), order.total > Decimal(0)) == (OrderState.WAITING_FOR_PAYMENT, before, True)
