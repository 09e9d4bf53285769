"""A shop as everybody sees it, without a token."""

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.test_catalog import CREATE_PLAN, CREATE_TERM

pytestmark = pytest.mark.feature("C-14")

SHOP = """query ($filter: StorefrontFilter) { storefront(filter: $filter, sort: [{field: PRICE}]) { nodes {
  plan { planId name description resources { key recurringPerMonth minimum } } periodId productName
  duration unit months price { amount currency } pricePerMonth { amount } cheapest } } }"""
NAMES = "{ storefront(sort: [{field: PLAN_NAME}, {field: PERIOD}]) { nodes { plan { name } months cheapest } } }"


@pytest.fixture
def shop(api: Api) -> str:
    """The child's address: a plan by the month or the year, one in dollars, and two that nobody may order."""
    term = api.do("child", CREATE_TERM, input={"name": "Monthly", "key": "monthly"})["serviceTerm"]["id"]
    common = {"serviceTermId": term, "billingType": "RESERVATION"}
    month, year = {"unit": "MONTH", "duration": 1}, {"unit": "YEAR", "duration": 1}

    def make(name: str, price: str, **more: Any) -> str:
        seats = {
            "key": "seats",
            "name": "Seats",
            "minimum": "2",
            "fees": {"recurringPerMonth": price},
            "netCost": {"recurringPerMonth": "0.1357"},
        }
        input = {**common, "name": name, "periods": [month], "resources": [seats], **more}
        return str(api.do("child", CREATE_PLAN, input=input)["plan"]["id"])

    dear, cheap = {"fees": {"recurringPerMonth": "3"}}, {"fees": {"recurringPerMonth": "1"}}
    hidden = {"unit": "MONTH", "duration": 3, "public": False}
    make("Mail", "5", periods=[{**month, **dear}, {**year, **cheap}, hidden, {**month, "trial": True}])
    make("Disk", "1.5", currency="USD")
    make("Inside", "1", public=False)
    stopped = make("Old", "1")
    api.do("child", "mutation ($id: ID!) { deactivatePlan(input: {planId: $id}) { errors { code } } }", id=stopped)
    tenant = api.data("child", "{ viewer { tenant { id } } }")["viewer"]["tenant"]["id"]
    return f"/storefront/{tenant}"


def test_everybody_sees_what_may_be_ordered_with_its_cheapest_period_and_no_costs(api: Api, shop: str) -> None:
    # when
    response = api.client.get(shop, params={"query": SHOP, "variables": '{"filter": {"currency": {"eq": "EUR"}}}'})
    # then: 1 × 12 + 2 × 5 × 12 for a year, 3 + 2 × 5 for a month
    month, year = response.json()["data"]["storefront"]["nodes"]
    assert month["plan"] == {
        "planId": month["plan"]["planId"],
        "name": "Mail",
        "description": None,
        "resources": [{"key": "seats", "recurringPerMonth": "5", "minimum": "2"}],
    }
    told = ("duration", "unit", "months", "price", "pricePerMonth", "cheapest")
    assert [[offer[name] for name in told] for offer in (month, year)] == [
        [1, "MONTH", "1", {"amount": "13.00", "currency": "EUR"}, {"amount": "13.00"}, False],
        [1, "YEAR", "12", {"amount": "132.00", "currency": "EUR"}, {"amount": "11.00"}, True],
    ]
    assert "0.1357" not in response.text


def test_offers_are_found_by_the_category_of_their_product(api: Api, shop: str) -> None:
    # given
    create = """mutation ($input: CreateProductInput!) {
      createProduct(input: $input) { product { id } errors { code } } }"""
    input = {"key": "files", "name": "Files", "categoryKey": "office", "categoryName": "Office"}
    product = api.do("child", create, input=input)["product"]["id"]
    terms = api.data("child", "{ plans(first: 1) { nodes { serviceTerm { id } } } }")["plans"]["nodes"]
    plan = {
        "name": "Archive",
        "serviceTermId": terms[0]["serviceTerm"]["id"],
        "billingType": "CSP_MONTHLY",
        "periods": [{"unit": "ENDLESS"}],
        "resources": [],
        "productId": product,
    }
    api.do("child", CREATE_PLAN, input=plan)
    document = """query ($filter: StorefrontFilter) { storefront(filter: $filter, sort: [{field: CATEGORY_NAME}]) {
      nodes { categoryKey categoryName plan { name } } } }"""

    def shown(filter: str) -> Any:
        answer = api.client.get(shop, params={"query": document, "variables": f'{{"filter": {filter}}}'})
        return answer.json()["data"]["storefront"]["nodes"]

    # then
    office = {"categoryKey": "office", "categoryName": "Office", "plan": {"name": "Archive"}}
    assert shown('{"categoryKey": {"eq": "office"}}') == [office]
    assert shown('{"categoryName": {"eq": "Elsewhere"}}') == []
    every = shown("{}")
    assert every[0] == office
    assert {offer["categoryKey"] for offer in every[1:]} == {None}


