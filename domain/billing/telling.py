"""An amount told to a person: how it came about, in whole sentences and in the language of whoever reads."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.billing.explanation import COST, DISCOUNT, EXCHANGE, LABELS, TAX, Explanation, exchange_of
from domain.billing.inputs import Rule, cuts_of, price_text, shown_unrounded, summands
from domain.shared.decimals import plain
from tenancy.messages import Message, Tellable

__all__ = ["explained", "step_label"]

_STEPS: Mapping[str, Message] = {
    LABELS[Rule.BY_DAYS]: Message("by days"),
    LABELS[Rule.WHOLE_MONTH]: Message("whole month"),
    LABELS[Rule.FREE_PERIOD]: Message("free period"),
    LABELS[Rule.ONE_TIME]: Message("one-time fee"),
    LABELS[Rule.CONSUMPTION]: Message("consumed"),
    LABELS[Rule.USED_PART]: Message("used part"),
    LABELS[Rule.REST]: Message("rest of the period"),
    LABELS[Rule.RETURNED_PART]: Message("returned"),
    LABELS[Rule.MERGED]: Message("closed together"),
    LABELS[Rule.RESELLER]: Message("owed upstream"),
    EXCHANGE: Message("exchange rate"),
    DISCOUNT: Message("discount"),
    TAX: Message("tax"),
    COST: Message("cost in its own currency"),
}
"""What steps are called, by what is stored of them."""


def step_label(stored: str) -> str:
    """What a step of a stored explanation is called, in the language of whoever reads."""
    return _STEPS[stored].told() if stored in _STEPS else stored


def explained(stored: Mapping[str, Any]) -> str:
    """The sentences for an explanation as it is stored; of one without inputs, the text that is stored with it."""
    if "inputs" not in stored:
        return str(stored.get("text", ""))
    explanation = Explanation.from_json(stored)
    return " ".join(sentence.told() for sentence in _sentences(explanation))


def _sentences(explanation: Explanation) -> list[Tellable]:
    found: list[Tellable] = []
    before = Decimal(0)
    for step in explanation.steps:
        if step.label == EXCHANGE:
            found.append(_exchanged(explanation))
            continue
        if step.label == COST:
            found.append(_cost(explanation, step.value))
            continue
        amount = round(step.value, int(explanation.inputs["digits"]))
        if step.label == DISCOUNT:
            found.append(_reduced(explanation, amount))
        elif step.label == TAX:
            found.append(_taxed(explanation, amount, amount - before))
        else:
            found.append(_rule(explanation, _result(explanation, amount)))
        before = amount
    return found


def _exchanged(explanation: Explanation) -> Message:
    exchange = exchange_of(explanation)
    if exchange is None:
        raise ValueError("an explanation with a conversion has its rate")
    return Message(
        "{price} {currency} at the exchange rate of {day}, {rate}: {converted} {into}.",
        price=price_text(exchange.unit_price),
        currency=exchange.currency,
        day=exchange.rate.valid_from,
        rate=plain(exchange.rate.value),
        converted=price_text(exchange.converted),
        into=explanation.inputs["currency"],
    )


def _reduced(explanation: Explanation, amount: Decimal) -> Message:
    return Message(
        "Less {percent} %, the discount of its order, which its charges share: {amount} {currency}.",
        percent=explanation.inputs["order"]["percent"],
        amount=f"{amount:f}",
        currency=explanation.inputs["currency"],
    )


def _taxed(explanation: Explanation, amount: Decimal, tax: Decimal) -> Message:
    return Message(
        "Plus {percent} % {name}, {tax} {currency}: {amount} {currency}.",
        percent=explanation.inputs["tax"]["percent"],
        name=explanation.inputs["tax"]["name"],
        tax=f"{tax:f}",
        amount=f"{amount:f}",
        currency=explanation.inputs["currency"],
    )


def _cost(explanation: Explanation, amount: Decimal) -> Message:
    cost = explanation.inputs["cost"]
    return Message(
        "For the debtor, at its own exchange rate: {amount} {currency}.",
        amount=f"{round(amount, int(cost['digits'])):f}",
        currency=cost["currency"],
    )


def _result(explanation: Explanation, rounded: Decimal) -> Tellable:
    exact = shown_unrounded(explanation.exact, rounded)
    if exact is None:
        return Message("{amount} {currency}", amount=f"{rounded:f}", currency=explanation.inputs["currency"])
    return Message(
        "{exact}, rounded to {amount} {currency}",
        exact=exact,
        amount=f"{rounded:f}",
        currency=explanation.inputs["currency"],
    )


def _rule(explanation: Explanation, result: Tellable) -> Message:
    inputs, rule = explanation.inputs, explanation.rule
    if rule in {Rule.RETURNED_PART, Rule.MERGED}:
        return _added_up(explanation, result)
    if rule is Rule.FREE_PERIOD:
        return Message("Free until the first billing day: {result}.", result=result)
    said = {"quantity": inputs["quantity"], "price": inputs["unit_price"], "result": result}
    if rule is Rule.ONE_TIME:
        return Message("{quantity} × {price}, once: {result}.", **said)
    if rule is Rule.CONSUMPTION:
        return Message("{quantity} consumed, at {price} each: {result}.", **said)
    return _owed(explanation, said) if rule is Rule.RESELLER else _by_time(explanation, said)


def _added_up(explanation: Explanation, result: Tellable) -> Message:
    plus, minus = summands(explanation.inputs["plus"]), summands(explanation.inputs["minus"])
    if explanation.rule is Rule.MERGED:
        return Message("Closed together by hand: {amounts} = {result}.", amounts=plus, result=result)
    return Message(
        "Of what was charged, {before}, there stays {kept}; what comes back is {result}.",
        before=plus,
        kept=minus or "0",
        result=result,
    )


def _by_time(explanation: Explanation, said: Mapping[str, object]) -> Message:
    inputs, rule = explanation.inputs, explanation.rule
    if "parts" not in inputs:
        return Message(
            "{quantity} × {price} for the whole month, also where only a part of it is used: {result}.", **said
        )
    cuts = cuts_of(inputs)
    if len(cuts) > 1:
        return Message(
            "{quantity} × {price} a month, for {months} months: {result}.", months=explanation.fraction, **said
        )
    part, whole = cuts[0]
    days: dict[str, object] = {
        **said,
        "days": part.days,
        "whole": whole.days,
        "start": part.start,
        "end": part.last_day,
    }
    if rule is Rule.USED_PART:
        return Message(
            "What was used before a change, from {start} to {end}: {quantity} × {price} a month × {days} of {whole} "
            "days: {result}.",
            **days,
        )
    if rule is Rule.REST:
        return Message(
            "What is left after a change, from {start} to {end}: {quantity} × {price} a month × {days} of {whole} "
            "days: {result}.",
            **days,
        )
    return Message(
        "{quantity} × {price} a month × {days} of the {whole} days of the billing period, from {start} to {end}: "
        "{result}.",
        **days,
    )


def _owed(explanation: Explanation, said: Mapping[str, object]) -> Message:
    percent = explanation.inputs.get("percent_off")
    if percent is None:
        return Message(
            "{quantity} × {price} a month upstream × {months} months: {result}.", months=explanation.fraction, **said
        )
    return Message(
        "{quantity} × {price} a month upstream × {months} months, less {percent} %: {result}.",
        months=explanation.fraction,
        percent=plain(Decimal(percent)),
        **said,
    )
