"""The waterfall law over generated chains, in the database: currencies, rates, taxes, discounts, individual prices.

Beside what was written down, each amount is counted again from prices, rates and days alone, by a few lines that share
nothing with the calculation.
"""

import os
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain.billing.customer_discounts import create_discount
from domain.billing.exchange_rates import set_exchange_rate
from domain.billing.models import Charge, ChargeLevel, ChargeState, ResellerCharge
from domain.billing.owing import kept
from domain.billing.replay import explain
from domain.billing.reseller_discounts import create_reseller_discount
from domain.billing.taxes import set_tax
from domain.payments import actions
from domain.payments.lifecycle import stop_subscription
from domain.shared.billing_types import BillingType
from domain.shared.errors import Refusal
from tenancy.models import Tenant
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope, scope_of
from tests.domain.payments.selling import ENDLESS, MONTH, YEAR, Shop, clock_on, open_shop
from tests.domain.payments.test_billing_run_acts import run

pytestmark = pytest.mark.feature("B-05")
CASES = 20 if os.environ.get("CI") else 2
"""Generated chains of each billing type."""
DAY = date(2027, 8, 20)
DIGITS = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}
T = BillingType
TERMS = {
    T.CSP_MONTHLY: ENDLESS,
    T.CSP_ANNUAL: YEAR,
    T.MONTHLY_COMMITMENT: YEAR,
    T.MONTHLY_COMMITMENT_CALENDAR: YEAR,
    T.LICENSE_BASED_MONTHLY: MONTH,
    T.PAY_IN_FULL: MONTH,
    T.NON_REFUND: YEAR,
    T.FLEXIBLE_MONTHLY: MONTH,
    T.RESERVATION: MONTH,
    T.NEXT_DAY_MONTHLY: MONTH,
}


@dataclass(frozen=True)
class Case:
    """Who bills in what, at which rates, and what happens."""

    plan: str
    billed: tuple[str, str, str]
    """Distributor, reseller, child reseller."""
    rates: dict[tuple[str, str], tuple[Decimal, Decimal]]
    """From the plan's currency, at the order and from September on: by who sets it and the other currency."""
    own: bool
    """Whether the reseller sets rates of its own."""
    price: Decimal
    percents: tuple[Decimal | None, Decimal | None, Decimal | None]
    """The customer's discount, the tax, what the reseller gets from the distributor."""
    individual: Decimal | None
    quantity: int
    change: tuple[int, int]
    """Days after the order, and the new quantity; 0 for a stop."""


money = st.sampled_from(list(DIGITS))
prices = st.integers(1, 5_000_000).map(lambda units: Decimal(units).scaleb(-4))
worth = st.integers(1, 10**10).map(lambda units: Decimal(units).scaleb(-7))
percents = st.none() | st.integers(1, 9_999).map(lambda hundredths: Decimal(hundredths).scaleb(-2))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    plan = draw(money)
    return Case(
        plan=plan,
        billed=(draw(money), draw(money), draw(money)),
        rates={(who, to): (draw(worth), draw(worth)) for who in ("top", "reseller") for to in DIGITS if to != plan},
        own=draw(st.booleans()),
        price=draw(prices),
        percents=(draw(percents), draw(percents), draw(percents)),
        individual=draw(st.none() | prices),
        quantity=draw(st.integers(1, 30)),
        change=(draw(st.integers(0, 25)), draw(st.integers(0, 40))),
    )


def rounded(value: Fraction, digits: int) -> Decimal:
    """Half away from zero, by the decimal module with room enough."""
    with localcontext(prec=60):
        quotient = Decimal(value.numerator) / Decimal(value.denominator)
        return quotient.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


@pytest.mark.parametrize("billing_type", list(TERMS))
@settings(deadline=None, database=None, max_examples=CASES, suppress_health_check=list(HealthCheck), derandomize=True)
@given(case=cases())
def test_every_level_keeps_what_it_gets_less_what_it_pays_in_its_own_currency(
    session: ScopedSession, chain: Chain, billing_type: BillingType, case: Case
) -> None:
    with session.begin_nested() as attempt:
        try:
            hold_the_law(session, chain, billing_type, case)
        finally:
            attempt.rollback()
            session.expire_all()


