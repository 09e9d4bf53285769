"""Another number for an order, where the seller's settings allow one."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.ordering.models import Order
from domain.shared.errors import InvalidInput, InvalidState, KeyTaken
from domain.shared.numbers import could_be_written
from domain.shared.outbox import announce
from domain.shared.rows import locked, own
from tenancy import settings
from tenancy.clock import Clock
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = ["NUMBER_LIMIT", "renumber_order"]

NUMBER_LIMIT = 40
"""Characters."""


def renumber_order(session: Session, scope: Scope, *, order_id: UUID, number: str, clock: Clock) -> Order:
    """Give an order another number. The tenant's series goes on as if nothing had happened.

    Raises NotFound, ActAsRequired; InvalidState where ORDER_NUMBERS_EDITABLE is off; InvalidInput, also for a number
    that the series could write one day; KeyTaken when another order of the tenant has the number.
    """
    seen = own(session, scope, Order, order_id, "order_id")
    if not settings.of(session, seen, settings.ORDER_NUMBERS_EDITABLE):
        raise InvalidState("Numbers of orders are not changed by hand here.", path=("order_id",))
    number = clean_text(number, "number", limit=NUMBER_LIMIT)
    if number != seen.number and could_be_written(session, seen, "orders", number):
        raise InvalidInput("{number} is a number of the tenant's own series.", number=number, path=("number",))
    order = locked(session, Order, seen.distributor_id, [seen.id])[seen.id]
    taken = session.scalar(
        select(Order.id).where(
            Order.distributor_id == order.distributor_id,
            Order.tenant_id == order.tenant_id,
            Order.number == number,
            Order.id != order.id,
        )
    )
    if taken is not None:
        raise KeyTaken("There is an order {number} already.", number=number, path=("number",))
    order.number = number
    order.updated_at = clock.now
    announce(session, scope, "order.renumbered", subject=order, prefix="ord", at=clock.now)
    session.flush()
    return order
