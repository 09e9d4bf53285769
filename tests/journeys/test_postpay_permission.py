"""Who may pay afterwards, and stops and deletions that a manager has to agree to."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.telling import Story

Begins = Callable[..., Story]
ASKED = "order { id } subscription { id } manualOperation { id kind state subscription { id } previousState }"
DECIDED = (
    "manualOperation { state decisionReason subscription { id state orders { nodes { state total { amount } } } } }"
)
PERMISSION = "query ($id: ID!) { account(id: $id) { postpayPermission subscriptions { totalCount { value } } } }"


def permission(story: Story, account: str) -> tuple[str, int]:
    """An account's permission, and how many subscriptions it has."""
    found = story.ask(PERMISSION, id=account)["account"]
    return found["postpayPermission"], found["subscriptions"]["totalCount"]["value"]


def wish(account: str, plan: dict[str, Any], period: int = 0, seats: int = 5) -> dict[str, Any]:
    return {
        "accountId": account,
        "planId": plan["id"],
        "periodId": plan["periods"][period]["id"],
        "quantities": [{"resourceKey": "seats", "quantity": str(seats)}],
    }


def watched(begins: Begins) -> tuple[Story, dict[str, Any], str]:
    """A seller who wants to see first postpaid orders, a plan with a trial, and a postpaid customer."""
    story = begins("2027-08-20")
    story.do("setSetting", key="POSTPAY_PERMISSION", text="MANUAL")
    plan = story.sells(
        periods=[{"unit": "ENDLESS"}, {"unit": "MONTH", "duration": 1, "trial": True}, {"unit": "YEAR", "duration": 1}]
    )
    return story, plan, story.customer(funds=None, paymentModel="POSTPAY")


@pytest.mark.feature("O-10")
def test_a_first_postpaid_order_waits_and_is_made_when_it_is_approved(begins: Begins) -> None:
    # given
    story, plan, account = watched(begins)
    # when
    asked = story.do("orderSubscription", answers=ASKED, **wish(account, plan))
    # then: no order, nothing charged
    operation = asked["manualOperation"]
    assert (asked["order"], asked["subscription"]) == (None, None)
    assert (operation["kind"], operation["state"], operation["subscription"]) == (
        "ALLOW_POSTPAY",
        "APPROVAL_REQUIRED",
        None,
    )
    assert permission(story, account) == ("APPROVAL_REQUIRED", 0)
    # and: until it is decided there is no other, and nobody decides beside it
    refused = story.refused("orderSubscription", **wish(account, plan))
    assert refused[0] == "INVALID_STATE"
    assert refused[1].endswith("pays afterwards, and its permission for that is APPROVAL_REQUIRED.")
    assert story.refused("setPostpayPermission", accountId=account, allowed=True)[0] == "INVALID_STATE"
    # when: two days later
    story.until("2027-08-22")
    done = story.do(
        "approveManualOperation", answers=DECIDED, manualOperationId=operation["id"], reason="Known for years"
    )["manualOperation"]
    # then: the order is of that day, complete without a payment; 5 × 10.00 for 10 of 31 days
    assert done["state"] == "APPROVED"
    assert done["subscription"]["state"] == "ACTIVE"
    assert done["subscription"]["orders"]["nodes"] == [{"state": "COMPLETED", "total": {"amount": "16.13"}}]
    assert permission(story, account) == ("APPROVED", 1)
    id = done["subscription"]["id"]
    assert story.amounts(id, "BLOCKED") == ["16.13"]
    # and: the next one is made at once; charges close on the billing day
    assert story.orders(account, plan)["order"]["state"] == "COMPLETED"
    story.until("2027-09-01")
    assert story.amounts(id, "CLOSED") == ["16.13"]
    assert story.balance(account) == ("-32.26", "100.00")


@pytest.mark.feature("O-10")
def test_a_declined_account_gets_no_order_no_switch_and_no_renewal(begins: Begins) -> None:
    # given: a trial needs no permission
    story, plan, account = watched(begins)
    trial = story.buys(account, plan, period=1)
    commercial = {"planId": plan["id"], "periodId": plan["periods"][2]["id"]}
    switch = {"subscriptionId": trial, **commercial}
    assert story.refused("switchSubscription", **switch)[1].endswith("its permission for that is NOT_VERIFIED.")
    operation = story.do("orderSubscription", answers=ASKED, **wish(account, plan))["manualOperation"]["id"]
    # when
    story.do("declineManualOperation", manualOperationId=operation, reason="Owes others")
    # then
    assert permission(story, account) == ("DECLINED", 1)
    for mutation, input in (("orderSubscription", wish(account, plan)), ("switchSubscription", switch)):
        assert story.refused(mutation, **input)[1].endswith("its permission for that is DECLINED.")
    # when: a manager thinks better of it
    story.do("setPostpayPermission", accountId=account, allowed=True)
    story.pays(story.do("switchSubscription", **switch))
    # then
    assert story.look(trial)["expiresOn"] == "2028-08-19"
    # when: and worse again, before the year is over
    story.do("setPostpayPermission", accountId=account, allowed=False)
    assert story.refused("renewSubscription", subscriptionId=trial)[0] == "INVALID_STATE"
    story.until("2028-08-20")
    # then: its term ends unrenewed
    assert story.state(trial) == "STOPPED"


