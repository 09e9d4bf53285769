"""What was asked for, and the money for it."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from sqlalchemy import and_, func, select
from strawberry import UNSET

from domain.billing.models import Charge as ChargeRow
from domain.billing.plain_words import order_in_words, top_up_in_words
from domain.catalog.models import Plan as PlanRow
from domain.ordering import models
from domain.payments import models as payments
from domain.subscriptions.models import ServiceSubscription as SubscriptionRow
from resolvers.reading import Node, column, document, filters, money, period, python, reads, related, sorts, sql
from schema.accounts import Account
from schema.catalog import Plan
from schema.common import (
    DateFilter,
    DateTimeFilter,
    IDFilter,
    Money,
    OrderStateFilter,
    PaymentStateFilter,
    Period,
    StringFilter,
)
from schema.enums import Direction, OrderState, OrderType, PaymentPurpose, PaymentState, closed
from schema.order_attributes import OrderAttributeValues
from schema.references import TenantRef

if TYPE_CHECKING:
    from schema.charges import Charge
    from schema.subscriptions import ServiceSubscription
from tenancy.permissions import Permission

__all__ = [
    "Order",
    "OrderFilter",
    "OrderSort",
    "OrderSortField",
    "Payment",
    "PaymentFilter",
    "PaymentSort",
    "PaymentSortField",
]


def _plan_name(order: Any) -> Any:
    """The plan of an order's subscription; of a switch, the one it leads to."""
    subscription, plan = SubscriptionRow.__table__.alias(), PlanRow.__table__.alias()
    return (
        select(plan.c.name)
        .select_from(subscription)
        .join(
            plan,
            and_(
                plan.c.distributor_id == order.distributor_id,
                plan.c.id == func.coalesce(order.plan_id, subscription.c.plan_id),
            ),
        )
        .where(subscription.c.distributor_id == order.distributor_id, subscription.c.id == order.subscription_id)
        .correlate_except(subscription, plan)
        .scalar_subquery()
    )


_ORDER_IN_WORDS: tuple[Callable[[Any], Any], ...] = (
    lambda order: order.type,
    lambda order: order.state,
    _plan_name,
    lambda order: func.app_money(order.total, order.currency),
    lambda order: order.currency,
    lambda order: order.paid_from,
    lambda order: order.paid_until,
)
"""What `order_in_words` takes, of an order's row."""


