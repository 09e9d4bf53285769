"""Periods of calendar days, terms counted in months, and the billing days that cut time into billing periods."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

MONTHS_IN_A_YEAR = 12
LAST_BILLING_DAY = 31


class PeriodUnit(StrEnum):
    """What a plan's duration is counted in."""

    DAY = "DAY"
    """Calendar days."""
    MONTH = "MONTH"
    """Calendar months."""
    YEAR = "YEAR"
    """Calendar years."""
    ENDLESS = "ENDLESS"
    """Without an end."""


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Calendar days `[start, end)`: the first day belongs to it, `end` does not."""

    start: date
    end: date
    """The day after the last one."""

    def __post_init__(self) -> None:
        """Raise ValueError for an end before the start; an empty period is allowed."""
        if self.end < self.start:
            raise ValueError(f"a period cannot end ({self.end}) before it starts ({self.start})")

    @property
    def days(self) -> int:
        """Number of calendar days, 0 for an empty period."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day inclusive, what people see as expiration date.  Raises ValueError for an empty period."""
        if self.start == self.end:
            raise ValueError("an empty period has no last day")
        return self.end - timedelta(days=1)

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def __str__(self) -> str:
        return f"[{self.start}, {self.end})"

    def intersect(self, other: Period) -> Period | None:
        """The days both have, or None when there is not one."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None


def _clamped(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))


def add_months(anchor: date, months: int, anchor_day: int | None = None) -> date:
    """The day `months` later (earlier when negative), on `anchor_day` or, in a shorter month, its last day.

    `anchor_day` (1…31) defaults to the day of `anchor`.  Who adds month after month passes the first day's anchor
    along, otherwise 31 Jan → 28 Feb → 28 Mar.  Raises ValueError for an anchor outside 1…31.
    """
    day = anchor.day if anchor_day is None else _checked_day(anchor_day)
    year, month = divmod(anchor.year * MONTHS_IN_A_YEAR + anchor.month - 1 + months, MONTHS_IN_A_YEAR)
    return _clamped(year, month + 1, day)


def end_of_term(start: date, duration: int | None, unit: PeriodUnit, anchor_day: int | None = None) -> date | None:
    """The first day after a term of `duration` units that starts on `start`; None for an endless one.

    Months and years keep the anchor day: 29 Feb 2028 + 1 year ends on 28 Feb 2029, so it expires on the 27th, and
    the renewal that starts on 28 Feb 2029 with `anchor_day=29` is back on the 29th in 2032.  A term that was shifted
    to a new start takes that day as its anchor (leave `anchor_day` out).  An endless term has no duration
    (what is passed is ignored).  Raises ValueError for a duration under 1 or a missing one.
    """
    if unit is PeriodUnit.ENDLESS:
        return None
    if duration is None or duration < 1:
        raise ValueError(f"a term lasts at least one {unit.lower()}, got {duration}")
    if unit is PeriodUnit.DAY:
        return start + timedelta(days=duration)
    months = duration * MONTHS_IN_A_YEAR if unit is PeriodUnit.YEAR else duration
    return add_months(start, months, anchor_day)


def renewed_after_expiry(end: date, on: date, duration: int | None, unit: PeriodUnit, anchor_day: int) -> date | None:
    """The end of the term that keeps the old expiration cycle when an expired subscription is renewed on `on`.

    Counts terms from the old `end` until one reaches past `on`; the shifted way is `end_of_term(on, …)`.
    None for an endless term.  Raises ValueError for a duration under 1.
    """
    next_end = end_of_term(end, duration, unit, anchor_day)
    while next_end is not None and next_end <= on:
        next_end = end_of_term(next_end, duration, unit, anchor_day)
    return next_end


def _checked_day(day: int) -> int:
    if not 1 <= day <= LAST_BILLING_DAY:
        raise ValueError(f"a billing day is 1…31, got {day}")
    return day


def billing_date(year: int, month: int, billing_day: int) -> date:
    """The date of the billing day in that month: its last day where the month is shorter.

    Raises ValueError for a billing day outside 1…31.
    """
    return _clamped(year, month, _checked_day(billing_day))


def next_billing_day(on: date, billing_day: int) -> date:
    """The first billing day strictly after `on`.  Raises ValueError for a billing day outside 1…31."""
    this_month = billing_date(on.year, on.month, billing_day)
    return this_month if this_month > on else add_months(this_month, 1, billing_day)


def billing_period_containing(on: date, billing_day: int) -> Period:
    """The whole billing period that `on` falls into; a billing day opens its own period.

    Raises ValueError for a billing day outside 1…31.
    """
    end = next_billing_day(on, billing_day)
    return Period(add_months(end, -1, billing_day), end)


def billing_periods(start: date, end: date, billing_day: int) -> Iterator[tuple[Period, Period]]:
    """`[start, end)` cut at every billing day: each part with the whole billing period it lies in, in order.

    The first and the last part may be shorter than their periods.  Nothing for an empty range.
    """
    while start < end:
        whole = billing_period_containing(start, billing_day)
        part = Period(start, min(end, whole.end))
        yield part, whole
        start = part.end
