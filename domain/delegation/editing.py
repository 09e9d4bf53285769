"""What may be written in a plan besides its fees, and by whom.

Fields that are synchronized are the origin's tenant's alone: `synchronization` brings them to every copy. What only
this tenant's customers see is the tenant's own.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from sqlalchemy.orm import Session

from domain.catalog.checks import (
    PRIORITY_LIMIT,
    SKU_LIMIT,
    check_currency,
    check_free_period,
    check_maximum,
    check_unit_kind,
    check_whole,
    clean_attributes,
    clean_description,
    clean_periods,
    clean_resources,
    clean_unit,
)
from domain.catalog.construction import attribute_rows, period_rows, resource_rows
from domain.catalog.drafts import PlanChange, PlanPeriodChange, PlanResourceChange
from domain.catalog.errors import PlanInUse
from domain.catalog.models import Plan, PlanPeriod, PlanResource, UnitKind
from domain.catalog.queries import live_subscriptions, service_term_for_plan
from domain.delegation.errors import FieldIsUpstreams
from domain.delegation.synchronization import PLAN_FIELDS, RESOURCE_FIELDS
from domain.shared.decimals import clean_units
from domain.shared.errors import InvalidInput
from domain.shared.unset import UNSET, Unset
from tenancy.messages import Field
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = ["added_details", "by_place", "change_details", "change_plan", "given"]

T = TypeVar("T")
_Detail = TypeVar("_Detail", PlanPeriod, PlanResource)
Changed = TypeVar("Changed", PlanPeriodChange, PlanResourceChange)


def change_plan(session: Session, scope: Scope, plan: Plan, change: PlanChange) -> None:
    """Set the fields of the plan itself.

    Raises FieldIsUpstreams for a synchronized field of a copy, PlanInUse, NotFound, InvalidInput.
    """
    path = ("change",)
    _refuse_synchronized(plan, path, **{name: getattr(change, name, UNSET) for name in PLAN_FIELDS})
    if change.name is not UNSET:
        plan.name = clean_text(given(change.name, *path, "name"), *path, "name")
    if change.sku is not UNSET:
        plan.sku = None if change.sku is None else clean_text(change.sku, *path, "sku", limit=SKU_LIMIT)
    if change.public is not UNSET:
        plan.public = given(change.public, *path, "public")
    if change.description is not UNSET:
        plan.description = clean_description(change.description, *path, "description")
    if change.attributes is not UNSET:
        plan.attributes = attribute_rows(clean_attributes(change.attributes or (), *path, "attributes"))
    if change.singleton is not UNSET:
        plan.singleton = given(change.singleton, *path, "singleton")
    if change.fixed_price is not UNSET:
        plan.fixed_price = given(change.fixed_price, *path, "fixed_price")
    if change.service_term_id is not UNSET:
        id = given(change.service_term_id, *path, "service_term_id")
        plan.service_term_id = service_term_for_plan(session, scope, id, *path, "service_term_id").id
    _change_kind(session, plan, change)


def _change_kind(session: Session, plan: Plan, change: PlanChange) -> None:
    """Billing type and currency: subscriptions keep theirs, so none may be left that has another than its plan."""
    wanted: dict[str, str] = {}
    if change.billing_type is not UNSET:
        billing_type = given(change.billing_type, "change", "billing_type")
        check_free_period(billing_type, "change", "billing_type", free_period=plan.free_period)
        wanted["billing_type"] = billing_type
    if change.currency is not UNSET:
        currency = given(change.currency, "change", "currency")
        check_currency(currency, "change", "currency")
        wanted["currency"] = currency
    new = {name: value for name, value in wanted.items() if value != getattr(plan, name)}
    if new and (count := live_subscriptions(session, plan)):
        raise PlanInUse(count, path=("change", next(iter(new))))
    for name, value in new.items():
        setattr(plan, name, value)


def change_details(
    plan: Plan, periods: Sequence[PlanPeriod], resources: Sequence[PlanResource], change: PlanChange, *, at: datetime
) -> None:
    """Set the fields of the plan's periods and resources that are not fees. The last period cannot be removed.

    Raises FieldIsUpstreams for a copy's, InvalidInput.
    """
    for period, asked, path in by_place(periods, change.periods, "periods"):
        _refuse_synchronized(plan, path, public=asked.public, removed=asked.removed)
        if asked.public is not UNSET:
            period.public = given(asked.public, *path, "public")
        if asked.removed is not UNSET:
            removed = given(asked.removed, *path, "removed")
            period.removed_at = (period.removed_at or at) if removed else None
            if all(each.removed_at is not None for each in periods):
                raise InvalidInput("A plan keeps at least one period.", path=(*path, "removed"))
    for resource, wanted, path in by_place(resources, change.resources, "resources"):
        _change_resource(plan, resource, wanted, *path)


def by_place(
    rows: Sequence[_Detail], changes: Sequence[Changed] | Unset | None, collection: str
) -> list[tuple[_Detail, Changed, tuple[str | int, ...]]]:
    """Each change with the row that it names by key, and its place in the input.

    Raises InvalidInput for a key that the plan does not have, or that is named twice.
    """
    if changes is UNSET:
        return []
    rows_by_key: Mapping[str, _Detail] = {row.key: row for row in rows}
    found: list[tuple[_Detail, Changed, tuple[str | int, ...]]] = []
    named: set[str] = set()
    for at, change in enumerate(given(changes, "change", collection)):
        path = ("change", collection, at, "key")
        if change.key not in rows_by_key:
            if collection == "periods":
                raise InvalidInput("The plan has no period {key!r}.", key=change.key[:100], path=path)
            raise InvalidInput("The plan has no resource {key!r}.", key=change.key[:100], path=path)
        if change.key in named:
            raise InvalidInput(
                "{collection} names {key} twice.", collection=Field(collection), key=change.key, path=path
            )
        named.add(change.key)
        found.append((rows_by_key[change.key], change, path[:-1]))
    return found


def _change_resource(plan: Plan, resource: PlanResource, change: PlanResourceChange, *path: str | int) -> None:
    _refuse_synchronized(plan, path, **{name: getattr(change, name) for name in RESOURCE_FIELDS})
    if plan.parent_id is not None:
        _refuse_synchronized(plan, path, net_cost=change.net_cost)
    if change.name is not UNSET:
        resource.name = clean_text(given(change.name, *path, "name"), *path, "name")
    if change.unit is not UNSET:
        resource.unit = clean_unit(given(change.unit, *path, "unit"), *path, "unit")
    if change.priority is not UNSET:
        resource.priority = given(change.priority, *path, "priority")
        check_whole(resource.priority, *path, "priority", least=-PRIORITY_LIMIT, most=PRIORITY_LIMIT)
    if change.public is not UNSET:
        resource.public = given(change.public, *path, "public")
    if change.included is not UNSET:
        resource.included = clean_units(given(change.included, *path, "included"), *path, "included")
    if change.minimum is not UNSET:
        resource.minimum = clean_units(given(change.minimum, *path, "minimum"), *path, "minimum")
    if change.maximum is not UNSET:
        maximum: Decimal | None = change.maximum
        resource.maximum = None if maximum is None else clean_units(maximum, *path, "maximum")
    if change.unit_kind is not UNSET:
        resource.unit_kind = given(change.unit_kind, *path, "unit_kind")
    if resource.unit_kind is UnitKind.BOOLEAN and resource.maximum is None:
        resource.maximum = Decimal(1)
    if change.minimum is not UNSET or change.maximum is not UNSET:
        field = "minimum" if change.maximum is UNSET else "maximum"
        check_maximum(resource.minimum, resource.maximum, *path, field)
    _check_unit_kind(resource, change, *path)


def _check_unit_kind(resource: PlanResource, change: PlanResourceChange, *path: str | int) -> None:
    included, minimum, maximum = resource.included, resource.minimum, resource.maximum
    try:
        check_unit_kind(resource.unit_kind, included=included, minimum=minimum, maximum=maximum)
    except InvalidInput as refusal:
        field = str(refusal.path[-1])
        raise refusal.at(*path, "unit_kind" if getattr(change, field) is UNSET else field) from None


def added_details(
    plan: Plan, periods: Sequence[PlanPeriod], resources: Sequence[PlanResource], change: PlanChange, *, at: datetime
) -> tuple[list[PlanPeriod], list[PlanResource]]:
    """The rows of what the plan is to have besides; not yet in the session.

    Raises FieldIsUpstreams for a copy, InvalidInput.
    """
    _refuse_synchronized(plan, ("change",), new_periods=change.new_periods, new_resources=change.new_resources)
    new_periods: list[PlanPeriod] = []
    new_resources: list[PlanResource] = []
    if change.new_periods is not UNSET:
        path = ("change", "new_periods")
        drafts = clean_periods(given(change.new_periods, *path), *path, taken=[period.key for period in periods])
        after = max((period.position + 1 for period in periods), default=0)
        new_periods = period_rows(plan, drafts, after=after, now=at)
    if change.new_resources is not UNSET:
        path = ("change", "new_resources")
        wanted = given(change.new_resources, *path)
        of_resources = clean_resources(wanted, *path, taken=[resource.key for resource in resources])
        new_resources = resource_rows(plan, of_resources, now=at)
    return new_periods, new_resources


def _refuse_synchronized(plan: Plan, path: tuple[str | int, ...], **fields: object) -> None:
    """Raise FieldIsUpstreams for the first field that was given to a delegated copy, or to what a vendor published."""
    if plan.parent_id is None and plan.source_id is None:
        return
    for name, value in fields.items():
        if value is not UNSET:
            raise FieldIsUpstreams((*path, name))


def given(value: T | Unset | None, *path: str | int) -> T:
    """The value of a field that may be left out but not cleared. Raises InvalidInput for None."""
    if value is None or value is UNSET:
        raise InvalidInput("{field} cannot be cleared.", path=path)
    return value
