"""Making plans, changing and delegating them."""

from decimal import Decimal

import strawberry
from strawberry import UNSET

from schema.catalog import Plan
from schema.enums import BillingType, ExpiredRenewal, PeriodUnit, UnitKind
from schema.jobs import Job
from schema.payload import Payload
from schema.price_changes import FeesChange, FeesInput
from schema.price_impact import PriceImpact
from schema.scalars import CurrencyCode

__all__ = [
    "ActivatePlanInput",
    "ActivatePlanPayload",
    "CopyPlanInput",
    "CopyPlanPayload",
    "CreatePlanInput",
    "CreatePlanPayload",
    "DeactivatePlanInput",
    "DeactivatePlanPayload",
    "DelegatePlanInput",
    "DelegatePlanPayload",
    "SetPlanLinksInput",
    "SetPlanLinksPayload",
    "UndelegatePlanInput",
    "UndelegatePlanPayload",
    "UpdatePlanInput",
    "UpdatePlanPayload",
]


@strawberry.input
class PlanAttributeInput:
    """A note of a tenant about its plan."""

    key: str
    """What it is called: up to 100 characters; unique in the plan."""
    value: str
    """What it says: 1 to 500 characters."""


@strawberry.input
class PlanPeriodInput:
    """How long one may subscribe."""

    duration: int | None = UNSET
    """How many of the unit, from 1: at most 3660 days, 120 months, 10 years. Left out for ENDLESS."""
    unit: PeriodUnit
    """What the duration is counted in."""
    trial: bool = False
    """Free, to try."""
    public: bool = True
    """Whether customers may choose it themselves."""
    fees: FeesInput | None = UNSET
    """The plan's own fees, besides its resources'; default none."""
    net_cost: FeesInput | None = UNSET
    """What the vendor charges; own plans only. Seen by whoever has prices.upstream.read at this tenant."""


@strawberry.input
class PlanResourceInput:
    """What is counted in a plan."""

    key: str
    """What programs call it: a to z, 0 to 9 and _, up to 100; once in a plan."""
    name: str
    """What customers read; up to 200 characters."""
    unit: str = "unit"
    """One of what, such as license; up to 50 characters."""
    unit_kind: UnitKind = UnitKind.UNIT
    """BOOLEAN: it is there or not, so that its quantity, included, minimum and maximum are 0 or 1."""
    priority: int = 0
    """Higher ones come first in every list; −1,000,000 to 1,000,000."""
    included: Decimal = Decimal(0)
    """Units in the plan's own price, a whole number; only more are charged."""
    minimum: Decimal | None = UNSET
    """The least one may order. Counts from zero; default: included."""
    maximum: Decimal | None = UNSET
    """The most one may order; null: unlimited, of a BOOLEAN resource 1."""
    public: bool = True
    """Whether customers may change its quantity themselves."""
    fees: FeesInput | None = UNSET
    """Fees for one unit; default none."""
    net_cost: FeesInput | None = UNSET
    """What the vendor charges for one unit; own plans only."""


@strawberry.input
class CreatePlanInput:
    """A new plan of the acting tenant."""

    name: str
    """What customers read; up to 200 characters."""
    sku: str | None = UNSET
    """The vendor's article number; up to 200 characters."""
    service_term_id: strawberry.ID
    """The rules its subscriptions live by: an own term or one from above."""
    billing_type: BillingType
    """How its subscriptions' charges come about."""
    fixed_price: bool = False
    """True: a subscription keeps the prices of its order until its next renewal."""
    product_id: strawberry.ID | None = UNSET
    """What it sells: a product of the acting tenant. A published product's new plan goes to its distributors."""
    currency: CurrencyCode | None = UNSET
    """What its prices are in; default the tenant's."""
    free_period: bool = False
    """True: free from the order to the first billing day; monthly recurring types only."""
    price_protection_months: int = 0
    """Months for which a subscription keeps the prices of its purchase day; 0 to 120."""
    expired_renewal: ExpiredRenewal | None = UNSET
    """From when a renewal after expiration counts. Overrides the service term's."""
    singleton: bool = False
    """Whether an account may have only one subscription of it that is not deleted."""
    public: bool = True
    """Whether customers may order it themselves."""
    attributes: list[PlanAttributeInput] | None = UNSET
    """This tenant's own notes about it, up to 100; no copy gets them."""
    periods: list[PlanPeriodInput]
    """How long one may subscribe: 1 to 50, no two alike."""
    resources: list[PlanResourceInput]
    """What is counted: up to 200."""


