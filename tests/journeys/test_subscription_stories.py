"""What happens to subscriptions, by people and by time: a story a row of the feature list."""

from collections.abc import Callable

import pytest

from tests.journeys.telling import Story

Begins = Callable[..., Story]


@pytest.mark.feature("O-01")
def test_an_unpaid_order_is_cancelled_and_a_subscription_has_one_open_order(begins: Begins) -> None:
    # given: orders lapse after five days
    story = begins("2027-08-02")
    terms = {"cancelUnpaidDays": 5}
    quick = story.do("createAccountClass", key="quick", name="Quick", terms=terms)["accountClass"]["id"]
    plan, account = story.sells(), story.customer(accountClassId=quick)
    id = story.buys(account, plan)
    waiting = story.orders(account, plan)
    # when
    change = {"subscriptionId": id, "quantities": [{"resourceKey": "seats", "quantity": "6"}]}
    story.do("changeSubscription", **change)
    refused = story.refused("changeSubscription", **change)
    # then
    assert refused == (
        "INVALID_STATE",
        "Order SO000003 of this subscription is WAITING_FOR_PAYMENT: its change has to wait for that.",
    )
    story.until("2027-08-07")
    orders = [order["state"] for order in story.look(id)["orders"]["nodes"]]
    assert orders == ["CANCELLED", "COMPLETED"]
    assert story.state(waiting["subscription"]["id"]) == "DELETED"
    assert story.balance(account) == ("1000.00", "48.39")
    # and: numbers are changed by hand where the setting lets them
    story.do("renumberOrder", orderId=waiting["order"]["id"], number="2027/one")
    story.do("setSetting", key="ORDER_NUMBERS_EDITABLE", boolean=False)
    assert story.refused("renumberOrder", orderId=waiting["order"]["id"], number="no")[0] == "INVALID_STATE"


@pytest.mark.feature("O-02")
def test_a_life_from_order_to_deletion(begins: Begins) -> None:
    # given
    story = begins("2027-09-01")
    plan, account = story.sells(), story.customer()
    made = story.orders(account, plan)
    id = made["subscription"]["id"]
    assert story.refused("stopSubscription", subscriptionId=id) == (
        "INVALID_STATE",
        "Subscription SU000001 is ORDERED: its stop is not possible.",
    )
    story.pays(made)
    # when: it stands still from the 10th to the 20th
    story.until("2027-09-10")
    story.do("stopSubscription", subscriptionId=id, reason="On leave")
    story.until("2027-09-20")
    story.do("activateSubscription", subscriptionId=id)
    # then: 9 and 11 of 30 days
    assert (story.amounts(id, "CLOSED"), story.amounts(id, "BLOCKED")) == (["15.00"], ["18.33"])
    # when: it is endless, so it goes on; then it ends for good on 11 October
    assert story.refused("renewSubscription", subscriptionId=id)[0] == "INVALID_STATE"
    story.until("2027-10-11")
    story.do("deleteSubscription", subscriptionId=id)
    # then: 10 of 31 days of October
    assert (story.state(id), story.amounts(id, "CLOSED")) == ("DELETED", ["15.00", "18.33", "16.13"])
    assert story.balance(account) == ("950.54", "0.00")
    for mutation in ("stopSubscription", "activateSubscription", "deleteSubscription", "prolongSubscription"):
        refused = story.refused(mutation, subscriptionId=id)
        assert refused[0] == "INVALID_STATE"
        assert refused[1].startswith("Subscription SU000001 is DELETED: its ")


@pytest.mark.feature("O-02")
def test_a_term_renews_itself_unless_told_otherwise_and_what_stands_still_is_deleted(begins: Begins) -> None:
    # given: two months that expire on 30 September, renewed five days ahead; stopped ones are kept for ten days
    story = begins("2027-09-01")
    term = story.term(autoRenewPointDays=5, stopPeriodDays=10)
    plan, account = story.sells(term=term, unit="MONTH", duration=1), story.customer()
    on, off = story.buys(account, plan), story.buys(account, plan, autoRenew=False)
    # when
    story.until("2027-09-26")
    # then: an order waits, with its money not reserved yet
    waiting = story.look(on)["orders"]["nodes"][0]
    assert (waiting["type"], waiting["state"], waiting["total"]["amount"]) == (
        "RENEWAL",
        "WAITING_FOR_PAYMENT",
        "50.00",
    )
    assert story.balance(account) == ("1000.00", "100.00")
    # when
    story.until("2027-10-01")
    # then
    assert [(story.state(id), story.look(id)["expiresOn"]) for id in (on, off)] == [
        ("ACTIVE", "2027-10-31"),
        ("STOPPED", "2027-09-30"),
    ]
    story.until("2027-10-11")
    assert story.state(off) == "DELETED"


