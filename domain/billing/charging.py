"""The charges of an order: which periods they cover, and what each costs.  Driven by the policy table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from domain.billing.drafts import (
    BillingTerms,
    ChargeDraft,
    ChargeKind,
    ChargeState,
    Line,
    NotAllowedByBillingType,
    with_lots,
)
from domain.billing.explanation import exchange_of, priced
from domain.billing.inputs import Rule
from domain.billing.proration import Cut
from domain.shared.billing_policy import (
    Anchor,
    FirstPeriod,
    Horizon,
    Increase,
    Measure,
    Policy,
    Prolongs,
    policy_of,
)
from domain.shared.periods import Period, billing_period_containing, billing_periods
from tenancy.messages import Message

_NOTHING = Decimal(0)
_WITHOUT_PERIODS = (Horizon.ONCE, Horizon.NONE)
_WHOLE_TERM = (Horizon.WHOLE_TERM, Horizon.WHOLE_TERM_OPENED)
_REDUCED_WHEN_LATE = (Rule.BY_DAYS, Rule.FREE_PERIOD)


def sales_charges(terms: BillingTerms, lines: Sequence[Line], *, on: date) -> list[ChargeDraft]:
    """The charges of a sales or renewal order whose term starts, or is billed, from `on`.

    Period by period as far as the type's horizon reaches, and in each period line by line; one-time lines come first,
    once.  Lines without chargeable units make no charge; a price of zero makes a charge of zero.  An empty list when
    the term has ended or the type bills consumption.
    """
    policy = policy_of(terms.billing_type)
    drafts = [_one_time(terms, line, on) for line in lines if line.kind is not ChargeKind.RECURRING and line.quantity]
    recurring = [line for line in lines if line.kind is ChargeKind.RECURRING and line.quantity]
    if policy.horizon is Horizon.ONCE:
        return drafts + [_one_time(terms, line, on) for line in recurring]
    cuts = list(_cuts(terms, on, sales_end(terms, on)))
    for position, cut in enumerate(cuts):
        first = policy.first if position == 0 else None
        state = state_when_paid(terms, cut[1], paid_from=on)
        drafts += [recurring_charge(terms, line, cut, state, first=first) for line in recurring]
    return drafts


def prolongation_charges(
    terms: BillingTerms, lines: Sequence[Line], *, paid_to: date, on: date | None = None, graced: bool = False
) -> list[ChargeDraft]:
    """The charges of a prolong order: one a resource for the next billing period, which starts on `paid_to`.

    For what is endless, and for a term that goes on after the period that was ordered with it.

    `on` is the day of completion, when it is later than `paid_to`: a stopped subscription pays from then; one in grace
    (`graced`) pays from `paid_to`, unreduced, and so does a type that owes every missed month, with one charge a
    resource for each month.  The end of the term limits the last period.  An empty list when nothing is left.
    Raises ValueError when a resource comes twice, NotAllowedByBillingType for a type that is not prolonged.
    """
    policy = policy_of(terms.billing_type)
    if policy.horizon in _WITHOUT_PERIODS or (policy.prolongs is Prolongs.NO and terms.end is not None):
        raise NotAllowedByBillingType(terms.billing_type, Message("prolongation"))
    keys = [line.resource_key for line in lines]
    if len(set(keys)) != len(keys):
        raise ValueError("a prolongation makes one charge a resource")
    today = paid_to if on is None else max(on, paid_to)
    owes_from_paid_to = graced or policy.prolongs is Prolongs.MONTHLY_MISSED_MONTHS_TOO
    start = paid_to if owes_from_paid_to else today
    end = billing_period_containing(today, _cutting_day(policy, terms)).end
    return [
        recurring_charge(terms, line, cut, ChargeState.BLOCKED)
        for cut in _cuts(terms, start, end)
        for line in lines
        if line.quantity
    ]


Charged = Mapping[tuple[str | None, date], Decimal]
"""Units that a month is charged for already: its highest quantity so far, by resource and the month's first day."""


