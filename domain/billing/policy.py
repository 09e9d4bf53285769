"""The policy table under billing's own roof.

It stands in `domain.shared`, because a plan is checked against it when it is saved, and the catalog knows no billing.
"""

from domain.shared.billing_policy import (
    POLICIES,
    Anchor,
    BillingType,
    Closes,
    Decrease,
    Deletion,
    FeeSet,
    FirstPeriod,
    Horizon,
    Increase,
    Measure,
    Needs,
    Policy,
    Prolongs,
    Stop,
    Term,
    Violation,
    policy_of,
    violations,
)

__all__ = [
    "POLICIES",
    "Anchor",
    "BillingType",
    "Closes",
    "Decrease",
    "Deletion",
    "FeeSet",
    "FirstPeriod",
    "Horizon",
    "Increase",
    "Measure",
    "Needs",
    "Policy",
    "Prolongs",
    "Stop",
    "Term",
    "Violation",
    "policy_of",
    "violations",
]
