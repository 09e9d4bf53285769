"""Terms and plans for tests, with what does not matter filled in."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.catalog.actions import create_plan, create_service_term
from domain.catalog.drafts import FeesDraft, PlanPeriodDraft, PlanResourceDraft
from domain.catalog.models import Plan, PlanResource, ServiceTerm
from domain.catalog.queries import resources_of
from domain.delegation.actions import delegate_plan
from domain.shared.billing_types import BillingType
from domain.shared.periods import PeriodUnit
from tenancy.clock import Clock, clock_of
from tenancy.hierarchy import Founded, create_reseller
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import seeing
from tests.conftest import act_as, scope_of

ENDLESS = PlanPeriodDraft(PeriodUnit.ENDLESS)
ONE_YEAR = PlanPeriodDraft(PeriodUnit.YEAR, 1)


def now_of(session: Session, founded: Founded) -> Clock:
    return clock_of(session, founded.tenant.distributor_id)


def acting(session: Session, founded: Founded) -> Scope:
    """The session acts for this tenant's administrator and writes downstream, as price changes and delegations do."""
    return act_as(session, scope_of(founded).writing_downstream())


def found_below(session: Session, parent: Founded, name: str) -> Founded:
    return create_reseller(
        session,
        acting(session, parent),
        parent_id=None,
        name=name,
        currency="EUR",
        admin_email=f"admin@{name.lower()}.example",
    )


def licences(price: str = "8.00", net: str = "6.40", key: str = "licence", **more: Any) -> PlanResourceDraft:
    return PlanResourceDraft(
        **{
            "key": key,
            "name": "Licence",
            "unit": "license",
            "fees": FeesDraft(recurring_per_month=Decimal(price)),
            "net_cost": FeesDraft(recurring_per_month=Decimal(net)),
            **more,
        }
    )


def make_term(session: Session, owner: Founded, **given: Any) -> ServiceTerm:
    return create_service_term(
        session,
        acting(session, owner),
        **{"name": "Monthly", "key": "monthly", "clock": now_of(session, owner), **given},
    )


def make_plan(session: Session, owner: Founded, **given: Any) -> Plan:
    """A `CSP_MONTHLY` plan, endless, whose licence costs 6.40 and is sold for 8.00 a month."""
    if "service_term_id" not in given:
        terms = session.scalars(select(ServiceTerm).where(ServiceTerm.tenant_id == owner.tenant.id)).all()
        given["service_term_id"] = (terms[0] if terms else make_term(session, owner)).id
    return create_plan(
        session,
        acting(session, owner),
        **{
            "name": "Mail",
            "billing_type": BillingType.CSP_MONTHLY,
            "periods": [ENDLESS],
            "resources": [licences()],
            "clock": now_of(session, owner),
            **given,
        },
    )


def delegate(session: Session, plan: Plan, frm: Founded, to: Founded, markup: str | None = None) -> Plan:
    return delegate_plan(
        session,
        acting(session, frm),
        plan_id=plan.id,
        tenant_ids=[to.tenant.id],
        markup_percent=None if markup is None else Decimal(markup),
        clock=now_of(session, frm),
    )[0]


def resource(session: Session, plan: Plan) -> PlanResource:
    """The plan's first resource, as the database has it."""
    return resources_of(session, plan)[0]


def prices(session: Session, plans: Sequence[Plan]) -> list[tuple[Decimal, Decimal]]:
    """Net cost and price of each plan's first resource, a month, whoever the session acts for."""
    with seeing(session, PLATFORM):
        found = [resource(session, plan) for plan in plans]
    return [(row.net_recurring_per_month, row.recurring_per_month) for row in found]
