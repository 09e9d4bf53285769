"""What a customer's user sees and does over HTTP, by its level; and nothing else."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.test_holders import change

Row = dict[str, Any]
SEEN = """{
  accounts { nodes { name } } subscriptions { nodes { number } } orders { nodes { number } }
  payments { nodes { number } } charges { nodes { number } } plans { nodes { name } } users { nodes { name } }
}"""
LANDING = """{ viewer { landing level account { name } tenant { id } memberships { level account { name } }
  services { nodes { name phase entryPoints { label } payment { total { amount } } subscription { number } } } } }"""


@dataclass
class Shop:
    """The child reseller's shop: two customers with one bought and one ordered service each."""

    api: Api
    ids: dict[str, str] = field(default_factory=dict)

    def do(self, who: str, mutation: str, input_type: str, selection: str, **input: Any) -> Row:
        document = (
            f"mutation ($input: {input_type}!) {{ {mutation}(input: $input) {{ {selection} errors {{ message }} }} }}"
        )
        return self.api.do(who, document, input=input)

    def refused(self, who: str, mutation: str, input_type: str, **input: Any) -> tuple[str, str]:
        """Code and message of a refusal."""
        document = f"mutation ($input: {input_type}!) {{ {mutation}(input: $input) {{ errors {{ code message }} }} }}"
        ((_, payload),) = self.api.data(who, document, input=input).items()
        (error,) = payload["errors"]
        return error["code"], error["message"]

    def user(self, name: str, account: str | None, level: str = "USER") -> None:
        """A user with a token, in an account."""
        made = self.do("child", "createUser", "CreateUserInput", "user { id }", name=name, email=f"{name}@x.example")
        self.ids[name] = made["user"]["id"]
        if account is not None:
            self.join(name, account, level)
        token = self.do("child", "createUserToken", "CreateUserTokenInput", "token", userId=self.ids[name])
        self.api.tokens[name] = token["token"]

    def join(self, name: str, account: str, level: str) -> None:
        made = self.do(
            "child",
            "addMember",
            "AddMemberInput",
            "membership { id }",
            accountId=self.ids[account],
            userId=self.ids[name],
            level=level,
        )
        self.ids[f"{name} in {account}"] = made["membership"]["id"]

    def account(self, name: str) -> None:
        made = self.do(
            "child", "createAccount", "CreateAccountInput", "account { id }", name=name, email="till@x.example"
        )
        self.ids[name] = made["account"]["id"]
        money = {"amount": "100.00", "currency": "EUR"}
        self.do("child", "topUp", "TopUpInput", "payment { id }", accountId=self.ids[name], amount=money)

    def order(self, who: str, account: str, name: str) -> Row:
        return self.do(
            who,
            "orderSubscription",
            "OrderSubscriptionInput",
            "order { number payment { id } } subscription { id number }",
            accountId=self.ids[account],
            planId=self.ids["plan"],
            periodId=self.ids["period"],
            quantities=[],
            name=name,
        )

    def buy(self, account: str, name: str) -> None:
        made = self.order("child", account, name)
        self.ids[name] = made["subscription"]["id"]
        payment = made["order"]["payment"]["id"]
        self.do("child", "completePayment", "CompletePaymentInput", "payment { id }", paymentId=payment)


@pytest.fixture
def shop(api: Api) -> Shop:
    shop = Shop(api)
    term = shop.do("child", "createServiceTerm", "CreateServiceTermInput", "serviceTerm { id }", name="M", key="m")
    plan = shop.do(
        "child",
        "createPlan",
        "CreatePlanInput",
        "plan { id periods { id } }",
        name="Mail",
        serviceTermId=term["serviceTerm"]["id"],
        billingType="CSP_MONTHLY",
        periods=[{"unit": "ENDLESS"}],
        resources=[{"key": "seats", "name": "Seats", "minimum": "1", "fees": {"recurringPerMonth": "5.00"}}],
    )["plan"]
    shop.ids |= {"plan": plan["id"], "period": plan["periods"][0]["id"]}
    for account in ("Bakery", "Smithy"):
        shop.account(account)
        shop.buy(account, f"{account}'s mail")
        shop.ids[f"{account}'s order"] = shop.order("child", account, f"{account}'s archive")["subscription"]["id"]
    shop.user("olga", "Bakery", "OWNER")
    shop.user("fred", "Bakery", "FINANCE")
    shop.user("tess", "Bakery", "TECHNICAL")
    shop.user("ulf", "Bakery", "USER")
    shop.user("sven", "Smithy", "OWNER")
    shop.user("nora", None)
    return shop


def seen(shop: Shop, who: str) -> dict[str, list[str] | None]:
    """What the root's lists show."""
    data = shop.api.ask(who, SEEN)["data"]
    return {
        name: None if rows is None else sorted(next(iter(row.values())) for row in rows["nodes"])
        for name, rows in data.items()
    }


NOTHING = dict.fromkeys(("accounts", "subscriptions", "orders", "payments", "charges", "plans", "users"))


