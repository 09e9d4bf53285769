"""Every pair of order state and step."""

import pytest

from domain.ordering.models import Order, OrderState
from domain.ordering.states import OrderStep, advance
from domain.shared.errors import InvalidState

ALLOWED = {
    (OrderState.WAITING_FOR_PAYMENT, OrderStep.COMPLETE): OrderState.COMPLETED,
    (OrderState.WAITING_FOR_PAYMENT, OrderStep.CANCEL): OrderState.CANCELLED,
    (OrderState.WAITING_FOR_PAYMENT, OrderStep.DELAY): OrderState.WAITING_FOR_PROVISIONING,
    (OrderState.WAITING_FOR_PAYMENT, OrderStep.PROVISION): OrderState.PROVISIONING,
    (OrderState.WAITING_FOR_PROVISIONING, OrderStep.PROVISION): OrderState.PROVISIONING,
    (OrderState.WAITING_FOR_PROVISIONING, OrderStep.COMPLETE): OrderState.COMPLETED,
    (OrderState.WAITING_FOR_PROVISIONING, OrderStep.CANCEL): OrderState.CANCELLED,
    (OrderState.PROVISIONING, OrderStep.COMPLETE): OrderState.COMPLETED,
    (OrderState.PROVISIONING, OrderStep.FAIL): OrderState.PROVISIONING_FAILED,
    (OrderState.PROVISIONING_FAILED, OrderStep.RETRY): OrderState.PROVISIONING,
    (OrderState.PROVISIONING_FAILED, OrderStep.CANCEL): OrderState.CANCELLED,
}


@pytest.mark.parametrize("step", OrderStep)
@pytest.mark.parametrize("state", OrderState)
def test_every_pair_of_order_state_and_step(state: OrderState, step: OrderStep) -> None:
    # given
    order = Order(number="SO000001", state=state)
    following = ALLOWED.get((state, step))
    # when
    if following is not None:
        advance(order, step)
    else:
        with pytest.raises(InvalidState, match=f"Order SO000001 is {state}: its {step} is not possible"):
            advance(order, step)
    # then
    assert order.state is (following or state)
