"""Setting what was planned, when its day has come."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.catalog.drafts import FEES, FeesChange
from domain.catalog.models import Plan
from domain.pricing.actions import set_markup
from domain.pricing.by_hand import PriceChange, set_prices
from domain.pricing.models import PlannedPrice, PriceOf
from domain.shared import outbox
from domain.shared.errors import Refusal
from domain.shared.unset import UNSET
from tenancy.clock import Clock
from tenancy.scope import Scope
from tenancy.sessions import seeing

__all__ = ["take_planned_prices"]

BATCH = 20
"""Plans a transaction: each may reprice many copies."""


def take_planned_prices(session: Session, scope: Scope, *, day: date, clock: Clock) -> int:
    """Set what was planned for `day` or before, as its tenant would, and forget it. Returns how many plans it was for.

    By day, then from the top of the chain down. What a plan does not take any more, because of what has changed since,
    stays with `refused_at`, is announced and not tried again. The scope writes the whole distributor.
    """
    waiting = PlannedPrice.distributor_id == scope.distributor_id, PlannedPrice.refused_at.is_(None)
    due = session.execute(
        select(PlannedPrice.valid_from, PlannedPrice.tenant_path, PlannedPrice.tenant_id, PlannedPrice.plan_id)
        .where(*waiting, PlannedPrice.valid_from <= day)
        .distinct()
        .order_by(PlannedPrice.valid_from, PlannedPrice.tenant_path, PlannedPrice.plan_id)
        .limit(BATCH)
    ).all()
    for row in due:
        assert scope.distributor_id is not None
        owner = Scope.of_tenant(scope.distributor_id, row.tenant_id, row.tenant_path).writing_downstream()
        with seeing(session, owner):
            _take(session, replace(owner, job_id=scope.job_id), row.plan_id, row.valid_from, clock)
    return len(due)


def _take(session: Session, scope: Scope, plan_id: UUID, valid_from: date, clock: Clock) -> None:
    of_plan = Plan.distributor_id == scope.distributor_id, Plan.id == plan_id
    # Whoever plans or withdraws locks the plan first, too.
    plan = session.scalars(select(Plan).where(*of_plan).with_for_update(key_share=True)).one()
    planned = session.scalars(
        select(PlannedPrice)
        .where(
            PlannedPrice.distributor_id == scope.distributor_id,
            PlannedPrice.plan_id == plan_id,
            PlannedPrice.valid_from == valid_from,
            PlannedPrice.refused_at.is_(None),
        )
        .order_by(PlannedPrice.id)
        .execution_options(populate_existing=True)
    ).all()
    try:
        with session.begin_nested():
            _set(session, scope, plan_id, planned, clock)
    except Refusal:
        for row in planned:
            row.refused_at = row.updated_at = clock.now
        outbox.announce(session, scope, "plan.planned_prices_refused", subject=plan, prefix="pln", at=clock.now)
    else:
        for row in planned:
            session.delete(row)
    session.flush()


def _set(session: Session, scope: Scope, plan_id: UUID, planned: Sequence[PlannedPrice], clock: Clock) -> None:
    fees = {kind: [_change(row) for row in planned if row.price_of is kind] for kind in PriceOf}
    periods, resources = fees[PriceOf.PERIOD], fees[PriceOf.RESOURCE]
    if periods or resources:
        set_prices(session, scope, plan_id=plan_id, periods=periods, resources=resources, at_once=True, clock=clock)
    for row in planned:
        if row.markup_percent is not None:
            set_markup(session, scope, plan_id=plan_id, markup_percent=row.markup_percent, at_once=True, clock=clock)


def _change(row: PlannedPrice) -> PriceChange:
    def fees(prefix: str) -> FeesChange | None:
        given: dict[str, Decimal] = {fee: value for fee in FEES if (value := getattr(row, prefix + fee)) is not None}
        return FeesChange(**given) if given else None

    assert row.key is not None
    return PriceChange(row.key, fees=fees("") or UNSET, net_cost=fees("net_") or UNSET)
