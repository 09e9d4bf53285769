"""The compiled statement and the reference say the same, value by value."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from db import ids
from resolvers.reading import Engine, Viewer
from resolvers.reading.execute import SET_SCOPE, scope_settings
from resolvers.reading.reference import Reference
from tenancy.permissions import Role
from tests.conftest import Server
from tests.resolvers.reading.conftest import Read
from tests.resolvers.reading.world import PLATFORM_VIEWER, World

LONG = "a" * 80
OPERATIONS = {
    name.strip(): document
    for part in Path(__file__).with_name("operations.graphql").read_text().split("# ")[1:]
    for name, _, document in [part.partition("\n")]
}
OPERATIONS["a long alias"] = f"{{ accounts(first: 1) {{ nodes {{ {LONG}: name {LONG}b: name }} }} }}"
MANY = " ".join(f"a{number}: daysLeft" for number in range(30))
OPERATIONS["more than fifty fields"] = f"""{{ subscriptions {{ nodes {{ __typename id number name state phase
  billingType trial endless autoRenew startedOn paidTo expiresOn daysLeft createdAt updatedAt externalId version
  account {{ name }} plan {{ name }} planPeriod {{ unit }} tenant {{ name }} resources {{ name }} {MANY} }} }} }}"""


def both(
    engine: Engine, read: Read, server: Server, viewer: Viewer, document: str, variables: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The compiled answer and the reference's."""
    operation = engine.documents.find(document).operation(None)
    with psycopg.connect(server.app, options="-c timezone=UTC") as connection:
        psycopg.RawCursor(connection).execute(SET_SCOPE, scope_settings(viewer.scope))
        reference = Reference(engine.catalog, viewer, lambda: connection)
        expected = reference.answer(operation, variables).formatted()
    answer = read(viewer, document, **variables)
    if "data" in answer:
        assert engine.plan(operation, viewer, operation.coerced(variables)).statement is not None
    return answer, expected


def sorted_errors(answer: dict[str, Any]) -> list[Any]:
    """The errors by place; where in the document they come from only the reference knows."""
    return sorted(
        ({key: value for key, value in error.items() if key != "locations"} for error in answer.get("errors", [])),
        key=lambda error: str(error["path"]),
    )


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMINISTRATOR, Role.MARKETING, Role.SALES_PERSON])
@pytest.mark.parametrize("seller", ["distributor", "reseller", "child"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_statement_answers_as_the_reference_does(
    name: str,
    seller: str,
    role: Role,
    reading_engine: Engine,
    read: Read,
    readable: tuple[Server, World],
) -> None:
    # given
    server, world = readable
    viewer = getattr(world, seller).viewer(role)
    # when
    answer, expected = both(reading_engine, read, server, viewer, OPERATIONS[name], {})
    # then
    assert answer["data"] == expected["data"]
    assert sorted_errors(answer) == sorted_errors(expected)


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_platform_sees_every_distributor(
    name: str, reading_engine: Engine, read: Read, readable: tuple[Server, World]
) -> None:
    # given
    server, _ = readable
    # when
    answer, expected = both(reading_engine, read, server, PLATFORM_VIEWER, OPERATIONS[name], {})
    # then
    assert answer["data"] == expected["data"]
    assert sorted_errors(answer) == sorted_errors(expected)


def test_variables_at_any_depth_are_read_anew_for_every_request(
    reading_engine: Engine, read: Read, readable: tuple[Server, World]
) -> None:
    # given
    server, world = readable
    viewer = world.child.viewer()
    document = """query (
      $first: Int, $filter: SubscriptionFilter, $name: String, $sort: [SubscriptionSort!], $with: Boolean!,
      $scope: Scope! = OWN, $ids: [ID!]!, $days: [String!] = ["SU000001", "SU000002"]
    ) {
      subscriptions(first: $first, filter: $filter, sort: $sort, scope: $scope) {
        nodes { number account @include(if: $with) { name } }
      }
      again: subscriptions(filter: {name: {eq: $name}, number: {in: $days}}) { nodes { number name @skip(if: $with) } }
      nodes(ids: $ids) { __typename id ... on Account { name } ... on Plan { name } ... on Tenant { name } }
    }"""
    plan = ids.encode("pln", world.child.plan.id)
    account = ids.encode("acc", world.child.accounts[1].id)
    theirs = ids.encode("acc", world.sibling.accounts[1].id)
    tenant = ids.encode("rsl", world.child.founded.tenant.id)
    requests: list[dict[str, Any]] = [
        {"with": True, "ids": []},
        {"with": False, "ids": [plan, account, theirs, "nonsense", tenant, account], "first": 2},
        {"with": True, "ids": [account], "first": None, "filter": None, "name": "Mail E"},
        {"with": True, "ids": [plan], "filter": {"name": {"in": ["Mail E", "Mail D"]}}, "sort": [{"field": "NAME"}]},
        {"with": True, "ids": [plan], "filter": {"name": {"in": ["Mail A"]}}, "sort": [{"field": "NAME"}], "days": []},
        {"with": True, "ids": [], "filter": {"not": {"name": {"eq": "Mail A"}}}, "scope": "ALL", "days": None},
        {"with": False, "ids": [], "sort": [{"field": "EXPIRES_ON", "direction": "DESC"}, {"field": "NAME"}]},
    ]
    for variables in requests:
        # when
        answer, expected = both(reading_engine, read, server, viewer, document, variables)
        # then
        assert answer == expected, variables
