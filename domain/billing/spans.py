"""How long the terms of a billing type last, and how long a subscription is free at its beginning."""

from dataclasses import dataclass
from datetime import date

from domain.shared.billing_policy import FirstPeriod, Horizon, Policy, Prolongs, Term, policy_of
from domain.shared.billing_types import BillingType
from domain.shared.periods import PeriodUnit, billing_period_containing, end_of_term

__all__ = ["Span", "first_end", "free_until"]

_MONTHLY = (Horizon.CURRENT_PERIOD, Horizon.WHOLE_TERM_OPENED)


@dataclass(frozen=True, slots=True)
class Span:
    """What is bought at a time."""

    billing_type: BillingType
    duration: int | None
    """None for an endless term."""
    unit: PeriodUnit

    @property
    def ends_on_billing_days(self) -> bool:
        """Whether a term is what its order charges, from billing day to billing day.

        So it is with a month of a type whose next period is ordered by a renewal, and whose orders are charged to a
        billing day: the renewal follows where the charges end.
        """
        policy = policy_of(self.billing_type)
        to_billing_day = policy.horizon in {Horizon.CURRENT_PERIOD, Horizon.NEXT_PERIOD}
        by_renewal = policy.prolongs is Prolongs.BY_RENEWAL
        return to_billing_day and by_renewal and Term(self.duration, self.unit).lasts_months(1)


def first_end(span: Span, ordered_on: date, billing_day: int) -> date | None:
    """The day after the first term of a subscription that was ordered on that day; None for an endless one.

    A month that ends on billing days is the calendar month, or what is left of it; one that begins free (`PAY_IN_FULL`)
    is the month after it.
    """
    if not span.ends_on_billing_days:
        return end_of_term(ordered_on, span.duration, span.unit)
    end = billing_period_containing(ordered_on, billing_day).end
    free = free_until(policy_of(span.billing_type), ordered_on, billing_day, offered=False)
    return end if free is None else billing_period_containing(free, billing_day).end


def free_until(policy: Policy, ordered_on: date, cutting_day: int, *, offered: bool) -> date | None:
    """The first billing day, before which a new subscription costs nothing; None when it does not begin free.

    Free is what the type gives, or what the plan offers (`offered`) where the type is paid month by month. What is
    ordered on a billing day has no free days.
    """
    if not (policy.first is FirstPeriod.FREE or (offered and policy.horizon in _MONTHLY)):
        return None
    first = billing_period_containing(ordered_on, cutting_day)
    return None if first.start == ordered_on else first.end
