"""Charges before they are written down: what an order or a settlement computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from domain.billing.charge_states import ChargeKind, ChargeState
from domain.billing.exchange import Exchange
from domain.billing.explanation import Explanation, bare, with_discount, with_tax
from domain.shared.billing_types import BillingType
from domain.shared.decimals import plain
from domain.shared.money import minor_digits
from domain.shared.periods import Period
from tenancy.messages import Message

__all__ = [
    "BillingTerms",
    "ChargeDraft",
    "ChargeKind",
    "ChargeState",
    "Line",
    "Lot",
    "NotAllowedByBillingType",
    "Reduction",
    "TaxRate",
    "bare_draft",
    "discounted_drafts",
    "lots_of",
    "reduced_drafts",
    "taxed_drafts",
    "with_lots",
]


class NotAllowedByBillingType(ValueError):
    """The billing type refuses the operation: `REFUSED_BY_BILLING_TYPE`."""

    def __init__(self, billing_type: BillingType, operation: Message) -> None:
        super().__init__(f"{billing_type} does not allow {operation}")
        self.billing_type = billing_type
        self.operation = operation


@dataclass(frozen=True, slots=True)
class BillingTerms:
    """What the charges of one subscription are counted by."""

    billing_type: BillingType
    currency: str
    billing_day: int
    """1…31, of the service term or of the account."""
    end: date | None
    """The day after the term's last one; None when it is endless."""
    anchor_day: int
    """1…31: the day of the month that months of the term are counted from."""
    free_until: date | None = None
    """The first billing day of a subscription that begins free: what lies before costs nothing."""

    def __post_init__(self) -> None:
        """Raise ValueError for an unknown currency."""
        minor_digits(self.currency)


