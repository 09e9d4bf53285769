"""Whatever one may ask, the compiled statement and the reference say the same."""

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from db import ids
from resolvers.reading import Engine
from resolvers.reading.documents import RequestErrors
from tenancy.permissions import Role
from tests.conftest import Server
from tests.resolvers.reading.conftest import Read
from tests.resolvers.reading.drawing import operations
from tests.resolvers.reading.test_equivalence import both, sorted_errors
from tests.resolvers.reading.world import PLATFORM_VIEWER, World


def some_ids(world: World) -> list[str]:
    """Ids of every kind, of tenants all over the chain."""
    found = []
    for seller in (world.distributor, world.reseller, world.child, world.sibling):
        prefix = "dst" if seller is world.distributor else "rsl"
        found += [
            ids.encode(prefix, seller.founded.tenant.id),
            ids.encode("acc", seller.accounts[0].id),
            ids.encode("pln", seller.plan.id),
            ids.encode("sub", seller.subscriptions[1].id),
            ids.encode("mgr", seller.founded.manager.id),
        ]
    return [*found, ids.encode("trm", world.term.id), ids.encode("rsl", world.distributor.founded.tenant.id)]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)
@given(data=st.data())
def test_any_operation_is_answered_as_the_reference_does(
    data: st.DataObject, reading_engine: Engine, read: Read, readable: tuple[Server, World]
) -> None:
    # given
    server, world = readable
    drawn = data.draw(operations(reading_engine.schema, some_ids(world)))
    name = data.draw(st.sampled_from(["platform", "distributor", "reseller", "child"]))
    role = data.draw(st.sampled_from([Role.SYSTEM_ADMINISTRATOR, Role.MARKETING, Role.SALES_PERSON]))
    viewer = PLATFORM_VIEWER if name == "platform" else getattr(world, name).viewer(role)
    try:
        reading_engine.documents.find(drawn.text)
    except RequestErrors as wrong:
        assume(not wrong.errors)
    # when
    answer, expected = both(reading_engine, read, server, viewer, drawn.text, drawn.variables)
    # then
    if "data" not in answer:  # what exceeds a limit the statement refuses as a whole, the reference in its place
        assert {error["extensions"]["code"] for error in answer["errors"]} <= {"LIMIT_EXCEEDED", "INVALID_INPUT"}
    else:
        assert answer["data"] == expected["data"]
        assert sorted_errors(answer) == sorted_errors(expected)
