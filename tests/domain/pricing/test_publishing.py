"""What a vendor publishes comes to the distributors it chose, and to nobody else."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select

from domain.catalog.drafts import FeesChange, PlanChange, PlanPeriodChange, PlanResourceChange, PlanResourceDraft
from domain.catalog.errors import NotARoot, NoVendor, ProductComesFromVendor, TermComesFromVendor
from domain.catalog.models import Plan, PlanState, Product, ProductCategory, ServiceTerm
from domain.catalog.products import ProductChange, create_product, update_product
from domain.catalog.queries import periods_of, resources_of
from domain.catalog.terms import ServiceTermChange, update_service_term
from domain.customers.actions import create_account
from domain.delegation.actions import activate_plan, deactivate_plan
from domain.delegation.default_markups import set_default_markup
from domain.delegation.errors import FieldIsUpstreams
from domain.delegation.synchronization import synchronize_plan
from domain.payments.checkout import order_subscription
from domain.pricing.actions import set_markup, update_plan
from domain.pricing.arriving import bring_product
from domain.pricing.publishing import accept_vendor, publish_product
from domain.pricing.unpublishing import unpublish_product, withdraw_product
from domain.shared.errors import InvalidInput, NotFound, Refusal
from domain.shared.models import Event, Job
from tenancy.clock import Clock
from tenancy.hierarchy import Founded, create_distributor
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession, seeing
from tests.conftest import AUGUST_20, Chain, act_as, distributor_scope, scope_of
from tests.domain.catalog.making import ONE_YEAR, acting, delegate, licences, make_plan, make_term, now_of

pytestmark = pytest.mark.feature("C-01")


@dataclass
class Fair:
    """A vendor with a product and a plan, and the distributor of the chain."""

    session: ScopedSession
    chain: Chain
    vendor: Founded
    product_id: UUID
    plan_id: UUID

    @property
    def clock(self) -> Clock:
        return now_of(self.session, self.vendor)

    def publish(self, *numbers: str) -> None:
        """To these, or to the distributor of the chain; the job is done."""
        with seeing(self.session, PLATFORM):
            number = self.chain.distributor.tenant.number
        publish_product(
            self.session,
            acting(self.session, self.vendor),
            product_id=self.product_id,
            distributor_numbers=numbers or [number],
            clock=self.clock,
        )
        self.bring()

    def bring(self) -> None:
        """What the job does."""
        scope = act_as(self.session, distributor_scope(self.vendor))
        bring_product(self.session, scope, product_id=self.product_id)
        act_as(self.session, distributor_scope(self.chain.distributor))

    def change(self, **what: Any) -> None:
        """The vendor changes its plan; the job is done."""
        scope = acting(self.session, self.vendor)
        update_plan(self.session, scope, plan_id=self.plan_id, change=PlanChange(**what), clock=self.clock)
        self.bring()

    def received(self) -> Plan:
        """The distributor's plan."""
        act_as(self.session, distributor_scope(self.chain.distributor))
        return self.session.scalars(
            select(Plan)
            .where(Plan.source_id == self.plan_id, Plan.tenant_id == self.chain.distributor.tenant.id)
            .execution_options(populate_existing=True)
        ).one()

    def costs(self) -> list[tuple[str, Decimal, Decimal]]:
        """Net cost and price of the distributor's resources."""
        rows = resources_of(self.session, self.received())
        return [(row.key, row.net_recurring_per_month, row.recurring_per_month) for row in rows]


@pytest.fixture
def fair(session: ScopedSession, chain: Chain) -> Fair:
    vendor = create_distributor(
        session,
        PLATFORM,
        name="Brine",
        currency="EUR",
        admin_email="admin@brine.example",
        sandbox=True,
        clock=AUGUST_20,
        vendor=True,
    )
    number = vendor.tenant.number
    scope = acting(session, chain.distributor)
    accept_vendor(session, scope, vendor_number=number.lower(), clock=chain.clock)
    scope = acting(session, vendor)
    product = create_product(
        session, scope, key="mail", name="Mail", category_key="tools", category_name="Tools", clock=chain.clock
    )
    plan = make_plan(session, vendor, sku="M-1", product_id=product.id, resources=[licences("8.00", "1.00")])
    return Fair(session, chain, vendor, product.id, plan.id)


