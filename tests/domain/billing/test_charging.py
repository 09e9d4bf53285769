from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.billing.charging import (
    Charged,
    effective_day,
    increase_charges,
    prolongation_charges,
    recomputed_for_payment,
    sales_charges,
)
from domain.billing.drafts import ChargeKind, ChargeState, Line, NotAllowedByBillingType
from domain.billing.explanation import recompute
from domain.billing.inputs import Rule
from domain.shared.billing_types import BillingType
from domain.shared.periods import Period
from tests.domain.billing.making import amounts, covered, line, terms_of


def test_example_1_a_sale_on_20_august_is_charged_to_the_billing_day() -> None:
    # when
    (charge,) = sales_charges(terms_of(), [line(5)], on=date(2026, 8, 20))
    # then
    assert charge.amount == Decimal("19.35")
    assert charge.unrounded == Fraction(600, 31)
    assert charge.months == Fraction(12, 31)
    assert charge.explanation.fraction == "12/31"
    assert charge.explanation.text == "5 × 10.00 a month × 12 of 31 days = 19.3548…, rounded to 19.35"
    assert charge.period == Period(date(2026, 8, 20), date(2026, 9, 1))
    assert charge.billing_period == Period(date(2026, 8, 1), date(2026, 9, 1))
    assert charge.kind is ChargeKind.RECURRING
    assert charge.state is ChargeState.BLOCKED
    assert recompute(charge.explanation) == charge.amount


def test_example_1_three_more_on_25_august_are_charged_for_seven_days() -> None:
    assert amounts(increase_charges(terms_of(), [line(3)], on=date(2026, 8, 25))) == ["6.77"]


def test_example_2_billing_day_31() -> None:
    assert amounts(
        sales_charges(terms_of(billing_day=31), [line(1, "599.95")], on=date(2012, 3, 2)),
    ) == ["561.24"]


def test_example_2_billing_day_3() -> None:
    # given
    terms = terms_of(billing_day=3)
    # when
    sale = sales_charges(terms, [line(1, "599.95")], on=date(2012, 3, 2))
    prolongation = prolongation_charges(terms, [line(1, "599.95")], paid_to=date(2012, 3, 3))
    # then
    assert amounts(sale) == ["20.69"]
    assert sale[0].explanation.fraction == "1/29"
    assert amounts(prolongation) == ["599.95"]


@pytest.mark.parametrize(
    ("start", "end", "last", "total"),
    [
        (date(2021, 5, 21), date(2022, 5, 15), "14.00", "366.00"),
        (date(2021, 5, 21), date(2022, 5, 21), "20.00", "372.00"),
    ],
    ids=["constant", "shifted"],
)
def test_example_4_a_late_renewal_is_charged_from_its_day(start: date, end: date, last: str, total: str) -> None:
    # when
    charges = sales_charges(terms_of(BillingType.CSP_ANNUAL, end=end), [line(1, "31.00")], on=start)
    # then
    assert amounts(charges) == ["11.00", *["31.00"] * 11, last]
    assert sum(charge.amount for charge in charges) == Decimal(total)
    assert {charge.state for charge in charges} == {ChargeState.BLOCKED}


def test_example_5_a_free_period_costs_nothing_whatever_is_changed_in_it() -> None:
    # given
    terms = terms_of(free_until=date(2027, 2, 1))
    # then
    sale = sales_charges(terms, [line(5)], on=date(2027, 1, 15))
    assert amounts(sale) == ["0.00"]
    assert sale[0].months == 0
    assert sale[0].explanation.rule is Rule.FREE_PERIOD
    assert amounts(increase_charges(terms, [line(3)], on=date(2027, 1, 25))) == ["0.00"]
    assert amounts(prolongation_charges(terms, [line(8)], paid_to=date(2027, 2, 1))) == ["80.00"]
    (added,) = increase_charges(terms, [line(1)], on=date(2027, 2, 22))
    assert (f"{added.amount}", added.explanation.fraction) == ("2.50", "7/28")
    assert amounts(prolongation_charges(terms, [line(9)], paid_to=date(2027, 3, 1))) == ["90.00"]


