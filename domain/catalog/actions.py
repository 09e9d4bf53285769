"""Service terms and own plans. What changes a plan afterwards reaches its copies: see `domain.pricing.actions`."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from domain.catalog.checks import check_whole, clean_key, clean_plan
from domain.catalog.construction import plan_rows
from domain.catalog.drafts import PlanDraft, PlanPeriodDraft, PlanResourceDraft
from domain.catalog.errors import ServiceTermKeyTaken
from domain.catalog.models import ExpiredRenewal, Plan, ServiceTerm
from domain.catalog.queries import service_term_for_plan, tenant_name
from domain.shared import outbox
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidInput
from domain.shared.numbers import number_for
from domain.shared.periods import LAST_BILLING_DAY
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.messages import Field
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = ["create_plan", "create_service_term"]

DAYS_LIMIT = 3650
"""Days of a term's points and periods."""


def create_service_term(
    session: Session,
    scope: Scope,
    *,
    name: str,
    key: str,
    billing_day: int = 1,
    auto_renew_point_days: int = 0,
    manual_renew_point_days: int = -1,
    grace_period_days: int = 0,
    grace_on_prolongation: bool = False,
    stop_period_days: int = 30,
    deletion_window_days: int = 0,
    expired_renewal: ExpiredRenewal = ExpiredRenewal.CONSTANT,
    clock: Clock,
) -> ServiceTerm:
    """Add a term to the acting tenant; everybody below has it at once, read-only.

    Raises InvalidInput; ServiceTermKeyTaken when the key is used anywhere above or below, naming the tenant.
    """
    owner = tenant_by_id(session, scope.tenant_id)
    check_whole(billing_day, "billing_day", least=1, most=LAST_BILLING_DAY)
    for field, days, least in (
        ("auto_renew_point_days", auto_renew_point_days, 0),
        ("manual_renew_point_days", manual_renew_point_days, -1),
        ("grace_period_days", grace_period_days, 0),
        ("stop_period_days", stop_period_days, 0),
        ("deletion_window_days", deletion_window_days, -1),
    ):
        check_whole(days, field, least=least, most=DAYS_LIMIT)
    if manual_renew_point_days != -1 and manual_renew_point_days < auto_renew_point_days:
        raise InvalidInput(
            "{field} must be -1 (always) or at least {other}, which is {least}; got {value}.",
            other=Field("auto_renew_point_days"),
            least=auto_renew_point_days,
            value=manual_renew_point_days,
            path=("manual_renew_point_days",),
        )
    term = ServiceTerm(
        distributor_id=owner.distributor_id,
        tenant_id=owner.id,
        tenant_path=owner.tenant_path,
        name=clean_text(name, "name"),
        key=clean_key(key, "key"),
        billing_day=billing_day,
        auto_renew_point_days=auto_renew_point_days,
        manual_renew_point_days=manual_renew_point_days,
        grace_period_days=grace_period_days,
        grace_on_prolongation=grace_on_prolongation,
        stop_period_days=stop_period_days,
        deletion_window_days=deletion_window_days,
        expired_renewal=expired_renewal,
        created_at=clock.now,
        updated_at=clock.now,
    )
    _refuse_taken_key(session, scope, term)
    session.add(term)
    session.flush()
    outbox.announce(session, scope, "service_term.created", subject=term, prefix="trm", at=clock.now)
    return term


def _refuse_taken_key(session: Session, scope: Scope, term: ServiceTerm) -> None:
    # Two tenants of one chain may choose the same key at the same time, and neither sees the other's uncommitted row:
    # the second waits here until the first has committed.
    session.execute(
        select(func.pg_advisory_xact_lock(func.hashtextextended(f"service_term:{term.distributor_id}:{term.key}", 0)))
    )
    taken = session.scalars(
        select(ServiceTerm).where(
            ServiceTerm.distributor_id == term.distributor_id,
            ServiceTerm.key == term.key,
            or_(
                (ServiceTerm.tenant_path >= scope.lo) & (ServiceTerm.tenant_path < scope.hi),
                ServiceTerm.tenant_path.in_(scope.ancestors),
            ),
        )
    ).first()
    if taken is None:
        return
    owner = tenant_name(session, taken.distributor_id, taken.tenant_id)
    raise ServiceTermKeyTaken(term.key, owner, levels=len(taken.tenant_path) - len(term.tenant_path))


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
    public: bool = True,
    clock: Clock,
) -> Plan:
    """Add an own plan, active at once, to the acting tenant. `currency` defaults to the tenant's.

    Raises InvalidInput, also for what the billing type needs; NotFound for the service term.
    """
    owner = tenant_by_id(session, scope.tenant_id)
    term = service_term_for_plan(session, scope, service_term_id, "service_term_id")
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
            public=public,
            periods=periods,
            resources=resources,
        ),
        billing_day=term.billing_day,
    )
    plan, plan_periods, plan_resources = plan_rows(
        draft,
        owner,
        service_term_id=term.id,
        product_id=None,
        number=number_for(session, owner, "plans"),
        now=clock.now,
    )
    session.add(plan)
    session.flush()
    session.add_all([*plan_periods, *plan_resources])
    session.flush()
    outbox.announce(session, scope, "plan.created", subject=plan, prefix="pln", at=clock.now)
    return plan
