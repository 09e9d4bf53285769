"""Account classes listed with the rules of both payment models."""

from typing import Any

import pytest

from tests.api.conftest import Api

pytestmark = pytest.mark.feature("C-13")

CREATE = """mutation ($input: CreateAccountClassInput!) {
  createAccountClass(input: $input) { accountClass { id } errors { message } } }"""
LIST = "query ($filter: AccountClassFilter) { accountClasses(filter: $filter) { nodes { key } } }"
PREPAY = {"threshold": "200", "paysBelowZero": True, "subzeroDays": 5, "cancelUnpaidDays": 3, "stop": "MANUAL"}
POSTPAY = {
    "paymentModel": "POSTPAY",
    "creditLimit": "500",
    "paymentExpirationDays": 30,
    "guaranteedLimit": "100",
    "guaranteedDays": 7,
    "delete": "MANUAL",
}


@pytest.fixture
def classes(api: Api) -> None:
    """One of the distributor for each payment model; both hold for everybody below."""
    for key, terms in (("prepaid", PREPAY), ("postpaid", POSTPAY)):
        api.do("distributor", CREATE, input={"key": key, "name": key.capitalize(), "terms": terms})


@pytest.mark.usefixtures("classes")
@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"paymentModel": {"eq": "POSTPAY"}}, ["postpaid"]),
        ({"paymentModel": {"in": ["PREPAY"]}}, ["prepaid"]),
        ({"stop": {"eq": "MANUAL"}}, ["prepaid"]),
        ({"delete": {"notIn": ["AUTOMATIC"]}}, ["postpaid"]),
        ({"threshold": {"gte": "200"}}, ["prepaid"]),
        ({"paysBelowZero": {"eq": False}}, ["postpaid"]),
        ({"subzeroDays": {"gt": 0}}, ["prepaid"]),
        ({"cancelUnpaidDays": {"lte": 3}}, ["prepaid"]),
        ({"creditLimit": {"isNull": True}}, ["prepaid"]),
        ({"paymentExpirationDays": {"eq": 30}}, ["postpaid"]),
        ({"guaranteedLimit": {"lt": "100.01"}}, ["postpaid"]),
        ({"guaranteedDays": {"gte": 7, "lt": 8}}, ["postpaid"]),
        ({"not": {"guaranteedDays": {"isNull": False}}}, ["prepaid"]),
    ],
)
def test_the_list_is_narrowed_by_each_rule(api: Api, filter: dict[str, Any], found: list[str]) -> None:
    nodes = api.data("child", LIST, filter=filter)["accountClasses"]["nodes"]
    assert [node["key"] for node in nodes] == found