def test_an_order_on_the_billing_day_bills_the_full_new_period() -> None:
    assert amounts(sales_charges(terms_of(), [line(5)], on=date(2026, 9, 1))) == ["50.00"]
    assert amounts(increase_charges(terms_of(), [line(3)], on=date(2026, 9, 1))) == ["30.00"]


def test_the_end_of_the_term_limits_every_charge() -> None:
    # given: a month from 20 August
    terms = terms_of(end=date(2026, 9, 20), anchor_day=20)
    # then
    assert amounts(sales_charges(terms, [line(5)], on=date(2026, 8, 20))) == ["19.35"]
    (last,) = prolongation_charges(terms, [line(5)], paid_to=date(2026, 9, 1))
    assert (f"{last.amount}", last.explanation.fraction) == ("31.67", "19/30")
    assert amounts(increase_charges(terms, [line(1)], on=date(2026, 9, 10))) == ["3.33"]
    assert prolongation_charges(terms, [line(5)], paid_to=date(2026, 9, 20)) == []


def test_each_resource_has_its_own_charge_and_one_without_units_has_none() -> None:
    # when
    charges = sales_charges(
        terms_of(), [line(5), line(0, key="none"), line(2, "0.00", key="free")], on=date(2026, 9, 1)
    )
    # then
    assert [(charge.resource_key, f"{charge.amount}") for charge in charges] == [("seats", "50.00"), ("free", "0.00")]


@pytest.mark.parametrize(("currency", "amount"), [("JPY", "1935"), ("KWD", "1935.484")])
def test_a_charge_is_rounded_to_the_minor_unit_of_its_currency(currency: str, amount: str) -> None:
    terms = terms_of(currency=currency)
    assert amounts(sales_charges(terms, [line(5, "1000")], on=date(2026, 8, 20))) == [amount]


def test_units_added_after_the_next_period_is_paid_pay_for_it_too() -> None:
    # when
    charges = increase_charges(terms_of(), [line(3)], on=date(2026, 8, 25), paid_to=date(2026, 10, 1))
    # then
    assert amounts(charges) == ["6.77", "30.00"]


def test_a_stopped_subscription_prolonged_late_pays_from_that_day() -> None:
    # when
    charges = prolongation_charges(terms_of(), [line(5)], paid_to=date(2026, 9, 1), on=date(2026, 9, 16))
    # then
    assert amounts(charges) == ["25.00"]


def test_a_prolongation_paid_in_grace_covers_from_paid_to_unreduced() -> None:
    # when
    charges = prolongation_charges(terms_of(), [line(5)], paid_to=date(2026, 9, 1), on=date(2026, 9, 6), graced=True)
    # then
    assert amounts(charges) == ["50.00"]


def test_a_late_prolongation_of_a_commitment_pays_every_missed_month_whole() -> None:
    # given
    terms = terms_of(BillingType.MONTHLY_COMMITMENT, end=date(2027, 8, 20))
    # when
    charges = prolongation_charges(terms, [line(5)], paid_to=date(2026, 9, 1), on=date(2026, 10, 16))
    # then
    assert amounts(charges) == ["50.00", "50.00"]


def test_a_prolongation_makes_one_charge_a_resource() -> None:
    with pytest.raises(ValueError, match="one charge a resource"):
        prolongation_charges(terms_of(), [line(5), line(3, "11.00")], paid_to=date(2026, 9, 1))


def test_an_order_paid_late_is_recomputed_for_what_remains() -> None:
    # given
    drafts = sales_charges(terms_of(), [line(5)], on=date(2026, 8, 20))
    # when
    late = recomputed_for_payment(terms_of(), drafts, on=date(2026, 8, 25))
    # then
    assert amounts(list(late.drafts)) == ["11.29"]
    assert late.difference == Decimal("8.06")
    assert covered(late.drafts[0]) == (date(2026, 8, 25), date(2026, 8, 31))


def test_an_order_paid_on_its_day_keeps_its_charges_and_one_whose_period_is_over_has_none() -> None:
    # given
    drafts = sales_charges(terms_of(), [line(5)], on=date(2026, 8, 20))
    # then
    assert recomputed_for_payment(terms_of(), drafts, on=date(2026, 8, 20)).drafts == tuple(drafts)
    over = recomputed_for_payment(terms_of(), drafts, on=date(2026, 9, 1))
    assert (over.drafts, over.difference) == ((), Decimal("19.35"))


