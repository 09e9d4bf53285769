from decimal import Decimal

import pytest

from domain.shared.billing_policy import (
    POLICIES,
    Anchor,
    Closes,
    Decrease,
    FeeSet,
    Horizon,
    Increase,
    Measure,
    Needs,
    Prolongs,
    Stop,
    Term,
    policy_of,
    violations,
)
from domain.shared.billing_types import BillingType
from domain.shared.periods import PeriodUnit

MONTH, YEAR, ENDLESS = Term(1, PeriodUnit.MONTH), Term(1, PeriodUnit.YEAR), Term(None, PeriodUnit.ENDLESS)
RECURRING = FeeSet(recurring=Decimal("10.00"))


def test_every_billing_type_has_a_row() -> None:
    assert set(POLICIES) == set(BillingType)
    assert len(POLICIES) == 12


def test_csp_monthly_reads_as_in_the_table() -> None:
    # when
    row = policy_of(BillingType.CSP_MONTHLY)
    # then
    assert row.horizon is Horizon.CURRENT_PERIOD
    assert row.anchor is Anchor.BILLING_DAY
    assert row.measure is Measure.DAYS
    assert row.closes is Closes.NEXT_BILLING_DAY
    assert row.increase is Increase.TO_BILLING_DAY
    assert row.decrease is Decrease.SPLIT
    assert row.stop is Stop.ACTIVE_DAYS_ONLY
    assert row.prolongs is Prolongs.MONTHLY
    assert row.needs is Needs.NOTHING


def test_only_csp_types_and_commitments_are_limited_to_recurring_resource_fees() -> None:
    assert {billing_type for billing_type, row in POLICIES.items() if row.recurring_resource_fees_only} == {
        BillingType.CSP_MONTHLY,
        BillingType.CSP_ANNUAL,
        BillingType.MONTHLY_COMMITMENT,
        BillingType.MONTHLY_COMMITMENT_CALENDAR,
    }


def test_only_what_is_sold_once_becomes_delivered() -> None:
    assert [billing_type for billing_type, row in POLICIES.items() if row.becomes_delivered] == [
        BillingType.NON_RECURRING
    ]


@pytest.mark.parametrize(
    ("billing_type", "billing_day", "term", "fields"),
    [
        (BillingType.CSP_MONTHLY, 15, ENDLESS, []),
        (BillingType.CSP_ANNUAL, 15, YEAR, []),
        (BillingType.MONTHLY_COMMITMENT, 15, ENDLESS, ["periods"]),
        (BillingType.MONTHLY_COMMITMENT_CALENDAR, 15, ENDLESS, ["periods"]),
        (BillingType.MONTHLY_COMMITMENT, 15, YEAR, []),
        (BillingType.LICENSE_BASED_MONTHLY, 1, MONTH, []),
        (BillingType.LICENSE_BASED_MONTHLY, 2, YEAR, ["billing_day", "periods"]),
        (BillingType.PAY_IN_FULL, 2, MONTH, ["billing_day"]),
        (BillingType.NON_REFUND, 15, YEAR, []),
        (BillingType.NON_REFUND, 15, Term(12, PeriodUnit.MONTH), []),
        (BillingType.NON_REFUND, 15, Term(365, PeriodUnit.DAY), ["periods"]),
        (BillingType.PAY_AS_YOU_GO, 15, ENDLESS, []),
        (BillingType.PAY_AS_YOU_GO, 15, MONTH, ["periods"]),
        (BillingType.NON_RECURRING, 15, YEAR, []),
    ],
)
def test_a_plan_has_what_its_billing_type_needs(
    billing_type: BillingType, billing_day: int, term: Term, fields: list[str]
) -> None:
    # when
    found = violations(
        billing_type, billing_day=billing_day, periods=[term], resource_fees={"seats": RECURRING}, plan_fees=[FeeSet()]
    )
    # then
    assert [violation.field for violation in found] == fields


def test_csp_plans_take_recurring_fees_of_resources_only() -> None:
    # when
    found = violations(
        BillingType.CSP_MONTHLY,
        billing_day=1,
        periods=[MONTH],
        resource_fees={"seats": FeeSet(setup=Decimal(1), recurring=Decimal(10)), "disk": RECURRING},
        plan_fees=[FeeSet(recurring=Decimal(5), renewal=Decimal(1))],
    )
    # then
    assert [violation.field for violation in found] == [
        "plan_fees.recurring",
        "plan_fees.renewal",
        "resource_fees.seats.setup",
    ]


def test_other_plans_take_every_fee() -> None:
    assert (
        violations(
            BillingType.RESERVATION,
            billing_day=1,
            periods=[YEAR],
            resource_fees={"seats": FeeSet(setup=Decimal(1))},
            plan_fees=[FeeSet(recurring=Decimal(5), transfer=Decimal(1))],
        )
        == []
    )
