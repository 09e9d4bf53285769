"""Every pair of state and operation: allowed as the table says, or refused naming both."""

import pytest

from domain.shared.errors import InvalidState, Stale
from domain.subscriptions.models import PHASES, ServiceSubscription, SubscriptionState
from domain.subscriptions.queries import require_version
from domain.subscriptions.states import TRANSITIONS, Operation, advance, go_back

ALLOWED = {
    "ORDERED": {
        "START": "ACTIVE",
        "DELIVER": "DELIVERED",
        "CANCEL": "DELETED",
        "SET_AUTO_RENEWAL": "ORDERED",
        "INSTALL": "INSTALLING",
        "DELETE": "DELETED",
    },
    "ACTIVE": {
        "CHANGE": "ACTIVE",
        "SWITCH": "ACTIVE",
        "UPDATE": "UPDATING",
        "BEGIN_RENEWAL": "RENEWING",
        "BEGIN_SWITCH": "SWITCHING",
        "SET_AUTO_RENEWAL": "ACTIVE",
        "PROLONG": "ACTIVE",
        "RENEW": "ACTIVE",
        "GRACE": "GRACED",
        "STOP": "STOPPED",
        "DELETE": "DELETED",
        "ASK_STOP": "WAITING_FOR_MANUAL_APPROVAL",
        "ASK_DELETE": "WAITING_FOR_MANUAL_APPROVAL",
    },
    "GRACED": {
        "PROLONG": "ACTIVE",
        "RENEW": "ACTIVE",
        "SET_AUTO_RENEWAL": "GRACED",
        "BEGIN_RENEWAL": "RENEWING",
        "STOP": "STOPPED",
        "DELETE": "DELETED",
        "ASK_STOP": "WAITING_FOR_MANUAL_APPROVAL",
        "ASK_DELETE": "WAITING_FOR_MANUAL_APPROVAL",
    },
    "STOPPED": {
        "PROLONG": "ACTIVE",
        "RENEW": "ACTIVE",
        "ACTIVATE": "ACTIVE",
        "SET_AUTO_RENEWAL": "STOPPED",
        "BEGIN_RENEWAL": "RENEWING",
        "DELETE": "DELETED",
        "ASK_DELETE": "WAITING_FOR_MANUAL_APPROVAL",
    },
    "DELIVERED": {"DELETE": "DELETED"},
    "INSTALLING": {"FAIL": "INSTALLATION_FAILED"},
    "INSTALLATION_FAILED": {"RETRY": "INSTALLING", "CANCEL": "DELETED"},
    "UPDATING": {"FAIL": "UPDATING_FAILED"},
    "UPDATING_FAILED": {"RETRY": "UPDATING"},
    "RENEWING": {"FAIL": "RENEWING_FAILED"},
    "RENEWING_FAILED": {"RETRY": "RENEWING"},
    "SWITCHING": {"FAIL": "SWITCHING_FAILED"},
    "SWITCHING_FAILED": {"RETRY": "SWITCHING"},
}
"""Written out a second time on purpose: who changes the table changes a promise."""


@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("state", SubscriptionState)
def test_every_pair_of_state_and_operation(state: SubscriptionState, operation: Operation) -> None:
    # given
    subscription = ServiceSubscription(number="SU000001", state=state, version=3)
    following = ALLOWED.get(state, {}).get(operation.name)
    # when
    if following is not None:
        advance(subscription, operation)
    else:
        with pytest.raises(InvalidState) as refused:
            advance(subscription, operation)
        # then
        assert refused.value.message == f"Subscription SU000001 is {state}: its {operation} is not possible."
    assert subscription.state == (following or state)
    assert subscription.version == (4 if following else 3)


def test_the_table_has_nothing_else() -> None:
    assert {(state.name, operation.name): after.name for (state, operation), after in TRANSITIONS.items()} == {
        (state, operation): after for state, operations in ALLOWED.items() for operation, after in operations.items()
    }


@pytest.mark.parametrize("state", SubscriptionState)
def test_only_what_waits_for_a_manager_or_its_service_goes_back(state: SubscriptionState) -> None:
    # given
    subscription = ServiceSubscription(number="SU000001", state=state, version=3)
    # then
    waiting = ("WAITING_FOR_MANUAL_APPROVAL", "INSTALL", "UPDATING", "RENEWING", "SWITCHING")
    if state.startswith(waiting):
        go_back(subscription, SubscriptionState.GRACED)
        assert (subscription.state, subscription.version) == (SubscriptionState.GRACED, 4)
    else:
        with pytest.raises(InvalidState, match=f"SU000001 is {state}: it waits for no decision"):
            go_back(subscription, SubscriptionState.GRACED)


def test_every_state_has_one_phase() -> None:
    assert sorted(state for states in PHASES.values() for state in states) == sorted(SubscriptionState)


def test_an_older_version_is_stale() -> None:
    # given
    subscription = ServiceSubscription(number="SU000001", state=SubscriptionState.ACTIVE, version=3)
    # then
    require_version(subscription, None)
    require_version(subscription, 3)
    with pytest.raises(Stale) as refused:
        require_version(subscription, 2)
    assert refused.value.path == ("if_version",)
