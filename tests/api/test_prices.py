"""Prices over GraphQL: the price list, its orders and filters, histories, and who sees what is earned."""

from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.test_catalog import make_plan

LIST = """query ($filter: PriceListFilter, $sort: [PriceListSort!], $scope: Scope!, $after: String) {
  priceList(filter: $filter, sort: $sort, scope: $scope, first: 2, after: $after) {
    nodes { planName sku billingType unit retailPrice { amount currency } netCost { amount } margin { amount }
            marginPercent markupPercent atALoss plan { id } period { key } tenant { name } netCostChangedAt }
    pageInfo { hasNextPage endCursor } totalCount { value }
  }
}"""
SET_PRICES = """mutation ($input: SetPricesInput!, $dry: Boolean! = false) {
  setPrices(input: $input, dryRun: $dry) { plan { version pricesToReview } errors { code path } }
}"""
SET_MARKUP = """mutation ($input: SetMarkupInput!) {
  setMarkup(input: $input) { plan { id } errors { code } }
}"""
UPDATE = "mutation ($input: UpdatePlanInput!) { updatePlan(input: $input) { errors { code } } }"


def priced(api: Api, plan_id: str, price: str, net: str) -> None:
    resources = [
        {"key": "licence", "fees": {"recurringPerMonth": price}, "netCost": {"recurringPerMonth": net}},
    ]
    api.do("child", SET_PRICES, input={"planId": plan_id, "resources": resources})


@pytest.fixture
def plans(api: Api) -> list[str]:
    """Three plans of the child: a good one, one at a loss of a product in a renamed category, and one with a markup."""
    first = make_plan(api)
    term = api.data("child", "query ($id: ID!) { plan(id: $id) { serviceTerm { id } } }", id=first)
    create = """mutation ($input: CreatePlanInput!) {
      createPlan(input: $input) { plan { id } errors { code } }
    }"""
    ids = [first]
    product = """mutation ($input: CreateProductInput!) {
      createProduct(input: $input) { product { id } errors { code } }
    }"""
    files = {"key": "files", "name": "Files", "categoryKey": "office", "categoryName": "Office"}
    sold = api.do("child", product, input=files)["product"]["id"]
    for name, sku in (("Archive", None), ("Calendar", "C-1")):
        input = {
            "name": name,
            "sku": sku,
            "serviceTermId": term["plan"]["serviceTerm"]["id"],
            "billingType": "CSP_MONTHLY",
            "periods": [{"unit": "ENDLESS"}],
            "resources": [{"key": "licence", "name": "Licence"}],
            "productId": sold if name == "Archive" else None,
        }
        ids.append(api.do("child", create, input=input)["plan"]["id"])
    rename = """mutation ($input: UpdateProductInput!) {
      updateProduct(input: $input) { errors { code } }
    }"""
    named = {"categoryKey": "office", "categoryName": "For offices"}
    api.do("child", rename, input={"productId": sold, "change": named})
    for id, price, net in zip(ids, ("10", "5", "1"), ("8", "6.5", "3.9"), strict=True):
        priced(api, id, price, net)
    api.do("child", SET_MARKUP, input={"planId": ids[2], "markupPercent": "40"})
    return ids


def listed(api: Api, **given: Any) -> list[Any]:
    """The names of all pages' plans, two a page."""
    names: list[Any] = []
    after = None
    while True:
        page = api.data("child", LIST, **{"scope": "OWN", **given}, after=after)["priceList"]
        names += [line["planName"] for line in page["nodes"]]
        assert page["totalCount"]["value"] >= len(names)
        if not page["pageInfo"]["hasNextPage"]:
            return names
        after = page["pageInfo"]["endCursor"]


@pytest.mark.feature("C-09")
def test_a_price_list_tells_what_is_taken_paid_and_earned(api: Api, plans: list[str]) -> None:
    sort = [{"field": "PLAN_NAME"}]
    page = api.data("child", LIST, scope="OWN", sort=sort)["priceList"]
    archive, basic = page["nodes"]
    assert archive | {"netCostChangedAt": "then"} == {
        "planName": "Archive",
        "sku": None,
        "billingType": "CSP_MONTHLY",
        "unit": "ENDLESS",
        "retailPrice": {"amount": "5.00", "currency": "EUR"},
        "netCost": {"amount": "6.50"},
        "margin": {"amount": "-1.50"},
        "marginPercent": "-30",
        "markupPercent": None,
        "atALoss": True,
        "plan": {"id": plans[1]},
        "period": {"key": "ENDLESS"},
        "tenant": {"name": "Brook"},
        "netCostChangedAt": "then",
    }
    assert (basic["margin"]["amount"], basic["marginPercent"], basic["atALoss"]) == ("2.00", "20", False)


