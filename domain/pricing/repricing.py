"""From one level's prices to the next: set-based, inside the transaction that changed them, or by a job.

The law: a copy's net costs are the prices of the plan it was delegated from, at every level, when no job waits.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, case, func, or_, select, tuple_, update
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session, aliased

from db.among import among
from domain.catalog.drafts import FEES
from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.delegation.copies import announce_copies, forget_loaded, locked_copies
from domain.delegation.markups import marked_up_in_sql
from domain.shared import outbox
from domain.shared.errors import InvalidInput
from domain.shared.models import Job, JobState
from tenancy.clock import Clock
from tenancy.scope import AFTER_ALL, Scope

__all__ = [
    "apply_markups",
    "carry_down",
    "marked_up_in_sql",
    "reprice_below",
    "reprice_next",
    "repricing_job",
]

AT_ONCE = 5_000
"""Copies that a request reprices itself."""

BATCH = 2_000
"""Copies that a job reprices in a transaction."""

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
    parents: Collection[UUID] = set(plan_ids)
    while parents:
        copies = locked_copies(session, _distributor(scope), parents)
        if not copies:
            break
        changed = _reprice_level(session, scope, copies, at=clock.now)
        repriced += len(changed)
        parents = {copy.id for copy in copies if copy.automatic} & changed
    forget_loaded(session)
    return repriced


def carry_down(session: Session, scope: Scope, plans: Sequence[Plan], *, at_once: bool, clock: Clock) -> None:
    """Carry the prices of locked plans of one tenant down: by a job, where more than `AT_ONCE` copies are below.

    `at_once`: however many there are. Raises InvalidInput as `reprice_below` does.
    """
    session.flush()
    ids = [plan.id for plan in plans]
    if at_once or _count_below(session, ids, most=AT_ONCE + 1) <= AT_ONCE:
        reprice_below(session, scope, ids, clock=clock)
        return
    outbox.enqueue(
        session,
        plans[0],
        "catalog.reprice",
        queue="catalog",
        arguments={"plan_ids": [id.hex for id in ids]},
        unique_key=_job_key(ids),
        lane="reprice",
    )


def repricing_job(session: Session, plans: Sequence[Plan]) -> Job | None:
    """The job that has still to carry the prices of these plans, changed together, down; None: it is done."""
    of_plans = Job.distributor_id == plans[0].distributor_id, Job.unique_key == _job_key([plan.id for plan in plans])
    running = Job.kind == "catalog.reprice", Job.state.in_((JobState.WAITING, JobState.RUNNING))
    return session.scalars(select(Job).where(*of_plans, *running).order_by(Job.id.desc()).limit(1)).one_or_none()


def reprice_next(
    session: Session, scope: Scope, plan_ids: Sequence[UUID], *, after: UUID | None, clock: Clock
) -> Sequence[UUID]:
    """Carry prices down to the next copies below these plans of one tenant, at most `BATCH` of one level.

    From the top down: `after` is the last copy of the call before. Returns the copies that were looked at; none at the
    end. What somebody prices meanwhile is right after his own repricing, whichever comes first. The scope writes the
    whole distributor.
    """
    below = _below(session, plan_ids)
    if after is not None:
        last = aliased(Plan)
        wanted = select(func.length(last.tenant_path), last.tenant_path, last.id)
        of_last = last.distributor_id == _distributor(scope), last.id == after
        below = below.where(tuple_(*_FROM_THE_TOP) > tuple_(*session.execute(wanted.where(*of_last)).one()))
    automatic, length = Plan.markup_percent.is_not(None), func.length(Plan.tenant_path)
    found = session.execute(
        below.add_columns(automatic.label("automatic"), length.label("length"))
        .order_by(*_FROM_THE_TOP)
        .limit(BATCH)
        .with_for_update(key_share=True)
    ).all()
    # One level: what is further down takes the prices that this call writes.
    copies = [copy for copy in found if copy.length == found[0].length]
    if copies:
        _reprice_level(session, scope, copies, at=clock.now)
        forget_loaded(session)
    return [copy.id for copy in copies]


_FROM_THE_TOP = (func.length(Plan.tenant_path), Plan.tenant_path, Plan.id)


def _below(session: Session, plan_ids: Collection[UUID]) -> Select[UUID]:
    """The copies below plans of one tenant, at every level."""
    plans = session.execute(
        select(Plan.distributor_id, Plan.origin_id, Plan.tenant_path).where(among(Plan.id, plan_ids))
    ).all()
    path = plans[0].tenant_path
    return select(Plan.id).where(
        Plan.distributor_id == plans[0].distributor_id,
        among(Plan.origin_id, [plan.origin_id for plan in plans]),
        Plan.tenant_path > path,
        Plan.tenant_path < path + AFTER_ALL,
    )


def _count_below(session: Session, plan_ids: Collection[UUID], *, most: int) -> int:
    return session.scalars(select(func.count()).select_from(_below(session, plan_ids).limit(most).subquery())).one()


def _job_key(plan_ids: Collection[UUID]) -> str:
    """The same for the same plans, however many."""
    return sha256(b"".join(sorted(id.bytes for id in plan_ids))).hexdigest()


def _reprice_level(session: Session, scope: Scope, copies: Sequence[Row[UUID, bool]], *, at: datetime) -> set[UUID]:
    """Locked copies of one level, with whether a markup makes their prices. Returns those with new net costs."""
    changed = _take_upstream_prices(session, scope, [copy.id for copy in copies], at=at)
    if changed:
        automatic = {copy.id for copy in copies if copy.automatic} & changed
        _count_changes(session, _distributor(scope), changed, at=at)
        announce_copies(session, scope, "plan.repriced", automatic, at=at)
        announce_copies(session, scope, "plan.net_cost_changed", changed - automatic, at=at)
    return changed


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