def increase_charges(
    terms: BillingTerms,
    lines: Sequence[Line],
    *,
    on: date,
    paid_to: date | None = None,
    charged: Charged | None = None,
) -> list[ChargeDraft]:
    """The charges for units added on `on`: to the next billing day, or as far as the sales order was charged.

    `lines` hold the added chargeable units; with `charged`, for a type measured by the month's highest quantity, all
    that there are from `on`: each month pays for those above what it is charged for.
    `paid_to` counts when a later period is already paid: the added units pay for it too.  The day of the change is
    billed at the new quantity, except by types that count from the next day.
    Raises NotAllowedByBillingType when the type does not allow more.
    """
    policy = policy_of(terms.billing_type)
    if policy.increase in {Increase.REFUSED, Increase.NOT_APPLICABLE}:
        raise NotAllowedByBillingType(terms.billing_type, Message("an increase"))
    period_end = billing_period_containing(on, _cutting_day(policy, terms)).end
    end = sales_end(terms, on) if policy.increase is Increase.TO_HORIZON else period_end
    if paid_to is not None:
        end = max(end, paid_to)
    drafts = []
    for cut in _cuts(terms, effective_day(terms, on), end):
        state = state_when_paid(terms, cut[1], paid_from=on)
        for line in lines:
            before = _NOTHING if charged is None else charged.get((line.resource_key, cut[1].start), _NOTHING)
            if line.quantity > before:
                drafts.append(recurring_charge(terms, replace(line, quantity=line.quantity - before), cut, state))
    return drafts


def activation_charges(terms: BillingTerms, lines: Sequence[Line], *, on: date) -> list[ChargeDraft]:
    """The charges that begin again when a stopped subscription is activated on `on`: to the end of the current period.

    `lines` are the units as the stop found them (`Split.stopped`), each at its own price, for what is left of the days
    that the stop took back.  They block at once.
    """
    end = billing_period_containing(on, _cutting_day(policy_of(terms.billing_type), terms)).end
    drafts = []
    for part, whole in _cuts(terms, on, end):
        for line in lines:
            left = part if line.period is None else part.intersect(line.period)
            if line.quantity and left is not None:
                drafts.append(by_days(terms, line, (left, whole), ChargeState.BLOCKED))
    return drafts


def consumption_charge(terms: BillingTerms, line: Line, *, on: date) -> ChargeDraft:
    """What one resource has consumed in the billing period of `on`, up to then; there is one charge a period.

    `line` holds the units of the whole period so far, whole or not, and the price of a unit.  The charge grows with
    what is consumed until the period is over.
    """
    whole = billing_period_containing(on, _cutting_day(policy_of(terms.billing_type), terms))
    consumed = replace(line, kind=ChargeKind.CONSUMPTION)
    cut = (whole, whole)
    return _draft(terms, consumed, cut, ChargeState.BLOCKED, rule=Rule.CONSUMPTION, whole_months=1)


def effective_day(terms: BillingTerms, on: date) -> date:
    """The first day billed at the new quantity when it changes on `on`: that day, or the next for next-day types."""
    next_day = policy_of(terms.billing_type).increase is Increase.FROM_NEXT_DAY
    return on + timedelta(days=1) if next_day else on


@dataclass(frozen=True, slots=True)
class Recomputed:
    """An order's charges after a late payment."""

    drafts: tuple[ChargeDraft, ...]
    """For what remains; a period that is over has none.  Discounts are not applied yet."""
    difference: Decimal
    """What the payment exceeds them by, before discounts; it tops up the balance."""


def recomputed_for_payment(terms: BillingTerms, drafts: Sequence[ChargeDraft], *, on: date) -> Recomputed:
    """An order's charges when it completes on `on`, after the start of what it covers.

    What is measured by days is computed for the days from `on`; one-time fees, whole months and months of a calendar
    commitment stay as they are.  `drafts` are the undiscounted charges the order was made with.  Not for prolong
    orders paid in grace, which cover from *paid to*, unreduced.
    """
    kept = []
    for draft in drafts:
        part, whole = draft.period, draft.billing_period
        if draft.explanation.rule not in _REDUCED_WHEN_LATE or part is None or whole is None or on <= part.start:
            kept.append(draft)
        elif on < part.end:
            left = Period(on, part.end)
            line = Line(
                draft.resource_key,
                draft.quantity,
                draft.unit_price,
                lots=draft.split_from,
                exchange=exchange_of(draft.explanation),
            )
            free = draft.explanation.rule is Rule.FREE_PERIOD
            kept.append(replace(draft, period=left) if free else by_days(terms, line, (left, whole), draft.state))
    before = sum((draft.amount for draft in drafts), Decimal(0))
    return Recomputed(tuple(kept), before - sum((draft.amount for draft in kept), Decimal(0)))


