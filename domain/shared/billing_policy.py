"""The policy table: what each billing type does, as rows of data.  Code asks the columns, never the type."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum, auto

from domain.shared.billing_types import BillingType
from domain.shared.periods import PeriodUnit
from tenancy.messages import Message

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


class Horizon(StrEnum):
    """Which periods get charges at order time; never past the end of the term."""

    CURRENT_PERIOD = auto()
    """Up to the next cut: the billing day, or the anchor's day of the month."""
    WHOLE_TERM = auto()
    """One charge a period to the end of the term (of an endless one: the current period)."""
    WHOLE_TERM_OPENED = auto()
    """The same, but later charges reserve nothing before their period: `OPENED`."""
    NEXT_PERIOD = auto()
    """The first partial period, and the one after it."""
    ONCE = auto()
    NONE = auto()
    """Charges come from consumption."""


class Anchor(StrEnum):
    """What cuts time into billing periods."""

    BILLING_DAY = auto()
    START = auto()
    """The day of the month the subscription started on."""
    NONE = auto()


class FirstPeriod(StrEnum):
    """What the first, partial period costs."""

    BY_DAYS = auto()
    WHOLE_MONTH = auto()
    FREE = auto()
    WHOLE_FEE = auto()
    NONE = auto()


class Measure(StrEnum):
    """What a period's fee is counted by."""

    DAYS = auto()
    MONTH_AT_MAX = auto()
    """A whole month at the highest quantity the period has seen."""
    CONSUMPTION = auto()
    NONE = auto()


class Closes(StrEnum):
    """When a blocked charge is written off."""

    NEXT_BILLING_DAY = auto()
    AFTER_WINDOW = auto()
    """Window ≤ 0: at once; otherwise after it, or on the next billing day, if sooner."""
    RENEWAL_ON_NEXT_DATE_ELSE_AT_ONCE = auto()
    """Charges of sales and renewal orders on the next date, all others at once."""
    PERIOD_END = auto()
    PERIOD_START = auto()
    WHEN_PAID = auto()
    BILLING_DAY_AFTER_PERIOD = auto()


class Increase(StrEnum):
    """What added units cost."""

    TO_BILLING_DAY = auto()
    """By days to the next cut."""
    TO_HORIZON = auto()
    """By days to the end of what the sales order charged: the term's, for whole-term types."""
    WHOLE_MONTH = auto()
    FROM_NEXT_DAY = auto()
    """By days to the next cut; the day of the change is still billed at the old quantity."""
    REFUSED = auto()
    NOT_APPLICABLE = auto()


class Decrease(StrEnum):
    """What removed units bring back."""

    SPLIT = auto()
    """The current charges are split, what is unused is refunded."""
    SPLIT_UNTIL_CLOSED = auto()
    """The same while they are blocked; refused once one is closed."""
    AT_RENEWAL = auto()
    NEXT_PERIOD = auto()
    FROM_NEXT_DAY = auto()
    """Split as of tomorrow, once a day."""
    REFUSED = auto()
    NOT_APPLICABLE = auto()


class Stop(StrEnum):
    """What a stop does to the current period's charges."""

    ACTIVE_DAYS_ONLY = auto()
    """The used part is closed, the rest comes back."""
    USED_CLOSED_REST_BLOCKED = auto()
    """The used part is closed, the rest stays blocked until the billing day."""
    NO_REFUND = auto()
    """Nothing; and a customer may not stop."""
    NOTHING = auto()
    REFUSED = auto()
    STOPS_ACCRUING = auto()


class Deletion(StrEnum):
    """What a deletion, or a switch to another plan, does to the current period's charges."""

    SPLIT = auto()
    """The used part is closed, the rest comes back."""
    SPLIT_INSIDE_WINDOW = auto()
    """The same inside the deletion window and for a switch; nothing comes back afterwards."""
    SPLIT_ON_SWITCH_ONLY = auto()
    """A switch splits; a deletion is refused."""
    NOTHING = auto()
    """Allowed; nothing comes back."""
    REFUSED = auto()


class Prolongs(StrEnum):
    """How the next period is ordered."""

    MONTHLY = auto()
    """Monthly prolong orders until expiration."""
    MONTHLY_MISSED_MONTHS_TOO = auto()
    """The same; a late one pays every missed month whole."""
    BY_RENEWAL = auto()
    NO = auto()


class Needs(StrEnum):
    """What a plan must have to be saved with the type."""

    NOTHING = auto()
    FIXED_TERM = auto()
    BILLING_DAY_1_PERIOD_1_MONTH = auto()
    PERIOD_1_YEAR = auto()
    ENDLESS = auto()


@dataclass(frozen=True, slots=True)
class Policy:
    """One row of the table."""

    horizon: Horizon
    anchor: Anchor
    first: FirstPeriod
    measure: Measure
    closes: Closes
    increase: Increase
    decrease: Decrease
    stop: Stop
    deletion: Deletion
    prolongs: Prolongs
    needs: Needs
    recurring_resource_fees_only: bool = False
    """Other fees that are not zero are refused when the plan is saved."""
    becomes_delivered: bool = False
    """A paid subscription is `DELIVERED`, not active."""
    switches: bool = True
    """Whether one may switch from, or to, a plan of the type; what `deletion` refuses stays refused."""


