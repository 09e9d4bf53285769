"""What a row of a price sheet comes to: its service term, its plan, its prices. Nothing here knows a database."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from domain.catalog.drafts import FeesDraft, PlanDraft, PlanPeriodDraft, PlanResourceDraft
from domain.catalog.price_sheet import Offering, SheetRow
from domain.pricing.sheet_report import InexactYear
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidInput
from domain.shared.money import PRICE_DIGITS
from domain.shared.periods import PeriodUnit
from domain.shared.rounding import half_up

__all__ = ["LICENCE", "SOLD", "clean_coefficient", "draft_of", "inexact_years", "monthly", "scaled", "term_key"]

LICENCE = "licence"
"""The key of every imported plan's resource: the same in all, so that quantities keep their name when a customer
switches from one plan to another. (A description, which the sheet has too, is prose in real sheets and changes.)"""

LICENCES_FIRST = 100
"""Priority: before whatever else a plan counts."""


@dataclass(frozen=True, slots=True)
class _Sold:
    """How an offering of the sheet is sold."""

    billing_type: BillingType
    period: PlanPeriodDraft
    suffix: str
    """Tells the plans of one product apart by name."""
    term: str
    """End of the service term's key; the vendor's name is in front."""


SOLD: Mapping[Offering, _Sold] = {
    Offering.YEAR_AT_ONCE: _Sold(
        BillingType.CSP_ANNUAL, PlanPeriodDraft(PeriodUnit.YEAR, 1), "1 year, paid at once", "annual"
    ),
    Offering.YEAR_BY_MONTH: _Sold(
        BillingType.MONTHLY_COMMITMENT_CALENDAR, PlanPeriodDraft(PeriodUnit.YEAR, 1), "1 year, paid monthly", "annual"
    ),
    Offering.MONTH: _Sold(BillingType.CSP_MONTHLY, PlanPeriodDraft(PeriodUnit.ENDLESS), "monthly", "monthly"),
}

COEFFICIENT_LIMIT = 1000


def clean_coefficient(coefficient: Decimal) -> Decimal:
    """By what retail prices are multiplied. Raises InvalidInput unless above 0, at most 1000, of four decimals."""
    if not coefficient.is_finite() or not 0 < coefficient <= COEFFICIENT_LIMIT or _decimals(coefficient) > PRICE_DIGITS:
        raise InvalidInput(
            "{field} must be above 0 and at most {limit}, with at most {decimals} decimals; got {coefficient}.",
            limit=COEFFICIENT_LIMIT,
            decimals=PRICE_DIGITS,
            coefficient=coefficient,
            path=("coefficient",),
        )
    return coefficient


def _decimals(number: Decimal) -> int:
    return max(0, -int(number.normalize().as_tuple().exponent))


def scaled(row: SheetRow, coefficient: Decimal) -> SheetRow:
    """The row with our retail price, half up to four decimals."""
    if coefficient == 1:
        return row
    return replace(row, erp_price=half_up(Fraction(row.erp_price) * Fraction(coefficient), PRICE_DIGITS))


def monthly(price: Decimal, row: SheetRow) -> Decimal:
    """A month's part of a price for the whole term, half up to four decimals."""
    return half_up(Fraction(price) / row.offering.months, PRICE_DIGITS)


def inexact_years(row: SheetRow) -> list[InexactYear]:
    found = []
    for column, price in (("UnitPrice", row.unit_price), ("ERP Price", row.erp_price)):
        billed = monthly(price, row) * row.offering.months
        if billed != price:
            found.append(InexactYear(row.line, column, price, billed))
    return found


def term_key(row: SheetRow) -> str:
    """`microsoft_annual` for Microsoft Corporation."""
    words = re.findall(r"[a-z0-9]+", row.publisher.lower())
    return f"{words[0] if words else 'vendor'}_{SOLD[row.offering].term}"


def draft_of(row: SheetRow) -> PlanDraft:
    sold = SOLD[row.offering]
    return PlanDraft(
        name=f"{row.title} ({sold.suffix})",
        sku=row.product_key,
        description=row.description,
        billing_type=sold.billing_type,
        currency=row.currency,
        periods=[sold.period],
        resources=[
            PlanResourceDraft(
                key=LICENCE,
                name=row.title,
                unit=row.unit,
                priority=LICENCES_FIRST,
                fees=FeesDraft(recurring_per_month=monthly(row.erp_price, row)),
                net_cost=FeesDraft(recurring_per_month=monthly(row.unit_price, row)),
            )
        ],
    )
