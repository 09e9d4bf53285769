"""Values and inputs that every area uses."""

from datetime import date, datetime
from decimal import Decimal

import strawberry
from strawberry import UNSET

from resolvers.reading import part
from schema.enums import (
    BillingType,
    ChargeState,
    HowDone,
    OrderState,
    PaymentModel,
    PaymentState,
    PlanState,
    SubscriptionPhase,
    SubscriptionState,
)
from schema.scalars import CurrencyCode

__all__ = [
    "BillingTypeFilter",
    "BooleanFilter",
    "ChargeStateFilter",
    "DateFilter",
    "DateTimeFilter",
    "DecimalFilter",
    "HowDoneFilter",
    "IDFilter",
    "IntFilter",
    "Money",
    "MoneyInput",
    "OrderStateFilter",
    "PaymentModelFilter",
    "PaymentStateFilter",
    "Period",
    "PlanStateFilter",
    "StringFilter",
    "SubscriptionPhaseFilter",
    "SubscriptionStateFilter",
]


@strawberry.type
class Money:
    """An amount in a currency. `amount` has exactly the currency's minor digits; a unit price may have more."""

    amount: Decimal = part()
    """Such as "12.50" in EUR, "13" in JPY."""
    currency: CurrencyCode = part()
    """What it is counted in."""


@strawberry.type
class Period:
    """A half-open span of days; lastDay is end minus one."""

    start: date = part()
    """The first day."""
    end: date = part()
    """The first day that is no longer part of it."""
    last_day: date = part()
    """The last day that is part of it: what people call the expiration date."""


@strawberry.input
class MoneyInput:
    """An amount in a currency; more digits than the currency has are refused with INVALID_INPUT."""

    amount: Decimal
    """Such as "12.50"."""
    currency: CurrencyCode
    """What it is counted in; another one than needed is refused with CURRENCY_MISMATCH."""


@strawberry.input
class IDFilter:
    """Compares ids. All given operators must hold. An id that cannot exist matches nothing."""

    eq: strawberry.ID | None = UNSET
    """Is this one."""
    in_: list[strawberry.ID] | None = strawberry.field(name="in", default=UNSET)
    """Is one of these; an empty list matches nothing."""
    not_in: list[strawberry.ID] | None = UNSET
    """Is none of these."""
    is_null: bool | None = UNSET
    """True: has no value. False: has one."""


@strawberry.input
class StringFilter:
    """Compares texts, letter case included. All given operators must hold."""

    eq: str | None = UNSET
    """Is exactly this."""
    in_: list[str] | None = strawberry.field(name="in", default=UNSET)
    """Is one of these; an empty list matches nothing."""
    not_in: list[str] | None = UNSET
    """Is none of these."""
    starts_with: str | None = UNSET
    """Begins with this."""
    contains: str | None = UNSET
    """Holds this anywhere."""
    is_null: bool | None = UNSET
    """True: has no value. False: has one."""


@strawberry.input
class DateFilter:
    """Compares calendar days. All given operators must hold."""

    eq: date | None = UNSET
    """On this day."""
    lt: date | None = UNSET
    """Before this day."""
    lte: date | None = UNSET
    """On or before this day."""
    gt: date | None = UNSET
    """After this day."""
    gte: date | None = UNSET
    """On or after this day."""
    is_null: bool | None = UNSET
    """True: has no value. False: has one."""


@strawberry.input
class DateTimeFilter:
    """Compares instants. All given operators must hold."""

    eq: datetime | None = UNSET
    """At this instant."""
    lt: datetime | None = UNSET
    """Before this instant."""
    lte: datetime | None = UNSET
    """At or before this instant."""
    gt: datetime | None = UNSET
    """After this instant."""
    gte: datetime | None = UNSET
    """At or after this instant."""
    is_null: bool | None = UNSET
    """True: has no value. False: has one."""


@strawberry.input
class DecimalFilter:
    """Compares numbers. All given operators must hold."""

    eq: Decimal | None = UNSET
    """Equals this."""
    lt: Decimal | None = UNSET
    """Below this."""
    lte: Decimal | None = UNSET
    """At most this."""
    gt: Decimal | None = UNSET
    """Above this."""
    gte: Decimal | None = UNSET
    """At least this."""
    is_null: bool | None = UNSET
    """True: has no value. False: has one."""


