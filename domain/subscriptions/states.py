"""What may happen to a subscription, as one table."""

from domain.shared.errors import InvalidState
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from tenancy.messages import Word

__all__ = ["TRANSITIONS", "WAITING", "Operation", "advance", "go_back", "require"]

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
    INSTALL = "installation"
    """Its sales order is paid, and the service is being set up."""
    UPDATE = "update"
    """Other quantities are being set up."""
    BEGIN_RENEWAL = "beginning of a renewal"
    """Another term is being set up."""
    BEGIN_SWITCH = "beginning of a switch"
    """Another plan is being set up."""
    FAIL = "failure"
    """What was being set up could not be."""
    RETRY = "second try"
    """It is tried again."""


_O = Operation
TRANSITIONS: dict[tuple[SubscriptionState, Operation], SubscriptionState] = {
    (_S.ORDERED, _O.START): _S.ACTIVE,
    (_S.ORDERED, _O.DELIVER): _S.DELIVERED,
    (_S.ORDERED, _O.CANCEL): _S.DELETED,
    (_S.INSTALLATION_FAILED, _O.CANCEL): _S.DELETED,
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
    (_S.ORDERED, _O.INSTALL): _S.INSTALLING,
    (_S.ACTIVE, _O.UPDATE): _S.UPDATING,
    (_S.ACTIVE, _O.BEGIN_RENEWAL): _S.RENEWING,
    (_S.GRACED, _O.BEGIN_RENEWAL): _S.RENEWING,
    (_S.STOPPED, _O.BEGIN_RENEWAL): _S.RENEWING,
    (_S.ACTIVE, _O.BEGIN_SWITCH): _S.SWITCHING,
    (_S.INSTALLING, _O.FAIL): _S.INSTALLATION_FAILED,
    (_S.UPDATING, _O.FAIL): _S.UPDATING_FAILED,
    (_S.RENEWING, _O.FAIL): _S.RENEWING_FAILED,
    (_S.SWITCHING, _O.FAIL): _S.SWITCHING_FAILED,
    (_S.INSTALLATION_FAILED, _O.RETRY): _S.INSTALLING,
    (_S.UPDATING_FAILED, _O.RETRY): _S.UPDATING,
    (_S.RENEWING_FAILED, _O.RETRY): _S.RENEWING,
    (_S.SWITCHING_FAILED, _O.RETRY): _S.SWITCHING,
}
"""Every other pair is refused. What waits for a manager, or for its service to be set up, forbids everything but the
answer, which leads back to where it was (`go_back`): from there what was ordered is done, or nothing is."""

WAITING = {
    _S.WAITING_FOR_MANUAL_APPROVAL,
    _S.INSTALLING,
    _S.INSTALLATION_FAILED,
    _S.UPDATING,
    _S.UPDATING_FAILED,
    _S.RENEWING,
    _S.RENEWING_FAILED,
    _S.SWITCHING,
    _S.SWITCHING_FAILED,
}
"""The states that lead back to where a subscription was."""


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
    """Let a subscription that waited, see `WAITING`, be what it was before. Raises InvalidState when it does not."""
    if subscription.state not in WAITING:
        raise InvalidState(
            "Subscription {number} is {state}: it waits for no decision.",
            number=subscription.number,
            state=subscription.state,
            path=("manual_operation_id",),
        )
    subscription.state = to
    subscription.version += 1
