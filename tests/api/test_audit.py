"""The audit log over HTTP, and the command that checks it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from db import ids
from domain.audit.sealing import distributors_to_seal, seal
from server.cli.audit import command
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.api.conftest import CREATE, Api
from tests.conftest import Server

pytestmark = pytest.mark.feature("T-12")

ENTRIES = """query ($filter: AuditEntryFilter, $scope: Scope! = OWN) {
  auditEntries(filter: $filter, scope: $scope) { nodes {
  verb operation requestId subjectKind subjectId sequence hash
  actor { ... on Manager { email } ... on ServiceToken { name } } actedAs { name } tenant { name }
  subject { id } change { rows fields { field before after } } } } }"""
INPUT = {"name": "Meadow Bakery", "email": "till@meadow.example"}


def entries(api: Api, who: str, scope: str = "OWN", **filter: Any) -> list[dict[str, Any]]:
    """What the log tells somebody, newest first."""
    return list(api.data(who, ENTRIES, filter=filter, scope=scope)["auditEntries"]["nodes"])


def seal_all(api: Api) -> None:
    """What the worker does every few seconds."""
    with Sessions(api.engine).begin(PLATFORM) as session:
        for distributor_id in distributors_to_seal(session):
            seal(session, distributor_id)


def test_a_mutation_tells_who_did_what_to_which_row(api: Api) -> None:
    answer = api.ask("child", CREATE, headers={"X-Request-Id": "request-1"}, input=INPUT)
    account = answer["data"]["createAccount"]["account"]["id"]
    entry = entries(api, "child", subjectId={"eq": account})[-1]
    fields = {each["field"]: (each["before"], each["after"]) for each in entry.pop("change")["fields"]}
    assert entry == {
        "verb": "CREATED",
        "operation": "createAccount",
        "requestId": "request-1",
        "subjectKind": "accounts",
        "subjectId": account,
        "sequence": None,
        "hash": None,
        "actor": {"email": "admin@brook.example"},
        "actedAs": None,
        "tenant": {"name": "Brook"},
        "subject": {"id": account},
    }
    assert fields["name"] == (None, "Meadow Bakery")
    assert fields["funds"] == (None, "0.0000")
    assert {"id", "tenant_path", "words"}.isdisjoint(fields)


@pytest.mark.feature("T-04")
def test_who_acts_for_another_stands_there_with_both_and_is_not_told_below(api: Api) -> None:
    child = ids.encode("rsl", api.chain.child.tenant.id)
    answer = api.ask("reseller", CREATE, headers={"Headwater-Act-As": child}, input=INPUT)
    account = answer["data"]["createAccount"]["account"]["id"]
    above = entries(api, "reseller", "ALL", subjectId={"eq": account})[-1]
    assert (above["actor"], above["actedAs"]) == ({"email": "admin@ripple.example"}, {"name": "Brook"})
    own = entries(api, "child", subjectId={"eq": account})[-1]
    assert (own["actor"], own["actedAs"]) == (None, {"name": "Brook"})
    assert entries(api, "sibling", "ALL", subjectId={"eq": account}) == []
    above_id = ids.encode("mgr", api.chain.reseller.manager.id)
    of_above = entries(api, "child", actorId={"eq": above_id})
    assert (of_above, entries(api, "child", actorId={"in": [above_id]})) == ([], [])
    assert entries(api, "child", actorId={"notIn": [above_id]}) == entries(api, "child")


def test_an_operator_who_acts_for_a_tenant_is_named(api: Api) -> None:
    child = ids.encode("rsl", api.chain.child.tenant.id)
    answer = api.ask("operator", CREATE, headers={"Headwater-Act-As": child}, input=INPUT)
    account = answer["data"]["createAccount"]["account"]["id"]
    entry = entries(api, "operator", "ALL", subjectId={"eq": account})[-1]
    assert (entry["actor"], entry["actedAs"]) == ({"name": "operator"}, {"name": "Brook"})


def test_refused_calls_and_dry_runs_leave_nothing_and_idle_ones_a_trace(api: Api) -> None:
    before = api.count("audit_entries")
    document = (
        "mutation ($input: CreateAccountInput!) { createAccount(input: $input, dryRun: true) { errors { code } } }"
    )
    assert api.ask("child", document, input=INPUT)["data"]["createAccount"]["errors"] == []
    api.ask("child", CREATE, input={**INPUT, "name": ""})
    assert api.count("audit_entries") == before
    reset = """mutation { resetSetting(input: {key: LOCALE}, idempotencyKey: "k") { replayed errors { code } } }"""
    assert [api.do("child", reset)["replayed"] for _ in range(2)] == [False, True]
    (entry,) = entries(api, "child", operation={"eq": "resetSetting"})
    assert (entry["verb"], entry["subjectKind"], entry["change"]) == ("CALLED", None, {"rows": 0, "fields": []})
    assert entry["actor"] == {"email": "admin@brook.example"}


def test_entries_are_found_by_actor_tenant_operation_and_time(api: Api) -> None:
    api.do("child", CREATE, input=INPUT)
    api.do("cousin", CREATE, input=INPUT)
    manager = ids.encode("mgr", api.chain.child.manager.id)
    tenant = ids.encode("rsl", api.chain.cousin.tenant.id)

    def found(**filter: Any) -> list[str]:
        found = entries(api, "distributor", "ALL", **filter)
        return [
            each["tenant"]["name"] for each in found if each["subjectKind"] == "accounts" and each["verb"] == "CREATED"
        ]

    made = {"operation": {"eq": "createAccount"}}
    assert found(**made) == ["Creek", "Brook"]
    assert found(actorId={"eq": manager}) == ["Brook"]
    assert found(tenantId={"eq": tenant}, **made) == ["Creek"]
    assert found(at={"gt": "2020-01-01T00:00:00Z"}, **made) == ["Creek", "Brook"]
    assert found(at={"lt": "2020-01-01T00:00:00Z"}) == []


def test_who_may_not_read_the_log_is_told_so(api: Api) -> None:
    answer = api.ask("sales", ENTRIES)
    assert answer["data"]["auditEntries"] is None
    assert [error["extensions"]["permission"] for error in answer["errors"]] == ["audit.read"]


def test_the_command_verifies_and_exports_and_verifies_the_export_without_a_database(
    api: Api, fresh_database: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # given
    api.do("child", CREATE, input=INPUT)
    seal_all(api)
    sealed = api.count("audit_entries")
    api.do("child", CREATE, input=INPUT)
    waiting = api.count("audit_entries") - sealed
    monkeypatch.setenv("DATABASE_URL", fresh_database.owner)
    number = api.chain.distributor.tenant.number
    # when
    verified = CliRunner().invoke(command, ["verify"])
    exported = CliRunner().invoke(command, ["export", "--distributor", number])
    # then
    assert verified.exit_code == 0
    assert verified.stdout.startswith(f"{number} Delta: whole, {sealed} entries, head ")
    assert verified.stdout.endswith(f", {waiting} not sealed yet\n")
    head = verified.stdout.split("head ")[1].split(",")[0]
    file = tmp_path / "log.ndjson"
    file.write_text(exported.stdout)
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    assert CliRunner().invoke(command, ["verify", str(file), "--head", head]).exit_code == 0
    lines = exported.stdout.splitlines()
    assert int(head.split(":")[0]) == len(lines)
    file.write_text("\n".join(lines[:-1]))
    short = CliRunner().invoke(command, ["verify", str(file), "--head", head])
    assert (short.exit_code, short.stdout.split("BROKEN: ")[1]) == (
        1,
        f"entry {len(lines)} is missing, with everything up to the kept head {len(lines)}\n",
    )
    third = json.loads(lines[2])
    lines[2] = json.dumps({**third, "operation": "nothing"})
    file.write_text("\n".join(lines))
    broken = CliRunner().invoke(command, ["verify", str(file)])
    assert (broken.exit_code, broken.stdout.split("BROKEN: ")[1]) == (
        1,
        f"entry 3 ({third['id']}) was altered, or an entry before it was exchanged\n",
    )
