"""From a checked draft to rows. Pure: nothing here asks the database."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from db.ids import uuid7
from domain.catalog.checks import period_key
from domain.catalog.drafts import FEES, FeesDraft, PlanDraft, PlanPeriodDraft, PlanResourceDraft
from domain.catalog.models import Plan, PlanPeriod, PlanResource, Product
from domain.shared.attributes import no_attributes
from tenancy.models import Tenant

__all__ = ["attribute_rows", "period_rows", "plan_rows", "resource_rows"]


def plan_rows(
    draft: PlanDraft,
    owner: Tenant,
    *,
    service_term_id: UUID,
    product: Product | None,
    number: str,
    now: datetime,
) -> tuple[Plan, Sequence[PlanPeriod], Sequence[PlanResource]]:
    """The rows of an own plan; `draft` comes from `checks.clean_plan`."""
    id = uuid7()
    plan = Plan(
        distributor_id=owner.distributor_id,
        tenant_id=owner.id,
        tenant_path=owner.tenant_path,
        created_at=now,
        updated_at=now,
        id=id,
        number=number,
        name=draft.name,
        sku=draft.sku,
        description=draft.description,
        public=draft.public,
        billing_type=draft.billing_type,
        fixed_price=draft.fixed_price,
        free_period=draft.free_period,
        price_protection_months=draft.price_protection_months,
        expired_renewal=draft.expired_renewal,
        singleton=draft.singleton,
        currency=draft.currency,
        service_term_id=service_term_id,
        product_id=None if product is None else product.id,
        attributes=attribute_rows(draft.attributes),
        order_attributes=no_attributes() if product is None else product.order_attributes,
        parent_id=None,
        origin_id=id,
        version=1,
        synchronized_version=1,
    )
    return plan, period_rows(plan, draft.periods, now=now), resource_rows(plan, draft.resources, now=now)


def attribute_rows(pairs: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """A plan's own attributes as they are kept; from `checks.clean_attributes`."""
    return [{"key": key, "value": value} for key, value in pairs]


def period_rows(plan: Plan, drafts: Sequence[PlanPeriodDraft], *, after: int = 0, now: datetime) -> list[PlanPeriod]:
    """Periods of the plan, behind the `after` ones that it has; from `checks.clean_periods`."""
    return [
        PlanPeriod(
            **_of(plan, now),
            key=period_key(period),
            position=position,
            duration=period.duration,
            unit=period.unit,
            trial=period.trial,
            public=period.public,
            **_amounts(period.fees, period.net_cost),
        )
        for position, period in enumerate(drafts, after)
    ]


def resource_rows(plan: Plan, drafts: Sequence[PlanResourceDraft], *, now: datetime) -> list[PlanResource]:
    """Resources of the plan; from `checks.clean_resources`."""
    return [
        PlanResource(
            **_of(plan, now),
            key=resource.key,
            name=resource.name,
            unit=resource.unit,
            unit_kind=resource.unit_kind,
            priority=resource.priority,
            public=resource.public,
            included=resource.included,
            minimum=resource.minimum,
            maximum=resource.maximum,
            **_amounts(resource.fees, resource.net_cost),
        )
        for resource in drafts
    ]


def _of(plan: Plan, now: datetime) -> dict[str, Any]:
    return {
        "distributor_id": plan.distributor_id,
        "tenant_id": plan.tenant_id,
        "tenant_path": plan.tenant_path,
        "plan_id": plan.id,
        "created_at": now,
        "updated_at": now,
    }


def _amounts(fees: FeesDraft | None, net_cost: FeesDraft | None) -> dict[str, Decimal]:
    fees, net_cost = fees or FeesDraft(), net_cost or FeesDraft()
    return {name: getattr(fees, name) for name in FEES} | {f"net_{name}": getattr(net_cost, name) for name in FEES}