def test_an_offer_can_be_ordered_by_the_ids_it_tells(api: Api, shop: str) -> None:
    (offer, *_) = api.client.get(shop, params={"query": SHOP}).json()["data"]["storefront"]["nodes"]
    plan = "query ($id: ID!) { plan(id: $id) { periods { id } } }"
    found = api.data("child", plan, id=offer["plan"]["planId"])["plan"]["periods"]
    assert offer["periodId"] in [period["id"] for period in found]


def test_a_cache_may_keep_a_shop_until_something_in_it_changes(api: Api, shop: str) -> None:
    # given
    first = api.client.get(shop, params={"query": NAMES})
    assert (first.status_code, first.headers["cache-control"]) == (200, "public, max-age=60")
    assert {"Accept", "Accept-Language"} <= {*first.headers["vary"].split(", ")}
    offers = first.json()["data"]["storefront"]["nodes"]
    assert [(offer["plan"]["name"], offer["months"]) for offer in offers] == [
        ("Disk", "1"),
        ("Mail", "1"),
        ("Mail", "12"),
    ]
    # when
    known = {"If-None-Match": f'"other", {first.headers["etag"]}'}
    again = api.client.get(shop, params={"query": NAMES}, headers=known)
    # then
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    # when
    plan = api.data("child", '{ plans(filter: {name: {eq: "Disk"}}) { nodes { id } } }')["plans"]["nodes"][0]["id"]
    api.do("child", "mutation ($id: ID!) { deactivatePlan(input: {planId: $id}) { errors { code } } }", id=plan)
    changed = api.client.get(shop, params={"query": NAMES}, headers=known)
    # then
    assert changed.status_code == 200
    assert [offer["plan"]["name"] for offer in changed.json()["data"]["storefront"]["nodes"]] == ["Mail", "Mail"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("{ plans { nodes { id } } }", 403),
        (
            "{ ...everything } fragment everything on Query { storefront { nodes { id } } viewer { tenant { id } } }",
            403,
        ),
        ("{ __schema { types { name } } }", 403),
        ('mutation { renameTenant(input: {tenantId: "rsl_1", name: "x"}) { errors { code } } }', 403),
        ("{ nonsense }", 200),
    ],
)
def test_nothing_else_is_answered_without_a_token(api: Api, query: str, status: int) -> None:
    tenant = api.data("child", "{ viewer { tenant { id } } }")["viewer"]["tenant"]["id"]
    response = api.client.get(f"/storefront/{tenant}", params={"query": query})
    assert response.status_code == status
    assert "data" not in response.json()
    assert "etag" not in response.headers


def test_a_shop_that_is_not_there_and_one_that_is_shut_answer_alike(api: Api, shop: str) -> None:
    unknown = api.client.get(f"/storefront/rsl_{'0' * 32}", params={"query": NAMES})
    wrong = api.client.get(shop.replace("rsl_", "dst_"), params={"query": NAMES})
    suspend = "mutation ($id: ID!) { suspendTenant(input: {tenantId: $id}) { errors { code } } }"
    api.do("reseller", suspend, id=shop.rpartition("/")[2])
    shut = api.client.get(shop, params={"query": NAMES})
    assert [(each.status_code, each.json()) for each in (unknown, wrong, shut)] == [
        (404, {"errors": [{"message": "There is no shop at this address.", "extensions": {"code": "NOT_FOUND"}}]})
    ] * 3


def test_each_tenant_has_a_shop_of_its_own(api: Api, shop: str) -> None:
    for who in ("distributor", "reseller", "sibling"):
        tenant = api.data(who, "{ viewer { tenant { id } } }")["viewer"]["tenant"]["id"]
        assert api.client.get(f"/storefront/{tenant}", params={"query": NAMES}).json() == {
            "data": {"storefront": {"nodes": []}}
        }
    assert len(api.data("child", NAMES)["storefront"]["nodes"]) == 3
    assert len(api.data("sales", NAMES)["storefront"]["nodes"]) == 3
