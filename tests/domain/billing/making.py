"""Billing terms and lines with what a test does not care about filled in."""

from datetime import date
from decimal import Decimal

from domain.billing.drafts import BillingTerms, ChargeDraft, Line
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


def amounts(drafts: list[ChargeDraft]) -> list[str]:
    return [f"{draft.amount:f}" for draft in drafts]


def covered(draft: ChargeDraft) -> tuple[date, date]:
    """First and last day."""
    assert draft.period is not None
    return draft.period.start, draft.period.last_day
