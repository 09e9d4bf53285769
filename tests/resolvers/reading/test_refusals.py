"""What is refused, what is missing, and what must not be seen."""

import asyncio
import base64
import json
from typing import Any

import orjson
import psycopg
import pytest
from graphql import get_introspection_query

from db import ids
from db.engine import application_engine
from resolvers.reading import Engine, Response, reading_pool
from tenancy.permissions import Role
from tests.conftest import Server
from tests.resolvers.reading.conftest import Read
from tests.resolvers.reading.world import World, found_world


def codes(answer: dict[str, Any]) -> list[Any]:
    """The codes of the errors; nothing else may have come."""
    assert "data" not in answer
    return [error.get("extensions", {}).get("code") for error in answer["errors"]]


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        base64.b64encode(b"[]").decode(),
        base64.b64encode(json.dumps(["", "not a uuid"]).encode()).decode(),
        base64.b64encode(json.dumps(["NAME ASC", "a", "b"]).encode()).decode(),
        base64.b64encode(b"[" * 5000).decode(),
        "é",
    ],
)
def test_a_cursor_that_no_list_gave_out_is_refused(cursor: str, read: Read, world: World) -> None:
    answer = read(world.child.viewer(), "query ($a: String) { plans(after: $a) { nodes { id } } }", a=cursor)
    assert codes(answer) == ["INVALID_CURSOR"]


def test_a_page_is_limited_wherever_its_size_comes_from(read: Read, world: World) -> None:
    viewer = world.child.viewer()
    requests: list[tuple[str, dict[str, Any]]] = [
        ("query ($n: Int) { plans(first: $n) { nodes { id } } }", {"n": 201}),
        ("{ plans(last: 201) { nodes { id } } }", {}),
        ("{ plans(first: -1) { nodes { id } } }", {}),
        ("{ plans { totalCount(limit: 100001) { value } } }", {}),
        ("query ($n: [ID!]!) { nodes(ids: $n) { id } }", {"n": ["x"] * 201}),
    ]
    for document, variables in requests:
        answer = read(viewer, document, **variables)
        assert codes(answer) == ["LIMIT_EXCEEDED"], document
        assert answer["errors"][0]["extensions"]["amount"] in {201, -1, 100001}


def test_both_ends_at_once_are_refused(read: Read, world: World) -> None:
    assert codes(read(world.child.viewer(), "{ plans(first: 1, last: 1) { nodes { id } } }")) == ["INVALID_INPUT"]


def test_a_filter_is_limited_in_size_and_depth(read: Read, world: World) -> None:
    viewer = world.child.viewer()
    document = "query ($f: PlanFilter) { plans(filter: $f) { nodes { id } } }"
    deep: dict[str, Any] = {"name": {"eq": "x"}}
    for _ in range(4):
        deep = {"not": deep}
    assert codes(read(viewer, document, f=deep)) == ["LIMIT_EXCEEDED"]
    assert codes(read(viewer, document, f={"or": [{"name": {"eq": "x"}}] * 50})) == ["LIMIT_EXCEEDED"]


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ("{ plans { nodes { " + " ".join(f"a{n}: id" for n in range(31)) + " } } }", "aliases"),
        ("{ viewer { tenant " + "{ parent { tenant " * 7 + "{ id }" + " } }" * 7 + " } }", "levels"),
    ],
)
def test_a_document_is_limited(document: str, what: str, read: Read, world: World) -> None:
    answer = read(world.child.viewer(), document)
    assert codes(answer) == ["LIMIT_EXCEEDED"]
    assert what in answer["errors"][0]["message"]


def test_a_wrong_request_says_where(read: Read, world: World) -> None:
    viewer = world.child.viewer()
    for document in ("{ plans { nodes { nothing } } }", "{", "{ a: __typename } { b: __typename }", "mutation { x }"):
        assert "data" not in read(viewer, document)
    answer = read(viewer, "query ($until: Date!) { plans { nodes { id } } __typename @skip(if: $until) }", until="x")
    assert "data" not in answer


def test_a_text_that_no_column_can_hold_is_refused(read: Read, world: World) -> None:
    document = "query ($s: String) { plans(search: $s, filter: {name: {eq: $s}}) { nodes { id } } }"
    for text in ("a\0b", "\ud800"):
        answer = read(world.child.viewer(), document, s=text)
        assert "U+0000" in answer["errors"][0]["message"]


def test_a_siblings_rows_are_not_there(read: Read, world: World) -> None:
    # given
    theirs = world.sibling
    account, plan = ids.encode("acc", theirs.accounts[0].id), ids.encode("pln", theirs.plan.id)
    tenant = ids.encode("rsl", theirs.founded.tenant.id)
    document = """query ($a: ID!, $p: ID!, $t: ID!) { account(id: $a) { id } plan(id: $p) { id } tenant(id: $t) { id }
      node(id: $a) { id } nodes(ids: [$a, $p, $t]) { id }
      subscriptions(scope: ALL, filter: {accountId: {eq: $a}}) { totalCount { value } } }"""
    # when
    answer = read(world.child.viewer(), document, a=account, p=plan, t=tenant)
    # then
    assert answer["data"] == {
        "account": None,
        "plan": None,
        "tenant": None,
        "node": None,
        "nodes": [None, None, None],
        "subscriptions": {"totalCount": {"value": 0}},
    }