def test_a_calendar_commitment_counts_whole_months_from_its_start() -> None:
    # given
    terms = terms_of(BillingType.MONTHLY_COMMITMENT_CALENDAR, end=date(2027, 1, 31), anchor_day=31)
    # when
    (sale,) = sales_charges(terms, [line(5)], on=date(2026, 1, 31))
    (added,) = increase_charges(terms, [line(1)], on=date(2026, 2, 14))
    (next_month,) = prolongation_charges(terms, [line(6)], paid_to=date(2026, 2, 28))
    # then
    assert (covered(sale), f"{sale.amount}") == ((date(2026, 1, 31), date(2026, 2, 27)), "50.00")
    assert (added.explanation.fraction, f"{added.amount}") == ("14/28", "5.00")
    assert (covered(next_month), f"{next_month.amount}") == ((date(2026, 2, 28), date(2026, 3, 30)), "60.00")


def test_an_annual_increase_is_charged_by_days_to_the_end_of_the_term() -> None:
    # given
    terms = terms_of(BillingType.CSP_ANNUAL, end=date(2026, 11, 15))
    # then
    assert amounts(increase_charges(terms, [line(1, "31.00")], on=date(2026, 8, 22))) == [
        "10.00",
        "31.00",
        "31.00",
        "14.47",
    ]


def test_licence_based_months_are_charged_whole() -> None:
    # given
    terms = terms_of(BillingType.LICENSE_BASED_MONTHLY, end=date(2026, 9, 20))
    # then
    assert amounts(sales_charges(terms, [line(5)], on=date(2026, 8, 20))) == ["50.00"]
    assert amounts(increase_charges(terms, [line(3)], on=date(2026, 8, 31))) == ["30.00"]


def test_pay_in_full_begins_free_and_charges_the_next_month_whole() -> None:
    # given
    terms = terms_of(BillingType.PAY_IN_FULL, free_until=date(2026, 9, 1), end=date(2026, 10, 1))
    # then
    assert amounts(sales_charges(terms, [line(5)], on=date(2026, 8, 20))) == ["0.00", "50.00"]
    added = increase_charges(terms, [line(3)], on=date(2026, 8, 25), paid_to=date(2026, 10, 1))
    assert amounts(added) == ["0.00", "30.00"]
    assert amounts(increase_charges(terms, [line(1)], on=date(2026, 9, 10))) == ["10.00"]


def test_pay_in_full_ordered_on_the_billing_day_has_no_free_days() -> None:
    assert amounts(
        sales_charges(terms_of(BillingType.PAY_IN_FULL, end=date(2026, 9, 1)), [line(5)], on=date(2026, 8, 1))
    ) == ["50.00"]


def test_pay_in_full_renewed_late_pays_the_month_whole() -> None:
    # given: free in August, expired on 30 September
    terms = terms_of(BillingType.PAY_IN_FULL, free_until=date(2026, 9, 1), end=date(2026, 11, 1))
    # then
    assert amounts(sales_charges(terms, [line(5)], on=date(2026, 10, 10))) == ["50.00"]


def test_a_month_pays_for_its_highest_quantity_once() -> None:
    # given: August is charged for 5, September, paid ahead, for 3
    terms = terms_of(BillingType.LICENSE_BASED_MONTHLY, end=date(2026, 10, 1))
    charged: Charged = {("seats", date(2026, 8, 1)): Decimal(5), ("seats", date(2026, 9, 1)): Decimal(3)}

    def up_to(quantity: int) -> list[str]:
        drafts = increase_charges(
            terms, [line(quantity)], on=date(2026, 8, 25), paid_to=date(2026, 10, 1), charged=charged
        )
        return [f"{draft.period} {draft.quantity} {draft.amount}" for draft in drafts]

    # then
    assert up_to(3) == []
    assert up_to(4) == ["[2026-09-01, 2026-10-01) 1 10.00"]
    assert up_to(6) == ["[2026-08-25, 2026-09-01) 1 10.00", "[2026-09-01, 2026-10-01) 3 30.00"]


