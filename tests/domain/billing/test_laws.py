"""The two laws of billing, over generated catalogs, chains, orders, dates and changes, for every billing type.

Conservation: whatever is changed, what stays billed for a period is what was used in it, day by day, each unit at its
own price. Waterfall: for every charge and refund, the levels' margins and the origin's cost are the customer's amount.
"""

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.shared.billing_types import BillingType
from domain.shared.money import minor_digits
from tests.domain.billing.cases import Case, cases
from tests.domain.billing.lives import Life

CASES = 1_000
"""Generated lives of each billing type where CI is set: twelve thousand in all, in about a minute and a half."""
FEW = 50
"""On every run."""


def hold_the_laws(case: Case) -> None:
    """Live the case; the waterfall is held for each charge on the way, what was billed at the end."""
    life = Life(case)
    life.live()
    half_a_unit = Fraction(1, 2 * 10 ** minor_digits(case.currency))
    for key in life.price_days.keys() | life.highest.keys() | life.consumed.keys():
        amount, count = life.billed(key)
        cost = life.cost(key)
        assert cost is None or abs(Fraction(amount) - cost) <= half_a_unit * count, (key, amount, cost, count)


generating = settings(
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)


@pytest.mark.parametrize("billing_type", list(BillingType))
@settings(generating, max_examples=FEW)
@given(data=st.data())
def test_the_laws_hold(billing_type: BillingType, data: st.DataObject) -> None:
    hold_the_laws(data.draw(cases(billing_type)))


@pytest.mark.slow
@pytest.mark.parametrize("billing_type", list(BillingType))
@settings(generating, max_examples=CASES)
@given(data=st.data())
def test_the_laws_hold_in_a_thousand_lives(billing_type: BillingType, data: st.DataObject) -> None:
    hold_the_laws(data.draw(cases(billing_type)))
