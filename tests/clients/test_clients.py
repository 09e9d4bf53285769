"""The clients that people use: each runs a query, a mutation and every page of a list."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport

from tests.clients.conftest import ACCOUNTS, Web
from tests.clients.node import Project

pytestmark = pytest.mark.feature("A-10")

PAGE = 10


@dataclass(frozen=True)
class Told:
    """What a client read and did."""

    who: str
    created: dict[str, Any]
    names: list[str]
    """Of all accounts, page by page; one was added after the first page."""
    requests: int
    refused: str
    """The code of a query for too large a page."""


@pytest.mark.parametrize(("script", "name"), [("apollo.mjs", "Apollo's"), ("urql.mjs", "Urql's")])
def test_a_client_of_the_browser_reads_changes_and_pages(script: str, name: str, web: Web, project: Project) -> None:
    check(Told(**json.loads(project.run(script, web.graphql, web.token))), name)


def test_gql_reads_changes_and_pages(web: Web) -> None:
    check(asyncio.run(told_by_gql(web)), "Gql's")


def check(told: Told, created: str) -> None:
    """Everything came, each account once, the newest first."""
    assert told.who == "Brook"
    assert told.created["errors"] == []
    assert told.created["account"]["name"] == created
    assert told.created["account"]["balance"]["available"]["amount"] == "0.00"
    meadows = [name for name in told.names if name.startswith("Meadow")]
    assert meadows == [f"Meadow {number}" for number in range(ACCOUNTS, 0, -1)]
    assert len(told.names) == len(set(told.names))
    assert told.requests == 3
    assert told.refused == "LIMIT_EXCEEDED"


async def told_by_gql(web: Web) -> Told:
    transport = HTTPXAsyncTransport(url=web.graphql, headers={"Authorization": f"Bearer {web.token}"})
    # gql checks every operation against the schema that it asks the server for.
    async with Client(transport=transport, fetch_schema_from_transport=True) as session:
        who = await session.execute(gql("query Who { viewer { tenant { name } } }"))
        created: dict[str, Any] = {}
        names: list[str] = []
        requests, page_info = 0, {"hasNextPage": True, "endCursor": None}
        while page_info["hasNextPage"]:
            pages = gql(
                """query Accounts($first: Int!, $after: String) {
                  accounts(first: $first, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } }
                }"""
            )
            pages.variable_values = {"first": PAGE, "after": page_info["endCursor"]}
            accounts = (await session.execute(pages))["accounts"]
            names += [node["name"] for node in accounts["nodes"]]
            requests, page_info = requests + 1, accounts["pageInfo"]
            if not created:
                create = gql(
                    """mutation Create($input: CreateAccountInput!) {
                      createAccount(input: $input) {
                        account { name balance { available { amount } } } errors { code }
                      }
                    }"""
                )
                create.variable_values = {"input": {"name": "Gql's", "email": "till@gql.example"}}
                created = (await session.execute(create))["createAccount"]
        with pytest.raises(TransportQueryError) as refused:
            await session.execute(gql("{ accounts(first: 201) { nodes { name } } }"))
    (error,) = refused.value.errors or [{}]
    return Told(who["viewer"]["tenant"]["name"], created, names, requests, error["extensions"]["code"])
