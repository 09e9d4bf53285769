"""A manager writes a subscription's charges off before their day."""

from uuid import UUID

from sqlalchemy.orm import Session

from domain.billing.merging import close_by_hand
from domain.billing.models import Charge
from domain.ordering.queries import require_all_done
from domain.payments.checkout import own_contract
from domain.shared.errors import InvalidState
from domain.subscriptions.models import ServiceSubscription
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["close_charges"]


def close_charges(
    session: Session, scope: Scope, *, subscription_id: UUID, if_version: int | None = None, clock: Clock
) -> tuple[ServiceSubscription, list[Charge]]:
    """Close all recurring charges of a subscription that are not written off yet, merged; answers the new ones.

    What is closed so is not returned by a later decrease, stop or deletion. Orders that wait are left alone.
    Raises NotFound, ActAsRequired, Stale; InvalidState when there is nothing to close, or an order is
    paid and not done; InsufficientBalance.
    """
    account, contract = own_contract(session, scope, subscription_id, if_version=if_version)
    subscription = contract.subscription
    require_all_done(session, subscription)
    closed = close_by_hand(session, scope, contract, account, clock=clock)
    if not closed:
        raise InvalidState(
            "Subscription {number} is {state}: it has no charges that wait to be closed.",
            number=subscription.number,
            state=subscription.state,
            path=("subscription_id",),
        )
    subscription.updated_at = clock.now
    session.flush()
    return subscription, closed
