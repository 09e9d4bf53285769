"""What a dry run says of everybody's money."""

import json
from typing import Any

import pytest

from tests.changing.documents import input_type_of
from tests.changing.samples import SAMPLES
from tests.changing.world import Row, World

pytestmark = pytest.mark.feature("B-11")

IMPACT = """impact {
  perTenant { tenant { name } before { amount currency } after { amount } }
  charges { state amount { amount } subscription { id } }
  balance { before { amount } after { amount } }
}"""
ORDER = f"""mutation ($input: OrderSubscriptionInput!, $dry: Boolean! = true) {{
  done: orderSubscription(input: $input, dryRun: $dry) {{ order {{ id }} {IMPACT} errors {{ code }} }}
}}"""
STOP = f"""mutation ($input: StopSubscriptionInput!) {{
  done: stopSubscription(input: $input, dryRun: true) {{ {IMPACT} errors {{ code }} }}
}}"""
PAY = f"""mutation ($input: CompletePaymentInput!) {{
  done: completePayment(input: $input, dryRun: true) {{ {IMPACT} errors {{ code }} }}
}}"""
TOP_UP = f"""mutation ($input: TopUpInput!) {{
  done: topUp(input: $input, dryRun: true) {{ {IMPACT} errors {{ code }} }}
}}"""


def order_of(world: World, seats: str = "30") -> Row:
    known = world.ids
    return {
        "accountId": known["account"],
        "planId": known["child's plan"],
        "periodId": known["plan endless"],
        "quantities": [{"resourceKey": "seats", "quantity": seats}],
    }


def impact(world: World, who: str, document: str, **variables: Any) -> Row:
    done = world.ask(who, document, **variables)["data"]["done"]
    assert done["errors"] == []
    return dict(done["impact"])


def kept(found: Row) -> list[tuple[str, str, str]]:
    return [(each["tenant"]["name"], each["before"]["amount"], each["after"]["amount"]) for each in found["perTenant"]]


def test_an_order_that_is_tried_says_what_the_seller_would_keep(unchanged_world: World) -> None:
    # when: 30 × 10.00 for 11 of 30 days; every level of this chain sells at its net cost
    found = impact(unchanged_world, "child", ORDER, input=order_of(unchanged_world))
    # then
    assert [name for name, _, _ in kept(found)] == ["Brook"]
    assert [(each["state"], each["amount"]["amount"]) for each in found["charges"]] == [("NEW", "110.00")]
    assert found["balance"]["before"] == found["balance"]["after"]


def test_a_payment_that_is_tried_takes_from_the_balance(unchanged_world: World) -> None:
    # when
    found = impact(unchanged_world, "child", PAY, input={"paymentId": unchanged_world.ids["payment"]})
    # then
    (charge,) = found["charges"]
    before, after = (found["balance"][side]["amount"] for side in ("before", "after"))
    assert charge["state"] == "BLOCKED"
    assert float(before) - float(after) == pytest.approx(float(charge["amount"]["amount"]))


def test_a_stop_that_is_tried_says_what_each_level_would_lose(unchanged_world: World) -> None:
    # given: a customer's price above what the child owes
    world = unchanged_world
    running = world.ids["running"]
    world_of_all = impact(world, "child", STOP, input={"subscriptionId": running})
    # then: on its first day nothing was used, so that everything comes back
    (entry,) = world_of_all["perTenant"]
    assert entry["after"]["amount"] == "0.00"
    assert {each["state"] for each in world_of_all["charges"]} == {"DELETED", "REFUNDED"}
    assert {each["subscription"]["id"] for each in world_of_all["charges"]} == {running}


def test_those_above_are_told_of_themselves_too(unchanged_world: World) -> None:
    # given: the distributor acts as the child
    world = unchanged_world
    who = world.who("distributor")
    acting = type(who)(who.identity, world.who("child").scope, acted_as=world.who("child").scope.tenant_id)
    answer = world.pipeline.execute(acting, ORDER, {"input": order_of(world)})
    # when
    done = json.loads(world.runner.run(answer).body)["data"]["done"]
    # then
    assert [each["tenant"]["name"] for each in done["impact"]["perTenant"]] == ["Brook", "Ripple", "Delta"]


