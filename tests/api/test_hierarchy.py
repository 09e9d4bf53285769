"""Tenants are renamed, suspended, resumed and moved over HTTP, and whoever is there meanwhile sees it whole."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from db import ids
from tests.api.conftest import CREATE, Api
from tests.conftest import Server
from tests.tenancy.places import check_tree, misplaced

pytestmark = pytest.mark.feature("T-01")

ME = "{ viewer { tenant { name } } accounts { nodes { name } } }"
MOVE = """mutation ($input: MoveResellerInput!) {
  moveReseller(input: $input) { tenant { id number ... on Reseller { level } parent { name } } errors { code message } }
}"""
SUSPEND = "mutation ($input: SuspendTenantInput!) { suspendTenant(input: $input) { tenant { state } errors { code } } }"
RESUME = "mutation ($input: ResumeTenantInput!) { resumeTenant(input: $input) { tenant { state } errors { code } } }"
RENAME = """mutation ($input: RenameTenantInput!) {
  renameTenant(input: $input) { tenant { name } errors { code message } }
}"""
FOUND = """mutation ($input: CreateResellerInput!) {
  createReseller(input: $input) { tenant { id } token errors { code message } }
}"""


def id_of(api: Api, who: str) -> str:
    return ids.encode("dst" if who == "distributor" else "rsl", getattr(api.chain, who).tenant.id)


def post(api: Api, who: str, document: str, **headers: str) -> tuple[int, str | None]:
    """Status, and the code of the first error."""
    answer = api.client.post(
        "/graphql",
        json={"query": document},
        headers={"Authorization": f"Bearer {api.tokens[who]}", **headers},
    )
    errors = answer.json().get("errors")
    return answer.status_code, errors[0]["extensions"]["code"] if errors else None


def move(api: Api, whom: str, to: str) -> None:
    api.do("distributor", MOVE, input={"resellerId": id_of(api, whom), "parentId": id_of(api, to)})


@pytest.mark.parametrize("document", [ME, "{ nothing }", "{ __schema { queryType { name } } }"])
def test_people_of_a_suspended_tenant_and_below_it_are_told_so_from_the_next_request_on(
    api: Api, document: str
) -> None:
    # given
    for who in ("reseller", "child", "sales"):
        assert post(api, who, ME) == (200, None)
    # when
    assert api.do("distributor", SUSPEND, input={"tenantId": id_of(api, "reseller")})["tenant"] == {
        "state": "SUSPENDED"
    }
    # then
    for who in ("reseller", "child", "sales"):
        assert post(api, who, document) == (403, "TENANT_SUSPENDED")
    assert post(api, "sibling", ME) == (200, None)


def test_a_suspended_tenant_changes_nothing_but_those_above_may_act_as_it(api: Api) -> None:
    # given
    api.do("distributor", SUSPEND, input={"tenantId": id_of(api, "reseller")})
    accounts = api.count("accounts")
    change = 'mutation { createAccount(input: {name: "A", email: "a@a.example"}) { account { id } errors { code } } }'
    # then
    assert post(api, "child", change) == (403, "TENANT_SUSPENDED")
    assert api.count("accounts") == accounts
    assert post(api, "distributor", change, **{"Headwater-Act-As": id_of(api, "child")}) == (200, None)
    assert api.count("accounts") == accounts + 1


def test_everybody_works_again_when_it_is_resumed(api: Api) -> None:
    api.do("distributor", SUSPEND, input={"tenantId": id_of(api, "reseller")})
    assert post(api, "child", ME) == (403, "TENANT_SUSPENDED")
    assert api.do("distributor", RESUME, input={"tenantId": id_of(api, "reseller")})["tenant"] == {"state": "ACTIVE"}
    for who in ("reseller", "child"):
        assert post(api, who, ME) == (200, None)


def test_an_unknown_token_is_not_told_that_anybody_is_suspended(api: Api) -> None:
    api.do("distributor", SUSPEND, input={"tenantId": id_of(api, "reseller")})
    api.tokens["nobody"] = "hw_nobody"
    assert post(api, "nobody", ME) == (401, "UNAUTHENTICATED")


def test_a_tenant_gives_itself_another_name_that_those_below_read(api: Api) -> None:
    # when
    done = api.do("reseller", RENAME, input={"tenantId": id_of(api, "reseller"), "name": " Ripple AG "})
    # then
    assert done["tenant"] == {"name": "Ripple AG"}
    seen = api.data("child", "{ viewer { tenant { parent { name tenant { id } } } } }")
    assert seen["viewer"]["tenant"]["parent"] == {"name": "Ripple AG", "tenant": None}


def test_another_tenants_name_is_only_changed_as_that_tenant(api: Api) -> None:
    answer = api.data("distributor", RENAME, input={"tenantId": id_of(api, "reseller"), "name": "Mine"})
    (error,) = answer["renameTenant"]["errors"]
    assert error["code"] == "ACT_AS_REQUIRED"
    assert id_of(api, "reseller") in error["message"]


def test_a_moved_reseller_works_on_at_its_new_place(api: Api) -> None:
    # given
    api.do("child", CREATE, input={"name": "Meadow Bakery", "email": "till@meadow.example"})
    assert api.data("child", ME)["accounts"] == {"nodes": [{"name": "Meadow Bakery"}]}
    # when
    done = api.do("distributor", MOVE, input={"resellerId": id_of(api, "reseller"), "parentId": id_of(api, "cousin")})
    # then
    assert (done["tenant"]["level"], done["tenant"]["parent"]) == (3, {"name": "Creek"})
    assert api.data("child", ME)["accounts"] == {"nodes": [{"name": "Meadow Bakery"}]}
    everything = "{ accounts(scope: ALL) { nodes { name } } }"
    assert api.data("sibling", everything)["accounts"] == {"nodes": [{"name": "Meadow Bakery"}]}
    assert api.do("child", CREATE, input={"name": "Hill Farm", "email": "a@hill.example"})["account"]


def test_who_asks_while_a_reseller_is_moved_sees_before_or_after_and_never_half(
    api: Api, fresh_database: Server
) -> None:
    # given
    api.do("child", CREATE, input={"name": "Meadow Bakery", "email": "till@meadow.example"})
    stop = threading.Event()
    faults: list[object] = []
    whole = {"viewer": {"tenant": {"name": "Brook"}}, "accounts": {"nodes": [{"name": "Meadow Bakery"}]}}
    acting = {"Headwater-Act-As": id_of(api, "child")}

    def read(who: str, headers: dict[str, str]) -> int:
        count = 0
        while not stop.is_set():
            answer = api.ask(who, ME, headers)
            count += 1
            if answer != {"data": whole}:
                faults.append(answer)
        return count

    # when
    with ThreadPoolExecutor(4) as threads:
        readers = [
            threads.submit(read, "child", {}),
            threads.submit(read, "child", {}),
            threads.submit(read, "distributor", acting),
        ]
        for turn in range(12):
            move(api, "reseller", ("sibling", "distributor")[turn % 2])
        stop.set()
        counts = [reader.result() for reader in readers]
    # then
    assert faults == []
    assert min(counts) > 5
    assert misplaced(fresh_database.superuser) == {}


def test_changes_while_resellers_are_moved_all_happen_and_leave_nothing_behind(
    api: Api, fresh_database: Server
) -> None:
    # given
    faults: list[object] = []

    def keep_answer(who: str, document: str, input: dict[str, str]) -> int:
        (payload,) = (api.ask(who, document, input=input).get("data") or {"none": None}).values()
        if payload is None or payload["errors"]:
            faults.append(payload)
            return 0
        return 1

    def create(number: int) -> int:
        return keep_answer("child", CREATE, {"name": f"Customer {number}", "email": "a@customer.example"})

    def found(number: int) -> int:
        input = {"name": f"New {number}", "currency": "EUR", "adminEmail": f"a{number}@new.example"}
        return keep_answer("reseller", FOUND, input)

    def shift(number: int) -> int:
        to = ("sibling", "cousin", "distributor")[number % 3]
        return keep_answer("distributor", MOVE, {"resellerId": id_of(api, "reseller"), "parentId": id_of(api, to)})

    # when
    with ThreadPoolExecutor(3) as threads:
        done = list(threads.map(lambda work: [work(number) for number in range(12)], (create, found, shift)))
    # then
    assert faults == []
    assert [sum(each) for each in done] == [12, 12, 12]
    assert misplaced(fresh_database.superuser) == {}
    check_tree(fresh_database.superuser)
    assert len(api.data("child", ME)["accounts"]["nodes"]) == 12
