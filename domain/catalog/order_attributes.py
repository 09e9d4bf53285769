"""What a product wants to know with an order: one set that customers answer, one that only managers know of.

Declarations and answers are kept as documents `{"customers": [...], "managers": [...]}`. A plan and every copy of it
carry those of their product.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import literal, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from domain.catalog.checks import clean_key
from domain.shared.decimals import clean_decimal, plain
from domain.shared.errors import InvalidInput
from tenancy.texts import clean_email, clean_text

__all__ = [
    "AttributeDraft",
    "Audience",
    "OrderAttributeType",
    "answered",
    "declared",
]

MOST_ATTRIBUTES = 50
"""Of one product and one audience."""
MOST_CHOICES = 200
NAME_LIMIT, HINT_LIMIT, VALUE_LIMIT, PATTERN_LIMIT = 200, 1000, 1000, 200
"""Characters."""


class Audience(StrEnum):
    """Who answers, and who is shown the answer."""

    CUSTOMERS = "customers"
    """Customers' users, and managers for them."""
    MANAGERS = "managers"
    """Managers only: customers do not learn that there is such a question."""


class OrderAttributeType(StrEnum):
    """What an order attribute's values are; each is written as a text."""

    TEXT = "TEXT"
    """A text without control characters, of the declared length and pattern."""
    NUMBER = "NUMBER"
    """A decimal number such as 12.5."""
    BOOLEAN = "BOOLEAN"
    """true or false."""
    DATE = "DATE"
    """A day such as 2027-08-20."""
    CHOICE = "CHOICE"
    """One of the declared choices."""
    EMAIL = "EMAIL"
    """An e-mail address."""


@dataclass(frozen=True, slots=True)
class AttributeDraft:
    """An order attribute as it is declared."""

    key: str
    name: str
    type: OrderAttributeType = OrderAttributeType.TEXT
    required: bool = False
    hint: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    pattern: str | None = None
    """A regular expression of PostgreSQL that the whole text has to match."""
    choices: Sequence[str] = ()


def declared(
    session: Session,
    before: Mapping[str, Any],
    customers: Sequence[AttributeDraft] | None,
    managers: Sequence[AttributeDraft] | None,
    *within: str | int,
) -> dict[str, Any]:
    """The declarations as they are kept; None: that set stays as it was.

    Keys are unique in both sets together: an answer names its question by the key alone. Raises InvalidInput with the
    place below `within`.
    """
    made = dict(before)
    for audience, drafts in ((Audience.CUSTOMERS, customers), (Audience.MANAGERS, managers)):
        if drafts is None:
            continue
        path = (*within, _FIELDS[audience])
        if len(drafts) > MOST_ATTRIBUTES:
            raise InvalidInput(
                "{field} has {count} items; at most {limit} are allowed.",
                count=len(drafts),
                limit=MOST_ATTRIBUTES,
                path=path,
            )
        made[audience.value] = [_cleaned(session, draft, *path, place) for place, draft in enumerate(drafts)]
        keys = [each["key"] for each in (*made[audience], *made[_OTHER[audience]])]
        for place, each in enumerate(made[audience]):
            if keys.count(each["key"]) > 1:
                raise InvalidInput("The attribute {key} is named twice.", key=each["key"], path=(*path, place, "key"))
    return made


_FIELDS = {
    Audience.CUSTOMERS: "customer_order_attributes",
    Audience.MANAGERS: "manager_order_attributes",
}
_OTHER = {Audience.CUSTOMERS: Audience.MANAGERS, Audience.MANAGERS: Audience.CUSTOMERS}


