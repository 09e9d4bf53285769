"""A token is not believed for having been seen: what changed about its holder counts from the next request on."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.api.conftest import Api

NAMES = "{ accounts { nodes { name } } }"
WRONG = "{ accounts { nodes { nothing } } }"
INTROSPECTION = "{ __schema { queryType { name } } }"
CREATE = 'mutation { createAccount(input: {name: "A", email: "a@a.example"}) { account { id } errors { code } } }'
PRICES = "{ plans { nodes { id } } resellerCharges { nodes { id } } }"


def change(api: Api, statement: str) -> None:
    """Change something besides the application."""
    with Sessions(api.engine).begin(PLATFORM) as session:
        session.execute(text(statement))


def status(api: Api, who: str, document: str) -> int:
    headers = {"Authorization": f"Bearer {api.tokens[who]}"}
    return api.client.post("/graphql", json={"query": document}, headers=headers).status_code


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE api_tokens SET revoked_at = now()",
        "UPDATE api_tokens SET expires_at = now()",
        "UPDATE managers SET active = false",
    ],
)
@pytest.mark.parametrize("document", [NAMES, WRONG, INTROSPECTION, CREATE])
def test_a_token_that_opens_nothing_any_more_is_refused_at_once(api: Api, statement: str, document: str) -> None:
    # given
    assert status(api, "child", document) == 200
    assert status(api, "child", document) == 200
    accounts = api.count("accounts")
    # when
    change(api, statement)
    # then
    assert status(api, "child", document) == 401
    assert status(api, "child", document) == 401
    assert api.count("accounts") == accounts


def test_a_permission_that_was_taken_away_is_missing_at_once(api: Api) -> None:
    # given
    for _ in range(2):
        assert "errors" not in api.ask("child", PRICES)
    # when
    change(api, "UPDATE managers SET role = 'SALES_PERSON'")
    # then
    answer = api.ask("child", PRICES)
    assert answer["data"]["resellerCharges"] is None
    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_a_permission_that_was_given_is_there_at_once(api: Api) -> None:
    # given
    assert api.ask("sales", PRICES)["data"]["resellerCharges"] is None
    # when
    change(api, "UPDATE managers SET role = 'PRODUCT_OWNER'")
    # then
    assert "errors" not in api.ask("sales", PRICES)


def test_two_tokens_in_turn_each_see_their_own(api: Api, account: Callable[..., str]) -> None:
    account("Meadow Bakery")
    for _ in range(3):
        assert api.data("child", NAMES) == {"accounts": {"nodes": [{"name": "Meadow Bakery"}]}}
        assert api.data("sibling", NAMES) == {"accounts": {"nodes": []}}
