"""The life of a subscription by the calculation alone, and beside it, day by day, a plain count of what it used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest

from domain.billing.charging import (
    activation_charges,
    consumption_charge,
    increase_charges,
    prolongation_charges,
    sales_charges,
)
from domain.billing.closing import closes_on
from domain.billing.drafts import (
    BillingTerms,
    ChargeDraft,
    ChargeState,
    Line,
    NotAllowedByBillingType,
    discounted_drafts,
    lots_of,
)
from domain.billing.explanation import Explanation, months_of, recompute
from domain.billing.spans import Span, first_end, free_until
from domain.billing.splitting import ExistingCharge, Split, reserved, settle_decrease, settle_deletion, settle_stop
from domain.billing.upstream import UpstreamPrice, margins, up_the_chain
from domain.shared.billing_policy import (
    Anchor,
    Decrease,
    Deletion,
    Increase,
    Measure,
    Prolongs,
    Stop,
)
from domain.shared.money import minor_digits
from domain.shared.periods import Period, billing_period_containing
from domain.shared.rounding import half_up
from tests.domain.billing.cases import Case, Change

_NOTHING = Line(None, Decimal(1), Decimal(0))

Key = tuple[str | None, date]
"""A resource, and the first day of a billing period."""


@dataclass
class Life:
    """What was charged, and what was used."""

    case: Case
    terms: BillingTerms = field(init=False)
    charges: dict[int, ExistingCharge] = field(default_factory=dict)
    drafts: dict[int, ChargeDraft] = field(default_factory=dict)
    closing: dict[int, date] = field(default_factory=dict)
    origin: dict[int, int] = field(default_factory=dict)
    """The prices of the catalog that each charge was made with."""
    units: list[list[Decimal]] = field(default_factory=list)
    """Unit prices of the chargeable units of each resource from today on, the oldest first."""
    today: list[list[Decimal]] = field(default_factory=list)
    """The same as billed today: what counts from the next day is not in it yet."""
    price_days: dict[Key, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """The monthly prices of what was used, added up day by day."""
    highest: dict[Key, list[Decimal]] = field(default_factory=lambda: defaultdict(list))
    consumed: dict[Key, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    consuming: dict[Key, int] = field(default_factory=dict)
    """The charge for what is consumed of a resource in a period."""
    paid_to: date | None = None
    stopped: dict[int, tuple[Line, ...]] | None = None
    deleted: bool = False
    fallen_on: date | None = None

    def __post_init__(self) -> None:
        case = self.case
        end = first_end(Span(case.billing_type, case.duration, case.unit), case.start, case.billing_day)
        on_billing_days = Span(case.billing_type, case.duration, case.unit).ends_on_billing_days
        anchor = case.billing_day if on_billing_days else case.start.day
        self.cutting_day = anchor if case.policy.anchor is Anchor.START else case.billing_day
        self.terms = BillingTerms(
            billing_type=case.billing_type,
            currency=case.currency,
            billing_day=case.billing_day,
            end=end,
            anchor_day=anchor,
            free_until=free_until(case.policy, case.start, self.cutting_day, offered=case.offered_free),
        )

    def live(self) -> None:
        """From the order to the end of the third billing period, or of the term if it is not renewed."""
        case = self.case
        self.units = [[case.catalog[0][0]] * quantity for quantity in case.quantities]
        self.today = [list(units) for units in self.units]
        self._order(0, case.start)
        last = case.start
        for _ in range(3):
            last = self.period(last).end
        day = case.start
        while day < last and self._morning(day):
            self._count_highest(day)
            for change in case.changes:
                if case.start + timedelta(days=change.day) == day and not self.deleted:
                    self._change(change, day)
            self._evening(day)
            day += timedelta(days=1)
        self.ended = day

    def period(self, day: date) -> Period:
        """The billing period of the day."""
        return billing_period_containing(day, self.cutting_day)

    def billed(self, key: Key) -> tuple[Decimal, int]:
        """What stays billed for a resource and period before discounts, and how many charges make it up."""
        of = [
            charge
            for charge in self.charges.values()
            if (charge.resource_key, charge.billing_period.start) == key and charge.state is not ChargeState.OPENED
        ]
        return sum((charge.amount + charge.discount for charge in of), Decimal(0)), len(of)

    def used(self, key: Key) -> Fraction:
        """What was used of a resource in a period, exactly: Σ over days of price / days of the period."""
        return Fraction(self.price_days[key]) / self.period(key[1]).days

    def cost(self, key: Key) -> Fraction | None:
        """What a resource costs in a period, exactly; None for what is not measured in periods."""
        measure = self.case.policy.measure
        if measure is Measure.DAYS:
            return self.used(key)
        if measure is Measure.MONTH_AT_MAX:
            return sum(map(Fraction, self.highest[key]), Fraction(0))
        if measure is Measure.CONSUMPTION:
            return Fraction(self.consumed[key]) * Fraction(self.case.catalog[0][0])
        return None

    def _lines(self, price: int) -> list[Line]:
        unit_price = self.case.catalog[price][0]
        return [Line(f"r{position}", Decimal(len(units)), unit_price) for position, units in enumerate(self.units)]

    def _order(self, price: int, day: date) -> None:
        """A sales or renewal order, and how far it pays."""
        drafts = sales_charges(self.terms, self._lines(price), on=day)
        self._add(discounted_drafts(drafts, self.case.percent), day, price=price, sale=True)
        spans = [draft.period for draft in sales_charges(self.terms, [_NOTHING], on=day)]
        self.paid_to = max((span.end for span in spans if span is not None), default=None)

    def _add(self, drafts: Iterable[ChargeDraft], day: date, *, price: int | None = None, sale: bool = False) -> None:
        for draft in drafts:
            assert recompute(draft.explanation) == draft.amount
            made_with = self.origin[draft.split_from[0].charge_id.int] if price is None else price
            if draft.state is ChargeState.REFUNDED:
                self._up_the_chain(draft.explanation, draft.quantity, -draft.amount, made_with)
                continue
            number = len(self.origin) + 1
            self.origin[number] = made_with
            if draft.billing_period is None:
                self._up_the_chain(draft.explanation, draft.quantity, draft.amount, made_with)
                continue
            self._stand(number, draft, day, sale=sale)

    def _stand(self, number: int, draft: ChargeDraft, day: date, *, sale: bool = False) -> None:
        assert draft.period is not None
        assert draft.billing_period is not None
        self.drafts[number] = draft
        self.charges[number] = ExistingCharge(
            id=_id(number),
            resource_key=draft.resource_key,
            state=draft.state,
            quantity=draft.quantity,
            unit_price=draft.unit_price,
            period=draft.period,
            billing_period=draft.billing_period,
            amount=draft.amount,
            discount=draft.discount,
            discount_percent=draft.discount_percent,
            lots=lots_of(draft.explanation),
            price_group=f"{self.origin[number]}",
        )
        window = self.case.window
        self.closing[number] = closes_on(self.terms, draft, paid_on=day, window_days=window, sales_or_renewal=sale)
        if draft.state is ChargeState.CLOSED:
            self._up_the_chain(draft.explanation, draft.quantity, draft.amount, self.origin[number])

    def _up_the_chain(self, of: Explanation, quantity: Decimal, received: Decimal, price: int) -> None:
        """The law of the waterfall, for one charge or refund."""
        costs = self.case.catalog[price][1:]
        levels = [UpstreamPrice(*level) for level in zip(costs, self.case.percents, strict=True)]
        refund = received < 0
        owed = up_the_chain(of, levels, quantity=quantity, currency=self.case.currency, refund=refund)
        amounts = [level.rounded for level in owed]
        months = months_of(of) * (-1 if refund else 1)
        assert amounts == [
            half_up(
                Fraction(level.unit_price) * months * Fraction(quantity) * (1 - Fraction(level.discount_percent) / 100),
                minor_digits(self.case.currency),
            )
            for level in levels
        ]
        assert sum(margins(received, amounts)) + amounts[-1] == received

    def _morning(self, day: date) -> bool:
        """The billing run; answers whether the subscription goes on."""
        for number, charge in self.charges.items():
            if charge.state is ChargeState.BLOCKED and self.closing[number] <= day:
                self.charges[number] = replace(charge, state=ChargeState.CLOSED)
                self._up_the_chain(self.drafts[number].explanation, charge.quantity, charge.amount, self.origin[number])
        if self.stopped is None and not self.deleted:
            self._open(day)
        if day != self.paid_to:
            return True
        if self.stopped is not None or self.deleted:
            return False
        price = day.month % len(self.case.catalog)
        self.units = [[self.case.catalog[price][0]] * len(units) for units in self.units]
        self.today = [list(units) for units in self.units]
        if self.terms.end == day:
            if self.case.policy.prolongs is not Prolongs.BY_RENEWAL:
                return False
            self.terms = replace(self.terms, end=self.period(day).end)
            self._order(price, day)
        else:
            drafts = prolongation_charges(self.terms, self._lines(price), paid_to=day)
            self._add(discounted_drafts(drafts, self.case.percent), day, price=price)
            end = self.period(day).end
            self.paid_to = end if self.terms.end is None else min(end, self.terms.end)
        return True

    def _open(self, day: date) -> None:
        """Reserve what was opened for periods that have begun, for what is left of them."""
        for number, charge in list(self.charges.items()):
            if charge.state is ChargeState.OPENED and charge.period.start <= day < charge.period.end:
                self._stand(number, reserved(self.terms, charge, on=day), day)

    def _change(self, change: Change, day: date) -> None:
        if change.operation == "stop":
            self._stop(day)
        elif change.operation == "activate":
            self._activate(day)
        elif change.operation == "delete":
            self._delete(day)
        elif self.stopped is None and change.resource < len(self.units):
            if change.operation == "increase":
                self._increase(change, day)
            else:
                self._decrease(change, day)

    def _consume(self, change: Change, day: date) -> None:
        """The charge of the period grows by what is consumed, a quarter of a unit at a time."""
        resource, price = f"r{change.resource}", self.case.catalog[0][0]
        key = (resource, self.period(day).start)
        self.consumed[key] += Decimal(change.units) / 4
        draft = consumption_charge(self.terms, Line(resource, self.consumed[key], price), on=day)
        number = self.consuming.setdefault(key, len(self.origin) + 1)
        self.origin[number] = 0
        assert recompute(draft.explanation) == draft.amount
        self._stand(number, draft, day)

    def _increase(self, change: Change, day: date) -> None:
        units, price = self.units[change.resource], self.case.catalog[change.price][0]
        if self.case.policy.measure is Measure.CONSUMPTION:
            self._consume(change, day)
        if self.case.policy.increase in {Increase.REFUSED, Increase.NOT_APPLICABLE}:
            with pytest.raises(NotAllowedByBillingType):
                increase_charges(self.terms, [Line("r0", Decimal(1), price)], on=day)
            return
        by_month = self.case.policy.measure is Measure.MONTH_AT_MAX
        key = f"r{change.resource}"
        quantity = len(units) + change.units if by_month else change.units
        drafts = increase_charges(
            self.terms,
            [Line(key, Decimal(quantity), price)],
            on=day,
            paid_to=self.paid_to,
            charged=self._charged(day) if by_month else None,
        )
        self._add(discounted_drafts(drafts, self.case.percent), day, price=change.price)
        self._now_has(change.resource, units + [price] * change.units)
        self._count_highest(day)

    def _charged(self, day: date) -> dict[Key, Decimal]:
        found: dict[Key, Decimal] = defaultdict(Decimal)
        for charge in self.charges.values():
            if charge.period.end > day:
                found[charge.resource_key, charge.billing_period.start] += charge.quantity
        return found

    def _decrease(self, change: Change, day: date) -> None:
        decrease, units = self.case.policy.decrease, self.units[change.resource]
        charges = self._of(change.resource)
        left = max(0, len(units) - change.units)
        closed = any(charge.state is ChargeState.CLOSED and charge.period.end > day for charge in charges)
        if decrease in {Decrease.AT_RENEWAL, Decrease.REFUSED, Decrease.NOT_APPLICABLE} or (
            decrease is Decrease.SPLIT_UNTIL_CLOSED and closed
        ):
            with pytest.raises(NotAllowedByBillingType):
                settle_decrease(self.terms, charges, quantity=Decimal(left), on=day)
            return
        if decrease is Decrease.FROM_NEXT_DAY and self.fallen_on == day:
            return
        self.fallen_on = day
        self._settle(settle_decrease(self.terms, charges, quantity=Decimal(left), on=day), day)
        self._now_has(change.resource, units[:left])

    def _stop(self, day: date) -> None:
        if self.stopped is not None:
            return
        if self.case.policy.stop is Stop.REFUSED:
            with pytest.raises(NotAllowedByBillingType):
                settle_stop(self.terms, self._of(0), on=day)
            return
        self.stopped = {}
        for resource in range(len(self.units)):
            result = settle_stop(self.terms, self._of(resource), on=day)
            self._settle(result, day)
            if self.case.policy.stop is Stop.ACTIVE_DAYS_ONLY:
                self.stopped[resource] = result.stopped

    def _activate(self, day: date) -> None:
        if self.stopped is None or self.paid_to is None or day >= self.paid_to:
            return
        for lines in self.stopped.values():
            self._add(activation_charges(self.terms, lines, on=day), day)
        self.stopped = None
        self._open(day)

    def _delete(self, day: date) -> None:
        deletion = self.case.policy.deletion
        inside = day < self.case.start + timedelta(days=self.case.window)
        if deletion is Deletion.REFUSED:
            with pytest.raises(NotAllowedByBillingType):
                settle_deletion(self.terms, self._of(0), on=day, inside_window=inside)
            return
        if self.case.policy.decrease is Decrease.SPLIT_UNTIL_CLOSED and any(
            charge.state is ChargeState.CLOSED and charge.period.end > day for charge in self.charges.values()
        ):
            return  # What is closed stays: the law leaves it aside.
        switch = deletion is Deletion.SPLIT_ON_SWITCH_ONLY
        for resource in range(len(self.units)):
            charges = self._of(resource)
            self._settle(settle_deletion(self.terms, charges, on=day, inside_window=inside, switch=switch), day)
        self.deleted = True
        if deletion in {Deletion.SPLIT, Deletion.SPLIT_ON_SWITCH_ONLY} or (
            deletion is Deletion.SPLIT_INSIDE_WINDOW and inside
        ):
            self.units = [[] for _ in self.units]
            self.today = [[] for _ in self.units]
        elif self.case.policy.measure is Measure.MONTH_AT_MAX:
            self.units = [[] for _ in self.units]

    def _of(self, resource: int) -> list[ExistingCharge]:
        return [charge for charge in self.charges.values() if charge.resource_key == f"r{resource}"]

    def _settle(self, result: Split, day: date) -> None:
        before = sum(self.charges[id.int].amount for id in result.deleted)
        for id in result.deleted:
            del self.charges[id.int]
        for amendment in result.amended:
            number = amendment.charge_id.int
            charge = self.charges.pop(number)
            if amendment.draft is not None:
                self._stand(number, replace(amendment.draft, state=charge.state), day)
        self._add([*result.used, *result.rest, *result.returned], day)
        assert result.difference == before - sum(draft.amount for draft in [*result.used, *result.rest])

    def _now_has(self, resource: int, units: list[Decimal]) -> None:
        self.units[resource] = units
        if self.case.policy.increase is not Increase.FROM_NEXT_DAY:
            self.today[resource] = units

    def _evening(self, day: date) -> None:
        """Count what the day used, by the columns of the policy table."""
        period = self.period(day)
        free = self._free(day)
        idle = self.stopped is not None and self.case.policy.stop is Stop.ACTIVE_DAYS_ONLY
        for resource, units in enumerate(self.today):
            key = (f"r{resource}", period.start)
            if not free and not idle:
                self.price_days[key] += sum(units, Decimal(0))
        self.today = [list(units) for units in self.units]

    def _free(self, day: date) -> bool:
        return self.terms.free_until is not None and day < self.terms.free_until

    def _count_highest(self, day: date) -> None:
        for resource, units in enumerate(self.today):
            highest = self.highest[f"r{resource}", self.period(day).start]
            highest += [Decimal(0) if self._free(day) else price for price in units[len(highest) :]]


def _id(number: int) -> UUID:
    return UUID(int=number)