@strawberry.input
class IntFilter:
    """Compares whole numbers. All given operators must hold."""

    eq: int | None = UNSET
    """Equals this."""
    lt: int | None = UNSET
    """Below this."""
    lte: int | None = UNSET
    """At most this."""
    gt: int | None = UNSET
    """Above this."""
    gte: int | None = UNSET
    """At least this."""
    is_null: bool | None = UNSET
    """True: has no value. False: has one."""


@strawberry.input
class PaymentModelFilter:
    """Compares payment models. All given operators must hold."""

    eq: PaymentModel | None = UNSET
    """Is this one."""
    in_: list[PaymentModel] | None = strawberry.field(name="in", default=UNSET)
    """Is one of these; an empty list matches nothing."""
    not_in: list[PaymentModel] | None = UNSET
    """Is none of these."""


@strawberry.input
class HowDoneFilter:
    """Compares ways of doing something. All given operators must hold."""

    eq: HowDone | None = UNSET
    """Is this one."""
    in_: list[HowDone] | None = strawberry.field(name="in", default=UNSET)
    """Is one of these; an empty list matches nothing."""
    not_in: list[HowDone] | None = UNSET
    """Is none of these."""


@strawberry.input
class BooleanFilter:
    """Compares yes and no."""

    eq: bool
    """Is this."""


@strawberry.input
class SubscriptionStateFilter:
    """Compares subscription states. All given operators must hold."""

    eq: SubscriptionState | None = UNSET
    """Is this one."""
    in_: list[SubscriptionState] | None = strawberry.field(name="in", default=UNSET)
    """Is one of these; an empty list matches nothing."""
    not_in: list[SubscriptionState] | None = UNSET
    """Is none of these."""


@strawberry.input
class SubscriptionPhaseFilter:
    """Compares subscription phases. All given operators must hold."""

    eq: SubscriptionPhase | None = UNSET
    """Is this one."""
    in_: list[SubscriptionPhase] | None = strawberry.field(name="in", default=UNSET)
    """Is one of these; an empty list matches nothing."""
    not_in: list[SubscriptionPhase] | None = UNSET
    """Is none of these."""


@strawberry.input
class ChargeStateFilter:
    """Compares charge states. All given operators must hold."""

    eq: ChargeState | None = UNSET
    """Is this one."""
    in_: list[ChargeState] | None = strawberry.field(name="in", default=UNSET)
    """Is one of these; an empty list matches nothing."""
    not_in: list[ChargeState] | None = UNSET
    """Is none of these."""


@strawberry.input
class PlanStateFilter:
    """Compares plan states. All given operators must hold."""

    eq: PlanState | None = UNSET
    """Is this one."""
    in_: list[PlanState] | None = strawberry.field(name="in", default=UNSET)
    """Is one of these; an empty list matches nothing."""
    not_in: list[PlanState] | None = UNSET
    """Is none of these."""


@strawberry.input
class BillingTypeFilter:
    """Compares billing types. All given operators must hold."""

    eq: BillingType | None = UNSET
    """Is this one."""
    in_: list[BillingType] | None = strawberry.field(name="in", default=UNSET)
    """Is one of these; an empty list matches nothing."""
    not_in: list[BillingType] | None = UNSET
    """Is none of these."""


@strawberry.input
class OrderStateFilter:
    """Compares order states. All given operators must hold."""

    eq: OrderState | None = UNSET
    """Is this one."""
    in_: list[OrderState] | None = strawberry.field(name="in", default=UNSET)
    """Is one of these; an empty list matches nothing."""
    not_in: list[OrderState] | None = UNSET
    """Is none of these."""


@strawberry.input
class PaymentStateFilter:
    """Compares payment states. All given operators must hold."""

    eq: PaymentState | None = UNSET
    """Is this one."""
    in_: list[PaymentState] | None = strawberry.field(name="in", default=UNSET)
    """Is one of these; an empty list matches nothing."""
    not_in: list[PaymentState] | None = UNSET
    """Is none of these."""
