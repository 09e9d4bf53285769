"""What was bought."""

from datetime import date, datetime
from datetime import date as Date  # noqa: N812 - a field is called `date` here
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy import case, func
from sqlalchemy.dialects.postgresql import JSONB

from domain.billing.models import Charge as ChargeRow
from domain.billing.plain_words import billing_in_words
from domain.ordering.models import Order as OrderRow
from domain.shared.billing_types import BillingType as BillingTypes
from domain.subscriptions import models
from resolvers.reading import (
    Connection,
    Node,
    column,
    document,
    listing,
    money,
    part,
    price,
    python,
    reads,
    related,
    sql,
)
from schema.accounts import Account
from schema.catalog import Plan, PlanPeriod
from schema.charge_lists import ChargeFilter, ChargeSort
from schema.common import Money
from schema.enums import BillingType, RenewalPrice, SubscriptionPhase, SubscriptionState
from schema.order_attributes import OrderAttributeValues
from schema.references import TenantRef
from schema.subscription_lists import phase_of
from schema.waterfall import Waterfall
from tenancy.permissions import Permission

if TYPE_CHECKING:
    from schema.charges import Charge
    from schema.confirmations import ManualOperation
    from schema.orders import Order

__all__ = ["NextCharge", "ServiceSubscription", "SubscriptionResource", "VendorAttribute"]


@strawberry.type
@reads(models.SubscriptionResource, "sre", needs=Permission.SUBSCRIPTIONS_READ)
class SubscriptionResource(Node):
    """How much of one resource a subscription has."""

    name: str = column(models.SubscriptionResource.name)
    """What customers read; the same at every level of the chain."""
    key: str = column(models.SubscriptionResource.key)
    """What programs call it."""
    quantity: Decimal = column(models.SubscriptionResource.quantity)
    """Units, counted from zero, included ones counted."""
    included: Decimal = column(models.SubscriptionResource.included)
    """Units that are free of charge."""
    used: Decimal | None = column(models.SubscriptionResource.used)
    """Units in use at the vendor, below which the quantity does not fall; null: the vendor has not said."""
    unit_price: Money = price(models.SubscriptionResource.unit_price, models.SubscriptionResource.currency)
    """One unit's fee a month, as of the last order; up to four decimals."""
    individual_price: Money | None = price(
        models.SubscriptionResource.individual_price, models.SubscriptionResource.currency
    )
    """One unit's fee a month as agreed with the customer; null: the plan's counts."""


@strawberry.type
class NextCharge:
    """What a subscription is charged next."""

    amount: Money = part()
    """How much."""
    date: Date = part()
    """By when an order that waits has to be paid; of the next period, its first day."""
    estimated: bool = part()
    """Whether it is computed from the prices and quantities of now, before discounts; false once it is ordered."""


@strawberry.type
@reads(models.VendorAttribute)
class VendorAttribute:
    """Something that the vendor of a service calls it by or hands out with it."""

    key: str = column(models.VendorAttribute.key)
    """What it is, such as tenant-id or activation-code; unique in the subscription."""
    value: str = column(models.VendorAttribute.value)
    """Up to 500 characters."""


