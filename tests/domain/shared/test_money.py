from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.money import Money, is_currency, marked_up, minor_digits, round_money
from domain.shared.rounding import half_up


@pytest.mark.parametrize(("currency", "digits"), [("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3)])
def test_minor_digits_are_those_of_cldr(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize("code", ["", "eur", "EURO", "XXX", "ZZZ"])
def test_what_is_no_currency_is_refused(code: str) -> None:
    assert not is_currency(code)
    with pytest.raises(ValueError, match="not a currency"):
        minor_digits(code)


@pytest.mark.parametrize(
    ("value", "currency", "rounded"),
    [
        (Decimal("0.005"), "EUR", "0.01"),
        (Decimal("-0.005"), "EUR", "-0.01"),
        (Decimal("0.0049999999999999999999999999999999999"), "EUR", "0.00"),
        (Fraction(600, 31), "EUR", "19.35"),
        (Fraction(-600, 31), "EUR", "-19.35"),
        (Fraction(1, 2), "JPY", "1"),
        (Fraction(2, 3), "KWD", "0.667"),
        (Decimal("123456789012345678901234567890.125"), "EUR", "123456789012345678901234567890.13"),
    ],
)
def test_money_is_rounded_half_away_from_zero_to_the_minor_unit(
    value: Fraction | Decimal, currency: str, rounded: str
) -> None:
    assert str(round_money(value, currency)) == rounded


def test_a_small_negative_amount_rounds_to_a_plain_zero() -> None:
    assert str(half_up(Fraction(-1, 1000), 2)) == "0.00"


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_number_is_not_rounded(value: Decimal) -> None:
    with pytest.raises(ValueError, match="cannot round"):
        half_up(value, 2)


def test_a_negative_number_of_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="digits"):
        half_up(Decimal(1), -1)


@given(st.fractions(), st.integers(0, 6))
def test_rounding_never_moves_a_value_by_more_than_half_a_unit(value: Fraction, digits: int) -> None:
    assert abs(Fraction(half_up(value, digits)) - value) * 10**digits <= Fraction(1, 2)


@given(st.fractions(), st.integers(0, 6))
def test_rounding_treats_both_signs_alike(value: Fraction, digits: int) -> None:
    assert Fraction(half_up(-value, digits)) == -Fraction(half_up(value, digits))


@pytest.mark.parametrize(
    ("net", "percent", "price"),
    [("8.00", "12.5", "9.0000"), ("0.3333", "10", "0.3666"), ("1.0005", "10", "1.1006"), ("10", "-10", "9.0000")],
)
def test_a_markup_makes_a_price_with_four_decimals(net: str, percent: str, price: str) -> None:
    assert str(marked_up(Decimal(net), Decimal(percent))) == price


def test_money_of_one_currency_adds_up() -> None:
    # given
    fee, added = Money(Decimal("19.35"), "EUR"), Money(Decimal("6.77"), "EUR")
    # then
    assert fee + added == Money(Decimal("26.12"), "EUR")
    assert fee - added == Money(Decimal("12.58"), "EUR")
    assert -fee == Money(Decimal("-19.35"), "EUR")
    assert str(fee) == "19.35 EUR"
    assert Money(Decimal("1.005"), "EUR").rounded() == Money(Decimal("1.01"), "EUR")


def test_money_of_two_currencies_does_not_add_up() -> None:
    with pytest.raises(ValueError, match="without a rate"):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "USD")


@pytest.mark.parametrize(("amount", "currency"), [(Decimal("NaN"), "EUR"), (Decimal(1), "XYZ")])
def test_money_needs_an_amount_and_a_currency(amount: Decimal, currency: str) -> None:
    with pytest.raises(ValueError, match=r"finite|not a currency"):
        Money(amount, currency)
