"""Which subscriptions a step of the billing run takes next, locked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import wraps
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from db.among import among
from db.appending import appending
from db.rewriting import rewriting
from domain.billing.contracts import Contract, contracts_of
from domain.catalog.models import Plan, PlanPeriod, ServiceTerm
from domain.customers.models import Account, PaymentModel, PostpayPermission
from domain.ordering.models import OPEN_ORDER_STATES, Order
from domain.shared.billing_policy import POLICIES, Prolongs
from domain.shared.rows import locked
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = [
    "BATCH",
    "PROLONGED",
    "Step",
    "distributor_of",
    "due_ahead",
    "has_open_order",
    "in_batches",
    "joined",
    "may_pay",
    "on_day",
    "ready",
    "running",
    "to_prolong",
    "to_renew",
]

BATCH = 500
"""Rows a transaction."""


class Step(Protocol):
    """A part of a day's run."""

    def __call__(self, session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
        """Do one batch of what `day` brings; answers how many rows that were, 0 when the step is over.

        The scope writes the whole distributor. Rows get the instant of `clock`, or the first one of `day` when the
        clock is past it.
        """


def in_batches(step: Step) -> Step:
    """Let a step write a batch in few statements: events, ledger entries and the like, and the rows it has changed."""

    @wraps(step)
    def appended(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
        with rewriting(session), appending(session):
            return step(session, scope, clock=clock, day=day)

    return appended


PROLONGED = tuple(billing_type for billing_type, policy in POLICIES.items() if policy.prolongs is not Prolongs.NO)
"""The billing types whose terms get monthly prolong orders where they go on; what is endless always does."""

_Subscription = ServiceSubscription


def on_day(clock: Clock, day: date) -> Clock:
    """The clock, or, when it shows another day, the first instant of `day`: a late run does that day's work."""
    return clock if clock.today == day else replace(clock, now=clock.start_of(day))


def distributor_of(scope: Scope) -> UUID:
    if scope.distributor_id is None:
        raise ValueError("a billing run belongs to a distributor")
    return scope.distributor_id


def joined(scope: Scope) -> Select[UUID, UUID]:
    """Subscriptions with their accounts and service terms, to be narrowed down."""
    return (
        select(_Subscription.id, _Subscription.account_id)
        .join(
            Account,
            and_(Account.distributor_id == scope.distributor_id, Account.id == _Subscription.account_id),
        )
        .join(Plan, and_(Plan.distributor_id == scope.distributor_id, Plan.id == _Subscription.plan_id))
        .join(
            ServiceTerm,
            and_(ServiceTerm.distributor_id == scope.distributor_id, ServiceTerm.id == Plan.service_term_id),
        )
        .where(_Subscription.distributor_id == scope.distributor_id)
        .order_by(_Subscription.tenant_path, _Subscription.number)
        .limit(BATCH)
    )


def running(scope: Scope) -> Select[UUID, UUID]:
    return joined(scope).where(_Subscription.state == SubscriptionState.ACTIVE)


def has_open_order() -> ColumnElement[bool]:
    return exists().where(
        Order.distributor_id == _Subscription.distributor_id,
        Order.subscription_id == _Subscription.id,
        Order.state.in_(OPEN_ORDER_STATES),
    )


def ready(
    session: Session, scope: Scope, wanted: Select[UUID, UUID]
) -> tuple[Sequence[UUID], dict[UUID, Contract], dict[UUID, Account]]:
    """The subscriptions that a statement finds, locked with their accounts, in the statement's order.

    It is asked again behind the locks: what somebody changed meanwhile is left out, its id still counts as handled.
    """
    found = session.execute(wanted).all()
    accounts = locked(session, Account, scope.distributor_id, [row.account_id for row in found])
    subscriptions = locked(session, _Subscription, scope.distributor_id, [row.id for row in found])
    ids = [row.id for row in found]
    still = set(session.scalars(wanted.where(among(_Subscription.id, ids)))) if ids else set()
    contracts = contracts_of(session, [subscriptions[id] for id in ids if id in still])
    return ids, contracts, accounts


def to_prolong() -> ColumnElement[bool]:
    """The next period lies inside the term: what has no end goes on, a term if its type is prolonged."""
    return or_(
        _Subscription.endless,
        and_(_Subscription.billing_type.in_(PROLONGED), _Subscription.paid_to <= _Subscription.expires_on),
    )


def to_renew() -> ColumnElement[bool]:
    """The term is paid to its end and renews itself. Trials end, and what has a period that was removed."""
    removed = exists().where(
        PlanPeriod.distributor_id == _Subscription.distributor_id,
        PlanPeriod.id == _Subscription.plan_period_id,
        PlanPeriod.removed_at.is_not(None),
    )
    at_its_end = _Subscription.paid_to == _Subscription.expires_on + 1
    return and_(_Subscription.auto_renew, ~_Subscription.trial, at_its_end, ~removed)


def may_pay() -> ColumnElement[bool]:
    """The account pays before, or may pay afterwards: see `domain.payments.permitting`."""
    return or_(
        Account.payment_model == PaymentModel.PREPAY,
        Account.postpay_permission.in_((PostpayPermission.NOT_VERIFIED, PostpayPermission.APPROVED)),
    )


def due_ahead(day: date) -> ColumnElement[bool]:
    """*Paid to* is at most auto-renew-point days away; a postpaid account is charged on the day itself."""
    return or_(
        _Subscription.paid_to <= day,
        and_(
            _Subscription.paid_to - ServiceTerm.auto_renew_point_days <= day,
            Account.payment_model == PaymentModel.PREPAY,
        ),
    )
