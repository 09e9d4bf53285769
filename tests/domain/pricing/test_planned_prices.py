"""Prices and markups that are set on a day to come."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.catalog.drafts import FeesChange
from domain.catalog.models import Plan
from domain.payments.billing_run import run_day
from domain.payments.due_dates import next_due
from domain.pricing import planning
from domain.pricing.actions import set_markup
from domain.pricing.by_hand import PriceChange, set_prices
from domain.pricing.models import PlannedPrice, PriceOf, PriceVersion
from domain.pricing.planning import withdraw_planned_prices
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.models import Event
from tenancy.clock import Clock
from tenancy.hierarchy import Founded
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession, seeing
from tests.conftest import Chain, act_as, distributor_scope
from tests.domain.catalog.making import acting, delegate, make_plan, prices, resource

pytestmark = pytest.mark.feature("C-03")

TO_12 = FeesChange(recurring_per_month=Decimal("12.00"))


def plan_price(
    session: ScopedSession, owner: Founded, plan: Plan, day: date, clock: Clock, fees: FeesChange = TO_12
) -> None:
    scope = acting(session, owner)
    change = PriceChange("licence", fees=fees)
    set_prices(session, scope, plan_id=plan.id, resources=[change], valid_from=day, clock=clock)


def run(session: ScopedSession, chain: Chain, day: date) -> Clock:
    """The billing run of the day, at its first instant."""
    clock = Clock(chain.clock.start_of(day), chain.clock.zone, sandbox=True)
    scope = distributor_scope(chain.distributor)
    run_day(session, act_as(session, scope), clock=clock, day=day)
    return clock


def planned(session: ScopedSession, plan: Plan) -> list[PlannedPrice]:
    with seeing(session, PLATFORM):
        of_plan = select(PlannedPrice).where(PlannedPrice.plan_id == plan.id)
        return list(session.scalars(of_plan.order_by(PlannedPrice.valid_from, PlannedPrice.id)))


@pytest.fixture
def arm(session: ScopedSession, chain: Chain) -> list[Plan]:
    """A plan of 8.00, a copy with 25 %, and below it one by hand."""
    first = make_plan(session, chain.distributor)
    second = delegate(session, first, chain.distributor, chain.reseller, "25")
    return [first, second, delegate(session, second, chain.reseller, chain.child)]


@pytest.fixture
def october(chain: Chain) -> date:
    """A day to come."""
    return chain.clock.today + timedelta(days=42)


def test_a_planned_price_changes_nothing_until_its_day(
    session: ScopedSession, chain: Chain, arm: list[Plan], october: date
) -> None:
    before, version = prices(session, arm), arm[0].version
    plan_price(session, chain.distributor, arm[0], october, chain.clock)
    run(session, chain, october - timedelta(days=1))
    assert prices(session, arm) == before
    assert arm[0].version == version
    (row,) = planned(session, arm[0])
    assert (row.price_of, row.key, row.recurring_per_month, row.setup) == (
        PriceOf.RESOURCE,
        "licence",
        Decimal("12.00"),
        None,
    )


def test_the_days_billing_run_sets_it_at_every_level_and_marks_what_is_priced_by_hand(
    session: ScopedSession, chain: Chain, arm: list[Plan], october: date
) -> None:
    # given
    plan_price(session, chain.distributor, arm[0], october, chain.clock)
    # when
    clock = run(session, chain, october)
    # then
    assert prices(session, arm) == [
        (Decimal("6.40"), Decimal("12.00")),
        (Decimal("12.00"), Decimal("15.00")),
        (Decimal("15.00"), Decimal("10.00")),
    ]
    with seeing(session, PLATFORM):
        assert [(plan.prices_to_review, plan.net_cost_changed_at) for plan in arm] == [
            (False, None),
            (False, clock.now),
            (True, clock.now),
        ]
    assert planned(session, arm[0]) == []


def test_the_history_tells_the_price_before_and_since(
    session: ScopedSession, chain: Chain, arm: list[Plan], october: date
) -> None:
    plan_price(session, chain.distributor, arm[0], october, chain.clock)
    clock = run(session, chain, october)
    act_as(session, PLATFORM)
    of_licence = PriceVersion.subject_id == resource(session, arm[0]).id
    versions = session.scalars(select(PriceVersion).where(of_licence).order_by(PriceVersion.valid_from)).all()
    assert [(row.recurring_per_month, row.valid_from, row.valid_to) for row in versions] == [
        (Decimal("8.00"), chain.clock.now, clock.now),
        (Decimal("12.00"), clock.now, None),
    ]


def test_levels_take_their_planned_prices_from_the_top_down(
    session: ScopedSession, chain: Chain, arm: list[Plan], october: date
) -> None:
    # given: the lower level planned first
    scope = acting(session, chain.child)
    set_markup(session, scope, plan_id=arm[2].id, markup_percent=Decimal(10), valid_from=october, clock=chain.clock)
    plan_price(session, chain.distributor, arm[0], october, chain.clock)
    # when
    run(session, chain, october)
    # then
    assert prices(session, arm[2:]) == [(Decimal("15.00"), Decimal("16.50"))]
    with seeing(session, PLATFORM):
        assert arm[2].prices_to_review is False


def test_a_late_run_takes_day_after_day(session: ScopedSession, chain: Chain, arm: list[Plan], october: date) -> None:
    later = FeesChange(recurring_per_month=Decimal("9.00"))
    plan_price(session, chain.distributor, arm[0], october + timedelta(days=1), chain.clock, later)
    plan_price(session, chain.distributor, arm[0], october, chain.clock)
    run(session, chain, october + timedelta(days=5))
    assert prices(session, arm[:1]) == [(Decimal("6.40"), Decimal("9.00"))]


def test_what_is_planned_for_a_day_takes_the_place_of_what_was(
    session: ScopedSession, chain: Chain, arm: list[Plan], october: date
) -> None:
    plan_price(session, chain.distributor, arm[0], october, chain.clock)
    plan_price(session, chain.distributor, arm[0], october, chain.clock, FeesChange(recurring_per_month=Decimal(13)))
    assert [row.recurring_per_month for row in planned(session, arm[0])] == [Decimal("13.0000")]
    scope = acting(session, chain.distributor)
    set_markup(session, scope, plan_id=arm[0].id, markup_percent=Decimal(50), valid_from=october, clock=chain.clock)
    (row,) = planned(session, arm[0])
    assert [row.price_of, row.key, row.recurring_per_month, row.markup_percent] == [None, None, None, 50]


def test_withdrawn_prices_do_not_come(session: ScopedSession, chain: Chain, arm: list[Plan], october: date) -> None:
    # given
    plan_price(session, chain.distributor, arm[0], october, chain.clock)
    scope = acting(session, chain.distributor)
    # when
    withdraw_planned_prices(session, scope, plan_id=arm[0].id, valid_from=october, clock=chain.clock)
    # then
    run(session, chain, october)
    assert prices(session, arm[:1]) == [(Decimal("6.40"), Decimal("8.00"))]
    with pytest.raises(NotFound):
        withdraw_planned_prices(
            session, acting(session, chain.distributor), plan_id=arm[0].id, valid_from=october, clock=chain.clock
        )


def test_today_is_at_once_and_yesterday_is_refused(session: ScopedSession, chain: Chain, arm: list[Plan]) -> None:
    plan_price(session, chain.distributor, arm[0], chain.clock.today, chain.clock)
    assert prices(session, arm[:1]) == [(Decimal("6.40"), Decimal("12.00"))]
    for day, message in ((-1, "must not be before today"), (3700, "more than 10 years away")):
        with pytest.raises(InvalidInput, match=message) as refusal:
            plan_price(session, chain.distributor, arm[0], chain.clock.today + timedelta(days=day), chain.clock)
        assert refusal.value.path == ("valid_from",)


def test_what_a_plan_does_not_take_any_more_is_kept_as_refused_and_not_tried_again(
    session: ScopedSession, chain: Chain, arm: list[Plan], october: date
) -> None:
    # given: the resource is gone when the day comes
    plan_price(session, chain.distributor, arm[0], october, chain.clock)
    act_as(session, PLATFORM)
    resource(session, arm[0]).key = "seat"
    # when
    clock = run(session, chain, october)
    # then
    (row,) = planned(session, arm[0])
    assert row.refused_at == clock.now
    act_as(session, PLATFORM)
    told = session.scalars(select(Event).where(Event.type == "plan.planned_prices_refused")).all()
    assert [event.subject_id for event in told] == [arm[0].id]
    whole = act_as(session, distributor_scope(chain.distributor))
    assert next_due(session, whole, after=october, until=october + timedelta(days=30)) is None


def test_a_sandboxs_clock_stops_on_the_day(
    session: ScopedSession, chain: Chain, arm: list[Plan], october: date
) -> None:
    plan_price(session, chain.distributor, arm[0], october, chain.clock)
    whole = act_as(session, distributor_scope(chain.distributor))
    assert next_due(session, whole, after=chain.clock.today, until=october + timedelta(days=99)) == october


def test_prices_are_planned_for_so_many_days(
    session: ScopedSession, chain: Chain, arm: list[Plan], october: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "DAYS_LIMIT", 1)
    plan_price(session, chain.distributor, arm[0], october, chain.clock)
    with pytest.raises(InvalidInput, match="planned for 1 days"):
        plan_price(session, chain.distributor, arm[0], october + timedelta(days=1), chain.clock)


def test_nothing_given_is_nothing_planned(session: ScopedSession, chain: Chain, arm: list[Plan], october: date) -> None:
    with pytest.raises(InvalidInput, match="at least one period or resource"):
        plan_price(session, chain.distributor, arm[0], october, chain.clock, FeesChange())
