"""What is sold: products, service terms, plans with their periods and resources."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, Text, UniqueConstraint, false, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.types import CurrencyCode, Percent, Price, Quantity, choice
from db.words import WITHOUT_WORDS, words_index, words_of
from domain.customers.models import AccountKind, HowDone
from domain.shared.attributes import NO_ATTRIBUTES, no_attributes
from domain.shared.billing_types import BillingType
from domain.shared.periods import PeriodUnit
from tenancy.rows import OF_ANY, Reach, TenantRow, Visibility, by_value, in_order, owned

__all__ = [
    "AcceptedVendor",
    "ExpiredRenewal",
    "Fees",
    "Plan",
    "PlanLink",
    "PlanLinkKind",
    "PlanPeriod",
    "PlanResource",
    "PlanState",
    "Product",
    "ProductCategory",
    "Publication",
    "ServiceTerm",
    "ServiceTermAccountType",
    "UnitKind",
]


class PlanLinkKind(StrEnum):
    """What one plan is to another."""

    SWITCHABLE = "SWITCHABLE"
    """One may switch to it."""
    PREREQUISITE = "PREREQUISITE"
    """One needs it, or another prerequisite, first."""


class PlanState(StrEnum):
    """Whether a plan is sold."""

    ACTIVE = "ACTIVE"
    """It can be ordered and delegated."""
    INACTIVE = "INACTIVE"
    """This tenant stopped selling it; subscriptions go on."""
    DEACTIVATED_BY_PROVIDER = "DEACTIVATED_BY_PROVIDER"
    """The tenant above stopped selling it."""


class UnitKind(StrEnum):
    """What a resource is measured in."""

    UNIT = "UNIT"
    """Counted: as many as its minimum and maximum allow."""
    BOOLEAN = "BOOLEAN"
    """There or not: 1 or 0."""


class AcceptedVendor(TenantRow, Base):
    """A vendor from whom a distributor takes what it publishes."""

    __tablename__ = "accepted_vendors"

    vendor_number: Mapped[str]
    """The number of a root; nothing says whether there is one."""

    __table_args__ = owned(UniqueConstraint("distributor_id", "vendor_number", name="uq_accepted_vendors_number"))


class ExpiredRenewal(StrEnum):
    """From when a renewal after expiration counts."""

    CONSTANT = "CONSTANT"
    """From the old expiration: the cycle stays."""
    SHIFTED = "SHIFTED"
    """From the day of renewal: a full term."""


class Product(TenantRow, Base):
    """What a vendor makes; plans sell it."""

    __tablename__ = "products"

    key: Mapped[str]
    """The vendor's own id; unique in the tenant."""
    name: Mapped[str]
    vendor: Mapped[str]
    category_id: Mapped[UUID | None]
    source_id: Mapped[UUID | None] = mapped_column(info=OF_ANY)
    """The vendor's product that this one was published from, of another root; null: the tenant's own."""
    receives_prices: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether net costs of its plans follow the vendor's prices."""
    order_attributes: Mapped[dict[str, Any]] = mapped_column(default=no_attributes, server_default=NO_ATTRIBUTES)
    """What it wants to know with an order: see `domain.catalog.order_attributes`."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "key", name="uq_products_key"),
        UniqueConstraint("distributor_id", "source_id", name="uq_products_source"),
        category_id="product_categories",
    )


class ProductCategory(TenantRow, Base):
    """Where products stand, the same for everybody by its key."""

    __tablename__ = "product_categories"

    key: Mapped[str]
    """`[a-z0-9_]+`, unique in the tenant; what comes from a vendor finds its place by it."""
    name: Mapped[str]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "key", name="uq_product_categories_key"),
        CheckConstraint("key ~ '^[a-z0-9_]+$'", name="key_is_plain"),
    )


class Publication(TenantRow, Base):
    """A distributor that a vendor chose for a product."""

    __tablename__ = "publications"

    product_id: Mapped[UUID]
    taker_id: Mapped[UUID] = mapped_column(info=OF_ANY)
    """The distributor, another root."""
    taker_number: Mapped[str]
    """Its number, which is what the vendor knows it by."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "product_id", "taker_id", name="uq_publications_taker"),
        product_id="products",
    )