@dataclass(frozen=True, slots=True)
class Lot:
    """Units that came with one charge and have not left: newest ones leave first, and keep that charge's prices."""

    charge_id: UUID
    """The charge they first came with, however often it was split since. A higher id is newer."""
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """Units to charge for."""

    resource_key: str | None
    """None: the plan itself."""
    quantity: Decimal
    """Chargeable units, included ones taken off; for an increase the added ones."""
    unit_price: Decimal
    """A month's fee for one unit; of a one-time kind, the fee."""
    kind: ChargeKind = ChargeKind.RECURRING
    lots: tuple[Lot, ...] = ()
    """For units that are charged again after a stop: the charges they came with."""
    period: Period | None = None
    """For the same units: the days that the stop took back; None: all to the end of the billing period."""
    exchange: Exchange | None = None
    """Where the price was converted from; None: it was set in the currency that is billed in."""

    def to_json(self) -> dict[str, Any]:
        """A recurring line as JSON has it; `from_json` takes it back."""
        return {
            "resource": self.resource_key,
            "quantity": plain(self.quantity),
            "unit_price": plain(self.unit_price),
            "lots": [[f"{lot.charge_id}", plain(lot.quantity)] for lot in self.lots],
            "exchange": None if self.exchange is None else self.exchange.to_json(),
            "days": None if self.period is None else [f"{self.period.start}", f"{self.period.end}"],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Line:
        """What `to_json` made."""
        days = stored.get("days")
        return cls(
            stored["resource"],
            Decimal(stored["quantity"]),
            Decimal(stored["unit_price"]),
            lots=tuple(Lot(UUID(id), Decimal(quantity)) for id, *_, quantity in stored["lots"]),
            period=None if days is None else Period(*map(date.fromisoformat, days)),
            exchange=Exchange.from_json(stored.get("exchange")),
        )


@dataclass(frozen=True, slots=True)
class Reduction:
    """The discount that an order gets."""

    id: UUID
    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class TaxRate:
    """The tax that a charge bears."""

    name: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class ChargeDraft:
    """A charge to be made."""

    resource_key: str | None
    """None: for the plan itself."""
    kind: ChargeKind
    state: ChargeState
    """What it becomes once its order is paid; of a settlement, what it is made as."""
    quantity: Decimal
    """Chargeable units."""
    unit_price: Decimal
    """A month's fee for one unit; of one-time charges, the fee."""
    currency: str
    period: Period | None
    """The days it covers; None for a one-time fee of an endless subscription."""
    billing_period: Period | None
    """The whole billing period these days lie in."""
    months: Fraction
    """What upstream charges are counted by; 0 for a free period, 1 for a one-time fee."""
    unrounded: Fraction
    """Exact, before a discount."""
    amount: Decimal
    """To pay, discount taken off and tax put on, in whole minor units."""
    explanation: Explanation
    discount: Decimal = Decimal(0)
    """What the order's discount took off."""
    discount_percent: Decimal | None = None
    discounted_by: Reduction | None = None
    """Which discount that was; None also where only its percentage is at hand."""
    tax: Decimal = Decimal(0)
    """What of the amount is tax."""
    taxed: TaxRate | None = None
    """None: no tax."""
    split_from: tuple[Lot, ...] = ()
    """For the parts of a split: the charges its units came with, newest first."""


def discounted_drafts(drafts: Sequence[ChargeDraft], percent: Decimal | None) -> list[ChargeDraft]:
    """An order's charges, in the order of their numbers, after `percent` off; unchanged when there is no discount.

    Raises ValueError for a percentage that is not over 0 and at most 100, or finer than two decimals, and for charges
    that are discounted already.
    """
    if percent is None:
        return list(drafts)
    amounts = [draft.amount for draft in drafts]
    return [_discounted(draft, percent, amounts, position) for position, draft in enumerate(drafts)]


def reduced_drafts(drafts: Sequence[ChargeDraft], reduction: Reduction | None) -> list[ChargeDraft]:
    """The same with the discount that it is; unchanged when there is none."""
    if reduction is None:
        return list(drafts)
    return [replace(draft, discounted_by=reduction) for draft in discounted_drafts(drafts, reduction.percent)]


def taxed_drafts(drafts: Sequence[ChargeDraft], rate: TaxRate | None) -> list[ChargeDraft]:
    """The charges with a tax on each, which is rounded by itself; unchanged when there is none.

    Raises ValueError for charges that are taxed already.
    """
    if rate is None:
        return list(drafts)
    found = []
    for draft in drafts:
        explanation = with_tax(draft.explanation, name=rate.name, percent=rate.percent)
        tax = explanation.rounded - draft.amount
        found.append(replace(draft, amount=explanation.rounded, tax=tax, taxed=rate, explanation=explanation))
    return found


def bare_draft(draft: ChargeDraft) -> ChargeDraft:
    """The charge before its order's discount and without tax."""
    explanation = bare(draft.explanation)
    return replace(
        draft,
        amount=explanation.rounded,
        discount=Decimal(0),
        discount_percent=None,
        discounted_by=None,
        tax=Decimal(0),
        taxed=None,
        explanation=explanation,
    )


def _discounted(draft: ChargeDraft, percent: Decimal, amounts: Sequence[Decimal], position: int) -> ChargeDraft:
    explanation = with_discount(draft.explanation, percent=percent, amounts=amounts, position=position)
    return replace(
        draft,
        amount=explanation.rounded,
        discount=draft.amount - explanation.rounded,
        discount_percent=percent,
        explanation=explanation,
    )


def with_lots(draft: ChargeDraft, lots: tuple[Lot, ...]) -> ChargeDraft:
    """The draft as units of other charges; its explanation keeps them too, where `lots_of` finds them."""
    inputs = {
        **draft.explanation.inputs,
        "lots": [[f"{lot.charge_id}", plain(lot.quantity)] for lot in lots],
    }
    return replace(draft, split_from=lots, explanation=replace(draft.explanation, inputs=inputs))


def lots_of(explanation: Explanation) -> tuple[Lot, ...]:
    """The charges that a stored charge's units came with; empty for a charge that is no part of a split."""
    return tuple(
        Lot(UUID(charge_id), Decimal(quantity)) for charge_id, *_, quantity in explanation.inputs.get("lots", ())
    )