@strawberry.type
@reads(models.ServiceSubscription, "sub", list_name="Subscription", needs=Permission.SUBSCRIPTIONS_READ)
class ServiceSubscription(Node):
    """A customer's subscription. Not named Subscription: that is GraphQL's own root type."""

    number: str = column(models.ServiceSubscription.number)
    """What people call it by, such as SU000017; unique at its tenant, rising by creation."""
    name: str = column(models.ServiceSubscription.name)
    """The customer's name for it, at first the plan's."""
    state: SubscriptionState = column(models.ServiceSubscription.state)
    """Where it is in its life, in full detail; new states may come."""
    phase: SubscriptionPhase = sql(phase_of)
    """The same in five words that never change."""
    account: Account = related(models.ServiceSubscription.account_id)
    """Who bought it."""
    plan: Plan = related(models.ServiceSubscription.plan_id)
    """What was bought."""
    plan_period: PlanPeriod = related(models.ServiceSubscription.plan_period_id)
    """For how long."""
    tenant: TenantRef = related(models.ServiceSubscription.tenant_id)
    """The tenant that sells it."""
    billing_type: BillingType = column(models.ServiceSubscription.billing_type)
    """How its charges come about."""
    trial: bool = column(models.ServiceSubscription.trial)
    """Free, to try."""
    endless: bool = column(models.ServiceSubscription.endless)
    """Without a term: it goes on until it is stopped."""
    auto_renew: bool = column(models.ServiceSubscription.auto_renew)
    """Whether the next order is made by itself when the time comes."""
    started_on: date | None = column(models.ServiceSubscription.started_on)
    """The day its first order completed; null before."""
    paid_to: date | None = column(models.ServiceSubscription.paid_to)
    """Paid to this day, exclusive: the next payment covers from here. Null before it starts."""
    expires_on: date | None = column(models.ServiceSubscription.expires_on)
    """Last day of the term, inclusive; null when endless or not started."""
    days_left: int | None = sql(lambda row: row.expires_on - func.app_today(row.distributor_id) + 1)
    """Days of the term that are left, today among them: 1 on the last day, 0 or less after it. Null when endless or not
    started."""
    resources: list[SubscriptionResource] = related(
        models.SubscriptionResource.subscription_id,
        order=(
            models.SubscriptionResource.priority.desc(),
            models.SubscriptionResource.name,
        ),
    )
    """By priority, highest first, then by name."""
    vendor_attributes: list[VendorAttribute] = related(
        models.VendorAttribute.subscription_id, order=(models.VendorAttribute.key,)
    )
    """What the vendor calls it by and hands out with it, by key."""
    attributes: OrderAttributeValues = document(models.ServiceSubscription.attributes)
    """What the order that led to its plan told of what the product wanted to know."""
    manual_operations: list[Annotated["ManualOperation", strawberry.lazy("schema.confirmations")]] = related(
        models.ManualOperation.subscription_id, order=(models.ManualOperation.id.desc(),)
    )
    """Stops and deletions that a manager had or has to agree to, newest first."""
    charges: Connection[Annotated["Charge", strawberry.lazy("schema.charges")]] | None = listing(
        ChargeRow.subscription_id, filter=ChargeFilter, sort=ChargeSort, needs=Permission.CHARGES_READ
    )
    """What it has cost and costs, newest first unless sorted."""
    orders: Connection[Annotated["Order", strawberry.lazy("schema.orders")]] | None = listing(
        OrderRow.subscription_id, needs=Permission.SUBSCRIPTIONS_READ
    )
    """What was ordered for it, newest first."""
    cost_now: Money | None = money(
        lambda row: func.app_cost_now(row.distributor_id, row.id),
        models.ServiceSubscription.currency,
        needs=Permission.CHARGES_READ,
    )
    """What the billing period that runs now costs so far, discounts taken off: reserved or written off."""
    next_charge: NextCharge | None = document(
        # In a CASE: functions are taken never to answer null. A subquery would bring the table along where its row
        # stands outside the statement, as in a payload.
        lambda row: case((row.id.is_not(None), func.app_next_charge(row.distributor_id, row.id, type_=JSONB()))),
        needs=Permission.CHARGES_READ,
    )
    """What is to be paid next, and when: an order that waits, else what the next period will cost at the prices of now.
    Null when nothing will be charged by itself: stopped, ended, or at the end of a term that is not renewed."""
    consumed: Money | None = money(
        lambda row: case((row.id.is_not(None), func.app_consumed(row.distributor_id, row.id))),
        models.ServiceSubscription.currency,
        needs=Permission.CHARGES_READ,
    )
    """Of a postpaid account: what is reserved for it and not written off yet. Null for a prepaid one."""
    billing_explanation: str = python(
        lambda type_, day: billing_in_words(BillingTypes(type_), day),
        models.ServiceSubscription.billing_type,
        models.ServiceSubscription.billing_day,
    )
    """How its charges come about, for whoever pays them, in the language of Accept-Language."""
    waterfall: Waterfall | None = document(
        lambda row: func.app_waterfall(row.distributor_id, row.id, row.currency, type_=JSONB()),
        needs=Permission.CHARGES_READ,
    )
    """What each level of the chain has received, owed and kept of it, from the seller up to your own tenant."""
    created_at: datetime = column(models.ServiceSubscription.created_at)
    """When it was created, on the distributor's clock."""
    updated_at: datetime = column(models.ServiceSubscription.updated_at)
    """The last change, on the distributor's clock."""
    external_id: str | None = column(models.ServiceSubscription.external_id)
    """The client's own id for it; nothing checks that it is used once."""
    renewal_price: RenewalPrice | None = column(models.ServiceSubscription.renewal_price)
    """What becomes of its individual prices at a renewal; null: it was ordered without any."""
    version: int = column(models.ServiceSubscription.version)
    """Rises with every change of the subscription; for `ifVersion`."""
