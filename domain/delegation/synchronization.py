"""Synchronized fields: what a copy shows as its origin has it, at every level.

Not through the levels but from the origin at once: a copy's parent may itself still wait for its turn.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Select,
    Tuple,
    Uuid,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session, aliased

from db.among import among
from domain.catalog.drafts import FEES
from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.delegation.copies import COPIED_OF_PERIODS, COPIED_OF_RESOURCES, forget_loaded
from domain.delegation.markups import marked_up_in_sql
from domain.shared.errors import NotFound
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = [
    "PERIOD_FIELDS",
    "PLAN_FIELDS",
    "RESOURCE_FIELDS",
    "Repair",
    "differences",
    "repair_plans",
    "synchronize_plan",
]

PLAN_FIELDS = ("name", "sku", "billing_type", "fixed_price", "currency", "service_term_id", "order_attributes")
PERIOD_FIELDS = ("position", "public", "removed_at")
RESOURCE_FIELDS = ("name", "unit", "unit_kind", "priority", "public", "included", "minimum", "maximum")

BATCH = 2_000
"""Copies a statement."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What was amiss in the copies of one plan."""

    plan_id: UUID
    number: str
    name: str
    tenant_id: UUID
    """Whose plan it is."""
    copies: int
    """How many had to be changed."""
    places: Mapping[str, int]
    """Copies that were amiss, by place: `name`, `resources.licence.priority`; `periods.1_YEAR`, which they lacked."""


def synchronize_plan(session: Session, scope: Scope, *, plan_id: UUID, clock: Clock) -> int:
    """Bring a plan's synchronized fields to all copies below it. Returns how many copies show something new.

    Only copies that show an older version of the origin are touched, and always the origin's present state is brought:
    a job that comes late, twice, or together with another never undoes a newer name. `plan_id` may be a copy's: its
    origin is meant. The scope must reach the origin and write downstream of it. Raises NotFound.
    """
    origin = _held_origin(session, scope, plan_id)
    changed = 0
    outdated = _copies_of(origin).where(Plan.synchronized_version < origin.version).limit(BATCH)
    while copies := session.execute(outdated).all():
        changed += len(_bring(session, origin, copies, at=clock.now))
    forget_loaded(session)
    return changed


def repair_plans(session: Session, scope: Scope, *, clock: Clock) -> list[Repair]:
    """Bring every copy in the scope's tree to its origin's fields, whatever version it claims to show.

    Returns what was amiss, plan by plan; running it again changes nothing. The scope is the distributor's, and writes
    downstream.
    """
    session.flush()
    repairs = []
    for origin_id, places in sorted(differences(session, scope).items()):
        origin = _held_origin(session, scope, origin_id)
        copies = session.execute(_copies_of(origin)).all()
        changed: set[UUID] = set()
        for first in range(0, len(copies), BATCH):
            changed |= _bring(session, origin, copies[first : first + BATCH], at=clock.now)
        repairs.append(Repair(origin.id, origin.number, origin.name, origin.tenant_id, len(changed), places))
    forget_loaded(session)
    return repairs