def hold_the_law(session: ScopedSession, chain: Chain, billing_type: BillingType, case: Case) -> None:
    # given
    shop = live(session, chain, billing_type, case)
    closed = shop.charges(ChargeState.CLOSED)
    act_as(session, distributor_scope(chain.distributor))
    places = [founded.tenant for founded in (chain.child, chain.reseller, chain.distributor)]
    billed = dict(zip((tenant.id for tenant in places), reversed(case.billed), strict=True))
    levels = levels_of(session, closed)
    owed = {
        (row.charge_id, row.tenant_id): row
        for row in session.scalars(select(ResellerCharge).where(~ResellerCharge.reversal))
    }
    assert all(explain(charge).agrees for charge in shop.charges())
    assert all(explain(row).agrees for row in owed.values())
    for charge in closed:
        margins = {each.tenant_id: each for each in kept(session, [charge])}
        income = charge.amount - charge.tax
        for position, tenant in enumerate(places):
            level = levels[charge.split_from_id or charge.id, tenant.id]
            own = billed[tenant.id]
            above = billed[tenant.id] if position == len(places) - 1 else billed[places[position + 1].id]
            months = Fraction(charge.explanation["fraction"])
            of = Fraction(level.unit_price) * Fraction(charge.quantity) * months
            row = owed.get((charge.id, tenant.id))
            if row is None:
                cost = rounded(of, DIGITS[own])
                assert level.currency == own
            else:
                left = 1 - Fraction(row.discount_percent) / 100
                assert (row.amount, row.currency) == (rounded(of * left, DIGITS[above]), above)
                cost = row.amount
                if own != above:
                    in_own = Fraction(level.cost_unit_price or 0) * Fraction(charge.quantity) * months * left
                    assert (row.cost, row.cost_currency) == (rounded(in_own, DIGITS[own]), own)
                    cost = row.cost or Decimal(0)
            # then: its own subtraction, in its own currency
            assert (margins[tenant.id].currency, margins[tenant.id].amount) == (own, income - cost)
            income = cost if row is None else row.amount
        if len(set(billed.values())) == 1:
            total = sum((each.amount or Decimal(0) for each in margins.values()), Decimal(0))
            assert total + income == charge.amount - charge.tax
    shop.assert_books_agree()


def levels_of(session: ScopedSession, charges: list[Charge]) -> dict[tuple[UUID, UUID], ChargeLevel]:
    ids = {charge.split_from_id or charge.id for charge in charges}
    rows = session.scalars(select(ChargeLevel).where(ChargeLevel.charge_id.in_(ids)))
    return {(row.charge_id, row.tenant_id): row for row in rows}


def live(session: ScopedSession, chain: Chain, billing_type: BillingType, case: Case) -> Shop:
    """The order, a change or a stop, and two months."""
    act_as(session, distributor_scope(chain.distributor))
    for founded, currency in zip((chain.distributor, chain.reseller, chain.child), case.billed, strict=True):
        session.get_one(Tenant, (founded.tenant.distributor_id, founded.tenant.id)).currency = currency
    session.flush()
    _agree_on_rates(session, chain, case)
    discount, tax, _ = case.percents
    prices = (f"{case.price}", "12.5", "-3.3333")
    plan = {"currency": case.plan}
    shop = open_shop(
        session, chain, billing_type=billing_type, period=TERMS[billing_type], plan=plan, prices=prices, day=DAY
    )
    if discount is not None:
        create_discount(session, shop.scope, name="Friends", percent=discount, clock=shop.clock)
    if tax is not None:
        set_tax(session, shop.scope, name="VAT", percent=tax, clock=shop.clock)
    actions.top_up(
        session,
        shop.scope,
        account_id=shop.account.id,
        amount=Decimal(10) ** 11,
        currency=shop.account.currency,
        clock=shop.clock,
    )
    individual = [] if case.individual is None else [("seats", case.individual)]
    subscription = shop.bought(case.quantity, individual_prices=individual)
    days, quantity = case.change
    for month in (None, date(2027, 9, 1), date(2027, 10, 1)):
        if month is not None:
            run(shop, month)
        if month == date(2027, 9, 1) or (month is None and days <= 11):
            shop.day = (month or DAY) + timedelta(days=days)
            attempt = session.begin_nested()
            try:
                if quantity:
                    shop.pay_if_due(shop.change(subscription, quantity))
                else:
                    stop_subscription(session, shop.scope, subscription_id=subscription.id, clock=shop.clock)
                attempt.commit()
            except Refusal:
                attempt.rollback()
    return shop


def _agree_on_rates(session: ScopedSession, chain: Chain, case: Case) -> None:
    """What currencies are worth, now and from September on, and what the reseller gets off."""
    for (who, to), values in case.rates.items():
        if who == "reseller" and not case.own:
            continue
        scope = act_as(session, scope_of(chain.distributor if who == "top" else chain.reseller))
        for value, begins in zip(values, (DAY, date(2027, 9, 1)), strict=True):
            set_exchange_rate(
                session,
                scope,
                from_currency=case.plan,
                to_currency=to,
                rate=value,
                valid_from=begins,
                clock=clock_on(DAY),
            )
    if case.percents[2] is not None:
        create_reseller_discount(
            session,
            act_as(session, scope_of(chain.distributor)),
            name="Above",
            percent=case.percents[2],
            tenant_ids=[chain.reseller.tenant.id],
            clock=clock_on(DAY),
        )
