"""Setting fees by hand, and what that says about a plan."""

from collections.abc import Set
from decimal import Decimal

from sqlalchemy.orm.attributes import instance_state

from db.base import Base
from domain.catalog.checks import PERIODS_LACK, RESOURCES_LACK, clean_fee
from domain.catalog.drafts import FEES, FeesChange
from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.delegation.editing import given
from domain.shared.unset import UNSET, Unset
from tenancy.clock import Clock

__all__ = ["PRICES", "changed_fields", "given", "mark_net_costs", "set_fees"]

NET_COSTS = {f"net_{fee}" for fee in FEES}
PRICES = {*FEES, *NET_COSTS}
"""The attributes of a period or resource that are prices."""


def changed_fields(row: Base) -> set[str]:
    """The attributes with another value than in the database; 8 and 8.0000 are the same."""
    return {attribute.key for attribute in instance_state(row).attrs if attribute.history.has_changes()}


def set_fees(row: PlanPeriod | PlanResource, prefix: str, change: FeesChange, *path: str | int) -> bool:
    """Set the fees that are given, or with the prefix `net_` the net costs. Whether any was. Raises InvalidInput."""
    found = False
    lacking = PERIODS_LACK if isinstance(row, PlanPeriod) else RESOURCES_LACK
    for fee in FEES:
        value: Decimal | Unset | None = getattr(change, fee)
        if value is not UNSET:
            setattr(row, prefix + fee, clean_fee(given(value, *path, fee), lacking, *path, fee))
            found = True
    return found


def mark_net_costs(plan: Plan, changed: Set[str], clock: Clock, *, by_hand: bool) -> None:
    """Say that net costs changed, if any of the `changed` attributes is one; `by_hand`: prices were set as well."""
    if changed & NET_COSTS:
        plan.net_cost_changed_at = clock.now
        plan.prices_to_review = plan.markup_percent is None
    if by_hand:
        plan.prices_to_review = False
