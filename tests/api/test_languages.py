"""Who asks in a language is answered in it; what programs read stays the same."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.test_catalog import make_plan
from tests.api.test_sales_person import ORDER, PLAN
from tests.pseudo import PSEUDO, is_pseudo, speakable

CREATE = """mutation ($input: CreateAccountInput!) {
  createAccount(input: $input) { errors { kind code message path } }
}"""
NAMELESS = {"name": "", "externalId": "x" * 201, "email": "till@meadow.example"}


@pytest.fixture
def pseudo(tmp_path: Path) -> Iterator[None]:
    with speakable(tmp_path):
        yield


def told(api: Api, language: str | None, input: dict[str, Any] = NAMELESS, who: str = "child") -> tuple[Any, str]:
    """The only error, and the language of the answer."""
    headers = {"Authorization": f"Bearer {api.tokens[who]}"} | ({"Accept-Language": language} if language else {})
    response = api.client.post("/graphql", json={"query": CREATE, "variables": {"input": input}}, headers=headers)
    (error,) = response.json()["data"]["createAccount"]["errors"]
    return error, response.headers["content-language"]


@pytest.mark.feature("A-12")
def test_the_language_changes_the_message_and_nothing_else(api: Api, pseudo: None) -> None:
    english, plain = told(api, None)
    other, spoken = told(api, f"fr, {PSEUDO};q=0.9, en;q=0.1")
    assert (plain, spoken) == ("en", PSEUDO)
    assert english["message"] == "name is empty."
    assert other == {**english, "message": "⟦name is empty.⟧"}


@pytest.mark.feature("A-12")
def test_a_language_that_there_is_not_is_english(api: Api) -> None:
    assert told(api, "tlh, nn;q=0.5") == told(api, None)


@pytest.mark.feature("A-12")
def test_what_the_permission_is_and_what_a_scalar_needs_is_told_in_the_language_too(api: Api, pseudo: None) -> None:
    forbidden, _ = told(api, PSEUDO, who="reseller", input={**NAMELESS, "email": "x"})
    assert is_pseudo(forbidden["message"])
    query = '{ charges(filter: {createdAt: {gt: "then"}}) { nodes { id } } }'
    (wrong,) = api.ask("child", query, {"Accept-Language": PSEUDO})["errors"]
    assert "⟦⟦DateTime is an instant with an offset, such as 2026-11-22T09:00:00Z⟧, not 'then'.⟧" in wrong["message"]


@pytest.mark.feature("A-12")
def test_steps_of_a_charge_are_called_in_the_language_too(api: Api, pseudo: None, account: Callable[..., str]) -> None:
    # given: a customer of the child's has ordered
    plan = make_plan(api)
    period = api.data("child", PLAN, id=plan)["plan"]["periods"][0]["id"]
    order = {
        "accountId": account(),
        "planId": plan,
        "periodId": period,
        "quantities": [{"resourceKey": "licence", "quantity": "3"}],
    }
    api.do("child", ORDER, input=order)
    # when
    query = "{ charges { nodes { explanation { steps { label } } } } }"
    (charge,) = api.ask("child", query, {"Accept-Language": PSEUDO})["data"]["charges"]["nodes"]
    # then
    assert charge["explanation"]["steps"] == [{"label": "⟦by days⟧"}]
    (charge,) = api.data("child", query)["charges"]["nodes"]
    assert charge["explanation"]["steps"] == [{"label": "by days"}]
