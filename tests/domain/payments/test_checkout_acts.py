"""What an order is held against before it is taken, and what it makes when it is."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from db.base import Base
from domain.billing.models import Charge, ChargeLevel, ChargeState, LedgerEntry, ResellerCharge
from domain.billing.replay import explain
from domain.catalog.models import PlanState
from domain.customers.actions import create_account
from domain.customers.models import Account
from domain.ordering.models import Order, OrderState, OrderType
from domain.payments import actions, checkout, lifecycle
from domain.payments.models import Payment, PaymentPurpose, PaymentState
from domain.shared.billing_types import BillingType
from domain.shared.errors import (
    ActAsRequired,
    CurrencyMismatch,
    InvalidInput,
    InvalidState,
    NotFound,
    PriceChanged,
    Refusal,
    RefusedByBillingType,
    Stale,
)
from domain.shared.money import Money
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from tenancy.scope import Scope
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope, scope_of
from tests.domain.payments.selling import YEAR, Shop, open_shop, owed
from tests.domain.payments.test_billing_run_acts import run
from tests.domain.payments.test_lifecycle_acts import raise_price


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


def test_account_and_plan_have_one_currency(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.account.currency = "USD"
    session.flush()
    # then
    with pytest.raises(CurrencyMismatch):
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


@pytest.mark.parametrize("billing_type", [BillingType.NEXT_DAY_MONTHLY, BillingType.FLEXIBLE_MONTHLY])
def test_a_type_that_is_not_built_to_its_end_is_not_sold(
    session: ScopedSession, chain: Chain, billing_type: BillingType
) -> None:
    shop = open_shop(session, chain, billing_type=billing_type)
    with pytest.raises(RefusedByBillingType, match="cannot be ordered yet"):
        shop.order(5)


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


def test_a_decrease_takes_effect_when_its_order_completes(session: ScopedSession, chain: Chain) -> None:
    # given: the plan gets a second resource's worth by two changes in one order is not possible here; down, then up
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


def test_the_levels_above_are_written_down_with_the_charge(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    # when
    shop.order(5)
    # then: the child reseller sees what it owes; the whole chain stands there
    seen = session.scalars(select(ChargeLevel.unit_price)).all()
    assert seen == [Decimal(9)]
    act_as(session, distributor_scope(chain.distributor))
    levels = session.execute(select(ChargeLevel.unit_price).order_by(ChargeLevel.tenant_path.desc())).scalars().all()
    assert levels == [Decimal(9), Decimal(8), Decimal(7)]


def test_prices_upstream_are_those_of_the_day_the_charge_was_made(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    shop.bought(5)
    act_as(session, distributor_scope(chain.distributor))
    for plan in shop.chain_plans:
        raise_price(Shop(**{**shop.__dict__, "plan": plan}), "99.00")
    # when
    run(shop, date(2027, 9, 1))
    # then
    act_as(session, distributor_scope(chain.distributor))
    assert owed(session, chain)[:2] == [("child", "17.42"), ("reseller", "15.48")]


Attack = Callable[[Shop, Scope, Order], object]
ATTACKS: dict[str, Attack] = {
    "order for their account": lambda shop, scope, _: checkout.order_subscription(
        shop.session,
        scope,
        account_id=shop.account.id,
        plan_id=shop.plan.id,
        period_id=shop.period_id(),
        quantities=[],
        clock=shop.clock,
    ),
    "pay their payment": lambda shop, scope, order: actions.complete_payment(
        shop.session, scope, payment_id=order.id, clock=shop.clock
    ),
    "top their account up": lambda shop, scope, _: actions.top_up(
        shop.session, scope, account_id=shop.account.id, amount=Decimal(1), currency="EUR", clock=shop.clock
    ),
    "change": lambda shop, scope, order: checkout.change_subscription(
        shop.session,
        scope,
        subscription_id=order.subscription_id,
        quantities=[("seats", Decimal(9))],
        clock=shop.clock,
    ),
    "prolong": lambda shop, scope, order: checkout.prolong_subscription(
        shop.session, scope, subscription_id=order.subscription_id, clock=shop.clock
    ),
    "stop": lambda shop, scope, order: lifecycle.stop_subscription(
        shop.session, scope, subscription_id=order.subscription_id, clock=shop.clock
    ),
    "activate": lambda shop, scope, order: lifecycle.activate_subscription(
        shop.session, scope, subscription_id=order.subscription_id, clock=shop.clock
    ),
    "delete": lambda shop, scope, order: lifecycle.delete_subscription(
        shop.session, scope, subscription_id=order.subscription_id, clock=shop.clock
    ),
}


@pytest.mark.parametrize(("who", "refusal"), [("cousin", NotFound), ("sibling", NotFound), ("reseller", ActAsRequired)])
@pytest.mark.parametrize("attack", ATTACKS)
def test_nobody_else_touches_the_subscription(
    session: ScopedSession, chain: Chain, attack: str, who: str, refusal: type[Refusal]
) -> None:
    # given
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(5)
    order = session.scalars(select(Order)).one()
    payment_id = shop.payment_of(order).id
    order_id = order.id
    before = _snapshot(shop)
    # when
    scope = act_as(session, scope_of(getattr(chain, who)))
    aim = Order(id=payment_id if attack == "pay their payment" else order_id, subscription_id=subscription.id)
    period_id = shop.period_id
    if attack == "order for their account":
        shop.period_id = lambda: subscription.plan_period_id  # type: ignore[method-assign]
    with pytest.raises(refusal):
        ATTACKS[attack](shop, scope, aim)
    # then
    shop.period_id = period_id  # type: ignore[method-assign]
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


def test_example_5_a_free_period_then_protected_prices(session: ScopedSession, chain: Chain) -> None:
    # given: 10.00 a month, free until the first billing day, protected for twelve months
    shop = open_shop(session, chain, day=date(2027, 1, 15), plan={"free_period": True, "price_protection_months": 12})
    shop.top_up("2000.00")
    # when
    subscription = shop.bought(5)
    shop.day = date(2027, 1, 25)
    shop.change(subscription, 8)
    # then
    assert shop.amounts(ChargeState.BLOCKED) == ["0.00", "0.00"]
    # when
    run(shop, date(2027, 2, 1))
    assert shop.amounts(ChargeState.BLOCKED) == ["80.00"]
    shop.day = date(2027, 2, 22)
    shop.pay(shop.change(subscription, 9))
    assert shop.amounts(ChargeState.BLOCKED) == ["80.00", "2.50"]
    run(shop, date(2027, 3, 1))
    assert shop.amounts(ChargeState.BLOCKED) == ["90.00"]
    raise_price(shop, "11.00")
    run(shop, *(date(2027, month, 1) for month in (4, 5, 6)))
    # then
    assert shop.amounts(ChargeState.BLOCKED) == ["90.00"]
    # when: the protection of a year is over
    run(shop, *(date(2027, month, 1) for month in range(7, 13)), date(2028, 1, 1), date(2028, 2, 1))
    # then
    assert shop.amounts(ChargeState.BLOCKED) == ["99.00"]
    shop.assert_books_agree()


def test_a_fixed_price_holds_for_added_units_too_and_upstream(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, day=date(2027, 9, 1), plan={"fixed_price": True})
    shop.top_up("500.00")
    subscription = shop.bought(5)
    raise_price(shop, "11.00")
    # when
    shop.pay(shop.change(subscription, 8))
    run(shop, date(2027, 10, 1))
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["50.00", "30.00"]
    assert shop.amounts(ChargeState.BLOCKED) == ["80.00"]


def test_without_a_fixed_price_each_charge_takes_the_plans(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_shop(session, chain, day=date(2027, 9, 1))
    shop.top_up("500.00")
    subscription = shop.bought(5)
    raise_price(shop, "11.00")
    # when
    shop.pay(shop.change(subscription, 8))
    run(shop, date(2027, 10, 1))
    # then
    assert shop.amounts(ChargeState.CLOSED) == ["50.00", "33.00"]
    assert shop.amounts(ChargeState.BLOCKED) == ["88.00"]


@pytest.mark.parametrize("seed", range(6))
def test_books_agree_and_explanations_replay_after_any_sequence(
    session: ScopedSession, chain: Chain, seed: int
) -> None:
    # given
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    shop = open_shop(session, chain, term={"auto_renew_point_days": 3})
    shop.top_up("400.00")
    subscription = shop.bought(5)
    # when: forty days of whatever people do
    for _ in range(40):
        shop.day += timedelta(days=1)
        run(shop, shop.day)
        with session.begin_nested() as attempt:
            try:
                _something(dice, shop, subscription)
            except Refusal:
                attempt.rollback()
        shop.assert_books_agree()
    # then
    assert all(explain(charge).agrees for charge in shop.charges())
    act_as(session, distributor_scope(chain.distributor))
    debts = session.scalars(select(ResellerCharge)).all()
    assert all(explain(charge).agrees for charge in debts)
    closed = session.scalar(select(func.count()).select_from(Charge).where(Charge.state == ChargeState.CLOSED))
    assert len(debts) == 2 * (closed or 0)


def _something(dice: random.Random, shop: Shop, subscription: ServiceSubscription) -> None:
    session, scope, clock, id = shop.session, shop.scope, shop.clock, subscription.id
    what = dice.choice(["change", "change", "stop", "activate", "prolong", "pay", "top up", "nothing"])
    if what == "change":
        order = shop.change(subscription, dice.randrange(0, 12))
        if order.state is OrderState.WAITING_FOR_PAYMENT and dice.random() < 0.8:
            shop.pay(order)
    elif what == "stop":
        lifecycle.stop_subscription(session, scope, subscription_id=id, clock=clock)
    elif what == "activate":
        lifecycle.activate_subscription(session, scope, subscription_id=id, clock=clock)
    elif what == "prolong":
        shop.pay(checkout.prolong_subscription(session, scope, subscription_id=id, clock=clock))
    elif what == "pay":
        waiting = session.scalars(
            select(Order).where(Order.state == OrderState.WAITING_FOR_PAYMENT, Order.type != OrderType.SALES)
        ).first()
        if waiting is not None:
            shop.pay(waiting)
    elif what == "top up":
        shop.top_up(f"{dice.randrange(1, 4000) / 100:.2f}")
