"""What filters compare: groups of states, and days that may be missing."""

from typing import Any

import pytest

from tests.resolvers.reading.conftest import Read
from tests.resolvers.reading.world import World

pytestmark = pytest.mark.feature("A-02")

# The reseller's subscriptions: the first three days of expiry, number 5 endless, number 2 graced.
LAST_DAYS = {"SU000001": "2027-08-30", "SU000002": "2027-09-09", "SU000003": "2027-08-20", "SU000004": "2027-08-30"}


def numbers(read: Read, world: World, filter: dict[str, Any], **more: Any) -> list[str]:
    """The subscriptions that the reseller is shown."""
    document = """query ($filter: SubscriptionFilter, $sort: [SubscriptionSort!]) {
      subscriptions(filter: $filter, sort: $sort) { nodes { number } totalCount { value } } }"""
    found = read(world.reseller.viewer(), document, filter=filter, **{"sort": [{"field": "NUMBER"}], **more})
    nodes = found["data"]["subscriptions"]["nodes"]
    assert found["data"]["subscriptions"]["totalCount"]["value"] == len(nodes)
    return [node["number"] for node in nodes]


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"phase": {"eq": "AT_RISK"}}, [2]),
        ({"phase": {"in": ["RUNNING", "AT_RISK"]}}, [1, 2, 3, 4, 5]),
        ({"phase": {"in": []}}, []),
        ({"phase": {"notIn": ["AT_RISK", "ENDED"]}}, [1, 3, 4, 5]),
        ({"phase": {"notIn": []}}, [1, 2, 3, 4, 5]),
        ({"phase": {"eq": "RUNNING", "notIn": ["RUNNING"]}}, []),
        ({"not": {"phase": {"eq": "RUNNING"}}}, [2]),
        ({"expiresOn": {"eq": "2027-08-30"}}, [1, 4]),
        ({"expiresOn": {"lt": "2027-08-30"}}, [3]),
        ({"expiresOn": {"lte": "2027-08-30"}}, [1, 3, 4]),
        ({"expiresOn": {"gt": "2027-08-30"}}, [2]),
        ({"expiresOn": {"gte": "2027-08-30"}}, [1, 2, 4]),
        ({"expiresOn": {"isNull": True}}, [5]),
        ({"expiresOn": {"isNull": False}}, [1, 2, 3, 4]),
        ({"not": {"expiresOn": {"gte": "2027-08-30"}}}, [3, 5]),
        ({"not": {"expiresOn": {"lte": "2027-08-30"}}}, [2, 5]),
        ({"expiresOn": {"gte": "2027-08-20", "lt": "2027-08-31"}}, [1, 3, 4]),
        ({"trial": {"eq": True}}, []),
        ({"trial": {"eq": False}}, [1, 2, 3, 4, 5]),
        ({"number": {"startsWith": "SU00000"}, "or": [{"phase": {"eq": "AT_RISK"}}, {"trial": {"eq": True}}]}, [2]),
    ],
)
def test_a_filter_leaves_exactly_what_satisfies_it(
    read: Read, world: World, filter: dict[str, Any], expected: list[int]
) -> None:
    assert numbers(read, world, filter) == [f"SU{number:06}" for number in expected]


def test_what_expires_comes_by_its_day_and_the_endless_last(read: Read, world: World) -> None:
    expected = sorted(LAST_DAYS, key=lambda number: (LAST_DAYS[number], number))
    assert numbers(read, world, {}, sort=[{"field": "EXPIRES_ON"}, {"field": "NUMBER"}]) == [*expected, "SU000005"]
