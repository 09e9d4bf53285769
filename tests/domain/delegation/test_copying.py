"""A plan that begins as another one is."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.catalog.drafts import PlanPeriodDraft
from domain.catalog.models import Plan, PlanState
from domain.catalog.queries import periods_of, resources_of
from domain.delegation.actions import deactivate_plan
from domain.delegation.copying import copy_plan
from domain.delegation.errors import PlanNotOwn
from domain.pricing.actions import set_markup
from domain.shared.errors import ActAsRequired, InvalidInput
from domain.shared.periods import PeriodUnit
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.catalog.making import ENDLESS, acting, delegate, licences, make_plan

pytestmark = pytest.mark.feature("C-10")

HIDDEN_TRIAL = PlanPeriodDraft(PeriodUnit.DAY, 14, trial=True, public=False)
FIELDS = (
    "sku",
    "description",
    "attributes",
    "billing_type",
    "fixed_price",
    "singleton",
    "currency",
    "service_term_id",
    "product_id",
)


def rows_of(session: ScopedSession, plan: Plan) -> list[tuple[object, ...]]:
    """Periods and resources, without their prices."""
    return [
        *((row.key, row.position, row.trial, row.public) for row in periods_of(session, plan)),
        *(
            (row.key, row.name, row.unit, row.priority, row.included, row.minimum, row.maximum, row.public)
            for row in resources_of(session, plan)
        ),
    ]


@pytest.mark.parametrize(
    ("zero_prices", "amounts"), [(False, ("6.40", "8.00")), (True, ("0", "0"))], ids=["prices", "zeros"]
)
def test_settings_periods_and_resources_are_copied_and_prices_if_wished(
    session: ScopedSession, chain: Chain, zero_prices: bool, amounts: tuple[str, str]
) -> None:
    # given: a plan that is not sold any more and has a markup
    plan = make_plan(
        session,
        chain.distributor,
        sku="A-1",
        description="For offices",
        attributes=[("shelf", "B 12")],
        fixed_price=True,
        singleton=True,
        periods=[ENDLESS, HIDDEN_TRIAL],
        resources=[licences(included=Decimal(2), maximum=Decimal(300), priority=9, public=False)],
    )
    scope = acting(session, chain.distributor)
    set_markup(session, scope, plan_id=plan.id, markup_percent=Decimal(25), clock=chain.clock)
    deactivate_plan(session, scope, plan_id=plan.id, clock=chain.clock)
    # when
    copy = copy_plan(session, scope, plan_id=plan.id, name=" Second ", zero_prices=zero_prices, clock=chain.clock)
    # then
    assert (copy.name, copy.number, copy.state, copy.public) == ("Second", "PL000002", PlanState.ACTIVE, False)
    assert (copy.parent_id, copy.origin_id, copy.markup_percent, copy.version) == (None, copy.id, None, 1)
    assert [getattr(copy, name) for name in FIELDS] == [getattr(plan, name) for name in FIELDS]
    assert rows_of(session, copy) == rows_of(session, plan)
    (licence,) = resources_of(session, copy)
    assert (licence.net_recurring_per_month, licence.recurring_per_month) == tuple(map(Decimal, amounts))


def test_only_own_plans_are_copied_under_a_name(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor)
    delegated = delegate(session, plan, chain.distributor, chain.reseller)
    scope = acting(session, chain.reseller)
    with pytest.raises(PlanNotOwn, match="PL000001 comes from the tenant above") as refusal:
        copy_plan(session, scope, plan_id=delegated.id, name="Ours", clock=chain.clock)
    assert refusal.value.path == ("plan_id",)
    scope = acting(session, chain.distributor)
    with pytest.raises(ActAsRequired):
        copy_plan(session, scope, plan_id=delegated.id, name="Ours", clock=chain.clock)
    with pytest.raises(InvalidInput, match="empty") as nameless:
        copy_plan(session, scope, plan_id=plan.id, name=" ", clock=chain.clock)
    assert nameless.value.path == ("name",)
    assert len(session.scalars(select(Plan.id)).all()) == 2
