"""What customers' people use: services, and where they are entered."""

from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy import and_, case, func, literal, select

from domain.catalog.models import Plan as PlanRow
from domain.ordering.models import Order as OrderRow
from domain.ordering.models import OrderType
from domain.payments.models import Payment as PaymentRow
from domain.subscriptions import models
from resolvers.reading import Node, column, identifier, reads, related, sql
from resolvers.reading.statement import Sql
from schema.enums import SubscriptionPhase
from schema.orders import Payment
from schema.subscription_lists import phase_of
from tenancy.permissions import Permission

if TYPE_CHECKING:
    from schema.subscriptions import ServiceSubscription

__all__ = ["EntryPoint", "Service"]


@strawberry.type
@reads(models.EntryPoint, "ept", needs=Permission.SERVICES_READ)
class EntryPoint(Node):
    """Where the people who use a service enter it."""

    label: str = column(models.EntryPoint.label)
    """What the link says."""
    url: str = column(models.EntryPoint.url)
    """Where it leads: an address that begins with https://."""


def _first_payment(row: object) -> Sql:
    """The payment of the order by which a subscription is bought, while it has not begun."""
    bought: Sql = row  # type: ignore[assignment]
    order, payment = OrderRow.__table__.alias(), PaymentRow.__table__.alias()
    return (
        select(payment.c.id)
        .select_from(
            payment.join(
                order,
                and_(order.c.distributor_id == payment.c.distributor_id, order.c.id == payment.c.order_id),
            )
        )
        .where(
            order.c.distributor_id == bought.distributor_id,
            order.c.subscription_id == bought.id,
            order.c.type == literal(OrderType.SALES.value),
            bought.state == literal("ORDERED"),
        )
        .limit(1)
        .correlate_except(order, payment)
        .scalar_subquery()
    )


def _plan_name(row: object) -> Sql:
    bought: Sql = row  # type: ignore[assignment]
    plan = PlanRow.__table__.alias()
    return (
        select(plan.c.name)
        .where(plan.c.distributor_id == bought.distributor_id, plan.c.id == bought.plan_id)
        .correlate_except(plan)
        .scalar_subquery()
    )


@strawberry.type
@reads(models.ServiceSubscription, "svc", needs=Permission.SERVICES_READ)
class Service(Node):
    """A subscription as the people see it who use it, without prices.

    An account's owner, administrators and technicians see every service, a USER those assigned to it.
    """

    subscription_id: strawberry.ID = identifier(models.ServiceSubscription.id, "sub")
    """The subscription's id, also where you may not open it."""
    number: str = column(models.ServiceSubscription.number)
    """What people call the subscription by."""
    name: str = column(models.ServiceSubscription.name)
    """The customer's name for it."""
    plan_name: str | None = sql(_plan_name)
    """What was bought."""
    phase: SubscriptionPhase = sql(phase_of)
    """Where it is in its life; PENDING: ordered, or being set up."""
    expires_on: date | None = column(models.ServiceSubscription.expires_on)
    """Last day of the term, inclusive; null when endless or not started."""
    days_left: int | None = sql(lambda row: row.expires_on - func.app_today(row.distributor_id) + 1)
    """Days of the term that are left, today among them; null when endless or not started."""
    entry_points: list[EntryPoint] = related(
        models.EntryPoint.subscription_id, order=(models.EntryPoint.position, models.EntryPoint.id)
    )
    """Where it is entered, in the seller's order."""
    payment: Payment | None = related(_first_payment, needs=Permission.PAYMENTS_READ)
    """Of a service that is ordered and not begun: what has to be paid for it. Null for any other."""
    subscription: Annotated["ServiceSubscription", strawberry.lazy("schema.subscriptions")] | None = related(
        lambda row: case((row.state != literal("ORDERED"), row.id)), needs=Permission.SUBSCRIPTIONS_READ
    )
    """All about it; null while it is only ordered."""