# fmt: off
POLICIES: Mapping[BillingType, Policy] = {
    BillingType.CSP_MONTHLY: Policy(
        Horizon.CURRENT_PERIOD, Anchor.BILLING_DAY, FirstPeriod.BY_DAYS, Measure.DAYS, Closes.NEXT_BILLING_DAY,
        Increase.TO_BILLING_DAY, Decrease.SPLIT, Stop.ACTIVE_DAYS_ONLY, Deletion.SPLIT,
        Prolongs.MONTHLY, Needs.NOTHING, recurring_resource_fees_only=True,
    ),
    BillingType.CSP_ANNUAL: Policy(
        Horizon.WHOLE_TERM, Anchor.BILLING_DAY, FirstPeriod.BY_DAYS, Measure.DAYS, Closes.AFTER_WINDOW,
        Increase.TO_HORIZON, Decrease.SPLIT_UNTIL_CLOSED, Stop.USED_CLOSED_REST_BLOCKED, Deletion.SPLIT,
        Prolongs.NO, Needs.NOTHING, recurring_resource_fees_only=True,
    ),
    BillingType.MONTHLY_COMMITMENT: Policy(
        Horizon.CURRENT_PERIOD, Anchor.BILLING_DAY, FirstPeriod.BY_DAYS, Measure.DAYS, Closes.NEXT_BILLING_DAY,
        Increase.TO_BILLING_DAY, Decrease.AT_RENEWAL, Stop.NO_REFUND, Deletion.SPLIT_INSIDE_WINDOW,
        Prolongs.MONTHLY_MISSED_MONTHS_TOO, Needs.FIXED_TERM, recurring_resource_fees_only=True,
    ),
    BillingType.MONTHLY_COMMITMENT_CALENDAR: Policy(
        Horizon.CURRENT_PERIOD, Anchor.START, FirstPeriod.WHOLE_MONTH, Measure.DAYS,
        Closes.RENEWAL_ON_NEXT_DATE_ELSE_AT_ONCE,
        Increase.TO_BILLING_DAY, Decrease.AT_RENEWAL, Stop.NO_REFUND, Deletion.SPLIT_INSIDE_WINDOW,
        Prolongs.MONTHLY, Needs.FIXED_TERM, recurring_resource_fees_only=True,
    ),
    BillingType.LICENSE_BASED_MONTHLY: Policy(
        Horizon.CURRENT_PERIOD, Anchor.BILLING_DAY, FirstPeriod.WHOLE_MONTH, Measure.MONTH_AT_MAX, Closes.PERIOD_END,
        Increase.WHOLE_MONTH, Decrease.NEXT_PERIOD, Stop.NOTHING, Deletion.NOTHING,
        Prolongs.BY_RENEWAL, Needs.BILLING_DAY_1_PERIOD_1_MONTH,
    ),
    BillingType.PAY_IN_FULL: Policy(
        Horizon.NEXT_PERIOD, Anchor.BILLING_DAY, FirstPeriod.FREE, Measure.MONTH_AT_MAX, Closes.PERIOD_END,
        Increase.WHOLE_MONTH, Decrease.NEXT_PERIOD, Stop.NOTHING, Deletion.NOTHING,
        Prolongs.BY_RENEWAL, Needs.BILLING_DAY_1_PERIOD_1_MONTH,
    ),
    BillingType.NON_REFUND: Policy(
        Horizon.WHOLE_TERM, Anchor.BILLING_DAY, FirstPeriod.BY_DAYS, Measure.DAYS, Closes.PERIOD_START,
        Increase.TO_HORIZON, Decrease.REFUSED, Stop.REFUSED, Deletion.REFUSED,
        Prolongs.NO, Needs.PERIOD_1_YEAR,
    ),
    BillingType.FLEXIBLE_MONTHLY: Policy(
        Horizon.WHOLE_TERM_OPENED, Anchor.BILLING_DAY, FirstPeriod.BY_DAYS, Measure.DAYS, Closes.NEXT_BILLING_DAY,
        Increase.TO_HORIZON, Decrease.SPLIT, Stop.ACTIVE_DAYS_ONLY, Deletion.SPLIT_ON_SWITCH_ONLY,
        Prolongs.BY_RENEWAL, Needs.NOTHING,
    ),
    BillingType.RESERVATION: Policy(
        Horizon.WHOLE_TERM, Anchor.BILLING_DAY, FirstPeriod.BY_DAYS, Measure.DAYS, Closes.PERIOD_END,
        Increase.TO_HORIZON, Decrease.SPLIT, Stop.NOTHING, Deletion.SPLIT,
        Prolongs.NO, Needs.NOTHING,
    ),
    BillingType.NEXT_DAY_MONTHLY: Policy(
        Horizon.CURRENT_PERIOD, Anchor.BILLING_DAY, FirstPeriod.BY_DAYS, Measure.DAYS, Closes.NEXT_BILLING_DAY,
        Increase.FROM_NEXT_DAY, Decrease.FROM_NEXT_DAY, Stop.ACTIVE_DAYS_ONLY, Deletion.SPLIT,
        Prolongs.BY_RENEWAL, Needs.NOTHING, switches=False,
    ),
    BillingType.NON_RECURRING: Policy(
        Horizon.ONCE, Anchor.NONE, FirstPeriod.WHOLE_FEE, Measure.NONE, Closes.WHEN_PAID,
        Increase.REFUSED, Decrease.REFUSED, Stop.REFUSED, Deletion.REFUSED,
        Prolongs.NO, Needs.NOTHING, becomes_delivered=True, switches=False,
    ),
    BillingType.PAY_AS_YOU_GO: Policy(
        Horizon.NONE, Anchor.BILLING_DAY, FirstPeriod.NONE, Measure.CONSUMPTION, Closes.BILLING_DAY_AFTER_PERIOD,
        Increase.NOT_APPLICABLE, Decrease.NOT_APPLICABLE, Stop.STOPS_ACCRUING, Deletion.NOTHING,
        Prolongs.NO, Needs.ENDLESS,
    ),
}
# fmt: on


