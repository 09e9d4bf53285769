"""Markups with which plans come to a tenant."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import select

from domain.catalog.models import Plan
from domain.catalog.products import create_product
from domain.delegation import default_markups
from domain.delegation.actions import delegate_plan
from domain.delegation.copying import copy_plan
from domain.delegation.default_markups import delete_default_markup, set_default_markup
from domain.delegation.models import DefaultMarkup
from domain.pricing.actions import set_markup
from domain.shared.errors import ActAsRequired, InvalidInput, NotFound
from tenancy.hierarchy import Founded
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as
from tests.domain.catalog.making import acting, delegate, found_below, licences, make_plan, prices

pytestmark = [pytest.mark.feature("C-08"), pytest.mark.feature("C-10")]

Setting = Callable[..., DefaultMarkup]


@pytest.fixture
def set_default(session: ScopedSession, chain: Chain) -> Setting:
    """Sets a default markup of a tenant."""

    def set_it(owner: Founded, markup: str, **key: str) -> DefaultMarkup:
        return set_default_markup(
            session, acting(session, owner), markup_percent=Decimal(markup), **key, clock=chain.clock
        )

    return set_it


@pytest.fixture
def plan(session: ScopedSession, chain: Chain) -> Plan:
    """A plan of the distributor's product `mail` in the category `office`: 8.00 a month."""
    product = create_product(
        session, acting(session, chain.distributor), key="mail", name="Mail", category_key="office", clock=chain.clock
    )
    return make_plan(session, chain.distributor, product_id=product.id)


def to_reseller(session: ScopedSession, chain: Chain, plan: Plan, **given: Decimal | None) -> Plan:
    return delegate_plan(
        session,
        acting(session, chain.distributor),
        plan_id=plan.id,
        tenant_ids=[chain.reseller.tenant.id],
        **given,
        clock=chain.clock,
    )[0]


def test_a_plan_that_is_delegated_without_a_markup_gets_its_receivers_own(
    session: ScopedSession, chain: Chain, plan: Plan, set_default: Setting
) -> None:
    set_default(chain.reseller, "25", product_key="mail")
    set_default(chain.distributor, "50", product_key="mail")
    copy = to_reseller(session, chain, plan)
    assert copy.markup_percent == 25
    assert prices(session, [copy]) == [(Decimal("8.00"), Decimal("10.00"))]


def test_a_products_markup_goes_before_its_categorys(
    session: ScopedSession, chain: Chain, plan: Plan, set_default: Setting
) -> None:
    set_default(chain.reseller, "10", category_key="office")
    set_default(chain.reseller, "25", product_key="mail")
    set_default(chain.reseller, "30", product_key="other")
    set_default(chain.sibling, "10", category_key="office")
    assert to_reseller(session, chain, plan).markup_percent == 25


def test_a_copy_of_a_copy_finds_the_product_two_levels_up(
    session: ScopedSession, chain: Chain, plan: Plan, set_default: Setting
) -> None:
    # given
    set_default(chain.child, "10", category_key="office")
    copy = to_reseller(session, chain, plan)
    # when
    (second,) = delegate_plan(
        session,
        acting(session, chain.reseller),
        plan_id=copy.id,
        tenant_ids=[chain.child.tenant.id],
        clock=chain.clock,
    )
    # then
    assert [each.markup_percent for each in (copy, second)] == [None, Decimal(10)]
    assert prices(session, [second]) == [(Decimal("8.00"), Decimal("8.80"))]


@pytest.mark.parametrize(("given", "markup"), [(Decimal(5), 5), (None, None)], ids=["another one", "by hand"])
def test_what_the_delegation_says_goes_before_the_default(
    session: ScopedSession,
    chain: Chain,
    plan: Plan,
    set_default: Setting,
    given: Decimal | None,
    markup: int | None,
) -> None:
    set_default(chain.reseller, "25", product_key="mail")
    assert to_reseller(session, chain, plan, markup_percent=given).markup_percent == markup


def test_a_change_of_the_default_reprices_no_plan_that_is_there(
    session: ScopedSession, chain: Chain, plan: Plan, set_default: Setting
) -> None:
    # given
    first = set_default(chain.reseller, "25", product_key="mail")
    copy = to_reseller(session, chain, plan)
    # when
    second = set_default(chain.reseller, "50", product_key="mail")
    # then
    assert second.id == first.id
    assert prices(session, [copy]) == [(Decimal("8.00"), Decimal("10.00"))]


