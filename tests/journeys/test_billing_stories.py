"""What is charged, when, and who keeps what: a story a row of the feature list, with its dates and amounts."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.telling import Story

Begins = Callable[..., Story]
YEAR = {"unit": "YEAR", "duration": 1}
MONTH = {"unit": "MONTH", "duration": 1}
ENDLESS: dict[str, Any] = {"unit": "ENDLESS"}


@pytest.mark.feature("B-01")
@pytest.mark.parametrize(
    ("billing_type", "period", "total", "state", "amounts"),
    [
        ("CSP_MONTHLY", ENDLESS, "19.35", "ACTIVE", {"BLOCKED": ["19.35"]}),
        ("CSP_ANNUAL", YEAR, "600.00", "ACTIVE", {"CLOSED": ["19.35", *["50.00"] * 11, "30.65"]}),
        ("MONTHLY_COMMITMENT", YEAR, "19.35", "ACTIVE", {"BLOCKED": ["19.35"]}),
        ("MONTHLY_COMMITMENT_CALENDAR", YEAR, "50.00", "ACTIVE", {"BLOCKED": ["50.00"]}),
        ("LICENSE_BASED_MONTHLY", MONTH, "50.00", "ACTIVE", {"BLOCKED": ["50.00"]}),
        ("PAY_IN_FULL", MONTH, "50.00", "ACTIVE", {"BLOCKED": ["0.00", "50.00"]}),
        ("NON_REFUND", YEAR, "600.00", "ACTIVE", {"CLOSED": ["19.35"], "BLOCKED": [*["50.00"] * 11, "30.65"]}),
        ("FLEXIBLE_MONTHLY", MONTH, "51.02", "ACTIVE", {"BLOCKED": ["19.35"], "OPENED": ["31.67"]}),
        ("RESERVATION", MONTH, "51.02", "ACTIVE", {"BLOCKED": ["19.35", "31.67"]}),
        ("NEXT_DAY_MONTHLY", MONTH, "19.35", "ACTIVE", {"BLOCKED": ["19.35"]}),
        ("NON_RECURRING", MONTH, "50.00", "DELIVERED", {"CLOSED": ["50.00"]}),
        ("PAY_AS_YOU_GO", ENDLESS, "0.00", "ACTIVE", {}),
    ],
)
def test_five_seats_from_20_august_as_each_billing_type_charges_them(
    begins: Begins, billing_type: str, period: dict[str, Any], total: str, state: str, amounts: dict[str, list[str]]
) -> None:
    story = begins("2027-08-20")
    plan, account = story.sells(billing_type, **period), story.customer()
    made = story.orders(account, plan)
    story.pays(made)
    id = made["subscription"]["id"]
    assert (made["order"]["total"]["amount"], story.state(id)) == (total, state)
    for each in ("BLOCKED", "OPENED", "CLOSED"):
        assert story.amounts(id, each) == amounts.get(each, []), each


@pytest.mark.feature("B-02")
def test_what_is_short_on_the_billing_day_stops_and_stays_so_until_it_is_prolonged(begins: Begins) -> None:
    # given: money for August alone
    story = begins("2027-08-20")
    plan, account = story.sells(), story.customer(funds="20.00")
    id = story.buys(account, plan)
    # when
    story.until("2027-09-01")
    # then: August is written off, and nothing is reserved for September
    assert (story.state(id), story.balance(account)) == ("STOPPED", ("0.65", "0.00"))
    # when: money comes later
    story.pays_in(account, "100.00")
    story.until("2027-09-11")
    assert story.state(id) == "STOPPED"
    prolonged = story.do("prolongSubscription", subscriptionId=id)
    story.pays(prolonged)
    # then: 20 of 30 days
    assert (prolonged["order"]["total"]["amount"], story.state(id)) == ("33.33", "ACTIVE")
    # and: a month later the endless one goes on by itself
    story.until("2027-10-01")
    assert story.balance(account) == ("67.32", "50.00")


@pytest.mark.feature("B-03")
def test_a_commitment_gives_nothing_back_and_owes_every_month(begins: Begins) -> None:
    # given
    story = begins("2027-09-01")
    term = story.term(stopPeriodDays=100)
    plan = story.sells("MONTHLY_COMMITMENT", unit="YEAR", duration=1, term=term)
    account = story.customer(funds="70.00")
    id = story.buys(account, plan)
    fewer = [{"resourceKey": "seats", "quantity": "4"}]
    assert story.refused("changeSubscription", subscriptionId=id, quantities=fewer)[0] == "REFUSED_BY_BILLING_TYPE"
    who = story.user_of(account)
    assert story.refused("stopSubscription", who=who, subscriptionId=id)[0] == "REFUSED_BY_BILLING_TYPE"
    # when: two more for 20 of 30 days
    story.until("2027-09-11")
    assert story.changes(id, 7)["order"]["total"]["amount"] == "13.33"
    # then: October is not paid; prolonged in December, every missed month is owed whole
    story.until("2027-12-10")
    assert (story.state(id), story.balance(account)) == ("STOPPED", ("6.67", "0.00"))
    story.pays_in(account, "500.00")
    prolonged = story.do("prolongSubscription", subscriptionId=id)
    assert prolonged["order"]["total"]["amount"] == "210.00"


@pytest.mark.feature("B-04")
def test_charges_are_split_merged_and_explain_themselves(begins: Begins) -> None:
    # given: 5 from 20 August, 3 more from the 25th, 6 from the 28th
    story = begins("2027-08-20")
    plan, account = story.sells(), story.customer()
    id = story.buys(account, plan)
    story.until("2027-08-25")
    story.changes(id, 8)
    story.until("2027-08-28")
    story.changes(id, 6)
    assert story.amounts(id, "CLOSED") == ["12.90", "2.90"]
    assert story.amounts(id, "BLOCKED") == ["7.74"]
    # when: the rest is written off by hand
    closed = story.do("closeCharges", subscriptionId=id)["charges"]
    # then: 23.54 for August, each charge with how it came about
    assert [charge["amount"]["amount"] for charge in closed] == ["7.74"]
    assert story.balance(account) == ("976.46", "0.00")
    document = """query ($id: ID!) {
      subscription(id: $id) { charges(first: 50, sort: [{field: NUMBER}]) {
        nodes { state amount { amount } explanation { fraction unrounded rounded } } } }
    }"""
    nodes = story.ask(document, id=id)["subscription"]["charges"]["nodes"]
    first = next(node for node in nodes if node["amount"]["amount"] == "12.90")
    assert (first["explanation"]["fraction"], first["explanation"]["rounded"]) == ("8/31", "12.9")


@pytest.mark.feature("B-05")
@pytest.mark.parametrize(("percent", "owed"), [(None, "15.48"), ("10", "13.94")])
def test_a_reseller_owes_when_its_customers_charge_closes(begins: Begins, percent: str | None, owed: str) -> None:
    # given: 8.00 at the distributor, 10.00 at the reseller
    story = begins("2027-08-20")
    plan = story.sells(price="8.00")
    below, tenant = story.reseller()
    copy = story.do("delegatePlan", planId=plan["id"], tenantIds=[tenant], markupPercent="25")["plans"][0]
    if percent is not None:
        story.do("createResellerDiscount", name="Friends", percent=percent, tenantIds=[tenant])
    made = story.orders(story.customer(who=below), copy, who=below)
    story.pays(made, who=below)
    document = "{ resellerCharges(scope: ALL) { nodes { debtor { name } amount { amount } } } }"
    assert (made["order"]["total"]["amount"], story.ask(document)["resellerCharges"]["nodes"]) == ("19.35", [])
    # when
    story.until("2027-09-01")
    # then
    nodes = story.ask(document)["resellerCharges"]["nodes"]
    assert nodes == [{"debtor": {"name": "Ripple"}, "amount": {"amount": owed}}]


@pytest.mark.feature("B-06")
def test_the_best_discount_counts_and_its_parts_sum_to_it(begins: Begins) -> None:
    # given: three charges of 3.33
    story = begins("2027-09-01")
    resources = [{"key": key, "name": key, "fees": {"recurringPerMonth": "3.33"}} for key in ("a", "b", "c")]
    plan, account = story.sells(resources=resources), story.customer()
    story.do("createDiscount", name="Autumn", percent="12.5", code="AUTUMN")
    story.do("createDiscount", name="Always", percent="5")
    one = [{"resourceKey": key, "quantity": "1"} for key in ("a", "b", "c")]
    order = {"accountId": account, "planId": plan["id"], "periodId": plan["periods"][0]["id"], "quantities": one}
    answers = "order { total { amount } discount { amount } charges { amount { amount } } } subscription { id }"
    # when
    made = story.do("orderSubscription", **order, promoCode="autumn", answers=answers)["order"]
    # then
    assert (made["total"]["amount"], made["discount"]["amount"]) == ("8.74", "1.25")
    assert sorted(charge["amount"]["amount"] for charge in made["charges"]) == ["2.91", "2.91", "2.92"]
    # and: without the code the other one
    assert story.do("orderSubscription", **order)["order"]["total"]["amount"] == "9.49"


@pytest.mark.feature("B-09")
def test_the_first_days_are_free_and_the_price_is_protected(begins: Begins) -> None:
    # given
    story = begins("2027-01-15")
    plan, account = story.sells(freePeriod=True, priceProtectionMonths=12), story.customer()
    made = story.orders(account, plan)
    id = made["subscription"]["id"]
    assert (made["order"]["total"]["amount"], story.state(id)) == ("0.00", "ACTIVE")
    # when: three more, still free
    story.until("2027-01-25")
    assert story.changes(id, 8)["order"]["total"]["amount"] == "0.00"
    # then
    story.until("2027-02-01")
    assert story.balance(account) == ("1000.00", "80.00")
    story.until("2027-02-22")
    assert story.changes(id, 9)["order"]["total"]["amount"] == "2.50"
    story.until("2027-03-01")
    assert story.balance(account) == ("917.50", "90.00")
    # when: the list price rises
    story.until("2027-05-20")
    story.do("setPrices", planId=plan["id"], resources=[{"key": "seats", "fees": {"recurringPerMonth": "11.00"}}])
    story.until("2027-06-01")
    # then
    assert story.amounts(id, "BLOCKED") == ["90.00"]


@pytest.mark.feature("B-11")
def test_a_dry_run_tells_what_everybody_would_keep_and_keeps_nothing(begins: Begins) -> None:
    # given
    story = begins("2027-08-20")
    plan, account = story.sells(), story.customer()
    id = story.buys(account, plan)
    document = """mutation ($input: StopSubscriptionInput!) {
      done: stopSubscription(input: $input, dryRun: true) {
        subscription { state } errors { code }
        impact { perTenant { before { amount } after { amount } } balance { before { amount } after { amount } } }
      }
    }"""
    story.until("2027-08-25")
    before = story.look(id)
    # when
    told = story.ask(document, input={"subscriptionId": id})["done"]
    # then: 5 of 12 days would stay billed
    assert told["subscription"]["state"] == "STOPPED"
    assert told["impact"]["perTenant"] == [{"before": {"amount": "19.35"}, "after": {"amount": "8.06"}}]
    assert told["impact"]["balance"] == {"before": {"amount": "980.65"}, "after": {"amount": "991.94"}}
    assert story.look(id) == before


@pytest.mark.feature("B-12")
def test_each_sandbox_has_its_own_time_which_only_goes_on(begins: Begins) -> None:
    # given
    first, second = begins("2027-08-20"), begins("2027-08-20", name="Another sandbox")
    ids = []
    for story in (first, second):
        account = story.customer(funds="10000.00")
        ids.append((account, story.buys(account, story.sells())))
    # when: two years go by at one of them
    first.until("2029-08-20")
    # then: August, then 23 whole months; the 24th is reserved
    assert first.balance(ids[0][0]) == ("8830.65", "50.00")
    assert second.balance(ids[1][0]) == ("10000.00", "19.35")
    assert second.ask("query ($id: ID!) { distributor(id: $id) { today } }", id=second.ids["distributor"]) == {
        "distributor": {"today": "2027-08-20"}
    }
    assert first.refused("advanceClock", to="2029-08-19T09:00:00Z", wait=0)[0] == "INVALID_INPUT"


@pytest.mark.feature("B-13")
def test_each_level_bills_in_its_own_currency_at_dated_rates(begins: Begins) -> None:
    # given: 8.00 and 10.00 dollars; the distributor bills in euros, the reseller in francs and with a tax
    story = begins("2027-08-20")
    plan = story.sells(price="8.00", currency="USD")
    below, tenant = story.reseller(currency="CHF")
    copy = story.do("delegatePlan", planId=plan["id"], tenantIds=[tenant], markupPercent="25")["plans"][0]
    account = story.customer(funds=None, who=below)
    story.pays_in(account, "500.00", who=below, currency="CHF")
    story.do("setTax", who=below, name="VAT", percent="10")
    order = {"accountId": account, "planId": copy["id"], "periodId": copy["periods"][0]["id"]}
    five = [{"resourceKey": "seats", "quantity": "5"}]
    assert story.refused("orderSubscription", who=below, **order, quantities=five) == (
        "NO_EXCHANGE_RATE",
        "There is no exchange rate from USD, in which Mail is sold, to CHF on 2027-08-20.",
    )
    # when: the distributor's rates hold below it too
    story.do("setExchangeRate", fromCurrency="USD", toCurrency="EUR", rate="0.9")
    story.do("setExchangeRate", fromCurrency="USD", toCurrency="CHF", rate="0.8")
    made = story.orders(account, copy, who=below)
    story.pays(made, who=below)
    # then: 5 × 8.00 francs × 12/31, and a tenth
    assert made["order"]["total"]["amount"] == "17.03"
    # when: the reseller has a rate of its own from the next day on
    day = {"validFrom": "2027-08-21"}
    story.do("setExchangeRate", who=below, fromCurrency="USD", toCurrency="CHF", rate="0.85", **day)
    story.until("2027-09-01")
    # then: August as it was ordered, September 5 × 8.50 and a tenth
    assert story.amounts(made["subscription"]["id"], "CLOSED", "BLOCKED") == ["17.03", "46.75"]
    # and: the reseller owes 5 × 7.20 euros × 12/31, which is 5 × 6.40 francs × 12/31 to it
    document = "{ resellerCharges(scope: ALL) { nodes { amount { amount currency } cost { amount currency } } } }"
    assert story.ask(document, who=below)["resellerCharges"]["nodes"] == [
        {"amount": {"amount": "13.94", "currency": "EUR"}, "cost": {"amount": "12.39", "currency": "CHF"}}
    ]
