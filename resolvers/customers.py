"""Customers and their people."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from domain.customers import actions, agreements, invitations, members, terms
from domain.customers.models import Account, LegalAgreement
from domain.notifications.people import send_invitation
from domain.payments import permitting
from domain.subscriptions import assigning
from domain.subscriptions.models import ManualOperation, ServiceSubscription
from resolvers.changing.change import Answer, Change, Secret
from tenancy.errors import Refusal
from tenancy.permissions import Permission

__all__ = [
    "accept_agreements",
    "accept_invitation",
    "add_member",
    "assign_services",
    "change_member",
    "choose_account",
    "create_account_class",
    "create_account_type",
    "create_user",
    "create_user_token",
    "invite_member",
    "open_account",
    "order_for_new_account",
    "publish_agreement",
    "remove_member",
    "resend_invitation",
    "revoke_invitation",
    "set_entry_points",
    "set_postpay_permission",
    "transfer_ownership",
    "update_account",
    "update_account_class",
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


SELLERS = {"kind", "account_type_id", "account_class_id", "manager_id", "microsoft"}
"""What of an account its own users do not change."""


def update_account(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.actions.update_account`. What the seller decides needs account_terms.write besides."""
    if SELLERS & set(input["change"].given):
        change.require(Permission.ACCOUNT_TERMS_WRITE)
    return {"account": actions.update_account(change.session, change.scope, clock=change.clock, **input)}


def create_account_class(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.terms.create_account_class`."""
    return {"account_class": terms.create_account_class(change.session, change.scope, clock=change.clock, **input)}


def update_account_class(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.terms.update_account_class`."""
    return {"account_class": terms.update_account_class(change.session, change.scope, clock=change.clock, **input)}


def create_account_type(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.terms.create_account_type`."""
    return {"account_type": terms.create_account_type(change.session, change.scope, clock=change.clock, **input)}


def publish_agreement(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.agreements.publish_agreement`."""
    return {"agreement": agreements.publish_agreement(change.session, change.scope, clock=change.clock, **input)}


def accept_agreements(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.agreements.accept_agreements`."""
    accepted = agreements.accept_agreements(
        change.session, change.scope, ip=change.address, clock=change.clock, **input
    )
    return {
        "agreements": [
            change.session.get_one(LegalAgreement, (each.distributor_id, each.agreement_id)) for each in accepted
        ]
    }


def invite_member(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.invitations.invite`; the token leaves by mail alone."""
    invitation, token = invitations.invite(change.session, change.scope, clock=change.clock, **input)
    send_invitation(change.session, invitation, token=token, clock=change.clock)
    return {"invitation": invitation}


def resend_invitation(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.invitations.resend_invitation`."""
    invitation, token = invitations.resend_invitation(change.session, change.scope, clock=change.clock, **input)
    send_invitation(change.session, invitation, token=token, clock=change.clock)
    return {"invitation": invitation}


def revoke_invitation(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.invitations.revoke_invitation`."""
    return {"invitation": invitations.revoke_invitation(change.session, change.scope, clock=change.clock, **input)}


def accept_invitation(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.invitations.accept_invitation`."""
    came = invitations.accept_invitation(change.session, change.scope, ip=change.address, clock=change.clock, **input)
    change.stand_anew(user_id=came.user.id, token_id=change.identity.token_id)
    token = None if came.token is None else Secret(came.token)
    return {"user": came.user, "membership": came.membership, "token": token}


def open_account(change: Change, /, **input: Any) -> Answer:
    """See `domain.customers.actions.open_account`."""
    account, membership = actions.open_account(
        change.session, change.scope, token_id=change.identity.token_id, clock=change.clock, **input
    )
    _look_again(change)
    return {"account": account, "membership": membership}


def set_postpay_permission(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.permitting.set_postpay_permission`."""
    return {"account": permitting.set_postpay_permission(change.session, change.scope, clock=change.clock, **input)}


def order_for_new_account(
    change: Change, /, *, account_name: str, account_email: str | None = None, **input: Any
) -> Answer:
    """See `domain.customers.actions.open_account` and `domain.payments.permitting.order_or_ask`."""
    try:
        account, _ = actions.open_account(
            change.session,
            change.scope,
            token_id=change.identity.token_id,
            name=account_name,
            email=account_email,
            clock=change.clock,
        )
    except Refusal as refusal:  # a name or an address of the account's, which stand beside the order's
        raise refusal.at(*(f"account_{step}" for step in refusal.path)) from None
    _look_again(change)
    scope = _of_new(change, account)
    made = permitting.order_or_ask(change.session, scope, account_id=account.id, clock=change.clock, **input)
    if isinstance(made, ManualOperation):
        return {"account": account, "manual_operation": made}
    order = made
    subscription = change.session.get_one(ServiceSubscription, (order.distributor_id, order.subscription_id))
    return {"account": account, "order": order, "subscription": subscription}


def _of_new(change: Change, account: Account) -> Any:
    """The scope of the same user, working in an account that has just come to be."""
    assert change.customer is not None
    return replace(change.scope, customer=replace(change.customer, account_id=account.id, member_of=account.id))
