"""Acting for a tenant below: with the permission, by the header, and written down with both identities."""

from typing import Any

import pytest
from sqlalchemy import text

from db import ids
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.api.conftest import Api

pytestmark = pytest.mark.feature("T-04")

ME = "{ viewer { tenant { name } tokens { name } } }"
CREATE = """mutation { createAccount(input: {name: "Meadow", email: "till@meadow.example"}) {
  account { id tenant { name } } actedAs { tenantId name } errors { code } query { viewer { tenant { name } } } } }"""


def tenant_id(api: Api, who: str) -> str:
    return ids.encode("dst" if who == "distributor" else "rsl", getattr(api.chain, who).tenant.id)


def post(api: Api, who: str, act_as: str, document: str = ME) -> Any:
    headers = {"Authorization": f"Bearer {api.tokens[who]}", "Headwater-Act-As": act_as}
    return api.client.post("/graphql", json={"query": document}, headers=headers)


@pytest.mark.parametrize("who", ["reseller", "distributor", "operator"])
def test_whoever_is_above_acts_for_a_tenant_and_the_payload_says_so(api: Api, who: str) -> None:
    payload = post(api, who, tenant_id(api, "child"), CREATE).json()["data"]["createAccount"]
    assert payload["errors"] == []
    assert payload["account"]["tenant"] == {"name": "Brook"}
    assert payload["actedAs"] == {"tenantId": tenant_id(api, "child"), "name": "Brook"}
    assert payload["query"] == {"viewer": {"tenant": {"name": "Brook"}}}


def test_what_is_done_is_written_down_with_who_did_it_and_for_whom(api: Api) -> None:
    post(api, "reseller", tenant_id(api, "child"), CREATE)
    with Sessions(api.engine).begin(PLATFORM) as session:
        event = session.execute(text("SELECT tenant_id, actor_id FROM events WHERE type = 'account.created'")).one()
    assert (event.tenant_id, event.actor_id) == (api.chain.child.tenant.id, api.chain.reseller.manager.id)


@pytest.mark.parametrize("who", ["reseller", "operator"])
def test_reading_is_what_the_tenant_sees_and_nothing_of_ones_own(api: Api, who: str) -> None:
    viewer = post(api, who, tenant_id(api, "child")).json()["data"]["viewer"]
    assert viewer == {"tenant": {"name": "Brook"}, "tokens": []}


WHO = """{ viewer { actor { __typename ... on Manager { name tenant { name tenant { name } } tokens { nodes { id } } }
  ... on ServiceToken { name } } } }"""


@pytest.mark.parametrize("inside", [False, True])
def test_who_acts_stays_who_he_is(api: Api, inside: bool) -> None:
    """Read by itself, and in the answer to a change."""

    def actor(who: str, tenant: str) -> Any:
        if not inside:
            return post(api, who, tenant_id(api, tenant), WHO).json()["data"]["viewer"]["actor"]
        change = CREATE.replace("viewer { tenant { name } }", WHO[1:-1])
        payload = post(api, who, tenant_id(api, tenant), change).json()["data"]["createAccount"]
        return payload["query"]["viewer"]["actor"]

    # Of his own tenant nothing is seen from below but the name, and none of what hangs on him.
    me = {"name": api.chain.reseller.manager.name, "tenant": {"name": "Ripple", "tenant": None}}
    assert actor("reseller", "child") == {"__typename": "Manager", **me, "tokens": {"nodes": []}}
    assert actor("operator", "child")["__typename"] == "ServiceToken"


def test_who_acts_is_not_among_the_people_of_the_tenant(api: Api) -> None:
    mine = ids.encode("mgr", api.chain.reseller.manager.id)
    listed = "query Q($id: ID!) { viewer { tenant { managers { nodes { id } } } } node(id: $id) { id } }"
    headers = {"Authorization": f"Bearer {api.tokens['reseller']}", "Headwater-Act-As": tenant_id(api, "child")}
    found = api.client.post("/graphql", json={"query": listed, "variables": {"id": mine}}, headers=headers).json()
    assert mine not in [manager["id"] for manager in found["data"]["viewer"]["tenant"]["managers"]["nodes"]]
    assert found["data"]["node"] is None


def test_without_the_permission_it_is_refused_for_every_tenant_alike(api: Api) -> None:
    for other in ("child", "sibling", "reseller"):
        answer = post(api, "sales", tenant_id(api, other))
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert "tenants.act_as" in answer.json()["errors"][0]["message"]


def test_who_is_not_below_is_not_there_in_the_words_of_who_is_nowhere(api: Api) -> None:
    unknown = ids.encode("rsl", ids.uuid7())
    told = set()
    for other in ("sibling", "cousin", "distributor"):
        answer = post(api, "reseller", tenant_id(api, other), CREATE)
        told.add((answer.status_code, answer.json()["errors"][0]["message"]))
    answer = post(api, "reseller", unknown, CREATE)
    assert told == {(404, answer.json()["errors"][0]["message"])}
    assert api.count("accounts") == 0


@pytest.mark.parametrize(
    "header", ["", "rsl_", "nonsense", "rsl_" + "0" * 32, "acc_" + "1" * 32, "mgr_" + "1" * 32, "x" * 5000]
)
def test_what_names_no_tenant_is_refused(api: Api, header: str) -> None:
    answer = post(api, "reseller", header, CREATE)
    assert (answer.status_code, api.count("accounts")) == (404, 0)


def test_a_tenants_id_goes_with_its_own_prefix(api: Api) -> None:
    wrong = tenant_id(api, "child").replace("rsl_", "dst_")
    assert post(api, "reseller", wrong).status_code == 404


def test_a_bad_token_is_refused_before_the_header_is_looked_at(api: Api) -> None:
    api.tokens["nobody"] = "hw_nobody"
    assert post(api, "nobody", tenant_id(api, "child"), CREATE).status_code == 401


def test_without_the_header_the_refusal_names_the_tenant(api: Api) -> None:
    made = post(api, "reseller", tenant_id(api, "child"), CREATE).json()["data"]["createAccount"]
    document = """mutation ($id: ID!) { topUp(input: {accountId: $id, amount: {amount: "1", currency: "EUR"}}) {
      errors { code message } } }"""
    ((error,),) = [api.data("reseller", document, id=made["account"]["id"])["topUp"]["errors"]]
    assert error["code"] == "ACT_AS_REQUIRED"
    assert tenant_id(api, "child") in error["message"]


def test_the_right_to_act_counts_until_it_is_taken_away(api: Api) -> None:
    assert post(api, "reseller", tenant_id(api, "child")).status_code == 200
    with Sessions(api.engine).begin(PLATFORM) as session:
        session.execute(text("UPDATE managers SET role = 'SALES_PERSON'"))
    assert post(api, "reseller", tenant_id(api, "child")).status_code == 403
