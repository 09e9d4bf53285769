"""Prices and markups that are set on a day to come."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeGuard
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.catalog.queries import own_plan_for_update
from domain.pricing.models import PlannedPrice, PriceOf
from domain.shared import outbox
from domain.shared.errors import InvalidInput, NotFound
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["is_later", "plan_fees", "plan_markup", "withdraw_planned_prices"]

DAYS_LIMIT = 50
"""Days for which something is planned for one plan."""

YEARS_AHEAD = 10


def is_later(valid_from: date | None, clock: Clock) -> TypeGuard[date]:
    """Whether something is to be planned: what holds from today on is set at once.

    Raises InvalidInput for a day that is over, or more than `YEARS_AHEAD` years away.
    """
    if valid_from is None:
        return False
    if valid_from < clock.today:
        raise InvalidInput(
            "{field} must not be before today, which is {today}.", today=clock.today.isoformat(), path=("valid_from",)
        )
    if (valid_from - clock.today).days > YEARS_AHEAD * 366:
        raise InvalidInput("{field} is more than {years} years away.", years=YEARS_AHEAD, path=("valid_from",))
    return valid_from > clock.today


def plan_fees(
    session: Session,
    scope: Scope,
    plan: Plan,
    changes: Sequence[tuple[PlanPeriod | PlanResource, Mapping[str, Decimal]]],
    valid_from: date,
    clock: Clock,
) -> None:
    """Keep fees, clean and by attribute, for periods and resources of a locked plan, whose rows stay as they were.

    Raises InvalidInput where no fee is given, and for more than `DAYS_LIMIT` days.
    """
    for row, _ in changes:
        session.expire(row)
    if not any(fees for _, fees in changes):
        raise InvalidInput("Name at least one period or resource.", path=("resources",))
    _clear(session, plan, valid_from)
    session.add_all(
        _planned(
            plan,
            valid_from,
            clock,
            price_of=PriceOf.PERIOD if isinstance(row, PlanPeriod) else PriceOf.RESOURCE,
            key=row.key,
            **fees,
        )
        for row, fees in changes
        if fees
    )
    _announce(session, scope, plan, "plan.prices_planned", clock)


def plan_markup(session: Session, scope: Scope, plan: Plan, markup: Decimal, valid_from: date, clock: Clock) -> None:
    """Keep a clean markup for a locked plan. Raises InvalidInput for more than `DAYS_LIMIT` days."""
    _clear(session, plan, valid_from)
    session.add(_planned(plan, valid_from, clock, markup_percent=markup))
    _announce(session, scope, plan, "plan.prices_planned", clock)


def withdraw_planned_prices(session: Session, scope: Scope, *, plan_id: UUID, valid_from: date, clock: Clock) -> Plan:
    """Forget what was planned for a plan of the acting tenant and a day.

    Raises NotFound, also where nothing is planned for the day; ActAsRequired.
    """
    plan = own_plan_for_update(session, scope, plan_id, "plan_id")
    of_day = delete(PlannedPrice).where(*_of(plan), PlannedPrice.valid_from == valid_from)
    if not session.scalars(of_day.returning(PlannedPrice.id)).all():
        raise NotFound("valid_from")
    _announce(session, scope, plan, "plan.planned_prices_withdrawn", clock)
    return plan


def _clear(session: Session, plan: Plan, valid_from: date) -> None:
    """Make room for what is to be planned for the day."""
    session.execute(delete(PlannedPrice).where(*_of(plan), PlannedPrice.valid_from == valid_from))
    days = session.scalars(select(func.count(PlannedPrice.valid_from.distinct())).where(*_of(plan))).one()
    if days >= DAYS_LIMIT:
        raise InvalidInput(
            "Prices of the plan are planned for {limit} days, which is the most.",
            limit=DAYS_LIMIT,
            path=("valid_from",),
        )


def _planned(plan: Plan, valid_from: date, clock: Clock, **fields: object) -> PlannedPrice:
    return PlannedPrice(
        distributor_id=plan.distributor_id,
        tenant_id=plan.tenant_id,
        tenant_path=plan.tenant_path,
        plan_id=plan.id,
        valid_from=valid_from,
        created_at=clock.now,
        updated_at=clock.now,
        **fields,
    )


def _of(plan: Plan) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return PlannedPrice.distributor_id == plan.distributor_id, PlannedPrice.plan_id == plan.id


def _announce(session: Session, scope: Scope, plan: Plan, type: str, clock: Clock) -> None:
    session.flush()
    outbox.announce(session, scope, type, subject=plan, prefix="pln", at=clock.now)
