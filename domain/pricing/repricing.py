"""From one level's prices to the next: set-based, inside the transaction that changed them.

The law: a copy's net costs are the prices of the plan it was delegated from, at every level, always.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, case, or_, update
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session, aliased

from db.among import among
from domain.catalog.drafts import FEES
from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.delegation.copies import announce_copies, forget_loaded, locked_copies
from domain.delegation.markups import marked_up_in_sql
from domain.shared.errors import InvalidInput
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["apply_markups", "marked_up_in_sql", "reprice_below"]

_DETAILS: tuple[type[PlanPeriod] | type[PlanResource], ...] = (PlanPeriod, PlanResource)


def apply_markups(session: Session, distributor_id: UUID, plan_ids: Collection[UUID], *, at: datetime) -> set[UUID]:
    """Set the prices of those of these plans that have a markup, from their own net costs.

    Returns the plans whose prices have changed. Versions are the caller's business. Raises InvalidInput for a price
    that no column holds.
    """
    session.flush()
    changed: set[UUID] = set()
    for model in _DETAILS:
        prices = {fee: marked_up_in_sql(getattr(model, f"net_{fee}"), Plan.markup_percent) for fee in FEES}
        changed |= _write(
            session,
            model,
            prices,
            model.distributor_id == distributor_id,
            among(model.plan_id, plan_ids),
            Plan.distributor_id == model.distributor_id,
            Plan.id == model.plan_id,
            Plan.markup_percent.is_not(None),
            at=at,
        )
    forget_loaded(session)
    return changed


def reprice_below(session: Session, scope: Scope, plan_ids: Collection[UUID], *, clock: Clock) -> int:
    """Carry the prices of these plans down: net costs of all copies, prices of those that have a markup.

    A copy whose prices are set by hand keeps them, and so does everything below it. Returns how many copies have new
    net costs. The plans are locked by the caller; the scope writes downstream. Raises InvalidInput for a price that no
    column holds.
    """
    session.flush()
    repriced = 0
    parents = set(plan_ids)
    while parents:
        copies = locked_copies(session, _distributor(scope), parents)
        if not copies:
            break
        ids = [copy.id for copy in copies]
        changed = _take_upstream_prices(session, scope, ids, at=clock.now)
        if changed:
            automatic = {copy.id for copy in copies if copy.automatic} & changed
            _count_changes(session, _distributor(scope), changed, at=clock.now)
            announce_copies(session, scope, "plan.repriced", automatic, at=clock.now)
            announce_copies(session, scope, "plan.net_cost_changed", changed - automatic, at=clock.now)
            repriced += len(changed)
            parents = automatic
        else:
            parents = set()
    forget_loaded(session)
    return repriced


def _count_changes(session: Session, distributor_id: UUID, copies: Collection[UUID], *, at: datetime) -> None:
    """Of copies with new net costs; whoever sets prices by hand should look at them again."""
    session.execute(
        update(Plan)
        .where(Plan.distributor_id == distributor_id, among(Plan.id, copies))
        .values(
            version=Plan.version + 1,
            updated_at=at,
            net_cost_changed_at=at,
            prices_to_review=or_(Plan.prices_to_review, Plan.markup_percent.is_(None)),
        )
        .execution_options(synchronize_session=False)
    )


def _take_upstream_prices(session: Session, scope: Scope, copies: Collection[UUID], *, at: datetime) -> set[UUID]:
    """One level. Returns the copies whose net costs or prices have changed."""
    changed: set[UUID] = set()
    for model in _DETAILS:
        above = aliased(model)
        values: dict[str, ColumnElement[Decimal]] = {}
        for fee in FEES:
            price = getattr(above, fee)
            values[f"net_{fee}"] = price
            values[fee] = case(
                (Plan.markup_percent.is_(None), getattr(model, fee)),
                else_=marked_up_in_sql(price, Plan.markup_percent),
            )
        changed |= _write(
            session,
            model,
            values,
            model.distributor_id == scope.distributor_id,
            among(model.plan_id, copies),
            Plan.distributor_id == model.distributor_id,
            Plan.id == model.plan_id,
            above.distributor_id == model.distributor_id,
            above.plan_id == Plan.parent_id,
            above.key == model.key,
            at=at,
        )
    return changed


def _write(
    session: Session,
    model: type[PlanPeriod] | type[PlanResource],
    values: Mapping[str, ColumnElement[Decimal]],
    *conditions: ColumnElement[bool],
    at: datetime,
) -> set[UUID]:
    """Set fees of the rows that differ; the plans whose rows did. Raises InvalidInput for what a column cannot hold."""
    statement = (
        update(model)
        .where(*conditions, or_(*(getattr(model, name).is_distinct_from(value) for name, value in values.items())))
        .values({**values, "updated_at": at})
        .returning(model.plan_id)
        .execution_options(synchronize_session=False)
    )
    try:
        return set(session.scalars(statement))
    except DataError as error:
        raise _too_large(error) from error


def _distributor(scope: Scope) -> UUID:
    if scope.distributor_id is None:
        raise ValueError("prices are carried down inside one distributor")
    return scope.distributor_id


def _too_large(error: DataError) -> Exception:
    """A chain of markups can make a price with more digits than the column has."""
    if getattr(error.orig, "sqlstate", None) == "22003":
        return InvalidInput("With these markups a price further down has more than 14 digits before the point.")
    return error