@pytest.mark.feature("T-07", "T-08")
def test_an_owner_sees_its_account_and_no_other_customer_of_its_seller(shop: Shop) -> None:
    assert seen(shop, "olga") == {
        "accounts": ["Bakery"],
        "subscriptions": ["SU000001", "SU000002"],
        "orders": ["SO000001", "SO000002"],
        "payments": ["PM000001", "PM000002", "PM000003"],
        "charges": ["CH000001", "CH000002"],
        "plans": ["Mail"],
        "users": ["olga"],
    }
    assert (seen(shop, "sven")["accounts"], seen(shop, "sven")["subscriptions"]) == (
        ["Smithy"],
        ["SU000003", "SU000004"],
    )


@pytest.mark.feature("T-07")
def test_what_a_level_may_not_see_is_null_with_an_error(shop: Shop) -> None:
    assert seen(shop, "fred") == NOTHING | {
        "accounts": ["Bakery"],
        "payments": ["PM000001", "PM000002", "PM000003"],
        "charges": ["CH000001", "CH000002"],
    }
    assert seen(shop, "tess") == seen(shop, "ulf") == NOTHING
    assert seen(shop, "nora") == NOTHING | {"plans": ["Mail"]}


@pytest.mark.feature("T-08")
def test_an_owner_lands_on_subscriptions_ordered_ones_with_their_payment_but_no_details(shop: Shop) -> None:
    viewer = shop.api.data("olga", LANDING)["viewer"]
    assert viewer == {
        "landing": "SUBSCRIPTIONS",
        "level": "OWNER",
        "account": {"name": "Bakery"},
        "tenant": None,
        "memberships": [{"level": "OWNER", "account": {"name": "Bakery"}}],
        "services": {
            "nodes": [
                {
                    "name": "Bakery's archive",
                    "phase": "PENDING",
                    "entryPoints": [],
                    "payment": {"total": {"amount": viewer["services"]["nodes"][0]["payment"]["total"]["amount"]}},
                    "subscription": None,
                },
                {
                    "name": "Bakery's mail",
                    "phase": "RUNNING",
                    "entryPoints": [],
                    "payment": None,
                    "subscription": {"number": "SU000001"},
                },
            ]
        },
    }


SERVICES = "{ viewer { landing services { nodes { name entryPoints { label url } } } } }"


@pytest.mark.feature("T-08")
def test_a_user_sees_the_services_assigned_to_it_and_where_they_are_entered(shop: Shop) -> None:
    # given
    assert shop.api.data("ulf", SERVICES)["viewer"] == {"landing": "SERVICES", "services": {"nodes": []}}
    shop.do(
        "child",
        "setEntryPoints",
        "SetEntryPointsInput",
        "subscription { id }",
        subscriptionId=shop.ids["Bakery's mail"],
        entryPoints=[{"label": "Inbox", "url": "https://mail.example"}],
    )
    # when
    shop.do(
        "olga",
        "assignServices",
        "AssignServicesInput",
        "membership { name }",
        membershipId=shop.ids["ulf in Bakery"],
        subscriptionIds=[shop.ids["Bakery's mail"]],
    )
    # then
    mail = {"name": "Bakery's mail", "entryPoints": [{"label": "Inbox", "url": "https://mail.example"}]}
    assert shop.api.data("ulf", SERVICES)["viewer"]["services"]["nodes"] == [mail]
    answer = shop.api.ask("ulf", "query ($id: ID!) { node(id: $id) { id } }", id=shop.ids["Bakery's mail"])
    assert answer["data"] == {"node": None}
    assert answer["errors"][0]["extensions"]["permission"] == "subscriptions.read"


@pytest.mark.feature("T-08")
def test_a_technician_sees_every_service_and_no_price(shop: Shop) -> None:
    viewer = shop.api.data("tess", SERVICES)["viewer"]
    assert [each["name"] for each in viewer["services"]["nodes"]] == ["Bakery's archive", "Bakery's mail"]
    answer = shop.api.ask("tess", "{ viewer { services { nodes { payment { total { amount } } } } } }")
    assert [each["payment"] for each in answer["data"]["viewer"]["services"]["nodes"]] == [None, None]


@pytest.mark.feature("T-02")
@pytest.mark.parametrize("kind", ["Smithy", "Smithy's mail", "sven", "sven in Smithy"])
def test_another_customers_id_is_answered_like_an_unknown_one(shop: Shop, kind: str) -> None:
    assert shop.api.data("olga", "query ($id: ID!) { node(id: $id) { id } }", id=shop.ids[kind]) == {"node": None}