def answered(
    session: Session,
    questions: Mapping[str, Any],
    given: Sequence[tuple[str, str]],
    *,
    of_customer: bool,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The answers as an order keeps them, in the order of the questions. `given` are pairs of key and value.

    A customer's user (`of_customer`) neither answers what only managers know of, nor is it missed then. What is not
    given stays as it was `before`, where it still fits. Raises InvalidInput with the entry's place for a key that is
    unknown or repeated and for a value that does not fit, and with the list's for one that is required and missing.
    """
    asked = {
        each["key"]: (audience, each)
        for audience in ([Audience.CUSTOMERS] if of_customer else Audience)
        for each in questions.get(audience, ())
    }
    values: dict[str, str] = {}
    for place, (key, value) in enumerate(given):
        path = ("attributes", place)
        if key not in asked:
            known = ", ".join(asked) or "none"
            raise InvalidInput(
                "The plan has no order attribute {key!r}; it has {known}.",
                key=key[:100],
                known=known,
                path=(*path, "key"),
            )
        if key in values:
            raise InvalidInput("The attribute {key} is named twice.", key=key, path=(*path, "key"))
        values[key] = _checked(session, asked[key][1], value, *path, "value")
    kept = {each["key"]: each["value"] for audience in Audience for each in (before or {}).get(audience, ())}
    answers: dict[str, Any] = {audience.value: [] for audience in Audience}
    for audience in Audience:
        for each in questions.get(audience, ()):
            key = each["key"]
            answer = values.get(key) or _kept(session, each, kept.get(key))
            if answer is None and each["required"] and key in asked:
                raise InvalidInput("{name} is required.", name=each["name"], path=("attributes",))
            if answer is not None:
                answers[audience].append({"key": key, "name": each["name"], "type": each["type"], "value": answer})
    return answers


def _kept(session: Session, question: Mapping[str, Any], value: str | None) -> str | None:
    try:
        return None if value is None else _checked(session, question, value)
    except InvalidInput:
        return None


def _cleaned(session: Session, draft: AttributeDraft, *path: str | int) -> Mapping[str, Any]:
    """One declaration as it is kept. Raises InvalidInput."""
    _require_only_its_limits(draft, *path)
    if draft.type is OrderAttributeType.CHOICE:
        choices = [
            clean_text(choice, *path, "choices", place, limit=NAME_LIMIT) for place, choice in enumerate(draft.choices)
        ]
        if not choices or len(set(choices)) < len(choices) or len(choices) > MOST_CHOICES:
            raise InvalidInput(
                "A CHOICE has 1 to {limit} different choices.", limit=MOST_CHOICES, path=(*path, "choices")
            )
    else:
        choices = []
    for name, length in (("min_length", draft.min_length), ("max_length", draft.max_length)):
        if length is not None and not 1 <= length <= VALUE_LIMIT:
            raise InvalidInput(
                "{field} must be from {least} to {most}, got {value}.",
                least=1,
                most=VALUE_LIMIT,
                value=length,
                path=(*path, name),
            )
    _require_order(draft.min_length, draft.max_length, *path, "max_length")
    minimum, maximum = (
        None if value is None else clean_decimal(value, *path, name)
        for name, value in (("minimum", draft.minimum), ("maximum", draft.maximum))
    )
    _require_order(minimum, maximum, *path, "maximum")
    pattern = None
    if draft.pattern is not None:
        pattern = clean_text(draft.pattern, *path, "pattern", limit=PATTERN_LIMIT)
        _require_pattern(session, pattern, *path, "pattern")
    return {
        "key": clean_key(draft.key, *path, "key"),
        "name": clean_text(draft.name, *path, "name", limit=NAME_LIMIT),
        "type": draft.type.value,
        "required": draft.required,
        "hint": None if draft.hint is None else clean_text(draft.hint, *path, "hint", limit=HINT_LIMIT),
        "min_length": draft.min_length,
        "max_length": draft.max_length,
        "minimum": None if minimum is None else plain(minimum),
        "maximum": None if maximum is None else plain(maximum),
        "pattern": pattern,
        "choices": choices,
    }


_LIMITS_OF = {
    OrderAttributeType.TEXT: {"min_length", "max_length", "pattern"},
    OrderAttributeType.NUMBER: {"minimum", "maximum"},
    OrderAttributeType.CHOICE: {"choices"},
}
_LIMITS = ("min_length", "max_length", "minimum", "maximum", "pattern", "choices")


def _require_only_its_limits(draft: AttributeDraft, *path: str | int) -> None:
    own = _LIMITS_OF.get(draft.type, set())
    for name in _LIMITS:
        if name not in own and getattr(draft, name) not in (None, (), []):
            raise InvalidInput("{field} is not for {type}.", type=draft.type, path=(*path, name))


def _require_order(least: Decimal | int | None, most: Decimal | int | None, *path: str | int) -> None:
    if least is not None and most is not None and most < least:
        raise InvalidInput("{field} must be {least} or more, got {value}.", least=least, value=most, path=path)


def _require_pattern(session: Session, pattern: str, *path: str | int) -> None:
    """Raises InvalidInput for what is no pattern, or one whose matching may take for ever."""
    if re.search(r"\\[0-9]", pattern):
        raise InvalidInput("{field} may not refer back to a part of itself.", path=path)
    try:
        with session.begin_nested():
            _matches(session, pattern, "")
    except DBAPIError:
        raise InvalidInput("{field} is no regular expression.", path=path) from None


def _matches(session: Session, pattern: str, value: str) -> bool:
    """By PostgreSQL, whose matching takes no exponential time: patterns are people's, and so are values."""
    return bool(session.scalar(select(literal(value).regexp_match(f"^(?:{pattern})$"))))


def _checked(session: Session, question: Mapping[str, Any], value: str, *path: str | int) -> str:
    """The value in its usual spelling. Raises InvalidInput that names the attribute and the limit."""
    kind, name = OrderAttributeType(question["type"]), question["name"]
    value = clean_text(value, *path, limit=VALUE_LIMIT)
    match kind:
        case OrderAttributeType.TEXT:
            _require_length(question, value, *path)
            if question["pattern"] is not None and not _matches(session, question["pattern"], value):
                raise InvalidInput("{name} must match {pattern}.", name=name, pattern=question["pattern"], path=path)
        case OrderAttributeType.NUMBER:
            return _number(question, value, *path)
        case OrderAttributeType.BOOLEAN:
            _require_one_of(name, value, ("true", "false"), *path)
        case OrderAttributeType.CHOICE:
            _require_one_of(name, value, question["choices"], *path)
        case OrderAttributeType.DATE:
            try:
                return date.fromisoformat(value).isoformat()
            except ValueError:
                raise InvalidInput("{name} must be a day such as 2027-08-20.", name=name, path=path) from None
        case OrderAttributeType.EMAIL:
            return clean_email(value, *path)
    return value


def _require_length(question: Mapping[str, Any], value: str, *path: str | int) -> None:
    least, most = question["min_length"] or 1, question["max_length"] or VALUE_LIMIT
    if not least <= len(value) <= most:
        raise InvalidInput(
            "{name} must have {least} to {most} characters, got {count}.",
            name=question["name"],
            least=least,
            most=most,
            count=len(value),
            path=path,
        )


def _require_one_of(name: str, value: str, choices: Iterable[str], *path: str | int) -> None:
    if value not in choices:
        raise InvalidInput("{name} must be one of {known}.", name=name, known=", ".join(choices), path=path)


def _number(question: Mapping[str, Any], value: str, *path: str | int) -> str:
    if not re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", value):
        raise InvalidInput("{name} must be a number such as 12.5.", name=question["name"], path=path)
    number = Decimal(value)
    least, most = question["minimum"], question["maximum"]
    if (least is not None and number < Decimal(least)) or (most is not None and number > Decimal(most)):
        raise InvalidInput(
            "{name} is {value}; it may be {least} to {most}.",
            name=question["name"],
            value=plain(number),
            least=least or "-∞",
            most=most or "∞",
            path=path,
        )
    return plain(number)
