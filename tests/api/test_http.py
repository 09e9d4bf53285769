"""How the API is reached."""

import gzip
import json
from dataclasses import replace

import brotli
import pytest
from starlette.testclient import TestClient

from server.app import application
from server.settings import Settings
from tests.api.conftest import Api
from tests.conftest import Server

WHO = "{ viewer { tenant { name } } }"


def test_without_a_token_the_answer_is_401_and_says_what_to_send(api: Api) -> None:
    for headers in ({}, {"Authorization": "Bearer hw_nobody"}, {"Authorization": "Basic aHc6aHc="}):
        response = api.client.post("/graphql", json={"query": WHO}, headers=headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_token_opens_its_own_tenant(api: Api) -> None:
    assert api.data("reseller", WHO) == {"viewer": {"tenant": {"name": "Ripple"}}}
    assert api.data("operator", WHO) == {"viewer": {"tenant": None}}


def test_a_get_answers_queries_and_refuses_mutations(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.tokens['child']}"}
    asked = api.client.get("/graphql", params={"query": WHO}, headers=headers)
    assert asked.json() == {"data": {"viewer": {"tenant": {"name": "Brook"}}}}
    mutation = 'mutation { stopSubscription(input: {subscriptionId: "sub_1"}) { errors { code } } }'
    refused = api.client.get("/graphql", params={"query": mutation}, headers=headers)
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("accept", "status"), [("application/graphql-response+json", 400), ("application/json", 200), ("text/html", 406)]
)
def test_a_wrong_document_is_told_in_the_media_type_that_was_asked_for(api: Api, accept: str, status: int) -> None:
    response = api.client.post(
        "/graphql",
        json={"query": "{ nonsense }"},
        headers={"Authorization": f"Bearer {api.tokens['child']}", "Accept": accept},
    )
    assert response.status_code == status
    assert "data" not in response.json()


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"query": 1}', "application/json", 400),
        (b'{"query": "{ __typename }", "variables": []}', "application/json", 400),
        (b"query={__typename}", "application/x-www-form-urlencoded", 415),
        (b'{"query": "' + b" " * 1_000_000 + b'"}', "application/json", 413),
    ],
)
def test_a_body_that_is_not_graphql_over_http_is_refused(api: Api, content: bytes, kind: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {api.tokens['child']}", "Content-Type": kind}
    assert api.client.post("/graphql", content=content, headers=headers).status_code == status


def test_every_answer_carries_a_request_id(api: Api) -> None:
    assert len(api.client.get("/healthz").headers["x-request-id"]) == 32
    named = api.client.get("/readyz", headers={"X-Request-Id": "my-own.1"})
    assert (named.headers["x-request-id"], named.json()) == ("my-own.1", {"status": "ready"})


def test_introspection_answers_with_the_whole_schema(api: Api) -> None:
    found = api.data("child", "{ __schema { queryType { name } mutationType { name } types { name } } }")
    assert found["__schema"]["queryType"] == {"name": "Query"}
    assert {"Query", "Plan", "SubscriptionConnection", "UserError"} <= {
        each["name"] for each in found["__schema"]["types"]
    }


def test_a_head_does_nothing_and_has_no_body(api: Api) -> None:
    document = 'mutation { createAccount(input: {name: "x", email: "x@y.example"}) { errors { code } } }'
    headers = {"Authorization": f"Bearer {api.tokens['child']}"}
    refused = api.client.request("HEAD", "/graphql", params={"query": document}, headers=headers)
    assert (refused.status_code, refused.content) == (405, b"")
    as_body = {**headers, "Content-Type": "application/json"}
    assert api.client.request("HEAD", "/graphql", json={"query": document}, headers=as_body).status_code == 400
    assert api.count("accounts") == 0


@pytest.mark.feature("A-10")
def test_batches_are_refused(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.tokens['child']}"}
    refused = api.client.post("/graphql", json=[{"query": WHO}, {"query": WHO}], headers=headers)
    assert refused.status_code == 400
    assert "one operation a request" in refused.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0, gzip;q=0.1", "gzip"),
        ("*", "br"),
        ("gzip;q=0", None),
        ("identity", None),
        ("br;q=nonsense", None),
        ("", None),
    ],
)
def test_a_big_answer_is_compressed_as_the_client_can_read_it(api: Api, accepted: str, encoding: str | None) -> None:
    # given
    document = "{ " + " ".join(f'a{n}: __type(name: "Plan") {{ name description }}' for n in range(30)) + " }"
    headers = {"Authorization": f"Bearer {api.tokens['child']}", "Accept-Encoding": accepted}
    # when
    with api.client.stream("POST", "/graphql", json={"query": document}, headers=headers) as response:
        raw = b"".join(response.iter_raw())
    # then
    assert response.headers.get("content-encoding") == encoding
    assert int(response.headers["content-length"]) == len(raw)
    plain = {"gzip": gzip.decompress, "br": brotli.decompress, None: bytes}[encoding](raw)
    assert len(json.loads(plain)["data"]) == 30
    assert (len(raw) < len(plain) / 3) == (encoding is not None)


