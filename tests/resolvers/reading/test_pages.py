"""Pages: walked either way, with rows coming in between, they are the list."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import ids
from db.engine import application_engine
from resolvers.reading import Engine, Viewer
from tenancy.permissions import Permission
from tests.conftest import Server, _clone, scope_of
from tests.resolvers.reading.conftest import Read, asking
from tests.resolvers.reading.world import TODAY, found_world

pytestmark = pytest.mark.feature("A-01")

FIELDS = ["NUMBER", "NAME", "CREATED_AT", "UPDATED_AT", "EXPIRES_ON"]
COPY = """
INSERT INTO subscriptions (distributor_id, id, tenant_id, tenant_path, number, name, state, account_id, plan_id,
  plan_period_id, billing_type, billing_day, currency, expires_on, version, trial, endless, auto_renew, created_at,
  updated_at)
SELECT distributor_id, %(id)s, tenant_id, tenant_path, %(number)s, %(name)s, state, account_id, plan_id, plan_period_id,
  billing_type, billing_day, currency, %(expires)s, 1, false, false, true, %(at)s, %(at)s
FROM subscriptions ORDER BY id LIMIT 1"""


@dataclass
class Shop:
    """Who asks whom, and how rows are added."""

    ask: Read
    viewer: Viewer
    server: Server
    added: int = 0

    def read(self, document: str, **variables: Any) -> dict[str, Any]:
        """A page of subscriptions."""
        answer = self.ask(self.viewer, document, **variables)
        assert "errors" not in answer, answer
        found: dict[str, Any] = answer["data"]["subscriptions"]
        return found

    def sell(self, name: str, expires: date | None) -> None:
        """Another subscription of the distributor."""
        self.added += 1
        with psycopg.connect(self.server.superuser) as connection:
            values = {"name": name, "expires": expires, "at": f"{TODAY} 12:00Z", "number": f"SU9{self.added:05}"}
            connection.execute(COPY, values | {"id": ids.uuid7()})


@pytest.fixture(scope="module")
def shop(postgres: Server, worker_id: str, reading_engine: Engine) -> Iterator[Shop]:
    """30 subscriptions with few names and few last days, some endless; two tenants below have five each."""
    for server in _clone(postgres, f"headwater_{worker_id}_pages"):
        engine = application_engine(server.app)
        world = found_world(engine)
        engine.dispose()
        with asking(server, reading_engine) as read:
            found = Shop(read, Viewer(scope_of(world.distributor.founded), frozenset(Permission)), server)
            for number in range(25):
                expires = None if number % 5 == 0 else TODAY + timedelta(days=number % 3)
                found.sell("ABC"[number % 3], expires)
            yield found


FORWARD = """query ($sort: [SubscriptionSort!], $scope: Scope!, $size: Int!, $cursor: String) {
  subscriptions(sort: $sort, scope: $scope, first: $size, after: $cursor) {
    edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
BACKWARD = FORWARD.replace("first: $size, after:", "last: $size, before:")
sort = st.lists(
    st.fixed_dictionaries({"field": st.sampled_from(FIELDS), "direction": st.sampled_from(["ASC", "DESC"])}), max_size=3
)
scope = st.sampled_from(["OWN", "DOWNSTREAM", "ALL"])


def whole(shop: Shop, **variables: Any) -> list[str]:
    """Every row of the list, in order."""
    return [edge["node"]["id"] for edge in shop.read(FORWARD, size=200, **variables)["edges"]]


@given(sort=sort, scope=scope, size=st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_pages_walked_forward_are_the_list(shop: Shop, sort: Any, scope: str, size: int) -> None:
    expected = whole(shop, sort=sort, scope=scope)
    seen: list[str] = []
    cursor = None
    while True:
        page = shop.read(FORWARD, sort=sort, scope=scope, size=size, cursor=cursor)
        assert page["pageInfo"]["hasPreviousPage"] == bool(seen)
        seen += [edge["node"]["id"] for edge in page["edges"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == expected


@given(sort=sort, scope=scope, size=st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_pages_walked_backward_are_the_list(shop: Shop, sort: Any, scope: str, size: int) -> None:
    expected = whole(shop, sort=sort, scope=scope)
    seen: list[str] = []
    cursor = None
    while True:
        page = shop.read(BACKWARD, sort=sort, scope=scope, size=size, cursor=cursor)
        assert page["pageInfo"]["hasNextPage"] == bool(seen)
        seen = [edge["node"]["id"] for edge in page["edges"]] + seen
        cursor = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert seen == expected


@given(sort=sort, scope=scope, data=st.data())
@settings(max_examples=30, deadline=None)
def test_between_two_cursors_is_what_is_between_them(shop: Shop, sort: Any, scope: str, data: Any) -> None:
    edges = shop.read(FORWARD, sort=sort, scope=scope, size=200)["edges"]
    first = data.draw(st.integers(0, len(edges) - 1))
    second = data.draw(st.integers(0, len(edges) - 1))
    document = FORWARD.replace("after: $cursor", "after: $cursor, before: $end").replace(
        "($sort", "($end: String, $sort"
    )
    page = shop.read(
        document,
        sort=sort,
        scope=scope,
        size=200,
        cursor=edges[first]["cursor"],
        end=edges[second]["cursor"],
    )
    assert page["edges"] == edges[first + 1 : second]


@given(sort=sort, size=st.integers(1, 7), data=st.data())
@settings(max_examples=10, deadline=None)
def test_rows_that_come_between_pages_neither_repeat_nor_hide_others(
    shop: Shop, sort: Any, size: int, data: Any
) -> None:
    before = whole(shop, sort=sort, scope="OWN")
    seen: list[str] = []
    cursor = None
    for number in range(100):
        page = shop.read(FORWARD, sort=sort, scope="OWN", size=size, cursor=cursor)
        seen += [edge["node"]["id"] for edge in page["edges"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        if number < 3:
            days = data.draw(st.none() | st.integers(0, 3))
            shop.sell(data.draw(st.sampled_from("ABCD")), None if days is None else TODAY + timedelta(days=days))
    assert len(seen) == len(set(seen))
    assert [each for each in seen if each in set(before)] == before
    after = whole(shop, sort=sort, scope="OWN")
    assert seen == [each for each in after if each in set(seen)]