def test_a_top_up_that_is_tried_touches_no_subscription(unchanged_world: World) -> None:
    # when
    money = {"amount": "10.00", "currency": "EUR"}
    top_up = {"accountId": unchanged_world.ids["poor account"], "amount": money}
    found = impact(unchanged_world, "child", TOP_UP, input=top_up)
    # then
    assert found["perTenant"] == []
    assert found["charges"] == []
    assert found["balance"] == {"before": {"amount": "0.00"}, "after": {"amount": "10.00"}}


def test_a_customers_user_is_not_told_who_earns_what(unchanged_world: World) -> None:
    # when
    found = impact(unchanged_world, "owner", PAY, input={"paymentId": unchanged_world.ids["payment"]})
    # then
    assert found["perTenant"] == []
    assert len(found["charges"]) == 1


def test_without_charges_read_one_is_not_told_who_earns_what(world: World) -> None:
    # given: a role that may order, and read subscriptions
    given = ["subscriptions.read", "subscriptions.write"]
    role = world.do("child", "createCustomRole", name="Orders", permissions=given)["customRole"]["id"]
    made = world.do("child", "createManager", name="Otto", email="otto@brook.example", role="CUSTOM", customRoleId=role)
    world.tokens["otto"] = made["token"]
    # when
    found = impact(world, "otto", STOP, input={"subscriptionId": world.ids["running"]})
    # then
    assert found["perTenant"] == []


def test_a_real_run_carries_no_impact(world: World) -> None:
    done = world.ask("child", ORDER, input=order_of(world), dry=False)["data"]["done"]
    assert done["order"] is not None
    assert done["impact"] is None


def test_a_refused_one_carries_no_impact(unchanged_world: World) -> None:
    # given
    input = order_of(unchanged_world, seats="0")
    # when
    done = unchanged_world.ask("child", ORDER, input=input)["data"]["done"]
    # then
    assert [error["code"] for error in done["errors"]] == ["INVALID_INPUT"]
    assert done["impact"] is None


MOVING = (
    "activateSubscription",
    "approveManualOperation",
    "cancelOrder",
    "changeSubscription",
    "closeCharges",
    "completePayment",
    "declineManualOperation",
    "deleteSubscription",
    "orderForNewAccount",
    "orderSubscription",
    "prolongSubscription",
    "renewSubscription",
    "stopSubscription",
    "switchSubscription",
    "topUp",
)
"""Every mutation that moves a customer's money, or says that it shall."""
LEVELS = {"child": ["Brook"], "reseller": ["Brook", "Ripple"], "distributor": ["Brook", "Ripple", "Delta"]}
"""Whom each of them is told of: the seller, and those above it up to himself."""


@pytest.mark.parametrize("mutation", MOVING)
def test_each_says_what_it_would_do_to_the_levels_that_one_sees(unchanged_world: World, mutation: str) -> None:
    # given
    world, sample = unchanged_world, SAMPLES[mutation]
    type_ = input_type_of(mutation).name
    document = f"""mutation ($input: {type_}!) {{ done: {mutation}(input: $input, dryRun: true) {{
      {IMPACT} errors {{ code }} }} }}"""
    viewers = list(LEVELS) if sample.who == "child" else []
    # when: everybody above asks the same, acting as the seller
    for viewer in viewers:
        who = world.who(viewer)
        acting = type(who)(who.identity, world.who("child").scope, acted_as=world.who("child").scope.tenant_id)
        answer = world.pipeline.execute(acting, document, {"input": sample.input(world)})
        done = json.loads(world.runner.run(answer).body)["data"]["done"]
        # then
        assert done["errors"] == []
        told = [each["tenant"]["name"] for each in done["impact"]["perTenant"]]
        assert told == (LEVELS[viewer] if told else [])
        assert done["impact"]["balance"] is not None
        assert told or mutation == "topUp"
    if not viewers:
        found = impact(world, sample.who, document, input=sample.input(world))
        assert (found["perTenant"], found["balance"] is not None) == ([], True)