def test_a_deleted_default_is_one_no_more(
    session: ScopedSession, chain: Chain, plan: Plan, set_default: Setting
) -> None:
    row = set_default(chain.reseller, "25", product_key="mail")
    delete_default_markup(session, acting(session, chain.reseller), default_markup_id=row.id, clock=chain.clock)
    assert to_reseller(session, chain, plan).markup_percent is None


@pytest.mark.parametrize("zero_prices", [True, False])
def test_a_copied_plan_of_zero_prices_gets_the_default_and_another_one_does_not(
    session: ScopedSession, chain: Chain, plan: Plan, set_default: Setting, *, zero_prices: bool
) -> None:
    set_default(chain.distributor, "25", category_key="office")
    copy = copy_plan(
        session,
        acting(session, chain.distributor),
        plan_id=plan.id,
        name="Second",
        zero_prices=zero_prices,
        clock=chain.clock,
    )
    assert copy.markup_percent == (25 if zero_prices else None)


def test_a_free_plan_is_copied_with_the_default(
    session: ScopedSession, chain: Chain, plan: Plan, set_default: Setting
) -> None:
    set_default(chain.distributor, "25", product_key="mail")
    free = make_plan(session, chain.distributor, product_id=plan.product_id, resources=[licences("0", "0")])
    scope = acting(session, chain.distributor)
    set_markup(session, scope, plan_id=free.id, markup_percent=Decimal(3), clock=chain.clock)
    copy = copy_plan(session, scope, plan_id=free.id, name="Second", clock=chain.clock)
    assert copy.markup_percent == 25


def test_a_default_is_of_a_product_or_of_a_category(session: ScopedSession, chain: Chain, set_default: Setting) -> None:
    for keys in ({}, {"product_key": "mail", "category_key": "office"}):
        with pytest.raises(InvalidInput, match="Name either a product or a category"):
            set_default(chain.reseller, "25", **keys)
    with pytest.raises(InvalidInput, match="category_key may hold"):
        set_default(chain.reseller, "25", category_key="No key")


def test_a_tenant_has_at_most_so_many_defaults(
    session: ScopedSession, chain: Chain, set_default: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(default_markups, "LIMIT", 1)
    set_default(chain.reseller, "25", product_key="mail")
    with pytest.raises(InvalidInput, match="You have 1 default markups, which is the most"):
        set_default(chain.reseller, "25", product_key="other")
    assert set_default(chain.reseller, "26", product_key="mail").markup_percent == 26


def test_a_default_that_makes_a_price_too_large_refuses_the_delegation(
    session: ScopedSession, chain: Chain, set_default: Setting
) -> None:
    # given: at the third level a price of thirteen digits
    product = create_product(session, acting(session, chain.distributor), key="dear", name="Dear", clock=chain.clock)
    plan = make_plan(session, chain.distributor, product_id=product.id, resources=[licences("0", "9999999999")])
    scope = acting(session, chain.distributor)
    set_markup(session, scope, plan_id=plan.id, markup_percent=Decimal(1000), clock=chain.clock)
    copy = delegate(session, plan, chain.distributor, chain.reseller, "1000")
    second = delegate(session, copy, chain.reseller, chain.child, "1000")
    deepest = found_below(session, chain.child, "Rill")
    set_default(deepest, "1000", product_key="dear")
    # when
    with pytest.raises(InvalidInput, match="a price stays below") as refusal:
        delegate_plan(
            session, acting(session, chain.child), plan_id=second.id, tenant_ids=[deepest.tenant.id], clock=chain.clock
        )
    # then
    assert refusal.value.path == ("tenant_ids",)


def test_a_sibling_neither_sees_nor_deletes_a_default(
    session: ScopedSession, chain: Chain, set_default: Setting
) -> None:
    row = set_default(chain.reseller, "25", product_key="mail")
    with pytest.raises(NotFound):
        delete_default_markup(session, acting(session, chain.cousin), default_markup_id=row.id, clock=chain.clock)
    with pytest.raises(ActAsRequired):
        delete_default_markup(session, acting(session, chain.distributor), default_markup_id=row.id, clock=chain.clock)
    act_as(session, PLATFORM)
    assert session.scalars(select(DefaultMarkup)).all() == [row]
