"""Annual plans that are paid monthly become monthly commitments: the plan, its copies, and what runs on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from domain.billing import charges as written
from domain.billing.contracts import Contract, contracts_of
from domain.billing.models import Charge, ChargeKind, ChargeState
from domain.catalog.checks import check_billing_type, fee_set
from domain.catalog.models import Plan, PlanPeriod, PlanResource, ServiceTerm
from domain.customers.models import Account
from domain.ordering.models import Order, OrderState
from domain.ordering.queries import open_orders
from domain.payments.foretelling import foretold
from domain.shared.billing_policy import Term
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidState, NotFound
from domain.shared.outbox import announce
from domain.shared.rows import locked
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["BEFORE", "Conversion", "convert_to_commitment"]

BEFORE = BillingType.NON_REFUND
"""What annual plans with monthly payments were before there were commitments."""

AFTER = BillingType.MONTHLY_COMMITMENT


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was done to a plan."""

    plans: int
    """It and its copies."""
    converted: Sequence[str]
    """Numbers of subscriptions that are commitments since."""
    waiting: Sequence[str]
    """Numbers of those with an open order, which stay as they are: do it again when that is paid or cancelled."""
    released: int
    """Charges of later months that were deleted; what was reserved for them is on the balances again."""


def convert_to_commitment(session: Session, scope: Scope, *, plan_number: str, clock: Clock) -> Conversion:
    """Let a distributor's annual plan, every copy of it and their subscriptions be monthly commitments from now on.

    A term goes on to its end at its quantities. The month that runs stays as it is charged; later ones, which were
    reserved with the order, are not any more: each is ordered and paid when it comes, like every month of a commitment.
    Doing it twice is safe. `scope` writes the whole distributor.
    Raises NotFound; InvalidState for a plan of another billing type; InvalidInput for fees that a commitment does not
    take.
    """
    plans = _plans(session, scope, plan_number)
    for plan in plans:
        _check(session, plan)
    ids = [plan.id for plan in plans]
    session.execute(
        update(Plan)
        .where(Plan.distributor_id == scope.distributor_id, Plan.id.in_(ids), Plan.billing_type == BEFORE)
        .values(billing_type=AFTER, version=Plan.version + 1, updated_at=clock.now)
        .execution_options(synchronize_session="fetch")
    )
    subscriptions = _subscriptions(session, scope, ids)
    accounts = locked(session, Account, scope.distributor_id, [row.account_id for row in subscriptions])
    held = locked(session, ServiceSubscription, scope.distributor_id, [row.id for row in subscriptions])
    busy = {order.subscription_id for order in open_orders(session, plans[0].distributor_id, list(held))}
    still = [row for id, row in held.items() if row.billing_type is BEFORE and id not in busy]
    released = 0
    for subscription in still:
        subscription.billing_type = AFTER
    contracts = contracts_of(session, still)
    for contract in contracts.values():
        released += _convert(session, scope, contract, accounts[contract.subscription.account_id], clock)
    session.flush()
    return Conversion(
        plans=len(plans),
        converted=sorted(row.number for row in still),
        waiting=sorted(held[id].number for id in busy),
        released=released,
    )


def _plans(session: Session, scope: Scope, number: str) -> list[Plan]:
    origin = session.scalars(
        select(Plan).where(
            Plan.distributor_id == scope.distributor_id, Plan.number == number, Plan.tenant_id == scope.tenant_id
        )
    ).one_or_none()
    if origin is None or origin.parent_id is not None:
        raise NotFound("plan_number")
    if origin.billing_type not in {BEFORE, AFTER}:
        raise InvalidState(
            "Plan {number} is {billing_type}; only {before} plans become {after}.",
            number=number,
            billing_type=origin.billing_type,
            before=BEFORE,
            after=AFTER,
            path=("plan_number",),
        )
    copies = select(Plan).where(Plan.distributor_id == scope.distributor_id, Plan.origin_id == origin.id)
    return list(session.scalars(copies.order_by(Plan.tenant_path, Plan.id).with_for_update()))


def _check(session: Session, plan: Plan) -> None:
    here = (plan.distributor_id, plan.id)
    periods = session.scalars(
        select(PlanPeriod).where(PlanPeriod.distributor_id == here[0], PlanPeriod.plan_id == here[1])
    ).all()
    resources = session.scalars(
        select(PlanResource).where(PlanResource.distributor_id == here[0], PlanResource.plan_id == here[1])
    ).all()
    term = session.get_one(ServiceTerm, (plan.distributor_id, plan.service_term_id))
    check_billing_type(
        AFTER,
        billing_day=term.billing_day,
        periods=[Term(row.duration, row.unit) for row in periods],
        period_fees=[fee_set(row) for row in periods],
        resource_fees={row.key: fee_set(row) for row in resources},
    )


def _subscriptions(session: Session, scope: Scope, plan_ids: Sequence[UUID]) -> Sequence[ServiceSubscription]:
    return session.scalars(
        select(ServiceSubscription)
        .where(
            ServiceSubscription.distributor_id == scope.distributor_id,
            ServiceSubscription.plan_id.in_(plan_ids),
            ServiceSubscription.billing_type == BEFORE,
            ServiceSubscription.state != SubscriptionState.DELETED,
        )
        .order_by(ServiceSubscription.id)
    ).all()


def _convert(session: Session, scope: Scope, contract: Contract, account: Account, clock: Clock) -> int:
    """Give back what is reserved for later months, and let them be ordered one by one; how many charges that were."""
    subscription = contract.subscription
    month_end = contract.billing_period(clock.today, clock).end
    later = session.scalars(
        select(Charge)
        .where(
            Charge.distributor_id == subscription.distributor_id,
            Charge.subscription_id == subscription.id,
            Charge.kind == ChargeKind.RECURRING,
            Charge.state.in_((ChargeState.BLOCKED, ChargeState.OPENED)),
            Charge.period_start >= month_end,
        )
        .order_by(Charge.id)
        .with_for_update()
    ).all()
    for charge in later:
        written.undo(session, account, charge, clock=clock)
    if subscription.paid_to is not None:
        subscription.paid_to = min(subscription.paid_to, month_end)
    subscription.version += 1
    subscription.updated_at = clock.now
    order = session.scalars(
        select(Order)
        .where(
            Order.distributor_id == subscription.distributor_id,
            Order.subscription_id == subscription.id,
            Order.state == OrderState.COMPLETED,
        )
        .order_by(Order.id.desc())
        .limit(1)
    ).one_or_none()
    subscription.next_period = None if order is None else foretold(contract, order, clock=clock)
    announce(session, scope, "subscription.converted", subject=subscription, prefix="sub", at=clock.now)
    return len(later)