def _of_its_order(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same of the order that a payment pays."""

    def of(payment: Any) -> Any:
        order = models.Order.__table__.alias()
        return (
            select(read(order.c))
            .select_from(order)
            .where(order.c.distributor_id == payment.distributor_id, order.c.id == payment.order_id)
            .correlate_except(order)
            .scalar_subquery()
        )

    return of


def _payment_in_words(total: str, currency: str, type: str | None, *order: Any) -> str:
    return top_up_in_words(total, currency) if type is None else order_in_words(type, *order)


@strawberry.type
@reads(payments.Payment, "pay", needs=Permission.PAYMENTS_READ)
class Payment(Node):
    """Money asked for, or recorded as received."""

    number: str = column(payments.Payment.number)
    """What people call it by, such as PM000017; unique at its tenant, rising by creation."""
    state: PaymentState = column(payments.Payment.state)
    """How far it is."""
    purpose: PaymentPurpose = column(payments.Payment.purpose)
    """What it is for."""
    total: Money = money(payments.Payment.total, payments.Payment.currency)
    """How much."""
    account: Account = related(payments.Payment.account_id)
    """Who pays."""
    tenant: TenantRef = related(payments.Payment.tenant_id)
    """Who is paid."""
    due_on: date | None = column(payments.Payment.due_on)
    """The day by which it must be paid; null: none."""
    order: Annotated["Order", strawberry.lazy("schema.orders")] | None = related(payments.Payment.order_id)
    """The order it pays; null for a top-up."""
    summary: str = python(
        _payment_in_words,
        lambda row: func.app_money(row.total, row.currency),
        payments.Payment.currency,
        *map(_of_its_order, _ORDER_IN_WORDS),
    )
    """What it is for: the same words as its order's, in the language of Accept-Language."""
    created_at: datetime = column(payments.Payment.created_at)
    """When it was created, on the distributor's clock."""
    updated_at: datetime = column(payments.Payment.updated_at)
    """The last change, on the distributor's clock."""
    external_id: str | None = column(payments.Payment.external_id)
    """The client's own id for it; nothing checks that it is used once."""


@strawberry.type
@reads(models.Order, "ord", needs=Permission.SUBSCRIPTIONS_READ)
class Order(Node):
    """A customer's wish, its price, and what became of it."""

    number: str = column(models.Order.number)
    """What people call it by, such as SO000017; unique at its tenant, rising by creation."""
    type: OrderType = column(models.Order.type)
    """What it does to its subscription."""
    state: OrderState = column(models.Order.state)
    """How far it is."""
    account: Account = related(models.Order.account_id)
    """Who ordered."""
    tenant: TenantRef = related(models.Order.tenant_id)
    """Who sells."""
    subscription: Annotated["ServiceSubscription", strawberry.lazy("schema.subscriptions")] | None = related(
        models.Order.subscription_id
    )
    """The subscription it makes or changes."""
    total: Money = money(models.Order.total, models.Order.currency)
    """What is to be paid, the discount taken off and taxes put on; of a change, its increases."""
    tax: Money = money(models.Order.tax, models.Order.currency)
    """What of the total is tax."""
    discount: Money = money(models.Order.discount, models.Order.currency)
    """What was taken off."""
    summary: str = python(order_in_words, *_ORDER_IN_WORDS)
    """What it is for, which days it pays for and how much, in the language of Accept-Language."""
    paid_period: Period | None = period(models.Order.paid_from, models.Order.paid_until)
    """The span of service this order pays for."""
    plan: Plan | None = related(models.Order.plan_id)
    """The plan that a SWITCH leads to; null for other types."""
    attributes: OrderAttributeValues = document(models.Order.attributes)
    """What it told of what the product wanted to know."""
    automatic: bool = column(models.Order.automatic)
    """Whether the billing run made it, not a person."""
    cancels_on: date | None = column(models.Order.cancels_on)
    """Unpaid, it is cancelled on this day; null: when the billing run settles what becomes of its subscription."""
    delayed: bool = sql(lambda row: row.provisions_on.is_not(None))
    """Whether it takes effect on a day to come, however early it is paid."""
    provisions_on: date | None = column(models.Order.provisions_on)
    """That day; null: as soon as it is paid."""
    failure: str | None = column(models.Order.failure)
    """Why its service could not be set up; null: it could, or nobody has said."""
    completed_at: datetime | None = column(models.Order.completed_at)
    """When it completed, on the distributor's clock; null before."""
    payment: Payment | None = related(payments.Payment.order_id)
    """Its payment; null for an order of zero."""
    charges: list[Annotated["Charge", strawberry.lazy("schema.charges")]] = related(
        ChargeRow.order_id, order=(ChargeRow.id,)
    )
    """What its total is made of, and what became of it, oldest first."""
    created_at: datetime = column(models.Order.created_at)
    """When it was created, on the distributor's clock."""
    updated_at: datetime = column(models.Order.updated_at)
    """The last change, on the distributor's clock."""
    external_id: str | None = column(models.Order.external_id)
    """The client's own id for it; nothing checks that it is used once."""


@strawberry.input
@filters(models.Order)
class OrderFilter:
    """Which orders a list shows. All given fields must hold."""

    id: IDFilter | None = UNSET
    """By id."""
    number: StringFilter | None = UNSET
    """By number."""
    state: OrderStateFilter | None = UNSET
    """By state."""
    account_id: IDFilter | None = UNSET
    """By the account that ordered."""
    created_at: DateTimeFilter | None = UNSET
    """By creation."""
    updated_at: DateTimeFilter | None = UNSET
    """By last change."""
    and_: list["OrderFilter"] | None = strawberry.field(name="and", default=UNSET)
    """All of these hold."""
    or_: list["OrderFilter"] | None = strawberry.field(name="or", default=UNSET)
    """At least one of these holds; an empty list matches nothing."""
    not_: "OrderFilter | None" = strawberry.field(name="not", default=UNSET)
    """This does not hold."""


@closed
class OrderSortField(StrEnum):
    """What orders may be sorted by."""

    NUMBER = "NUMBER"
    """By number, which is by creation."""
    CREATED_AT = "CREATED_AT"
    """By creation."""
    UPDATED_AT = "UPDATED_AT"
    """By last change."""
    TOTAL = "TOTAL"
    """By total, whatever the currency."""


@strawberry.input
@sorts(models.Order)
class OrderSort:
    """One key of an order; later keys decide between equals."""

    field: OrderSortField
    """What to compare."""
    direction: Direction = Direction.ASC
    """Which end comes first."""


@strawberry.input
@filters(payments.Payment)
class PaymentFilter:
    """Which payments a list shows. All given fields must hold."""

    id: IDFilter | None = UNSET
    """By id."""
    number: StringFilter | None = UNSET
    """By number."""
    state: PaymentStateFilter | None = UNSET
    """By state."""
    account_id: IDFilter | None = UNSET
    """By the account that pays."""
    due_on: DateFilter | None = UNSET
    """By the day it is due."""
    external_id: StringFilter | None = UNSET
    """By the client's own id."""
    updated_at: DateTimeFilter | None = UNSET
    """By last change."""
    and_: list["PaymentFilter"] | None = strawberry.field(name="and", default=UNSET)
    """All of these hold."""
    or_: list["PaymentFilter"] | None = strawberry.field(name="or", default=UNSET)
    """At least one of these holds; an empty list matches nothing."""
    not_: "PaymentFilter | None" = strawberry.field(name="not", default=UNSET)
    """This does not hold."""


@closed
class PaymentSortField(StrEnum):
    """What payments may be sorted by."""

    NUMBER = "NUMBER"
    """By number, which is by creation."""
    CREATED_AT = "CREATED_AT"
    """By creation."""
    UPDATED_AT = "UPDATED_AT"
    """By last change."""
    DUE_ON = "DUE_ON"
    """By the day it is due; those without one last."""


@strawberry.input
@sorts(payments.Payment)
class PaymentSort:
    """One key of an order; later keys decide between equals."""

    field: PaymentSortField
    """What to compare."""
    direction: Direction = Direction.ASC
    """Which end comes first."""
