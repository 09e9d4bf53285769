"""The words that the stories of features are told in: a distributor with a clock of its own, what it sells, a customer.

Everything goes over HTTP, to an application and a worker that all stories of a run share; each has a distributor of its
own, so that none sees another's.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.api.conftest import Api

__all__ = ["Story"]

Row = dict[str, Any]
ERRORS = "errors { code message path }"
ANSWERS = {
    "createDistributor": "token tenant: distributor { id number }",
    "createReseller": "token tenant { id }",
    "createServiceTerm": "serviceTerm { id }",
    "updateServiceTerm": "serviceTerm { id }",
    "createProduct": "product { id }",
    "updateProduct": "product { id }",
    "createPlan": "plan { id periods { id unit trial } }",
    "delegatePlan": "plans { id periods { id unit trial } }",
    "createAccountClass": "accountClass { id }",
    "createAccount": "account { id }",
    "updateAccount": "account { id }",
    "setPostpayPermission": "account { id postpayPermission }",
    "createUser": "user { id }",
    "addMember": "membership { id }",
    "createUserToken": "token",
    "topUp": "payment { id }",
    "completePayment": "payment { state }",
    "stopSubscription": "subscription { id state manualOperations { id state } }",
    "activateSubscription": "subscription { id state }",
    "deleteSubscription": "subscription { id state manualOperations { id state } }",
    "updateSubscription": "subscription { id state }",
    "setVendorData": "subscription { id }",
    "setSetting": "tenant { name }",
    "setTax": "tax { id }",
    "setExchangeRate": "exchangeRate { id }",
    "createDiscount": "discount { id }",
    "createResellerDiscount": "resellerDiscount { id }",
    "updatePlan": "plan { id }",
    "setPrices": "plan { id }",
    "setMarkup": "plan { id }",
    "closeCharges": "charges { amount { amount } state }",
    "approveManualOperation": "manualOperation { id state }",
    "declineManualOperation": "manualOperation { id state }",
    "advanceClock": "job { state errorMessage }",
}
"""What is asked of a payload where a story does not say otherwise."""
ORDERED = "order { id number state total { amount } payment { id } } subscription { id }"
"""The same of whatever makes an order."""
LOOK = """query ($id: ID!) {
  subscription(id: $id) {
    state paidTo expiresOn plan { name } resources { key quantity }
    charges(first: 100, sort: [{field: NUMBER}]) { nodes { state amount { amount } } }
    orders(first: 50) { nodes { id number type state total { amount } payment { id state } } }
  }
}"""
BALANCE = "query ($id: ID!) { account(id: $id) { balance { funds { amount } blocked { amount } } } }"


@dataclass
class Story:
    """A distributor, and what happens at it."""

    api: Api
    name: str
    """The distributor's, and its administrator's as whom things are done unless another is named."""
    day: date
    ids: Row = field(default_factory=dict)

    @classmethod
    def begins(cls, api: Api, name: str, on: str, *, currency: str = "EUR", vendor: bool = False) -> "Story":
        """A distributor whose clock stands at nine in the morning of a day."""
        story = cls(api, name, date.fromisoformat(on))
        made = story.do(
            "createDistributor",
            who="operator",
            name=name,
            currency=currency,
            adminEmail="admin@story.example",
            sandbox=True,
            clock=f"{on}T09:00:00Z",
            vendor=vendor,
        )
        api.tokens[name] = made["token"]
        story.ids |= {"distributor": made["tenant"]["id"], "number": made["tenant"]["number"]}
        return story

    # To say and to ask

    def sent(self, mutation: str, /, *, who: str | None = None, answers: str | None = None, **input: Any) -> Row:
        """The payload of one mutation, refused or not."""
        kind = f"{mutation[0].upper()}{mutation[1:]}Input!"
        wanted = answers or ANSWERS.get(mutation, ORDERED)
        document = f"mutation ($input: {kind}) {{ done: {mutation}(input: $input) {{ {wanted} {ERRORS} }} }}"
        return dict(self.api.data(who or self.name, document, input=input)["done"])

    def do(self, mutation: str, /, **more: Any) -> Row:
        """The payload of one that is not refused."""
        payload = self.sent(mutation, **more)
        assert payload["errors"] == [], payload["errors"]
        return payload

    def refused(self, mutation: str, /, **more: Any) -> tuple[str, str]:
        """Code and message of one that is refused."""
        payload = self.sent(mutation, **more)
        assert payload["errors"], f"{mutation} was not refused"
        return payload["errors"][0]["code"], payload["errors"][0]["message"]

    def ask(self, document: str, *, who: str | None = None, **variables: Any) -> Row:
        """The data of a query."""
        return self.api.data(who or self.name, document, **variables)

    def until(self, day: str) -> None:
        """Time passes to nine in the morning of a day, with all that falls due on the way."""
        job = self.do("advanceClock", to=f"{day}T09:00:00Z", wait=9)["job"]
        assert (job["state"], job["errorMessage"]) == ("DONE", None)
        self.day = date.fromisoformat(day)

    # What there is

    def term(self, **rules: Any) -> str:
        """A service term, by default of billing day 1."""
        made = self.do("createServiceTerm", **{"name": "Monthly", "key": f"term_{len(self.ids)}", **rules})
        self.ids[f"term {len(self.ids)}"] = id = made["serviceTerm"]["id"]
        return str(id)

    def sells(
        self,
        billing_type: str = "CSP_MONTHLY",
        *,
        price: str = "10.00",
        unit: str = "ENDLESS",
        duration: int | None = None,
        term: str | None = None,
        resource: Row | None = None,
        **more: Any,
    ) -> Row:
        """A plan with seats, and with one period unless `periods` are given."""
        seats = {"key": "seats", "name": "Seats", "fees": {"recurringPerMonth": price}, **(resource or {})}
        values: Row = {
            "name": "Mail",
            "serviceTermId": term or self.term(),
            "billingType": billing_type,
            "periods": [{"unit": unit, "duration": duration}],
            "resources": [seats],
            **more,
        }
        return dict(self.do("createPlan", **values)["plan"])

    def reseller(self, *, currency: str = "EUR") -> tuple[str, str]:
        """A reseller called Ripple: whom to name as `who`, and its id."""
        made = self.do("createReseller", name="Ripple", currency=currency, adminEmail="admin@ripple.example")
        who = f"Ripple of {self.name}"
        self.api.tokens[who] = made["token"]
        return who, made["tenant"]["id"]

    def customer(self, name: str = "Harbour", *, funds: str | None = "1000.00", **more: Any) -> str:
        """An account, with money unless `funds` are None."""
        who = more.pop("who", None)
        id: str = self.do("createAccount", who=who, name=name, email="it@harbour.example", **more)["account"]["id"]
        if funds is not None:
            self.pays_in(id, funds, who=who)
        return id

    def pays_in(self, account: str, amount: str, *, who: str | None = None, currency: str = "EUR") -> None:
        """Money comes onto a balance."""
        self.do("topUp", who=who, accountId=account, amount={"amount": amount, "currency": currency})

    def user_of(self, account: str, name: str = "Olga", level: str = "OWNER") -> str:
        """A person who acts for an account; the answer is whom to name as `who`."""
        email = f"{name.lower()}@harbour.example"
        user = self.do("createUser", name=name, email=email)["user"]["id"]
        self.do("addMember", accountId=account, userId=user, level=level)
        who = f"{name} of {self.name}"
        self.api.tokens[who] = self.do("createUserToken", userId=user)["token"]
        return who

    # What is bought

    def orders(self, account: str, plan: Row, seats: int | None = 5, *, period: int = 0, **more: Any) -> Row:
        """An order for a plan, not paid yet."""
        quantities = [] if seats is None else [{"resourceKey": "seats", "quantity": str(seats)}]
        period_id = plan["periods"][period]["id"]
        return self.do(
            "orderSubscription", accountId=account, planId=plan["id"], periodId=period_id, quantities=quantities, **more
        )

    def buys(self, account: str, plan: Row, seats: int | None = 5, **more: Any) -> str:
        """The same, paid. The subscription's id."""
        made = self.orders(account, plan, seats, **more)
        self.pays(made)
        return str(made["subscription"]["id"])

    def pays(self, ordered: Row, *, who: str | None = None) -> None:
        """An order's payment, from the balance; nothing where it needs none."""
        if ordered["order"]["payment"] is not None:
            self.do("completePayment", who=who, paymentId=ordered["order"]["payment"]["id"])

    def changes(self, subscription: str, seats: int, **more: Any) -> Row:
        """An order for another quantity, paid where there is something to pay."""
        quantities = [{"resourceKey": "seats", "quantity": str(seats)}]
        made = self.do("changeSubscription", subscriptionId=subscription, quantities=quantities, **more)
        self.pays(made)
        return made

    # What is seen

    def look(self, subscription: str, *, who: str | None = None) -> Row:
        """A subscription with its orders and charges."""
        return dict(self.ask(LOOK, who=who, id=subscription)["subscription"])

    def state(self, subscription: str) -> str:
        """Where it is in its life."""
        return str(self.look(subscription)["state"])

    def amounts(self, subscription: str, *states: str) -> list[str]:
        """Of its charges in these states, in the order of their numbers."""
        nodes = self.look(subscription)["charges"]["nodes"]
        return [node["amount"]["amount"] for node in nodes if node["state"] in states]

    def balance(self, account: str) -> tuple[str, str]:
        """Funds and what of them is blocked."""
        balance = self.ask(BALANCE, id=account)["account"]["balance"]
        return balance["funds"]["amount"], balance["blocked"]["amount"]
