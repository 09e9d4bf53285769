"""One markup for many plans, and prices that a job carries down."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select

from domain.catalog.drafts import FeesChange
from domain.catalog.models import Plan
from domain.catalog.products import create_product
from domain.pricing import bulk, repricing
from domain.pricing.actions import set_markup
from domain.pricing.bulk import set_markups
from domain.pricing.by_hand import PriceChange, set_prices
from domain.pricing.repricing import reprice_next, repricing_job
from domain.shared.errors import ActAsRequired, InvalidInput, NotFound
from domain.shared.models import Event, Job
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import ScopedSession, seeing
from tests.conftest import Chain, act_as, distributor_scope
from tests.domain.catalog.making import acting, delegate, licences, make_plan, prices, resource

pytestmark = pytest.mark.feature("C-08")


@pytest.fixture
def pair(session: ScopedSession, chain: Chain) -> list[Plan]:
    """Two plans of the distributor's product `mail` in `office`, and a copy of each with 25 %."""
    product = create_product(
        session, acting(session, chain.distributor), key="mail", name="Mail", category_key="office", clock=chain.clock
    )
    first = make_plan(session, chain.distributor, product_id=product.id)
    second = make_plan(session, chain.distributor, product_id=product.id, resources=[licences("20.00", "16.00")])
    copies = [delegate(session, plan, chain.distributor, chain.reseller, "25") for plan in (first, second)]
    return [first, second, *copies]


def events(session: ScopedSession) -> set[tuple[str, UUID]]:
    return {(row.type, row.subject_id) for row in session.execute(select(Event.type, Event.subject_id))}


def set_ten(session: ScopedSession, chain: Chain, scope: Scope, **named: str) -> Sequence[Plan]:
    """Ten per cent for the plans that are named by product or category."""
    return set_markups(
        session,
        scope,
        product_key=named.get("product_key"),
        category_key=named.get("category_key"),
        markup_percent=Decimal(10),
        clock=chain.clock,
    )


def carry_down(session: ScopedSession, chain: Chain, plans: list[Plan]) -> list[int]:
    """What the job does; how many copies each step looked at."""
    scope = act_as(session, distributor_scope(chain.distributor))
    after, found = None, []
    ids = [plan.id for plan in plans]
    while copies := reprice_next(session, scope, ids, after=after, clock=chain.clock):
        after = copies[-1]
        found.append(len(copies))
    return found


def test_many_plans_get_one_markup_and_their_copies_new_prices(
    session: ScopedSession, chain: Chain, pair: list[Plan]
) -> None:
    versions = [plan.version for plan in pair]
    plans = set_markups(
        session,
        acting(session, chain.distributor),
        plan_ids=[pair[1].id, pair[0].id],
        markup_percent=Decimal(50),
        clock=chain.clock,
    )
    assert [plan.id for plan in plans] == [pair[1].id, pair[0].id]
    assert prices(session, pair) == [
        (Decimal("6.40"), Decimal("9.60")),
        (Decimal("16.00"), Decimal("24.00")),
        (Decimal("9.60"), Decimal("12.00")),
        (Decimal("24.00"), Decimal("30.00")),
    ]
    with seeing(session, PLATFORM):
        assert [plan.version for plan in pair] == [version + 1 for version in versions]
        assert [plan.synchronized_version for plan in pair[:2]] == [plan.version for plan in pair[:2]]


def test_many_plans_at_once_are_as_one_after_the_other(session: ScopedSession, chain: Chain, pair: list[Plan]) -> None:
    scope = acting(session, chain.distributor)
    with session.begin_nested() as point:
        for plan in pair[:2]:
            set_markup(session, scope, plan_id=plan.id, markup_percent=Decimal(50), clock=chain.clock)
        one_by_one = prices(session, pair)
        told = events(session)
        point.rollback()
    set_markups(session, scope, product_key="mail", markup_percent=Decimal(50), clock=chain.clock)
    assert prices(session, pair) == one_by_one
    assert events(session) == told


@pytest.mark.parametrize("key", [{"product_key": "mail"}, {"category_key": "office"}], ids=["product", "category"])
def test_copies_are_named_by_the_product_or_category_of_their_origin(
    session: ScopedSession, chain: Chain, pair: list[Plan], key: dict[str, str]
) -> None:
    other = make_plan(session, chain.reseller, service_term_id=pair[0].service_term_id)
    plans = set_ten(session, chain, acting(session, chain.reseller), **key)
    assert {plan.id for plan in plans} == {plan.id for plan in pair[2:]}
    assert prices(session, [*pair[2:], other]) == [
        (Decimal("8.00"), Decimal("8.80")),
        (Decimal("20.00"), Decimal("22.00")),
        (Decimal("6.40"), Decimal("8.00")),
    ]


