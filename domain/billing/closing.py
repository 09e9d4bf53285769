"""When a blocked charge is written off."""

from datetime import date, timedelta

from domain.billing.drafts import BillingTerms, ChargeDraft, ChargeKind
from domain.shared.billing_policy import Anchor, Closes, policy_of
from domain.shared.periods import Period, next_billing_day


def closes_on(
    terms: BillingTerms, draft: ChargeDraft, *, paid_on: date, window_days: int = 0, sales_or_renewal: bool = True
) -> date:
    """The day the charge closes when its order is paid on `paid_on`; `paid_on` itself means at once.

    `window_days` is the service term's deletion window (0 or less: none), `sales_or_renewal` tells the order that
    starts a term from changes and prolongations.  One-time fees close when they are paid.
    """
    policy = policy_of(terms.billing_type)
    part, whole = draft.period, draft.billing_period
    if draft.kind not in {ChargeKind.RECURRING, ChargeKind.CONSUMPTION} or part is None or whole is None:
        return paid_on
    cutting_day = terms.anchor_day if policy.anchor is Anchor.START else terms.billing_day
    return max(
        paid_on,
        {
            Closes.NEXT_BILLING_DAY: whole.end,
            Closes.AFTER_WINDOW: _after_window(paid_on, window_days, cutting_day),
            Closes.RENEWAL_ON_NEXT_DATE_ELSE_AT_ONCE: whole.end if sales_or_renewal else paid_on,
            Closes.PERIOD_END: _end(part, whole, terms.end),
            Closes.PERIOD_START: part.start,
            Closes.WHEN_PAID: paid_on,
            Closes.BILLING_DAY_AFTER_PERIOD: whole.end,
        }[policy.closes],
    )


def _after_window(paid_on: date, window_days: int, cutting_day: int) -> date:
    if window_days <= 0:
        return paid_on
    return min(paid_on + timedelta(days=window_days), next_billing_day(paid_on, cutting_day))


def _end(part: Period, whole: Period, term_end: date | None) -> date:
    """The period's end, or the term's, if sooner."""
    return part.end if part.end == term_end else whole.end
