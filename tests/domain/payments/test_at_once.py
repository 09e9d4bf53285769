"""Two people at once: money is spent once, and a subscription gets one order."""

import threading
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import Engine, select

from db.engine import application_engine
from domain.billing.models import Charge, ChargeState, ResellerCharge
from domain.customers.models import Account
from domain.ordering.models import Order, OrderState
from domain.payments import actions, changing
from domain.payments.billing_run import STEPS, Step
from domain.shared.errors import InsufficientBalance, InvalidState, Refusal
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import ScopedSession, Sessions
from tests.conftest import Chain, Server, act_as, distributor_scope, found_chain
from tests.domain.payments.selling import Shop, clock_on, open_shop


@pytest.fixture
def engine(fresh_database: Server) -> Iterator[Engine]:
    """Committed work."""
    engine = application_engine(fresh_database.app)
    yield engine
    engine.dispose()


def founded(engine: Engine, prepare: Callable[[Shop], None]) -> tuple[Chain, Shop]:
    """A shop that others see too."""
    with Sessions(engine).begin(PLATFORM) as session:
        chain = found_chain(session)
        shop = open_shop(session, chain)
        prepare(shop)
        act_as(session, PLATFORM)
    return chain, shop


def at_once(engine: Engine, scope: Scope, acts: list[Callable[[ScopedSession], object]]) -> list[type[Refusal] | None]:
    """Run every act in a thread and transaction of its own; how each ended."""
    ends: list[type[Refusal] | None] = [None] * len(acts)
    ready = threading.Barrier(len(acts))

    def run(position: int) -> None:
        try:
            with Sessions(engine).begin(scope) as session:
                session.execute(select(1))
                ready.wait()
                acts[position](session)
        except Refusal as refusal:
            ends[position] = type(refusal)

    threads = [threading.Thread(target=run, args=(position,)) for position in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def test_two_completions_at_once_pay_once(engine: Engine) -> None:
    # given
    payment_ids: list[UUID] = []

    def prepare(shop: Shop) -> None:
        shop.top_up("100.00")
        payment_ids.append(shop.payment_of(shop.order(5)).id)

    _, shop = founded(engine, prepare)
    # when
    ends = at_once(
        engine,
        shop.scope,
        [lambda session: actions.complete_payment(session, shop.scope, payment_id=payment_ids[0], clock=shop.clock)]
        * 4,
    )
    # then
    assert sorted(map(str, ends)) == sorted(map(str, [None, InvalidState, InvalidState, InvalidState]))
    with Sessions(engine).begin(PLATFORM) as session:
        account = session.scalars(select(Account)).one()
        assert (account.funds, account.blocked) == (Decimal(100), Decimal("19.35"))


def test_two_orders_do_not_spend_the_same_money(engine: Engine) -> None:
    # given: money for one of them
    payment_ids: list[UUID] = []

    def prepare(shop: Shop) -> None:
        shop.top_up("20.00")
        payment_ids.extend(shop.payment_of(shop.order(5)).id for _ in range(2))

    _, shop = founded(engine, prepare)

    def paying(id: UUID) -> Callable[[ScopedSession], object]:
        return lambda session: actions.complete_payment(session, shop.scope, payment_id=id, clock=shop.clock)

    # when
    ends = at_once(engine, shop.scope, [paying(id) for id in payment_ids])
    # then
    assert set(ends) == {None, InsufficientBalance}
    with Sessions(engine).begin(PLATFORM) as session:
        assert session.scalars(select(Account.blocked)).one() == Decimal("19.35")


def test_two_changes_at_once_make_one_order(engine: Engine) -> None:
    # given
    ids: list[UUID] = []

    def prepare(shop: Shop) -> None:
        shop.top_up("100.00")
        ids.append(shop.bought(5).id)

    _, shop = founded(engine, prepare)
    # when
    ends = at_once(
        engine,
        shop.scope,
        [
            lambda session: changing.change_subscription(
                session, shop.scope, subscription_id=ids[0], quantities=[("seats", Decimal(8))], clock=shop.clock
            )
        ]
        * 3,
    )
    # then
    assert sorted(map(str, ends)) == sorted(map(str, [None, InvalidState, InvalidState]))
    with Sessions(engine).begin(PLATFORM) as session:
        waiting = select(Order.id).where(Order.state == OrderState.WAITING_FOR_PAYMENT)
        assert len(session.scalars(waiting).all()) == 1


def test_two_workers_on_the_same_step_do_everything_once(engine: Engine) -> None:
    # given
    def prepare(shop: Shop) -> None:
        shop.top_up("1000.00")
        for _ in range(5):
            shop.bought(5)

    chain, _ = founded(engine, prepare)
    scope, day = distributor_scope(chain.distributor), date(2027, 9, 1)

    def doing(step: Step) -> Callable[[ScopedSession], object]:
        return lambda session: step(session, scope, clock=clock_on(day), day=day)

    # when
    for step in STEPS:
        assert at_once(engine, scope, [doing(step), doing(step)]) == [None, None]
    # then
    with Sessions(engine).begin(PLATFORM) as session:
        account = session.scalars(select(Account)).one()
        assert (account.funds, account.blocked) == (Decimal("903.25"), Decimal("250.00"))
        states = session.scalars(select(ServiceSubscription.state)).all()
        assert states == [SubscriptionState.ACTIVE] * 5
        closed = session.scalars(select(Charge.id).where(Charge.state == ChargeState.CLOSED)).all()
        assert len(session.scalars(select(ResellerCharge.id)).all()) == 2 * len(closed) == 10
