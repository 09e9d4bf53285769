"""What is sold."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from sqlalchemy import Text, exists, func, literal, select
from strawberry import UNSET

from domain.catalog import models
from domain.pricing import models as pricing
from resolvers.reading import (
    Connection,
    Node,
    column,
    document,
    filters,
    identifier,
    inline,
    listing,
    part,
    public_id,
    reads,
    related,
    sorts,
    sql,
)
from schema.common import BillingTypeFilter, DateTimeFilter, IDFilter, PlanStateFilter, StringFilter
from schema.enums import (
    BillingType,
    Direction,
    PeriodUnit,
    PlanState,
    UnitKind,
    closed,
)
from schema.order_attributes import OrderAttributes
from schema.price_lists import PriceVersionFilter
from schema.products import Product, ServiceTerm
from schema.references import TenantRef
from schema.scalars import CurrencyCode
from tenancy.permissions import Permission

if TYPE_CHECKING:
    from schema.prices import PlannedPrice, PriceVersion

__all__ = [
    "Plan",
    "PlanFilter",
    "PlanPeriod",
    "PlanRef",
    "PlanResource",
    "PlanSort",
    "PlanSortField",
    "Prices",
    "UpstreamPrices",
]


def _of_plan(attribute: str) -> Callable[[Any], Any]:
    """A column of the plan that a period or resource belongs to."""

    def of(row: Any) -> Any:
        plan = models.Plan.__table__.alias()
        return (
            select(plan.c[attribute])
            .where(plan.c.distributor_id == row.distributor_id, plan.c.id == row.plan_id)
            .scalar_subquery()
        )

    return of


@strawberry.type
class UpstreamPrices:
    """Net costs, fee by fee, in the currency beside; what the tenant above charges, at the plan's origin the vendor.

    Before reseller discounts.
    """

    setup: Decimal = column("net_setup")
    """Once, at the start."""
    recurring_per_month: Decimal = column("net_recurring_per_month")
    """A month."""
    renewal: Decimal = column("net_renewal")
    """Once, at a renewal."""
    transfer: Decimal = column("net_transfer")
    """Once, for a subscription that comes from elsewhere; of periods."""
    overuse: Decimal = column("net_overuse")
    """For a unit used beyond those ordered; of resources."""
    margin: Decimal = sql(lambda row: row.recurring_per_month - row.net_recurring_per_month)
    """What is earned on the recurring fee a month: price minus net cost."""
    markup_percent: Decimal | None = sql(_of_plan("markup_percent"))
    """How prices follow net costs, 12.5 meaning 12.5 %; null: they are set by hand."""


@strawberry.type
class Prices:
    """One unit's fees at this tenant, in `currency`."""

    currency: CurrencyCode = sql(_of_plan("currency"))
    """The plan's currency."""
    setup: Decimal = column("setup")
    """Once, at the start."""
    recurring_per_month: Decimal = column("recurring_per_month")
    """A month; parts of a month are counted by days."""
    renewal: Decimal = column("renewal")
    """Once, at a renewal."""
    transfer: Decimal = column("transfer")
    """Once, for a subscription that comes from elsewhere; of periods, else zero."""
    overuse: Decimal = column("overuse")
    """For a unit used beyond those ordered; of resources, else zero."""
    upstream: UpstreamPrices | None = inline(needs=Permission.PRICES_UPSTREAM_READ)
    """What this tenant pays for it; null, with a FORBIDDEN error, for whoever may not see it."""


@strawberry.type
@reads(models.PlanPeriod, "per", needs=Permission.CATALOG_READ)
class PlanPeriod(Node):
    """How long one may subscribe to a plan, and the plan's own fees for it."""

    key: str = column(models.PlanPeriod.key)
    """What programs call it, such as 1_YEAR or ENDLESS; the same at every level of the chain."""
    duration: int | None = column(models.PlanPeriod.duration)
    """How many units; null: endless."""
    unit: PeriodUnit = column(models.PlanPeriod.unit)
    """What the duration is counted in."""
    trial: bool = column(models.PlanPeriod.trial)
    """Free, to try."""
    public: bool = column(models.PlanPeriod.public)
    """Whether customers may choose it themselves."""
    removed_at: datetime | None = column(models.PlanPeriod.removed_at)
    """When it was removed: subscriptions go on to the end of their term and are not renewed. Null: it was not."""
    prices: Prices = inline()
    """The plan's own fees, besides its resources'."""