def test_a_small_answer_stays_as_it_is(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.tokens['child']}", "Accept-Encoding": "br, gzip"}
    response = api.client.post("/graphql", json={"query": WHO}, headers=headers)
    assert "content-encoding" not in response.headers


def test_answers_are_kept_framed_and_guessed_by_nobody(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.tokens['child']}"}
    posted = api.client.post("/graphql", json={"query": WHO}, headers=headers)
    response = api.client.get("/graphql", params={"query": WHO}, headers=headers)
    assert posted.headers["cache-control"] == response.headers["cache-control"] == "no-store"
    assert posted.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert api.client.get("/healthz").headers["x-content-type-options"] == "nosniff"


def test_the_pages_of_other_origins_are_let_in_by_a_setting_only(api: Api, fresh_database: Server) -> None:
    # given
    settings = Settings(
        database_url=fresh_database.owner,
        app_database_url=fresh_database.app,
        web_pool_size=1,
        cors_origins=("https://shop.example",),
    )
    preflight = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,headwater-act-as",
    }
    headers = {"Authorization": f"Bearer {api.tokens['child']}", "Origin": "https://shop.example"}
    # when
    closed = api.client.options("/graphql", headers=preflight)
    with TestClient(application(settings)) as client:
        opened = client.options("/graphql", headers=preflight)
        answer = client.post("/graphql", json={"query": WHO}, headers=headers)
        unknown = client.post("/graphql", json={"query": WHO}, headers={"Origin": "https://shop.example"})
        stranger = client.options("/graphql", headers={**preflight, "Origin": "https://evil.example"})
    # then
    assert closed.status_code == 405
    assert "access-control-allow-origin" not in closed.headers
    assert opened.status_code == 200
    assert opened.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert "RateLimit" in answer.headers["access-control-expose-headers"]
    assert unknown.headers["access-control-allow-origin"] == "https://shop.example"
    assert (stranger.status_code, "access-control-allow-origin" in stranger.headers) == (400, False)


def test_origins_are_read_from_one_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_CORS_ORIGINS", "https://a.example, https://b.example")
    assert Settings().cors_origins == ("https://a.example", "https://b.example")


@pytest.mark.feature("A-06")
def test_the_schema_is_told_to_nobody_where_that_is_set(api: Api, fresh_database: Server) -> None:
    settings = Settings(
        database_url=fresh_database.owner,
        app_database_url=fresh_database.app,
        web_pool_size=1,
        introspection=False,
        explorer=False,
    )
    with TestClient(application(settings)) as client:
        there = replace(api, client=client)
        refused = there.ask("child", '{ __type(name: "Plan") { name } }')
        assert "introspection has been disabled" in refused["errors"][0]["message"]
        assert there.data("child", "{ __typename viewer { __typename } }")["__typename"] == "Query"
        assert client.get("/").status_code == 404