class ServiceTerm(TenantRow, Base):
    """A named set of rules for plans; everybody below the owner uses it read-only."""

    __tablename__ = "service_terms"
    __visibility__ = Visibility.INHERITED
    __customers__ = (Reach.OF_ITS_SELLERS_CHAIN,)

    source_id: Mapped[UUID | None] = mapped_column(info=OF_ANY)
    """The vendor's term that this one was made from, of another root, and follows; null: the tenant's own."""
    name: Mapped[str]
    key: Mapped[str]
    """`[a-z0-9_]+`, one meaning along the chain."""
    billing_day: Mapped[int]
    """1 to 31; in a shorter month its last day."""
    auto_renew_point_days: Mapped[int] = mapped_column(default=0)
    manual_renew_point_days: Mapped[int] = mapped_column(default=-1)
    manual_switch_point_days: Mapped[int] = mapped_column(default=-1, server_default=text("'-1'::integer"))
    """Days before expiration from which one may switch by hand; -1: always, 0: never."""
    grace_period_days: Mapped[int] = mapped_column(default=0)
    grace_on_prolongation: Mapped[bool] = mapped_column(default=False)
    stop_period_days: Mapped[int] = mapped_column(default=30)
    deletion_window_days: Mapped[int] = mapped_column(default=0)
    expired_renewal: Mapped[ExpiredRenewal] = mapped_column(choice(ExpiredRenewal), default=ExpiredRenewal.CONSTANT)
    stop: Mapped[HowDone] = mapped_column(
        choice(HowDone, name="stop"), default=HowDone.AUTOMATIC, server_default="AUTOMATIC"
    )
    """Whether stopping a subscription waits for a manager."""
    delete: Mapped[HowDone] = mapped_column(
        choice(HowDone, name="delete"), default=HowDone.AUTOMATIC, server_default="AUTOMATIC"
    )
    """Whether deleting a subscription waits for a manager."""
    provisioning: Mapped[HowDone] = mapped_column(
        choice(HowDone, name="provisioning"), default=HowDone.AUTOMATIC, server_default="AUTOMATIC"
    )
    """Whether services are set up at once, or when somebody says that the vendor has done it."""
    account_kinds: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=lambda: list(AccountKind), server_default="{PERSONAL,BUSINESS,CUSTOM}"
    )
    """Which accounts may order; of CUSTOM ones those of the types that `service_term_account_types` names, if any."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "key", name="uq_service_terms_key"),
        Index("ix_service_terms_path", "distributor_id", "tenant_path", "id"),
        CheckConstraint("cardinality(account_kinds) > 0", name="somebody_may_order"),
        CheckConstraint("billing_day BETWEEN 1 AND 31", name="billing_day_is_a_day"),
        CheckConstraint("key ~ '^[a-z0-9_]+$'", name="key_is_plain"),
    )


class ServiceTermAccountType(TenantRow, Base):
    """A type of CUSTOM accounts that may order what has the service term."""

    __tablename__ = "service_term_account_types"
    __visibility__ = Visibility.INHERITED

    service_term_id: Mapped[UUID]
    account_type_id: Mapped[UUID]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "service_term_id", "account_type_id", name="uq_service_term_account_types"),
        service_term_id="service_terms",
        account_type_id="account_types",
    )


class Plan(TenantRow, Base):
    """What one tenant sells: its own, or a copy delegated from the tenant above."""

    __tablename__ = "plans"
    __customers__ = (Reach.OF_ITS_SELLER,)

    number: Mapped[str]
    name: Mapped[str]
    sku: Mapped[str | None]
    description: Mapped[str | None]
    state: Mapped[PlanState] = mapped_column(choice(PlanState), default=PlanState.ACTIVE)
    public: Mapped[bool] = mapped_column(default=True)
    billing_type: Mapped[BillingType] = mapped_column(choice(BillingType))
    fixed_price: Mapped[bool] = mapped_column(default=False)
    free_period: Mapped[bool] = mapped_column(default=False)
    price_protection_months: Mapped[int] = mapped_column(default=0)
    singleton: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether an account may have only one subscription of it that is not deleted."""
    expired_renewal: Mapped[ExpiredRenewal | None] = mapped_column(choice(ExpiredRenewal))
    """Overrides the service term's; null: the term's."""
    currency: Mapped[str] = mapped_column(CurrencyCode)
    service_term_id: Mapped[UUID]
    product_id: Mapped[UUID | None]
    """Of own plans; a copy finds it at its origin."""
    order_attributes: Mapped[dict[str, Any]] = mapped_column(default=no_attributes, server_default=NO_ATTRIBUTES)
    """Those of its product, also where that is not seen."""
    attributes: Mapped[list[dict[str, str]]] = mapped_column(JSONB, default=list, server_default=text("'[]'::jsonb"))
    """The tenant's own notes: `key`, unique in the plan, and `value`."""
    source_id: Mapped[UUID | None] = mapped_column(info=OF_ANY)
    """The vendor's plan that this one was published from, of another root; null: no vendor did."""
    parent_id: Mapped[UUID | None]
    """The plan one level up it was delegated from; null for an own plan."""
    origin_id: Mapped[UUID]
    """The own plan at the top of the delegations; itself for an own plan."""
    undelegated_at: Mapped[datetime | None]
    """When the tenant above took the copy back; it is not sold any more. Null: it is delegated, or an own plan."""
    markup_percent: Mapped[Decimal | None] = mapped_column(Percent)
    """Price = net cost × (100 + markup) / 100 when set; null: prices are set by hand."""
    net_cost_changed_at: Mapped[datetime | None]
    """When a net cost last changed; null: not since the plan came to be."""
    prices_to_review: Mapped[bool] = mapped_column(default=False, server_default=false())
    """A net cost has changed since prices were last set by hand."""
    version: Mapped[int] = mapped_column(default=1)
    """Rises with every change of the row, its periods or its resources."""
    synchronized_version: Mapped[int] = mapped_column(default=1)
    """The origin's version that this copy's synchronized fields show; equal to `version` at the origin."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "number", name="uq_plans_number"),
        Index("uq_plans_delegation", "distributor_id", "parent_id", "tenant_id", unique=True),
        UniqueConstraint("distributor_id", "source_id", name="uq_plans_source"),
        Index("ix_plans_origin", "distributor_id", "origin_id"),
        Index("ix_plans_parent", "distributor_id", "parent_id", "id"),
        *in_order("plans", "id", "number", "name"),
        *by_value("plans", "sku", "state", "billing_type", "updated_at"),
        words_of("number", "name", "sku"),
        words_index("plans"),
        CheckConstraint("(parent_id IS NULL) = (origin_id = id)", name="an_own_plan_is_its_origin"),
        CheckConstraint(
            "undelegated_at IS NULL OR (parent_id IS NOT NULL AND state <> 'ACTIVE')",
            name="what_is_taken_back_is_not_sold",
        ),
        CheckConstraint("markup_percent > -100", name="markup_leaves_a_price"),
        service_term_id="service_terms",
        product_id="products",
        parent_id="plans",
        origin_id="plans",
    )
    __mapper_args__ = WITHOUT_WORDS


class PlanLink(TenantRow, Base):
    """A plan that another belongs to; both are origins, and copies of both are linked wherever a tenant has them."""

    __tablename__ = "plan_links"
    __visibility__ = Visibility.INHERITED

    plan_id: Mapped[UUID]
    kind: Mapped[PlanLinkKind] = mapped_column(choice(PlanLinkKind))
    target_id: Mapped[UUID]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "plan_id", "kind", "target_id", name="uq_plan_links"),
        plan_id="plans",
        target_id="plans",
    )


class Fees:
    """One unit's fees at this tenant, and what the tenant above (at the origin: the vendor) takes for them."""

    setup: Mapped[Decimal] = mapped_column(Price, default=Decimal(0))
    recurring_per_month: Mapped[Decimal] = mapped_column(Price, default=Decimal(0))
    renewal: Mapped[Decimal] = mapped_column(Price, default=Decimal(0))
    transfer: Mapped[Decimal] = mapped_column(Price, default=Decimal(0), server_default=text("0"))
    """For a subscription that comes from elsewhere; of periods only."""
    overuse: Mapped[Decimal] = mapped_column(Price, default=Decimal(0), server_default=text("0"))
    """For a unit used beyond those ordered; of resources only."""
    net_setup: Mapped[Decimal] = mapped_column(Price, default=Decimal(0))
    net_recurring_per_month: Mapped[Decimal] = mapped_column(Price, default=Decimal(0))
    net_renewal: Mapped[Decimal] = mapped_column(Price, default=Decimal(0))
    net_transfer: Mapped[Decimal] = mapped_column(Price, default=Decimal(0), server_default=text("0"))
    net_overuse: Mapped[Decimal] = mapped_column(Price, default=Decimal(0), server_default=text("0"))


