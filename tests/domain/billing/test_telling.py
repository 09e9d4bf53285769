"""Explanations in whole sentences, every rule of them, in any language."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from domain.billing.charging import sales_charges
from domain.billing.drafts import TaxRate, discounted_drafts, taxed_drafts
from domain.billing.exchange import Exchange, Rate
from domain.billing.explanation import (
    COST,
    DISCOUNT,
    EXCHANGE,
    LABELS,
    TAX,
    Explanation,
    added_up,
    merged,
    owed,
    priced,
    with_cost,
)
from domain.billing.inputs import Rule
from domain.billing.telling import explained, step_label
from domain.billing.upstream import UpstreamPrice, owed_upstream
from domain.shared.periods import Period
from tenancy.messages import speaking
from tests.domain.billing.making import line, terms_of
from tests.pseudo import PSEUDO, speakable

AUGUST = Period(date(2026, 8, 1), date(2026, 9, 1))
DAYS = (Period(date(2026, 8, 20), date(2026, 9, 1)), AUGUST)


def of(rule: Rule, **more: object) -> Explanation:
    values: dict[str, object] = {"unit_price": Decimal("10.00"), "quantity": Decimal(5), "currency": "EUR", **more}
    return priced(rule, **values)  # type: ignore[arg-type]


TOLD: list[tuple[Explanation, str]] = [
    (
        of(Rule.BY_DAYS, cuts=[DAYS]),
        (
            "5 × 10.00 a month × 12 of the 31 days of the billing period, from 2026-08-20 to 2026-08-31: "
            "19.3548…, rounded to 19.35 EUR."
        ),
    ),
    (
        of(Rule.USED_PART, cuts=[DAYS]),
        (
            "What was used before a change, from 2026-08-20 to 2026-08-31: 5 × 10.00 a month × 12 of 31 days: "
            "19.3548…, rounded to 19.35 EUR."
        ),
    ),
    (
        of(Rule.REST, cuts=[(AUGUST, AUGUST)]),
        "What is left after a change, from 2026-08-01 to 2026-08-31: 5 × 10.00 a month × 31 of 31 days: 50.00 EUR.",
    ),
    (
        of(Rule.BY_DAYS, cuts=[DAYS, (AUGUST, AUGUST)]),
        "5 × 10.00 a month, for 43/31 months: 69.3548…, rounded to 69.35 EUR.",
    ),
    (
        of(Rule.WHOLE_MONTH, whole_months=1),
        "5 × 10.00 for the whole month, also where only a part of it is used: 50.00 EUR.",
    ),
    (of(Rule.FREE_PERIOD, whole_months=0), "Free until the first billing day: 0.00 EUR."),
    (of(Rule.ONE_TIME, whole_months=1), "5 × 10.00, once: 50.00 EUR."),
    (of(Rule.CONSUMPTION, whole_months=1), "5 consumed, at 10.00 each: 50.00 EUR."),
    (
        added_up(
            Rule.RETURNED_PART, plus=[Decimal("19.35")], minus=[Decimal("12.90"), Decimal("3.87")], currency="EUR"
        ),
        "Of what was charged, 19.35, there stays 12.90 + 3.87; what comes back is 2.58 EUR.",
    ),
    (
        merged([("CH1", Decimal("19.35")), ("CH2", Decimal("6.77"))], currency="EUR", months=Fraction(1), units={}),
        "Closed together by hand: 19.35 + 6.77 = 26.12 EUR.",
    ),
    (
        owed(
            of(Rule.BY_DAYS, cuts=[DAYS]),
            unit_price=Decimal(8),
            quantity=Decimal(5),
            currency="EUR",
            percent_off=Decimal(10),
        ),
        "5 × 8.00 a month upstream × 12/31 months, less 10 %: 13.9354…, rounded to 13.94 EUR.",
    ),
]


@pytest.mark.parametrize(("explanation", "text"), TOLD, ids=[each.rule for each, _ in TOLD])
def test_every_rule_has_its_sentence(explanation: Explanation, text: str) -> None:
    assert explained(explanation.to_json()) == text


def test_no_rule_is_left_out() -> None:
    assert {explanation.rule for explanation, _ in TOLD} == set(Rule)


def test_discount_and_tax_have_sentences_of_their_own() -> None:
    # given
    drafts = sales_charges(terms_of(), [line(5)], on=date(2026, 8, 1))
    (draft,) = taxed_drafts(discounted_drafts(drafts, Decimal("12.5")), TaxRate("VAT", Decimal(19)))
    # when
    text = explained(draft.explanation.to_json())
    # then
    assert text == (
        "5 × 10.00 a month × 31 of the 31 days of the billing period, from 2026-08-01 to 2026-08-31: 50.00 EUR. "
        "Less 12.5 %, the discount of its order, which its charges share: 43.75 EUR. "
        "Plus 19 % VAT, 8.31 EUR: 52.06 EUR."
    )


@pytest.mark.feature("A-12")
def test_it_is_told_in_the_language_of_whoever_reads(tmp_path: Path) -> None:
    explanation = replace(of(Rule.ONE_TIME, whole_months=1))
    with speakable(tmp_path), speaking(PSEUDO):
        assert explained(explanation.to_json()) == "⟦5 × 10.00, once: ⟦50.00 EUR⟧.⟧"


@pytest.mark.feature("A-12")
def test_steps_are_called_in_the_language_of_whoever_reads(tmp_path: Path) -> None:
    labels = [*LABELS.values(), EXCHANGE, DISCOUNT, TAX, COST]
    assert [step_label(label) for label in labels] == labels
    with speakable(tmp_path), speaking(PSEUDO):
        assert [step_label(label) for label in labels] == [f"⟦{label}⟧" for label in labels]


def test_a_conversion_and_a_debtors_cost_have_sentences_of_their_own() -> None:
    # given
    rate, other = Rate(Decimal("0.9"), date(2026, 8, 1)), Rate(Decimal("150.5"), date(2026, 8, 1))
    of_charge = of(Rule.BY_DAYS, cuts=[DAYS])
    price, cost = Exchange("USD", Decimal(8), rate), Exchange("USD", Decimal(8), other)
    owed_amount, in_yen = (
        owed_upstream(
            of_charge, UpstreamPrice(each.converted, Decimal(10), each), quantity=Decimal(5), currency=currency
        )
        for each, currency in ((price, "EUR"), (cost, "JPY"))
    )
    # when
    told = explained(with_cost(owed_amount, in_yen.inputs).to_json())
    # then
    assert told == (
        "8.00 USD at the exchange rate of 2026-08-01, 0.9: 7.20 EUR. "
        "5 × 7.20 a month upstream × 12/31 months, less 10 %: 12.5419…, rounded to 12.54 EUR. "
        "For the debtor, at its own exchange rate: 2097 JPY."
    )


def test_one_without_inputs_tells_what_is_stored() -> None:
    assert explained({"text": "By hand."}) == "By hand."
