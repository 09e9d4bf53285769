"""What the README and the explorer show first is valid, within the limits, and does what it says on the demo."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse, validate
from starlette.testclient import TestClient

from resolvers.reading import Engine
from resolvers.reading.cost import MOST_COST
from schema.build import schema
from server.app import application
from server.demo.chain import Demo, ensure
from server.settings import Settings
from tests.conftest import Server, _clone

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
EXPLORER = (ROOT / "server" / "explorer" / "examples.graphql").read_text()
DOCUMENTS = [*re.findall(r"```graphql\n(.*?)```", README, re.DOTALL), EXPLORER]
OPERATIONS = {
    each.name.value: (document, each)
    for document in DOCUMENTS
    for each in parse(document).definitions
    if isinstance(each, OperationDefinitionNode) and each.name is not None
}
Ask = Callable[..., dict[str, Any]]

WHO = {"AdvanceClock": "distributor", "LetAMonthPass": "distributor", "WhatIfMarkup": "reseller"}
"""Whose token an operation is for; the rest are the child reseller's."""
LATER = {"Money", "ExpiringSubscriptions", "OwedUpstream"}
"""Lists that the demo fills only when its time passes: charges have to close, terms to come to their end."""
PLACES = """{
  accounts(first: 1) { nodes { id } }
  plans(first: 1, sort: [{field: NUMBER}], filter: {billingType: {eq: CSP_MONTHLY}}) {
    nodes { id periods { id } resources { key } }
  }
  viewer { tenant { ... on Distributor { clock } } }
}"""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda text: text.split("\n")[0][:40])
def test_the_examples_are_valid(document: str) -> None:
    assert validate(schema._schema, parse(document)) == []


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_example_costs_far_less_than_is_allowed(name: str) -> None:
    # given
    engine = Engine(schema)
    operation = engine.documents.find(OPERATIONS[name][0]).operation(name)
    # then
    assert 0 < engine.cost(operation, {}) < MOST_COST / 10


@pytest.fixture(scope="module")
def demo(postgres: Server, worker_id: str) -> Iterator[tuple[Demo, TestClient]]:
    """The demo, and the application on it."""
    for server in _clone(postgres, f"headwater_{worker_id}_examples"):
        loaded = ensure(server.app, switch_role=False)
        assert loaded is not None
        settings = Settings(database_url=server.owner, app_database_url=server.app, web_pool_size=2, explorer=False)
        with TestClient(application(settings)) as client:
            yield loaded, client


@pytest.fixture(scope="module")
def ask(demo: tuple[Demo, TestClient]) -> Ask:
    """Ask as somebody of the demo: `ask("reseller", document, operation, name=value)`."""
    loaded, client = demo

    def send(who: str, document: str, operation: str | None = None, **variables: Any) -> dict[str, Any]:
        response = client.post(
            "/graphql",
            json={"query": document, "operationName": operation, "variables": variables},
            headers={"Authorization": f"Bearer {loaded.tokens[who]}", "Headwater-Cost": "1"},
        )
        return dict(response.json())

    return send


def _variables(ask: Ask, name: str, who: str) -> Any:
    """What a person would put in, taken from the demo."""
    data = ask(who, PLACES)["data"]
    account = next((each["id"] for each in data["accounts"]["nodes"]), None)
    plan = data["plans"]["nodes"][0]
    order = {
        "accountId": account,
        "planId": plan["id"],
        "periodId": plan["periods"][0]["id"],
        "quantities": [{"resourceKey": plan["resources"][0]["key"], "quantity": "5"}],
    }
    known = {
        "ExpiringSubscriptions": {"until": "2099-12-31"},
        "PreviewOrder": {"input": order},
        "PlaceOrder": {"input": order, "key": "order-1"},
        "MyAccount": {"id": account},
        "WhatIfMarkup": {"plan": plan["id"]},
        "OwedUpstream": {"from": "2026-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"},
        "AdvanceClock": {"to": data["viewer"]["tenant"].get("clock")},
        "LetAMonthPass": {"to": data["viewer"]["tenant"].get("clock")},
    }
    return known.get(name, {})


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_example_runs_on_the_demo_and_answers_something(ask: Ask, name: str) -> None:
    # given
    who = WHO.get(name, "child reseller")
    # No worker runs here that would let time pass, so nobody waits for it.
    document = re.sub(
        r"advanceClock\(input: \{to: \$to(, wait: \d+)?\}",
        "advanceClock(input: {to: $to, wait: 0}",
        OPERATIONS[name][0],
    )
    # when
    answer = ask(who, document, name, **_variables(ask, name, who))
    # then
    assert "errors" not in answer
    assert answer["extensions"]["cost"]["points"] < MOST_COST / 10
    for value in answer["data"].values():
        assert value is not None
        assert value.get("errors", []) == []
        assert value.get("nodes", [None]) != [] or name in LATER