@pytest.mark.feature("C-09")
def test_a_price_list_is_sorted_by_every_column_page_by_page(api: Api, plans: list[str]) -> None:
    for field, names in {
        "PLAN_NAME": ["Archive", "Basic", "Calendar"],
        "RETAIL_PRICE": ["Archive", "Calendar", "Basic"],
        "NET_COST": ["Calendar", "Archive", "Basic"],
        "MARGIN": ["Archive", "Calendar", "Basic"],
        "MARGIN_PERCENT": ["Archive", "Basic", "Calendar"],
    }.items():
        assert listed(api, sort=[{"field": field}]) == names, field
        assert listed(api, sort=[{"field": field, "direction": "DESC"}]) == names[::-1], field
    # what is missing comes last; equals are told apart by the next key
    dearest = {"field": "RETAIL_PRICE", "direction": "DESC"}
    for field, names in {
        "SKU": ["Calendar", "Basic", "Archive"],
        "MARKUP_PERCENT": ["Calendar", "Basic", "Archive"],
        "PRODUCT_NAME": ["Archive", "Basic", "Calendar"],
        "CATEGORY_NAME": ["Archive", "Basic", "Calendar"],
        "VENDOR": ["Archive", "Basic", "Calendar"],
        "BILLING_TYPE": ["Basic", "Calendar", "Archive"],
        "PERIOD": ["Basic", "Calendar", "Archive"],
        "NET_COST_CHANGED_AT": ["Archive", "Basic", "Calendar"],
    }.items():
        keys = [{"field": field}] if field == "NET_COST_CHANGED_AT" else [{"field": field}, dearest]
        found = listed(api, sort=keys)
        assert (sorted(found) if field == "NET_COST_CHANGED_AT" else found) == names, field


@pytest.mark.feature("C-09")
def test_a_price_list_is_narrowed_by_every_column(api: Api, plans: list[str]) -> None:
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({"margin": {"lt": "0"}}, {"Archive"}),
        ({"marginPercent": {"gte": "20"}}, {"Basic", "Calendar"}),
        ({"markupPercent": {"isNull": True}}, {"Archive", "Basic"}),
        ({"markupPercent": {"eq": "40"}}, {"Calendar"}),
        ({"retailPrice": {"gte": "5", "lt": "10"}}, {"Archive", "Calendar"}),
        ({"netCost": {"eq": "3.9"}}, {"Calendar"}),
        ({"billingType": {"eq": "CSP_MONTHLY"}, "sku": {"startsWith": "C"}}, {"Calendar"}),
        ({"billingType": {"in": ["PAY_IN_FULL"]}}, set()),
        ({"state": {"eq": "ACTIVE"}, "public": {"eq": True}, "planName": {"contains": "as"}}, {"Basic"}),
        ({"currency": {"eq": "USD"}}, set()),
        ({"productName": {"isNull": True}}, {"Basic", "Calendar"}),
        ({"productKey": {"eq": "files"}}, {"Archive"}),
        ({"categoryKey": {"eq": "office"}}, {"Archive"}),
        ({"categoryName": {"eq": "For offices"}}, {"Archive"}),
        ({"vendor": {"isNull": True}}, {"Basic", "Calendar"}),
        ({"planId": {"eq": plans[0]}}, {"Basic"}),
        ({"netCostChangedAt": {"gte": "2000-01-01T00:00:00Z"}}, {"Archive", "Basic", "Calendar"}),
        ({"netCostChangedAt": {"gte": "2199-01-01T00:00:00Z"}}, set()),
        ({"createdAt": {"lt": "2000-01-01T00:00:00Z"}}, set()),
    ]
    for filter, names in cases:
        assert set(listed(api, filter=filter)) == names, filter


@pytest.mark.feature("C-08")
def test_a_level_and_those_above_see_what_it_earns_and_nobody_else(api: Api, plans: list[str]) -> None:
    seen = {
        who: api.ask(who, LIST, scope="ALL", filter={"planId": {"in": plans}})
        for who in ("child", "reseller", "distributor", "sibling", "cousin", "sales")
    }
    counted = {who: answer["data"]["priceList"] for who, answer in seen.items()}
    assert {who: page and page["totalCount"]["value"] for who, page in counted.items()} == {
        "child": 3,
        "reseller": 3,
        "distributor": 3,
        "sibling": 0,
        "cousin": 0,
        "sales": None,
    }
    assert seen["sales"]["errors"][0]["extensions"]["code"] == "FORBIDDEN"


