"""A new own plan that begins as another one is."""

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from db.ids import uuid7
from domain.catalog.drafts import FEES
from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.catalog.queries import own_plan_for_update, periods_of, resources_of
from domain.delegation.copies import COPIED_OF_PERIODS, COPIED_OF_PLANS, COPIED_OF_RESOURCES
from domain.delegation.default_markups import default_markups_of, place_of_product
from domain.delegation.errors import PlanNotOwn
from domain.shared import outbox
from domain.shared.numbers import number_for
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = ["copy_plan"]

_OF_PLAN = ("distributor_id", "tenant_id", "tenant_path", "product_id", "attributes", *COPIED_OF_PLANS)
_PRICES = (*FEES, *(f"net_{fee}" for fee in FEES))


def copy_plan(
    session: Session,
    scope: Scope,
    *,
    plan_id: UUID,
    name: str,
    zero_prices: bool = False,
    public: bool = False,
    clock: Clock,
) -> Plan:
    """Make an own plan with the settings, periods and resources of another own plan, active at once.

    `zero_prices`: prices and net costs begin at zero; else they are the same, set by hand: a markup is not copied, nor
    are links with other plans. Where all are zero, the copy gets the tenant's default markup.

    Raises NotFound, ActAsRequired, InvalidInput; PlanNotOwn for a delegated plan.
    """
    plan = own_plan_for_update(session, scope, plan_id, "plan_id")
    if plan.parent_id is not None:
        raise PlanNotOwn(plan.number)
    id = uuid7()
    copy = Plan(
        **{field: getattr(plan, field) for field in _OF_PLAN},
        id=id,
        origin_id=id,
        parent_id=None,
        number=number_for(session, tenant_by_id(session, plan.tenant_id), "plans"),
        name=clean_text(name, "name"),
        public=public,
        version=1,
        synchronized_version=1,
        created_at=clock.now,
        updated_at=clock.now,
    )
    owned = {
        "distributor_id": plan.distributor_id,
        "tenant_id": plan.tenant_id,
        "tenant_path": plan.tenant_path,
        "plan_id": id,
        "created_at": clock.now,
        "updated_at": clock.now,
    }
    details: list[PlanPeriod | PlanResource] = []
    for period in [each for each in periods_of(session, plan) if each.removed_at is None]:
        copied = {field: getattr(period, field) for field in COPIED_OF_PERIODS}
        details.append(PlanPeriod(**owned, **copied, **_prices(period, zero=zero_prices)))
    for resource in resources_of(session, plan):
        copied = {field: getattr(resource, field) for field in COPIED_OF_RESOURCES}
        details.append(PlanResource(**owned, **copied, **_prices(resource, zero=zero_prices)))
    if all(getattr(row, name) == 0 for row in details for name in _PRICES):
        place = place_of_product(session, plan.product_id, plan.distributor_id)
        markups = default_markups_of(session, plan.distributor_id, [plan.tenant_id], place)
        copy.markup_percent = markups.get(plan.tenant_id)
    session.add(copy)
    session.flush()
    session.add_all(details)
    session.flush()
    outbox.announce(session, scope, "plan.created", subject=copy, prefix="pln", at=clock.now)
    return copy


def _prices(row: PlanPeriod | PlanResource, *, zero: bool) -> Mapping[str, Decimal]:
    return {name: Decimal(0) if zero else getattr(row, name) for name in _PRICES}