def test_a_distributor_receives_product_plan_and_term_of_its_own_unpublished(fair: Fair) -> None:
    # when
    fair.publish()
    # then
    plan, session = fair.received(), fair.session
    product = session.scalars(select(Product).where(Product.id == plan.product_id)).one()
    assert (product.key, product.name, product.vendor, product.receives_prices) == ("mail", "Mail", "Brine", False)
    assert (product.source_id, product.tenant_id) == (fair.product_id, fair.chain.distributor.tenant.id)
    category = session.scalars(select(ProductCategory).where(ProductCategory.id == product.category_id)).one()
    assert (category.key, category.name, category.tenant_id) == ("tools", "tools", fair.chain.distributor.tenant.id)
    assert (plan.name, plan.sku, plan.public, plan.state) == ("Mail", "M-1", False, PlanState.ACTIVE)
    assert (plan.parent_id, plan.origin_id, plan.number) == (None, plan.id, "PL000001")
    term = session.scalars(select(ServiceTerm).where(ServiceTerm.id == plan.service_term_id)).one()
    assert (term.key, term.tenant_id) == ("monthly", fair.chain.distributor.tenant.id)
    # a distributor pays what the vendor takes; what the vendor pays itself is the vendor's business
    assert fair.costs() == [("licence", Decimal(8), Decimal(8))]
    assert [period.key for period in periods_of(session, plan)] == ["ENDLESS"]
    told = session.scalars(select(Event.type).where(Event.tenant_id == plan.tenant_id, Event.type.like("%.received")))
    assert set(told) == {"product.received", "plan.received"}


@pytest.mark.feature("C-08")
def test_a_received_plan_has_the_default_markup_that_the_distributor_put_on_the_category(fair: Fair) -> None:
    scope = acting(fair.session, fair.chain.distributor)
    set_default_markup(fair.session, scope, category_key="tools", markup_percent=Decimal(25), clock=fair.chain.clock)
    fair.publish()
    assert fair.received().markup_percent == 25
    assert fair.costs() == [("licence", Decimal(8), Decimal(10))]


def test_nobody_else_receives_it_and_a_second_job_changes_nothing(fair: Fair) -> None:
    act_as(fair.session, PLATFORM)
    beside = create_distributor(
        fair.session, PLATFORM, name="Beside", currency="EUR", admin_email="a@beside.example", clock=None
    )
    fair.publish()
    fair.publish()
    assert fair.received().version == 1
    with seeing(fair.session, PLATFORM):
        owners = set(fair.session.scalars(select(Plan.tenant_id)))
    assert owners == {fair.vendor.tenant.id, fair.chain.distributor.tenant.id}
    assert beside.tenant.id not in owners


def test_the_vendors_changes_reach_the_distributor_and_everybody_below_but_no_prices(fair: Fair) -> None:
    # given
    session, chain = fair.session, fair.chain
    fair.publish()
    plan = fair.received()
    scope = acting(session, chain.distributor)
    own = PlanChange(public=True, description="Ours")
    update_plan(session, scope, plan_id=plan.id, change=own, clock=chain.clock)
    copy = delegate(session, plan, chain.distributor, chain.reseller)
    # when
    fair.change(
        name="Post",
        periods=[PlanPeriodChange("ENDLESS", public=False)],
        resources=[
            PlanResourceChange(
                "licence", name="Seat", fees=FeesChange(recurring_per_month=Decimal(9)), minimum=Decimal(3)
            )
        ],
        new_resources=[PlanResourceDraft("disk", "Disk", priority=-1)],
    )
    # then
    plan = fair.received()
    assert (plan.name, plan.public, plan.description) == ("Post", True, "Ours")
    assert [period.public for period in periods_of(session, plan)] == [False]
    seat, _ = resources_of(session, plan)
    assert (seat.name, seat.minimum) == ("Seat", Decimal(3))
    assert fair.costs() == [("licence", Decimal(8), Decimal(8)), ("disk", Decimal(0), Decimal(0))]
    # when: the distributor's own job
    scope = act_as(session, distributor_scope(chain.distributor))
    waiting = select(func.count()).select_from(Job).where(Job.kind == "catalog.synchronize_plan")
    assert session.scalar(waiting) == 1
    synchronize_plan(session, scope, plan_id=plan.id, clock=chain.clock)
    # then
    assert (copy.name, [row.name for row in resources_of(session, copy)]) == ("Post", ["Seat", "Disk"])