@pytest.mark.feature("O-04")
def test_an_unpaid_month_runs_on_for_the_days_of_grace(begins: Begins) -> None:
    # given: three days of grace, also on prolongation
    story = begins("2027-08-20")
    plan = story.sells(term=story.term(gracePeriodDays=3, graceOnProlongation=True))
    accounts = [story.customer(funds="20.00"), story.customer("Meadow", funds="20.00")]
    kept, lost = (story.buys(account, plan) for account in accounts)
    # when
    story.until("2027-09-01")
    assert [story.state(id) for id in (kept, lost)] == ["GRACED", "GRACED"]
    story.until("2027-09-03")
    story.pays_in(accounts[0], "100.00")
    order = story.look(kept)["orders"]["nodes"][0]
    story.do("completePayment", paymentId=order["payment"]["id"])
    # then: the whole month is paid, from the day it was paid to
    assert (story.state(kept), story.amounts(kept, "BLOCKED")) == ("ACTIVE", ["50.00"])
    # when
    story.until("2027-09-04")
    # then
    assert [story.state(id) for id in (kept, lost)] == ["ACTIVE", "STOPPED"]


@pytest.mark.feature("O-05")
@pytest.mark.parametrize(
    ("of_term", "of_plan", "total", "expires_on"),
    [
        ("CONSTANT", None, "366.00", "2022-05-14"),
        ("SHIFTED", None, "372.00", "2022-05-20"),
        ("CONSTANT", "SHIFTED", "372.00", "2022-05-20"),
        ("SHIFTED", "CONSTANT", "366.00", "2022-05-14"),
    ],
)
def test_a_customer_renews_itself_a_week_after_its_year(
    begins: Begins, of_term: str, of_plan: str | None, total: str, expires_on: str
) -> None:
    # given: a year from 15 May 2020 that does not renew itself
    story = begins("2020-05-15")
    plan = story.sells(
        "RESERVATION",
        price="31.00",
        unit="YEAR",
        duration=1,
        term=story.term(expiredRenewal=of_term),
        expiredRenewal=of_plan,
    )
    account = story.customer(funds="5000.00")
    who = story.user_of(account)
    id = story.buys(account, plan, 1, autoRenew=False)
    assert story.look(id)["expiresOn"] == "2021-05-14"
    # when
    story.until("2021-05-21")
    assert story.state(id) == "STOPPED"
    renewed = story.do("renewSubscription", who=who, subscriptionId=id)
    story.pays(renewed, who=who)
    # then
    assert renewed["order"]["total"]["amount"] == total
    assert (story.state(id), story.look(id)["expiresOn"]) == ("ACTIVE", expires_on)


@pytest.mark.feature("O-05")
@pytest.mark.parametrize(("point", "first_day"), [(-1, "2027-09-02"), (10, "2027-09-21"), (0, None)])
def test_a_renewal_by_hand_is_possible_from_its_point_on(begins: Begins, point: int, first_day: str | None) -> None:
    story = begins("2027-09-01")
    plan = story.sells("RESERVATION", unit="MONTH", duration=1, term=story.term(manualRenewPointDays=point))
    id = story.buys(story.customer(), plan, autoRenew=False)
    for day in ("2027-09-02", "2027-09-20", "2027-09-21"):
        story.until(day)
        if first_day is not None and day >= first_day:
            assert story.do("renewSubscription", subscriptionId=id)["order"]["total"]["amount"] == "50.00"
            return
        assert story.refused("renewSubscription", subscriptionId=id)[0] == "INVALID_STATE"
    assert first_day is None


@pytest.mark.feature("O-02")
@pytest.mark.parametrize(("point", "first_day"), [(-1, "2027-09-02"), (10, "2027-09-21"), (0, None)])
def test_a_switch_by_hand_is_possible_from_its_point_on(begins: Begins, point: int, first_day: str | None) -> None:
    story = begins("2027-09-01")
    term = story.term(manualSwitchPointDays=point)
    plan = story.sells("RESERVATION", unit="MONTH", duration=1, term=term)
    dear = story.sells("RESERVATION", unit="MONTH", duration=1, term=term, price="20.00", name="Dear")
    id = story.buys(story.customer(), plan)
    switch = {"subscriptionId": id, "planId": dear["id"], "periodId": dear["periods"][0]["id"]}
    for day in ("2027-09-02", "2027-09-20", "2027-09-21"):
        story.until(day)
        if first_day is not None and day >= first_day:
            story.pays(story.do("switchSubscription", **switch))
            assert story.look(id)["plan"]["name"] == "Dear"
            return
        refused = story.refused("switchSubscription", **switch)
        when = "at all" if first_day is None else f"before {first_day}"
        assert refused == (
            "INVALID_STATE",
            f"Subscription SU000001 is ACTIVE: its switch by hand is not possible {when}.",
        )
    assert first_day is None


