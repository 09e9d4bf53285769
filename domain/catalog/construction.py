"""From a checked draft to rows. Pure: nothing here asks the database."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from db.ids import uuid7
from domain.catalog.checks import period_key
from domain.catalog.drafts import FEES, FeesDraft, PlanDraft
from domain.catalog.models import Plan, PlanPeriod, PlanResource
from tenancy.models import Tenant

__all__ = ["plan_rows"]


def plan_rows(
    draft: PlanDraft,
    owner: Tenant,
    *,
    service_term_id: UUID,
    product_id: UUID | None,
    number: str,
    now: datetime,
) -> tuple[Plan, Sequence[PlanPeriod], Sequence[PlanResource]]:
    """The rows of an own plan; `draft` comes from `checks.clean_plan`."""
    id = uuid7()
    common = {
        "distributor_id": owner.distributor_id,
        "tenant_id": owner.id,
        "tenant_path": owner.tenant_path,
        "created_at": now,
        "updated_at": now,
    }
    plan = Plan(
        **common,
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
        currency=draft.currency,
        service_term_id=service_term_id,
        product_id=product_id,
        parent_id=None,
        origin_id=id,
        version=1,
        synchronized_version=1,
    )
    periods = [
        PlanPeriod(
            **common,
            plan_id=id,
            key=period_key(period),
            position=position,
            duration=period.duration,
            unit=period.unit,
            trial=period.trial,
            public=period.public,
            **_amounts(period.fees, period.net_cost),
        )
        for position, period in enumerate(draft.periods)
    ]
    resources = [
        PlanResource(
            **common,
            plan_id=id,
            key=resource.key,
            name=resource.name,
            unit=resource.unit,
            priority=resource.priority,
            public=resource.public,
            included=resource.included,
            minimum=resource.minimum,
            maximum=resource.maximum,
            **_amounts(resource.fees, resource.net_cost),
        )
        for resource in draft.resources
    ]
    return plan, periods, resources


def _amounts(fees: FeesDraft | None, net_cost: FeesDraft | None) -> dict[str, Decimal]:
    fees, net_cost = fees or FeesDraft(), net_cost or FeesDraft()
    return {name: getattr(fees, name) for name in FEES} | {f"net_{name}": getattr(net_cost, name) for name in FEES}
