"""What mutations answer with, read in their own transaction."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from db import ids
from db.engine import application_engine
from domain.catalog.models import Plan
from domain.customers.models import Account
from resolvers.reading import Engine, Viewer
from tenancy.permissions import Role
from tenancy.sessions import ScopedSession
from tests.conftest import Server
from tests.resolvers.reading.world import World


@pytest.fixture
def session(readable: tuple[Server, World]) -> Iterator[ScopedSession]:
    """The child's transaction, rolled back at the end."""
    engine = application_engine(readable[0].app)
    viewer = readable[1].child.viewer()
    with ScopedSession(engine, viewer.scope) as session:
        session.begin()
        yield session
        session.rollback()
    engine.dispose()


def payload(
    engine: Engine, session: ScopedSession, viewer: Viewer, document: str, values: dict[str, Any], **variables: Any
) -> tuple[Any, list[dict[str, Any]]]:
    """The payload of the document's only mutation."""
    operation = engine.documents.find(document).operation(None)
    mutation = engine.schema.mutation_type
    assert mutation is not None
    (selected,) = engine.selected(operation, mutation, variables)
    body, errors = engine.payload(session.connection(), viewer, operation, variables, selected, values)
    return orjson.loads(body), errors


DOCUMENT = """mutation ($plan: ID!, $first: Int!) {
  done: createAccount(input: {name: "X", email: "x@x.example"}) {
    __typename
    account { id name tenant { name } subscriptions(first: $first) { nodes { number } } }
    replayed
    errors { __typename kind code message path ... on InsufficientBalance { required { amount currency } } }
    query { account: plan(id: $plan) { name } accounts { totalCount { value } } }
    actedAs { name }
  }
}"""


def test_rows_are_read_as_the_transaction_left_them(
    reading_engine: Engine, session: ScopedSession, world: World
) -> None:
    # given
    account = world.child.accounts[0]
    session.execute(update(Account).where(Account.id == account.id).values(name="Renamed"))
    values = {"account": account.id, "replayed": False, "errors": [], "acted_as": world.child.founded.tenant.id}
    # when
    answer, errors = payload(
        reading_engine,
        session,
        world.child.viewer(),
        DOCUMENT,
        values,
        plan=ids.encode("pln", world.child.plan.id),
        first=1,
    )
    # then
    assert not errors
    assert answer == {
        "__typename": "CreateAccountPayload",
        "account": {
            "id": ids.encode("acc", account.id),
            "name": "Renamed",
            "tenant": {"name": "Brook"},
            "subscriptions": {"nodes": [{"number": "SU000003"}]},
        },
        "replayed": False,
        "errors": [],
        "query": {"account": {"name": "Mail Pro"}, "accounts": {"totalCount": {"value": 3}}},
        "actedAs": {"name": "Brook"},
    }


def test_a_refusal_is_told_in_full(reading_engine: Engine, session: ScopedSession, world: World) -> None:
    # given
    refusal = {
        "__typename": "InsufficientBalance",
        "kind": "CONFLICT",
        "code": "INSUFFICIENT_BALANCE",
        "message": "Too little.",
        "path": ["accountId"],
        "required": {"amount": "10.00", "currency": "EUR"},
        "available": {"amount": "1.00", "currency": "EUR"},
    }
    values = {"replayed": False, "errors": [refusal], "acted_as": None}
    # when
    answer, _ = payload(reading_engine, session, world.child.viewer(), DOCUMENT, values, plan="nonsense", first=1)
    # then
    assert answer["account"] is None
    assert answer["query"]["account"] is None
    assert answer["errors"] == [
        {
            "__typename": "InsufficientBalance",
            "kind": "CONFLICT",
            "code": "INSUFFICIENT_BALANCE",
            "message": "Too little.",
            "path": ["accountId"],
            "required": {"amount": "10.00", "currency": "EUR"},
        }
    ]


def test_several_rows_come_in_their_order_and_hidden_fields_as_errors(
    reading_engine: Engine, session: ScopedSession, world: World
) -> None:
    # given
    document = """mutation { delegatePlan(input: {planId: "x", tenantIds: []}) {
      plans { name number resources { prices { upstream { margin } } } } } }"""
    viewer = world.child.viewer(Role.SALES_PERSON)
    # when
    answer, errors = payload(reading_engine, session, viewer, document, {"plans": [world.child.plan.id] * 2})
    # then
    plan = {"name": "Mail Pro", "number": "PL000001", "resources": [{"prices": {"upstream": None}}]}
    assert answer == {"plans": [plan, plan]}
    assert [error["path"] for error in errors] == [
        ["delegatePlan", "plans", index, "resources", 0, "prices", "upstream"] for index in (0, 1)
    ]
    assert errors[0]["extensions"] == {"code": "FORBIDDEN", "permission": "prices.upstream.read"}


def test_a_payload_that_asks_for_the_schema_is_answered_by_the_reference(
    reading_engine: Engine, session: ScopedSession, world: World
) -> None:
    # given
    document = """mutation ($first: Int!) { updatePlan(input: {planId: "x", change: {}}) {
      plan { name delegations(first: $first) { nodes { id } pageInfo { hasNextPage } } }
      errors { code ... on GenericError { message } }
      query { __schema { queryType { name } } plans { totalCount { value } } } } }"""
    session.execute(update(Plan).where(Plan.id == world.child.plan.id).values(name="Renamed"))
    refusal = {"__typename": "GenericError", "kind": "CONFLICT", "code": "STALE", "message": "Old.", "path": []}
    values = {"plan": world.child.plan.id, "errors": [refusal]}
    # when
    answer, errors = payload(reading_engine, session, world.child.viewer(), document, values, first=1)
    # then
    assert not errors
    assert answer == {
        "plan": {"name": "Renamed", "delegations": {"nodes": [], "pageInfo": {"hasNextPage": False}}},
        "errors": [{"code": "STALE", "message": "Old."}],
        "query": {"__schema": {"queryType": {"name": "Query"}}, "plans": {"totalCount": {"value": 1}}},
    }