def _held_origin(session: Session, scope: Scope, plan_id: UUID) -> Plan:
    """The origin, held still until the transaction ends, so that all copies get one and the same state of it."""
    session.flush()
    visible = select(Plan.origin_id).where(Plan.distributor_id == scope.distributor_id, Plan.id == plan_id)
    origin = session.scalars(
        select(Plan)
        .where(Plan.distributor_id == scope.distributor_id, Plan.id == visible.scalar_subquery())
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if origin is None:
        raise NotFound("plan_id")
    return origin


def _copies_of(origin: Plan) -> Select[UUID, bool]:
    """All copies, from the top down, which is the order in which they are locked; whether their own fields differ."""
    return (
        select(Plan.id, _differs(Plan, origin).label("differs"))
        .where(Plan.distributor_id == origin.distributor_id, Plan.origin_id == origin.id, Plan.id != origin.id)
        .order_by(func.length(Plan.tenant_path), Plan.tenant_path, Plan.id)
        .with_for_update(key_share=True)
    )


def _differs(model: type[Plan], origin: Plan) -> ColumnElement[bool]:
    return or_(*(getattr(model, name).is_distinct_from(getattr(origin, name)) for name in PLAN_FIELDS))


def _bring(session: Session, origin: Plan, copies: Sequence[Row[UUID, bool]], *, at: datetime) -> set[UUID]:
    """A few statements a table. Returns the copies that show something new; only their version rises."""
    changed = {copy.id for copy in copies if copy.differs}
    for model, fields, copied in (
        (PlanPeriod, PERIOD_FIELDS, COPIED_OF_PERIODS),
        (PlanResource, RESOURCE_FIELDS, COPIED_OF_RESOURCES),
    ):
        # Mostly there are none: to find that out costs a look, to bring all of them again as much as the plans.
        if amiss := _amiss(session, model, fields, origin, [copy.id for copy in copies]):
            changed |= _bring_details(session, model, fields, origin, amiss, at=at)
            changed |= _add_missing(session, model, copied, origin, amiss, at=at)
    brought = {name: getattr(origin, name) for name in PLAN_FIELDS} | {"synchronized_version": origin.version}
    for ids, values in (
        (changed, {**brought, "version": Plan.version + 1, "updated_at": at}),
        ({copy.id for copy in copies} - changed, {"synchronized_version": origin.version}),
    ):
        if ids:
            session.execute(
                update(Plan)
                .where(Plan.distributor_id == origin.distributor_id, among(Plan.id, ids))
                .values(values)
                .execution_options(synchronize_session=False)
            )
    return changed


def _amiss(
    session: Session,
    model: type[PlanPeriod] | type[PlanResource],
    fields: Sequence[str],
    origin: Plan,
    copies: Collection[UUID],
) -> Sequence[UUID]:
    """The copies that lack a period or resource of the origin, or have a different one."""
    of_origin = (model.distributor_id == origin.distributor_id) & (model.plan_id == origin.id)
    wanted = session.scalars(select(func.count()).where(of_origin)).one()
    if wanted == 0:
        return []
    source = aliased(model)
    alike = (
        select(model.plan_id)
        .join(source, (source.distributor_id == model.distributor_id) & (source.key == model.key))
        .where(
            model.distributor_id == origin.distributor_id,
            among(model.plan_id, copies),
            source.plan_id == origin.id,
            ~_row(model, fields).is_distinct_from(_row(source, fields)),
        )
        .group_by(model.plan_id)
        .having(func.count() == wanted)
    )
    each = func.unnest(literal(list(copies), ARRAY(Uuid()))).column_valued("copy")
    return session.scalars(select(each).except_(alike)).all()


def _bring_details(
    session: Session,
    model: type[PlanPeriod] | type[PlanResource],
    fields: Sequence[str],
    origin: Plan,
    copies: Collection[UUID],
    *,
    at: datetime,
) -> set[UUID]:
    """Periods or resources, matched by key. Returns the copies that had a different one."""
    source = aliased(model)
    return set(
        session.scalars(
            update(model)
            .where(
                model.distributor_id == origin.distributor_id,
                among(model.plan_id, copies),
                source.distributor_id == model.distributor_id,
                source.plan_id == origin.id,
                source.key == model.key,
                _row(model, fields).is_distinct_from(_row(source, fields)),
            )
            .values({name: getattr(source, name) for name in fields} | {"updated_at": at})
            .returning(model.plan_id)
            .execution_options(synchronize_session=False)
        )
    )


def _add_missing(
    session: Session,
    model: type[PlanPeriod] | type[PlanResource],
    names: Sequence[str],
    origin: Plan,
    copies: Collection[UUID],
    *,
    at: datetime,
) -> set[UUID]:
    """Periods or resources that copies lack, at the prices of the plan above. Returns the copies that got one.

    From the plan above and not from the origin, because of its prices: again and again, each time one level further
    down, until nobody lacks anything.
    """
    copy, above, present = aliased(Plan), aliased(model), aliased(model)
    values: dict[str, Any] = {
        "id": func.app_uuid7(),
        "distributor_id": copy.distributor_id,
        "tenant_id": copy.tenant_id,
        "tenant_path": copy.tenant_path,
        "plan_id": copy.id,
        "created_at": literal(at, Plan.created_at.type),
        "updated_at": literal(at, Plan.updated_at.type),
    }
    values |= {name: getattr(above, name) for name in names}
    for fee in FEES:
        price = getattr(above, fee)
        values[f"net_{fee}"] = price
        values[fee] = case((copy.markup_percent.is_(None), price), else_=marked_up_in_sql(price, copy.markup_percent))
    lacking = (
        select(*values.values())
        .select_from(copy)
        .join(above, (above.distributor_id == copy.distributor_id) & (above.plan_id == copy.parent_id))
        .where(
            copy.distributor_id == origin.distributor_id,
            among(copy.id, copies),
            ~exists().where(
                present.distributor_id == copy.distributor_id, present.plan_id == copy.id, present.key == above.key
            ),
        )
    )
    addition = insert(model).from_select(list(values), lacking, include_defaults=False).returning(model.plan_id)
    added: set[UUID] = set()
    while found := set(session.scalars(addition)):
        added |= found
    return added


def _row(model: type[PlanPeriod] | type[PlanResource], fields: Sequence[str]) -> Tuple:
    return tuple_(*(getattr(model, name) for name in fields))


def differences(session: Session, scope: Scope) -> dict[UUID, dict[str, int]]:
    """For every origin in the scope's tree whose copies differ from it: how many do, by place (see `Repair`)."""
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    copy, origin = aliased(Plan), aliased(Plan)
    counts = {name: getattr(copy, name).is_distinct_from(getattr(origin, name)) for name in PLAN_FIELDS}
    for row in session.execute(
        select(copy.origin_id, *(func.count().filter(differs).label(name) for name, differs in counts.items()))
        .join(origin, (origin.distributor_id == copy.distributor_id) & (origin.id == copy.origin_id))
        .where(copy.distributor_id == scope.distributor_id, copy.parent_id.is_not(None), or_(*counts.values()))
        .group_by(copy.origin_id)
    ).mappings():
        found[row["origin_id"]] |= {name: row[name] for name in counts if row[name]}
    for collection, model, fields in (
        ("periods", PlanPeriod, PERIOD_FIELDS),
        ("resources", PlanResource, RESOURCE_FIELDS),
    ):
        for origin_id, place, count in _different_details(session, scope, collection, model, fields):
            found[origin_id][place] = count
    return dict(found)


def _different_details(
    session: Session,
    scope: Scope,
    collection: str,
    model: type[PlanPeriod] | type[PlanResource],
    fields: Sequence[str],
) -> Iterator[tuple[UUID, str, int]]:
    copy, source, present = aliased(Plan), aliased(model), aliased(model)
    lacks = present.id.is_(None)
    counts = {
        name: present.id.is_not(None) & getattr(present, name).is_distinct_from(getattr(source, name))
        for name in fields
    }
    of_origin = (source.distributor_id == copy.distributor_id) & (source.plan_id == copy.origin_id)
    of_copy = (present.distributor_id == copy.distributor_id) & (present.plan_id == copy.id)
    rows = session.execute(
        select(
            copy.origin_id,
            source.key,
            func.count().filter(lacks).label("lacking"),
            *(func.count().filter(differs).label(name) for name, differs in counts.items()),
        )
        .select_from(copy)
        .join(source, of_origin)
        .outerjoin(present, of_copy & (present.key == source.key))
        .where(copy.distributor_id == scope.distributor_id, copy.parent_id.is_not(None), or_(lacks, *counts.values()))
        .group_by(copy.origin_id, source.key)
        .order_by(copy.origin_id, source.key)
    )
    for row in rows.mappings():
        place = f"{collection}.{row['key']}"
        if row["lacking"]:
            yield row["origin_id"], place, row["lacking"]
        yield from ((row["origin_id"], f"{place}.{name}", row[name]) for name in fields if row[name])
