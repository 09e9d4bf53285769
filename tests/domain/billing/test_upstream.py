from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.billing.charging import sales_charges
from domain.billing.drafts import discounted_drafts
from domain.billing.explanation import Explanation, months_of, recompute
from domain.billing.inputs import Rule
from domain.billing.splitting import settle_decrease
from domain.billing.upstream import UpstreamPrice, margins, owed_upstream, up_the_chain
from tests.domain.billing.making import existing, line, terms_of
from tests.domain.billing.test_splitting import AUGUST_20, AUGUST_28

PRICES = st.integers(0, 1_000_000).map(lambda units: Decimal(units) / 10000)
DISCOUNTS = st.integers(0, 10000).map(lambda hundredths: Decimal(hundredths) / 100)


@pytest.fixture
def charge() -> Explanation:
    """Example 1's first charge, 19.35."""
    return sales_charges(terms_of(), [line(5)], on=AUGUST_20)[0].explanation


def test_example_7_the_chain_of_example_1(charge: Explanation) -> None:
    # given: the seller's price upstream first, the distributor's vendor cost last
    prices = [UpstreamPrice(Decimal(price)) for price in ("9.00", "8.00", "7.00")]
    # when
    owed = up_the_chain(charge, prices, quantity=Decimal(5), currency="EUR")
    # then
    assert [f"{level.rounded}" for level in owed] == ["17.42", "15.48", "13.55"]
    kept = margins(charge.rounded, [level.rounded for level in owed])
    assert kept == [Decimal("1.93"), Decimal("1.94"), Decimal("1.93")]
    assert sum(kept) + owed[-1].rounded == charge.rounded == Decimal("19.35")


def test_example_7_a_reseller_discount_is_rounded_from_the_exact_value(charge: Explanation) -> None:
    # when
    owed = owed_upstream(charge, UpstreamPrice(Decimal("8.00"), Decimal(10)), quantity=Decimal(5), currency="EUR")
    # then
    assert owed.rounded == Decimal("13.94")
    assert owed.exact == Fraction(432, 31)
    assert owed.rule is Rule.RESELLER
    assert owed.text == "5 × 8.00 a month × 12 of 31 days × (100 − 10) / 100 = 13.9354…, rounded to 13.94"
    assert months_of(owed) == Fraction(12, 31)
    assert recompute(Explanation.from_json(owed.to_json())) == Decimal("13.94")


def test_a_customers_discount_lowers_only_the_sellers_margin() -> None:
    # given
    (draft,) = discounted_drafts(sales_charges(terms_of(), [line(5)], on=AUGUST_20), Decimal(10))
    # when
    owed = owed_upstream(draft.explanation, UpstreamPrice(Decimal("9.00")), quantity=Decimal(5), currency="EUR")
    # then
    assert draft.amount == Decimal("17.42")
    assert owed.rounded == Decimal("17.42")


def test_a_refund_makes_a_negative_reseller_charge() -> None:
    # given
    sale = existing(sales_charges(terms_of(), [line(5)], on=AUGUST_20)[0], 1)
    (returned,) = settle_decrease(terms_of(), [sale], quantity=Decimal(2), on=AUGUST_28).returned
    # when
    owed = owed_upstream(
        returned.explanation,
        UpstreamPrice(Decimal("9.00")),
        quantity=returned.quantity,
        currency="EUR",
        refund=True,
    )
    # then
    assert owed.rounded == Decimal("-3.48")
    assert recompute(owed) == owed.rounded


def test_a_free_period_owes_nothing_upstream() -> None:
    # given
    (free,) = sales_charges(terms_of(free_until=date(2026, 9, 1)), [line(5)], on=AUGUST_20)
    # when
    owed = owed_upstream(free.explanation, UpstreamPrice(Decimal("9.00")), quantity=Decimal(5), currency="EUR")
    # then
    assert owed.rounded == Decimal("0.00")


@pytest.mark.parametrize("percent", ["-1", "100.01"])
def test_a_reseller_discount_is_between_0_and_100(charge: Explanation, percent: str) -> None:
    with pytest.raises(ValueError, match="0…100"):
        owed_upstream(charge, UpstreamPrice(Decimal(1), Decimal(percent)), quantity=Decimal(5), currency="EUR")


def test_a_chain_without_levels_has_no_margins() -> None:
    assert margins(Decimal("19.35"), []) == []


@given(
    st.dates(date(2020, 1, 1), date(2090, 12, 31)),
    st.integers(1, 31),
    st.integers(1, 1000),
    PRICES,
    st.lists(st.builds(UpstreamPrice, PRICES, DISCOUNTS), min_size=1, max_size=5),
    st.sampled_from(["EUR", "JPY", "KWD"]),
    st.booleans(),
)
def test_the_customers_amount_is_the_sum_of_all_margins_and_the_origins_cost(
    on: date,
    billing_day: int,
    quantity: int,
    price: Decimal,
    levels: list[UpstreamPrice],
    currency: str,
    refund: bool,
) -> None:
    # given
    terms = terms_of(currency=currency, billing_day=billing_day)
    (charge,) = sales_charges(terms, [line(quantity, str(price))], on=on)
    received = -charge.amount if refund else charge.amount
    # when
    owed = up_the_chain(charge.explanation, levels, quantity=Decimal(quantity), currency=currency, refund=refund)
    # then
    amounts = [level.rounded for level in owed]
    assert sum(margins(received, amounts)) + amounts[-1] == received
    assert all(recompute(level) == level.rounded for level in owed)
    assert recompute(charge.explanation) == charge.amount
