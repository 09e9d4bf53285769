from datetime import date

import pytest

from domain.billing.spans import Span, first_end, free_until
from domain.shared.billing_policy import policy_of
from domain.shared.billing_types import BillingType
from domain.shared.periods import PeriodUnit

MONTH = (1, PeriodUnit.MONTH)
AUGUST_20 = date(2027, 8, 20)


@pytest.mark.parametrize(
    ("billing_type", "term", "billing_day", "end"),
    [
        (BillingType.LICENSE_BASED_MONTHLY, MONTH, 1, date(2027, 9, 1)),
        (BillingType.PAY_IN_FULL, MONTH, 1, date(2027, 10, 1)),
        (BillingType.NEXT_DAY_MONTHLY, MONTH, 31, date(2027, 8, 31)),
        (BillingType.NEXT_DAY_MONTHLY, (12, PeriodUnit.MONTH), 1, date(2028, 8, 20)),
        (BillingType.FLEXIBLE_MONTHLY, MONTH, 1, date(2027, 9, 20)),
        (BillingType.CSP_MONTHLY, MONTH, 1, date(2027, 9, 20)),
        (BillingType.CSP_MONTHLY, (None, PeriodUnit.ENDLESS), 1, None),
    ],
)
def test_a_month_that_is_renewed_from_billing_day_to_billing_day_ends_there(
    billing_type: BillingType, term: tuple[int | None, PeriodUnit], billing_day: int, end: date | None
) -> None:
    assert first_end(Span(billing_type, *term), AUGUST_20, billing_day) == end


def test_pay_in_full_ordered_on_its_billing_day_lasts_that_month() -> None:
    assert first_end(Span(BillingType.PAY_IN_FULL, *MONTH), date(2027, 9, 1), 1) == date(2027, 10, 1)


@pytest.mark.parametrize(
    ("billing_type", "offered", "free"),
    [
        (BillingType.CSP_MONTHLY, True, date(2027, 9, 1)),
        (BillingType.CSP_MONTHLY, False, None),
        (BillingType.CSP_ANNUAL, True, None),
        (BillingType.PAY_IN_FULL, False, date(2027, 9, 1)),
    ],
)
def test_what_is_paid_by_the_month_may_begin_free(billing_type: BillingType, offered: bool, free: date | None) -> None:
    assert free_until(policy_of(billing_type), AUGUST_20, 1, offered=offered) == free
    assert free_until(policy_of(billing_type), date(2027, 9, 1), 1, offered=offered) is None