def test_a_period_that_the_vendor_removes_is_removed_at_every_level(fair: Fair) -> None:
    # given
    session, chain = fair.session, fair.chain
    fair.change(new_periods=[ONE_YEAR])
    fair.publish()
    plan = fair.received()
    copy = delegate(session, plan, chain.distributor, chain.reseller)
    # when
    fair.change(periods=[PlanPeriodChange("1_YEAR", removed=True)])
    # then
    scope = act_as(session, distributor_scope(chain.distributor))
    synchronize_plan(session, scope, plan_id=plan.id, clock=chain.clock)
    for each in (plan, copy):
        gone = {period.key: period.removed_at is not None for period in periods_of(session, each)}
        assert gone == {"ENDLESS": False, "1_YEAR": True}


def test_prices_follow_where_the_distributor_switched_that_on(fair: Fair) -> None:
    # given
    session, chain = fair.session, fair.chain
    fair.publish()
    plan = fair.received()
    copy = delegate(session, plan, chain.distributor, chain.reseller, "10")
    scope = acting(session, chain.distributor)
    set_markup(session, scope, plan_id=plan.id, markup_percent=Decimal(25), clock=chain.clock)
    change = ProductChange({"receives_prices": True})
    assert plan.product_id is not None
    update_product(session, scope, product_id=plan.product_id, change=change, clock=chain.clock)
    # when
    fair.change(resources=[PlanResourceChange("licence", fees=FeesChange(recurring_per_month=Decimal("8.80")))])
    # then
    assert fair.costs() == [("licence", Decimal("8.80"), Decimal(11))]
    (row,) = resources_of(session, copy)
    assert (row.net_recurring_per_month, row.recurring_per_month) == (Decimal(11), Decimal("12.10"))


def test_limits_that_would_bind_subscriptions_wait_and_those_that_free_them_do_not(fair: Fair) -> None:
    # given
    session, chain = fair.session, fair.chain
    fair.change(resources=[PlanResourceChange("licence", maximum=Decimal(100))])
    fair.publish()
    plan = fair.received()
    scope = act_as(session, scope_of(chain.distributor))
    account = create_account(session, scope, name="Harbour", email="it@harbour.example", clock=chain.clock)
    order_subscription(
        session,
        scope,
        account_id=account.id,
        plan_id=plan.id,
        period_id=periods_of(session, plan)[0].id,
        quantities=[("licence", Decimal(5))],
        clock=chain.clock,
    )

    def limits() -> tuple[Decimal, Decimal | None, str]:
        row = resources_of(session, fair.received())[0]
        return row.minimum, row.maximum, row.name

    # when, then
    fair.change(resources=[PlanResourceChange("licence", maximum=Decimal(50), name="Seat")])
    assert limits() == (Decimal(0), Decimal(100), "Seat")
    fair.change(resources=[PlanResourceChange("licence", maximum=None)])
    assert limits() == (Decimal(0), None, "Seat")
    fair.change(resources=[PlanResourceChange("licence", minimum=Decimal(7))])
    assert limits() == (Decimal(0), None, "Seat")


