"""What all mutations have in common."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from db import ids
from tests.api.conftest import Api

CREATE_ACCOUNT = """mutation ($input: CreateAccountInput!, $dry: Boolean! = false, $key: String) {
  createAccount(input: $input, dryRun: $dry, idempotencyKey: $key) {
    account { id number name balance { available { amount currency } } }
    replayed
    actedAs { name tenantId }
    errors { kind code message path }
    query { accounts { totalCount { value } } }
  }
}"""
CREATE_MANAGER = """mutation ($input: CreateManagerInput!, $key: String) {
  createManager(input: $input, idempotencyKey: $key) { manager { id } token replayed errors { code path } }
}"""
TOP_UP = """mutation ($input: TopUpInput!, $key: String) {
  topUp(input: $input, idempotencyKey: $key) {
    payment { id number } account { balance { funds { amount } } } replayed errors { kind code message path }
  }
}"""
MEADOW = {"name": "Meadow Bakery", "email": "till@meadow.example"}


def test_a_payload_shows_the_world_after_the_mutation(api: Api) -> None:
    payload = api.do("child", CREATE_ACCOUNT, input=MEADOW)
    assert payload["account"]["number"] == "AC000001"
    assert payload["account"]["balance"] == {"available": {"amount": "0.00", "currency": "EUR"}}
    assert payload["query"] == {"accounts": {"totalCount": {"value": 1}}}
    assert (payload["replayed"], payload["actedAs"]) == (False, None)


@pytest.mark.feature("B-11")
def test_a_dry_run_shows_the_world_as_it_would_be_and_keeps_nothing(api: Api) -> None:
    payload = api.do("child", CREATE_ACCOUNT, input=MEADOW, dry=True)
    assert payload["account"]["name"] == "Meadow Bakery"
    assert payload["query"] == {"accounts": {"totalCount": {"value": 1}}}
    assert (api.count("accounts"), api.count("events WHERE type = 'account.created'")) == (0, 0)


@pytest.mark.feature("A-05")
def test_a_refusal_names_the_field_and_keeps_nothing(api: Api) -> None:
    answer = api.data("child", CREATE_ACCOUNT, input={"name": "x" * 201, "email": "till@meadow.example"})
    (error,) = answer["createAccount"]["errors"]
    assert (error["kind"], error["code"], error["path"]) == ("FIX_INPUT", "INVALID_INPUT", ["name"])
    assert "201" in error["message"]
    assert "200" in error["message"]
    assert answer["createAccount"]["account"] is None
    assert api.count("accounts") == 0


@pytest.mark.feature("T-05")
def test_a_role_without_the_permission_is_refused_by_its_name(api: Api) -> None:
    manager = {"name": "Eve", "email": "eve@brook.example", "role": "SYSTEM_ADMINISTRATOR"}
    answer = api.data("sales", CREATE_MANAGER, input=manager)
    assert answer["createManager"]["errors"] == [{"code": "FORBIDDEN", "path": []}]
    assert api.count("managers WHERE name = 'Eve'") == 0


@pytest.mark.feature("A-07")
def test_the_same_key_is_done_once_and_answered_alike(api: Api, account: Callable[..., str]) -> None:
    top_up = {"accountId": account(), "amount": {"amount": "10.00", "currency": "EUR"}}
    first = api.do("child", TOP_UP, input=top_up, key="k-1")
    again = api.do("child", TOP_UP, input=top_up, key="k-1")
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["payment"] == first["payment"]
    assert again["account"]["balance"]["funds"]["amount"] == "10.00"
    other = api.data("child", TOP_UP, input={**top_up, "amount": {"amount": "11.00", "currency": "EUR"}}, key="k-1")
    assert [error["code"] for error in other["topUp"]["errors"]] == ["IDEMPOTENCY_MISMATCH"]
    assert api.count("payments") == 1


@pytest.mark.feature("A-07")
def test_the_same_key_at_the_same_time_is_done_once(api: Api, account: Callable[..., str]) -> None:
    top_up = {"accountId": account(), "amount": {"amount": "10.00", "currency": "EUR"}}
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: api.do("child", TOP_UP, input=top_up, key="k-1"), range(8)))
    assert len({answer["payment"]["id"] for answer in answers}) == 1
    assert sorted(answer["replayed"] for answer in answers) == [False] + [True] * 7
    assert api.count("payments") == 1


@pytest.mark.feature("A-07")
def test_a_secret_is_not_repeated(api: Api) -> None:
    manager = {"name": "Ada", "email": "ada@brook.example", "role": "MARKETING"}
    first = api.do("child", CREATE_MANAGER, input=manager, key="k-2")
    again = api.do("child", CREATE_MANAGER, input=manager, key="k-2")
    assert first["token"].startswith("hw_")
    assert (again["manager"], again["token"]) == (first["manager"], None)


@pytest.mark.feature("T-04")
def test_acting_downstream_needs_the_header_and_says_so(api: Api, account: Callable[..., str]) -> None:
    child = ids.encode("rsl", api.chain.child.tenant.id)
    top_up = {"accountId": account(), "amount": {"amount": "10.00", "currency": "EUR"}}
    (error,) = api.data("reseller", TOP_UP, input=top_up)["topUp"]["errors"]
    assert (error["code"], error["path"]) == ("ACT_AS_REQUIRED", ["accountId"])
    assert child in error["message"]
    acted = api.ask("reseller", CREATE_ACCOUNT, {"Headwater-Act-As": child}, input=MEADOW)["data"]["createAccount"]
    assert acted["actedAs"] == {"name": "Brook", "tenantId": child}
    assert acted["query"] == {"accounts": {"totalCount": {"value": 2}}}


@pytest.mark.feature("T-04")
@pytest.mark.parametrize("stranger", ["sibling", "cousin", "distributor"])
def test_nobody_acts_for_a_tenant_that_is_not_below(api: Api, stranger: str) -> None:
    founded = getattr(api.chain, stranger).tenant
    header = {"Headwater-Act-As": ids.encode("dst" if stranger == "distributor" else "rsl", founded.id)}
    answer = api.ask("reseller", "{ viewer { tenant { name } } }", header)
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.feature("T-02")
def test_foreign_unknown_and_malformed_ids_are_refused_alike(api: Api, account: Callable[..., str]) -> None:
    theirs = account()
    unknown, other_kind = ids.encode("acc", ids.uuid7()), ids.encode("pln", ids.decode(theirs)[1])
    answers = [
        api.data("sibling", TOP_UP, input={"accountId": id, "amount": {"amount": "10.00", "currency": "EUR"}})
        for id in (theirs, unknown, other_kind, "acc_nonsense", "'; DROP TABLE accounts; --")
    ]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["topUp"]["errors"][0]["code"] == "NOT_FOUND"
    assert api.count("payments") == 0


def test_each_mutation_of_a_request_has_its_own_transaction(api: Api) -> None:
    document = """mutation ($good: CreateAccountInput!, $bad: CreateAccountInput!) {
      a: createAccount(input: $good) { account { number } errors { code } }
      b: createAccount(input: $bad) { account { number } errors { code } }
      c: createAccount(input: $good) { account { number } errors { code } }
    }"""
    found = api.data("child", document, good=MEADOW, bad={"name": "", "email": "x@y.example"})
    assert found["a"]["account"] == {"number": "AC000001"}
    assert found["b"] == {"account": None, "errors": [{"code": "INVALID_INPUT"}]}
    assert found["c"]["account"] == {"number": "AC000002"}


@pytest.mark.parametrize("amount", ["10.001", "-1.00", "0", "99999999999999999999"])
def test_an_amount_that_cannot_be_is_refused(api: Api, account: Callable[..., str], amount: str) -> None:
    top_up = {"accountId": account(), "amount": {"amount": amount, "currency": "EUR"}}
    (error,) = api.data("child", TOP_UP, input=top_up)["topUp"]["errors"]
    assert (error["code"], error["path"][0]) == ("INVALID_INPUT", "amount")
    assert api.count("payments") == 0
