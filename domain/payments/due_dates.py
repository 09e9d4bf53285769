"""On which dates the billing run has something to do: so that a clock can skip the others."""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, Date, Select, and_, func, or_, select, type_coerce, union_all
from sqlalchemy.orm import Session

from domain.billing.models import Charge, ChargeState
from domain.catalog.models import Plan, ServiceTerm
from domain.ordering.models import Order, OrderState
from domain.payments.run_batches import has_open_order, to_prolong, to_renew
from domain.pricing.models import PlannedPrice
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from tenancy.scope import Scope

__all__ = ["anything_due", "next_due"]

_Subscription = ServiceSubscription


def next_due(session: Session, scope: Scope, *, after: date, until: date) -> date | None:
    """The first date later than `after`, not later than `until`, on which a step of the run finds a row; else None.

    What is overdue is due on the day after `after`. One statement; the run of the date may still find that nothing is
    to be done for a row (an order that is created ahead for a postpaid account, for instance). The scope reads the
    whole distributor.
    """
    dates = union_all(*_dates(scope)).subquery()
    first = session.scalar(select(func.min(type_coerce(dates.c.due, Date))))
    if first is None or first > until:
        return None
    due = max(first, after + timedelta(days=1))
    return due if due <= until else None


def anything_due(session: Session, scope: Scope, *, day: date) -> bool:
    """Whether the run of this date would find a row."""
    return next_due(session, scope, after=day - timedelta(days=1), until=day) is not None


def _dates(scope: Scope) -> list[Select[date | None]]:
    ahead = _Subscription.paid_to - ServiceTerm.auto_renew_point_days
    running = _Subscription.state == SubscriptionState.ACTIVE
    return [
        select(func.min(Charge.closes_on).label("due")).where(
            Charge.distributor_id == scope.distributor_id, Charge.state == ChargeState.BLOCKED
        ),
        select(func.min(Charge.period_end)).where(
            Charge.distributor_id == scope.distributor_id, Charge.state == ChargeState.OPENED
        ),
        select(func.min(Charge.period_start))
        .join(
            _Subscription,
            and_(_Subscription.distributor_id == scope.distributor_id, _Subscription.id == Charge.subscription_id),
        )
        .where(Charge.distributor_id == scope.distributor_id, Charge.state == ChargeState.OPENED, running),
        select(func.min(PlannedPrice.valid_from)).where(
            PlannedPrice.distributor_id == scope.distributor_id, PlannedPrice.refused_at.is_(None)
        ),
        select(func.min(Order.cancels_on)).where(
            Order.distributor_id == scope.distributor_id, Order.state == OrderState.WAITING_FOR_PAYMENT
        ),
        select(func.min(Order.provisions_on)).where(
            Order.distributor_id == scope.distributor_id, Order.state == OrderState.WAITING_FOR_PROVISIONING
        ),
        _of_subscriptions(scope, func.min(ahead)).where(
            and_(running, or_(to_prolong(), to_renew()), ~has_open_order())
        ),
        _of_subscriptions(scope, func.min(_Subscription.paid_to)).where(running),
        _of_subscriptions(scope, func.min(_Subscription.paid_to + ServiceTerm.grace_period_days)).where(
            _Subscription.state == SubscriptionState.GRACED
        ),
        _of_subscriptions(scope, func.min(_Subscription.stopped_on + ServiceTerm.stop_period_days)).where(
            _Subscription.state == SubscriptionState.STOPPED
        ),
    ]


def _of_subscriptions(scope: Scope, first: ColumnElement[date | None]) -> Select[date | None]:
    return (
        select(first)
        .select_from(_Subscription)
        .join(Plan, and_(Plan.distributor_id == scope.distributor_id, Plan.id == _Subscription.plan_id))
        .join(
            ServiceTerm,
            and_(ServiceTerm.distributor_id == scope.distributor_id, ServiceTerm.id == Plan.service_term_id),
        )
        .where(_Subscription.distributor_id == scope.distributor_id)
    )
