"""What a request may cost, and what is told of it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest
from graphql import get_introspection_query
from httpx2 import Response
from starlette.testclient import TestClient

from server.app import application
from server.limits import MOST_TOKENS, Budgets, OutOfBudget
from server.settings import Settings
from tests.api.conftest import Api
from tests.conftest import Server

pytestmark = pytest.mark.feature("A-06")

SOMEBODY, ELSE = UUID(int=1), UUID(int=2)
ACCOUNTS = "query ($first: Int!) { accounts(first: $first) { nodes { id name } } }"


@pytest.fixture
def poor(api: Api, fresh_database: Server) -> Iterator[Api]:
    """The same database, where a token may spend 300 points a minute."""
    settings = Settings(
        database_url=fresh_database.owner, app_database_url=fresh_database.app, web_pool_size=1, cost_per_minute=300
    )
    with TestClient(application(settings)) as client:
        yield replace(api, client=client)


def test_every_answer_says_how_many_points_are_left(poor: Api) -> None:
    # when
    first, second = (_sent(poor, "child", ACCOUNTS, first=99) for _ in range(2))
    # then
    assert first.headers["ratelimit-policy"] == '"cost";q=300;w=60'
    assert first.headers["ratelimit"] == '"cost";r=200;t=20'
    assert second.headers["ratelimit"].startswith('"cost";r=100;t=')


def test_a_token_without_points_waits_and_others_do_not(poor: Api) -> None:
    # given
    for _ in range(2):
        assert _sent(poor, "child", ACCOUNTS, first=99).status_code == 200
    # when
    refused = _sent(poor, "child", ACCOUNTS, first=199)
    # then
    assert refused.status_code == 429
    assert 15 <= int(refused.headers["retry-after"]) <= 20
    assert refused.headers["ratelimit"].startswith('"cost";r=100;t=')
    (error,) = refused.json()["errors"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 300, "amount": 200}
    assert "300 cost points a minute; this operation costs 200, and 100 are left" in error["message"]
    assert _sent(poor, "reseller", ACCOUNTS, first=199).status_code == 200


def test_a_mutation_costs_too_and_is_not_done_without_points(poor: Api) -> None:
    # given
    assert _sent(poor, "child", ACCOUNTS, first=199).status_code == 200
    create = """mutation ($input: CreateAccountInput!) {
      createAccount(input: $input) { account { id } query { accounts(first: 198) { nodes { id } } } }
    }"""
    # when
    refused = _sent(poor, "child", create, input={"name": "Meadow", "email": "till@meadow.example"})
    # then
    assert refused.status_code == 429
    assert poor.count("accounts") == 0


def test_the_cost_is_told_to_who_asks(api: Api) -> None:
    told = api.ask("child", ACCOUNTS, {"Headwater-Cost": "1"}, first=99)
    assert told["extensions"] == {"cost": {"points": 100, "limit": 20_000, "left": 5_999_900, "perMinute": 6_000_000}}
    assert told["data"] == {"accounts": {"nodes": []}}
    assert "extensions" not in api.ask("child", ACCOUNTS, first=99)


def test_introspection_costs_what_it_takes(api: Api) -> None:
    # given
    everything = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True
    )
    twice = "{ a: __schema { types { name } } b: __schema { types { name } } c: viewer { tenant { id } } }"
    names = " ".join(f"a{number}: name" for number in range(31))
    # when
    allowed = api.ask("child", everything, {"Headwater-Cost": "1"})
    dear = api.ask("child", twice)
    aliases = api.ask("child", f"{{ __schema {{ types {{ {names} }} }} }}")
    # then
    assert "errors" not in allowed
    assert allowed["extensions"]["cost"]["points"] == 10_000
    assert dear["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 20_000, "amount": 20_002}
    assert aliases["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 30, "amount": 31}


def test_a_longer_body_is_refused_with_the_limit(api: Api) -> None:
    response = _sent(api, "child", "# " + "x" * 1_000_000)
    assert response.status_code == 413
    assert response.json()["errors"][0]["message"] == "A body may have 1000000 bytes; this one has more."


def test_what_takes_too_long_is_ended_and_says_so(
    api: Api, fresh_database: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    monkeypatch.setattr("server.app.LONGEST", 1)
    monkeypatch.setattr("resolvers.reading.execute.LONGEST", 1)
    settings = Settings(database_url=fresh_database.owner, app_database_url=fresh_database.app, web_pool_size=1)
    create = "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { errors { code } } }"
    # when
    with (
        TestClient(application(settings)) as client,
        psycopg.connect(fresh_database.superuser) as blocking,
    ):
        blocking.execute("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE")
        there = replace(api, client=client)
        read = _sent(there, "child", ACCOUNTS, first=1)
        changed = _sent(there, "child", create, input={"name": "Meadow", "email": "till@meadow.example"})
    # then
    extensions = {"code": "LIMIT_EXCEEDED", "limit": 10, "amount": 10}
    message = "This took longer than the 10 seconds that an operation may take. Ask for less."
    assert read.json()["errors"] == [{"message": message, "extensions": extensions}]
    assert changed.json() == {
        "data": {"createAccount": None},
        "errors": [{"message": message, "path": ["createAccount"], "extensions": extensions}],
    }


def test_points_come_back_evenly() -> None:
    # given
    now = 0.0
    budgets = Budgets(600, lambda: now)
    # when
    budgets.spending(SOMEBODY)(600)
    with pytest.raises(OutOfBudget) as refused:
        budgets.spending(SOMEBODY)(100)
    now = 10.0
    budgets.spending(SOMEBODY)(100)
    # then
    assert refused.value.headers["Retry-After"] == "10"
    assert budgets.spending(SOMEBODY).left == 0
    assert budgets.spending(ELSE).left == 600
    now = 1_000.0
    budgets.spending(SOMEBODY)(0)
    assert budgets.spending(SOMEBODY).left == 599


def test_the_budgets_of_tokens_that_rest_are_forgotten() -> None:
    budgets = Budgets(600)
    for number in range(MOST_TOKENS + 1):
        budgets.spending(UUID(int=number))(10)
    assert budgets.spending(UUID(int=2)).left == 590
    assert budgets.spending(UUID(int=0)).left == 600


def _sent(api: Api, who: str, document: str, **variables: Any) -> Response:
    headers = {"Authorization": f"Bearer {api.tokens[who]}"}
    return api.client.post("/graphql", json={"query": document, "variables": variables}, headers=headers)
