"""Billing terms and lines with what a test does not care about filled in."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from uuid import UUID

from domain.billing.drafts import BillingTerms, ChargeDraft, ChargeState, Line, lots_of
from domain.billing.splitting import ExistingCharge
from domain.shared.billing_types import BillingType


def terms_of(
    billing_type: BillingType = BillingType.CSP_MONTHLY,
    *,
    currency: str = "EUR",
    billing_day: int = 1,
    end: date | None = None,
    anchor_day: int = 1,
    free_until: date | None = None,
) -> BillingTerms:
    return BillingTerms(
        billing_type=billing_type,
        currency=currency,
        billing_day=billing_day,
        end=end,
        anchor_day=anchor_day,
        free_until=free_until,
    )


def line(quantity: int, price: str = "10.00", key: str = "seats") -> Line:
    return Line(key, Decimal(quantity), Decimal(price))


def amounts(drafts: Iterable[ChargeDraft]) -> list[str]:
    return [f"{draft.amount:f}" for draft in drafts]


def covered(draft: ChargeDraft) -> tuple[date, date]:
    """First and last day."""
    assert draft.period is not None
    return draft.period.start, draft.period.last_day


def existing(draft: ChargeDraft, number: int, state: ChargeState | None = None) -> ExistingCharge:
    """The draft as it stands once it was written down as charge `number`."""
    assert draft.period is not None
    assert draft.billing_period is not None
    return ExistingCharge(
        id=UUID(int=number),
        resource_key=draft.resource_key,
        state=draft.state if state is None else state,
        quantity=draft.quantity,
        unit_price=draft.unit_price,
        period=draft.period,
        billing_period=draft.billing_period,
        amount=draft.amount,
        discount=draft.discount,
        discount_percent=draft.discount_percent,
        lots=lots_of(draft.explanation),
    )
