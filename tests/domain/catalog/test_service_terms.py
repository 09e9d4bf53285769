"""Service terms: keys along the chain, limits of the days."""

from typing import Any

import pytest
from sqlalchemy import select

from domain.catalog.drafts import PlanPeriodDraft
from domain.catalog.errors import ServiceTermKeyTaken, TermComesFromAbove, TermInUse
from domain.catalog.models import ServiceTerm, ServiceTermAccountType
from domain.catalog.terms import ServiceTermChange, update_service_term
from domain.customers.models import AccountKind, AccountType, HowDone
from domain.customers.terms import create_account_type
from domain.shared.billing_types import BillingType
from domain.shared.errors import ActAsRequired, InvalidInput, InvalidState, NotFound
from domain.shared.models import Event
from domain.shared.periods import PeriodUnit
from tenancy.hierarchy import Founded
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, scope_of
from tests.domain.catalog.making import acting, make_plan, make_term
from tests.domain.payments.selling import also_sell, open_shop


@pytest.mark.feature("C-02")
def test_everybody_below_has_a_new_term_and_nobody_beside(session: ScopedSession, chain: Chain) -> None:
    make_term(session, chain.reseller, key="ripple_monthly", billing_day=31)
    for founded, keys in (
        (chain.distributor, ["ripple_monthly"]),
        (chain.reseller, ["ripple_monthly"]),
        (chain.child, ["ripple_monthly"]),
        (chain.sibling, []),
    ):
        act_as(session, scope_of(founded))
        assert session.scalars(select(ServiceTerm.key)).all() == keys


@pytest.mark.feature("C-02")
def test_a_key_used_below_is_refused_with_the_tenant_named(session: ScopedSession, chain: Chain) -> None:
    make_term(session, chain.child, key="monthly")
    with pytest.raises(ServiceTermKeyTaken, match="The key monthly is taken: Brook, below you,") as refusal:
        make_term(session, chain.distributor, key="monthly")
    assert refusal.value.path == ("key",)
    assert session.scalars(select(ServiceTerm.tenant_id)).all() == [chain.child.tenant.id]


@pytest.mark.feature("C-02")
def test_a_key_used_above_or_by_oneself_is_refused_too(session: ScopedSession, chain: Chain) -> None:
    make_term(session, chain.distributor, key="monthly")
    with pytest.raises(ServiceTermKeyTaken, match="Delta, above you,"):
        make_term(session, chain.child, key="monthly")
    with pytest.raises(ServiceTermKeyTaken, match="Delta has a service term"):
        make_term(session, chain.distributor, key="monthly")


def test_siblings_may_use_the_same_key(session: ScopedSession, chain: Chain) -> None:
    make_term(session, chain.reseller, key="monthly")
    assert make_term(session, chain.sibling, key="monthly").tenant_id == chain.sibling.tenant.id


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"key": "Monthly"}, "key", "a to z, 0 to 9 and the underscore"),
        ({"key": ""}, "key", "a to z"),
        ({"key": "monthly\n"}, "key", "a to z"),
        ({"key": "k" * 101}, "key", "at most 100"),
        ({"name": "  "}, "name", "empty"),
        ({"billing_day": 0}, "billing_day", "from 1 to 31, got 0"),
        ({"billing_day": 32}, "billing_day", "from 1 to 31, got 32"),
        ({"auto_renew_point_days": -1}, "auto_renew_point_days", "from 0 to 3650"),
        ({"manual_renew_point_days": -2}, "manual_renew_point_days", "from -1 to 3650"),
        ({"grace_period_days": -1}, "grace_period_days", "from 0"),
        ({"stop_period_days": 3651}, "stop_period_days", "to 3650, got 3651"),
        ({"deletion_window_days": -2}, "deletion_window_days", "from -1"),
        ({"account_kinds": []}, "account_kinds", "nobody could order"),
        ({"auto_renew_point_days": 5, "manual_renew_point_days": 4}, "manual_renew_point_days", "which is 5; got 4"),
    ],
)
def test_a_refusal_names_the_field_and_its_limit(
    session: ScopedSession, chain: Chain, given: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message) as refusal:
        make_term(session, chain.distributor, **given)
    assert refusal.value.path == (field,)
    assert session.scalars(select(ServiceTerm)).all() == []


def change_term(session: ScopedSession, owner: Founded, term: ServiceTerm, chain: Chain, **given: Any) -> ServiceTerm:
    scope, change = acting(session, owner), ServiceTermChange(given)
    return update_service_term(session, scope, service_term_id=term.id, change=change, clock=chain.clock)


def make_type(session: ScopedSession, owner: Founded, key: str, chain: Chain) -> AccountType:
    return create_account_type(session, acting(session, owner), key=key, name=key, clock=chain.clock)