def test_what_is_endless_is_prolonged_whatever_its_type() -> None:
    for billing_type in (BillingType.NEXT_DAY_MONTHLY, BillingType.FLEXIBLE_MONTHLY, BillingType.RESERVATION):
        assert amounts(prolongation_charges(terms_of(billing_type), [line(5)], paid_to=date(2026, 9, 1))) == ["50.00"]
    with pytest.raises(NotAllowedByBillingType):
        prolongation_charges(
            terms_of(BillingType.RESERVATION, end=date(2027, 9, 1)), [line(5)], paid_to=date(2026, 9, 1)
        )


def test_paying_late_for_a_free_month_leaves_it_free() -> None:
    # given
    terms = terms_of(BillingType.PAY_IN_FULL, free_until=date(2026, 9, 1), end=date(2026, 10, 1))
    drafts = sales_charges(terms, [line(5)], on=date(2026, 8, 20))
    # when
    late = recomputed_for_payment(terms, drafts, on=date(2026, 8, 25))
    # then
    assert amounts(list(late.drafts)) == ["0.00", "50.00"]
    assert late.difference == 0


def test_later_charges_of_a_flexible_month_are_opened() -> None:
    # given
    terms = terms_of(BillingType.FLEXIBLE_MONTHLY, end=date(2026, 9, 20), anchor_day=20)
    # when
    charges = sales_charges(terms, [line(5)], on=date(2026, 8, 20))
    # then
    assert amounts(charges) == ["19.35", "31.67"]
    assert [charge.state for charge in charges] == [ChargeState.BLOCKED, ChargeState.OPENED]


def test_next_day_types_bill_added_units_from_tomorrow() -> None:
    # given
    terms = terms_of(BillingType.NEXT_DAY_MONTHLY)
    # then
    (added,) = increase_charges(terms, [line(3)], on=date(2026, 8, 24))
    assert (covered(added)[0], f"{added.amount}") == (date(2026, 8, 25), "6.77")
    assert increase_charges(terms, [line(3)], on=date(2026, 8, 31)) == []
    assert effective_day(terms, date(2026, 8, 24)) == date(2026, 8, 25)
    assert effective_day(terms_of(), date(2026, 8, 24)) == date(2026, 8, 24)


def test_a_non_recurring_order_is_charged_once_and_whole() -> None:
    # given
    terms = terms_of(BillingType.NON_RECURRING)
    # when
    (charge,) = sales_charges(terms, [line(5)], on=date(2026, 8, 20))
    # then
    assert (charge.amount, charge.period, charge.months) == (Decimal("50.00"), None, Fraction(1))
    assert charge.explanation.text == "5 × 10.00 = 50.00"
    assert recomputed_for_payment(terms, [charge], on=date(2026, 9, 20)).difference == 0
    with pytest.raises(NotAllowedByBillingType):
        increase_charges(terms, [line(1)], on=date(2026, 8, 25))
    with pytest.raises(NotAllowedByBillingType):
        prolongation_charges(terms, [line(1)], paid_to=date(2026, 9, 1))


def test_setup_fees_are_charged_once_beside_the_months() -> None:
    # given
    terms = terms_of(BillingType.RESERVATION, end=date(2026, 10, 1))
    setup = Line("seats", Decimal(5), Decimal("2.00"), ChargeKind.SETUP)
    # when
    charges = sales_charges(terms, [setup, line(5)], on=date(2026, 8, 1))
    # then
    assert [(charge.kind.value, f"{charge.amount}") for charge in charges] == [
        ("SETUP", "10.00"),
        ("RECURRING", "50.00"),
        ("RECURRING", "50.00"),
    ]
    assert charges[0].period == Period(date(2026, 8, 1), date(2026, 10, 1))


def test_consumption_is_not_charged_with_the_order() -> None:
    assert sales_charges(terms_of(BillingType.PAY_AS_YOU_GO), [line(5)], on=date(2026, 8, 20)) == []


def test_terms_need_a_currency() -> None:
    with pytest.raises(ValueError, match="not a currency"):
        replace(terms_of(), currency="???")
