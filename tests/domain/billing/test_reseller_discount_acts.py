"""Who gets a reseller discount, and for what."""

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from domain.billing.models import DiscountTarget, ResellerDiscount
from domain.billing.reseller_discounts import (
    Discount,
    Discounts,
    ResellerDiscountChange,
    create_reseller_discount,
    discounts_for,
    update_reseller_discount,
)
from domain.shared.errors import InvalidInput, NotFound, Refusal
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope, scope_of

US, THEM, SUBSCRIPTION, ACCOUNT, PLAN, OTHER = (uuid4() for _ in range(6))


def discount(percent: str = "10", /, **lists: set[UUID]) -> Discount:
    return Discount(
        id=uuid4(),
        creditor_id=THEM,
        percent=Decimal(percent),
        reseller_ids=frozenset(lists.get("resellers", {US})),
        subscription_ids=frozenset(lists.get("subscriptions", ())),
        account_ids=frozenset(lists.get("accounts", ())),
        plan_ids=frozenset(lists.get("plans", ())),
    )


@pytest.mark.parametrize(
    ("lists", "applies"),
    [
        ({}, True),
        ({"resellers": {OTHER}}, False),
        ({"subscriptions": {SUBSCRIPTION}}, True),
        ({"subscriptions": {OTHER}}, False),
        ({"accounts": {ACCOUNT}}, True),
        ({"accounts": {OTHER}}, False),
        ({"plans": {PLAN, OTHER}}, True),
        ({"plans": {OTHER}}, False),
        ({"accounts": {ACCOUNT}, "plans": {OTHER}}, False),
        ({"accounts": {ACCOUNT}, "plans": {PLAN}}, True),
        ({"subscriptions": {OTHER}, "accounts": {ACCOUNT}}, True),
        ({"subscriptions": {SUBSCRIPTION}, "accounts": {OTHER}}, True),
    ],
)
def test_reseller_and_subscription_or_account_and_plan(lists: dict[str, set[UUID]], applies: bool) -> None:
    assert (
        discount(**lists).applies(
            debtor_id=US, subscription_id=SUBSCRIPTION, account_id=ACCOUNT, plan_ids=frozenset({PLAN})
        )
        is applies
    )


def test_the_best_percentage_of_the_creditor_wins() -> None:
    # given
    best = discount("20", plans={PLAN})
    found = Discounts({US: [discount("10"), best, discount("90", plans={OTHER})]})
    asked: dict[str, Any] = {
        "debtor_id": US,
        "subscription_id": SUBSCRIPTION,
        "account_id": ACCOUNT,
        "plan_ids": frozenset({PLAN}),
    }
    # then
    assert found.best(creditor_id=THEM, **asked) is best
    assert found.best(creditor_id=OTHER, **asked) is None
    assert found.best(creditor_id=THEM, **{**asked, "debtor_id": OTHER}) is None


@pytest.mark.parametrize(
    ("field", "given", "refusal"),
    [
        ("percent", {"percent": Decimal(0)}, InvalidInput),
        ("percent", {"percent": Decimal("100.01")}, InvalidInput),
        ("percent", {"percent": Decimal("12.345")}, InvalidInput),
        ("tenant_ids", {"tenant_ids": []}, InvalidInput),
        ("name", {"name": " "}, InvalidInput),
        ("plan_ids", {"plan_ids": [uuid4()]}, NotFound),
    ],
)
def test_a_discount_that_breaks_a_rule_is_refused_by_its_field(
    session: ScopedSession, chain: Chain, field: str, given: dict[str, Any], refusal: type[Refusal]
) -> None:
    # given
    scope = act_as(session, scope_of(chain.reseller))
    values = {"name": "Spring", "percent": Decimal(10), "tenant_ids": [chain.child.tenant.id], **given}
    # when
    with pytest.raises(refusal) as refused:
        create_reseller_discount(session, scope, clock=chain.clock, **values)
    # then
    assert refused.value.path[0] == field


@pytest.mark.parametrize(("who", "refusal"), [("child", InvalidInput), ("sibling", InvalidInput)])
def test_a_discount_is_for_those_directly_below(
    session: ScopedSession, chain: Chain, who: str, refusal: type[Refusal]
) -> None:
    # given: the distributor sees all of them; a child reseller is two levels down
    scope = act_as(session, scope_of(chain.distributor if who == "child" else chain.reseller))
    # then
    with pytest.raises(refusal if who == "child" else NotFound) as refused:
        create_reseller_discount(
            session,
            scope,
            name="Spring",
            percent=Decimal(10),
            tenant_ids=[getattr(chain, who).tenant.id],
            clock=chain.clock,
        )
    assert refused.value.path == ("tenant_ids", 0)


def test_those_below_do_not_see_the_discounts_they_get(session: ScopedSession, chain: Chain) -> None:
    # given
    scope = act_as(session, scope_of(chain.distributor))
    made = create_reseller_discount(
        session,
        scope,
        name="Spring",
        percent=Decimal("12.5"),
        tenant_ids=[chain.reseller.tenant.id, chain.sibling.tenant.id],
        clock=chain.clock,
    )
    # when
    act_as(session, scope_of(chain.reseller))
    # then
    assert session.scalars(select(ResellerDiscount.id)).all() == []
    assert session.scalars(select(DiscountTarget.id)).all() == []
    # and the whole distributor finds it for both
    act_as(session, distributor_scope(chain.distributor))
    found = discounts_for(session, made.distributor_id, {chain.sibling.tenant.id})
    assert [one.percent for one in found.by_debtor[chain.sibling.tenant.id]] == [Decimal("12.5")]


def test_a_discount_is_ended_and_begun_again(session: ScopedSession, chain: Chain) -> None:
    # given
    scope = act_as(session, scope_of(chain.reseller))
    reseller_id = chain.child.tenant.id
    made = create_reseller_discount(
        session, scope, name="Spring", percent=Decimal(10), tenant_ids=[reseller_id], clock=chain.clock
    )
    for active in (False, True):
        # when
        update_reseller_discount(
            session,
            scope,
            reseller_discount_id=made.id,
            change=ResellerDiscountChange(name="Late", active=active),
            clock=chain.clock,
        )
        # then
        found = discounts_for(session, made.distributor_id, {reseller_id})
        assert (made.name, bool(found.by_debtor.get(reseller_id))) == ("Late", active)
