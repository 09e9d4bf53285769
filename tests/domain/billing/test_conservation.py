"""The law of conservation: whatever is changed inside a period, what stays billed is what was used, day by day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.billing.charging import activation_charges, increase_charges, sales_charges
from domain.billing.drafts import BillingTerms, ChargeDraft, ChargeState, Line
from domain.billing.explanation import Explanation, recompute
from domain.billing.splitting import ExistingCharge, Split, settle_decrease, settle_stop
from domain.shared.billing_types import BillingType
from domain.shared.money import minor_digits
from domain.shared.periods import Period, billing_period_containing
from tests.domain.billing.making import existing, terms_of

PRICES = st.sampled_from(["10.00", "12.00", "7.77", "0.3333", "599.95"])
CHANGES = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.sampled_from(["increase", "increase", "decrease", "decrease", "toggle"]),
        st.integers(0, 9),
        PRICES,
    ),
    max_size=10,
)


@dataclass
class Books:
    """A subscription's charges of one period, and, counted apart and simply, what it used each day."""

    terms: BillingTerms
    period: Period
    charges: dict[int, ExistingCharge] = field(default_factory=dict)
    units: list[Decimal] = field(default_factory=list)
    """Unit prices of the units it has, the oldest first."""
    next_day_units: list[Decimal] | None = None
    """For next-day types: the units from tomorrow on."""
    stopped: tuple[Line, ...] | None = None
    used: Fraction = Fraction(0)
    returned: Decimal = Decimal(0)
    number: int = 0

    def add(self, drafts: list[ChargeDraft] | tuple[ChargeDraft, ...]) -> None:
        for draft in drafts:
            assert recompute(Explanation.from_json(draft.explanation.to_json())) == draft.amount
            if draft.state is ChargeState.REFUNDED:
                self.returned += draft.amount
                continue
            self.number += 1
            self.charges[self.number] = existing(draft, self.number)

    def settle(self, result: Split) -> None:
        before = sum(self.charges[charge_id.int].amount for charge_id in result.deleted)
        for charge_id in result.deleted:
            del self.charges[charge_id.int]
        self.add([*result.used, *result.rest, *result.returned])
        after = sum(draft.amount for draft in [*result.used, *result.rest])
        assert result.difference == before - after

    def increase(self, day: date, count: int, price: str) -> None:
        if self.stopped is not None:
            return
        line = Line("seats", Decimal(count), Decimal(price))
        self.add(increase_charges(self.terms, [line], on=day))
        self.now_has(self.coming() + [Decimal(price)] * count)

    def decrease(self, day: date, count: int) -> None:
        left = max(0, len(self.coming()) - count)
        if self.stopped is not None:
            return
        charges = list(self.charges.values())
        self.settle(settle_decrease(self.terms, charges, quantity=Decimal(left), on=day))
        self.now_has(self.coming()[:left])

    def toggle(self, day: date) -> None:
        if self.stopped is None:
            result = settle_stop(self.terms, list(self.charges.values()), on=day)
            self.settle(result)
            self.stopped = result.stopped
        else:
            self.add(activation_charges(self.terms, self.stopped, on=day))
            self.stopped = None

    def coming(self) -> list[Decimal]:
        return self.units if self.next_day_units is None else self.next_day_units

    def now_has(self, units: list[Decimal]) -> None:
        if self.terms.billing_type is BillingType.NEXT_DAY_MONTHLY:
            self.next_day_units = units
        else:
            self.units = units

    def end_of_day(self) -> None:
        if self.stopped is None:
            self.used += sum(map(Fraction, self.units), Fraction(0)) / self.period.days
        if self.next_day_units is not None:
            self.units, self.next_day_units = self.next_day_units, None

    def billed(self) -> Decimal:
        return sum((charge.amount for charge in self.charges.values()), Decimal(0))


@pytest.mark.parametrize(
    ("billing_type", "stops"),
    [
        (BillingType.CSP_MONTHLY, True),
        (BillingType.FLEXIBLE_MONTHLY, True),
        (BillingType.RESERVATION, False),
        (BillingType.NEXT_DAY_MONTHLY, False),
    ],
)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    start=st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    billing_day=st.integers(1, 31),
    quantity=st.integers(1, 9),
    price=PRICES,
    changes=CHANGES,
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_what_stays_billed_is_what_was_used(
    billing_type: BillingType,
    stops: bool,
    start: date,
    billing_day: int,
    quantity: int,
    price: str,
    changes: list[tuple[int, str, int, str]],
    currency: str,
) -> None:
    # given
    period = billing_period_containing(start, billing_day)
    terms = terms_of(billing_type, billing_day=billing_day, currency=currency, end=period.end)
    books = Books(terms, period, units=[Decimal(price)] * quantity)
    books.add(sales_charges(terms, [Line("seats", Decimal(quantity), Decimal(price))], on=start))
    # when
    for day in (start + timedelta(days=days) for days in range((period.end - start).days)):
        for _, change, count, added_price in [change for change in changes if change[0] == (day - start).days]:
            if change == "increase":
                books.increase(day, count, added_price)
            elif change == "decrease":
                books.decrease(day, count)
            elif stops:
                books.toggle(day)
        books.end_of_day()
    # then
    half_a_unit = Fraction(1, 2 * 10 ** minor_digits(currency))
    assert abs(Fraction(books.billed()) - books.used) <= half_a_unit * len(books.charges)
