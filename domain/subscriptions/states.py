"""What may happen to a subscription, as one table."""

from domain.shared.errors import InvalidState
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from tenancy.messages import Word

__all__ = ["TRANSITIONS", "Operation", "advance", "go_back", "require"]

_S = SubscriptionState


class Operation(Word):
    """What happens to a subscription; the value is how a message calls it."""

    START = "start"
    """Its sales order completes."""
    DELIVER = "delivery"
    """The same, for what is bought once."""
    CANCEL = "cancellation"
    """Its sales order was never paid."""
    CHANGE = "change"
    SWITCH = "switch"
    """Its plan becomes another."""
    SET_AUTO_RENEWAL = "change of automatic renewal"
    PROLONG = "prolongation"
    RENEW = "renewal"
    GRACE = "grace"
    """Its next period is not paid, and the service term lets it run on for some days."""
    STOP = "stop"
    ACTIVATE = "activation"
    DELETE = "deletion"
    ASK_STOP = "request to stop"
    """A stop is wanted that a manager has to approve."""
    ASK_DELETE = "request to delete"
    """The same of a deletion."""


_O = Operation
TRANSITIONS: dict[tuple[SubscriptionState, Operation], SubscriptionState] = {
    (_S.ORDERED, _O.START): _S.ACTIVE,
    (_S.ORDERED, _O.DELIVER): _S.DELIVERED,
    (_S.ORDERED, _O.CANCEL): _S.DELETED,
    (_S.ORDERED, _O.DELETE): _S.DELETED,
    (_S.ORDERED, _O.SET_AUTO_RENEWAL): _S.ORDERED,
    (_S.ACTIVE, _O.SET_AUTO_RENEWAL): _S.ACTIVE,
    (_S.GRACED, _O.SET_AUTO_RENEWAL): _S.GRACED,
    (_S.STOPPED, _O.SET_AUTO_RENEWAL): _S.STOPPED,
    (_S.ACTIVE, _O.CHANGE): _S.ACTIVE,
    (_S.ACTIVE, _O.SWITCH): _S.ACTIVE,
    (_S.ACTIVE, _O.PROLONG): _S.ACTIVE,
    (_S.GRACED, _O.PROLONG): _S.ACTIVE,
    (_S.STOPPED, _O.PROLONG): _S.ACTIVE,
    (_S.ACTIVE, _O.RENEW): _S.ACTIVE,
    (_S.GRACED, _O.RENEW): _S.ACTIVE,
    (_S.STOPPED, _O.RENEW): _S.ACTIVE,
    (_S.ACTIVE, _O.GRACE): _S.GRACED,
    (_S.ACTIVE, _O.STOP): _S.STOPPED,
    (_S.GRACED, _O.STOP): _S.STOPPED,
    (_S.STOPPED, _O.ACTIVATE): _S.ACTIVE,
    (_S.ACTIVE, _O.DELETE): _S.DELETED,
    (_S.DELIVERED, _O.DELETE): _S.DELETED,
    (_S.GRACED, _O.DELETE): _S.DELETED,
    (_S.STOPPED, _O.DELETE): _S.DELETED,
    (_S.ACTIVE, _O.ASK_STOP): _S.WAITING_FOR_MANUAL_APPROVAL,
    (_S.GRACED, _O.ASK_STOP): _S.WAITING_FOR_MANUAL_APPROVAL,
    (_S.ACTIVE, _O.ASK_DELETE): _S.WAITING_FOR_MANUAL_APPROVAL,
    (_S.GRACED, _O.ASK_DELETE): _S.WAITING_FOR_MANUAL_APPROVAL,
    (_S.STOPPED, _O.ASK_DELETE): _S.WAITING_FOR_MANUAL_APPROVAL,
}
"""Every other pair is refused. Transitional states (installing, updating…) forbid everything but their own end, and one
that waits for a manager everything but the decision, which leads back to where it was (`go_back`)."""


def require(subscription: ServiceSubscription, operation: Operation) -> SubscriptionState:
    """The state the operation leads to. Raises InvalidState naming the present state and the operation."""
    following = TRANSITIONS.get((subscription.state, operation))
    if following is None:
        raise InvalidState(
            "Subscription {number} is {state}: its {operation} is not possible.",
            number=subscription.number,
            state=subscription.state,
            operation=operation,
            path=("subscription_id",),
        )
    return following


def advance(subscription: ServiceSubscription, operation: Operation) -> None:
    """Move the subscription, and raise its version. Raises InvalidState."""
    subscription.state = require(subscription, operation)
    subscription.version += 1


def go_back(subscription: ServiceSubscription, to: SubscriptionState) -> None:
    """Let a subscription that waited for a manager be what it was before. Raises InvalidState when it does not wait."""
    if subscription.state is not SubscriptionState.WAITING_FOR_MANUAL_APPROVAL:
        raise InvalidState(
            "Subscription {number} is {state}: it waits for no decision.",
            number=subscription.number,
            state=subscription.state,
            path=("manual_operation_id",),
        )
    subscription.state = to
    subscription.version += 1
