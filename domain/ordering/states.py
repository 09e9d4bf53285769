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
    DELAY = "delay"
    """It is paid, and takes effect on a later day."""
    PROVISION = "provisioning"
    """It is paid, and its service is being set up."""
    FAIL = "failure"
    """Its service could not be set up."""
    RETRY = "second try"


_S, _T = OrderState, OrderStep
TRANSITIONS: dict[tuple[OrderState, OrderStep], OrderState] = {
    (_S.WAITING_FOR_PAYMENT, _T.COMPLETE): _S.COMPLETED,
    (_S.WAITING_FOR_PAYMENT, _T.CANCEL): _S.CANCELLED,
    (_S.WAITING_FOR_PAYMENT, _T.DELAY): _S.WAITING_FOR_PROVISIONING,
    (_S.WAITING_FOR_PAYMENT, _T.PROVISION): _S.PROVISIONING,
    (_S.WAITING_FOR_PROVISIONING, _T.COMPLETE): _S.COMPLETED,
    (_S.WAITING_FOR_PROVISIONING, _T.PROVISION): _S.PROVISIONING,
    (_S.WAITING_FOR_PROVISIONING, _T.CANCEL): _S.CANCELLED,
    (_S.PROVISIONING, _T.COMPLETE): _S.COMPLETED,
    (_S.PROVISIONING, _T.FAIL): _S.PROVISIONING_FAILED,
    (_S.PROVISIONING_FAILED, _T.RETRY): _S.PROVISIONING,
    (_S.PROVISIONING_FAILED, _T.CANCEL): _S.CANCELLED,
}
"""Every other pair is refused."""


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
