"""Making and changing discounts, for customers and for resellers."""

from datetime import date
from decimal import Decimal

import strawberry
from strawberry import UNSET

from schema.discounts import Discount, ResellerDiscount
from schema.payload import Payload

__all__ = [
    "CreateDiscountInput",
    "CreateResellerDiscountInput",
    "CreateResellerDiscountPayload",
    "DiscountChange",
    "DiscountPayload",
    "ResellerDiscountChange",
    "UpdateDiscountInput",
    "UpdateResellerDiscountInput",
    "UpdateResellerDiscountPayload",
]


@strawberry.input
class CreateDiscountInput:
    """Percent off what the acting tenant's own customers order, from now on."""

    name: str
    """What it is called, also where customers read it; up to 200 characters."""
    percent: Decimal
    """Above 0, at most 100; two decimals."""
    code: str | None = UNSET
    """A promo code, up to 40 characters, kept in upper case: the discount is for new subscriptions ordered with it, and
    for what is ordered for them later. Left out: it applies by itself."""
    valid_from: date | None = UNSET
    """The first day on which orders get it; default at once."""
    valid_until: date | None = UNSET
    """The last day on which orders get it, inclusive; default for good."""
    subscription_limit: int | None = UNSET
    """How many subscriptions may be ordered with the code, 1 to 1,000,000; default any number."""
    account_ids: list[strawberry.ID] | None = UNSET
    """Only for these accounts, up to 500; default all."""
    plan_ids: list[strawberry.ID] | None = UNSET
    """Only for these plans, up to 500; default all."""
    subscription_ids: list[strawberry.ID] | None = UNSET
    """Only for these subscriptions, up to 500; default all."""


@strawberry.input
class DiscountChange:
    """What becomes of a discount. Absent keeps, null clears, a value sets."""

    name: str | None = UNSET
    """What it is called; up to 200 characters. It cannot be cleared."""
    active: bool | None = UNSET
    """False ends it for orders from now on, true begins it again."""
    valid_until: date | None = UNSET
    """The last day on which orders get it, inclusive; null: for good."""


@strawberry.input
class UpdateDiscountInput:
    """Which discount is changed, and how."""

    discount_id: strawberry.ID
    """A discount of the acting tenant."""
    change: DiscountChange
    """What becomes of it."""


@strawberry.type
class DiscountPayload(Payload):
    """What createDiscount and updateDiscount answer."""

    discount: Discount | None
    """The discount as it is now; null when refused."""


@strawberry.input
class CreateResellerDiscountInput:
    """Percent off what resellers directly below owe the acting tenant, from the next charge that closes."""

    name: str
    """What people call it; up to 200 characters."""
    percent: Decimal
    """Above 0, at most 100; two decimals."""
    tenant_ids: list[strawberry.ID]
    """The resellers that get it, directly below: 1 to 500."""
    subscription_ids: list[strawberry.ID] | None = UNSET
    """Only for these subscriptions, up to 500; default all."""
    account_ids: list[strawberry.ID] | None = UNSET
    """Only for what these accounts buy, up to 500; default all."""
    plan_ids: list[strawberry.ID] | None = UNSET
    """Only for what is bought of these plans, up to 500; default all."""


@strawberry.input
class ResellerDiscountChange:
    """What becomes of a discount for resellers. Absent keeps, a value sets."""

    name: str | None = UNSET
    """What people call it; up to 200 characters. It cannot be cleared."""
    active: bool | None = UNSET
    """False ends it for charges that close from now on, true begins it again."""


@strawberry.input
class UpdateResellerDiscountInput:
    """Which discount is changed, and how."""

    reseller_discount_id: strawberry.ID
    """A discount of the acting tenant."""
    change: ResellerDiscountChange
    """What becomes of it."""


@strawberry.type
class CreateResellerDiscountPayload(Payload):
    """What createResellerDiscount answers."""

    reseller_discount: ResellerDiscount | None
    """The new discount; null when refused."""


@strawberry.type
class UpdateResellerDiscountPayload(Payload):
    """What updateResellerDiscount answers."""

    reseller_discount: ResellerDiscount | None
    """The discount as it is now; null when refused."""
