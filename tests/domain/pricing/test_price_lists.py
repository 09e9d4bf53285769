"""The lines of price lists, which the database keeps by itself."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from db.ids import uuid7
from domain.catalog.drafts import FeesChange, FeesDraft, PlanChange, PlanPeriodDraft, PlanResourceDraft
from domain.catalog.models import Plan, Product
from domain.delegation.actions import deactivate_plan
from domain.pricing.actions import set_markup, update_plan
from domain.pricing.by_hand import PriceChange, set_prices
from domain.pricing.models import PriceListEntry
from domain.shared.billing_types import BillingType
from domain.shared.periods import PeriodUnit
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession, seeing
from tests.conftest import Chain
from tests.domain.catalog.making import ENDLESS, acting, delegate, licences, make_plan

pytestmark = pytest.mark.feature("C-09")


def lines(session: ScopedSession, plan: Plan | UUID) -> list[PriceListEntry]:
    """A plan's, the shortest period first."""
    id = plan if isinstance(plan, UUID) else plan.id
    with seeing(session, PLATFORM):
        return list(
            session.scalars(
                select(PriceListEntry)
                .where(PriceListEntry.plan_id == id)
                .order_by(PriceListEntry.months)
                .execution_options(populate_existing=True)
            )
        )


def fees(price: str, net: str, setup: str = "0") -> dict[str, Any]:
    return {
        "fees": FeesDraft(setup=Decimal(setup), recurring_per_month=Decimal(price)),
        "net_cost": FeesDraft(recurring_per_month=Decimal(net)),
    }


def test_a_line_sums_the_plans_fees_and_the_least_units_of_each_resource_over_the_term(
    session: ScopedSession, chain: Chain
) -> None:
    # given: 15 units at least, of which 10 are included
    plan = make_plan(
        session,
        chain.distributor,
        billing_type=BillingType.RESERVATION,
        periods=[
            PlanPeriodDraft(PeriodUnit.YEAR, 1, **fees("10", "7", setup="5")),
            PlanPeriodDraft(PeriodUnit.MONTH, 3, **fees("11", "7")),
            PlanPeriodDraft(PeriodUnit.MONTH, 1, trial=True),
        ],
        resources=[
            PlanResourceDraft("seat", "Seat", included=Decimal(10), minimum=Decimal(15), **fees("2", "1.5", setup="3")),
            PlanResourceDraft("disk", "Disk", **fees("100", "90")),
        ],
    )
    # then: 11 × 3 + 5 × (3 + 2 × 3), and 5 + 10 × 12 + 5 × (3 + 2 × 12); trials are left out
    assert [(line.months, line.retail_price, line.net_cost) for line in lines(session, plan)] == [
        (Decimal(3), Decimal(78), Decimal("43.5")),
        (Decimal(12), Decimal(260), Decimal(174)),
    ]
    assert [(line.margin, line.margin_percent) for line in lines(session, plan)] == [
        (Decimal("34.5"), Decimal("44.2308")),
        (Decimal(86), Decimal("33.0769")),
    ]


def test_where_nothing_has_to_be_ordered_one_unit_of_the_first_resource_counts(
    session: ScopedSession, chain: Chain
) -> None:
    plan = make_plan(
        session,
        chain.distributor,
        periods=[ENDLESS, PlanPeriodDraft(PeriodUnit.DAY, 73)],
        resources=[licences("1", "1", key="other"), licences("8", "6.40", priority=100)],
    )
    # an endless period is one month, a day 12/365 of one
    assert [(line.months, line.retail_price, line.net_cost) for line in lines(session, plan)] == [
        (Decimal(1), Decimal(8), Decimal("6.4")),
        (Decimal("2.4"), Decimal("19.2"), Decimal("15.36")),
    ]


def test_the_list_follows_prices_names_and_states_whoever_changes_them(session: ScopedSession, chain: Chain) -> None:
    # given
    own = make_plan(session, chain.distributor)
    copy = delegate(session, own, chain.distributor, chain.reseller, "10")
    (line,) = lines(session, copy)
    assert (line.net_cost, line.retail_price, line.markup_percent, line.net_cost_changed_at) == (
        Decimal(8),
        Decimal("8.8"),
        Decimal(10),
        None,
    )
    # when
    change = PriceChange("licence", fees=FeesChange(recurring_per_month=Decimal(9)))
    set_prices(session, acting(session, chain.distributor), plan_id=own.id, resources=[change], clock=chain.clock)
    # then
    (line,) = lines(session, copy)
    assert (line.net_cost, line.retail_price, line.margin) == (Decimal(9), Decimal("9.9"), Decimal("0.9"))
    assert line.net_cost_changed_at == chain.clock.now
    assert lines(session, own)[0].net_cost_changed_at is None  # its price changed, not what it costs
    # when
    scope = acting(session, chain.reseller)
    set_markup(session, scope, plan_id=copy.id, markup_percent=Decimal(-50), clock=chain.clock)
    update_plan(session, scope, plan_id=copy.id, change=PlanChange(public=False), clock=chain.clock)
    # then
    (line,) = lines(session, copy)
    assert (line.retail_price, line.margin, line.margin_percent) == (Decimal("4.5"), Decimal("-4.5"), Decimal(-100))
    assert (line.markup_percent, line.public) == (Decimal(-50), False)
    # when
    deactivate_plan(session, acting(session, chain.distributor), plan_id=own.id, clock=chain.clock)
    # then
    assert [lines(session, plan)[0].state for plan in (own, copy)] == ["INACTIVE", "DEACTIVATED_BY_PROVIDER"]


def test_a_copys_line_tells_the_product_of_its_origin_and_follows_its_name(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    own = make_plan(session, chain.distributor)
    copy = delegate(session, own, chain.distributor, chain.reseller)
    acting(session, chain.distributor)
    product = Product(
        id=uuid7(),
        distributor_id=own.distributor_id,
        tenant_id=own.tenant_id,
        tenant_path=own.tenant_path,
        key="mail",
        name="Mail",
        vendor="Contoso",
    )
    session.add(product)
    session.flush()
    own.product_id = product.id
    session.flush()
    # when: the reseller, who does not see the product, changes its copy
    scope = acting(session, chain.reseller)
    set_markup(session, scope, plan_id=copy.id, markup_percent=Decimal(5), clock=chain.clock)
    acting(session, chain.distributor)
    product.name = "Mail Plus"
    session.flush()
    # then
    assert [(line.product_name, line.vendor) for plan in (own, copy) for line in lines(session, plan)] == [
        ("Mail Plus", "Contoso")
    ] * 2


def test_a_period_that_goes_takes_its_line_along(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor, periods=[ENDLESS, PlanPeriodDraft(PeriodUnit.MONTH, 1)])
    acting(session, chain.distributor)
    session.execute(text("DELETE FROM plan_periods WHERE unit = 'MONTH'"))
    session.execute(text("DELETE FROM plan_resources"))
    (line,) = lines(session, plan)
    assert (line.unit, line.retail_price) == ("ENDLESS", Decimal(0))


def test_the_application_cannot_write_the_lists_itself(session: ScopedSession, chain: Chain) -> None:
    """The triggers run with the owner's rights; their functions are not for calling."""
    make_plan(session, chain.distributor)
    acting(session, chain.distributor)
    for statement in (
        "UPDATE price_list_entries SET margin = 0",
        "DELETE FROM price_versions",
        "SELECT app_list_prices('{}', '{}', '{}', false)",
    ):
        refused = pytest.raises(Exception, match="permission denied")
        with refused, session.begin_nested():
            session.execute(text(statement))