def policy_of(billing_type: BillingType) -> Policy:
    """The type's row."""
    return POLICIES[billing_type]


@dataclass(frozen=True, slots=True)
class Term:
    """How long one may subscribe: a plan's period."""

    duration: int | None
    """None for an endless one."""
    unit: PeriodUnit

    def lasts_months(self, months: int) -> bool:
        """Whether it is that many months, years counted as twelve."""
        per_unit = {PeriodUnit.MONTH: 1, PeriodUnit.YEAR: 12}.get(self.unit)
        return per_unit is not None and self.duration is not None and self.duration * per_unit == months


@dataclass(frozen=True, slots=True)
class FeeSet:
    """The fees of a plan's period or of one of its resources, each for one unit, in the plan's currency."""

    setup: Decimal = Decimal(0)
    recurring: Decimal = Decimal(0)
    """A month."""
    renewal: Decimal = Decimal(0)
    transfer: Decimal = Decimal(0)
    overuse: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Violation:
    """One reason why a plan cannot have the billing type."""

    field: str
    """What is wrong: `billing_day`, `periods`, `plan_fees.setup`, `resource_fees.<key>.renewal`."""
    message: Message


def violations(
    billing_type: BillingType,
    *,
    billing_day: int,
    periods: Sequence[Term],
    resource_fees: Mapping[str, FeeSet],
    plan_fees: Sequence[FeeSet],
) -> list[Violation]:
    """Why a plan cannot be saved with this billing type; an empty list when it can.

    `billing_day` is the service term's, `resource_fees` go by resource key, `plan_fees` are those of the periods.
    """
    policy = policy_of(billing_type)
    found = list(_unmet_needs(policy.needs, billing_type, billing_day, periods))
    if policy.recurring_resource_fees_only:
        message = Message("{billing_type} takes recurring fees of resources only.", billing_type=billing_type)
        for fees in plan_fees:
            found += [Violation(f"plan_fees.{name}", message) for name in _charged(fees)]
        for key, fees in resource_fees.items():
            names = [name for name in _charged(fees) if name != "recurring"]
            found += [Violation(f"resource_fees.{key}.{name}", message) for name in names]
    return found


_FEES = ("setup", "recurring", "renewal", "transfer", "overuse")


def _charged(fees: FeeSet) -> list[str]:
    return [name for name in _FEES if getattr(fees, name) != 0]


def _unmet_needs(
    needs: Needs, billing_type: BillingType, billing_day: int, periods: Sequence[Term]
) -> Sequence[Violation]:
    found = []
    if needs is Needs.BILLING_DAY_1_PERIOD_1_MONTH and billing_day != 1:
        found.append(
            Violation(
                "billing_day",
                Message("{billing_type} needs {need}.", billing_type=billing_type, need=Message("billing day 1")),
            )
        )
    if needs is not Needs.NOTHING:
        fits, need = _NEEDED_TERM[needs]
        if not all(fits(term) for term in periods):
            found.append(
                Violation("periods", Message("{billing_type} needs {need}.", billing_type=billing_type, need=need))
            )
    return found


_NEEDED_TERM: Mapping[Needs, tuple[Callable[[Term], bool], Message]] = {
    Needs.FIXED_TERM: (lambda term: term.unit is not PeriodUnit.ENDLESS, Message("a fixed term")),
    Needs.BILLING_DAY_1_PERIOD_1_MONTH: (lambda term: term.lasts_months(1), Message("a period of 1 month")),
    Needs.PERIOD_1_YEAR: (lambda term: term.lasts_months(12), Message("a period of 1 year")),
    Needs.ENDLESS: (lambda term: term.unit is PeriodUnit.ENDLESS, Message("an endless period")),
}