@pytest.mark.feature("O-10")
def test_where_permission_is_automatic_orders_are_made_at_once_unless_an_account_is_denied(begins: Begins) -> None:
    story = begins("2027-08-20")
    plan, account = story.sells(), story.customer(funds=None, paymentModel="POSTPAY")
    assert story.orders(account, plan)["order"]["state"] == "COMPLETED"
    assert permission(story, account) == ("NOT_VERIFIED", 1)
    story.do("setPostpayPermission", accountId=account, allowed=False)
    assert story.refused("orderSubscription", **wish(account, plan))[0] == "INVALID_STATE"
    # and: what pays before is not asked
    story.orders(story.customer("Meadow"), plan)


@pytest.mark.feature("O-10")
def test_what_could_not_be_ordered_is_refused_before_a_manager_is_asked(begins: Begins) -> None:
    story, plan, account = watched(begins)
    quantities = [{"resourceKey": "rooms", "quantity": "1"}]
    refused = story.refused("orderSubscription", **{**wish(account, plan), "quantities": quantities})
    assert refused == ("INVALID_INPUT", "The plan has no resource 'rooms'; it has seats.")
    assert permission(story, account) == ("NOT_VERIFIED", 0)


@pytest.mark.feature("O-10")
def test_one_time_fees_of_a_postpaid_order_close_on_the_billing_day_too(begins: Begins) -> None:
    story = begins("2027-08-20")
    fees = {"fees": {"recurringPerMonth": "10.00", "setup": "3.00"}}
    plan = story.sells("RESERVATION", unit="MONTH", duration=1, resource=fees)
    account = story.customer(funds=None, paymentModel="POSTPAY")
    id = story.buys(account, plan)
    assert story.amounts(id, "CLOSED") == []
    assert story.amounts(id, "BLOCKED") == ["15.00", "19.35", "31.67"]
    story.until("2027-09-01")
    assert story.amounts(id, "CLOSED") == ["15.00", "19.35"]


@pytest.mark.feature("O-03")
@pytest.mark.parametrize("said_by", ["class", "term", "setting"])
def test_a_customers_stop_waits_where_class_term_or_setting_say_so(begins: Begins, said_by: str) -> None:
    # given
    story = begins("2027-08-20")
    term = story.term(stop="MANUAL" if said_by == "term" else "AUTOMATIC")
    plan, account = story.sells(term=term), story.customer()
    who = story.user_of(account)
    if said_by == "class":
        terms = {"stop": "MANUAL"}
        watched = story.do("createAccountClass", key="watched", name="Watched", terms=terms)["accountClass"]["id"]
        story.do("updateAccount", accountId=account, change={"accountClassId": watched})
    if said_by == "setting":
        story.do("setSetting", key="SUBSCRIPTION_STOP", text="MANUAL")
    id = story.buys(account, plan)
    # when: the customer's owner stops it
    asked = story.do("stopSubscription", who=who, subscriptionId=id, reason="Too dear")["subscription"]
    # then: it waits, and nothing else is done to it
    assert asked["state"] == "WAITING_FOR_MANUAL_APPROVAL"
    (operation,) = asked["manualOperations"]
    refused = story.refused("changeSubscription", subscriptionId=id, quantities=[])
    assert refused[0] == "INVALID_STATE"
    # when: declined, it is as before; asked again and approved, it stops that day
    story.do("declineManualOperation", manualOperationId=operation["id"], reason="Let us talk")
    assert story.state(id) == "ACTIVE"
    again = story.do("stopSubscription", who=who, subscriptionId=id)["subscription"]["manualOperations"][0]
    story.until("2027-08-25")
    story.do("approveManualOperation", manualOperationId=again["id"])
    # then: 5 × 10.00 for the 5 days until the 25th
    assert story.state(id) == "STOPPED"
    assert story.amounts(id, "CLOSED") == ["8.06"]
    # and: a manager does not ask himself
    story.do("activateSubscription", subscriptionId=id)
    assert story.do("stopSubscription", subscriptionId=id)["subscription"]["state"] == "STOPPED"


@pytest.mark.feature("O-03")
def test_a_deletion_that_the_calendar_brings_waits_and_those_below_have_the_rule_read_only(begins: Begins) -> None:
    # given: a reseller below sells a plan whose term wants a manager for deletions
    story = begins("2027-08-20")
    term = story.term(delete="MANUAL", stopPeriodDays=3)
    plan = story.sells(term=term)
    below, tenant = story.reseller()
    copy = story.do("delegatePlan", planId=plan["id"], tenantIds=[tenant])["plans"][0]
    refused = story.refused("updateServiceTerm", who=below, serviceTermId=term, change={"delete": "AUTOMATIC"})
    assert refused[0] == "READ_ONLY_DELEGATED"
    account = story.customer(who=below)
    id = story.orders(account, copy, who=below)
    story.pays(id, who=below)
    subscription = id["subscription"]["id"]
    # when: it is stopped, and its stop period ends
    story.do("stopSubscription", who=below, subscriptionId=subscription)
    story.until("2027-08-23")
    # then
    assert story.look(subscription, who=below)["state"] == "WAITING_FOR_MANUAL_APPROVAL"
    found = story.ask("{ manualOperations { nodes { id kind state } } }", who=below)["manualOperations"]["nodes"]
    assert [(each["kind"], each["state"]) for each in found] == [("DELETE", "APPROVAL_REQUIRED")]
    story.do("approveManualOperation", who=below, manualOperationId=found[0]["id"])
    assert story.look(subscription, who=below)["state"] == "DELETED"