def test_a_plan_that_is_not_there_or_not_ones_own_is_named_by_its_place(
    session: ScopedSession, chain: Chain, pair: list[Plan]
) -> None:
    for owner, ids, refusal in (
        (chain.distributor, [pair[0].id, pair[2].id], ActAsRequired),
        (chain.reseller, [pair[2].id, pair[0].id], NotFound),
        (chain.distributor, [pair[0].id, pair[0].id], InvalidInput),
    ):
        with pytest.raises(refusal) as found:
            set_markups(session, acting(session, owner), plan_ids=ids, markup_percent=Decimal(10), clock=chain.clock)
        assert found.value.path == ("plan_ids", 1)
    assert prices(session, pair[:1]) == [(Decimal("6.40"), Decimal("8.00"))]


def test_what_names_no_plan_or_too_many_is_refused(
    session: ScopedSession, chain: Chain, pair: list[Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = acting(session, chain.distributor)
    with pytest.raises(InvalidInput, match="either plans, a product or a category"):
        set_ten(session, chain, scope)
    with pytest.raises(NotFound) as refusal:
        set_ten(session, chain, scope, product_key="nothing")
    assert refusal.value.path == ("product_key",)
    monkeypatch.setattr(bulk, "PLANS_LIMIT", 1)
    with pytest.raises(InvalidInput, match="Name 1 to 1 plans, got 2"):
        set_ten(session, chain, scope, category_key="office")


def test_a_price_that_no_column_holds_names_its_plan(session: ScopedSession, chain: Chain, pair: list[Plan]) -> None:
    # given: one whose net cost has fourteen digits
    copy = delegate(session, pair[0], chain.distributor, chain.sibling)
    act_as(session, PLATFORM)
    resource(session, copy).net_recurring_per_month = Decimal(10) ** 13
    session.flush()
    beside = make_plan(session, chain.sibling, service_term_id=copy.service_term_id)
    # when, then
    with pytest.raises(InvalidInput, match=f"price of plan {copy.number} has more than 14 digits"):
        set_markups(
            session,
            acting(session, chain.sibling),
            plan_ids=[beside.id, copy.id],
            markup_percent=Decimal(1000),
            clock=chain.clock,
        )


def test_more_copies_than_a_request_takes_are_repriced_by_a_job(
    session: ScopedSession, chain: Chain, pair: list[Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: three levels, of which the job takes one copy a step
    monkeypatch.setattr(repricing, "AT_ONCE", 1)
    monkeypatch.setattr(repricing, "BATCH", 1)
    third = delegate(session, pair[2], chain.reseller, chain.child, "10")
    beside = delegate(session, pair[0], chain.distributor, chain.sibling)
    tree = [pair[0], pair[2], third, beside]
    # when
    scope = acting(session, chain.distributor)
    change = PriceChange("licence", fees=FeesChange(recurring_per_month=Decimal(16)))
    plan = set_prices(session, scope, plan_id=pair[0].id, resources=[change], clock=chain.clock)
    # then: one's own price is there, and a job waits
    job = repricing_job(session, [plan])
    assert job is not None
    assert (job.kind, job.arguments) == ("catalog.reprice", {"plan_ids": [plan.id.hex]})
    assert prices(session, tree) == [
        (Decimal("6.40"), Decimal("16.00")),
        (Decimal("8.00"), Decimal("10.00")),
        (Decimal("10.00"), Decimal("11.00")),
        (Decimal("8.00"), Decimal("8.00")),
    ]
    # when
    assert carry_down(session, chain, [plan]) == [1, 1, 1]
    # then
    assert prices(session, tree) == [
        (Decimal("6.40"), Decimal("16.00")),
        (Decimal("16.00"), Decimal("20.00")),
        (Decimal("20.00"), Decimal("22.00")),
        (Decimal("16.00"), Decimal("8.00")),
    ]
    with seeing(session, PLATFORM):
        assert [each.prices_to_review for each in tree] == [False, False, False, True]


def test_a_dry_run_reprices_everything_itself(
    session: ScopedSession, chain: Chain, pair: list[Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repricing, "AT_ONCE", 0)
    scope = acting(session, chain.distributor)
    set_markup(session, scope, plan_id=pair[0].id, markup_percent=Decimal(150), at_once=True, clock=chain.clock)
    assert prices(session, [pair[2]]) == [(Decimal("16.00"), Decimal("20.00"))]
    assert session.scalars(select(Job).where(Job.kind == "catalog.reprice")).all() == []


def test_a_job_carries_many_plans_down_together(
    session: ScopedSession, chain: Chain, pair: list[Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repricing, "AT_ONCE", 1)
    scope = acting(session, chain.distributor)
    plans = list(set_markups(session, scope, category_key="office", markup_percent=Decimal(50), clock=chain.clock))
    assert repricing_job(session, plans[::-1]) is not None
    assert carry_down(session, chain, plans) == [2]
    assert prices(session, pair[2:]) == [(Decimal("9.60"), Decimal("12.00")), (Decimal("24.00"), Decimal("30.00"))]
