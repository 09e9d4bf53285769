"""Where numbers and dates end: the refusal says so, nothing breaks."""

from typing import Any

import pytest

from tests.changing.world import World

MOST = "9999999999.9999"


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["errors"]]


def test_the_dearest_order_is_refused_for_its_amount(unchanged_world: World) -> None:
    known = unchanged_world.ids
    input = {
        "accountId": known["account"],
        "planId": known["child's dear plan"],
        "periodId": known["dear plan year"],
        "quantities": [{"resourceKey": "seats", "quantity": "1000000000"}],
    }
    payload = unchanged_world.call("child", "orderSubscription", input, dry=True)
    assert codes(payload) == ["INVALID_INPUT"]


def test_a_balance_ends_where_its_column_does(world: World) -> None:
    input = {"accountId": world.ids["account"], "amount": {"amount": "999999999999.99", "currency": "EUR"}}
    found = [codes(world.call("child", "topUp", input)) for _ in range(101)]
    assert found[0] == []
    assert found[-1] == ["INVALID_INPUT"]


def test_prices_end_where_their_columns_do(world: World) -> None:
    # given: markups of 1,000 % at two levels
    known = world.ids
    for who, plan in (("reseller", "reseller's dear plan"), ("child", "child's dear plan")):
        world.do(who, "setMarkup", planId=known[plan], markupPercent="1000")
    child, plan = "child", known["child's dear plan"]
    # when: four levels more
    found = []
    for level in range(4):
        made = world.do(child, "createReseller", name=f"Deep {level}", currency="EUR", adminEmail="a@deep.example")
        tenant = made["tenant"]["id"]
        payload = world.call(child, "delegatePlan", {"planId": plan, "tenantIds": [tenant], "markupPercent": "1000"})
        found.append(codes(payload))
        if payload["errors"]:
            break
        child, plan = f"deep {level}", payload["plans"][0]["id"]
        world.tokens[child] = made["token"]
    # then
    assert found[-1] == ["INVALID_INPUT"]


def test_an_upstream_cost_ends_where_its_column_does(world: World) -> None:
    # given: what costs the reseller 10,000,000,000 a month is sold for 10,000
    known = world.ids
    plan = known["child's dear plan"]
    world.do("child", "setMarkup", planId=plan, markupPercent="-99.9999")
    order = {
        "accountId": known["account"],
        "planId": plan,
        "periodId": known["dear plan year"],
        "quantities": [{"resourceKey": "seats", "quantity": "1000000"}],
    }
    world.do("child", "topUp", accountId=known["account"], amount={"amount": "900000000000", "currency": "EUR"})
    # when
    payload = world.call("child", "orderSubscription", order, dry=True)
    # then
    assert codes(payload) == ["INVALID_INPUT"]


@pytest.mark.parametrize("clock", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("zone", ["UTC", "Etc/GMT+12", "Etc/GMT-14"])
def test_a_sandbox_lives_in_times_that_can_be_reckoned_with(unchanged_world: World, clock: str, zone: str) -> None:
    input = {
        "name": "Far",
        "currency": "EUR",
        "adminEmail": "admin@far.example",
        "sandbox": True,
        "clock": clock,
        "timeZone": zone,
    }
    payload = unchanged_world.call("operator", "createDistributor", input, dry=True)
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("INVALID_INPUT", ["clock"])]


@pytest.mark.parametrize("clock", ["1970-01-01T00:00:00Z", "2199-12-31T23:59:59Z"])
def test_a_distributor_works_at_the_ends_of_time(world: World, clock: str) -> None:
    # given
    founded = world.do(
        "operator",
        "createDistributor",
        name="Far",
        currency="EUR",
        adminEmail="admin@far.example",
        sandbox=True,
        clock=clock,
        timeZone="Etc/GMT-14",
    )
    world.tokens["far"] = founded["token"]
    term = world.do("far", "createServiceTerm", name="Monthly", key="monthly")["serviceTerm"]["id"]
    plan = world.do(
        "far",
        "createPlan",
        name="Ten years",
        serviceTermId=term,
        billingType="CSP_ANNUAL",
        periods=[{"unit": "YEAR", "duration": 10}],
        resources=[{"key": "seats", "name": "Seats", "fees": {"recurringPerMonth": "1"}}],
    )["plan"]
    account = world.do("far", "createAccount", name="Somebody", email="a@b.example")["account"]["id"]
    world.do("far", "topUp", accountId=account, amount={"amount": "10000", "currency": "EUR"})
    # when
    order = world.do(
        "far",
        "orderSubscription",
        accountId=account,
        planId=plan["id"],
        periodId=plan["periods"][0]["id"],
        quantities=[{"resourceKey": "seats", "quantity": "1"}],
    )["order"]
    paid = world.do("far", "completePayment", paymentId=order["payment"]["id"])["payment"]
    beyond = world.call("far", "advanceClock", {"to": "2200-01-02T00:00:00Z", "wait": 0})
    # then
    assert paid["state"] == "PAID_FROM_BALANCE"
    assert codes(beyond) == ["INVALID_INPUT"]