class PlanPeriod(Fees, TenantRow, Base):
    """How long one may subscribe to a plan, and the plan's own fees for it."""

    __tablename__ = "plan_periods"
    __customers__ = (Reach.OF_ITS_SELLER,)

    plan_id: Mapped[UUID]
    key: Mapped[str]
    """The same in every copy of the plan, such as `1_YEAR` or `ENDLESS_TRIAL`."""
    position: Mapped[int]
    duration: Mapped[int | None]
    """Null: endless."""
    unit: Mapped[PeriodUnit] = mapped_column(choice(PeriodUnit))
    trial: Mapped[bool] = mapped_column(default=False)
    public: Mapped[bool] = mapped_column(default=True)
    removed_at: Mapped[datetime | None]
    """When the origin's tenant took it from the plan: nobody orders it, subscriptions go on and are not renewed."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "plan_id", "key", name="uq_plan_periods_key"),
        CheckConstraint("(duration IS NULL) = (unit = 'ENDLESS')", name="only_endless_has_no_duration"),
        CheckConstraint("duration > 0", name="duration_is_positive"),
        plan_id="plans",
    )


class PlanResource(Fees, TenantRow, Base):
    """What is counted in a plan: licences, gigabytes."""

    __tablename__ = "plan_resources"
    __customers__ = (Reach.OF_ITS_SELLER,)

    plan_id: Mapped[UUID]
    key: Mapped[str]
    """The same in every copy of the plan."""
    name: Mapped[str]
    unit: Mapped[str]
    unit_kind: Mapped[UnitKind] = mapped_column(choice(UnitKind), default=UnitKind.UNIT, server_default="UNIT")
    priority: Mapped[int] = mapped_column(default=0)
    """Highest first in every list."""
    public: Mapped[bool] = mapped_column(default=True)
    included: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    minimum: Mapped[Decimal] = mapped_column(Quantity, default=Decimal(0))
    """Counts from zero, included ones counted."""
    maximum: Mapped[Decimal | None] = mapped_column(Quantity)
    """Null: unlimited."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "plan_id", "key", name="uq_plan_resources_key"),
        CheckConstraint("included >= 0 AND minimum >= 0", name="counts_from_zero"),
        CheckConstraint("maximum >= minimum", name="maximum_not_below_minimum"),
        CheckConstraint(
            "unit_kind <> 'BOOLEAN' OR (maximum IS NOT NULL AND maximum <= 1 AND included <= 1)",
            name="boolean_is_0_or_1",
        ),
        plan_id="plans",
    )
