"""Resources that are there or not, and a tenant's own attributes of a plan."""

from decimal import Decimal
from typing import Any

import pytest

from domain.catalog.drafts import PlanChange, PlanResourceChange
from domain.catalog.models import UnitKind
from domain.delegation.copying import copy_plan
from domain.delegation.synchronization import synchronize_plan
from domain.payments import changing
from domain.pricing.actions import update_plan
from domain.shared.errors import InvalidInput
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession, seeing
from tests.conftest import Chain, act_as, distributor_scope
from tests.domain.catalog.making import acting, delegate, licences, make_plan, resource
from tests.domain.payments.selling import Shop, open_shop

pytestmark = pytest.mark.feature("C-03")

SWITCH = licences(key="backup", name="Backup", unit_kind=UnitKind.BOOLEAN)


@pytest.fixture
def shop(session: ScopedSession, chain: Chain) -> Shop:
    """Sells a backup, at 10.00 a month, or none."""
    shop = open_shop(session, chain, plan={"resources": [SWITCH]})
    shop.top_up("100.00")
    return shop


def ordered(shop: Shop, quantity: int) -> Decimal:
    return shop.order(quantities=[("backup", Decimal(quantity))]).total


def test_a_boolean_resource_is_ordered_once_or_not_at_all(shop: Shop) -> None:
    assert (ordered(shop, 0) > 0, ordered(shop, 1) > 0) == (False, True)
    with pytest.raises(InvalidInput, match="Backup ends at 1; got 2") as refusal:
        ordered(shop, 2)
    assert refusal.value.path == ("quantities", 0, "quantity")


def test_it_is_changed_to_one_and_no_further(shop: Shop) -> None:
    subscription = shop.bought(quantities=[("backup", Decimal(0))])
    with pytest.raises(InvalidInput, match="Backup ends at 1; got 2"):
        changing.change_subscription(
            shop.session,
            shop.scope,
            subscription_id=subscription.id,
            quantities=[("backup", Decimal(2))],
            clock=shop.clock,
        )


def test_what_says_no_maximum_ends_at_one(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor, resources=[SWITCH])
    assert (resource(session, plan).unit_kind, resource(session, plan).maximum) == (UnitKind.BOOLEAN, Decimal(1))


def test_the_kind_goes_to_every_copy(session: ScopedSession, chain: Chain) -> None:
    # given
    plan = make_plan(session, chain.distributor)
    copy = delegate(session, plan, chain.distributor, chain.reseller)
    change = PlanChange(resources=[PlanResourceChange("licence", unit_kind=UnitKind.BOOLEAN)])
    # when
    update_plan(session, acting(session, chain.distributor), plan_id=plan.id, change=change, clock=chain.clock)
    scope = act_as(session, distributor_scope(chain.distributor))
    synchronize_plan(session, scope, plan_id=plan.id, clock=chain.clock)
    # then
    with seeing(session, PLATFORM):
        assert (resource(session, copy).unit_kind, resource(session, copy).maximum) == (UnitKind.BOOLEAN, Decimal(1))


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"unit_kind": UnitKind.BOOLEAN}, "unit_kind", "has maximum 0 or 1, got 300"),
        ({"unit_kind": UnitKind.BOOLEAN, "maximum": Decimal(2)}, "maximum", "has maximum 0 or 1, got 2"),
        ({"unit_kind": UnitKind.BOOLEAN, "maximum": None, "minimum": Decimal(2)}, "minimum", "below minimum"),
        (
            {"unit_kind": UnitKind.BOOLEAN, "maximum": Decimal(1), "included": Decimal(2)},
            "included",
            "has included 0 or 1, got 2",
        ),
        ({"unit_kind": None}, "unit_kind", "cannot be cleared"),
    ],
)
def test_what_is_counted_becomes_boolean_only_where_it_is_one_at_most(
    session: ScopedSession, chain: Chain, given: dict[str, Any], field: str, message: str
) -> None:
    plan = make_plan(session, chain.distributor, resources=[licences(maximum=Decimal(300))])
    change = PlanChange(resources=[PlanResourceChange("licence", **given)])
    with pytest.raises(InvalidInput, match=message) as refusal:
        update_plan(session, acting(session, chain.distributor), plan_id=plan.id, change=change, clock=chain.clock)
    assert refusal.value.path[:3] == ("change", "resources", 0)
    if "minimum" not in given:
        assert refusal.value.path[-1] == field


def test_attributes_stay_with_the_tenant_that_wrote_them(session: ScopedSession, chain: Chain) -> None:
    # given
    plan = make_plan(session, chain.distributor, attributes=[("shelf", " B 12 "), ("buyer", "Ann")])
    copy = delegate(session, plan, chain.distributor, chain.reseller)
    assert plan.attributes == [{"key": "shelf", "value": "B 12"}, {"key": "buyer", "value": "Ann"}]
    assert copy.attributes == []
    # when: each writes its own, and the upper one a name too, which is synchronized
    own = PlanChange(attributes=[("rack", "7")])
    update_plan(session, acting(session, chain.reseller), plan_id=copy.id, change=own, clock=chain.clock)
    theirs = PlanChange(name="Post", attributes=[("shelf", "C 1")])
    update_plan(session, acting(session, chain.distributor), plan_id=plan.id, change=theirs, clock=chain.clock)
    scope = act_as(session, distributor_scope(chain.distributor))
    synchronize_plan(session, scope, plan_id=plan.id, clock=chain.clock)
    # then
    with seeing(session, PLATFORM):
        assert (copy.name, copy.attributes) == ("Post", [{"key": "rack", "value": "7"}])
        assert plan.attributes == [{"key": "shelf", "value": "C 1"}]


def test_attributes_alone_raise_the_version_and_ask_for_no_synchronization(
    session: ScopedSession, chain: Chain
) -> None:
    plan = make_plan(session, chain.distributor, attributes=[("shelf", "B 12")])
    copy = delegate(session, plan, chain.distributor, chain.reseller)
    scope = acting(session, chain.distributor)
    update_plan(session, scope, plan_id=plan.id, change=PlanChange(attributes=None), clock=chain.clock)
    assert (plan.attributes, plan.version) == ([], 2)
    assert synchronize_plan(session, scope, plan_id=plan.id, clock=chain.clock) == 0
    with seeing(session, PLATFORM):
        assert copy.version == 1


def test_a_plan_made_from_another_has_its_attributes(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor, attributes=[("shelf", "B 12")])
    scope = acting(session, chain.distributor)
    copy = copy_plan(session, scope, plan_id=plan.id, name="Second", clock=chain.clock)
    assert copy.attributes == [{"key": "shelf", "value": "B 12"}]
