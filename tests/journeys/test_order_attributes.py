"""What products want to know with an order: told by customers and by managers, and what customers never learn."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.telling import Story

pytestmark = pytest.mark.feature("O-07")

Begins = Callable[..., Story]
CUSTOMERS = [
    {"key": "domain", "name": "Domain", "required": True, "pattern": "[a-z0-9-]+[.][a-z]{2,}", "maxLength": 20},
    {"key": "region", "name": "Region", "type": "CHOICE", "choices": ["EU", "US"]},
    {"key": "start", "name": "Start", "type": "DATE"},
]
MANAGERS = [
    {"key": "cost_centre", "name": "Cost centre", "type": "NUMBER", "minimum": "1000", "maximum": "9999"},
    {"key": "approved", "name": "Approved", "type": "BOOLEAN", "required": True},
]
DECLARED = "query ($id: ID!) { plan(id: $id) { orderAttributes { customers { key choices } managers { key } } } }"
TOLD = """query ($id: ID!) {
  subscription(id: $id) {
    attributes { customers { key name type value } }
    orders { nodes { attributes { customers { key value } } } }
  }
}"""
SECRET = """query ($id: ID!) {
  node(id: $id) { ... on ServiceSubscription { attributes { managers { key value } } } }
}"""


def told(**values: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def opened(begins: Begins) -> tuple[Story, dict[str, Any], str]:
    """A distributor whose product asks both, its plan, and a customer."""
    story = begins("2027-08-20")
    product = story.do(
        "createProduct", key="mail", name="Mail", customerOrderAttributes=CUSTOMERS, managerOrderAttributes=MANAGERS
    )["product"]["id"]
    story.ids["product"] = product
    return story, story.sells(productId=product), story.customer()


def test_a_manager_answers_both_sets_and_order_and_subscription_show_them(begins: Begins) -> None:
    # given
    story, plan, account = opened(begins)
    # when
    answers = told(region="EU", domain="harbour.example", approved="true", cost_centre="4711.50")
    id = story.buys(account, plan, attributes=answers)
    # then: in the order of the declaration
    seen = story.ask(TOLD, id=id)["subscription"]
    assert seen["attributes"]["customers"] == [
        {"key": "domain", "name": "Domain", "type": "TEXT", "value": "harbour.example"},
        {"key": "region", "name": "Region", "type": "CHOICE", "value": "EU"},
    ]
    assert seen["orders"]["nodes"][0]["attributes"]["customers"] == told(domain="harbour.example", region="EU")
    secret = story.ask(SECRET, id=id)["node"]["attributes"]["managers"]
    assert secret == told(cost_centre="4711.5", approved="true")


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"approved": "true"}, "Domain is required."),
        ({"domain": "harbour.example"}, "Approved is required."),
        ({"domain": "Harbour", "approved": "true"}, "Domain must match [a-z0-9-]+[.][a-z]{2,}."),
        ({"domain": f"{'a' * 20}.eu", "approved": "true"}, "Domain must have 1 to 20 characters, got 23."),
        ({"domain": "a.eu", "approved": "yes"}, "Approved must be one of true, false."),
        ({"domain": "a.eu", "approved": "true", "region": "UK"}, "Region must be one of EU, US."),
        ({"domain": "a.eu", "approved": "true", "start": "20 May"}, "Start must be a day such as 2027-08-20."),
        ({"domain": "a.eu", "approved": "true", "cost_centre": "17"}, "Cost centre is 17; it may be 1000 to 9999."),
        ({"domain": "a.eu", "approved": "true", "cost_centre": "1e9"}, "Cost centre must be a number such as 12.5."),
        (
            {"color": "red"},
            "The plan has no order attribute 'color'; it has domain, region, start, cost_centre, approved.",
        ),
    ],
)
def test_what_does_not_fit_is_refused(begins: Begins, answers: dict[str, str], message: str) -> None:
    # given
    story, plan, account = opened(begins)
    order = {
        "accountId": account,
        "planId": plan["id"],
        "periodId": plan["periods"][0]["id"],
        "quantities": [],
        "attributes": told(**answers),
    }
    # then
    assert story.refused("orderSubscription", **order) == ("INVALID_INPUT", message)


def test_a_customers_user_neither_sees_nor_answers_what_is_for_managers(begins: Begins) -> None:
    # given
    story, plan, account = opened(begins)
    who = story.user_of(account)
    # when: it orders without what managers have to answer
    id = story.buys(account, plan, who=who, attributes=told(domain="harbour.example"))
    # then
    assert story.ask(TOLD, who=who, id=id)["subscription"]["attributes"]["customers"][0]["value"] == "harbour.example"
    for document, variables in ((DECLARED, {"id": plan["id"]}), (SECRET, {"id": id})):
        answer = story.api.ask(who, document, **variables)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
        assert "cost_centre" not in str(answer)
        assert "approved" not in str(answer)
    # and: a key of the managers' is refused as one is that is nowhere
    order = {"accountId": account, "planId": plan["id"], "periodId": plan["periods"][0]["id"], "quantities": []}
    refusals = [
        story.refused("orderSubscription", who=who, **order, attributes=told(**{key: "true"}))
        for key in ("approved", "nowhere")
    ]
    assert refusals[0][1].replace("approved", "nowhere") == refusals[1][1]
    assert refusals[1] == (
        "INVALID_INPUT",
        "The plan has no order attribute 'nowhere'; it has domain, region, start.",
    )


def test_a_copy_asks_what_its_product_asks_and_learns_of_changes(begins: Begins) -> None:
    # given: a reseller sells a copy of the plan
    story, plan, _ = opened(begins)
    below, tenant = story.reseller()
    copy = story.do("delegatePlan", planId=plan["id"], tenantIds=[tenant])["plans"][0]
    seen = story.ask(DECLARED, who=below, id=copy["id"])["plan"]["orderAttributes"]
    assert [each["key"] for each in seen["customers"]] == ["domain", "region", "start"]
    assert [each["key"] for each in seen["managers"]] == ["cost_centre", "approved"]
    # when: the product asks for something else
    story.do(
        "updateProduct",
        productId=story.ids["product"],
        change={"customerOrderAttributes": [{"key": "mail", "name": "Mail", "type": "EMAIL", "required": True}]},
    )
    story.until("2027-08-21")
    # then
    account = story.customer(who=below)
    order = {"accountId": account, "planId": copy["id"], "periodId": copy["periods"][0]["id"], "quantities": []}
    refused = story.refused("orderSubscription", who=below, **order, attributes=told(approved="true"))
    assert refused == ("INVALID_INPUT", "Mail is required.")
    story.do("orderSubscription", who=below, **order, attributes=told(approved="true", mail="It@Harbour.example"))


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        ({"key": "a", "name": "A", "pattern": "(a"}, "pattern is no regular expression."),
        ({"key": "a", "name": "A", "pattern": r"(a)\1"}, "pattern may not refer back to a part of itself."),
        ({"key": "a", "name": "A", "type": "CHOICE"}, "A CHOICE has 1 to 200 different choices."),
        ({"key": "a", "name": "A", "type": "DATE", "maxLength": 3}, "maxLength is not for DATE."),
        ({"key": "a", "name": "A", "minLength": 5, "maxLength": 3}, "maxLength must be 5 or more, got 3."),
        ({"key": "A b", "name": "A"}, "key may hold a to z, 0 to 9 and the underscore, got 'A b'."),
    ],
)
def test_a_declaration_that_nobody_could_answer_is_refused(
    begins: Begins, attribute: dict[str, Any], message: str
) -> None:
    story = begins("2027-08-20")
    asked = {"key": "mail", "name": "Mail", "customerOrderAttributes": [attribute]}
    assert story.refused("createProduct", **asked) == ("INVALID_INPUT", message)


def test_a_switch_keeps_what_was_told_and_asks_for_the_rest(begins: Begins) -> None:
    # given: another product that also wants the domain, and a seat count of its own
    story, plan, account = opened(begins)
    id = story.buys(account, plan, attributes=told(domain="harbour.example", approved="true"))
    asks = [CUSTOMERS[0], {"key": "rooms", "name": "Rooms", "type": "NUMBER", "required": True}]
    product = story.do("createProduct", key="rooms", name="Rooms", customerOrderAttributes=asks)["product"]["id"]
    target = story.sells(productId=product, price="20.00", name="Rooms")
    switch = {"subscriptionId": id, "planId": target["id"], "periodId": target["periods"][0]["id"]}
    # then
    assert story.refused("switchSubscription", **switch) == ("INVALID_INPUT", "Rooms is required.")
    # when
    story.pays(story.do("switchSubscription", **switch, attributes=told(rooms="12")))
    # then
    seen = story.ask(TOLD, id=id)["subscription"]["attributes"]["customers"]
    assert [(each["key"], each["value"]) for each in seen] == [("domain", "harbour.example"), ("rooms", "12")]
