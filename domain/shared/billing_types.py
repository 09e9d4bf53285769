"""The names of the billing types; what they mean stands in the policy table."""

from enum import StrEnum

__all__ = ["BillingType"]


class BillingType(StrEnum):
    """How a subscription's charges come about."""

    CSP_MONTHLY = "CSP_MONTHLY"
    CSP_ANNUAL = "CSP_ANNUAL"
    MONTHLY_COMMITMENT = "MONTHLY_COMMITMENT"
    MONTHLY_COMMITMENT_CALENDAR = "MONTHLY_COMMITMENT_CALENDAR"
    LICENSE_BASED_MONTHLY = "LICENSE_BASED_MONTHLY"
    PAY_IN_FULL = "PAY_IN_FULL"
    NON_REFUND = "NON_REFUND"
    FLEXIBLE_MONTHLY = "FLEXIBLE_MONTHLY"
    RESERVATION = "RESERVATION"
    NEXT_DAY_MONTHLY = "NEXT_DAY_MONTHLY"
    NON_RECURRING = "NON_RECURRING"
    PAY_AS_YOU_GO = "PAY_AS_YOU_GO"