def test_the_statement_names_the_viewers_range_on_every_table(reading_engine: Engine, world: World) -> None:
    """Row-level security alone would be planned once for all viewers."""
    # given
    document = """{ subscriptions { nodes { account { name tenant { name } } plan { serviceTerm { name } }
      resources { name } charges { totalCount { value } nodes { number } } } } }"""
    operation = reading_engine.documents.find(document).operation(None)
    # when
    plan = reading_engine.plan(operation, world.child.viewer(), {})
    # then
    assert plan.statement is not None
    tables = plan.statement.text.count(" AS t") - plan.statement.text.count(") AS t")
    # The list itself is of the viewer's own rows.
    assert plan.statement.text.count(".tenant_path = CAST(") == 1
    assert plan.statement.text.count(".tenant_path >= CAST(") == 7
    assert tables >= 8


def test_nothing_of_a_viewer_stays_on_the_connection(
    read: Read, world: World, reading_engine: Engine, readable: tuple[Server, World]
) -> None:
    document = "{ accounts(scope: ALL) { totalCount { value } } }"
    counts = [
        read(seller.viewer(), document)["data"]["accounts"]["totalCount"]["value"]
        for seller in (world.distributor, world.child, world.sibling, world.distributor)
    ]
    assert counts == [12, 3, 3, 12]


def test_a_hidden_field_is_null_and_says_which_permission_it_needs(read: Read, world: World) -> None:
    # given
    document = """{ plans { nodes { name resources { prices { setup upstream { margin } } } } }
      payments { nodes { id } } }"""
    # when
    answer = read(world.child.viewer(Role.MARKETING), document)
    # then
    assert answer["data"] == {
        "plans": {"nodes": [{"name": "Mail Pro", "resources": [{"prices": {"setup": "0", "upstream": None}}]}]},
        "payments": None,
    }
    assert [(error["path"], error["extensions"]) for error in answer["errors"]] == [
        (
            ["plans", "nodes", 0, "resources", 0, "prices", "upstream"],
            {"code": "FORBIDDEN", "permission": "prices.upstream.read"},
        ),
        (["payments"], {"code": "FORBIDDEN", "permission": "payments.read"}),
    ]


def test_introspection_is_answered_by_the_reference(read: Read, world: World) -> None:
    answer = read(world.child.viewer(), get_introspection_query())
    assert answer["data"]["__schema"]["queryType"]["name"] == "Query"
    assert read(world.child.viewer(), '{ __type(name: "Plan") { name } plans { nodes { name } } }')["data"] == {
        "__type": {"name": "Plan"},
        "plans": {"nodes": [{"name": "Mail Pro"}]},
    }


def test_a_hole_where_none_may_be_makes_the_next_null_above_and_an_error(
    fresh_database: Server, reading_engine: Engine
) -> None:
    # given
    engine = application_engine(fresh_database.app)
    world = found_world(engine)
    engine.dispose()
    with psycopg.connect(fresh_database.superuser, autocommit=True) as connection:
        connection.execute("UPDATE charges SET explanation = explanation - 'rule' WHERE number = 'CH000010'")

    document = """query ($id: ID!) { subscription(id: $id) { name charges(sort: [{field: NUMBER}]) {
      nodes { number explanation { rule } } } } }"""
    variables = {"id": ids.encode("sub", world.child.subscriptions[0].id)}

    async def ask() -> Response:
        async with reading_pool(fresh_database.app, size=1) as pool:
            viewer = world.child.viewer()
            return await reading_engine.execute(pool, viewer, document, variables, request_id="r1")

    # when
    response = asyncio.run(ask())
    # then
    answer = orjson.loads(response.body)
    assert answer["data"] == {"subscription": {"name": "Mail E", "charges": None}}
    (error,) = answer["errors"]
    assert error["path"] == ["subscription", "charges", "nodes", 0, "explanation", "rule"]
    assert error["message"] == "Internal error"
    assert error["extensions"] == {"code": "INTERNAL", "requestId": "r1"}
    assert [str(fault) for fault in response.faults] == [
        "Cannot return null for non-nullable field ChargeExplanation.rule."
    ]


def test_what_costs_too_much_is_refused_with_the_figures(read: Read, world: World) -> None:
    # given
    document = """query ($n: Int!) { subscriptions(first: $n) { nodes {
      charges(first: 100) { nodes { amount { amount } } } } } }"""
    viewer = world.child.viewer()
    # when
    answer = read(viewer, document, n=200)
    # then
    assert codes(answer) == ["LIMIT_EXCEEDED"]
    assert answer["errors"][0]["extensions"] == {
        "code": "LIMIT_EXCEEDED",
        "limit": 20_000,
        "amount": 1 + 200 * (1 + 1 + 100 * (1 + 1)),
    }
    assert "data" in read(viewer, document, n=90)


def test_an_interface_costs_what_its_dearest_type_costs(reading_engine: Engine) -> None:
    document = """{ viewer { tenant { parent { name } ... on Reseller { managers(first: 7) { nodes { id } } }
      ... on Distributor { accounts { nodes { id } } } } } nodes(ids: ["a", "b"]) { id } }"""
    operation = reading_engine.documents.find(document).operation(None)
    assert reading_engine.cost(operation, {}) == 1 + (1 + 1 + (1 + 10)) + 2
