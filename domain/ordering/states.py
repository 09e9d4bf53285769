"""What may happen to an order, as one table."""

from domain.ordering.models import Order, OrderState
from domain.shared.errors import InvalidState
from tenancy.messages import Word

__all__ = ["TRANSITIONS", "OrderStep", "advance", "require"]


class OrderStep(Word):
    """What happens to an order."""

    COMPLETE = "completion"
    """It is paid, or needs no payment, and what it asks for is done."""
    CANCEL = "cancellation"


TRANSITIONS: dict[tuple[OrderState, OrderStep], OrderState] = {
    (OrderState.WAITING_FOR_PAYMENT, OrderStep.COMPLETE): OrderState.COMPLETED,
    (OrderState.WAITING_FOR_PAYMENT, OrderStep.CANCEL): OrderState.CANCELLED,
}
"""Provisioning has its own states; they get their rows with the first connector."""


def require(order: Order, step: OrderStep, *path: str | int) -> OrderState:
    """The state that the step leads to. Raises InvalidState naming the present state and the step."""
    following = TRANSITIONS.get((order.state, step))
    if following is None:
        raise InvalidState(
            "Order {number} is {state}: its {step} is not possible.",
            number=order.number,
            state=order.state,
            step=step,
            path=path,
        )
    return following


def advance(order: Order, step: OrderStep, *path: str | int) -> None:
    """Move the order. Raises InvalidState."""
    order.state = require(order, step, *path)
