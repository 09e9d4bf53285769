"""A salesperson sees what was sold, and not what it costs."""

from collections.abc import Callable

import pytest

from db import ids
from tests.api.conftest import Api
from tests.api.test_catalog import make_plan

PLAN = "query ($id: ID!) { plan(id: $id) { periods { id } } }"
ORDER = """mutation ($input: OrderSubscriptionInput!) { orderSubscription(input: $input) {
  subscription { id } errors { code message } } }"""
GENERAL = """query ($id: ID!) { subscription(id: $id) {
  number name state phase billingType trial endless autoRenew startedOn paidTo expiresOn
  account { name } plan { name } planPeriod { unit } tenant { name } resources { name quantity }
} }"""
COSTS = """query ($id: ID!) { subscription(id: $id) { plan { resources {
  prices { recurringPerMonth upstream { recurringPerMonth } } } } } }"""


@pytest.fixture
def sold(api: Api, account: Callable[..., str]) -> str:
    """A subscription of the child's customer."""
    plan = make_plan(api)
    order = {
        "accountId": account(),
        "planId": plan,
        "periodId": api.data("child", PLAN, id=plan)["plan"]["periods"][0]["id"],
        "quantities": [{"resourceKey": "licence", "quantity": "3"}],
    }
    return str(api.do("child", ORDER, input=order)["subscription"]["id"])


@pytest.mark.feature("T-06")
def test_a_salesperson_opens_the_general_information_of_a_subscription_by_its_id(api: Api, sold: str) -> None:
    found = api.data("sales", GENERAL, id=sold)["subscription"]
    assert found["account"] == {"name": "Meadow Bakery"}
    assert (found["plan"], found["planPeriod"], found["tenant"]) == (
        {"name": "Basic"},
        {"unit": "ENDLESS"},
        {"name": "Brook"},
    )
    assert found["resources"] == [{"name": "Licence", "quantity": "3"}]
    assert (found["state"], found["billingType"], found["endless"]) == ("ORDERED", "CSP_MONTHLY", True)


@pytest.mark.feature("T-06")
def test_but_neither_net_costs_nor_a_subscription_of_somebody_else(api: Api, sold: str) -> None:
    answer = api.ask("sales", COSTS, id=sold)
    (resource,) = answer["data"]["subscription"]["plan"]["resources"]
    assert resource["prices"] == {"recurringPerMonth": "10", "upstream": None}
    assert [error["extensions"]["permission"] for error in answer["errors"]] == ["prices.upstream.read"]
    for document in (GENERAL, COSTS):
        assert api.ask("sibling", document, id=sold) == api.ask("sibling", document, id=ids.encode("sub", ids.uuid7()))
