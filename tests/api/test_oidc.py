"""A manager whom a trusted issuer vouches for."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from db import ids
from server.oidc import Issuers
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.api.conftest import CREATE, Api
from tests.server.test_oidc import Provider

pytestmark = pytest.mark.feature("T-05")
ME = "{ viewer { actor { ... on Manager { email } } tenant { name } permissions } }"


@pytest.fixture
def provider(api: Api) -> Iterator[Provider]:
    provider = Provider()
    number = api.chain.child.tenant.number
    state: Any = api.client.app
    state.state.site.holders._issuers = Issuers([provider.issuer(tenant=number)])
    yield provider
    provider.close()


def status(api: Api, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return api.client.post("/graphql", json={"query": ME}, headers=headers).status_code


def test_whoever_the_issuer_vouches_for_reads_and_changes_as_the_manager(api: Api, provider: Provider) -> None:
    api.tokens["vouched"] = provider.token(email="sam@brook.example")
    viewer = api.data("vouched", ME)["viewer"]
    assert (viewer["actor"], viewer["tenant"]) == ({"email": "sam@brook.example"}, {"name": "Brook"})
    assert "managers.write" not in viewer["permissions"]
    assert api.do("vouched", CREATE, input={"name": "Meadow", "email": "till@meadow.example"})["account"]
    api.tokens["elsewhere"] = provider.token(email="admin@ripple.example")
    assert status(api, api.tokens["elsewhere"]) == 401


def test_who_is_shut_out_is_so_at_once(api: Api, provider: Provider) -> None:
    token = provider.token(email="sam@brook.example")
    assert status(api, token) == 200
    with Sessions(api.engine).begin(PLATFORM) as session:
        session.execute(text("UPDATE managers SET active = false WHERE email = 'sam@brook.example'"))
    assert status(api, token) == 401


def test_a_vouched_for_manager_acts_as_those_below_only_with_the_permission(api: Api, provider: Provider) -> None:
    tenant = ids.encode("rsl", api.chain.child.tenant.id)
    headers = {
        "Authorization": f"Bearer {provider.token(email='sam@brook.example')}",
        "Headwater-Act-As": tenant,
    }
    answer = api.client.post("/graphql", json={"query": ME}, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN")


def test_an_issuer_that_is_down_is_no_fault_of_the_token(api: Api, provider: Provider) -> None:
    provider.works = False
    headers = {"Authorization": f"Bearer {provider.token(email='sam@brook.example')}"}
    answer = api.client.post("/graphql", json={"query": ME}, headers=headers)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.json()["errors"][0]["extensions"]["code"] == "ISSUER_UNAVAILABLE"
