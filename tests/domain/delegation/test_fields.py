"""Which fields of a plan are its origin's alone: made from everything that a change of a plan can say."""

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest

from domain.catalog.drafts import (
    FeesChange,
    PlanChange,
    PlanPeriodChange,
    PlanPeriodDraft,
    PlanResourceChange,
    PlanResourceDraft,
)
from domain.catalog.models import Plan, UnitKind
from domain.catalog.queries import periods_of, resources_of
from domain.delegation.errors import FieldIsUpstreams
from domain.delegation.synchronization import synchronize_plan
from domain.pricing.actions import update_plan
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidInput
from domain.shared.periods import PeriodUnit
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope
from tests.domain.catalog.making import ENDLESS, ONE_YEAR, acting, delegate, make_plan, make_term

pytestmark = pytest.mark.feature("C-06")

FEES = FeesChange(recurring_per_month=Decimal(3))
OF_PLAN: dict[str, Any] = {
    "name": "Post",
    "sku": "P-1",
    "public": False,
    "description": "Ours",
    "attributes": [("shelf", "B 12")],
    "singleton": True,
    "fixed_price": True,
    "billing_type": BillingType.NEXT_DAY_MONTHLY,
    "currency": "USD",
    "service_term_id": ...,
    "new_periods": [PlanPeriodDraft(PeriodUnit.MONTH, 6, public=False)],
    "new_resources": [PlanResourceDraft("storage", "Storage", unit="GB", priority=3)],
}
OF_PERIOD: dict[str, Any] = {"public": False, "removed": True}
OF_RESOURCE: dict[str, Any] = {
    "name": "Seat",
    "unit": "seat",
    "unit_kind": UnitKind.BOOLEAN,
    "priority": 9,
    "public": False,
    "included": Decimal(1),
    "minimum": Decimal(2),
    "maximum": Decimal(300),
    "fees": FEES,
    "net_cost": FEES,
}
LOCAL = {"public", "description", "attributes", "singleton", "resources.fees"}
"""A copy's own: what only its tenant's customers see and pay."""

CHANGES = {
    **{name: PlanChange(**{name: value}) for name, value in OF_PLAN.items()},
    **{
        f"periods.{name}": PlanChange(periods=[PlanPeriodChange("ENDLESS", **{name: value})])
        for name, value in OF_PERIOD.items()
    },
    **{
        f"resources.{name}": PlanChange(resources=[PlanResourceChange("licence", **{name: value})])
        for name, value in OF_RESOURCE.items()
    },
}


def test_every_field_of_a_change_is_asked_here() -> None:
    assert {field.name for field in fields(PlanChange)} == {*OF_PLAN, "periods", "resources"}
    assert {field.name for field in fields(PlanPeriodChange)} == {*OF_PERIOD, "key"}
    assert {field.name for field in fields(PlanResourceChange)} == {*OF_RESOURCE, "key"}


@pytest.mark.parametrize("field", CHANGES)
def test_a_copys_synchronized_fields_are_read_only_and_its_own_are_not(
    session: ScopedSession, chain: Chain, field: str
) -> None:
    plan, change = make_plan(session, chain.distributor), CHANGES[field]
    copy = delegate(session, plan, chain.distributor, chain.reseller)
    if field == "service_term_id":
        change = replace(change, service_term_id=make_term(session, chain.distributor, key="other").id)
    scope = acting(session, chain.reseller)
    if field in LOCAL:
        update_plan(session, scope, plan_id=copy.id, change=change, clock=chain.clock)
        return
    with pytest.raises(FieldIsUpstreams) as refusal:
        update_plan(session, scope, plan_id=copy.id, change=change, clock=chain.clock)
    collection, _, name = field.rpartition(".")
    assert refusal.value.path == (("change", collection, 0, name) if collection else ("change", name))
    session.refresh(copy)
    assert copy.version == 1


def shown(session: ScopedSession, plan: Plan) -> tuple[object, ...]:
    """Everything but prices, ids and versions."""
    plan_fields = ("name", "sku", "fixed_price", "billing_type", "currency", "service_term_id")
    detail = ("key", "public", "position", "duration", "unit", "trial", "removed_at")
    resource = ("key", "name", "unit", "unit_kind", "priority", "public", "included", "minimum", "maximum")
    return (
        [getattr(plan, name) for name in plan_fields],
        [[getattr(row, name) for name in detail] for row in periods_of(session, plan)],
        [[getattr(row, name) for name in resource] for row in resources_of(session, plan)],
    )


