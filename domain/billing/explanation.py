"""How an amount came about: enough to tell it to a person, and to compute it again from what was stored alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.billing.discounts import discounted_to
from domain.billing.exchange import Exchange
from domain.billing.inputs import (
    VALUES,
    Inputs,
    Rule,
    added_up_value,
    cuts_of,
    formula_of,
    fraction_text,
    months_in,
    parts_of,
    price_text,
    priced_value,
    rounding_text,
    tax_on,
)
from domain.billing.proration import Cut
from domain.shared.decimals import plain
from domain.shared.money import minor_digits
from domain.shared.rounding import half_up

UNROUNDED_DIGITS = 10
"""Decimals of the unrounded value as shown; the exact fraction is stored beside it."""

DISCOUNT = "discount"
"""The label of an order's discount among the steps."""

TAX = "tax"
"""The label of the tax among the steps; it comes last."""

EXCHANGE = "exchange rate"
"""The label of a conversion among the steps; it comes first."""

COST = "cost in its own currency"
"""The label of what an amount owed is for the debtor, among the steps; it comes last."""

LABELS: Mapping[Rule, str] = {
    Rule.BY_DAYS: "by days",
    Rule.WHOLE_MONTH: "whole month",
    Rule.FREE_PERIOD: "free period",
    Rule.ONE_TIME: "one-time fee",
    Rule.CONSUMPTION: "consumed",
    Rule.USED_PART: "used part",
    Rule.REST: "rest of the period",
    Rule.RETURNED_PART: "returned",
    Rule.MERGED: "closed together",
    Rule.RESELLER: "owed upstream",
}
"""The labels of the other steps, by rule."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the calculation."""

    label: str
    formula: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class Explanation:
    """An amount, and all that it follows from."""

    rule: Rule
    fraction: str
    """Months, exact, such as 12/31 or 1; several billing periods are added up."""
    exact: Fraction
    """The amount before rounding and before an order's discount."""
    rounded: Decimal
    """The amount as booked."""
    steps: tuple[Step, ...]
    inputs: Inputs
    """All that `recompute` reads."""

    @property
    def unrounded(self) -> Decimal:
        """`exact` for people: ten decimals."""
        return half_up(self.exact, UNROUNDED_DIGITS)

    @property
    def text(self) -> str:
        """One English sentence, such as "5 × 10.00 a month × 12 of 31 days = 19.3548…, rounded to 19.35"."""
        return "; ".join(step.formula for step in self.steps)

    def to_json(self) -> dict[str, Any]:
        """A JSON object; `from_json` takes it back without loss."""
        return {
            "rule": self.rule.value,
            "fraction": self.fraction,
            "unrounded": plain(self.unrounded),
            "exact": str(self.exact),
            "rounded": plain(self.rounded),
            "steps": [
                {"label": step.label, "formula": step.formula, "value": plain(step.value)} for step in self.steps
            ],
            "text": self.text,
            "inputs": dict(self.inputs),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Explanation:
        """What `to_json` stored.  Raises KeyError or ValueError for anything else."""
        return cls(
            rule=Rule(stored["rule"]),
            fraction=stored["fraction"],
            exact=Fraction(stored["exact"]),
            rounded=Decimal(stored["rounded"]),
            steps=tuple(Step(step["label"], step["formula"], Decimal(step["value"])) for step in stored["steps"]),
            inputs=stored["inputs"],
        )


def priced(
    rule: Rule,
    *,
    unit_price: Decimal,
    quantity: Decimal,
    currency: str,
    cuts: Sequence[Cut] = (),
    whole_months: int | None = None,
    percent_off: Decimal = Decimal(0),
    exchange: Exchange | None = None,
) -> Explanation:
    """The amount of `quantity` units at a monthly (or, for ONE_TIME, single) `unit_price`, and how it came about.

    For what is consumed, `unit_price` is a unit's and there is one month.  Months are either `whole_months` or, when
    that is None, the days of `cuts` over the days of their billing periods.
    `percent_off` is a reseller discount, part of the exact value.  A refund has a negative quantity.
    `exchange` is where `unit_price` comes from, when it was converted: then it is computed from there.
    """
    inputs: dict[str, Any] = {
        "currency": currency,
        "digits": minor_digits(currency),
        "unit_price": price_text(unit_price),
        "quantity": plain(quantity),
    }
    if whole_months is None:
        inputs["parts"] = parts_of(cuts)
    else:
        inputs["months"] = whole_months
    if percent_off:
        inputs["percent_off"] = plain(percent_off)
    if exchange is not None:
        inputs["exchange"] = exchange.to_json()
    exact, rounded = priced_value(inputs)
    step = Step(LABELS[rule], f"{formula_of(rule, inputs)} = {rounding_text(exact, rounded)}", rounded)
    return Explanation(
        rule=rule,
        fraction=fraction_text(inputs),
        exact=exact,
        rounded=rounded,
        steps=(step,) if exchange is None else (_exchange_step(inputs, exchange), step),
        inputs=inputs,
    )


def _exchange_step(inputs: dict[str, Any], exchange: Exchange) -> Step:
    """How the unit price was converted; the amount in the other currency comes to the inputs, for people to read."""
    foreign = {**inputs, "digits": minor_digits(exchange.currency), "unit_price": inputs["exchange"]["unit_price"]}
    del foreign["exchange"]
    inputs["exchange"] = {**inputs["exchange"], "amount": f"{priced_value(foreign)[1]:f}"}
    formula = (
        f"{price_text(exchange.unit_price)} {exchange.currency} × {plain(exchange.rate.value)} = "
        f"{price_text(exchange.converted)} {inputs['currency']}"
    )
    return Step(EXCHANGE, formula, exchange.converted)


def exchange_of(explanation: Explanation) -> Exchange | None:
    """Where the unit price of a stored charge was converted from."""
    return Exchange.from_json(explanation.inputs.get("exchange"))


def added_up(
    rule: Rule,
    *,
    plus: Sequence[Decimal],
    minus: Sequence[Decimal],
    currency: str,
    cuts: Sequence[Cut] = (),
) -> Explanation:
    """A sum of rounded amounts: what came back (RETURNED_PART).

    `cuts` are the parts of billing periods that the sum is for.
    """
    inputs: dict[str, Any] = {
        "currency": currency,
        "digits": minor_digits(currency),
        "plus": [f"{amount:f}" for amount in plus],
        "minus": [f"{amount:f}" for amount in minus],
        "parts": parts_of(cuts),
    }
    exact, rounded = added_up_value(inputs)
    formula = " + ".join(inputs["plus"]) + "".join(f" − {amount}" for amount in inputs["minus"])
    return Explanation(
        rule=rule,
        fraction=fraction_text(inputs),
        exact=exact,
        rounded=rounded,
        steps=(Step(LABELS[rule], f"{formula} = {rounded:f}", rounded),),
        inputs=inputs,
    )


def merged(
    of: Sequence[tuple[str, Decimal]], *, currency: str, months: Fraction, units: Mapping[date, Decimal]
) -> Explanation:
    """Charges closed together: the sum of their amounts, which are given with their numbers.

    `months` of the merged quantity, for what is owed upstream; `units` that each billing period is charged for, by its
    first day.
    """
    inputs: dict[str, Any] = {
        "currency": currency,
        "digits": minor_digits(currency),
        "plus": [f"{amount:f}" for _, amount in of],
        "minus": [],
        "months": str(months),
        "charges": [number for number, _ in of],
        "units": [[f"{day}", plain(quantity)] for day, quantity in sorted(units.items())],
    }
    exact, rounded = added_up_value(inputs)
    formula = f"{' + '.join(inputs['plus'])} = {rounded:f}"
    return Explanation(
        rule=Rule.MERGED,
        fraction=inputs["months"],
        exact=exact,
        rounded=rounded,
        steps=(Step(LABELS[Rule.MERGED], formula, rounded),),
        inputs=inputs,
    )


def with_discount(
    explanation: Explanation, *, percent: Decimal, amounts: Sequence[Decimal], position: int
) -> Explanation:
    """The same charge as number `position` (from 0) of an order that gets `percent` off its rounded `amounts`.

    Raises ValueError when the charge is already discounted, or is not the amount at that position.
    """
    if "order" in explanation.inputs or amounts[position] != explanation.rounded:
        raise ValueError("a discount is taken once, from the rounded charge")
    order = {"percent": plain(percent), "amounts": [f"{amount:f}" for amount in amounts], "position": position}
    part = discounted_to(amounts, percent, explanation.inputs["digits"]).parts[position]
    formula = f"less {plain(percent)} % = {part:f}"
    return replace(
        explanation,
        rounded=part,
        steps=(*explanation.steps, Step(DISCOUNT, formula, part)),
        inputs={**explanation.inputs, "order": order},
    )


def with_tax(explanation: Explanation, *, name: str, percent: Decimal) -> Explanation:
    """The same charge with a tax on what is left after the discount, rounded by itself.

    Raises ValueError when the charge is taxed already.
    """
    if "tax" in explanation.inputs:
        raise ValueError("a charge is taxed once")
    inputs = {**explanation.inputs, "tax": {"name": name, "percent": plain(percent)}}
    tax = tax_on(explanation.rounded, inputs)
    total = explanation.rounded + tax
    formula = f"plus {plain(percent)} % {name} {tax:f} = {total:f}"
    return replace(explanation, rounded=total, steps=(*explanation.steps, Step(TAX, formula, total)), inputs=inputs)


def bare(explanation: Explanation) -> Explanation:
    """The same charge before the discount of its order and without tax."""
    if "order" not in explanation.inputs and "tax" not in explanation.inputs:
        return explanation
    inputs = {name: value for name, value in explanation.inputs.items() if name not in {"order", "tax"}}
    _, rounded = VALUES[explanation.rule](inputs)
    steps = tuple(step for step in explanation.steps if step.label not in {DISCOUNT, TAX})
    return replace(explanation, rounded=rounded, steps=steps, inputs=inputs)


def recompute(explanation: Explanation) -> Decimal:
    """The amount computed again from the rule and the stored inputs alone; nothing stored as a result is read."""
    inputs = explanation.inputs
    _, rounded = VALUES[explanation.rule](inputs)
    if "order" in inputs:
        order = inputs["order"]
        amounts = [Decimal(amount) for amount in order["amounts"]]
        position = int(order["position"])
        amounts[position] = rounded
        rounded = discounted_to(amounts, Decimal(order["percent"]), inputs["digits"]).parts[position]
    return rounded + tax_on(rounded, inputs)


def owed(
    of: Explanation,
    *,
    unit_price: Decimal,
    quantity: Decimal,
    currency: str,
    percent_off: Decimal,
    exchange: Exchange | None = None,
) -> Explanation:
    """What the same months as those of the charge `of` cost at an upstream price; a refund's quantity is negative."""
    return priced(
        Rule.RESELLER,
        unit_price=unit_price,
        quantity=quantity,
        currency=currency,
        cuts=cuts_of(of.inputs) if "parts" in of.inputs else (),
        whole_months=of.inputs.get("months"),
        percent_off=percent_off,
        exchange=exchange,
    )


def with_cost(explanation: Explanation, inputs: Inputs) -> Explanation:
    """What is owed upstream together with what that costs the debtor in its own currency, by these inputs."""
    _, cost = priced_value(inputs)
    formula = f"{formula_of(Rule.RESELLER, inputs)} = {cost:f} {inputs['currency']}"
    return replace(
        explanation,
        steps=(*explanation.steps, Step(COST, formula, cost)),
        inputs={**explanation.inputs, "cost": dict(inputs)},
    )


def recompute_cost(explanation: Explanation) -> Decimal | None:
    """What is owed in the debtor's own currency, from the stored inputs alone; None where the amount is that."""
    cost = explanation.inputs.get("cost")
    return None if cost is None else priced_value(cost)[1]


def cost_taken_back(explanation: Explanation) -> Inputs:
    """The inputs of the cost for as many units less."""
    cost = explanation.inputs["cost"]
    return {**cost, "quantity": plain(-Decimal(cost["quantity"]))}


def months_of(explanation: Explanation) -> Fraction:
    """The exact months a stored charge is for."""
    return months_in(explanation.inputs)
