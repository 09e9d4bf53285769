"""Who is founded below whom."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from db import ids
from db.engine import application_engine
from tenancy.errors import ActAsRequired, InvalidInput, NotFound
from tenancy.hierarchy import MAX_LEVEL, create_distributor, create_reseller, tenant_by_id
from tenancy.models import Tenant, TenantName
from tenancy.scope import PLATFORM, SEGMENT, ancestors_of, segment
from tenancy.sessions import ScopedSession, Sessions
from tests.conftest import Chain, Server, act_as, found_chain, scope_of


@pytest.mark.feature("T-01")
def test_a_child_reseller_knows_its_place(session: ScopedSession, chain: Chain) -> None:
    child = chain.child.tenant
    assert (child.level, child.parent_id, child.number) == (
        2,
        chain.reseller.tenant.id,
        f"{chain.reseller.tenant.number}-1",
    )
    assert child.tenant_path.startswith(chain.reseller.tenant.tenant_path)
    assert ancestors_of(child.tenant_path) == (
        chain.distributor.tenant.tenant_path,
        chain.reseller.tenant.tenant_path,
    )


@pytest.mark.feature("T-03")
def test_a_tenant_knows_those_above_by_name_only(session: ScopedSession, chain: Chain) -> None:
    act_as(session, scope_of(chain.child))
    assert set(session.scalars(select(TenantName.name))) == {"Delta", "Ripple", "Brook"}
    assert set(session.scalars(select(Tenant.name))) == {"Brook"}


@pytest.mark.feature("T-01")
def test_nobody_founds_below_another(session: ScopedSession, chain: Chain) -> None:
    scope = act_as(session, scope_of(chain.reseller).writing_downstream())
    new = {"name": "New", "currency": "EUR", "admin_email": "a@new.example"}
    with pytest.raises(ActAsRequired) as refused:
        create_reseller(session, scope, parent_id=chain.child.tenant.id, **new)
    assert ids.encode("rsl", chain.child.tenant.id) in refused.value.message
    for stranger in (chain.sibling, chain.distributor, chain.cousin):
        with pytest.raises(NotFound):
            create_reseller(session, scope, parent_id=stranger.tenant.id, **new)


@pytest.mark.feature("T-01")
def test_a_chain_has_at_most_twelve_levels(session: ScopedSession, chain: Chain) -> None:
    founded = chain.child
    new = {"name": "Deeper", "currency": "EUR", "admin_email": "a@deeper.example"}
    for _ in range(founded.tenant.level, MAX_LEVEL):
        scope = act_as(session, scope_of(founded).writing_downstream())
        founded = create_reseller(session, scope, parent_id=None, **new)
    assert founded.tenant.level == 11
    with pytest.raises(InvalidInput, match="at most 12 levels"):
        create_reseller(
            session, act_as(session, scope_of(founded).writing_downstream()), parent_id=founded.tenant.id, **new
        )


@pytest.mark.feature("T-01")
def test_resellers_founded_at_once_get_places_of_their_own(fresh_database: Server) -> None:
    engine = application_engine(fresh_database.app)
    sessions = Sessions(engine)
    with sessions.begin(PLATFORM) as session:
        chain = found_chain(session)
    scope = scope_of(chain.reseller).writing_downstream()

    def found(number: int) -> str:
        with sessions.begin(scope) as session:
            return create_reseller(
                session, scope, parent_id=None, name=f"R{number}", currency="EUR", admin_email=f"a@r{number}.example"
            ).tenant.tenant_path

    with ThreadPoolExecutor(8) as threads:
        paths = list(threads.map(found, range(24)))
    engine.dispose()
    assert len(set(paths)) == 24


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"admin_email": "nobody"}, "admin_email"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"clock": datetime(2027, 1, 1, tzinfo=UTC)}, "clock"),
    ],
)
def test_a_distributor_is_founded_with_sense(session: ScopedSession, wrong: dict[str, object], path: str) -> None:
    given = {"name": "Delta", "currency": "EUR", "admin_email": "a@delta.example", **wrong}
    with pytest.raises(InvalidInput) as refused:
        create_distributor(session, PLATFORM, **given)  # type: ignore[arg-type]
    assert refused.value.path == (path,)


def test_a_tenant_that_is_not_visible_is_not_there(session: ScopedSession, chain: Chain) -> None:
    act_as(session, scope_of(chain.reseller))
    with pytest.raises(NotFound) as refused:
        tenant_by_id(session, chain.sibling.tenant.id, "tenant_ids", 0)
    assert refused.value.path == ("tenant_ids", 0)


def test_segments_sort_as_their_numbers() -> None:
    numbers = [0, 1, 9, 10, 35, 36, 1295, 1296, 46_655, 60_466_175, 36**SEGMENT - 1]
    assert [segment(number) for number in numbers] == sorted(segment(number) for number in numbers)
    for outside in (-1, 36**SEGMENT):
        with pytest.raises(ValueError, match="segment"):
            segment(outside)
