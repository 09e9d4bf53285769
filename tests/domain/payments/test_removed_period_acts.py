"""A period that the plan's owner removes: gone everywhere, while subscriptions run on and are not renewed."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.catalog.drafts import PlanChange, PlanPeriodChange, PlanPeriodDraft
from domain.catalog.models import PlanPeriod
from domain.delegation.copying import copy_plan
from domain.delegation.synchronization import synchronize_plan
from domain.payments.due_dates import next_due
from domain.pricing.actions import update_plan
from domain.pricing.models import PriceListEntry
from domain.shared.errors import InvalidInput, InvalidState, NotFound
from domain.shared.periods import PeriodUnit
from domain.subscriptions.models import SubscriptionState
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope, scope_of
from tests.domain.payments.selling import MONTH, Shop, open_shop
from tests.domain.payments.test_billing_run_acts import run
from tests.domain.payments.test_renewal_acts import renew

pytestmark = [pytest.mark.feature("C-01"), pytest.mark.feature("C-03")]


def change(shop: Shop, change: PlanChange) -> None:
    """The distributor changes the plan two levels up, and the job brings it down."""
    session, chain = shop.session, shop.chain
    scope = act_as(session, scope_of(chain.distributor).writing_downstream())
    plan_id = shop.chain_plans[0].id
    update_plan(session, scope, plan_id=plan_id, change=change, clock=shop.clock)
    whole = act_as(session, distributor_scope(chain.distributor))
    synchronize_plan(session, whole, plan_id=plan_id, clock=shop.clock)
    act_as(session, shop.scope)


def remove_month(shop: Shop, *, removed: bool = True) -> None:
    change(shop, PlanChange(periods=[PlanPeriodChange("1_MONTH", removed=removed)]))


@pytest.fixture
def shop(session: ScopedSession, chain: Chain) -> Shop:
    """A plan by the month, and by the year besides, three levels deep."""
    shop = open_shop(session, chain, period=MONTH, day=date(2027, 9, 1))
    shop.top_up("2000.00")
    change(shop, PlanChange(new_periods=[PlanPeriodDraft(PeriodUnit.YEAR, 1)]))
    return shop


def test_a_subscription_of_a_removed_period_runs_on_and_stops_at_the_end_of_its_term(shop: Shop) -> None:
    # given
    subscription = shop.bought(5, auto_renew=True)
    assert subscription.expires_on == date(2027, 9, 30)
    # when
    remove_month(shop)
    # then
    with pytest.raises(InvalidState, match="because its plan has its period no more"):
        renew(shop, subscription)
    states = []
    for day in (date(2027, 9, 30), date(2027, 10, 1)):
        run(shop, day)
        states.append(subscription.state)
    assert states == [SubscriptionState.ACTIVE, SubscriptionState.STOPPED]
    shop.assert_books_agree()


def test_nobody_orders_a_removed_period(shop: Shop) -> None:
    remove_month(shop)
    with pytest.raises(NotFound) as refusal:
        shop.order(5)
    assert refusal.value.path == ("period_id",)


def test_a_removed_period_is_in_no_price_list_until_it_is_there_again(shop: Shop) -> None:
    def listed() -> list[int]:
        act_as(shop.session, PLATFORM)
        entries = select(PriceListEntry.duration, PriceListEntry.unit)
        rows = shop.session.execute(entries.where(PriceListEntry.unit == "MONTH")).all()
        act_as(shop.session, shop.scope)
        return [row.duration for row in rows]

    assert listed() == [1, 1, 1]
    remove_month(shop)
    assert listed() == []
    remove_month(shop, removed=False)
    assert listed() == [1, 1, 1]


def test_every_copy_learns_of_it_and_a_later_copy_of_the_plan_is_without_it(shop: Shop) -> None:
    session = shop.session
    remove_month(shop)
    act_as(session, PLATFORM)
    months = session.scalars(select(PlanPeriod.removed_at).where(PlanPeriod.key == "1_MONTH")).all()
    assert months == [shop.clock.now] * 3
    scope = act_as(session, scope_of(shop.chain.distributor).writing_downstream())
    copy = copy_plan(session, scope, plan_id=shop.chain_plans[0].id, name="Second", clock=shop.clock)
    assert session.scalars(select(PlanPeriod.key).where(PlanPeriod.plan_id == copy.id)).all() == ["1_YEAR"]


def test_a_plan_keeps_one_period(shop: Shop) -> None:
    remove_month(shop)
    with pytest.raises(InvalidInput, match="keeps at least one period") as refusal:
        change(shop, PlanChange(periods=[PlanPeriodChange("1_YEAR", removed=True)]))
    assert refusal.value.path == ("change", "periods", 0, "removed")


def test_a_sandboxs_clock_does_not_stop_for_a_renewal_that_will_not_be(session: ScopedSession, shop: Shop) -> None:
    shop.bought(5, auto_renew=True)
    run(shop, date(2027, 9, 2))
    remove_month(shop)
    whole = act_as(session, distributor_scope(shop.chain.distributor))
    assert next_due(session, whole, after=date(2027, 9, 20), until=date(2027, 12, 1)) == date(2027, 10, 1)
