"""What a customer's user reads, held by the database itself: what is its own, of the tables that say so."""

import re
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, text

from db.base import Base
from db.ids import uuid7
from domain.customers.actions import create_account
from domain.customers.members import add_member, create_user
from domain.customers.models import Account, Membership, User
from migrations.tables import TABLES
from tenancy.permissions import AccessLevel
from tenancy.rows import Reach
from tenancy.scope import Customer, Scope
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, scope_of

EVERY = sorted(TABLES.tables)
MODELS = {str(mapper.local_table.description): mapper.class_ for mapper in Base.registry.mappers}
QUALS = {
    Reach.ITS_ACCOUNT: "(id = app_account())",
    Reach.OF_ITS_ACCOUNT: "(account_id = app_account())",
    Reach.ITS_ACCOUNTS: "(id = ANY (app_accounts()))",
    Reach.ITSELF: "(id = app_user())",
    Reach.ITS_OWN: "(user_id = app_user())",
    Reach.WHOSE_PERSON_IT_IS: "(person_id = app_user())",
    Reach.ITS_SERVICES: "(id = ANY (app_services()))",
    Reach.OF_ITS_SERVICES: "(subscription_id = ANY (app_services()))",
    Reach.OF_ITS_SELLER: "(tenant_path = app_seller())",
    Reach.OF_ITS_SELLERS_CHAIN: "(tenant_path = ANY (app_chain()))",
}
OF_CUSTOMERS = re.compile(r"COALESCE\((\(\w+ = .*?app_(?:account|accounts|user|services|seller|chain)\(\)\)+), false\)")


def scope_of_user(session: ScopedSession, chain: Chain, **customer: object) -> Scope:
    """What a user of a customer of the child reseller reaches."""
    tenant = chain.child.tenant
    return Scope.of_user(tenant.distributor_id, tenant.id, tenant.tenant_path, Customer(**customer))  # type: ignore[arg-type]


def counts(session: ScopedSession) -> dict[str, int]:
    """Tables of which at least one row is seen."""
    found = {name: session.scalar(text(f"SELECT count(*) FROM {name}")) or 0 for name in EVERY}
    return {name: count for name, count in found.items() if count}


@pytest.mark.feature("T-02")
@pytest.mark.parametrize("table", EVERY)
def test_a_policy_opens_to_customers_what_its_model_says_and_nothing_else(session: ScopedSession, table: str) -> None:
    model = MODELS[table]
    (reads,) = session.scalars(
        text("SELECT qual FROM pg_policies WHERE tablename = :table AND cmd = 'SELECT'"), {"table": table}
    )
    others = session.scalars(
        text(
            "SELECT coalesce(qual, '') || coalesce(with_check, '') FROM pg_policies"
            " WHERE tablename = :table AND cmd <> 'SELECT'"
        ),
        {"table": table},
    )
    said = {QUALS[reach] for reach in getattr(model, "__customers__", ())}
    assert set(OF_CUSTOMERS.findall(reads)) == said
    assert [each for each in others if OF_CUSTOMERS.search(each)] == []


@pytest.mark.feature("T-02")
def test_a_user_without_an_account_sees_its_sellers_name_and_clock_and_no_row_of_anybody(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    customer(session, chain, "Meadow Bakery")
    # when
    act_as(session, scope_of_user(session, chain, user_id=uuid7()))
    # then
    assert counts(session) == {"tenant_names": 3, "distributor_clocks": 1, "access_epochs": 1}


@pytest.mark.feature("T-02", "T-07")
def test_a_user_sees_its_account_and_itself_and_not_its_sellers_other_customers(
    session: ScopedSession, chain: Chain
) -> None:
    # given
    account, user = customer(session, chain, "Meadow Bakery")
    customer(session, chain, "Hill Farm")
    # when
    act_as(session, scope_of_user(session, chain, user_id=user, account_id=account, accounts=(account,)))
    # then
    assert list(session.scalars(select(Account.name))) == ["Meadow Bakery"]
    assert list(session.scalars(select(User.id))) == [user]
    assert list(session.scalars(select(Membership.user_id))) == [user]
    assert counts(session) == {
        "accounts": 1,
        "account_names": 1,
        "distributor_clocks": 1,
        "memberships": 1,
        "access_epochs": 1,
        "tenant_names": 3,
        "users": 1,
    }


@pytest.mark.feature("T-02")
def test_what_is_left_out_of_a_customer_shows_less_never_more(session: ScopedSession, chain: Chain) -> None:
    # given
    account, user = customer(session, chain, "Meadow Bakery")
    whole = scope_of_user(session, chain, user_id=user, account_id=account, accounts=(account,), services=(uuid7(),))
    act_as(session, whole)
    everything = counts(session)
    assert whole.customer is not None
    parts = (
        replace(whole.customer, account_id=None),
        replace(whole.customer, accounts=()),
        replace(whole.customer, services=()),
        Customer(user_id=user),
    )
    for part in parts:
        # when
        act_as(session, replace(whole, customer=part))
        # then
        assert all(everything[name] >= count for name, count in counts(session).items())
    act_as(session, replace(whole, customer=None))
    assert counts(session) == {}


@pytest.mark.feature("T-02")
def test_a_users_scope_writes_nothing(session: ScopedSession, chain: Chain) -> None:
    account, user = customer(session, chain, "Meadow Bakery")
    act_as(session, scope_of_user(session, chain, user_id=user, account_id=account, accounts=(account,)))
    for table in ("accounts", "memberships", "users"):
        assert session.execute(text(f"UPDATE {table} SET name = 'Mallory'")).rowcount == 0  # type: ignore[attr-defined]
        assert session.execute(text(f"DELETE FROM {table}")).rowcount == 0  # type: ignore[attr-defined]


def customer(session: ScopedSession, chain: Chain, name: str) -> tuple[UUID, UUID]:
    """An account of the child reseller, and its owner."""
    scope = act_as(session, scope_of(chain.child))
    account = create_account(session, scope, name=name, email="till@x.example", clock=chain.clock)
    email = f"owner@{name.replace(' ', '').lower()}.example"
    user = create_user(session, scope, name="Olga", email=email, clock=chain.clock)
    add_member(session, scope, account_id=account.id, user_id=user.id, level=AccessLevel.OWNER, clock=chain.clock)
    return account.id, user.id
