"""What is written about a subscription, and whether it renews itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from domain.ordering.models import OrderState, OrderType
from domain.ordering.queries import open_orders
from domain.payments.cancelling import cancel
from domain.payments.checkout import own_contract
from domain.shared.errors import InvalidInput, InvalidState
from domain.shared.outbox import announce
from domain.subscriptions import states
from domain.subscriptions.models import ServiceSubscription
from domain.subscriptions.states import Operation
from tenancy.clock import Clock
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = ["SubscriptionChange", "update_subscription"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """What becomes of a subscription: what is not among `given` stays, None clears."""

    given: Mapping[str, object] = field(default_factory=dict)


def update_subscription(
    session: Session,
    scope: Scope,
    *,
    subscription_id: UUID,
    change: SubscriptionChange,
    if_version: int | None = None,
    clock: Clock,
) -> ServiceSubscription:
    """Rename a subscription, give it another id of the client's, or say whether it renews itself.

    When it does no longer, the renewal order that the billing run has made is cancelled, if it waits.
    Raises NotFound, ActAsRequired, Stale, InvalidInput; InvalidState for the automatic renewal of one that is endless
    or in a state that has none.
    """
    _, contract = own_contract(session, scope, subscription_id, if_version=if_version)
    subscription, given = contract.subscription, change.given
    if "name" in given:
        subscription.name = clean_text(_present(given["name"], str, "name"), "change", "name")
    if "external_id" in given:
        text = given["external_id"]
        subscription.external_id = None if text is None else clean_text(str(text), "change", "external_id")
    if "auto_renew" in given:
        renews = _present(given["auto_renew"], bool, "auto_renew")
        _set_auto_renew(session, scope, subscription, renews=renews, clock=clock)
    subscription.version += 1
    subscription.updated_at = clock.now
    announce(session, scope, "subscription.updated", subject=subscription, prefix="sub", at=clock.now)
    session.flush()
    return subscription


def _set_auto_renew(
    session: Session, scope: Scope, subscription: ServiceSubscription, *, renews: bool, clock: Clock
) -> None:
    states.require(subscription, Operation.SET_AUTO_RENEWAL)
    if subscription.endless:
        raise InvalidState(
            "Subscription {number} is {state} and endless: a change of automatic renewal is not possible, it goes on "
            "until it is stopped.",
            number=subscription.number,
            state=subscription.state,
            path=("change", "auto_renew"),
        )
    subscription.auto_renew = renews
    if not renews:
        waiting = [
            order
            for order in open_orders(session, subscription.distributor_id, [subscription.id])
            if order.type is OrderType.RENEWAL and order.automatic and order.state is OrderState.WAITING_FOR_PAYMENT
        ]
        cancel(session, scope, waiting, clock=clock)


def _present(value: object, type_: type[T], name: str) -> T:
    if not isinstance(value, type_):
        raise InvalidInput("{field} cannot be empty.", path=("change", name))
    return value
