"""Service terms and own plans. What changes a plan afterwards reaches its copies: see `domain.pricing.actions`."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from domain.catalog.checks import clean_plan
from domain.catalog.construction import plan_rows
from domain.catalog.drafts import PlanDraft, PlanPeriodDraft, PlanResourceDraft
from domain.catalog.models import ExpiredRenewal, Plan, Product
from domain.catalog.products import ask_for_publication
from domain.catalog.queries import service_term_for_plan
from domain.catalog.terms import create_service_term, update_service_term
from domain.shared import outbox
from domain.shared.billing_types import BillingType
from domain.shared.numbers import number_for
from domain.shared.rows import own
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.scope import Scope

__all__ = ["create_plan", "create_service_term", "update_service_term"]


def create_plan(
    session: Session,
    scope: Scope,
    *,
    name: str,
    service_term_id: UUID,
    billing_type: BillingType,
    periods: Sequence[PlanPeriodDraft],
    resources: Sequence[PlanResourceDraft],
    sku: str | None = None,
    description: str | None = None,
    fixed_price: bool = False,
    currency: str | None = None,
    free_period: bool = False,
    price_protection_months: int = 0,
    expired_renewal: ExpiredRenewal | None = None,
    singleton: bool = False,
    product_id: UUID | None = None,
    public: bool = True,
    attributes: Sequence[tuple[str, str]] = (),
    clock: Clock,
) -> Plan:
    """Add an own plan, active at once, to the acting tenant. `currency` defaults to the tenant's;
    `attributes` are pairs of key and value.

    Raises InvalidInput, also for what the billing type needs; NotFound for the service term; NotFound and
    ActAsRequired for the product.
    """
    owner = tenant_by_id(session, scope.tenant_id)
    term = service_term_for_plan(session, scope, service_term_id, "service_term_id")
    product = None if product_id is None else own(session, scope, Product, product_id, "product_id")
    draft = clean_plan(
        PlanDraft(
            name=name,
            sku=sku,
            description=description,
            billing_type=billing_type,
            fixed_price=fixed_price,
            currency=owner.currency if currency is None else currency,
            free_period=free_period,
            price_protection_months=price_protection_months,
            expired_renewal=expired_renewal,
            singleton=singleton,
            public=public,
            attributes=attributes,
            periods=periods,
            resources=resources,
        ),
        billing_day=term.billing_day,
    )
    plan, plan_periods, plan_resources = plan_rows(
        draft,
        owner,
        service_term_id=term.id,
        product=product,
        number=number_for(session, owner, "plans"),
        now=clock.now,
    )
    session.add(plan)
    session.flush()
    session.add_all([*plan_periods, *plan_resources])
    session.flush()
    outbox.announce(session, scope, "plan.created", subject=plan, prefix="pln", at=clock.now)
    if product is not None:
        ask_for_publication(session, product)
    return plan
