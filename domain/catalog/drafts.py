"""What people give to make or change a plan. Fields are named as in the schema's inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from domain.catalog.models import ExpiredRenewal, UnitKind
from domain.shared.billing_types import BillingType
from domain.shared.periods import PeriodUnit
from domain.shared.unset import UNSET, Unset

__all__ = [
    "FEES",
    "FeesChange",
    "FeesDraft",
    "PlanChange",
    "PlanDraft",
    "PlanPeriodChange",
    "PlanPeriodDraft",
    "PlanResourceChange",
    "PlanResourceDraft",
]

FEES = ("setup", "recurring_per_month", "renewal", "transfer", "overuse")
"""The fees of one unit; a net cost's column has `net_` in front. `transfer` is of periods, `overuse` of resources."""


@dataclass(frozen=True, slots=True)
class FeesDraft:
    """One unit's fees, in the plan's currency; at most four decimals."""

    setup: Decimal = Decimal(0)
    recurring_per_month: Decimal = Decimal(0)
    renewal: Decimal = Decimal(0)
    transfer: Decimal = Decimal(0)
    overuse: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class PlanPeriodDraft:
    """How long one may subscribe."""

    unit: PeriodUnit
    duration: int | None = None
    """None for an endless one."""
    trial: bool = False
    public: bool = True
    fees: FeesDraft | None = None
    net_cost: FeesDraft | None = None
    """What the vendor charges."""


@dataclass(frozen=True, slots=True)
class PlanResourceDraft:
    """What is counted."""

    key: str
    name: str
    unit: str = "unit"
    unit_kind: UnitKind = UnitKind.UNIT
    priority: int = 0
    included: Decimal = Decimal(0)
    minimum: Decimal | None = None
    """Counts from zero; None: `included`."""
    maximum: Decimal | None = None
    """None: unlimited; of a BOOLEAN one: 1."""
    public: bool = True
    fees: FeesDraft | None = None
    net_cost: FeesDraft | None = None
    """What the vendor charges."""


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """An own plan."""

    name: str
    billing_type: BillingType
    currency: str
    periods: Sequence[PlanPeriodDraft]
    resources: Sequence[PlanResourceDraft]
    sku: str | None = None
    description: str | None = None
    fixed_price: bool = False
    free_period: bool = False
    price_protection_months: int = 0
    expired_renewal: ExpiredRenewal | None = None
    singleton: bool = False
    public: bool = True
    attributes: Sequence[tuple[str, str]] = ()
    """Pairs of key and value."""


@dataclass(frozen=True, slots=True)
class FeesChange:
    """Fees to set; a fee cannot be cleared, only set to zero."""

    setup: Decimal | Unset | None = UNSET
    recurring_per_month: Decimal | Unset | None = UNSET
    renewal: Decimal | Unset | None = UNSET
    transfer: Decimal | Unset | None = UNSET
    overuse: Decimal | Unset | None = UNSET


@dataclass(frozen=True, slots=True)
class PlanPeriodChange:
    """What becomes of the period with this key."""

    key: str
    public: bool | Unset | None = UNSET
    removed: bool | Unset | None = UNSET


@dataclass(frozen=True, slots=True)
class PlanResourceChange:
    """What becomes of the resource with this key."""

    key: str
    name: str | Unset | None = UNSET
    unit: str | Unset | None = UNSET
    unit_kind: UnitKind | Unset | None = UNSET
    priority: int | Unset | None = UNSET
    public: bool | Unset | None = UNSET
    included: Decimal | Unset | None = UNSET
    minimum: Decimal | Unset | None = UNSET
    maximum: Decimal | Unset | None = UNSET
    """None: unlimited."""
    fees: FeesChange | Unset | None = UNSET
    net_cost: FeesChange | Unset | None = UNSET


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What becomes of a plan; what is left out stays."""

    name: str | Unset | None = UNSET
    sku: str | Unset | None = UNSET
    public: bool | Unset | None = UNSET
    description: str | Unset | None = UNSET
    attributes: Sequence[tuple[str, str]] | Unset | None = UNSET
    """Instead of all those before; None: none."""
    singleton: bool | Unset | None = UNSET
    fixed_price: bool | Unset | None = UNSET
    billing_type: BillingType | Unset | None = UNSET
    currency: str | Unset | None = UNSET
    service_term_id: UUID | Unset | None = UNSET
    periods: Sequence[PlanPeriodChange] | Unset | None = UNSET
    resources: Sequence[PlanResourceChange] | Unset | None = UNSET
    new_periods: Sequence[PlanPeriodDraft] | Unset | None = UNSET
    new_resources: Sequence[PlanResourceDraft] | Unset | None = UNSET
