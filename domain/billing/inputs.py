"""What the stored inputs of an amount come to, by which rule, and how that is written in numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import Any

from domain.billing.exchange import Exchange
from domain.billing.proration import Cut, months, share
from domain.shared.decimals import plain
from domain.shared.periods import Period
from domain.shared.rounding import half_up

Inputs = Mapping[str, Any]
"""JSON values only: texts, whole numbers, lists and objects.  Decimals and dates are texts."""


class Rule(StrEnum):
    """By which rule of the billing types an amount was computed."""

    BY_DAYS = "BY_DAYS"
    """Monthly price × quantity × days of the part / days of the billing period, period by period."""
    WHOLE_MONTH = "WHOLE_MONTH"
    """Monthly price × quantity for each month begun."""
    FREE_PERIOD = "FREE_PERIOD"
    """Nothing, until the first billing day."""
    ONE_TIME = "ONE_TIME"
    """A fee × quantity, once."""
    CONSUMPTION = "CONSUMPTION"
    """A unit's price × what was consumed."""
    USED_PART = "USED_PART"
    """By days, for what was used of a charge before a change."""
    REST = "REST"
    """By days, for what remains of a charge after a change."""
    RETURNED_PART = "RETURNED_PART"
    """The original charges less what stays billed of them."""
    MERGED = "MERGED"
    """The sum of charges that were closed together by hand."""
    RESELLER = "RESELLER"
    """Upstream price × months × quantity × (100 − discount %) / 100."""


def price_text(price: Decimal) -> str:
    """A unit price with at least two decimals: 10.00, 0.3333."""
    whole, _, decimals = plain(price).partition(".")
    return f"{whole}.{decimals:0<2}"


def parts_of(cuts: Sequence[Cut]) -> list[list[str]]:
    """As the inputs have them."""
    return [[f"{day}" for day in (part.start, part.end, whole.start, whole.end)] for part, whole in cuts]


def cuts_of(inputs: Inputs) -> list[Cut]:
    """The parts of billing periods that an amount is for."""
    return [_cut_of(*days) for days in inputs["parts"]]


@lru_cache(10_000)
def _cut_of(start: str, end: str, first: str, after: str) -> Cut:
    """A part and its billing period; most charges of a run have the same ones."""
    days = [date.fromisoformat(day) for day in (start, end, first, after)]
    return Period(days[0], days[1]), Period(days[2], days[3])


def months_in(inputs: Inputs) -> Fraction:
    """The exact months that an amount is for."""
    if "months" in inputs:
        return Fraction(inputs["months"])
    cuts = cuts_of(inputs)
    return share(*cuts[0]) if len(cuts) == 1 else months(cuts)


def _unit_price(inputs: Inputs) -> Decimal:
    exchange = Exchange.from_json(inputs.get("exchange"))
    return Decimal(inputs["unit_price"]) if exchange is None else exchange.converted


def priced_value(inputs: Inputs) -> tuple[Fraction, Decimal]:
    """Units × price × months, less what is taken off: exact, and rounded."""
    # Multiplied in whole numbers and reduced once, at the end.
    numerator, denominator = months_in(inputs).as_integer_ratio()
    factors = [_unit_price(inputs), Decimal(inputs["quantity"])]
    if "percent_off" in inputs:
        factors.append(100 - Decimal(inputs["percent_off"]))
        denominator *= 100
    for factor in factors:
        above, below = factor.as_integer_ratio()
        numerator, denominator = numerator * above, denominator * below
    exact = Fraction(numerator, denominator)
    return exact, half_up(exact, inputs["digits"])


def added_up_value(inputs: Inputs) -> tuple[Fraction, Decimal]:
    """What is added up less what is taken from it: exact, and rounded."""
    exact = sum(map(Fraction, inputs["plus"]), Fraction(0)) - sum(map(Fraction, inputs["minus"]), Fraction(0))
    return exact, half_up(exact, inputs["digits"])


VALUES: Mapping[Rule, Callable[[Inputs], tuple[Fraction, Decimal]]] = {
    **dict.fromkeys(Rule, priced_value),
    Rule.RETURNED_PART: added_up_value,
    Rule.MERGED: added_up_value,
}
"""By rule, what its inputs come to."""


def tax_on(amount: Decimal, inputs: Inputs) -> Decimal:
    """The tax on an amount, rounded by itself; 0 without one."""
    if "tax" not in inputs:
        return Decimal(0)
    return half_up(Fraction(amount) * Fraction(inputs["tax"]["percent"]) / 100, inputs["digits"])


def fraction_text(inputs: Inputs) -> str:
    """The months as people see them: 12/31 of one billing period, else the sum."""
    if "months" in inputs:
        return str(inputs["months"])
    cuts = cuts_of(inputs)
    if len(cuts) == 1:
        part, whole = cuts[0]
        return f"{part.days}/{whole.days}"
    return str(months(cuts))


def formula_of(rule: Rule, inputs: Inputs) -> str:
    """How the amount is computed, in numbers."""
    once = rule in {Rule.ONE_TIME, Rule.CONSUMPTION}
    formula = f"{inputs['quantity']} × {inputs['unit_price']}" + ("" if once else " a month")
    if "parts" in inputs:
        lengths = [f"{part.days} of {whole.days} days" for part, whole in cuts_of(inputs)]
        formula += f" × {lengths[0]}" if len(lengths) == 1 else f" × ({' + '.join(lengths)})"
    elif rule is Rule.FREE_PERIOD:
        formula += ", free period"
    elif not once:
        formula += f" × {inputs['months']} month"
    if "percent_off" in inputs:
        formula += f" × (100 − {inputs['percent_off']}) / 100"
    return formula


def rounding_text(exact: Fraction, rounded: Decimal) -> str:
    """What comes out, and what it was rounded to."""
    shown = shown_unrounded(exact, rounded)
    return f"{rounded:f}" if shown is None else f"{shown}, rounded to {rounded:f}"


def shown_unrounded(exact: Fraction, rounded: Decimal) -> str | None:
    """The first decimals of an amount before its rounding, such as 19.3548…; None where nothing was rounded."""
    numerator, denominator = exact.as_integer_ratio()
    above, below = rounded.as_integer_ratio()
    if numerator * below == above * denominator:
        return None
    digits = max(4, -int(rounded.as_tuple().exponent) + 2)
    whole, left = divmod(abs(numerator) * 10**digits, denominator)
    sign = "-" if numerator < 0 and whole else ""
    shown = f"{Decimal(f'{sign}{whole}e-{digits}'):f}"
    return f"{shown}…" if left else shown


def summands(amounts: Sequence[str]) -> str:
    """Amounts added up: 19.35 + 6.77."""
    return " + ".join(amounts)
