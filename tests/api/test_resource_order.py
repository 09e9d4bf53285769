"""Resources by priority, the highest first, then by name: wherever they are listed."""

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.test_customers import Shop

pytestmark = pytest.mark.feature("C-04")

SORTED = ["licence", "backup", "disk", "archive"]
RESOURCES = [("archive", "Archive", -1), ("disk", "Disk", 0), ("licence", "Zone licence", 7), ("backup", "Backup", 0)]
"""Key, name, priority, in the order in which they are made."""
ORDERED = "order { id charges { resourceKey kind } payment { id } } subscription { id resources { key } }"


@pytest.fixture
def shop(api: Api) -> Shop:
    shop = Shop(api)
    shop.account("Bakery")
    shop.user("olga", "Bakery", "OWNER")
    term = {"name": "M", "key": "m", "billingDay": 20}
    made = shop.do("child", "createServiceTerm", "CreateServiceTermInput", "serviceTerm { id }", **term)
    plan = {
        "name": "Mail",
        "serviceTermId": made["serviceTerm"]["id"],
        "billingType": "RESERVATION",
        "periods": [{"unit": "MONTH", "duration": 2}],
        "resources": [
            {"key": key, "name": name, "priority": priority, "fees": {"setup": "1", "recurringPerMonth": "2"}}
            for key, name, priority in RESOURCES
        ],
    }
    found = shop.do("child", "createPlan", "CreatePlanInput", "plan { id periods { id } }", **plan)["plan"]
    shop.ids |= {"plan": found["id"], "period": found["periods"][0]["id"]}
    return shop


def keys(rows: Any) -> list[str]:
    return [row["key"] for row in rows]


def bought(shop: Shop) -> Any:
    """An order whose quantities are named the other way round."""
    return shop.do(
        "child",
        "orderSubscription",
        "OrderSubscriptionInput",
        ORDERED,
        accountId=shop.ids["Bakery"],
        planId=shop.ids["plan"],
        periodId=shop.ids["period"],
        quantities=[{"resourceKey": key, "quantity": "1"} for key in reversed(SORTED)],
    )


def test_a_plans_resources(shop: Shop) -> None:
    (plan,) = shop.api.data("child", "{ plans { nodes { resources { key } } } }")["plans"]["nodes"]
    assert keys(plan["resources"]) == SORTED


@pytest.mark.parametrize("who", ["child", "olga"])
def test_a_shops_resources(shop: Shop, who: str) -> None:
    (offer,) = shop.api.data(who, "{ storefront { nodes { plan { resources { key } } } } }")["storefront"]["nodes"]
    assert keys(offer["plan"]["resources"]) == SORTED


def test_the_resources_of_a_delegated_plan(shop: Shop) -> None:
    # given: two levels, of which the lower one sells a copy
    term = shop.do("reseller", "createServiceTerm", "CreateServiceTermInput", "serviceTerm { id }", name="U", key="u")
    plan = {
        "name": "Upper",
        "serviceTermId": term["serviceTerm"]["id"],
        "billingType": "RESERVATION",
        "periods": [{"unit": "MONTH", "duration": 1}],
        "resources": [{"key": key, "name": name, "priority": priority} for key, name, priority in RESOURCES],
    }
    made = shop.do("reseller", "createPlan", "CreatePlanInput", "plan { id }", **plan)["plan"]["id"]
    child = shop.api.data("child", "{ viewer { tenant { id } } }")["viewer"]["tenant"]["id"]
    shop.do("reseller", "delegatePlan", "DelegatePlanInput", "plans { id }", planId=made, tenantIds=[child])
    # then
    copies = '{ plans(filter: {name: {eq: "Upper"}}) { nodes { resources { key } } } }'
    (copy,) = shop.api.data("child", copies)["plans"]["nodes"]
    assert keys(copy["resources"]) == SORTED


def test_an_orders_charges_and_a_subscriptions_resources(shop: Shop) -> None:
    made = bought(shop)
    assert keys(made["subscription"]["resources"]) == SORTED
    charged = [(charge["kind"], charge["resourceKey"]) for charge in made["order"]["charges"]]
    assert charged == [
        *(("SETUP", key) for key in SORTED),
        *(("RECURRING", key) for key in SORTED * 2),  # month by month
    ]


def test_the_charges_of_an_order_of_more(shop: Shop) -> None:
    # given
    made = bought(shop)
    payment = made["order"]["payment"]["id"]
    shop.do("child", "completePayment", "CompletePaymentInput", "payment { id }", paymentId=payment)
    # when
    changed = shop.do(
        "child",
        "changeSubscription",
        "ChangeSubscriptionInput",
        ORDERED,
        subscriptionId=made["subscription"]["id"],
        quantities=[{"resourceKey": key, "quantity": "3"} for key in reversed(SORTED)],
    )
    # then
    charged = [charge["resourceKey"] for charge in changed["order"]["charges"] if charge["kind"] == "RECURRING"]
    assert charged == SORTED * 2
