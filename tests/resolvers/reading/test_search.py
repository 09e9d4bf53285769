"""Full text, asked the way people type."""

from collections.abc import Iterator
from typing import Any

import pytest

from db import ids
from db.engine import application_engine
from domain.customers.models import Account
from resolvers.reading import Engine, Viewer
from tenancy.permissions import Permission
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession
from tests.conftest import Server, _clone, found_chain, scope_of
from tests.resolvers.reading.conftest import Read, asking

pytestmark = pytest.mark.feature("A-02")

CUSTOMERS = {
    "SU000011": ("Meadow Bakery", "till@meadow.example", "erp-77/a"),
    "SU000012": ("Meadow Flowers", "mara@meadow.example", None),
    "SU000101": ("Öl & Söhne", "post@oel.example", "ERP-78/B"),
    "SU010001": ("O'Brien 100% pure_wool", "ob@wool.example", None),
    "XX000009": ("A" * 900 + " tail", "long@long.example", None),
}
"""Number: name, e-mail, external id."""


@pytest.fixture(scope="module")
def ask(postgres: Server, worker_id: str, reading_engine: Engine) -> Iterator[tuple[Read, Viewer]]:
    """Ask as the seller of these customers; the seller beside has one of the same name."""
    for server in _clone(postgres, f"headwater_{worker_id}_search"):
        engine = application_engine(server.app)
        with ScopedSession(engine, PLATFORM) as session, session.begin():
            chain = found_chain(session)
            for number, (name, email, external_id) in CUSTOMERS.items():
                session.add(_customer(chain.reseller, number, name, email, external_id))
            session.add(_customer(chain.sibling, "SU000999", "Meadow Neighbour", "n@meadow.example", None))
            seller = Viewer(
                scope_of(chain.reseller), frozenset(Permission), actor=ids.encode("mgr", chain.reseller.tenant.id)
            )
        engine.dispose()
        with asking(server, reading_engine) as read:
            yield read, seller


def _customer(founded: Any, number: str, name: str, email: str, external_id: str | None) -> Account:
    tenant = founded.tenant
    return Account(
        distributor_id=tenant.distributor_id,
        tenant_id=tenant.id,
        tenant_path=tenant.tenant_path,
        number=number,
        name=name,
        email=email,
        currency="EUR",
        external_id=external_id,
    )


DOCUMENT = """query ($text: String, $first: Int = 50, $after: String, $scope: Scope! = OWN) {
  accounts(search: $text, first: $first, after: $after, scope: $scope, sort: [{field: NUMBER}]) {
    nodes { number } pageInfo { hasNextPage endCursor } totalCount { value exact }
  }
}"""
EVERYBODY = sorted(CUSTOMERS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SU0000", ["SU000011", "SU000012"]),
        ("su000011", ["SU000011"]),
        ("000011", []),
        ("meadow bak", ["SU000011"]),
        ("bak meadow", ["SU000011"]),
        ("MEADOW", ["SU000011", "SU000012"]),
        ("till@mea", ["SU000011"]),
        ("mea till", ["SU000011"]),
        ("till@meadow.example", ["SU000011"]),
        ("meadow till mara", []),
        ("erp-77", ["SU000011"]),
        ("erp", ["SU000011", "SU000101"]),
        ("78/b", ["SU000101"]),
        ("öl", ["SU000101"]),
        ("SÖHNE", ["SU000101"]),
        ("o'brien", ["SU010001"]),
        ("100%", ["SU010001"]),
        ("pure_w", ["SU010001"]),
        ("wool pure", ["SU010001"]),
        ("a" * 150, ["XX000009"]),
        ("neighbour", []),
    ],
)
def test_every_word_begins_one_of_the_rows_words_in_any_order(
    ask: tuple[Read, Viewer], text: str, expected: list[str]
) -> None:
    read, seller = ask
    found = read(seller, DOCUMENT, text=text)["data"]["accounts"]
    assert [node["number"] for node in found["nodes"]] == expected
    assert found["totalCount"] == {"value": len(expected), "exact": True}


@pytest.mark.parametrize("text", [None, "", "   ", "!!!", "%", "_", "'", "\\", "@ . -", ":*", "&|!()<->", "🐟"])
def test_a_search_without_words_finds_everything(ask: tuple[Read, Viewer], text: str | None) -> None:
    read, seller = ask
    found = read(seller, DOCUMENT, text=text)["data"]["accounts"]
    assert [node["number"] for node in found["nodes"]] == EVERYBODY


@pytest.mark.parametrize(
    "text", ["meadow & bak", "meadow:* | su", "'meadow'", "meadow <-> bak", "bak\\meadow", "meadow'); DROP TABLE x;--"]
)
def test_operators_of_postgresqls_full_text_are_punctuation(ask: tuple[Read, Viewer], text: str) -> None:
    read, seller = ask
    assert "errors" not in read(seller, DOCUMENT, text=text)


def test_half_a_word_from_its_middle_is_not_found(ask: tuple[Read, Viewer]) -> None:
    read, seller = ask
    assert read(seller, DOCUMENT, text="akery")["data"]["accounts"]["nodes"] == []


def test_a_search_of_the_whole_tree_finds_those_below_and_not_those_beside(ask: tuple[Read, Viewer]) -> None:
    read, seller = ask
    found = read(seller, DOCUMENT, text="meadow", scope="ALL")["data"]["accounts"]
    assert [node["number"] for node in found["nodes"]] == ["SU000011", "SU000012"]


@pytest.mark.parametrize("text", ["x" * 201, "meadow " * 1_500, "ü" * 10_000])
def test_a_search_of_more_than_200_characters_is_refused_with_the_figures(ask: tuple[Read, Viewer], text: str) -> None:
    read, seller = ask
    (error,) = read(seller, DOCUMENT, text=text)["errors"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": 200, "amount": len(text)}


@pytest.mark.parametrize("text", ["till\0", "\ud800"])
def test_what_is_no_text_is_refused(ask: tuple[Read, Viewer], text: str) -> None:
    read, seller = ask
    (error,) = read(seller, DOCUMENT, text=text)["errors"]
    assert error["message"].startswith("A text holds a character that is none")


@pytest.mark.parametrize(
    ("text", "expected"), [("example", EVERYBODY), ("su", [number for number in EVERYBODY if number < "T"])]
)
def test_pages_of_a_search_are_the_search(ask: tuple[Read, Viewer], text: str, expected: list[str]) -> None:
    read, seller = ask
    seen: list[str] = []
    after = None
    for _ in range(10):
        page = read(seller, DOCUMENT, text=text, first=2, after=after)["data"]["accounts"]
        seen += [node["number"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == expected


def test_a_search_inside_a_tenant_finds_its_rows(ask: tuple[Read, Viewer]) -> None:
    read, seller = ask
    document = """{ viewer { tenant { accounts(search: "meadow", first: 1, sort: [{field: NUMBER, direction: DESC}]) {
      nodes { number } pageInfo { hasNextPage hasPreviousPage } totalCount { value } } } } }"""
    assert read(seller, document)["data"]["viewer"]["tenant"]["accounts"] == {
        "nodes": [{"number": "SU000012"}],
        "pageInfo": {"hasNextPage": True, "hasPreviousPage": False},
        "totalCount": {"value": 2},
    }
