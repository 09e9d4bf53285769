"""Finding orders."""

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.ordering.models import OPEN_ORDER_STATES, UNPROVISIONED, Order, OrderLine, OrderState, OrderType
from domain.shared.errors import InvalidState
from tenancy.clock import Clock
from tenancy.messages import Word
from tenancy.rows import TenantRow

__all__ = ["changed_on", "lines_of", "open_orders", "require_all_done", "require_no_open_order"]


def open_orders(session: Session, distributor_id: UUID, subscription_ids: Collection[UUID]) -> list[Order]:
    """The open orders of these subscriptions, at most one each, locked in id order."""
    return list(
        session.scalars(
            select(Order)
            .where(
                Order.distributor_id == distributor_id,
                Order.subscription_id.in_(subscription_ids),
                Order.state.in_(OPEN_ORDER_STATES),
            )
            .order_by(Order.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def require_no_open_order(session: Session, subscription: TenantRow, operation: Word) -> None:
    """Raises InvalidState naming the open order: a subscription has one at a time."""
    for order in open_orders(session, subscription.distributor_id, [subscription.id]):
        raise InvalidState(
            "Order {number} of this subscription is {state}: its {operation} has to wait for that.",
            number=order.number,
            state=order.state,
            operation=operation,
            path=("subscription_id",),
        )


def require_all_done(session: Session, subscription: TenantRow) -> None:
    """Raises InvalidState naming an order that is paid and not done: what is reserved for it stays so."""
    order = session.scalars(
        select(Order)
        .where(
            Order.distributor_id == subscription.distributor_id,
            Order.subscription_id == subscription.id,
            Order.state.in_(UNPROVISIONED),
        )
        .limit(1)
    ).one_or_none()
    if order is not None:
        raise InvalidState(
            "Order {number} of this subscription is {state}: its charges close when it is done.",
            number=order.number,
            state=order.state,
            path=("subscription_id",),
        )


def changed_on(session: Session, subscription: TenantRow, day: date, clock: Clock) -> bool:
    """Whether a change order of the subscription completed on that day of its clock."""
    return session.execute(
        select(
            exists().where(
                Order.distributor_id == subscription.distributor_id,
                Order.subscription_id == subscription.id,
                Order.type == OrderType.CHANGE,
                Order.state == OrderState.COMPLETED,
                Order.completed_at >= clock.start_of(day),
                Order.completed_at < clock.start_of(day + timedelta(days=1)),
            )
        )
    ).scalar_one()


def lines_of(session: Session, order: Order) -> list[OrderLine]:
    """What the order asks for."""
    return list(
        session.scalars(
            select(OrderLine)
            .where(OrderLine.distributor_id == order.distributor_id, OrderLine.order_id == order.id)
            .order_by(OrderLine.id)
        )
    )