@strawberry.type
class CreatePlanPayload(Payload):
    """What createPlan answers."""

    plan: Plan | None
    """The new plan; null when refused."""


@strawberry.input
class PlanPeriodChange:
    """What becomes of the period with this key; what is left out stays."""

    key: str
    """Which period, such as 1_YEAR, ENDLESS or 14_DAY_TRIAL."""
    public: bool | None = UNSET
    """Whether customers may choose it; of delegated copies READ_ONLY_DELEGATED."""
    removed: bool | None = UNSET
    """True: taken from the plan and every copy. Nobody orders it any more; subscriptions go on to the end of their
    term, are prolonged in it and not renewed. False: it is there again. A plan keeps at least one period. Of delegated
    copies READ_ONLY_DELEGATED."""


@strawberry.input
class PlanResourceChange:
    """What becomes of the resource with this key; what is left out stays."""

    key: str
    """Which resource."""
    name: str | None = UNSET
    """What customers read; of delegated copies READ_ONLY_DELEGATED."""
    unit: str | None = UNSET
    """One of what; of delegated copies READ_ONLY_DELEGATED."""
    unit_kind: UnitKind | None = UNSET
    """Whether it is counted, or there or not, as from now on ordered; of delegated copies READ_ONLY_DELEGATED."""
    priority: int | None = UNSET
    """Higher ones come first; of delegated copies READ_ONLY_DELEGATED."""
    public: bool | None = UNSET
    """Whether customers may change its quantity; of delegated copies READ_ONLY_DELEGATED."""
    included: Decimal | None = UNSET
    """Units in the plan's own price; of delegated copies READ_ONLY_DELEGATED."""
    minimum: Decimal | None = UNSET
    """The least one may order from now on; of delegated copies READ_ONLY_DELEGATED."""
    maximum: Decimal | None = UNSET
    """The most one may order from now on, null: unlimited, of a BOOLEAN resource 1. Of delegated copies
    READ_ONLY_DELEGATED."""
    fees: FeesChange | None = UNSET
    """Fees for one unit, set by hand: the plan's markup ends."""
    net_cost: FeesChange | None = UNSET
    """What the vendor charges for one unit; own plans only."""


@strawberry.input
class PlanChange:
    """What becomes of a plan. Absent keeps, null clears, a value sets."""

    name: str | None = UNSET
    """What customers read; reaches every copy at every level. Of delegated copies READ_ONLY_DELEGATED."""
    sku: str | None = UNSET
    """The vendor's article number; reaches every copy. Of delegated copies READ_ONLY_DELEGATED."""
    public: bool | None = UNSET
    """Whether customers may order it themselves; this tenant's own choice."""
    description: str | None = UNSET
    """This tenant's own words about it; up to 10,000 characters, line breaks kept."""
    attributes: list[PlanAttributeInput] | None = UNSET
    """This tenant's own notes about it, up to 100, instead of all those before; null: none. Delegated copies have their
    own, which are never synchronized."""
    singleton: bool | None = UNSET
    """Whether an account may have only one subscription of it that is not deleted; this tenant's own choice."""
    fixed_price: bool | None = UNSET
    """Whether a subscription keeps the prices of its order until its next renewal; reaches every copy. Of delegated
    copies READ_ONLY_DELEGATED."""
    billing_type: BillingType | None = UNSET
    """How charges come about; reaches every copy. INVALID_STATE while subscriptions that are not deleted have the plan
    or a copy of it; of delegated copies READ_ONLY_DELEGATED."""
    currency: CurrencyCode | None = UNSET
    """What its prices are in; the numbers stay. Reaches every copy. INVALID_STATE while subscriptions that are not
    deleted have the plan or a copy of it; of delegated copies READ_ONLY_DELEGATED."""
    service_term_id: strawberry.ID | None = UNSET
    """The rules its subscriptions live by: an own term or one from above; reaches every copy. Of delegated copies
    READ_ONLY_DELEGATED."""
    periods: list[PlanPeriodChange] | None = UNSET
    """What becomes of its periods, those not named staying as they are; for their fees see setPrices."""
    resources: list[PlanResourceChange] | None = UNSET
    """What becomes of its resources, those not named staying as they are."""
    new_periods: list[PlanPeriodInput] | None = UNSET
    """Periods besides those it has, behind them; they reach every copy, at the prices of the plan above. A period is
    taken from sale with public: false. Of delegated copies READ_ONLY_DELEGATED."""
    new_resources: list[PlanResourceInput] | None = UNSET
    """Resources besides those it has; they reach every copy, at the prices of the plan above. Of delegated copies
    READ_ONLY_DELEGATED."""


