"""Files over HTTP: sent with a token, fetched with a signed link."""

import hashlib
import tempfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import text

from db import ids
from domain.shared.files import keep_file, link
from domain.shared.models import File
from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions
from tests.api.conftest import Api

pytestmark = pytest.mark.feature("C-11")

SHOWN = """query ($id: ID!) { node(id: $id) { ... on File {
  id name mediaType bytes sha256 url urlExpiresAt tenant { tenantId }
} } }"""
LONG = b"0123456789abcdef" * 50_000
"""800,000 bytes: several pieces."""


def sent(
    api: Api, who: str, content: Any = b"a,b\n1,2\n", *, media_type: str = "text/csv; charset=utf-8", act_as: str = ""
) -> Response:
    """The answer to a file that somebody sends."""
    headers = {"Authorization": f"Bearer {api.tokens[who]}", "Content-Type": media_type}
    if act_as:
        headers["Headwater-Act-As"] = act_as
    return api.client.put("/files?name=prices.csv", content=content, headers=headers)


def shown(api: Api, who: str, id: str) -> dict[str, Any] | None:
    """The file as somebody sees it."""
    found: dict[str, Any] | None = api.data(who, SHOWN, id=id)["node"]
    return found


def test_a_file_is_kept_as_it_was_sent_and_comes_back_by_its_link(api: Api) -> None:
    # when
    answer = sent(api, "reseller", LONG)
    # then
    assert answer.status_code == 201
    told = answer.json()
    digest = hashlib.sha256(LONG).hexdigest()
    assert told == {
        "id": told["id"], "name": "prices.csv", "mediaType": "text/csv", "bytes": 800_000, "sha256": digest
    }  # fmt: skip
    file = shown(api, "reseller", told["id"])
    assert file is not None
    assert {name: file[name] for name in told} == told
    assert file["tenant"]["tenantId"] == ids.encode("rsl", api.chain.reseller.tenant.id)
    fetched = api.client.get(file["url"])
    assert (fetched.status_code, fetched.content) == (200, LONG)
    assert fetched.headers["content-type"].startswith("text/csv")
    assert fetched.headers["content-disposition"] == "attachment; filename*=UTF-8''prices.csv"
    assert fetched.headers["cache-control"] == "private, no-store"
    until = datetime.fromisoformat(file["urlExpiresAt"]) - datetime.now(UTC)
    assert timedelta(minutes=59) < until <= timedelta(hours=1)


def test_those_above_see_a_file_and_siblings_and_those_below_do_not(api: Api) -> None:
    # given
    id = sent(api, "reseller").json()["id"]
    # then
    assert [who for who in ("distributor", "reseller", "child", "sibling", "cousin") if shown(api, who, id)] == [
        "distributor",
        "reseller",
    ]
    refused = api.ask("sales", SHOWN, id=id)
    assert refused["data"]["node"] is None


@pytest.mark.parametrize("broken", ["signature", "id", "until", "of", "expired", "unsigned"])
def test_a_link_with_anything_changed_in_it_opens_nothing(api: Api, broken: str) -> None:
    # given
    id, other = (sent(api, "reseller").json()["id"] for _ in range(2))
    file = shown(api, "reseller", id)
    assert file is not None
    owner = api.chain.distributor.tenant.id
    with Sessions(api.engine).begin(PLATFORM) as session:
        secret = session.scalar(text("SELECT link_secret FROM files WHERE id = :id"), {"id": ids.decode(id)[1]})
    past = link(owner, ids.decode(id)[1], secret=str(secret), until=int(datetime.now(UTC).timestamp()) - 1)
    url: str = file["url"]
    until = url.partition("until=")[2].partition("&")[0]
    changed = {
        "signature": url[:-1] + ("0" if url[-1] != "0" else "1"),
        "id": url.replace(id, other),
        "until": url.replace(until, str(int(until) + 3600)),
        "of": url.replace(owner.hex, api.chain.reseller.tenant.id.hex),
        "expired": past,
        "unsigned": url.partition("?")[0],
    }[broken]
    # when
    answer = api.client.get(changed)
    # then
    assert changed != url
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")
    assert api.client.get(url).status_code == 200


@pytest.mark.parametrize(("who", "status"), [("sales", 403), ("operator", 404)])
def test_who_may_not_send_files_is_told_so_and_nothing_is_kept(api: Api, who: str, status: int) -> None:
    assert sent(api, who).status_code == status
    assert api.count("files") == 0


def test_a_file_is_not_taken_without_a_token(api: Api) -> None:
    assert api.client.put("/files", content=b"x").status_code == 401


def test_a_file_of_a_tenant_below_is_sent_by_acting_as_it(api: Api) -> None:
    # given
    reseller = ids.encode("rsl", api.chain.reseller.tenant.id)
    # when
    id = sent(api, "distributor", act_as=reseller).json()["id"]
    # then
    file = shown(api, "reseller", id)
    assert file is not None
    assert file["tenant"]["tenantId"] == reseller


@pytest.mark.parametrize("in_pieces", [False, True])
def test_a_file_that_is_too_long_is_refused_with_the_limit(api: Api, in_pieces: bool) -> None:
    # given
    files = api.client.app.state.site.files  # type: ignore[attr-defined]
    files.limit = 100
    content: Any = (b"x" * 60 for _ in range(2)) if in_pieces else b"x" * 120
    # when
    answer = sent(api, "reseller", content)
    # then
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["message"].startswith("A file may have 100 bytes; this one has ")
    assert api.count("files") == 0


@pytest.mark.parametrize("media_type", ["text", "text/", "te xt/csv", "<b>/x"])
def test_what_is_no_media_type_is_refused(api: Api, media_type: str) -> None:
    answer = sent(api, "reseller", media_type=media_type)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"] == "media_type must be a media type such as text/csv."


def test_an_empty_file_is_a_file(api: Api) -> None:
    file = shown(api, "reseller", sent(api, "reseller", b"").json()["id"])
    assert file is not None
    assert file["bytes"] == 0
    assert api.client.get(file["url"]).content == b""


def test_a_tenant_s_files_have_room_only_for_so_much(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr("domain.shared.files.TENANT_LIMIT", 1000)
    assert sent(api, "reseller", b"x" * 600).status_code == 201
    # when
    answer = sent(api, "reseller", b"x" * 401)
    # then
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (507, "LIMIT_EXCEEDED")
    assert sent(api, "child", b"x" * 401).status_code == 201


def test_the_audit_log_tells_of_a_file_without_its_secret(api: Api) -> None:
    # given
    sent(api, "reseller")
    # then
    with Sessions(api.engine).begin(PLATFORM) as session:
        (entry,) = session.execute(
            text(
                "SELECT operation, actor_kind, changes -> 'link_secret' ->> 1 AS secret FROM audit_entries"
                " WHERE subject = 'files'"
            )
        ).all()
        stored = session.query(File.link_secret).scalar()
    assert tuple(entry) == ("putFile", "mgr", "***")
    assert len(stored or "") == 64


def test_a_job_s_file_is_the_same_kind(api: Api) -> None:
    # given
    with Sessions(api.engine).begin(PLATFORM) as session, tempfile.TemporaryFile() as content:
        content.write(b"line\n1\n")
        file = keep_file(session, api.chain.child.tenant, name="x.csv", media_type="text/csv", content=content)
        id = ids.encode("fil", file.id)
    # then
    found = shown(api, "child", id)
    assert found is not None
    assert api.client.get(found["url"]).content == b"line\n1\n"
