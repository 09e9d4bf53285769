from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.periods import (
    Period,
    PeriodUnit,
    add_months,
    billing_date,
    billing_period_containing,
    billing_periods,
    end_of_term,
    next_billing_day,
    renewed_after_expiry,
)

DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))
BILLING_DAYS = st.integers(1, 31)


def test_a_period_has_its_first_day_and_not_its_end() -> None:
    # given
    august = Period(date(2026, 8, 1), date(2026, 9, 1))
    # then
    assert august.days == 31
    assert august.last_day == date(2026, 8, 31)
    assert date(2026, 8, 1) in august
    assert date(2026, 9, 1) not in august
    assert str(august) == "[2026-08-01, 2026-09-01)"


def test_a_period_does_not_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="cannot end"):
        Period(date(2026, 8, 2), date(2026, 8, 1))


def test_an_empty_period_has_no_last_day() -> None:
    # given
    empty = Period(date(2026, 8, 1), date(2026, 8, 1))
    # then
    assert empty.days == 0
    with pytest.raises(ValueError, match="no last day"):
        _ = empty.last_day


def test_periods_that_only_touch_have_no_day_in_common() -> None:
    # given
    august, september = Period(date(2026, 8, 1), date(2026, 9, 1)), Period(date(2026, 9, 1), date(2026, 10, 1))
    both = Period(date(2026, 8, 20), date(2026, 9, 10))
    # then
    assert august.intersect(september) is None
    assert august.intersect(both) == Period(date(2026, 8, 20), date(2026, 9, 1))


def test_adding_months_keeps_the_anchor_day_and_clamps_only_in_a_shorter_month() -> None:
    # given
    anchor = date(2026, 1, 31)
    # when
    days = [add_months(anchor, months) for months in (1, 2, 3, -2, 12, -13)]
    # then
    assert days == [
        date(2026, 2, 28),
        date(2026, 3, 31),
        date(2026, 4, 30),
        date(2025, 11, 30),
        date(2027, 1, 31),
        date(2024, 12, 31),
    ]
    assert add_months(date(2026, 2, 28), 1, anchor_day=31) == date(2026, 3, 31)


def test_a_year_from_a_leap_day_expires_on_27_february_and_keeps_its_anchor_through_renewals() -> None:
    # given
    end = date(2028, 2, 29)
    # when
    ends = [end := _end(end, anchor_day=29) for _ in range(4)]
    # then
    assert Period(date(2028, 2, 29), ends[0]).last_day == date(2029, 2, 27)
    assert ends == [date(2029, 2, 28), date(2030, 2, 28), date(2031, 2, 28), date(2032, 2, 29)]


def _end(start: date, anchor_day: int | None = None) -> date:
    end = end_of_term(start, 1, PeriodUnit.YEAR, anchor_day)
    assert end is not None
    return end


def test_a_shifted_renewal_takes_a_new_anchor() -> None:
    assert end_of_term(date(2029, 2, 28), 3, PeriodUnit.YEAR) == date(2032, 2, 28)


def test_terms_are_counted_in_days_months_or_years_or_never_end() -> None:
    # given
    start = date(2026, 1, 31)
    # then
    assert end_of_term(start, 14, PeriodUnit.DAY) == date(2026, 2, 14)
    assert end_of_term(start, 1, PeriodUnit.MONTH) == date(2026, 2, 28)
    assert end_of_term(start, 3, PeriodUnit.YEAR) == date(2029, 1, 31)
    assert end_of_term(start, 0, PeriodUnit.ENDLESS) is None
    with pytest.raises(ValueError, match="at least one"):
        end_of_term(start, 0, PeriodUnit.MONTH)


def test_a_late_renewal_keeps_the_old_cycle_or_starts_a_full_term() -> None:
    # given: example 4, a year from 15 May 2020, renewed on 21 May 2021
    end, renewed = date(2021, 5, 15), date(2021, 5, 21)
    # then
    assert renewed_after_expiry(end, renewed, 1, PeriodUnit.YEAR, 15) == date(2022, 5, 15)
    assert end_of_term(renewed, 1, PeriodUnit.YEAR) == date(2022, 5, 21)