HISTORY = """query ($id: ID!, $filter: PriceVersionFilter) {
  plan(id: $id) { priceHistory(filter: $filter) { nodes {
    key priceOf currency recurringPerMonth netRecurringPerMonth endedAt } } }
}"""


@pytest.mark.feature("C-08")
def test_a_history_of_prices_hides_what_was_paid_from_a_salesperson(api: Api, plans: list[str]) -> None:
    filter = {"key": {"eq": "licence"}, "endedAt": {"isNull": True}}
    (now,) = api.data("child", HISTORY, id=plans[0], filter=filter)["plan"]["priceHistory"]["nodes"]
    assert now == {
        "key": "licence",
        "priceOf": "RESOURCE",
        "currency": "EUR",
        "recurringPerMonth": "10",
        "netRecurringPerMonth": "8",
        "endedAt": None,
    }
    answer = api.ask("sales", HISTORY, id=plans[0], filter=filter)
    assert answer["data"]["plan"]["priceHistory"]["nodes"] == [now | {"netRecurringPerMonth": None}]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}


@pytest.mark.feature("C-12")
def test_a_dry_run_shows_the_price_list_as_it_would_be(api: Api, plans: list[str]) -> None:
    document = """mutation ($input: SetPricesInput!) {
      setPrices(input: $input, dryRun: true) { errors { code }
        query { priceList(filter: {margin: {lt: "0"}}) { nodes { planName margin { amount } } } } }
    }"""
    change = {"planId": plans[0], "resources": [{"key": "licence", "fees": {"recurringPerMonth": "7"}}]}
    payload = api.do("child", document, input=change)
    assert {line["planName"]: line["margin"]["amount"] for line in payload["query"]["priceList"]["nodes"]} == {
        "Basic": "-1.00",
        "Archive": "-1.50",
    }
    assert listed(api, filter={"margin": {"lt": "0"}}) == ["Archive"]


IMPACT = """mutation ($input: SetPricesInput!, $dry: Boolean!) {
  setPrices(input: $input, dryRun: $dry) { errors { code } plan { version } impact {
    levels { level lines atALoss marginBefore margin }
    lines { planId tenantName level netCostBefore netCost priceBefore price marginBefore margin markupPercent }
    losses { subscriptionId } moreLosses } }
}"""


@pytest.mark.feature("C-12")
def test_a_dry_run_tells_the_impact_of_prices_and_keeps_nothing(api: Api, plans: list[str]) -> None:
    input = {"planId": plans[0], "resources": [{"key": "licence", "fees": {"recurringPerMonth": "7.5"}}]}
    payload = api.do("child", IMPACT, input=input, dry=True)
    assert payload["impact"] == {
        "levels": [{"level": 2, "lines": 1, "atALoss": 1, "marginBefore": "2", "margin": "-0.5"}],
        "lines": [
            {
                "planId": plans[0],
                "tenantName": "Brook",
                "level": 2,
                "netCostBefore": "8",
                "netCost": "8",
                "priceBefore": "10",
                "price": "7.5",
                "marginBefore": "2",
                "margin": "-0.5",
                "markupPercent": None,
            }
        ],
        "losses": [],
        "moreLosses": False,
    }
    assert listed(api, filter={"margin": {"lt": "0"}}) == ["Archive"]
    assert api.do("child", IMPACT, input=input, dry=False)["impact"] is None


@pytest.mark.feature("C-08")
def test_a_default_markup_is_set_shown_changed_and_deleted(api: Api) -> None:
    # given
    setting = """mutation ($input: SetDefaultMarkupInput!) {
      setDefaultMarkup(input: $input) { defaultMarkup { id productKey categoryKey markupPercent } errors { code path } }
    }"""
    shown = "{ defaultMarkups(first: 5) { nodes { id categoryKey markupPercent tenant { name } } } }"
    # when
    made = api.do("child", setting, input={"categoryKey": "office", "markupPercent": "12.5"})["defaultMarkup"]
    api.do("child", setting, input={"categoryKey": "office", "markupPercent": "15"})
    # then
    line = {"id": made["id"], "categoryKey": "office", "markupPercent": "15", "tenant": {"name": "Brook"}}
    assert api.data("child", shown)["defaultMarkups"]["nodes"] == [line]
    assert api.data("reseller", shown.replace("5", "5, scope: ALL"))["defaultMarkups"]["nodes"] == [line]
    assert api.data("sibling", shown)["defaultMarkups"]["nodes"] == []
    # when
    delete = "mutation ($input: DeleteDefaultMarkupInput!) { deleteDefaultMarkup(input: $input) { errors { code } } }"
    api.do("child", delete, input={"defaultMarkupId": made["id"]})
    # then
    assert api.data("child", shown)["defaultMarkups"]["nodes"] == []


