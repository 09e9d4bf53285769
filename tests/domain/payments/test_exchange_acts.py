"""Plans in one currency, tenants that bill in others: what is charged, owed and kept, and at which rate."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import JSONB

from domain.billing.customer_discounts import create_discount
from domain.billing.exchange_rates import set_exchange_rate
from domain.billing.models import Charge, ChargeState, ExchangeRate, ResellerCharge
from domain.billing.owing import kept
from domain.billing.replay import explain
from domain.billing.taxes import set_tax
from domain.billing.telling import explained
from domain.payments import actions
from domain.shared.errors import InvalidInput, NoExchangeRate
from tenancy.hierarchy import Founded
from tenancy.models import Tenant
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope, scope_of
from tests.domain.payments.selling import YEAR, Shop, clock_on, open_shop
from tests.domain.payments.test_billing_run_acts import run
from tests.domain.payments.test_lifecycle_acts import activate, stop
from tests.domain.payments.test_next_charge_acts import told

pytestmark = pytest.mark.feature("B-13")
AUGUST_20 = date(2027, 8, 20)
SEPTEMBER, OCTOBER = date(2027, 9, 1), date(2027, 10, 1)


def rate(
    session: ScopedSession, owner: Founded, to: str, value: str, *, on: date = AUGUST_20, today: date = AUGUST_20
) -> ExchangeRate:
    """One dollar is worth that much."""
    scope = act_as(session, scope_of(owner))
    return set_exchange_rate(
        session,
        scope,
        from_currency="USD",
        to_currency=to,
        rate=Decimal(value),
        valid_from=on,
        clock=clock_on(today),
    )


def open_abroad(session: ScopedSession, chain: Chain, **more: Any) -> Shop:
    """A plan in dollars of a distributor in euros, sold by a reseller in dinars to its child, which bills in yen."""
    act_as(session, distributor_scope(chain.distributor))
    for founded, currency in ((chain.reseller, "KWD"), (chain.child, "JPY")):
        session.get_one(Tenant, (founded.tenant.distributor_id, founded.tenant.id)).currency = currency
    session.flush()
    for currency, value in (("EUR", "0.9"), ("KWD", "0.307"), ("JPY", "150.5")):
        rate(session, chain.distributor, currency, value)
    return open_shop(session, chain, plan={"currency": "USD", **more.pop("plan", {})}, **more)


def fund(shop: Shop, amount: str) -> None:
    actions.top_up(
        shop.session,
        shop.scope,
        account_id=shop.account.id,
        amount=Decimal(amount),
        currency=shop.account.currency,
        clock=shop.clock,
    )


def money(charges: list[Charge]) -> list[tuple[str, str]]:
    return [(f"{charge.amount.normalize():f}", charge.currency) for charge in charges]


def as_dict(found: object) -> dict[str, Any]:
    assert isinstance(found, dict)
    return found


@pytest.fixture
def shop(session: ScopedSession, chain: Chain) -> Shop:
    shop = open_abroad(session, chain)
    fund(shop, "100000")
    return shop


def test_a_customer_is_billed_in_its_sellers_currency(shop: Shop) -> None:
    # when: example 1, 10.00 dollars a seat
    order = shop.order(5)
    # then: 1,505 yen a seat, 12 of 31 days
    (charge,) = shop.charges()
    assert (charge.unit_price, *money([charge])) == (Decimal(1505), ("2913", "JPY"))
    assert (order.total, order.currency) == (Decimal(2913), "JPY")
    assert shop.payment_of(order).currency == "JPY"
    assert charge.explanation["inputs"]["exchange"] == {
        "currency": "USD",
        "unit_price": "10",
        "rate": "150.5",
        "valid_from": "2027-08-20",
        "amount": "19.35",
    }
    assert explain(charge).agrees
    assert explained(charge.explanation) == (
        "10.00 USD at the exchange rate of 20 August 2027, 150.5: 1505.00 JPY. "
        "5 × 1505.00 a month × 12 of the 31 days of the billing period, from 2027-08-20 to 2027-08-31: "
        "2912.9032…, rounded to 2913 JPY."
    ).replace("20 August 2027", "2027-08-20")


def test_every_level_is_billed_by_the_one_above_and_keeps_in_its_own_currency(shop: Shop, chain: Chain) -> None:
    # given
    subscription = shop.bought(5)
    # when
    run(shop, SEPTEMBER)
    # then: the creditor's currency and price, and what that is for the debtor
    act_as(shop.session, distributor_scope(chain.distributor))
    owed = shop.session.scalars(select(ResellerCharge).order_by(ResellerCharge.tenant_path.desc())).all()
    assert [(f"{row.amount:.3f}", row.currency, f"{row.cost:.3f}", row.cost_currency) for row in owed] == [
        ("5.348", "KWD", "2622.000", "JPY"),
        ("13.940", "EUR", "4.754", "KWD"),
    ]
    assert all(explain(row).agrees for row in owed)
    # and: each level's own subtraction
    closed = shop.charges(ChargeState.CLOSED)
    assert [(each.currency, each.amount) for each in kept(shop.session, closed)] == [
        ("JPY", Decimal(291)),
        ("KWD", Decimal("0.594")),
        ("EUR", Decimal("1.75")),
    ]
    asked = func.app_waterfall(subscription.distributor_id, subscription.id, "JPY", type_=JSONB())
    levels: list[dict[str, Any]] = as_dict(shop.session.scalar(select(asked)))["levels"]
    assert [(each["margin"]["amount"], each["margin"]["currency"]) for each in levels] == [
        ("291", "JPY"),
        ("0.594", "KWD"),
        ("1.75", "EUR"),
    ]
    assert [each["received"]["currency"] for each in levels] == ["JPY", "KWD", "EUR"]


def test_a_charge_takes_the_rate_of_the_day_it_is_made(shop: Shop, session: ScopedSession, chain: Chain) -> None:
    # given: the rate of September is another one
    rate(session, chain.distributor, "JPY", "160", on=SEPTEMBER)
    act_as(session, shop.scope)
    shop.bought(5)
    # when
    run(shop, SEPTEMBER)
    # then
    assert money(shop.charges(ChargeState.BLOCKED)) == [("8000", "JPY")]


def test_a_fixed_price_keeps_its_rate_to_the_end_of_the_term(session: ScopedSession, chain: Chain) -> None:
    # given
    shop = open_abroad(session, chain, period=YEAR, plan={"fixed_price": True})
    fund(shop, "1000000")
    rate(session, chain.distributor, "JPY", "160", on=SEPTEMBER)
    act_as(session, shop.scope)
    shop.bought(5)
    # when
    run(shop, SEPTEMBER, OCTOBER)
    # then: for the levels above, too
    assert money(shop.charges(ChargeState.BLOCKED)) == [("7525", "JPY")]
    act_as(session, distributor_scope(chain.distributor))
    costs = session.scalars(
        select(ResellerCharge.cost).where(ResellerCharge.cost_currency == "JPY").order_by(ResellerCharge.id)
    ).all()
    assert costs == [Decimal(2622), Decimal(6773)]


def test_the_parts_of_a_split_keep_the_rate_of_their_charge(shop: Shop, session: ScopedSession, chain: Chain) -> None:
    # given: example 1, with another rate for what is added
    rate(session, chain.distributor, "JPY", "160", on=date(2027, 8, 25))
    act_as(session, shop.scope)
    subscription = shop.bought(5)
    shop.day = date(2027, 8, 25)
    shop.pay(shop.change(subscription, 8))
    # when
    shop.day = date(2027, 8, 28)
    shop.change(subscription, 6)
    # then: 5 at 1,505 and 3 at 1,600 yen; the newest leave first
    assert money(shop.charges(ChargeState.CLOSED)) == [("1942", "JPY"), ("465", "JPY")]
    assert money(shop.charges(ChargeState.BLOCKED)) == [("971", "JPY"), ("206", "JPY")]
    assert {charge.explanation["inputs"]["exchange"]["rate"] for charge in shop.charges(ChargeState.BLOCKED)} == {
        "150.5",
        "160",
    }
    assert all(explain(charge).agrees for charge in shop.charges())
    shop.assert_books_agree()


def test_what_is_activated_again_costs_what_it_cost(shop: Shop, session: ScopedSession, chain: Chain) -> None:
    # given
    subscription = shop.bought(5)
    run(shop, SEPTEMBER)
    rate(session, chain.distributor, "JPY", "160", on=SEPTEMBER, today=SEPTEMBER)
    act_as(session, shop.scope)
    shop.day = date(2027, 9, 10)
    stop(shop, subscription)
    # when
    shop.day = date(2027, 9, 20)
    activate(shop, subscription)
    # then: 11 of 30 days at the rate of August
    assert money(shop.charges(ChargeState.BLOCKED)) == [("2759", "JPY")]
    assert explain(shop.charges(ChargeState.BLOCKED)[0]).agrees
    shop.assert_books_agree()


def test_a_tenants_own_rate_takes_the_place_of_the_one_above(shop: Shop, session: ScopedSession, chain: Chain) -> None:
    # given: the reseller sets one for itself and those below it, the sibling for itself
    rate(session, chain.reseller, "JPY", "155")
    rate(session, chain.sibling, "JPY", "999")
    act_as(session, shop.scope)
    assert shop.order(5).total == Decimal(3000)
    # when
    rate(session, chain.child, "JPY", "158")
    act_as(session, shop.scope)
    # then
    assert shop.order(5).total == Decimal(3058)
    # and: below the distributor the others are seen, read-only; a sibling's are not
    seen = session.scalars(select(ExchangeRate.rate).where(ExchangeRate.to_currency == "JPY")).all()
    assert sorted(seen) == [Decimal("150.5"), Decimal(155), Decimal(158)]


def test_without_a_rate_nothing_is_sold(session: ScopedSession, chain: Chain) -> None:
    # given: a rate that begins tomorrow
    shop = open_shop(session, chain, plan={"currency": "USD"})
    rate(session, chain.child, "EUR", "0.9", on=date(2027, 8, 21))
    act_as(session, shop.scope)
    # then
    needed = "from USD, in which Business Basic is sold, to EUR on 2027-08-20"
    with pytest.raises(NoExchangeRate, match=needed) as refused:
        shop.order(5)
    assert refused.value.path == ("plan_id",)
    assert shop.charges() == []
    # and: there is none the other way round
    shop.day = date(2027, 8, 21)
    assert f"{shop.order(5).total:.2f}" == "15.97"


def test_a_tenant_above_without_a_rate_bills_in_the_plans_currency(session: ScopedSession, chain: Chain) -> None:
    # given: only the child says what a dollar is worth
    shop = open_shop(session, chain, plan={"currency": "USD"})
    rate(session, chain.child, "EUR", "0.9")
    act_as(session, shop.scope)
    fund(shop, "100.00")
    shop.bought(5)
    # when
    run(shop, SEPTEMBER)
    # then
    act_as(session, distributor_scope(chain.distributor))
    told = [(each.currency, each.amount) for each in kept(session, shop.charges(ChargeState.CLOSED))]
    assert told == [("EUR", Decimal("1.74")), ("USD", Decimal("1.94")), ("USD", Decimal("1.93"))]


def test_in_one_currency_what_is_owed_is_what_it_costs(session: ScopedSession, chain: Chain) -> None:
    # given: all bill in euros; the reseller has a rate of its own
    rate(session, chain.distributor, "EUR", "0.9")
    rate(session, chain.reseller, "EUR", "0.95")
    shop = open_shop(session, chain, plan={"currency": "USD"})
    fund(shop, "100.00")
    shop.bought(5)
    # when
    run(shop, SEPTEMBER)
    # then: 10 and 9 dollars at 0.95, 8 and 7 at 0.9; the margins and the last cost are what the customer paid
    act_as(session, distributor_scope(chain.distributor))
    closed = shop.charges(ChargeState.CLOSED)
    rows = session.scalars(select(ResellerCharge).order_by(ResellerCharge.tenant_path.desc())).all()
    assert [(f"{row.amount:.2f}", row.cost) for row in rows] == [("16.55", None), ("13.94", None)]
    margins = [each.amount for each in kept(session, closed)]
    assert margins == [Decimal("1.84"), Decimal("2.61"), Decimal("1.75")]
    assert sum(filter(None, margins)) + Decimal("12.19") == closed[0].amount == Decimal("18.39")


def test_individual_prices_are_in_the_customers_currency(shop: Shop) -> None:
    order = shop.order(5, individual_prices=[("seats", Decimal(1000))])
    # then: 5 × 1,000 × 12 / 31
    assert order.total == Decimal(1935)
    assert "exchange" not in shop.charges()[0].explanation["inputs"]


def test_the_next_charge_is_told_at_the_rate_of_its_order(shop: Shop, session: ScopedSession, chain: Chain) -> None:
    # given: a better rate in September, a discount and a tax
    rate(session, chain.distributor, "JPY", "160.007", on=SEPTEMBER)
    act_as(session, shop.scope)
    subscription = shop.bought(7)
    create_discount(session, shop.scope, name="Friends", percent=Decimal("12.5"), clock=shop.clock)
    set_tax(session, shop.scope, name="VAT", percent=Decimal(19), clock=shop.clock)
    foretold = told(shop, subscription)
    # when
    run(shop, SEPTEMBER)
    # then: 11,200.49 → 11,200, less an eighth 9,800, plus 1,862
    assert foretold == ("11662", "2027-09-01", True)
    assert money(shop.charges(ChargeState.BLOCKED)) == [("11662", "JPY")]


def test_late_payment_keeps_the_rate_of_the_order(shop: Shop, session: ScopedSession, chain: Chain) -> None:
    # given
    order = shop.order(5)
    rate(session, chain.distributor, "JPY", "160", on=date(2027, 8, 25))
    act_as(session, shop.scope)
    # when: 7 of 31 days are left
    shop.day = date(2027, 8, 25)
    shop.pay(order)
    # then
    assert money(shop.charges(ChargeState.BLOCKED)) == [("1699", "JPY")]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("rate", Decimal(0)),
        ("rate", Decimal(-1)),
        ("rate", Decimal("0.00000000001")),
        ("rate", Decimal(10) ** 10),
        ("to_currency", "USD"),
        ("to_currency", "XXX"),
        ("valid_from", date(2027, 8, 19)),
    ],
)
def test_a_rate_is_checked(session: ScopedSession, chain: Chain, field: str, value: object) -> None:
    given: dict[str, Any] = {"from_currency": "USD", "to_currency": "EUR", "rate": Decimal("0.9"), field: value}
    scope = act_as(session, scope_of(chain.reseller))
    with pytest.raises(InvalidInput) as refused:
        set_exchange_rate(session, scope, **given, clock=clock_on(AUGUST_20))
    assert refused.value.path == (field,)


def test_the_rate_of_a_day_is_replaced(session: ScopedSession, chain: Chain) -> None:
    first = rate(session, chain.reseller, "EUR", "0.9")
    again = rate(session, chain.reseller, "EUR", "0.91")
    assert (first.id, again.rate) == (again.id, Decimal("0.91"))
