"""Whom and what discounts are limited to, as those read it who may."""

from collections.abc import Callable

import pytest

from tests.api.conftest import Api
from tests.api.test_catalog import make_plan

pytestmark = pytest.mark.feature("B-06")
CREATE = (
    """mutation ($input: CreateDiscountInput!) { createDiscount(input: $input) { discount { id } errors { code } } }"""
)
CREATE_FOR_RESELLERS = """mutation ($input: CreateResellerDiscountInput!) { createResellerDiscount(input: $input) {
  resellerDiscount { id } errors { code } } }"""
LIMITS = """query ($id: ID!) { discount(id: $id) { name limits { nodes {
  kind account { name } plan { name } subscription { name } } } } }"""
RESELLERS_LIMITS = """query ($id: ID!) { resellerDiscount(id: $id) { name limits { nodes {
  kind reseller { name } account { name } plan { name } } } } }"""


def test_a_discounts_lists_are_read(api: Api, account: Callable[..., str]) -> None:
    # given
    wanted = {
        "name": "Spring",
        "percent": "10",
        "accountIds": [account(), account("Mill")],
        "planIds": [make_plan(api)],
    }
    id = api.do("child", CREATE, input=wanted)["discount"]["id"]
    # then
    limits = api.data("child", LIMITS, id=id)["discount"]["limits"]
    assert sorted(
        (each["kind"], each["account"] and each["account"]["name"], each["plan"] and each["plan"]["name"])
        for each in limits["nodes"]
    ) == [("ACCOUNT", "Meadow Bakery", None), ("ACCOUNT", "Mill", None), ("PLAN", None, "Basic")]
    # and: to a sibling there is no such discount
    assert api.data("sibling", LIMITS, id=id) == {"discount": None}


def test_whoever_may_not_read_discounts_reads_no_lists(api: Api, account: Callable[..., str]) -> None:
    # given
    wanted = {"name": "Spring", "percent": "10", "accountIds": [account()]}
    id = api.do("child", CREATE, input=wanted)["discount"]["id"]
    # then
    answer = api.ask("sales", LIMITS, id=id)
    assert answer["data"] == {"discount": None}
    assert answer["errors"][0]["extensions"]["permission"] == "discounts.read"


def test_a_discount_for_resellers_names_many(api: Api) -> None:
    # given
    below = api.data("reseller", "{ resellers { nodes { id name } } }")["resellers"]["nodes"]
    tenants = {each["name"]: each["id"] for each in below}
    wanted = {"name": "Spring", "percent": "10", "tenantIds": [tenants["Brook"]]}
    id = api.do("reseller", CREATE_FOR_RESELLERS, input=wanted)["resellerDiscount"]["id"]
    # then
    limits = api.data("reseller", RESELLERS_LIMITS, id=id)["resellerDiscount"]["limits"]["nodes"]
    assert limits == [{"kind": "RESELLER", "reseller": {"name": "Brook"}, "account": None, "plan": None}]
    # and: the one that gets it does not read it
    assert api.data("child", RESELLERS_LIMITS, id=id) == {"resellerDiscount": None}
