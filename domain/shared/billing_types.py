"""The names of the billing types; what they mean stands in the policy table."""

from enum import StrEnum

__all__ = ["BillingType"]


class BillingType(StrEnum):
    """How a subscription's charges come about."""

    CSP_MONTHLY = "CSP_MONTHLY"
    """Month by month to the billing day, by days; quantities may fall, with a refund."""
    CSP_ANNUAL = "CSP_ANNUAL"
    """The whole term at the start, by days."""
    MONTHLY_COMMITMENT = "MONTHLY_COMMITMENT"
    """Month by month for a fixed term; quantities fall at renewal only."""
    MONTHLY_COMMITMENT_CALENDAR = "MONTHLY_COMMITMENT_CALENDAR"
    """As MONTHLY_COMMITMENT, in months from the start day."""
    LICENSE_BASED_MONTHLY = "LICENSE_BASED_MONTHLY"
    """Whole calendar months at their highest quantity."""
    PAY_IN_FULL = "PAY_IN_FULL"
    """As LICENSE_BASED_MONTHLY, free until the first of the next month."""
    NON_REFUND = "NON_REFUND"
    """A year, paid on the first day of each period; nothing falls or returns."""
    FLEXIBLE_MONTHLY = "FLEXIBLE_MONTHLY"
    """A monthly term, by days, from the balance."""
    RESERVATION = "RESERVATION"
    """The whole term is reserved at the start and written off period by period."""
    NEXT_DAY_MONTHLY = "NEXT_DAY_MONTHLY"
    """By days, each change counting from the next day."""
    NON_RECURRING = "NON_RECURRING"
    """Paid once."""
    PAY_AS_YOU_GO = "PAY_AS_YOU_GO"
    """What was consumed, after the period."""
