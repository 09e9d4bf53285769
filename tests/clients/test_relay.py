"""Relay: its compiler takes the schema, and what it makes of a project runs."""

import json

import httpx2
import pytest

from schema.build import sdl
from server.cli.documents import checked, manifest
from tests.clients.conftest import Web
from tests.clients.node import Project

pytestmark = pytest.mark.feature("A-10")


def test_relays_compiler_takes_the_schema(project: Project) -> None:
    # given
    (project.folder / "schema.graphql").write_text(sdl())
    # when
    told = project.run("node_modules/relay-compiler/cli.js", "relay.config.json")
    # then
    assert "error" not in told.lower()
    made = {path.name for path in (project.folder / "relay/__generated__").iterdir()}
    assert {"Accounts_list.graphql.js", "AccountsListQuery.graphql.js", "AccountsSubscriptionsQuery.graphql.js"} <= made


def test_what_relays_compiler_persists_can_be_trusted_and_runs(project: Project, web: Web) -> None:
    # given
    (project.folder / "schema.graphql").write_text(sdl())
    project.run("node_modules/relay-compiler/cli.js", "relay.config.json")
    persisted = json.loads((project.folder / "persisted.json").read_text())
    # when
    documents = checked(manifest(persisted))
    # then
    assert {document.sha256.hex() for document in documents} == set(persisted)
    assert sorted(document.operations for document in documents) == [
        "AccountsCreateMutation",
        "AccountsListQuery",
        "AccountsNodeQuery",
        "AccountsQuery",
        "AccountsSubscriptionsQuery",
    ]
    for document in documents:
        if document.operations in {"AccountsQuery", "AccountsListQuery"}:
            answer = httpx2.post(
                web.graphql, json={"query": document.document}, headers={"Authorization": f"Bearer {web.token}"}
            )
            accounts = answer.json()["data"]["accounts"]
            assert len(accounts["edges"]) == 10
            assert accounts["pageInfo"]["hasNextPage"] is True