@pytest.mark.feature("T-02")
def test_an_owner_orders_for_its_account_and_for_no_other(shop: Shop) -> None:
    ordered = shop.order("olga", "Bakery", "More mail")
    assert (ordered["order"]["number"], ordered["subscription"]["number"]) == ("SO000005", "SU000005")
    before = shop.api.count("orders")
    wanted = {"planId": shop.ids["plan"], "periodId": shop.ids["period"], "quantities": []}
    unknown = f"acc_{'0' * 32}"
    refusals = {
        shop.refused("olga", "orderSubscription", "OrderSubscriptionInput", accountId=id, **wanted)
        for id in (shop.ids["Smithy"], unknown)
    }
    assert refusals == {("NOT_FOUND", "There is nothing with this id that you can see.")}
    assert shop.api.count("orders") == before


@pytest.mark.feature("T-07")
def test_an_owner_pays_from_the_balance_and_receives_no_money_by_itself(shop: Shop) -> None:
    payment = shop.order("olga", "Bakery", "More mail")["order"]["payment"]["id"]
    paid = shop.do("olga", "completePayment", "CompletePaymentInput", "payment { state }", paymentId=payment)
    assert paid["payment"]["state"] == "PAID_FROM_BALANCE"
    gift = {"accountId": shop.ids["Bakery"], "amount": {"amount": "9.00", "currency": "EUR"}}
    code, message = shop.refused("olga", "topUp", "TopUpInput", **gift)
    assert (code, message) == ("FORBIDDEN", "This needs the permission payments.receive.")
    waiting = shop.do("olga", "topUp", "TopUpInput", "payment { id state }", received=False, **gift)["payment"]
    assert waiting["state"] == "WAITING_FOR_PAYMENT"
    refused = shop.refused("olga", "completePayment", "CompletePaymentInput", paymentId=waiting["id"])
    assert refused == ("FORBIDDEN", "This needs the permission payments.receive.")


@pytest.mark.feature("T-07")
def test_what_only_sellers_do_is_refused_whatever_the_level(shop: Shop) -> None:
    refused = shop.refused("olga", "createUser", "CreateUserInput", name="Eve", email="eve@x.example")
    assert refused == ("FORBIDDEN", "Only the seller's managers may do this.")


@pytest.mark.feature("T-07")
def test_who_belongs_to_two_accounts_sees_the_chosen_one_with_its_level_there(shop: Shop) -> None:
    # given
    shop.join("olga", "Smithy", "FINANCE")
    assert seen(shop, "olga")["accounts"] == ["Bakery"]
    # when
    chosen = shop.do(
        "olga",
        "chooseAccount",
        "ChooseAccountInput",
        "membership { level account { name } } query { viewer { level } accounts { nodes { name } } }",
        membershipId=shop.ids["olga in Smithy"],
    )
    # then
    assert chosen["membership"] == {"level": "FINANCE", "account": {"name": "Smithy"}}
    assert chosen["query"] == {"viewer": {"level": "FINANCE"}, "accounts": {"nodes": [{"name": "Smithy"}]}}
    assert seen(shop, "olga") == NOTHING | {
        "accounts": ["Smithy"],
        "payments": ["PM000004", "PM000005", "PM000006"],
        "charges": ["CH000003", "CH000004"],
    }
    names = shop.api.data("olga", "{ viewer { memberships { account { name account { name } } } } }")
    assert names["viewer"]["memberships"] == [
        {"account": {"name": "Bakery", "account": None}},
        {"account": {"name": "Smithy", "account": {"name": "Smithy"}}},
    ]


@pytest.mark.feature("T-07")
def test_a_level_that_was_taken_away_is_missing_at_once(shop: Shop) -> None:
    # given
    for _ in range(2):
        assert seen(shop, "fred")["accounts"] == ["Bakery"]
    # when
    shop.do(
        "olga",
        "changeMember",
        "ChangeMemberInput",
        "membership { level }",
        membershipId=shop.ids["fred in Bakery"],
        level="USER",
    )
    # then
    assert seen(shop, "fred") == NOTHING


@pytest.mark.feature("T-07")
def test_only_the_owner_gives_its_account_away(shop: Shop) -> None:
    # given
    shop.do(
        "olga",
        "changeMember",
        "ChangeMemberInput",
        "membership { level }",
        membershipId=shop.ids["tess in Bakery"],
        level="ADMIN",
    )
    give = {"membershipId": shop.ids["tess in Bakery"]}
    # when
    refused = shop.refused("tess", "transferOwnership", "TransferOwnershipInput", **give)
    given = shop.do(
        "olga", "transferOwnership", "TransferOwnershipInput", "owner { name } formerOwner { name level }", **give
    )
    # then
    assert refused[0] == "FORBIDDEN"
    assert (given["owner"], given["formerOwner"]) == ({"name": "tess"}, {"name": "olga", "level": "ADMIN"})


@pytest.mark.feature("T-07")
def test_a_user_of_a_suspended_seller_is_refused(shop: Shop) -> None:
    def status() -> int:
        headers = {"Authorization": f"Bearer {shop.api.tokens['olga']}"}
        return shop.api.client.post("/graphql", json={"query": "{ viewer { level } }"}, headers=headers).status_code

    assert status() == 200
    change(shop.api, "UPDATE tenants SET state = 'SUSPENDED' WHERE name = 'Brook'")
    assert status() == 403