def test_a_plan_that_the_vendor_stops_selling_is_sold_nowhere_and_comes_back(fair: Fair) -> None:
    # given
    session, chain = fair.session, fair.chain
    fair.publish()
    copy = delegate(session, fair.received(), chain.distributor, chain.reseller)
    # when, then
    deactivate_plan(session, acting(session, fair.vendor), plan_id=fair.plan_id, clock=fair.clock)
    fair.bring()
    assert (fair.received().state, copy.state) == (PlanState.DEACTIVATED_BY_PROVIDER,) * 2
    activate_plan(session, acting(session, fair.vendor), plan_id=fair.plan_id, clock=fair.clock)
    fair.bring()
    assert (fair.received().state, copy.state) == (PlanState.ACTIVE,) * 2


def test_what_the_vendor_says_is_read_only_at_the_distributor(fair: Fair) -> None:
    session, chain = fair.session, fair.chain
    fair.publish()
    plan = fair.received()
    scope = acting(session, chain.distributor)
    with pytest.raises(FieldIsUpstreams) as refusal:
        update_plan(session, scope, plan_id=plan.id, change=PlanChange(name="Ours"), clock=chain.clock)
    assert refusal.value.path == ("change", "name")
    assert plan.product_id is not None
    change = ProductChange({"name": "Ours"})
    with pytest.raises(ProductComesFromVendor, match="comes from Brine"):
        update_product(session, scope, product_id=plan.product_id, change=change, clock=chain.clock)
    change = ProductChange({"category_key": "ours"})
    product = update_product(session, scope, product_id=plan.product_id, change=change, clock=chain.clock)
    fair.change(name="Post")
    assert (product.name, fair.received().name) == ("Mail", "Post")
    category = session.scalars(select(ProductCategory).where(ProductCategory.id == product.category_id)).one()
    assert category.key == "ours"


def test_a_key_of_a_term_below_keeps_the_plan_out_and_the_distributor_is_told(fair: Fair) -> None:
    session, chain = fair.session, fair.chain
    make_term(session, chain.child, key="monthly")
    fair.publish()
    found = select(Plan.id).where(Plan.distributor_id == chain.distributor.tenant.id)
    assert session.scalars(found).all() == []
    assert session.scalars(select(Product.source_id)).all() == [fair.product_id]
    told = session.scalars(select(Event.type).where(Event.type == "product.plan_refused"))
    assert len(told.all()) == 1


def test_only_a_vendor_publishes_and_only_to_distributors_that_accepted_it(fair: Fair) -> None:
    session, chain = fair.session, fair.chain
    act_as(session, PLATFORM)
    shy = create_distributor(session, PLATFORM, name="Shy", currency="EUR", admin_email="a@shy.example").tenant.number
    delta, ripple, brine = (each.tenant.number for each in (chain.distributor, chain.reseller, fair.vendor))

    def refused(numbers: list[str], kind: type[Refusal], at: tuple[str | int, ...]) -> None:
        with pytest.raises(kind) as refusal:
            fair.publish(*numbers)
        assert refusal.value.path == at

    for unknown in ("D0", shy, ripple, brine):
        refused([unknown], NotFound, ("distributor_numbers", 0))
    refused([delta, delta], InvalidInput, ("distributor_numbers", 1))
    scope = acting(session, chain.distributor)
    ours = create_product(session, scope, key="ours", name="Ours", clock=chain.clock)
    with pytest.raises(NoVendor, match="Delta is no vendor"):
        publish_product(session, scope, product_id=ours.id, distributor_numbers=[shy], clock=chain.clock)
    with pytest.raises(NotARoot, match="Ripple is no distributor"):
        accept_vendor(session, acting(session, chain.reseller), vendor_number=brine, clock=chain.clock)


def test_a_distributor_that_accepts_a_vendor_no_longer_keeps_what_it_has(fair: Fair) -> None:
    session, chain = fair.session, fair.chain
    fair.publish()
    with seeing(session, PLATFORM):
        number = fair.vendor.tenant.number
    scope = acting(session, chain.distributor)
    accept_vendor(session, scope, vendor_number=number, accepted=False, clock=chain.clock)
    fair.change(name="Post")
    assert fair.received().name == "Mail"