@pytest.mark.feature("O-06")
@pytest.mark.parametrize(("rule", "renewed"), [("PLAN", "30.00"), ("HIGHEST", "30.00"), ("INDIVIDUAL", "20.00")])
def test_an_individual_price_holds_until_the_renewal_which_its_rule_decides(
    begins: Begins, rule: str, renewed: str
) -> None:
    story = begins("2027-09-01")
    plan, account = story.sells(price="30.00", unit="MONTH", duration=1), story.customer()
    agreed = [{"resourceKey": "seats", "recurringPerMonth": "20.00"}]
    id = story.buys(account, plan, 1, individualPrices=agreed, renewalPrice=rule)
    assert story.amounts(id, "BLOCKED") == ["20.00"]
    story.until("2027-10-01")
    assert (story.amounts(id, "CLOSED"), story.amounts(id, "BLOCKED")) == (["20.00"], [renewed])
    # and: customers agree nothing with themselves
    who = story.user_of(account)
    order = {"accountId": account, "planId": plan["id"], "periodId": plan["periods"][0]["id"], "quantities": []}
    assert story.refused("orderSubscription", who=who, **order, individualPrices=agreed)[0] == "FORBIDDEN"


@pytest.mark.feature("O-08")
def test_what_the_vendor_calls_a_subscription_finds_it(begins: Begins) -> None:
    story = begins("2027-08-20")
    plan, account = story.sells(), story.customer()
    id, other = story.buys(account, plan), story.buys(account, plan)
    for subscription, value in ((id, "4711"), (other, "4712")):
        attributes = [{"key": "tenant-id", "value": value}, {"key": "code", "value": "ABCD"}]
        story.do("setVendorData", subscriptionId=subscription, attributes=attributes)
    document = "query ($f: SubscriptionFilter) { subscriptions(filter: $f) { nodes { id vendorAttributes { key } } } }"
    wanted = {"vendorAttribute": {"key": {"eq": "tenant-id"}, "value": {"eq": "4711"}}}
    found = story.ask(document, who=story.user_of(account), f=wanted)["subscriptions"]["nodes"]
    assert found == [{"id": id, "vendorAttributes": [{"key": "code"}, {"key": "tenant-id"}]}]


@pytest.mark.feature("O-09")
def test_a_panel_shows_everything_about_a_subscription_in_one_query(begins: Begins) -> None:
    # given
    story = begins("2027-08-20")
    plan, account = story.sells(unit="YEAR", duration=1, resource={"included": "1"}), story.customer()
    id = story.buys(account, plan)
    document = """query ($id: ID!) {
      subscription(id: $id) {
        costNow { amount } nextCharge { amount { amount } date estimated } paidTo expiresOn daysLeft consumed { amount }
        resources { included quantity } orders { nodes { summary payment { summary } } } billingExplanation
      }
    }"""
    # when
    seen = story.ask(document, id=id)["subscription"]
    # then: four of five seats are charged
    words = [node.pop("payment")["summary"] for node in seen["orders"]["nodes"]]
    assert [node["summary"] for node in seen["orders"]["nodes"]] == words
    assert "15.48" in words[0]
    assert seen.pop("billingExplanation")
    assert seen.pop("orders")
    assert seen == {
        "costNow": {"amount": "15.48"},
        "nextCharge": {"amount": {"amount": "40.00"}, "date": "2027-09-01", "estimated": True},
        "paidTo": "2027-09-01",
        "expiresOn": "2028-08-19",
        "daysLeft": 366,
        "consumed": None,
        "resources": [{"included": "1", "quantity": "5"}],
    }


@pytest.mark.feature("O-11")
def test_quantities_stay_above_what_is_used_and_next_day_types_fall_once_a_day(begins: Begins) -> None:
    # given
    story = begins("2027-09-01")
    plan = story.sells("NEXT_DAY_MONTHLY", unit="MONTH", duration=1)
    id = story.buys(story.customer(), plan)
    story.do("setVendorData", subscriptionId=id, used=[{"resourceKey": "seats", "quantity": "2"}])
    one = [{"resourceKey": "seats", "quantity": "1"}]
    assert story.refused("changeSubscription", subscriptionId=id, quantities=one) == (
        "INVALID_INPUT",
        "2 of Seats are in use at the vendor; got 1.",
    )
    # when: 5 become 4 on the 10th
    story.until("2027-09-10")
    story.changes(id, 4)
    three = [{"resourceKey": "seats", "quantity": "3"}]
    # then: once a day, from the next day on: 10 days of five, 20 of four
    assert story.refused("changeSubscription", subscriptionId=id, quantities=three)[0] == "REFUSED_BY_BILLING_TYPE"
    assert story.amounts(id, "CLOSED", "BLOCKED") == ["16.67", "26.67"]
    story.until("2027-09-11")
    story.changes(id, 3)
    assert story.look(id)["resources"][0]["quantity"] == "3"
