"""The fees for transfers and for overuse, which go the way of all others."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from domain.catalog.drafts import FeesChange, FeesDraft, PlanChange, PlanPeriodDraft
from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.catalog.queries import periods_of, resources_of
from domain.delegation.copying import copy_plan
from domain.delegation.synchronization import synchronize_plan
from domain.pricing.actions import set_markup, update_plan
from domain.pricing.by_hand import PriceChange, set_prices
from domain.pricing.models import PlannedPrice, PriceVersion
from domain.pricing.taking import take_planned_prices
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidInput
from domain.shared.periods import PeriodUnit
from tenancy.clock import Clock
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession, seeing
from tests.conftest import Chain, act_as, distributor_scope
from tests.domain.catalog.making import acting, delegate, licences, make_plan

pytestmark = pytest.mark.feature("C-03")

Fees = tuple[str, str]
"""A net cost and a price."""


def fees(session: ScopedSession, plans: Sequence[Plan]) -> list[tuple[Fees, Fees]]:
    """Of each plan the transfer fee of the first period and the overuse fee of the first resource."""
    with seeing(session, PLATFORM):
        found = [(periods_of(session, plan)[0], resources_of(session, plan)[0]) for plan in plans]
        return [
            ((f"{period.net_transfer:.2f}", f"{period.transfer:.2f}"), (f"{of.net_overuse:.2f}", f"{of.overuse:.2f}"))
            for period, of in found
        ]


@pytest.fixture
def arm(session: ScopedSession, chain: Chain) -> list[Plan]:
    """A transfer costs 4.00 and overuse 2.00, at the vendor half; a copy with 25 %, and below it one by hand."""
    first = make_plan(
        session,
        chain.distributor,
        billing_type=BillingType.NEXT_DAY_MONTHLY,
        periods=[
            PlanPeriodDraft(
                PeriodUnit.ENDLESS, fees=FeesDraft(transfer=Decimal(4)), net_cost=FeesDraft(transfer=Decimal(2))
            )
        ],
        resources=[licences(fees=FeesDraft(overuse=Decimal(2)), net_cost=FeesDraft(overuse=Decimal(1)))],
    )
    second = delegate(session, first, chain.distributor, chain.reseller, "25")
    return [first, second, delegate(session, second, chain.reseller, chain.child)]


def to(transfer: str, overuse: str) -> dict[str, Any]:
    return {
        "periods": [PriceChange("ENDLESS", fees=FeesChange(transfer=Decimal(transfer)))],
        "resources": [PriceChange("licence", fees=FeesChange(overuse=Decimal(overuse)))],
    }


def test_they_go_down_the_chain_and_follow_markups(session: ScopedSession, chain: Chain, arm: list[Plan]) -> None:
    assert fees(session, arm) == [
        (("2.00", "4.00"), ("1.00", "2.00")),
        (("4.00", "5.00"), ("2.00", "2.50")),
        (("5.00", "5.00"), ("2.50", "2.50")),
    ]
    set_prices(session, acting(session, chain.distributor), plan_id=arm[0].id, **to("8", "6"), clock=chain.clock)
    assert fees(session, arm) == [
        (("2.00", "8.00"), ("1.00", "6.00")),
        (("8.00", "10.00"), ("6.00", "7.50")),
        (("10.00", "5.00"), ("7.50", "2.50")),
    ]
    scope = acting(session, chain.child)
    set_markup(session, scope, plan_id=arm[2].id, markup_percent=Decimal(10), clock=chain.clock)
    assert fees(session, arm)[2] == (("10.00", "11.00"), ("7.50", "8.25"))


def test_they_have_a_history(session: ScopedSession, chain: Chain, arm: list[Plan]) -> None:
    later = Clock(chain.clock.start_of(date(2030, 1, 1)), chain.clock.zone, sandbox=True)
    set_prices(session, acting(session, chain.distributor), plan_id=arm[0].id, **to("8", "6"), clock=later)
    versions = session.scalars(
        select(PriceVersion).where(PriceVersion.plan_id == arm[0].id).order_by(PriceVersion.key, PriceVersion.id)
    )
    assert [(row.key, row.net_transfer, row.transfer, row.net_overuse, row.overuse) for row in versions] == [
        ("ENDLESS", Decimal(2), Decimal(4), Decimal(0), Decimal(0)),
        ("ENDLESS", Decimal(2), Decimal(8), Decimal(0), Decimal(0)),
        ("licence", Decimal(0), Decimal(0), Decimal(1), Decimal(2)),
        ("licence", Decimal(0), Decimal(0), Decimal(1), Decimal(6)),
    ]


def test_they_are_planned_and_taken(session: ScopedSession, chain: Chain, arm: list[Plan]) -> None:
    day = date(2030, 1, 1)
    scope = acting(session, chain.distributor)
    set_prices(session, scope, plan_id=arm[0].id, **to("8", "6"), valid_from=day, clock=chain.clock)
    planned = session.scalars(select(PlannedPrice).order_by(PlannedPrice.key)).all()
    assert [(row.key, row.transfer, row.overuse, row.renewal) for row in planned] == [
        ("ENDLESS", Decimal(8), None, None),
        ("licence", None, Decimal(6), None),
    ]
    clock = Clock(chain.clock.start_of(day), chain.clock.zone, sandbox=True)
    take_planned_prices(session, act_as(session, distributor_scope(chain.distributor)), day=day, clock=clock)
    assert fees(session, arm)[1] == (("8.00", "10.00"), ("6.00", "7.50"))


@pytest.mark.parametrize(("zero_prices", "prices"), [(False, ("4.00", "2.00")), (True, ("0.00", "0.00"))])
def test_they_are_copied_or_zero(
    session: ScopedSession, chain: Chain, arm: list[Plan], zero_prices: bool, prices: tuple[str, str]
) -> None:
    scope = acting(session, chain.distributor)
    copy = copy_plan(session, scope, plan_id=arm[0].id, name="Two", zero_prices=zero_prices, clock=chain.clock)
    ((_, transfer), (_, overuse)) = fees(session, [copy])[0]
    assert (transfer, overuse) == prices


def test_a_new_period_brings_its_fee_to_copies(session: ScopedSession, chain: Chain, arm: list[Plan]) -> None:
    change = PlanChange(new_periods=[PlanPeriodDraft(PeriodUnit.YEAR, 1, fees=FeesDraft(transfer=Decimal(12)))])
    scope = acting(session, chain.distributor)
    update_plan(session, scope, plan_id=arm[0].id, change=change, clock=chain.clock)
    synchronize_plan(session, scope, plan_id=arm[0].id, clock=chain.clock)
    with seeing(session, PLATFORM):
        assert [periods_of(session, plan)[1].transfer for plan in arm] == [Decimal(12), Decimal(15), Decimal(15)]


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        (
            {"periods": [PriceChange("ENDLESS", fees=FeesChange(overuse=Decimal(1)))]},
            ("periods", 0, "fees", "overuse"),
            "Periods have no overuse fee",
        ),
        (
            {"resources": [PriceChange("licence", net_cost=FeesChange(transfer=Decimal(1)))]},
            ("resources", 0, "net_cost", "transfer"),
            "Resources have no transfer fee",
        ),
    ],
)
def test_a_period_is_not_overused_and_a_resource_not_transferred(
    session: ScopedSession,
    chain: Chain,
    arm: list[Plan],
    change: dict[str, Any],
    path: tuple[str | int, ...],
    message: str,
) -> None:
    with pytest.raises(InvalidInput, match=message) as refusal:
        set_prices(session, acting(session, chain.distributor), plan_id=arm[0].id, **change, clock=chain.clock)
    assert refusal.value.path == path


def test_a_type_of_recurring_fees_only_takes_neither(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor)
    for change in to("1", "0"), to("0", "1"):
        with pytest.raises(InvalidInput, match="CSP_MONTHLY takes recurring fees of resources only"):
            set_prices(session, acting(session, chain.distributor), plan_id=plan.id, **change, clock=chain.clock)
        for row in [*session.scalars(select(PlanPeriod)), *session.scalars(select(PlanResource))]:
            session.refresh(row)