@strawberry.type
@reads(models.PlanResource, "res", needs=Permission.CATALOG_READ)
class PlanResource(Node):
    """What is counted in a plan: licences, gigabytes."""

    name: str = column(models.PlanResource.name)
    """What customers read; the same at every level of the chain."""
    key: str = column(models.PlanResource.key)
    """What programs call it; the same at every level of the chain."""
    unit: str = column(models.PlanResource.unit)
    """One of what, such as license."""
    unit_kind: UnitKind = column(models.PlanResource.unit_kind)
    """Whether it is counted, or there or not."""
    priority: int = column(models.PlanResource.priority)
    """Higher ones come first in every list."""
    public: bool = column(models.PlanResource.public)
    """Whether customers may change its quantity themselves."""
    included: Decimal = column(models.PlanResource.included)
    """Units in the plan's own price; only more are charged."""
    minimum: Decimal = column(models.PlanResource.minimum)
    """The least one may order, counted from zero, included ones counted."""
    maximum: Decimal | None = column(models.PlanResource.maximum)
    """The most one may order; null: unlimited."""
    prices: Prices = inline()
    """Fees for one unit."""


@strawberry.type
class PlanAttribute:
    """A note of a tenant about its plan, for its own programs and people."""

    key: str = part()
    """What it is called; unique in the plan."""
    value: str = part()
    """Up to 500 characters."""


@strawberry.type
@reads(models.Plan)
class PlanRef:
    """The upstream plan that a plan was delegated from; its row is not yours to read, unless you are upstream."""

    name: str = column(models.Plan.name)
    """Its name as last synchronized."""
    plan_id: strawberry.ID = identifier(models.Plan.parent_id, "pln")
    """Its id, also where you may not open it."""
    plan: Annotated["Plan", strawberry.lazy("schema.catalog")] | None = related(models.Plan.parent_id)
    """The plan itself; null when it is above you."""


def _linked(kind: models.PlanLinkKind) -> Callable[[Any], Any]:
    """Ids of the tenant's plans whose origins the plan's origin is linked with."""

    def of(row: Any) -> Any:
        link, other = models.PlanLink.__table__.alias(), models.Plan.__table__.alias()
        ids = (
            select(public_id("pln", other.c.id))
            .select_from(
                link.join(
                    other,
                    (other.c.distributor_id == link.c.distributor_id) & (other.c.origin_id == link.c.target_id),
                )
            )
            .where(
                link.c.distributor_id == row.distributor_id,
                link.c.plan_id == row.origin_id,
                link.c.kind == literal(kind.value, Text()),
                other.c.tenant_path == row.tenant_path,
            )
            .order_by(link.c.id)
        )
        return func.to_json(func.array(ids.scalar_subquery()))

    return of


def _at_a_loss(row: Any) -> Any:
    entry = pricing.PriceListEntry.__table__.alias()
    return exists().where(
        entry.c.distributor_id == row.distributor_id, entry.c.plan_id == row.id, entry.c.margin < literal(0)
    )