@pytest.mark.feature("C-03")
def test_planned_prices_are_shown_foretold_and_withdrawn(api: Api, plans: list[str]) -> None:
    # given
    shown = """pricesPlanned(first: 5) { nodes { validFrom priceOf key recurringPerMonth netRecurringPerMonth setup
      markupPercent refusedAt } }"""
    setting = f"""mutation ($input: SetPricesInput!, $dry: Boolean! = false) {{
      setPrices(input: $input, dryRun: $dry) {{ errors {{ code path }}
        plan {{ resources {{ prices {{ recurringPerMonth }} }} {shown} }}
        impact {{ lines {{ priceBefore price }} }} }} }}"""
    resources = [{"key": "licence", "fees": {"recurringPerMonth": "11"}, "netCost": {"recurringPerMonth": "9"}}]
    today = api.data("child", "{ viewer { tenant { today } } }")["viewer"]["tenant"]["today"]
    input = {"planId": plans[0], "resources": resources, "validFrom": f"{int(today[:4]) + 1}-03-01"}
    # when
    told = api.do("child", setting, input=input, dry=True)
    # then
    line = {
        "validFrom": input["validFrom"],
        "priceOf": "RESOURCE",
        "key": "licence",
        "recurringPerMonth": "11",
        "netRecurringPerMonth": "9",
        "setup": None,
        "markupPercent": None,
        "refusedAt": None,
    }
    now = [{"prices": {"recurringPerMonth": "10"}}]
    assert told["impact"] == {"lines": [{"priceBefore": "10", "price": "11"}]}
    assert told["plan"] == {"resources": now, "pricesPlanned": {"nodes": [line]}}
    # when
    made = api.do("child", setting, input=input)
    assert made == {"errors": [], "impact": None, "plan": told["plan"]}
    withdraw = f"""mutation ($input: WithdrawPlannedPricesInput!) {{
      withdrawPlannedPrices(input: $input) {{ errors {{ code }} plan {{ {shown} }} }} }}"""
    left = api.do("child", withdraw, input={"planId": plans[0], "validFrom": input["validFrom"]})
    # then
    assert left["plan"] == {"pricesPlanned": {"nodes": []}}


@pytest.mark.feature("C-08")
def test_many_plans_get_one_markup_with_its_impact_foretold(api: Api, plans: list[str]) -> None:
    # given
    setting = """mutation ($input: SetMarkupsInput!, $dry: Boolean! = false) {
      setMarkups(input: $input, dryRun: $dry) { errors { code path } plans { name } job { id }
        impact { levels { level lines } lines { priceBefore price } } }
    }"""
    input = {"planIds": [plans[1], plans[0]], "markupPercent": "100"}
    # when
    told = api.do("child", setting, input=input, dry=True)
    # then
    assert told["plans"] == [{"name": "Archive"}, {"name": "Basic"}]
    assert told["impact"]["levels"] == [{"level": 2, "lines": 2}]
    changes = [{"priceBefore": "5", "price": "13"}, {"priceBefore": "10", "price": "16"}]
    assert sorted(told["impact"]["lines"], key=lambda line: float(line["price"])) == changes
    assert listed(api, filter={"markupPercent": {"eq": "100"}}) == []
    # when
    done = api.do("child", setting, input=input)
    # then
    assert (done["job"], done["impact"]) == (None, None)
    assert set(listed(api, filter={"markupPercent": {"eq": "100"}})) == {"Archive", "Basic"}
    # when
    api.do("child", setting, input={"categoryKey": "office", "markupPercent": "7"})
    # then
    assert listed(api, filter={"markupPercent": {"eq": "7"}}) == ["Archive"]


@pytest.mark.feature("C-08")
def test_a_payload_warns_of_a_plan_that_costs_more_than_it_brings(api: Api, plans: list[str]) -> None:
    setting = """mutation ($input: SetPricesInput!) {
      setPrices(input: $input) { errors { code } plan { atALoss } }
    }"""
    found = []
    for price in ("7.99", "8"):
        resources = [{"key": "licence", "fees": {"recurringPerMonth": price}}]
        answer = api.do("child", setting, input={"planId": plans[0], "resources": resources})
        found.append(answer["plan"]["atALoss"])
    assert found == [True, False]
