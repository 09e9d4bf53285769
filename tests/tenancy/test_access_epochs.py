"""An epoch of access ends with everything that could make another answer of who a token belongs to."""

import re

import pytest
from sqlalchemy import select, text

from tenancy.models import AccessEpoch
from tenancy.scope import PLATFORM, SEGMENT
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as

LOOK_UPS = ("app_holder", "app_authenticate_customer", "app_standing")


def epoch(session: ScopedSession, place: str) -> int | None:
    return session.scalar(select(AccessEpoch.epoch).where(AccessEpoch.tenant_path == place))


def test_every_table_that_a_holder_is_looked_up_in_ends_epochs(session: ScopedSession) -> None:
    # given
    sources = session.scalars(
        text("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = ANY (:names)"), {"names": list(LOOK_UPS)}
    ).all()
    tables = set(session.scalars(text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 2200")))
    read = {name for source in sources for name in re.findall(r"(?:FROM|JOIN) (?:public\.)?(\w+)", source)} & tables
    # when
    ending = set(
        session.scalars(
            text(
                "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'app_end_access_epoch'::regproc"
                " AND tgenabled = 'O'"
            )
        )
    )
    # then
    assert len(sources) == len(LOOK_UPS)
    assert {"api_tokens", "managers", "memberships", "service_tokens", "session_tokens", "tenants", "users"} <= read
    assert ending == read


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE api_tokens SET revoked_at = now() WHERE distributor_id = :distributor",
        "DELETE FROM api_tokens WHERE distributor_id = :distributor",
        "UPDATE managers SET role = 'MARKETING' WHERE distributor_id = :distributor",
        "UPDATE tenants SET state = 'SUSPENDED' WHERE distributor_id = :distributor",
        "UPDATE tenants SET suspended_above = true WHERE distributor_id = :distributor",
    ],
)
def test_a_change_of_access_ends_its_distributors_epoch_and_no_other(
    session: ScopedSession, chain: Chain, change: str
) -> None:
    # given
    act_as(session, PLATFORM)
    place = chain.distributor.tenant.tenant_path[:SEGMENT]
    before, platforms = epoch(session, place), epoch(session, "")
    # when
    session.execute(text(change), {"distributor": chain.distributor.tenant.id})
    # then
    assert epoch(session, place) == (before or 0) + 1
    assert epoch(session, "") == platforms


def test_the_use_of_a_token_ends_nothing(session: ScopedSession, chain: Chain) -> None:
    act_as(session, PLATFORM)
    place = chain.distributor.tenant.tenant_path[:SEGMENT]
    before = epoch(session, place)
    session.execute(text("UPDATE api_tokens SET last_used_at = now()"))
    assert epoch(session, place) == before


def test_nobody_else_counts(session: ScopedSession, chain: Chain) -> None:
    act_as(session, PLATFORM)
    granted = session.scalars(
        text("SELECT privilege_type FROM information_schema.role_table_grants WHERE table_name = 'access_epochs'")
    )
    assert set(granted) == {"SELECT"}