def test_a_renewal_more_than_a_term_late_keeps_the_cycle_too() -> None:
    # given
    end = date(2026, 1, 31)
    # then
    assert renewed_after_expiry(end, date(2026, 4, 2), 1, PeriodUnit.MONTH, 31) == date(2026, 4, 30)
    assert renewed_after_expiry(end, date(2026, 4, 30), 1, PeriodUnit.MONTH, 31) == date(2026, 5, 31)
    assert renewed_after_expiry(end, date(2026, 4, 30), 1, PeriodUnit.ENDLESS, 31) is None


def test_billing_day_31_is_the_last_day_of_a_shorter_month() -> None:
    # given: example 3
    on = date(2017, 1, 31)
    # when
    ends = [on := next_billing_day(on, 31) for _ in range(3)]
    # then
    assert ends == [date(2017, 2, 28), date(2017, 3, 31), date(2017, 4, 30)]
    assert billing_date(2028, 2, 30) == date(2028, 2, 29)


def test_the_next_billing_day_is_after_the_day_itself() -> None:
    assert next_billing_day(date(2026, 9, 1), 1) == date(2026, 10, 1)
    assert next_billing_day(date(2026, 12, 31), 31) == date(2027, 1, 31)
    assert next_billing_day(date(2026, 12, 31), 15) == date(2027, 1, 15)


@pytest.mark.parametrize(
    ("on", "billing_day", "start", "end"),
    [
        (date(2012, 3, 2), 31, date(2012, 2, 29), date(2012, 3, 31)),
        (date(2012, 3, 2), 3, date(2012, 2, 3), date(2012, 3, 3)),
        (date(2012, 3, 3), 3, date(2012, 3, 3), date(2012, 4, 3)),
        (date(2026, 2, 28), 30, date(2026, 2, 28), date(2026, 3, 30)),
        (date(2026, 1, 1), 15, date(2025, 12, 15), date(2026, 1, 15)),
    ],
)
def test_a_day_lies_in_the_billing_period_that_its_billing_day_opened(
    on: date, billing_day: int, start: date, end: date
) -> None:
    assert billing_period_containing(on, billing_day) == Period(start, end)


@pytest.mark.parametrize("day", [0, 32, -1])
def test_a_billing_day_is_between_1_and_31(day: int) -> None:
    with pytest.raises(ValueError, match="1…31"):
        billing_date(2026, 1, day)
    with pytest.raises(ValueError, match="1…31"):
        next_billing_day(date(2026, 1, 1), day)
    with pytest.raises(ValueError, match="1…31"):
        add_months(date(2026, 1, 1), 1, day)


def test_a_range_is_cut_at_every_billing_day() -> None:
    # when
    cuts = list(billing_periods(date(2021, 5, 21), date(2021, 7, 15), 1))
    # then
    assert [part for part, _ in cuts] == [
        Period(date(2021, 5, 21), date(2021, 6, 1)),
        Period(date(2021, 6, 1), date(2021, 7, 1)),
        Period(date(2021, 7, 1), date(2021, 7, 15)),
    ]
    assert [whole.days for _, whole in cuts] == [31, 30, 31]
    assert list(billing_periods(date(2021, 5, 21), date(2021, 5, 21), 1)) == []


@given(DAYS, BILLING_DAYS)
def test_every_day_lies_in_exactly_one_billing_period(day: date, billing_day: int) -> None:
    # when
    period = billing_period_containing(day, billing_day)
    # then
    assert day in period
    assert period.end == next_billing_day(day, billing_day)
    assert billing_period_containing(period.start, billing_day) == period
    assert billing_period_containing(period.last_day, billing_day) == period
    assert billing_period_containing(period.end, billing_day).start == period.end
    assert 28 <= period.days <= 31


@given(DAYS, st.integers(0, 800), BILLING_DAYS)
def test_the_parts_of_a_range_are_the_range(start: date, days: int, billing_day: int) -> None:
    # given
    end = start + timedelta(days=days)
    # when
    cuts = list(billing_periods(start, end, billing_day))
    # then
    assert sum(part.days for part, _ in cuts) == days
    assert all(part.intersect(whole) == part for part, whole in cuts)
    assert all(part == whole for part, whole in cuts[1:-1])


def test_example_3_a_billing_day_of_31_keeps_its_day_through_shorter_months() -> None:
    ends = [whole.end for _, whole in billing_periods(date(2017, 1, 31), date(2017, 4, 30), 31)]
    assert ends == [date(2017, 2, 28), date(2017, 3, 31), date(2017, 4, 30)]
