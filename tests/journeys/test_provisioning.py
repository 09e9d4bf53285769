"""Orders that are paid and not done at once: services that somebody sets up, and renewals that wait for their day."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.journeys.telling import Story

pytestmark = pytest.mark.feature("O-01")

Begins = Callable[..., Story]
DONE = "order { state failure } subscription { state vendorAttributes { key value } }"


def by_hand(begins: Begins, **plan: Any) -> tuple[Story, dict[str, Any], str]:
    """A seller that sets services up itself, and a customer with 1,000.00."""
    story = begins("2027-08-20")
    return story, story.sells(term=story.term(provisioning="MANUAL"), **plan), story.customer()


def order_of(story: Story, subscription: str) -> dict[str, Any]:
    """Its last order."""
    return dict(story.look(subscription)["orders"]["nodes"][0])


def states(story: Story, subscription: str) -> tuple[str, str]:
    """Of the subscription and of its last order."""
    return story.state(subscription), order_of(story, subscription)["state"]


def test_a_paid_order_waits_for_its_service_and_closes_nothing_before(begins: Begins) -> None:
    # given
    story, plan, account = by_hand(begins)
    # when
    id = story.buys(account, plan)
    # then: 5 × 10.00 for 12 of 31 days are reserved, and nothing may be done to it
    assert states(story, id) == ("INSTALLING", "PROVISIONING")
    assert story.balance(account) == ("1000.00", "19.35")
    assert story.refused("stopSubscription", subscriptionId=id)[0] == "INVALID_STATE"
    assert story.refused("cancelOrder", orderId=order_of(story, id)["id"]) == (
        "INVALID_STATE",
        "Order SO000001 is PROVISIONING: its cancellation is not possible.",
    )
    # and: a billing day goes by
    story.until("2027-09-02")
    assert story.amounts(id, "CLOSED") == []
    # when
    code = [{"key": "code", "value": "ABCD"}]
    done = story.do("completeProvisioning", orderId=order_of(story, id)["id"], attributes=code, answers=DONE)
    # then: August closes, and the next run brings September
    assert done["order"] == {"state": "COMPLETED", "failure": None}
    assert done["subscription"] == {"state": "ACTIVE", "vendorAttributes": code}
    assert story.amounts(id, "CLOSED") == ["19.35"]
    story.until("2027-09-03")
    assert (story.look(id)["paidTo"], story.amounts(id, "BLOCKED")) == ("2027-10-01", ["50.00"])


def test_what_could_not_be_set_up_is_tried_again_or_cancelled_and_gives_the_money_back(begins: Begins) -> None:
    # given: a setup fee that would close at once
    fees = {"fees": {"recurringPerMonth": "10.00", "setup": "3.00"}}
    story, plan, account = by_hand(begins, billing_type="RESERVATION", unit="MONTH", duration=1, resource=fees)
    id = story.buys(account, plan)
    assert story.balance(account) == ("1000.00", "66.02")
    order = {"orderId": order_of(story, id)["id"]}
    # when
    failed = story.do("failProvisioning", **order, reason="The vendor is away", answers=DONE)
    # then
    assert failed["order"] == {"state": "PROVISIONING_FAILED", "failure": "The vendor is away"}
    assert failed["subscription"]["state"] == "INSTALLATION_FAILED"
    assert story.refused("completeProvisioning", **order)[0] == "INVALID_STATE"
    # when: tried again, in vain
    story.do("retryProvisioning", **order)
    assert states(story, id) == ("INSTALLING", "PROVISIONING")
    story.do("failProvisioning", **order, reason="Still away")
    story.do("cancelOrder", **order)
    # then
    assert states(story, id) == ("DELETED", "CANCELLED")
    assert (story.balance(account), story.amounts(id, "BLOCKED", "CLOSED")) == (("1000.00", "0.00"), [])


def test_a_change_that_fails_leaves_the_quantity_and_gives_the_money_back(begins: Begins) -> None:
    # given
    story, plan, account = by_hand(begins)
    id = story.buys(account, plan)
    story.do("completeProvisioning", orderId=order_of(story, id)["id"])
    story.until("2027-08-25")
    # when: 3 more, 7 of 31 days
    story.changes(id, 8)
    # then
    assert states(story, id) == ("UPDATING", "PROVISIONING")
    assert (story.look(id)["resources"][0]["quantity"], story.balance(account)) == ("5", ("1000.00", "26.12"))
    # when
    order = {"orderId": order_of(story, id)["id"]}
    story.do("failProvisioning", **order, reason="No licences left")
    assert story.state(id) == "UPDATING_FAILED"
    story.do("cancelOrder", **order)
    # then
    assert (story.state(id), story.balance(account)) == ("ACTIVE", ("1000.00", "19.35"))
    # when: fewer, which is free
    story.changes(id, 2)
    story.do("completeProvisioning", orderId=order_of(story, id)["id"])
    # then: 5 for five days, 2 for seven
    assert (story.look(id)["resources"][0]["quantity"], story.state(id)) == ("2", "ACTIVE")
    assert story.amounts(id, "CLOSED", "BLOCKED") == ["8.06", "4.52"]


def test_a_switch_is_paid_when_it_is_set_up_partly_with_what_comes_back(begins: Begins) -> None:
    # given: 100.00 on the balance
    story = begins("2027-08-20")
    term = story.term(provisioning="MANUAL")
    plan, dear = story.sells(term=term), story.sells(term=term, price="20.00", name="Dear")
    account = story.customer(funds="100.00")
    id = story.buys(account, plan)
    story.do("completeProvisioning", orderId=order_of(story, id)["id"])
    # when
    switch = {"subscriptionId": id, "planId": dear["id"], "periodId": dear["periods"][0]["id"]}
    story.pays(story.do("switchSubscription", **switch))
    # then
    assert states(story, id) == ("SWITCHING", "PROVISIONING")
    assert (story.look(id)["plan"]["name"], story.balance(account)) == ("Mail", ("100.00", "19.35"))
    # when
    story.do("completeProvisioning", orderId=order_of(story, id)["id"])
    # then: 5 × 20.00 for 12 of 31 days instead
    assert states(story, id) == ("ACTIVE", "COMPLETED")
    assert (story.look(id)["plan"]["name"], story.balance(account)) == ("Dear", ("100.00", "38.71"))


def test_a_renewal_is_set_up_on_its_day(begins: Begins) -> None:
    # given: a month that renews itself, paid ahead
    story, plan, account = by_hand(begins, unit="MONTH", duration=1)
    id = story.buys(account, plan)
    story.do("completeProvisioning", orderId=order_of(story, id)["id"])
    story.until("2027-09-05")
    assert story.look(id)["expiresOn"] == "2027-09-19"
    # when
    story.until("2027-09-20")
    # then
    assert states(story, id) == ("RENEWING", "PROVISIONING")
    story.do("completeProvisioning", orderId=order_of(story, id)["id"])
    assert (story.state(id), story.look(id)["expiresOn"]) == ("ACTIVE", "2027-10-19")


def test_a_renewal_paid_ahead_waits_for_its_day_and_is_lost_by_nobody_when_it_is_cancelled(begins: Begins) -> None:
    # given: a year of a monthly commitment in its last month
    story = begins("2027-09-01")
    plan = story.sells("MONTHLY_COMMITMENT", unit="YEAR", duration=1)
    account = story.customer()
    id = story.buys(account, plan)
    story.until("2028-08-10")
    # when: renewed ahead, for 3 seats instead of 5
    quantities = [{"resourceKey": "seats", "quantity": "3"}]
    renewal = story.do("renewSubscription", subscriptionId=id, quantities=quantities)
    story.pays(renewal)
    # then: the present term stays as it is
    order = "query ($id: ID!) { order(id: $id) { state delayed provisionsOn } }"
    assert story.ask(order, id=renewal["order"]["id"])["order"] == {
        "state": "WAITING_FOR_PROVISIONING",
        "delayed": True,
        "provisionsOn": "2028-09-01",
    }
    assert story.look(id)["resources"][0]["quantity"] == "5"
    assert story.balance(account) == ("450.00", "80.00")
    coming = "query ($id: ID!) { subscription(id: $id) { nextCharge { amount { amount } date } } }"
    assert story.ask(coming, id=id)["subscription"]["nextCharge"] is None
    # and: nobody closes what it reserved by hand
    assert story.refused("closeCharges", subscriptionId=id)[0] == "INVALID_STATE"
    # when: cancelled, and ordered once more
    story.do("cancelOrder", orderId=renewal["order"]["id"])
    assert story.balance(account) == ("450.00", "50.00")
    assert story.ask(coming, id=id)["subscription"]["nextCharge"] == {
        "amount": {"amount": "50.00"},
        "date": "2028-09-01",
    }
    story.pays(story.do("renewSubscription", subscriptionId=id, quantities=quantities))
    story.until("2028-09-01")
    # then: 12 × 50.00 are written off, a month of 3 is reserved
    seen = story.look(id)
    assert (seen["resources"][0]["quantity"], seen["expiresOn"]) == ("3", "2029-08-31")
    assert (story.balance(account), seen["orders"]["nodes"][0]["state"]) == (("400.00", "30.00"), "COMPLETED")
