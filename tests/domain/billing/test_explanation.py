import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.billing.charging import sales_charges
from domain.billing.explanation import Explanation, priced, recompute
from domain.billing.inputs import Rule, price_text
from domain.shared.billing_types import BillingType
from domain.shared.decimals import plain
from domain.shared.periods import Period
from tests.domain.billing.making import line, terms_of

AUGUST = Period(date(2026, 8, 1), date(2026, 9, 1))
SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))


@pytest.fixture
def explanation() -> Explanation:
    """Example 1's first charge."""
    return sales_charges(terms_of(), [line(5)], on=date(2026, 8, 20))[0].explanation


def test_an_explanation_is_stored_as_json_and_comes_back_whole(explanation: Explanation) -> None:
    # when
    stored = json.loads(json.dumps(explanation.to_json()))
    # then
    assert stored == {
        "rule": "BY_DAYS",
        "fraction": "12/31",
        "unrounded": "19.3548387097",
        "exact": "600/31",
        "rounded": "19.35",
        "steps": [
            {
                "label": "by days",
                "formula": "5 × 10.00 a month × 12 of 31 days = 19.3548…, rounded to 19.35",
                "value": "19.35",
            }
        ],
        "text": "5 × 10.00 a month × 12 of 31 days = 19.3548…, rounded to 19.35",
        "inputs": {
            "currency": "EUR",
            "digits": 2,
            "unit_price": "10.00",
            "quantity": "5",
            "parts": [["2026-08-20", "2026-09-01", "2026-08-01", "2026-09-01"]],
        },
    }
    assert Explanation.from_json(stored) == explanation


def test_recomputing_reads_nothing_that_was_stored_as_a_result(explanation: Explanation) -> None:
    # given
    forged = replace(explanation, rounded=Decimal("99.99"), exact=Fraction(9999), fraction="31/31", steps=())
    # then
    assert recompute(forged) == Decimal("19.35")


def test_recomputing_notices_another_input(explanation: Explanation) -> None:
    # given
    other = replace(explanation, inputs={**explanation.inputs, "quantity": "6"})
    # then
    assert recompute(other) == Decimal("23.23")


def test_prices_read_from_the_database_are_told_without_their_padding() -> None:
    # when
    explanation = priced(
        Rule.BY_DAYS,
        unit_price=Decimal("10.5000"),
        quantity=Decimal("5.0000"),
        currency="EUR",
        cuts=[(Period(date(2026, 8, 20), AUGUST.end), AUGUST), (SEPTEMBER, SEPTEMBER)],
    )
    # then
    assert explanation.text == ("5 × 10.50 a month × (12 of 31 days + 30 of 30 days) = 72.8225…, rounded to 72.82")
    assert explanation.fraction == "43/31"
    assert (plain(Decimal(100)), plain(Decimal("1E+2")), plain(Decimal("0.50"))) == ("100", "100", "0.5")
    assert (price_text(Decimal("0.3333")), price_text(Decimal(3))) == ("0.3333", "3.00")


@pytest.mark.parametrize(
    ("billing_type", "text"),
    [
        (BillingType.LICENSE_BASED_MONTHLY, "5 × 10.00 a month × 1 month = 50.00"),
        (BillingType.PAY_IN_FULL, "5 × 10.00 a month, free period = 0.00"),
        (BillingType.NON_RECURRING, "5 × 10.00 = 50.00"),
    ],
)
def test_other_rules_are_told_in_their_own_words(billing_type: BillingType, text: str) -> None:
    # when
    free_until = date(2026, 9, 1) if billing_type is BillingType.PAY_IN_FULL else None
    explanation = sales_charges(terms_of(billing_type, free_until=free_until), [line(5)], on=date(2026, 8, 20))[
        0
    ].explanation
    # then
    assert explanation.text == text
    assert recompute(explanation) == explanation.rounded


def test_what_is_no_explanation_is_refused() -> None:
    with pytest.raises((KeyError, ValueError)):
        Explanation.from_json({"rule": "GUESSED"})
