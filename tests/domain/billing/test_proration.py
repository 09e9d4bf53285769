from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.billing.proration import chargeable, chargeable_increase, months_between, prorated, share
from domain.shared.periods import Period

AUGUST = Period(date(2026, 8, 1), date(2026, 9, 1))


def test_a_part_is_counted_by_actual_days() -> None:
    # given
    part = Period(date(2026, 8, 20), date(2026, 9, 1))
    # then
    assert share(part, AUGUST) == Fraction(12, 31)
    assert prorated(Decimal("10.00"), Decimal(5), part, AUGUST) == Fraction(600, 31)


def test_days_outside_the_billing_period_are_refused() -> None:
    with pytest.raises(ValueError, match="not a part"):
        share(Period(date(2026, 8, 20), date(2026, 9, 2)), AUGUST)


def test_several_periods_are_added_up_exactly() -> None:
    assert months_between(date(2021, 5, 21), date(2022, 5, 15), 1) == Fraction(11, 31) + 11 + Fraction(14, 31)
    assert months_between(date(2021, 5, 21), date(2021, 5, 21), 1) == 0


@pytest.mark.parametrize(("ordered", "included", "expected"), [(8, 3, 5), (3, 3, 0), (2, 3, 0)])
def test_included_units_cost_nothing(ordered: int, included: int, expected: int) -> None:
    assert chargeable(Decimal(ordered), Decimal(included)) == expected


@pytest.mark.parametrize(
    ("before", "after", "included", "expected"), [(2, 5, 3, 2), (5, 8, 3, 3), (1, 2, 3, 0), (8, 5, 3, 0)]
)
def test_only_units_beyond_the_included_ones_are_added(before: int, after: int, included: int, expected: int) -> None:
    assert chargeable_increase(Decimal(before), Decimal(after), Decimal(included)) == expected