@strawberry.input
class UpdatePlanInput:
    """A change of a plan of the acting tenant."""

    plan_id: strawberry.ID
    """Which plan."""
    if_version: int | None = UNSET
    """Refused with STALE when the plan has another version; left out: whatever it has."""
    change: PlanChange
    """What becomes of it."""


@strawberry.type
class UpdatePlanPayload(Payload):
    """What updatePlan answers."""

    plan: Plan | None
    """The plan as it is now; null when refused."""
    job: Job | None
    """The job that brings the new prices to the levels below, where there are more than 5,000 copies; null: they have
    them."""
    impact: PriceImpact | None
    """With dryRun: what the new prices would do, down the chain and to renewals. Null when no price would change, and
    without prices.upstream.read."""


@strawberry.input
class CopyPlanInput:
    """A new own plan that begins as another one is."""

    plan_id: strawberry.ID
    """An own plan of the acting tenant, active or not; a delegated one is INVALID_STATE."""
    name: str
    """What customers read; up to 200 characters."""
    zero_prices: bool = False
    """True: its prices and net costs are zero; false: those of the other plan. A markup is not copied; where all prices
    and net costs are zero, the tenant's default markup for the product, else for its category, applies."""
    public: bool = False
    """Whether customers may order it themselves."""


@strawberry.type
class CopyPlanPayload(Payload):
    """What copyPlan answers."""

    plan: Plan | None
    """The new plan; null when refused."""


@strawberry.input
class SetPlanLinksInput:
    """Which plans an own plan belongs together with. They hold for copies too, wherever a tenant has both."""

    plan_id: strawberry.ID
    """An own plan of the acting tenant; for a delegated one each list is READ_ONLY_DELEGATED."""
    switchable_plan_ids: list[strawberry.ID] | None = UNSET
    """Plans of the acting tenant to which one may switch from it, in the same currency, up to 100; an empty list: to
    any. Left out: as it is."""
    prerequisite_plan_ids: list[strawberry.ID] | None = UNSET
    """Plans of the acting tenant of which an account needs a subscription before it orders this one, any of them, up to
    100; an empty list: none. Left out: as it is."""


@strawberry.type
class SetPlanLinksPayload(Payload):
    """What setPlanLinks answers."""

    plan: Plan | None
    """The plan as it is now; null when refused."""


@strawberry.input
class DelegatePlanInput:
    """Giving a plan to tenants directly below."""

    plan_id: strawberry.ID
    """An active plan of the acting tenant."""
    tenant_ids: list[strawberry.ID]
    """Tenants directly below, 1 to 500; one that has the plan already is KEY_TAKEN. One from which it was taken back
    has its copy again, at the prices and with the markup it had."""
    markup_percent: Decimal | None = UNSET
    """Automatic markup of new copies, 12.5 meaning 12.5 %: above −100, at most 1000, four decimals. Left out: the
    default markup that each of the tenants has for the product, else for its category. Null, or without a default:
    their prices are set by hand."""


@strawberry.type
class DelegatePlanPayload(Payload):
    """What delegatePlan answers."""

    plans: list[Plan] | None
    """The copies, in the order of tenantIds; null when refused."""


@strawberry.input
class UndelegatePlanInput:
    """Taking a plan back from tenants directly below."""

    plan_id: strawberry.ID
    """A plan of the acting tenant."""
    tenant_ids: list[strawberry.ID]
    """Tenants directly below that have it, 1 to 500."""


@strawberry.type
class UndelegatePlanPayload(Payload):
    """What undelegatePlan answers. Copies become DEACTIVATED_BY_PROVIDER at every level; subscriptions go on and renew
    themselves."""

    plans: list[Plan] | None
    """The copies that were taken back, in the order of tenantIds; null when refused."""


@strawberry.input
class DeactivatePlanInput:
    """The end of a plan's sale."""

    plan_id: strawberry.ID
    """An active plan of the acting tenant."""


@strawberry.type
class DeactivatePlanPayload(Payload):
    """What deactivatePlan answers. Copies below become DEACTIVATED_BY_PROVIDER; subscriptions go on."""

    plan: Plan | None
    """The plan as it is now; null when refused."""


@strawberry.input
class ActivatePlanInput:
    """The sale of a plan goes on."""

    plan_id: strawberry.ID
    """An inactive plan of the acting tenant."""


@strawberry.type
class ActivatePlanPayload(Payload):
    """What activatePlan answers. Copies below that were DEACTIVATED_BY_PROVIDER for it are sold again."""

    plan: Plan | None
    """The plan as it is now; null when refused."""
