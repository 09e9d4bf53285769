from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.billing.charging import sales_charges
from domain.billing.discounts import best_percent, discounted
from domain.billing.drafts import discounted_drafts
from domain.billing.explanation import Explanation, recompute
from tests.domain.billing.making import line, terms_of
from tests.domain.billing.test_splitting import AUGUST_20

AMOUNTS = st.lists(st.decimals(0, 100000, places=2), max_size=20)
PERCENTS = st.integers(1, 10000).map(lambda hundredths: Decimal(hundredths) / 100)


def test_example_6_three_charges_of_3_33_at_12_5_per_cent() -> None:
    # when
    order = discounted([Decimal("3.33")] * 3, Decimal("12.5"), "EUR")
    # then
    assert (order.undiscounted, order.total, order.discount) == (Decimal("9.99"), Decimal("8.74"), Decimal("1.25"))
    assert order.parts == (Decimal("2.92"), Decimal("2.91"), Decimal("2.91"))


def test_the_largest_charge_takes_the_remainder() -> None:
    # when: 1.67, 3.33 and 1.67 rounded apart are 6.67, together 6.66
    order = discounted([Decimal("3.33"), Decimal("6.66"), Decimal("3.33")], Decimal(50), "EUR")
    # then
    assert order.total == Decimal("6.66")
    assert order.parts == (Decimal("1.67"), Decimal("3.32"), Decimal("1.67"))


def test_a_discount_is_rounded_to_the_minor_unit_of_the_currency() -> None:
    assert discounted([Decimal(333)] * 3, Decimal("12.5"), "JPY").total == Decimal(874)


def test_the_highest_percentage_applies() -> None:
    assert best_percent([Decimal(5), Decimal("12.5"), Decimal(10)]) == Decimal("12.5")
    assert best_percent([]) is None


@pytest.mark.parametrize("percent", ["0", "-5", "100.01", "12.345"])
def test_a_percentage_is_over_0_at_most_100_and_has_two_decimals(percent: str) -> None:
    with pytest.raises(ValueError, match="a discount"):
        best_percent([Decimal(percent)])
    with pytest.raises(ValueError, match="a discount"):
        discounted([Decimal(1)], Decimal(percent), "EUR")


def test_a_discounted_charge_is_explained_and_can_be_recomputed() -> None:
    # given
    drafts = sales_charges(terms_of(), [line(5, key="a"), line(3, key="b"), line(3, key="c")], on=AUGUST_20)
    # when
    charges = discounted_drafts(drafts, Decimal("12.5"))
    # then
    assert sum(charge.amount for charge in charges) == Decimal("37.25")
    assert sum(charge.discount for charge in charges) == Decimal("5.32")
    for charge in charges:
        stored = Explanation.from_json(charge.explanation.to_json())
        assert recompute(stored) == charge.amount == stored.rounded
    assert charges[1].explanation.text.endswith("rounded to 11.61; less 12.5 % = 10.16")
    assert discounted_drafts(drafts, None) == drafts


def test_a_charge_is_discounted_once() -> None:
    # given
    charges = discounted_drafts(sales_charges(terms_of(), [line(5)], on=AUGUST_20), Decimal(10))
    # then
    with pytest.raises(ValueError, match="taken once"):
        discounted_drafts(charges, Decimal(10))


@given(AMOUNTS, PERCENTS)
def test_the_parts_of_a_discount_add_up_to_the_total(amounts: list[Decimal], percent: Decimal) -> None:
    # when
    order = discounted(amounts, percent, "EUR")
    # then
    assert sum(order.parts) == order.total
    assert order.total + order.discount == sum(amounts)
    assert abs(Fraction(order.discount) - Fraction(sum(amounts)) * Fraction(percent) / 100) <= Fraction(1, 200)
    largest = amounts.index(max(amounts)) if amounts else None
    for position, (amount, part) in enumerate(zip(amounts, order.parts, strict=True)):
        if position != largest:
            assert abs(Fraction(part) - Fraction(amount) * (1 - Fraction(percent) / 100)) <= Fraction(1, 200)
