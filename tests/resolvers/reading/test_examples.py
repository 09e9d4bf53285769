"""The examples of the documentation, read from a small world."""

from db import ids
from tests.resolvers.reading.conftest import Read
from tests.resolvers.reading.world import World


def test_a_panel_lists_what_expires_soon(read: Read, world: World) -> None:
    # given
    document = """query ($until: Date!, $after: String) {
      subscriptions(first: 2, after: $after, filter: {phase: {in: [RUNNING, AT_RISK]}, expiresOn: {lte: $until}},
                    sort: [{field: EXPIRES_ON}]) {
        nodes { id number name phase state expiresOn daysLeft account { id name } plan { id name }
                resources { name quantity unitPrice { amount currency } } }
        pageInfo { hasNextPage endCursor }
        totalCount { value exact }
      }
    }"""
    # when
    first = read(world.child.viewer(), document, until="2027-09-20")
    # then
    page = first["data"]["subscriptions"]
    assert page["totalCount"] == {"value": 4, "exact": True}
    assert page["nodes"][0] == {
        "id": ids.encode("sub", world.child.subscriptions[2].id),
        "number": "SU000003",
        "name": "Mail C",
        "phase": "RUNNING",
        "state": "ACTIVE",
        "expiresOn": "2027-08-20",
        "daysLeft": 1,
        "account": {"id": ids.encode("acc", world.child.accounts[0].id), "name": "Brook customer 1"},
        "plan": {"id": ids.encode("pln", world.child.plan.id), "name": "Mail Pro"},
        "resources": [
            {"name": "Disk", "quantity": "5.5", "unitPrice": {"amount": "10.125", "currency": "EUR"}},
            {"name": "Seat", "quantity": "5.5", "unitPrice": {"amount": "10.125", "currency": "EUR"}},
        ],
    }
    assert page["pageInfo"]["hasNextPage"]
    # when
    second = read(world.child.viewer(), document, until="2027-09-20", after=page["pageInfo"]["endCursor"])
    # then
    numbers = [node["number"] for each in (first, second) for node in each["data"]["subscriptions"]["nodes"]]
    assert numbers == ["SU000003", "SU000001", "SU000004", "SU000002"]
    assert not second["data"]["subscriptions"]["pageInfo"]["hasNextPage"]
