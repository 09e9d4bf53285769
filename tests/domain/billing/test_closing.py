from datetime import date

import pytest

from domain.billing.charging import increase_charges, sales_charges
from domain.billing.closing import closes_on
from domain.billing.drafts import ChargeKind, Line
from domain.shared.billing_types import BillingType
from tests.domain.billing.making import line, terms_of

ORDERED = date(2026, 8, 20)


@pytest.mark.parametrize(
    ("billing_type", "days"),
    [
        (BillingType.CSP_MONTHLY, [date(2026, 9, 1)]),
        (BillingType.CSP_ANNUAL, [ORDERED, ORDERED]),
        (BillingType.MONTHLY_COMMITMENT, [date(2026, 9, 1)]),
        (BillingType.MONTHLY_COMMITMENT_CALENDAR, [date(2026, 9, 20)]),
        (BillingType.LICENSE_BASED_MONTHLY, [date(2026, 9, 1)]),
        (BillingType.NON_REFUND, [ORDERED, date(2026, 9, 1)]),
        (BillingType.FLEXIBLE_MONTHLY, [date(2026, 9, 1), date(2026, 10, 1)]),
        (BillingType.RESERVATION, [date(2026, 9, 1), date(2026, 9, 20)]),
        (BillingType.NEXT_DAY_MONTHLY, [date(2026, 9, 1)]),
        (BillingType.NON_RECURRING, [ORDERED]),
    ],
)
def test_charges_close_when_the_type_says(billing_type: BillingType, days: list[date]) -> None:
    # given
    terms = terms_of(billing_type, end=date(2026, 9, 20), anchor_day=20)
    # when
    charges = sales_charges(terms, [line(5)], on=ORDERED)
    # then
    assert [closes_on(terms, charge, paid_on=ORDERED) for charge in charges] == days


@pytest.mark.parametrize(
    ("window_days", "closes"),
    [(-1, ORDERED), (0, ORDERED), (7, date(2026, 8, 27)), (30, date(2026, 9, 1))],
)
def test_an_annual_charge_closes_after_the_window_or_on_the_billing_day(window_days: int, closes: date) -> None:
    # given
    terms = terms_of(BillingType.CSP_ANNUAL, end=date(2027, 8, 20))
    charges = sales_charges(terms, [line(5)], on=ORDERED)
    # then
    assert {closes_on(terms, charge, paid_on=ORDERED, window_days=window_days) for charge in charges} == {closes}


def test_a_calendar_commitment_closes_changes_at_once() -> None:
    # given
    terms = terms_of(BillingType.MONTHLY_COMMITMENT_CALENDAR, end=date(2027, 8, 20), anchor_day=20)
    (added,) = increase_charges(terms, [line(1)], on=date(2026, 8, 25))
    # then
    assert closes_on(terms, added, paid_on=date(2026, 8, 25), sales_or_renewal=False) == date(2026, 8, 25)


def test_one_time_fees_close_when_they_are_paid() -> None:
    # given
    terms = terms_of(BillingType.RESERVATION, end=date(2026, 9, 20))
    setup = Line("seats", line(1).quantity, line(1).unit_price, ChargeKind.SETUP)
    # when
    (charge,) = sales_charges(terms, [setup], on=ORDERED)
    # then
    assert closes_on(terms, charge, paid_on=date(2026, 8, 22)) == date(2026, 8, 22)