def by_days(terms: BillingTerms, line: Line, cut: Cut, state: ChargeState, rule: Rule = Rule.BY_DAYS) -> ChargeDraft:
    """One recurring charge for a part of a billing period, by days; zero where the terms' free period covers it."""
    if terms.free_until is not None and cut[0].end <= terms.free_until:
        return _draft(terms, line, cut, state, rule=Rule.FREE_PERIOD, whole_months=0)
    return _draft(terms, line, cut, state, rule=rule, whole_months=None)


def recurring_charge(
    terms: BillingTerms, line: Line, cut: Cut, state: ChargeState, *, first: FirstPeriod | None = None
) -> ChargeDraft:
    """One recurring charge for a part of a billing period, as the type measures it; `first` rules a first period."""
    free = terms.free_until is not None and cut[0].end <= terms.free_until
    whole_month = policy_of(terms.billing_type).measure is Measure.MONTH_AT_MAX or first is FirstPeriod.WHOLE_MONTH
    if whole_month and not free:
        return _draft(terms, line, cut, state, rule=Rule.WHOLE_MONTH, whole_months=1)
    return by_days(terms, line, cut, state)


def _one_time(terms: BillingTerms, line: Line, on: date) -> ChargeDraft:
    draft = _draft(terms, line, None, ChargeState.BLOCKED, rule=Rule.ONE_TIME, whole_months=1)
    return draft if terms.end is None else replace(draft, period=Period(on, terms.end))


def _draft(
    terms: BillingTerms, line: Line, cut: Cut | None, state: ChargeState, *, rule: Rule, whole_months: int | None
) -> ChargeDraft:
    explanation = priced(
        rule,
        unit_price=line.unit_price,
        quantity=line.quantity,
        currency=terms.currency,
        cuts=[] if cut is None else [cut],
        whole_months=whole_months,
        exchange=line.exchange,
    )
    draft = ChargeDraft(
        resource_key=line.resource_key,
        kind=line.kind,
        state=state,
        quantity=line.quantity,
        unit_price=line.unit_price,
        currency=terms.currency,
        period=None if cut is None else cut[0],
        billing_period=None if cut is None else cut[1],
        months=Fraction(explanation.fraction),
        unrounded=explanation.exact,
        amount=explanation.rounded,
        explanation=explanation,
    )
    return with_lots(draft, line.lots) if line.lots else draft


def _cutting_day(policy: Policy, terms: BillingTerms) -> int:
    return terms.anchor_day if policy.anchor is Anchor.START else terms.billing_day


def sales_end(terms: BillingTerms, on: date) -> date:
    """Where the horizon of an order billed from `on` ends, before the term limits it; `on` when nothing is charged."""
    policy = policy_of(terms.billing_type)
    day = _cutting_day(policy, terms)
    current = billing_period_containing(on, day)
    if policy.horizon in _WITHOUT_PERIODS:
        return on
    if policy.horizon in _WHOLE_TERM and terms.end is not None:
        return terms.end
    if policy.horizon is Horizon.NEXT_PERIOD and terms.free_until == current.end:
        # What begins free pays for the period after it.
        return billing_period_containing(current.end, day).end
    return current.end


def _cuts(terms: BillingTerms, start: date, end: date) -> Iterator[Cut]:
    limit = end if terms.end is None else min(end, terms.end)
    return billing_periods(start, limit, _cutting_day(policy_of(terms.billing_type), terms))


def state_when_paid(terms: BillingTerms, billing_period: Period | None, *, paid_from: date) -> ChargeState:
    """What a charge becomes when its order, which covers from `paid_from`, is paid: later periods may only open."""
    later = billing_period is not None and billing_period.start > paid_from
    opened = later and policy_of(terms.billing_type).horizon is Horizon.WHOLE_TERM_OPENED
    return ChargeState.OPENED if opened else ChargeState.BLOCKED