@pytest.mark.feature("C-02")
def test_a_term_is_changed_by_its_owner_and_read_only_for_everybody_below(session: ScopedSession, chain: Chain) -> None:
    # given
    term = make_term(session, chain.reseller, key="monthly")
    # when
    change_term(
        session,
        chain.reseller,
        term,
        chain,
        name="Every month",
        billing_day=31,
        auto_renew_point_days=3,
        manual_renew_point_days=30,
        grace_period_days=5,
        stop=HowDone.MANUAL,
        delete=HowDone.MANUAL,
        account_kinds=[AccountKind.CUSTOM, AccountKind.BUSINESS, AccountKind.CUSTOM],
    )
    # then
    assert (term.name, term.key, term.billing_day, term.grace_period_days) == ("Every month", "monthly", 31, 5)
    assert (term.auto_renew_point_days, term.manual_renew_point_days, term.stop_period_days) == (3, 30, 30)
    assert (term.stop, term.delete, term.account_kinds) == (HowDone.MANUAL, HowDone.MANUAL, ["BUSINESS", "CUSTOM"])
    assert session.scalars(select(Event.type).where(Event.subject_id == term.id)).all() == [
        "service_term.created",
        "service_term.updated",
    ]
    with pytest.raises(TermComesFromAbove, match="monthly comes from Ripple, above you") as refusal:
        change_term(session, chain.child, term, chain, name="Ours")
    assert refusal.value.path == ("service_term_id",)
    with pytest.raises(ActAsRequired):
        change_term(session, chain.distributor, term, chain, name="Ours")
    with pytest.raises(NotFound):
        change_term(session, chain.sibling, term, chain, name="Ours")
    assert term.name == "Every month"


@pytest.mark.feature("C-02")
@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"name": " "}, "name", "empty"),
        ({"stop": None}, "stop", "cannot be cleared"),
        ({"billing_day": 32}, "billing_day", "from 1 to 31, got 32"),
        ({"auto_renew_point_days": 9}, "manual_renew_point_days", "which is 9; got 7"),
        ({"account_kinds": []}, "account_kinds", "nobody could order"),
    ],
)
def test_a_change_that_no_term_can_have_is_refused_at_its_place(
    session: ScopedSession, chain: Chain, given: dict[str, Any], field: str, message: str
) -> None:
    term = make_term(session, chain.distributor, manual_renew_point_days=7)
    with pytest.raises(InvalidInput, match=message) as refusal:
        change_term(session, chain.distributor, term, chain, **given)
    assert refusal.value.path == ("change", field)


@pytest.mark.feature("C-02")
def test_the_billing_day_stays_1_while_a_plan_below_needs_it(session: ScopedSession, chain: Chain) -> None:
    term = make_term(session, chain.distributor)
    month = PlanPeriodDraft(PeriodUnit.MONTH, 1)
    counted = BillingType.LICENSE_BASED_MONTHLY
    make_plan(session, chain.child, service_term_id=term.id, billing_type=counted, periods=[month])
    with pytest.raises(TermInUse, match="PL000001 is LICENSE_BASED_MONTHLY") as refusal:
        change_term(session, chain.distributor, term, chain, billing_day=2)
    assert refusal.value.path == ("change", "billing_day")
    assert change_term(session, chain.distributor, term, chain, billing_day=1).billing_day == 1


@pytest.mark.feature("C-02")
def test_account_types_are_replaced_and_have_to_be_own_or_from_above(session: ScopedSession, chain: Chain) -> None:
    # given
    club = make_type(session, chain.distributor, "club", chain)
    school = make_type(session, chain.reseller, "school", chain)
    below = make_type(session, chain.child, "choir", chain)
    term = make_term(session, chain.reseller, account_type_ids=[club.id, club.id])

    def named() -> list[object]:
        link = ServiceTermAccountType
        return list(session.scalars(select(link.account_type_id).where(link.service_term_id == term.id)))

    assert named() == [club.id]
    # when, then
    change_term(session, chain.reseller, term, chain, account_type_ids=[school.id])
    assert named() == [school.id]
    with pytest.raises(NotFound) as missing:
        change_term(session, chain.reseller, term, chain, account_type_ids=[school.id, below.id])
    assert missing.value.path == ("change", "account_type_ids", 1)
    with pytest.raises(InvalidInput, match="CUSTOM accounts") as refusal:
        change_term(session, chain.reseller, term, chain, account_kinds=[AccountKind.BUSINESS])
    assert refusal.value.path == ("change", "account_type_ids")


@pytest.mark.feature("C-02")
def test_only_accounts_of_the_terms_kinds_and_types_may_order(session: ScopedSession, chain: Chain) -> None:
    # given
    club, choir = (make_type(session, chain.distributor, key, chain) for key in ("club", "choir"))
    kinds = {"account_kinds": [AccountKind.PERSONAL, AccountKind.CUSTOM], "account_type_ids": [club.id]}
    shop = open_shop(session, chain, term=kinds)
    # then
    with pytest.raises(InvalidState, match="is BUSINESS: the service term monthly is not for") as refusal:
        shop.order(1)
    assert refusal.value.path == ("account_id",)
    shop.account.kind, shop.account.account_type_id = AccountKind.CUSTOM, choir.id
    with pytest.raises(InvalidState, match="is CUSTOM: the service term monthly is not for"):
        shop.order(1)
    shop.account.account_type_id = club.id
    assert shop.order(1).total > 0
    shop.account.kind, shop.account.account_type_id = AccountKind.PERSONAL, None
    assert shop.order(1).total > 0


@pytest.mark.feature("C-02")
def test_nobody_switches_to_a_plan_whose_term_is_not_for_the_accounts_type(
    session: ScopedSession, chain: Chain
) -> None:
    # given: what the account has is for everybody, the other plan for people
    shop = open_shop(session, chain)
    shop.top_up("100.00")
    subscription = shop.bought(1)
    act_as(session, scope_of(chain.distributor))
    people = make_term(session, chain.distributor, key="people", account_kinds=[AccountKind.PERSONAL])
    premium = also_sell(shop, plan={"service_term_id": people.id})
    # then
    with pytest.raises(InvalidState, match="is BUSINESS: the service term people is not for") as refusal:
        shop.switch(subscription, premium)
    assert refusal.value.path == ("plan_id",)
    shop.account.kind = AccountKind.PERSONAL
    assert shop.switch(subscription, premium).total > 0
