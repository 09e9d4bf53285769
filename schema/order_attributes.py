"""What products want to know with an order, and what orders told."""

from decimal import Decimal

import strawberry
from strawberry import UNSET

from resolvers.reading import part
from schema.enums import OrderAttributeType
from tenancy.permissions import Permission

__all__ = [
    "OrderAttribute",
    "OrderAttributeInput",
    "OrderAttributeValue",
    "OrderAttributeValueInput",
    "OrderAttributeValues",
    "OrderAttributes",
]


@strawberry.type
class OrderAttribute:
    """Something that a product wants to know with an order."""

    key: str = part()
    """What programs call it; unique in the product."""
    name: str = part()
    """What people call it."""
    type: OrderAttributeType = part()
    """What its values are."""
    required: bool = part()
    """Whether an order without it is refused."""
    hint: str | None = part()
    """What helps people to answer."""
    min_length: int | None = part()
    """Of a TEXT: the fewest characters; null: 1."""
    max_length: int | None = part()
    """Of a TEXT: the most characters; null: 1,000."""
    minimum: str | None = part()
    """Of a NUMBER: the least; null: no bound."""
    maximum: str | None = part()
    """Of a NUMBER: the most; null: no bound."""
    pattern: str | None = part()
    """Of a TEXT: the regular expression that the whole of it matches; null: no bound."""
    choices: list[str] | None = part()
    """Of a CHOICE: all there are; else empty."""


@strawberry.type
class OrderAttributes:
    """What a product wants to know with an order: two sets that share their keys."""

    customers: list[OrderAttribute] = part()
    """What customers answer, or managers for them."""
    managers: list[OrderAttribute] | None = part(needs=Permission.ORDER_ATTRIBUTES_READ)
    """What only managers answer and see."""


@strawberry.type
class OrderAttributeValue:
    """What an order told."""

    key: str = part()
    """What programs call the attribute."""
    name: str = part()
    """What people called it then."""
    type: OrderAttributeType = part()
    """What its values were then."""
    value: str = part()
    """As its type writes it: true, 12.5, 2027-08-20."""


@strawberry.type
class OrderAttributeValues:
    """What an order told, in the order of the attributes; what was not answered is left out."""

    customers: list[OrderAttributeValue] = part()
    """What customers see and answer."""
    managers: list[OrderAttributeValue] | None = part(needs=Permission.ORDER_ATTRIBUTES_READ)
    """What only managers answer and see."""


@strawberry.input
class OrderAttributeInput:
    """Something that a product wants to know with an order."""

    key: str
    """a to z, 0 to 9 and _, up to 100; unique in the product, both sets together."""
    name: str
    """What people call it; up to 200 characters."""
    type: OrderAttributeType = OrderAttributeType.TEXT
    """What its values are."""
    required: bool = False
    """Whether an order without it is refused."""
    hint: str | None = UNSET
    """What helps people to answer; up to 1,000 characters."""
    min_length: int | None = UNSET
    """For a TEXT: the fewest characters, from 1."""
    max_length: int | None = UNSET
    """For a TEXT: the most characters, up to 1,000."""
    minimum: Decimal | None = UNSET
    """For a NUMBER: the least; up to four decimals."""
    maximum: Decimal | None = UNSET
    """For a NUMBER: the most; up to four decimals."""
    pattern: str | None = UNSET
    """For a TEXT: a regular expression of PostgreSQL without references back, which the whole text has to match; up to
    200 characters."""
    choices: list[str] | None = UNSET
    """For a CHOICE: 1 to 200 different texts, each up to 200 characters."""


@strawberry.input
class OrderAttributeValueInput:
    """An answer to what a product wants to know with an order."""

    key: str
    """Which of the plan's order attributes; one that the asker does not see is INVALID_INPUT like one that is not
    there."""
    value: str
    """As its type writes it: true, 12.5, 2027-08-20; up to 1,000 characters."""
