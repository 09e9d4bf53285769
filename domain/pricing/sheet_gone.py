"""Plans that price sheets once made and the one at hand has not."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from domain.catalog.models import Plan, PlanResource, PlanState, Product
from domain.pricing.sheet_offers import LICENCE
from domain.pricing.sheet_report import ChangeKind, SheetChange
from tenancy.models import Tenant

__all__ = ["plans_gone"]

BATCH = 1000
"""Plans that are looked at in one go."""


def plans_gone(
    session: Session, owner: Tenant, *, seen: Collection[int], publishers: Collection[str]
) -> Iterator[SheetChange]:
    """Active plans of these publishers' products that a sheet made, without those `seen`: ids as numbers.

    Page by page in the order of their ids: one statement for all would hold them, or find each by a search of its own.
    """
    after = UUID(int=0)
    while True:
        page = session.execute(
            select(Plan.id, Plan.number, Plan.name, Plan.currency)
            .where(
                Plan.distributor_id == owner.distributor_id,
                Plan.tenant_path == owner.tenant_path,
                Plan.id > after,
                Plan.parent_id.is_(None),
                Plan.state == PlanState.ACTIVE,
            )
            .order_by(Plan.id)
            .limit(BATCH)
        ).all()
        if not page:
            return
        after = page[-1].id
        others = {plan.id: plan for plan in page if plan.id.int not in seen}
        for row in _made_by_sheets(session, owner, list(others), publishers):
            plan = others[row.plan_id]
            yield SheetChange(
                ChangeKind.GONE,
                sku=row.key,
                name=plan.name,
                number=plan.number,
                currency=plan.currency,
                net_cost_before=row.net_recurring_per_month,
                price_before=row.recurring_per_month,
            )


def _made_by_sheets(session: Session, owner: Tenant, plan_ids: Sequence[UUID], publishers: Collection[str]) -> Any:
    if not plan_ids:
        return []
    own = owner.distributor_id
    return session.execute(
        select(
            PlanResource.plan_id, PlanResource.net_recurring_per_month, PlanResource.recurring_per_month, Product.key
        )
        .join(Plan, and_(Plan.distributor_id == own, Plan.id == PlanResource.plan_id))
        .join(Product, and_(Product.distributor_id == own, Product.id == Plan.product_id))
        .where(
            PlanResource.distributor_id == own,
            PlanResource.plan_id.in_(plan_ids),
            PlanResource.key == LICENCE,
            Product.vendor.in_(publishers),
        )
        .order_by(PlanResource.plan_id)
    )
