"""What a panel shows of a subscription, in one query."""

from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.pseudo import PSEUDO, speakable

pytestmark = pytest.mark.feature("O-09")

PANEL = """query Panel($id: ID!) {
  subscription(id: $id) {
    number state phase paidTo expiresOn daysLeft billingExplanation
    costNow { amount } nextCharge { amount { amount currency } date estimated } consumed { amount }
    resources { key quantity included }
    orders { nodes { type summary cancelsOn automatic payment { summary } paidPeriod { start lastDay } } }
  }
}"""
TERM = """mutation ($input: CreateServiceTermInput!) {
  createServiceTerm(input: $input) { serviceTerm { id } errors { code } }
}"""
PLAN = """mutation ($input: CreatePlanInput!) {
  createPlan(input: $input) { plan { id periods { id } } errors { code message } }
}"""
ACCOUNT = (
    """mutation ($input: CreateAccountInput!) { createAccount(input: $input) { account { id } errors { code } } }"""
)
TOP_UP = """mutation ($input: TopUpInput!) { topUp(input: $input) { payment { summary } errors { code } } }"""
ORDER = """mutation ($input: OrderSubscriptionInput!) {
  orderSubscription(input: $input) {
    order { summary payment { id summary } } subscription { id } errors { code message }
  }
}"""
STOP = """mutation ($input: StopSubscriptionInput!) {
  stopSubscription(input: $input) { subscription { state nextCharge { date } } errors { code } }
}"""
PAY = """mutation ($input: CompletePaymentInput!) {
  completePayment(input: $input) { payment { summary } errors { code } }
}"""


def ordered(api: Api) -> dict[str, Any]:
    """5 seats of 10.00, one of them included, for a customer with 100.00; on 20 August 2027."""
    term = api.do("distributor", TERM, input={"name": "Monthly", "key": "monthly"})["serviceTerm"]["id"]
    plan = api.do(
        "distributor",
        PLAN,
        input={
            "name": "Mail",
            "serviceTermId": term,
            "billingType": "CSP_MONTHLY",
            "periods": [{"unit": "YEAR", "duration": 1}],
            "resources": [{"key": "seats", "name": "Seats", "included": "1", "fees": {"recurringPerMonth": "10.00"}}],
        },
    )["plan"]
    account = api.do("distributor", ACCOUNT, input={"name": "Harbour", "email": "it@harbour.example"})["account"]["id"]
    money = {"amount": "100.00", "currency": "EUR"}
    topped = api.do("distributor", TOP_UP, input={"accountId": account, "amount": money})
    assert topped["payment"]["summary"] == "Money for the balance: 100.00 EUR."
    return api.do(
        "distributor",
        ORDER,
        input={
            "accountId": account,
            "planId": plan["id"],
            "periodId": plan["periods"][0]["id"],
            "quantities": [{"resourceKey": "seats", "quantity": "5"}],
        },
    )


def test_words_are_told_in_the_viewers_language(api: Api, tmp_path: Path) -> None:
    # given
    made = ordered(api)
    document = "query ($id: ID!) { subscription(id: $id) { billingExplanation orders { nodes { summary } } } }"
    # when
    with speakable(tmp_path):
        answer = api.ask("distributor", document, {"Accept-Language": PSEUDO}, id=made["subscription"]["id"])
    # then
    shown = answer["data"]["subscription"]
    assert shown["billingExplanation"].startswith("⟦Paid month by month, in advance, from day 1 of the month;")
    assert shown["orders"]["nodes"] == [
        {
            "summary": "⟦A new subscription to Mail.⟧ ⟦For the days from 2027-08-20 to 2027-08-31.⟧ "
            "⟦To be paid: 15.48 EUR.⟧"
        }
    ]


def test_nothing_comes_next_of_what_is_stopped(api: Api) -> None:
    # given
    made = ordered(api)
    api.do("distributor", PAY, input={"paymentId": made["order"]["payment"]["id"]})
    # when
    stopped = api.do("distributor", STOP, input={"subscriptionId": made["subscription"]["id"]})
    # then
    assert stopped["subscription"] == {"state": "STOPPED", "nextCharge": None}


def test_one_query_shows_it_all(api: Api) -> None:
    # given
    made = ordered(api)
    words = "A new subscription to Mail. For the days from 2027-08-20 to 2027-08-31."
    assert made["order"]["summary"] == f"{words} To be paid: 15.48 EUR."
    assert made["order"]["payment"]["summary"] == f"{words} To be paid: 15.48 EUR."
    # when
    paid = api.do("distributor", PAY, input={"paymentId": made["order"]["payment"]["id"]})
    shown = api.data("distributor", PANEL, id=made["subscription"]["id"])["subscription"]
    # then
    assert paid["payment"]["summary"] == f"{words} Paid: 15.48 EUR."
    assert shown == {
        "number": "SU000001",
        "state": "ACTIVE",
        "phase": "RUNNING",
        "paidTo": "2027-09-01",
        "expiresOn": "2028-08-19",
        "daysLeft": 366,
        "billingExplanation": "Paid month by month, in advance, from day 1 of the month; the first days are counted "
        "one by one. What is added costs the days until then; what is taken away, and the days after a stop, "
        "come back.",
        "costNow": {"amount": "15.48"},
        "nextCharge": {
            "amount": {"amount": "40.00", "currency": "EUR"},
            "date": "2027-09-01",
            "estimated": True,
        },
        "consumed": None,
        "resources": [{"key": "seats", "quantity": "5", "included": "1"}],
        "orders": {
            "nodes": [
                {
                    "type": "SALES",
                    "summary": f"{words} Paid: 15.48 EUR.",
                    "cancelsOn": "2027-09-01",
                    "automatic": False,
                    "payment": {"summary": f"{words} Paid: 15.48 EUR."},
                    "paidPeriod": {"start": "2027-08-20", "lastDay": "2027-08-31"},
                }
            ]
        },
    }
