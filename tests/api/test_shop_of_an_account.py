"""A shop at the prices of one account: what its orders would be charged at, and nobody else's answer."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from tests.api.conftest import Api
from tests.api.test_customers import Shop
from tests.pseudo import PSEUDO, speakable

pytestmark = pytest.mark.feature("C-14")

OFFERS = """{ nodes { plan { planId name resources { key setup recurringPerMonth } } periodId months currency
  listPrice { amount currency } discountPercent price { amount currency } pricePerMonth { amount } } }"""
PRICES = f"query ($account: ID) {{ storefront(accountId: $account, sort: [{{field: PLAN_NAME}}]) {OFFERS} }}"
ORDER = """mutation ($input: OrderSubscriptionInput!) { orderSubscription(input: $input, dryRun: true) {
  order { total { amount currency } discount { amount } } errors { message } } }"""
MONTH, YEAR = {"unit": "MONTH", "duration": 1}, {"unit": "YEAR", "duration": 1}


@dataclass
class Street(Shop):
    """The child's shop: plans in euros, dollars and pounds, and two customers."""

    address: str = ""

    def plan(self, name: str, term: str = "term", **more: Any) -> None:
        wanted = {
            "name": name,
            "serviceTermId": self.ids[term],
            "billingType": "RESERVATION",
            "periods": [{**MONTH, "fees": {"setup": "2.5", "recurringPerMonth": "1.111"}}, YEAR],
            "resources": [
                {
                    "key": "seats",
                    "name": "Seats",
                    "included": "1",
                    "minimum": "4",
                    "fees": {"setup": "0.335", "recurringPerMonth": "3.3335"},
                    "netCost": {"recurringPerMonth": "0.1357"},
                },
                {"key": "disk", "name": "Disk", "minimum": "3", "fees": {"recurringPerMonth": "0.125"}},
            ],
            **more,
        }
        self.ids[name] = self.do("child", "createPlan", "CreatePlanInput", "plan { id }", **wanted)["plan"]["id"]

    def term(self, key: str, **more: Any) -> None:
        wanted = {"name": key, "key": key, "billingDay": 20, **more}  # the day of the test: months are whole
        made = self.do("child", "createServiceTerm", "CreateServiceTermInput", "serviceTerm { id }", **wanted)
        self.ids[key] = made["serviceTerm"]["id"]

    def discount(self, name: str, percent: str, **more: Any) -> None:
        self.do("child", "createDiscount", "CreateDiscountInput", "discount { id }", name=name, percent=percent, **more)

    def shown(self, who: str, account: str | None = None) -> Any:
        """The offers, by /graphql."""
        named = None if account is None else self.ids.get(account, account)
        found = self.api.data(who, PRICES, account=named)["storefront"]
        return None if found is None else found["nodes"]

    def looked_at(self, who: str | None, account: str | None = None, **headers: str) -> Response:
        """The answer at the shop's own address."""
        if who is not None:
            headers["Authorization"] = f"Bearer {self.api.tokens[who]}"
        variables = json.dumps({"account": None if account is None else self.ids[account]})
        return self.api.client.get(self.address, params={"query": PRICES, "variables": variables}, headers=headers)


@pytest.fixture
def street(api: Api) -> Street:
    street = Street(api)
    street.term("term")
    street.term("companies", accountKinds=["BUSINESS"])
    street.account("Bakery")
    street.account("Smithy")
    street.user("olga", "Bakery", "OWNER")
    street.user("ulf", "Bakery", "USER")
    street.user("sven", "Smithy", "OWNER")
    street.user("nora", None)
    street.plan("Archive")
    street.plan("Backup", currency="USD")
    street.plan("Cloud", currency="GBP")
    rate = {"fromCurrency": "USD", "toCurrency": "EUR", "rate": "0.9137"}
    street.do("reseller", "setExchangeRate", "SetExchangeRateInput", "exchangeRate { id }", **rate)
    street.ids["child"] = api.data("child", "{ viewer { tenant { id } } }")["viewer"]["tenant"]["id"]
    street.address = f"/storefront/{street.ids['child']}"
    return street


def told(offers: Any) -> list[list[Any]]:
    """Plan, months, what is paid and the percentage."""
    return [
        [offer["plan"]["name"], offer["months"], *offer["price"].values(), offer["discountPercent"]] for offer in offers
    ]


