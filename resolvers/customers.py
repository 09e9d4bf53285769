"""Customers and their people."""

from typing import Any
from uuid import UUID

from domain.customers import members
from domain.subscriptions import assigning
from resolvers.changing.change import Answer, Change, Secret

__all__ = [
    "add_member",
    "assign_services",
    "change_member",
    "choose_account",
    "create_user",
    "create_user_token",
    "remove_member",
    "set_entry_points",
    "transfer_ownership",
]


def create_user(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.members.create_user`."""
    return {"user": members.create_user(change.session, change.scope, clock=change.clock, **input)}


def create_user_token(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.members.create_user_token`."""
    user, token = members.create_user_token(change.session, change.scope, **input)
    return {"user": user, "token": Secret(token)}


def add_member(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.members.add_member`."""
    return {"membership": members.add_member(change.session, change.scope, clock=change.clock, **input)}


def change_member(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.members.change_member`."""
    return {"membership": members.change_member(change.session, change.scope, clock=change.clock, **input)}


def transfer_ownership(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.members.transfer_ownership`."""
    owner, former = members.transfer_ownership(change.session, change.scope, clock=change.clock, **input)
    _look_again(change)
    return {"owner": owner, "former_owner": former}


def remove_member(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.members.remove_member`."""
    account = members.remove_member(change.session, change.scope, clock=change.clock, **input)
    _look_again(change)
    return {"account": account}


def choose_account(change: Change, /, *, membership_id: UUID) -> Answer:
    """See `domain.customers.members.choose_account`."""
    membership = members.choose_account(
        change.session, change.scope, token_id=change.identity.token_id, membership_id=membership_id
    )
    _look_again(change)
    return {"membership": membership}


def assign_services(change: Change, /, **input: Any) -> Answer:
    """See `domain.subscriptions.assigning.assign_services`."""
    return {"membership": assigning.assign_services(change.session, change.scope, clock=change.clock, **input)}


def set_entry_points(change: Change, /, **input: Any) -> Answer:
    """See `domain.subscriptions.assigning.set_entry_points`."""
    return {"subscription": assigning.set_entry_points(change.session, change.scope, clock=change.clock, **input)}


def _look_again(change: Change) -> None:
    """A customer's user may see something else after the change."""
    if change.customer is not None:
        change.stand_anew(user_id=change.customer.user_id, token_id=change.identity.token_id)