def test_a_product_that_the_vendor_takes_back_is_sold_nowhere_and_comes_back(fair: Fair) -> None:
    # given
    session, chain = fair.session, fair.chain
    fair.publish()
    copy = delegate(session, fair.received(), chain.distributor, chain.reseller)
    number, taker_id = chain.distributor.tenant.number, chain.distributor.tenant.id

    def take_back() -> int:
        scope = acting(session, fair.vendor)
        unpublish_product(session, scope, product_id=fair.product_id, distributor_numbers=[number], clock=fair.clock)
        scope = act_as(session, distributor_scope(fair.vendor))
        return withdraw_product(session, scope, product_id=fair.product_id, taker_id=taker_id)

    def states() -> list[PlanState]:
        return [fair.received().state, session.get_one(Plan, (copy.distributor_id, copy.id)).state]

    # when
    assert take_back() == 1
    # then
    assert states() == [PlanState.DEACTIVATED_BY_PROVIDER] * 2
    fair.change(name="Post")
    assert fair.received().name == "Mail"
    with pytest.raises(NotFound) as refusal:
        take_back()
    assert refusal.value.path == ("distributor_numbers", 0)
    # when
    fair.publish()
    # then
    assert states() == [PlanState.ACTIVE] * 2
    assert fair.received().name == "Post"


def test_a_product_that_was_published_again_meanwhile_is_not_withdrawn(fair: Fair) -> None:
    fair.publish()
    scope = act_as(fair.session, distributor_scope(fair.vendor))
    taker_id = fair.chain.distributor.tenant.id
    assert withdraw_product(fair.session, scope, product_id=fair.product_id, taker_id=taker_id) == 0
    assert fair.received().state is PlanState.ACTIVE


@pytest.mark.feature("C-02")
def test_a_vendors_service_term_is_followed_and_read_only_at_the_distributor(fair: Fair) -> None:
    # given
    session, chain = fair.session, fair.chain
    fair.publish()
    plan = fair.received()
    term = session.get_one(ServiceTerm, (plan.distributor_id, plan.service_term_id))
    # when
    scope = acting(session, fair.vendor)
    of_vendor = select(ServiceTerm.id).where(ServiceTerm.tenant_id == fair.vendor.tenant.id)
    theirs = session.scalars(of_vendor).one()
    change = ServiceTermChange({"grace_period_days": 9, "name": "Each month"})
    session.execute(delete(Job))
    update_service_term(session, scope, service_term_id=theirs, change=change, clock=fair.clock)
    # then
    assert session.scalars(select(Job.kind)).all() == ["catalog.publish_product"]
    fair.bring()
    session.refresh(term)
    assert (term.name, term.key, term.grace_period_days) == ("Each month", "monthly", 9)
    scope = acting(session, chain.distributor)
    with pytest.raises(TermComesFromVendor, match="came from a vendor"):
        update_service_term(session, scope, service_term_id=term.id, change=change, clock=chain.clock)


@pytest.mark.feature("C-02")
def test_a_distributors_own_term_of_the_same_key_stays_its_own(fair: Fair) -> None:
    # given
    session, chain = fair.session, fair.chain
    own = make_term(session, chain.distributor, grace_period_days=3)
    fair.publish()
    assert fair.received().service_term_id == own.id
    # when
    scope = acting(session, fair.vendor)
    theirs = session.scalars(select(ServiceTerm.id).where(ServiceTerm.tenant_id == fair.vendor.tenant.id)).one()
    change = ServiceTermChange({"grace_period_days": 9})
    update_service_term(session, scope, service_term_id=theirs, change=change, clock=fair.clock)
    fair.bring()
    # then
    session.refresh(own)
    assert (own.grace_period_days, own.source_id) == (3, None)


@pytest.mark.feature("C-02")
def test_another_term_of_the_vendors_plan_is_another_term_everywhere(fair: Fair) -> None:
    fair.publish()
    act_as(fair.session, distributor_scope(fair.vendor))
    other = make_term(fair.session, fair.vendor, key="other", name="Other")
    fair.change(service_term_id=other.id)
    plan = fair.received()
    term = fair.session.get_one(ServiceTerm, (plan.distributor_id, plan.service_term_id))
    assert (term.key, term.source_id) == ("other", other.id)
