"""Prices set by hand, and the marks that ask for them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from domain.catalog.drafts import FeesChange, PlanPeriodDraft
from domain.catalog.errors import PlanStale
from domain.catalog.models import Plan
from domain.delegation.errors import FieldIsUpstreams
from domain.pricing.actions import set_markup
from domain.pricing.by_hand import PriceChange, set_prices
from domain.pricing.models import PriceOf, PriceVersion
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidInput
from domain.shared.periods import PeriodUnit
from tenancy.clock import Clock
from tenancy.hierarchy import Founded
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession, seeing
from tests.conftest import Chain
from tests.domain.catalog.making import acting, delegate, make_plan, prices
from tests.domain.pricing.test_changes_of_plans import three_levels

pytestmark = pytest.mark.feature("C-08")


def a_month(price: str) -> FeesChange:
    return FeesChange(recurring_per_month=Decimal(price))


def price(session: ScopedSession, owner: Founded, plan: Plan, amount: str, clock: Clock, **more: Any) -> Plan:
    change = PriceChange("licence", fees=a_month(amount))
    return set_prices(session, acting(session, owner), plan_id=plan.id, resources=[change], clock=clock, **more)


def marks(session: ScopedSession, plans: list[Plan]) -> list[tuple[bool, bool]]:
    """Of each plan whether its net costs have changed, and whether its prices are to be reviewed."""
    with seeing(session, PLATFORM):
        return [(plan.net_cost_changed_at is not None, plan.prices_to_review) for plan in plans]


def test_a_changed_net_cost_marks_those_who_price_by_hand_until_they_do_so_again(
    session: ScopedSession, chain: Chain
) -> None:
    # given: the reseller's prices follow, the child's do not
    plans = three_levels(session, chain, ("10", None))
    assert marks(session, plans) == [(False, False)] * 3
    # when
    later = replace(chain.clock, now=chain.clock.now + timedelta(hours=1))
    price(session, chain.distributor, plans[0], "9", later)
    # then
    assert prices(session, plans)[1:] == [(Decimal(9), Decimal("9.9")), (Decimal("9.9"), Decimal("8.8"))]
    assert marks(session, plans) == [(False, False), (True, False), (True, True)]
    with seeing(session, PLATFORM):
        assert plans[2].net_cost_changed_at == later.now
    # when
    price(session, chain.child, plans[2], "8.8", later)  # the same price, but looked at
    # then
    assert marks(session, plans)[2] == (True, False)
    assert plans[2].net_cost_changed_at == later.now


def test_a_markup_ends_the_mark_too(session: ScopedSession, chain: Chain) -> None:
    plans = three_levels(session, chain, ("10", None))
    price(session, chain.distributor, plans[0], "9", chain.clock)
    scope = acting(session, chain.child)
    set_markup(session, scope, plan_id=plans[2].id, markup_percent=Decimal(1), clock=chain.clock)
    assert marks(session, plans)[2] == (True, False)


def test_prices_of_periods_and_resources_go_down_the_chain_together(session: ScopedSession, chain: Chain) -> None:
    # given
    own = make_plan(
        session,
        chain.distributor,
        billing_type=BillingType.RESERVATION,
        periods=[PlanPeriodDraft(PeriodUnit.YEAR, 1)],
    )
    copy = delegate(session, own, chain.distributor, chain.reseller, "50")
    # when
    set_prices(
        session,
        acting(session, chain.distributor),
        plan_id=own.id,
        periods=[PriceChange("1_YEAR", fees=FeesChange(setup=Decimal(20)), net_cost=a_month("1"))],
        resources=[PriceChange("licence", fees=a_month("10"))],
        clock=chain.clock,
    )
    # then
    with seeing(session, PLATFORM):
        versions = {
            (row.plan_id, row.price_of): row
            for row in session.scalars(select(PriceVersion).where(PriceVersion.valid_to.is_(None)))
        }
    period = versions[copy.id, PriceOf.PERIOD]
    assert (period.net_setup, period.setup, period.net_recurring_per_month) == (Decimal(20), Decimal(30), Decimal(0))
    assert versions[own.id, PriceOf.PERIOD].net_recurring_per_month == Decimal(1)
    assert versions[copy.id, PriceOf.RESOURCE].recurring_per_month == Decimal(15)
    assert marks(session, [own, copy]) == [(True, False), (True, False)]


def test_a_history_tells_what_held_when(session: ScopedSession, chain: Chain) -> None:
    # given
    plan, start = make_plan(session, chain.distributor), chain.clock.now
    # when
    for hours, amount in ((1, "9"), (2, "10"), (2, "11")):
        price(session, chain.distributor, plan, amount, replace(chain.clock, now=start + timedelta(hours=hours)))
    # then: of two prices of one instant the last one counts
    versions = session.scalars(
        select(PriceVersion)
        .where(PriceVersion.plan_id == plan.id, PriceVersion.price_of == PriceOf.RESOURCE)
        .order_by(PriceVersion.valid_from)
    ).all()
    assert [(row.recurring_per_month, row.valid_to) for row in versions] == [
        (Decimal(8), start + timedelta(hours=1)),
        (Decimal(9), start + timedelta(hours=2)),
        (Decimal(11), None),
    ]


@pytest.mark.parametrize(
    ("given", "path", "words"),
    [
        ({}, ("resources",), "at least one"),
        ({"resources": [PriceChange("seat", a_month("1"))]}, ("resources", 0, "key"), "'seat' in resources"),
        ({"periods": [PriceChange("1_YEAR", a_month("1"))]}, ("periods", 0, "key"), "'1_YEAR' in periods"),
        ({"resources": [PriceChange("licence")] * 2}, ("resources", 1, "key"), "names licence twice"),
        ({"resources": [PriceChange("licence", None)]}, ("resources", 0, "fees"), "cannot be cleared"),
        (
            {"resources": [PriceChange("licence", FeesChange(setup=Decimal(-1)))]},
            ("resources", 0, "fees", "setup"),
            "setup",
        ),
    ],
)
def test_what_is_wrong_is_refused_at_its_place(
    session: ScopedSession, chain: Chain, given: dict[str, Any], path: tuple[str | int, ...], words: str
) -> None:
    plan = make_plan(session, chain.distributor)
    scope = acting(session, chain.distributor)
    with pytest.raises(InvalidInput, match=words) as refusal:
        set_prices(session, scope, plan_id=plan.id, clock=chain.clock, **given)
    assert refusal.value.path == path


def test_a_fee_that_the_billing_type_does_not_take_is_refused(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor)
    scope = acting(session, chain.distributor)
    changes = [PriceChange("licence", FeesChange(setup=Decimal(1)))]
    with pytest.raises(InvalidInput, match="CSP_MONTHLY takes recurring fees of resources only") as refusal:
        set_prices(session, scope, plan_id=plan.id, resources=changes, clock=chain.clock)
    assert refusal.value.path == ("resources", 0, "fees", "setup")


def test_a_copys_net_costs_are_the_upstreams(session: ScopedSession, chain: Chain) -> None:
    copy = delegate(session, make_plan(session, chain.distributor), chain.distributor, chain.reseller)
    scope = acting(session, chain.reseller)
    change = PriceChange("licence", net_cost=a_month("1"))
    with pytest.raises(FieldIsUpstreams) as refusal:
        set_prices(session, scope, plan_id=copy.id, resources=[change], clock=chain.clock)
    assert refusal.value.path == ("resources", 0, "net_cost")


def test_a_version_that_is_over_is_refused_and_what_changes_nothing_raises_none(
    session: ScopedSession, chain: Chain
) -> None:
    plan = make_plan(session, chain.distributor)
    assert price(session, chain.distributor, plan, "8", chain.clock).version == 1
    assert price(session, chain.distributor, plan, "9", chain.clock, if_version=1).version == 2
    with pytest.raises(PlanStale):
        price(session, chain.distributor, plan, "10", chain.clock, if_version=1)