def test_everybody_sees_todays_exchange_rate_and_a_plan_without_one_in_its_own_currency(street: Street) -> None:
    # 2.50 + 1.11 for the plan, 1.01 + 10.00 for three more seats, 0.38 for disks; at the rate each unit price first:
    # 2.2843, 1.0151, 3 × 0.3061, 3 × 3.0458, 3 × 0.1142; a charge is rounded, a year has twelve
    offers = street.looked_at(None).json()["data"]["storefront"]["nodes"]
    assert told(offers) == [
        ["Archive", "1", "15.00", "EUR", None],
        ["Archive", "12", "125.57", "EUR", None],
        ["Backup", "1", "13.70", "EUR", None],
        ["Backup", "12", "114.68", "EUR", None],
        ["Cloud", "1", "15.00", "GBP", None],
        ["Cloud", "12", "125.57", "GBP", None],
    ]
    assert [each["recurringPerMonth"] for each in offers[2]["plan"]["resources"]] == ["0.1142", "3.0458"]
    assert offers[2]["listPrice"] == offers[2]["price"]


@pytest.mark.parametrize("who", ["olga", "child"])
def test_an_account_sees_what_its_order_would_cost(street: Street, who: str) -> None:
    # given
    bakery = [street.ids["Bakery"]]
    street.discount("All", "7.25")
    street.discount("Backups", "12.5", planIds=[street.ids["Backup"]], accountIds=bakery)
    street.discount("Small", "3", planIds=[street.ids["Archive"]])
    street.discount("Smiths", "50", accountIds=[street.ids["Smithy"]])
    street.discount("Code", "60", code="SPRING")
    street.discount("Later", "70", validFrom="2027-08-21")
    street.discount("Over", "80", validUntil="2027-08-19")
    # when
    offers = street.shown(who, None if who == "olga" else "Bakery")
    # then
    assert [(offer["plan"]["name"], offer["discountPercent"]) for offer in offers] == [
        ("Archive", "7.25"),
        ("Archive", "7.25"),
        ("Backup", "12.5"),
        ("Backup", "12.5"),
    ]
    for offer in offers:
        input = {
            "accountId": bakery[0],
            "planId": offer["plan"]["planId"],
            "periodId": offer["periodId"],
            "quantities": [],
        }
        order = street.api.do("child", ORDER, input=input)["order"]
        assert offer["price"] == order["total"]
        list_price = f"{float(order['total']['amount']) + float(order['discount']['amount']):.2f}"
        assert offer["listPrice"] == {"amount": list_price, "currency": "EUR"}
    assert "0.1357" not in json.dumps(offers)


def test_a_plan_whose_term_is_not_for_the_accounts_type_is_not_offered_to_it(street: Street) -> None:
    # given
    street.plan("Firm", term="companies")
    person = {"name": "Pia", "email": "pia@x.example", "kind": "PERSONAL"}
    street.ids["Pia"] = street.do("child", "createAccount", "CreateAccountInput", "account { id }", **person)[
        "account"
    ]["id"]
    # then
    names = {who: {offer["plan"]["name"] for offer in street.shown("child", who)} for who in ("Bakery", "Pia")}
    assert names == {"Bakery": {"Archive", "Backup", "Firm"}, "Pia": {"Archive", "Backup"}}
    assert {offer["plan"]["name"] for offer in street.shown("child")} == {"Archive", "Backup", "Cloud", "Firm"}


@pytest.mark.parametrize(
    ("who", "account"),
    [
        ("olga", "Smithy"),
        ("nora", "Bakery"),
        ("ulf", "Bakery"),
        ("sibling", "Bakery"),
        ("reseller", "Bakery"),
        ("distributor", "Bakery"),
        ("operator", "Bakery"),
        ("child", "acc_00000000000000000000000000000000"),
        ("child", "pln_00000000000000000000000000000000"),
        ("child", "nonsense"),
    ],
)
def test_somebody_elses_account_and_one_that_there_is_not_have_no_shop(street: Street, who: str, account: str) -> None:
    assert street.shown(who, account) is None


def test_whoever_sees_no_account_sees_the_prices_of_everybody(street: Street) -> None:
    street.discount("Bakers", "50", accountIds=[street.ids["Bakery"]])
    everybody = street.shown("child")
    assert street.shown("nora") == street.shown("ulf") == everybody
    assert {offer["discountPercent"] for offer in everybody} == {None}
    assert {offer["discountPercent"] for offer in street.shown("olga")} == {"50"}


def test_the_shop_below_a_mutation_has_the_accounts_prices_too(street: Street) -> None:
    # given
    street.discount("Bakers", "50", accountIds=[street.ids["Bakery"]])
    change = """mutation ($id: ID!, $account: ID!) { deactivatePlan(input: {planId: $id}, dryRun: true) {
      query { storefront(accountId: $account) { nodes { plan { name } discountPercent } } } errors { code } } }"""
    # when
    answer = street.api.do("child", change, id=street.ids["Archive"], account=street.ids["Bakery"])
    # then
    offer = {"plan": {"name": "Backup"}, "discountPercent": "50"}
    assert answer["query"]["storefront"]["nodes"] == [offer, offer]


