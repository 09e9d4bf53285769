"""How the API is reached."""

import pytest

from tests.api.conftest import Api

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
