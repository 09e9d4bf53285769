"""Trusted documents: stored by the operator, run by text or by id."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from starlette.testclient import TestClient
from typer.testing import CliRunner

from server.app import application
from server.cli.documents import command
from server.cli.refusal import Refusal
from server.documents import KEPT, TrustedDocuments
from server.settings import Settings
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.api.conftest import Api
from tests.conftest import Server

pytestmark = pytest.mark.feature("A-06")

WHO = "query Who { viewer { tenant { name } } }"
PLANS = "query Plans($first: Int!) { plans(first: $first) { nodes { id } } }"
BROOK = {"data": {"viewer": {"tenant": {"name": "Brook"}}}}

Command = Callable[..., str]


@pytest.fixture
def documents(fresh_database: Server, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs `./headwater documents` on the test's database and answers what it prints."""
    monkeypatch.setenv("DATABASE_URL", fresh_database.owner)
    monkeypatch.setenv("HEADWATER_APP_DATABASE_URL", fresh_database.app)

    def run(*arguments: str | Path) -> str:
        done = CliRunner().invoke(command, [str(each) for each in arguments])
        if isinstance(done.exception, Refusal):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return run


@pytest.fixture
def strict(api: Api, fresh_database: Server) -> Iterator[Api]:
    """The same database, where only trusted documents run."""
    settings = Settings(
        database_url=fresh_database.owner,
        app_database_url=fresh_database.app,
        web_pool_size=1,
        trusted_documents=True,
    )
    with TestClient(application(settings)) as client:
        yield replace(api, client=client)


def test_only_trusted_documents_run_by_text_or_by_id(strict: Api, documents: Command, tmp_path: Path) -> None:
    # given
    file = tmp_path / "who.graphql"
    file.write_text(WHO + "\n")
    id = sha256(WHO.encode()).hexdigest()
    # when
    added = documents("add", file)
    # then
    assert added == f"{id}  Who\n"
    for asked in (
        {"query": WHO},
        {"query": f"{WHO}\n"},
        {"documentId": id},
        {"documentId": f"sha256:{id}"},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": id}}},
        {"query": WHO, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": id}}},
    ):
        assert ask(strict, asked) == (200, BROOK), asked
    for asked in (
        {"query": PLANS, "variables": {"first": 1}},
        {"query": "{ __schema { queryType { name } } }"},
        {"query": "nonsense"},
        {"documentId": "0" * 64},
        {"documentId": "../../etc/passwd"},
    ):
        status, answer = ask(strict, asked)
        assert status == 400
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["DOCUMENT_NOT_TRUSTED"], asked


def test_a_get_takes_the_id_too(strict: Api, documents: Command, tmp_path: Path) -> None:
    # given
    manifest = tmp_path / "relay.json"
    manifest.write_text(json.dumps({"any": PLANS, "other": WHO}))
    documents("add", manifest)
    # when
    answer = strict.client.get(
        "/graphql",
        params={"documentId": sha256(PLANS.encode()).hexdigest(), "variables": '{"first": 1}'},
        headers={"Authorization": f"Bearer {strict.tokens['child']}"},
    )
    # then
    assert answer.json() == {"data": {"plans": {"nodes": []}}}


def test_where_everything_runs_an_id_needs_no_text(api: Api, documents: Command, tmp_path: Path) -> None:
    # given
    manifest = tmp_path / "apollo.json"
    operation = {"id": "1", "name": "Who", "type": "query", "body": WHO}
    manifest.write_text(
        json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation]})
    )
    id = sha256(WHO.encode()).hexdigest()
    persisted = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": id}}}
    # when
    before = ask(api, persisted)
    documents("add", manifest)
    # then
    assert before == (
        400,
        {"errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]},
    )
    assert ask(api, persisted) == (200, BROOK)
    status, answer = ask(api, {"query": PLANS, **persisted})
    assert (status, answer["errors"][0]["extensions"]["code"]) == (400, "DOCUMENT_ID_MISMATCH")


def test_documents_are_listed_and_removed(documents: Command, tmp_path: Path) -> None:
    # given
    files = {"who": WHO, "plans": PLANS}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    documents("add", *(tmp_path / name for name in files))
    # when
    again = documents("add", tmp_path / "who")
    removed = documents("remove", sha256(WHO.encode()).hexdigest()[:12])
    listed = documents("list")
    # then
    assert again.endswith("Who  (known)\n")
    assert removed == "Removed 1.\n"
    (line,) = listed.splitlines()
    assert line.startswith(sha256(PLANS.encode()).hexdigest())
    assert line.endswith("  Plans")
    with pytest.raises(Refusal, match="00000000 is not the beginning"):
        documents("remove", "00000000")


def test_nothing_is_added_when_one_of_them_cannot_run(api: Api, documents: Command, tmp_path: Path) -> None:
    # given
    (tmp_path / "good").write_text(WHO)
    (tmp_path / "bad").write_text("query Bad { nothing }")
    (tmp_path / "bad.json").write_text("[1]")
    # when
    with pytest.raises(Refusal, match=r"`query Bad \{ nothing \}` cannot run: Cannot query field 'nothing'"):
        documents("add", tmp_path / "good", tmp_path / "bad")
    with pytest.raises(Refusal, match="a manifest is an object"):
        documents("add", tmp_path / "good", tmp_path / "bad.json")
    with pytest.raises(Refusal, match="No such file"):
        documents("add", tmp_path / "good", tmp_path / "absent")
    # then
    assert api.count("trusted_documents") == 0


def test_the_application_may_not_trust_a_document_by_itself(api: Api) -> None:
    insert = text(
        "INSERT INTO trusted_documents (sha256, tenant_path, document, operations) "
        "VALUES (sha256('{ __typename }'), '', '{ __typename }', '')"
    )
    with Sessions(api.engine).begin(PLATFORM) as session, pytest.raises(ProgrammingError, match="permission denied"):
        session.execute(insert)


def test_a_removed_document_runs_no_longer_than_half_a_minute(
    strict: Api, documents: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given
    now = 0.0
    kept: TrustedDocuments = strict.client.app.state.site.documents  # type: ignore[attr-defined]
    monkeypatch.setattr(kept, "_now", lambda: now)
    (tmp_path / "who").write_text(WHO)
    documents("add", tmp_path / "who")
    assert ask(strict, {"query": WHO})[0] == 200
    # when
    documents("remove", sha256(WHO.encode()).hexdigest())
    now = KEPT + 1.0
    # then
    assert ask(strict, {"query": WHO})[0] == 400


def ask(api: Api, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The child reseller's answer: status and body."""
    response = api.client.post(
        "/graphql",
        json=body,
        headers={
            "Authorization": f"Bearer {api.tokens['child']}",
            "Accept": "application/graphql-response+json",
        },
    )
    return response.status_code, dict(response.json())
