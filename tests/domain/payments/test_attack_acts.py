"""Nobody from beside or above touches what is not theirs."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from db.base import Base
from domain.billing.models import Charge, LedgerEntry
from domain.customers.actions import create_account
from domain.customers.models import Account
from domain.ordering.models import Order
from domain.payments import actions, changing, checkout, lifecycle, renewing
from domain.payments.models import Payment
from domain.shared.errors import (
    ActAsRequired,
    NotFound,
    Refusal,
)
from domain.subscriptions.models import ServiceSubscription
from tenancy.clock import Clock
from tenancy.scope import Scope
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, scope_of
from tests.domain.payments.selling import Shop, open_shop


@dataclass(frozen=True)
class Aim:
    """Somebody else's ids."""

    account_id: UUID
    plan_id: UUID
    period_id: UUID
    subscription_id: UUID
    payment_id: UUID


def order(session: ScopedSession, scope: Scope, aim: Aim, clock: Clock) -> None:
    checkout.order_subscription(
        session,
        scope,
        account_id=aim.account_id,
        plan_id=aim.plan_id,
        period_id=aim.period_id,
        quantities=[],
        clock=clock,
    )


def pay(session: ScopedSession, scope: Scope, aim: Aim, clock: Clock) -> None:
    actions.complete_payment(session, scope, payment_id=aim.payment_id, clock=clock)


def top_up(session: ScopedSession, scope: Scope, aim: Aim, clock: Clock) -> None:
    actions.top_up(session, scope, account_id=aim.account_id, amount=Decimal(1), currency="EUR", clock=clock)


def change(session: ScopedSession, scope: Scope, aim: Aim, clock: Clock) -> None:
    quantities = [("seats", Decimal(9))]
    changing.change_subscription(
        session, scope, subscription_id=aim.subscription_id, quantities=quantities, clock=clock
    )


def prolong(session: ScopedSession, scope: Scope, aim: Aim, clock: Clock) -> None:
    checkout.prolong_subscription(session, scope, subscription_id=aim.subscription_id, clock=clock)


def renew(session: ScopedSession, scope: Scope, aim: Aim, clock: Clock) -> None:
    renewing.renew_subscription(session, scope, subscription_id=aim.subscription_id, clock=clock)


def stop(session: ScopedSession, scope: Scope, aim: Aim, clock: Clock) -> None:
    lifecycle.stop_subscription(session, scope, subscription_id=aim.subscription_id, clock=clock)


def activate(session: ScopedSession, scope: Scope, aim: Aim, clock: Clock) -> None:
    lifecycle.activate_subscription(session, scope, subscription_id=aim.subscription_id, clock=clock)


def delete(session: ScopedSession, scope: Scope, aim: Aim, clock: Clock) -> None:
    lifecycle.delete_subscription(session, scope, subscription_id=aim.subscription_id, clock=clock)


Attack = Callable[[ScopedSession, Scope, Aim, Clock], None]


@pytest.mark.parametrize(("who", "refusal"), [("cousin", NotFound), ("sibling", NotFound), ("reseller", ActAsRequired)])
@pytest.mark.parametrize("attack", [order, pay, top_up, change, prolong, renew, stop, activate, delete])
def test_nobody_else_touches_what_a_tenant_sold(
    session: ScopedSession, chain: Chain, attack: Attack, who: str, refusal: type[Refusal]
) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    aim = Aim(
        account_id=shop.account.id,
        plan_id=shop.plan.id,
        period_id=shop.period_id(),
        subscription_id=subscription.id,
        payment_id=shop.payment_of(shop.change(subscription, 8)).id,
    )
    before = _snapshot(shop)
    # when
    scope = act_as(session, scope_of(getattr(chain, who)))
    with pytest.raises(refusal):
        attack(session, scope, aim, shop.clock)
    # then
    act_as(session, shop.scope)
    assert _snapshot(shop) == before


def _snapshot(shop: Shop) -> list[tuple[object, ...]]:
    """Everything that money and states stand in."""
    tables: list[type[Base]] = [Account, ServiceSubscription, Order, Payment, Charge, LedgerEntry]
    rows: list[tuple[object, ...]] = []
    for model in tables:
        rows += [tuple(row) for row in shop.session.execute(select(*model.__table__.columns).order_by("id"))]
    return rows


def test_a_customer_of_the_reseller_does_not_buy_the_child_resellers_plan(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    scope = act_as(session, scope_of(chain.reseller))
    account = create_account(session, scope, name="Dock", email="it@dock.example", clock=shop.clock)
    # when
    with pytest.raises(ActAsRequired) as refused:
        checkout.order_subscription(
            session,
            scope,
            account_id=account.id,
            plan_id=shop.plan.id,
            period_id=shop.period_id(),
            quantities=[],
            clock=shop.clock,
        )
    # then
    assert refused.value.path == ("plan_id",)
