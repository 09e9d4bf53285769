"""Ordering, changing, paying; the sandbox's clock, and jobs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from domain.customers.models import Account
from domain.ordering import numbering
from domain.ordering.models import Order
from domain.payments import actions as payments
from domain.payments import (
    cancelling,
    changing,
    checkout,
    closing_by_hand,
    completion,
    confirming,
    lifecycle,
    permitting,
    provisioning,
    renewing,
    switching,
    updating,
)
from domain.payments.models import PaymentPurpose
from domain.shared import steering
from domain.shared.advancing import start_advance_clock
from domain.shared.errors import NotFound
from domain.shared.money import Money
from domain.subscriptions import vendor_data
from domain.subscriptions.models import ManualOperation, ServiceSubscription
from resolvers.changing.change import Answer, Change, Wait
from tenancy.models import Tenant
from tenancy.permissions import Permission
from tenancy.scope import Scope

__all__ = [
    "activate_subscription",
    "advance_clock",
    "approve_manual_operation",
    "cancel_job",
    "cancel_order",
    "change_subscription",
    "close_charges",
    "complete_payment",
    "complete_provisioning",
    "decline_manual_operation",
    "delete_subscription",
    "fail_provisioning",
    "order_subscription",
    "prolong_subscription",
    "renew_subscription",
    "renumber_order",
    "retry_job",
    "retry_provisioning",
    "set_vendor_data",
    "stop_subscription",
    "switch_subscription",
    "top_up",
    "update_subscription",
]


def order_subscription(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.permitting.order_or_ask`."""
    made = permitting.order_or_ask(change.session, change.scope, clock=change.clock, **input)
    return {"manual_operation": made} if isinstance(made, ManualOperation) else _ordered(change, made)


def change_subscription(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.changing.change_subscription`."""
    return _ordered(change, changing.change_subscription(change.session, change.scope, clock=change.clock, **input))


def switch_subscription(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.switching.switch_subscription`."""
    return _ordered(change, switching.switch_subscription(change.session, change.scope, clock=change.clock, **input))


def update_subscription(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.updating.update_subscription`."""
    return {"subscription": updating.update_subscription(change.session, change.scope, clock=change.clock, **input)}


def set_vendor_data(change: Change, /, **input: Any) -> Answer:
    """See `domain.subscriptions.vendor_data.set_vendor_data`."""
    return {"subscription": vendor_data.set_vendor_data(change.session, change.scope, clock=change.clock, **input)}


def cancel_order(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.cancelling.cancel_order`."""
    return _ordered(change, cancelling.cancel_order(change.session, change.scope, clock=change.clock, **input))


def complete_provisioning(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.provisioning.complete_provisioning`."""
    return _ordered(
        change, provisioning.complete_provisioning(change.session, change.scope, clock=change.clock, **input)
    )


def fail_provisioning(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.provisioning.fail_provisioning`."""
    return _ordered(change, provisioning.fail_provisioning(change.session, change.scope, clock=change.clock, **input))


def retry_provisioning(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.provisioning.retry_provisioning`."""
    return _ordered(change, provisioning.retry_provisioning(change.session, change.scope, clock=change.clock, **input))


def renumber_order(change: Change, /, **input: Any) -> Answer:
    """See `domain.ordering.numbering.renumber_order`."""
    return _ordered(change, numbering.renumber_order(change.session, change.scope, clock=change.clock, **input))


def renew_subscription(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.renewing.renew_subscription`."""
    return _ordered(change, renewing.renew_subscription(change.session, change.scope, clock=change.clock, **input))


def prolong_subscription(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.checkout.prolong_subscription`."""
    return _ordered(change, checkout.prolong_subscription(change.session, change.scope, clock=change.clock, **input))


def _ordered(change: Change, order: Order) -> Answer:
    subscription = change.session.get_one(ServiceSubscription, (order.distributor_id, order.subscription_id))
    return {"order": order, "subscription": subscription}


def stop_subscription(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.lifecycle.stop_subscription`."""
    return {"subscription": lifecycle.stop_subscription(change.session, change.scope, clock=change.clock, **input)}


def activate_subscription(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.lifecycle.activate_subscription`."""
    return {"subscription": lifecycle.activate_subscription(change.session, change.scope, clock=change.clock, **input)}


def delete_subscription(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.lifecycle.delete_subscription`."""
    return {"subscription": lifecycle.delete_subscription(change.session, change.scope, clock=change.clock, **input)}


def close_charges(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.closing_by_hand.close_charges`."""
    subscription, charges = closing_by_hand.close_charges(change.session, change.scope, clock=change.clock, **input)
    return {"subscription": subscription, "charges": list(charges)}


def approve_manual_operation(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.confirming.approve_manual_operation`."""
    decided = confirming.approve_manual_operation(change.session, change.scope, clock=change.clock, **input)
    return {"manual_operation": decided}


def decline_manual_operation(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.confirming.decline_manual_operation`."""
    decided = confirming.decline_manual_operation(change.session, change.scope, clock=change.clock, **input)
    return {"manual_operation": decided}


def top_up(change: Change, /, *, amount: Money, **input: Any) -> Answer:
    """See `domain.payments.actions.top_up`. To say that money has come needs payments.receive."""
    if input.get("received", True):
        change.require(Permission.PAYMENTS_RECEIVE)
    payment = payments.top_up(
        change.session, change.scope, amount=amount.amount, currency=amount.currency, clock=change.clock, **input
    )
    account = change.session.get_one(Account, (payment.distributor_id, payment.account_id))
    return {"payment": payment, "account": account}


def complete_payment(change: Change, /, **input: Any) -> Answer:
    """See `domain.payments.completion.complete_payment`. To say that a top-up's money has come: payments.receive."""
    payment = completion.complete_payment(change.session, change.scope, clock=change.clock, **input)
    if payment.purpose is not PaymentPurpose.ORDER:
        change.require(Permission.PAYMENTS_RECEIVE)
    return {"payment": payment}


def advance_clock(change: Change, /, *, to: datetime, wait: int = 5, distributor_id: UUID | None = None) -> Answer:
    """See `domain.shared.advancing.start_advance_clock`. The answer waits up to `wait` seconds for the job."""
    wanted = distributor_id or change.scope.distributor_id
    distributor = change.session.scalars(select(Tenant).where(Tenant.id == wanted)).one_or_none()
    if distributor is None or wanted is None:
        raise NotFound("distributor_id")
    scope = change.scope
    if scope.distributor_id is None:  # the platform does it as the distributor
        scope = Scope.of_tenant(wanted, wanted, distributor.tenant_path, actor_id=scope.actor_id)
    job = start_advance_clock(change.session, scope, distributor_id=wanted, to=to)
    change.wait = Wait(job.distributor_id, job.id, max(0, wait))
    return {"distributor": distributor, "job": job}


def cancel_job(change: Change, /, **input: Any) -> Answer:
    """See `domain.shared.steering.cancel_job`."""
    return {"job": steering.cancel_job(change.session, change.scope, **input)}


def retry_job(change: Change, /, **input: Any) -> Answer:
    """See `domain.shared.steering.retry_job`."""
    return {"job": steering.retry_job(change.session, change.scope, **input)}