@strawberry.type
@reads(models.Plan, "pln", needs=Permission.CATALOG_READ)
class Plan(Node):
    """What is sold, at one tenant: its own, or a copy delegated from the tenant above."""

    number: str = column(models.Plan.number)
    """What people call it by, such as PL000017; unique at its tenant, rising by creation."""
    name: str = column(models.Plan.name)
    """What customers read; the same at every level of the chain."""
    sku: str | None = column(models.Plan.sku)
    """The vendor's article number; the same at every level of the chain."""
    description: str | None = column(models.Plan.description)
    """This tenant's own words about it."""
    state: PlanState = column(models.Plan.state)
    """Whether it is sold."""
    public: bool = column(models.Plan.public)
    """Whether customers may order it themselves."""
    billing_type: BillingType = column(models.Plan.billing_type)
    """How its subscriptions' charges come about."""
    fixed_price: bool = column(models.Plan.fixed_price)
    """True: a subscription keeps the prices of its order until its next renewal."""
    singleton: bool = column(models.Plan.singleton)
    """Whether an account may have only one subscription of it that is not deleted."""
    switchable_plan_ids: list[strawberry.ID] = sql(_linked(models.PlanLinkKind.SWITCHABLE))
    """The same tenant's plans to which one may switch; empty: to any."""
    prerequisite_plan_ids: list[strawberry.ID] = sql(_linked(models.PlanLinkKind.PREREQUISITE))
    """The same tenant's plans of which an account needs a subscription first, any of them; empty: none."""
    currency: CurrencyCode = column(models.Plan.currency)
    """What its prices are in, at every level."""
    tenant: TenantRef = related(models.Plan.tenant_id)
    """The tenant that sells it."""
    product: Product | None = related(models.Plan.product_id, needs=Permission.CATALOG_READ)
    """What it sells; null where that was not said, and for delegated plans."""
    order_attributes: OrderAttributes = document(models.Plan.order_attributes)
    """What its product wants to know with an order; the same at every level of the chain."""
    attributes: list[PlanAttribute] | None = document(models.Plan.attributes, needs=Permission.CATALOG_READ)
    """This tenant's own notes about it, in the order they were given; no copy gets them."""
    received: bool = sql(lambda row: row.source_id.is_not(None))
    """True: a vendor published it here; what the vendor says of it is READ_ONLY_DELEGATED."""
    service_term: ServiceTerm = related(models.Plan.service_term_id)
    """The rules its subscriptions live by."""
    parent: PlanRef | None = inline(when=lambda row: row.parent_id.is_not(None))
    """The upstream plan this one was delegated from; null for an own plan."""
    periods: list[PlanPeriod] = related(
        models.PlanPeriod.plan_id,
        order=(models.PlanPeriod.position,),
        where=lambda row: row.removed_at.is_(None),
    )
    """How long one may subscribe, in the order they were given; without those that were removed."""
    resources: list[PlanResource] = related(
        models.PlanResource.plan_id,
        order=(models.PlanResource.priority.desc(), models.PlanResource.name, models.PlanResource.id),
    )
    """By priority, highest first, then by name."""
    delegations: Connection[Annotated["Plan", strawberry.lazy("schema.catalog")]] | None = listing(
        models.Plan.parent_id, needs=Permission.CATALOG_READ
    )
    """Delegated copies one level down, newest first."""
    net_cost_changed_at: datetime | None = column(
        models.Plan.net_cost_changed_at, needs=Permission.PRICES_UPSTREAM_READ
    )
    """When a net cost last changed, on the distributor's clock; null: not since the plan came to be."""
    prices_to_review: bool | None = column(models.Plan.prices_to_review, needs=Permission.PRICES_UPSTREAM_READ)
    """True: prices are set by hand, and a net cost has changed since. setPrices and setMarkup end it."""
    at_a_loss: bool | None = sql(_at_a_loss, needs=Permission.PRICES_UPSTREAM_READ)
    """Whether some line of the price list costs more than it brings: see priceList with margin below zero."""
    price_history: Connection[Annotated["PriceVersion", strawberry.lazy("schema.prices")]] | None = listing(
        pricing.PriceVersion.plan_id,
        filter=PriceVersionFilter,
        default_sort=(pricing.PriceVersion.valid_from.desc(),),
        needs=Permission.CATALOG_READ,
    )
    """What its periods and resources cost from when to when, the newest first."""
    prices_planned: Connection[Annotated["PlannedPrice", strawberry.lazy("schema.prices")]] | None = listing(
        pricing.PlannedPrice.plan_id, default_sort=(pricing.PlannedPrice.valid_from,), needs=Permission.CATALOG_READ
    )
    """What is to become of its prices or of its markup, the next day first; see validFrom in setPrices."""
    undelegated_at: datetime | None = column(models.Plan.undelegated_at)
    """When the tenant above took this copy back, on the distributor's clock; null: it did not, or the plan is own."""
    created_at: datetime = column(models.Plan.created_at)
    """When it was created, on the distributor's clock."""
    updated_at: datetime = column(models.Plan.updated_at)
    """The last change of the plan, its periods, resources or prices, on the distributor's clock."""
    version: int = column(models.Plan.version)
    """Rises with every change; see ifVersion."""


@strawberry.input
@filters(models.Plan)
class PlanFilter:
    """Which plans a list shows. All given fields must hold."""

    id: IDFilter | None = UNSET
    """By id."""
    name: StringFilter | None = UNSET
    """By name."""
    sku: StringFilter | None = UNSET
    """By article number."""
    state: PlanStateFilter | None = UNSET
    """By state."""
    billing_type: BillingTypeFilter | None = UNSET
    """By billing type."""
    updated_at: DateTimeFilter | None = UNSET
    """By last change."""
    and_: list["PlanFilter"] | None = strawberry.field(name="and", default=UNSET)
    """All of these hold."""
    or_: list["PlanFilter"] | None = strawberry.field(name="or", default=UNSET)
    """At least one of these holds; an empty list matches nothing."""
    not_: "PlanFilter | None" = strawberry.field(name="not", default=UNSET)
    """This does not hold."""


@closed
class PlanSortField(StrEnum):
    """What plans may be sorted by."""

    NUMBER = "NUMBER"
    """By number, which is by creation."""
    NAME = "NAME"
    """By name, letter by letter."""


@strawberry.input
@sorts(models.Plan)
class PlanSort:
    """One key of an order; later keys decide between equals."""

    field: PlanSortField
    """What to compare."""
    direction: Direction = Direction.ASC
    """Which end comes first."""