def test_one_operation_asks_for_one_account(street: Street) -> None:
    document = """query ($a: ID, $b: ID) { a: storefront(accountId: $a) { nodes { id } }
      b: storefront(accountId: $b) { nodes { id } } }"""
    answer = street.api.ask("child", document, a=street.ids["Bakery"], b=street.ids["Smithy"])
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert "data" not in answer
    same = street.api.data("child", document, a=street.ids["Bakery"], b=street.ids["Bakery"])
    assert same["a"] == same["b"]


def test_customers_and_visitors_are_offered_no_plan_and_no_period_that_is_not_public(street: Street) -> None:
    # given
    street.plan("Hidden", public=False)
    street.plan("Short", periods=[{**MONTH, "public": False}, YEAR])
    # then: neither does a manager find it there, who orders it from the panel
    for offers in (street.looked_at(None).json()["data"]["storefront"]["nodes"], street.shown("olga")):
        names = [(offer["plan"]["name"], offer["months"]) for offer in offers]
        assert "Hidden" not in [name for name, _ in names]
        assert [months for name, months in names if name == "Short"] == ["12"]


def test_only_everybodys_answer_is_for_shared_caches(street: Street) -> None:
    answers = {who: street.looked_at(who) for who in (None, "olga", "sven", "child")}
    assert {who: answer.headers["cache-control"] for who, answer in answers.items()} == {
        None: "public, max-age=60",
        "olga": "private, no-cache",
        "sven": "private, no-cache",
        "child": "private, no-cache",
    }
    for answer in answers.values():
        assert {"Authorization", "Headwater-Act-As", "Accept-Language"} <= {*answer.headers["vary"].split(", ")}
    assert (
        street.api.client.post(
            "/graphql", json={"query": PRICES}, headers={"Authorization": f"Bearer {street.api.tokens['olga']}"}
        ).headers["cache-control"]
        == "no-store"
    )


def test_two_accounts_never_share_an_answer_even_where_their_prices_are_equal(street: Street) -> None:
    # given
    olga, sven, everybody = (street.looked_at(who) for who in ("olga", "sven", None))
    assert olga.content == sven.content
    tags = {answer.headers["etag"] for answer in (olga, sven, everybody)}
    # then
    assert len(tags) == 3
    assert street.looked_at("olga", **{"If-None-Match": olga.headers["etag"]}).status_code == 304
    assert street.looked_at("sven", **{"If-None-Match": olga.headers["etag"]}).status_code == 200
    assert street.looked_at(None, **{"If-None-Match": olga.headers["etag"]}).status_code == 200
    assert street.looked_at("olga", **{"If-None-Match": everybody.headers["etag"]}).status_code == 200
    manager = {account: street.looked_at("child", account).headers["etag"] for account in ("Bakery", "Smithy")}
    assert len({*manager.values(), *tags}) == 5


def test_a_tag_holds_until_the_price_changes_by_discount_or_rate(street: Street) -> None:
    # given
    olga, everybody = street.looked_at("olga").headers["etag"], street.looked_at(None).headers["etag"]
    # when
    street.discount("Bakers", "50", accountIds=[street.ids["Bakery"]])
    # then
    changed = street.looked_at("olga", **{"If-None-Match": olga})
    assert changed.status_code == 200
    assert {offer["discountPercent"] for offer in changed.json()["data"]["storefront"]["nodes"]} == {"50"}
    assert street.looked_at(None, **{"If-None-Match": everybody}).status_code == 304
    # when
    rate = {"fromCurrency": "USD", "toCurrency": "EUR", "rate": "0.5"}
    street.do("child", "setExchangeRate", "SetExchangeRateInput", "exchangeRate { id }", **rate)
    # then
    assert street.looked_at(None, **{"If-None-Match": everybody}).status_code == 200


def test_each_language_has_a_tag_of_its_own(street: Street, tmp_path: Path) -> None:
    with speakable(tmp_path):
        english, pseudo = (street.looked_at("olga", **{"Accept-Language": each}) for each in ("en", PSEUDO))
    assert (english.headers["content-language"], pseudo.headers["content-language"]) == ("en", PSEUDO)
    assert english.content == pseudo.content
    assert english.headers["etag"] != pseudo.headers["etag"]


def test_a_token_of_another_tenant_finds_no_shop_here(street: Street) -> None:
    for who in ("sibling", "reseller", "operator"):
        assert street.looked_at(who).status_code == 404
    acting = {"Headwater-Act-As": street.ids["child"]}
    assert street.looked_at("reseller", "Bakery", **acting).status_code == 200
    street.api.tokens["nobody"] = "hw_nothing"
    assert street.looked_at("nobody").status_code == 401