@pytest.mark.parametrize("field", [field for field in CHANGES if field not in LOCAL])
def test_a_synchronized_field_reaches_the_copies_of_copies(session: ScopedSession, chain: Chain, field: str) -> None:
    # given
    plan, change = make_plan(session, chain.distributor, periods=[ENDLESS, ONE_YEAR]), CHANGES[field]
    copy = delegate(session, plan, chain.distributor, chain.reseller, "10")
    below = delegate(session, copy, chain.reseller, chain.child)
    before = shown(session, plan)
    if field == "service_term_id":
        change = replace(change, service_term_id=make_term(session, chain.distributor, key="other").id)
    # when
    scope = acting(session, chain.distributor)
    update_plan(session, scope, plan_id=plan.id, change=change, clock=chain.clock)
    scope = act_as(session, distributor_scope(chain.distributor))
    changed = synchronize_plan(session, scope, plan_id=plan.id, clock=chain.clock)
    # then
    if "net_cost" in field:
        assert changed == 0
    else:
        assert changed == 2
        assert shown(session, plan) != before
    assert shown(session, copy) == shown(session, below) == shown(session, plan)


def test_a_new_resource_costs_what_it_costs_above(session: ScopedSession, chain: Chain) -> None:
    # given
    plan = make_plan(session, chain.distributor)
    copy = delegate(session, plan, chain.distributor, chain.reseller, "12.5")
    below = delegate(session, copy, chain.reseller, chain.child)
    # when
    change = PlanChange(new_resources=[PlanResourceDraft("storage", "Storage", priority=5)])
    scope = acting(session, chain.distributor)
    update_plan(session, scope, plan_id=plan.id, change=change, clock=chain.clock)
    change = PlanChange(resources=[PlanResourceChange("storage", fees=FeesChange(recurring_per_month=Decimal(2)))])
    update_plan(session, scope, plan_id=plan.id, change=change, clock=chain.clock)
    scope = act_as(session, distributor_scope(chain.distributor))
    assert synchronize_plan(session, scope, plan_id=plan.id, clock=chain.clock) == 2
    # then
    assert [(row.key, row.net_recurring_per_month, row.recurring_per_month) for row in resources_of(session, copy)] == [
        ("storage", Decimal(2), Decimal("2.25")),
        ("licence", Decimal(8), Decimal(9)),
    ]
    assert [
        (row.key, row.net_recurring_per_month, row.recurring_per_month) for row in resources_of(session, below)
    ] == [
        ("storage", Decimal("2.25"), Decimal("2.25")),
        ("licence", Decimal(9), Decimal(9)),
    ]


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        (PlanChange(new_periods=[PlanPeriodDraft(PeriodUnit.ENDLESS)]), ("new_periods", 0), "names ENDLESS twice"),
        (
            PlanChange(new_resources=[PlanResourceDraft("licence", "Seat")]),
            ("new_resources", 0, "key"),
            "names licence twice",
        ),
        (PlanChange(periods=[PlanPeriodChange("1_YEAR")]), ("periods", 0, "key"), "has no period '1_YEAR'"),
        (
            PlanChange(resources=[PlanResourceChange("licence", minimum=Decimal(5), maximum=Decimal(4))]),
            ("resources", 0, "maximum"),
            "minimum, which is 5; got 4",
        ),
        (
            PlanChange(resources=[PlanResourceChange("licence", fees=FeesChange(setup=Decimal(1)))]),
            ("resources", 0, "fees", "setup"),
            "recurring fees of resources only",
        ),
        (PlanChange(billing_type=BillingType.NON_REFUND), ("billing_type",), "needs a period of 1 year"),
        (PlanChange(currency="EURO"), ("currency",), "ISO 4217"),
        (PlanChange(fixed_price=None), ("fixed_price",), "cannot be cleared"),
        (PlanChange(new_periods=None), ("new_periods",), "cannot be cleared"),
    ],
)
def test_a_change_that_no_plan_can_have_is_refused_at_its_place(
    session: ScopedSession, chain: Chain, change: PlanChange, path: tuple[str | int, ...], message: str
) -> None:
    plan = make_plan(session, chain.distributor)
    scope = acting(session, chain.distributor)
    with pytest.raises(InvalidInput, match=message) as refusal:
        update_plan(session, scope, plan_id=plan.id, change=change, clock=chain.clock)
    assert refusal.value.path == ("change", *path)
