"""The database refuses by itself: asked directly, as the application's role."""

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from db.engine import FAIL_CLOSED
from domain.shared.numbers import number_for
from migrations.tables import TABLES
from tenancy.hierarchy import Founded
from tenancy.models import Manager, Tenant
from tenancy.scope import NOWHERE
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, Server, act_as, scope_of

EVERY = sorted(TABLES.tables)


@pytest.mark.feature("T-02")
@pytest.mark.parametrize("table", EVERY)
def test_every_table_forces_row_level_security_and_belongs_to_somebody_else(session: ScopedSession, table: str) -> None:
    row = session.execute(
        text(
            "SELECT relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) AS owner,"
            " (SELECT count(*) FROM pg_policy WHERE polrelid = pg_class.oid) AS policies"
            " FROM pg_class WHERE oid = CAST(:table AS regclass)"
        ),
        {"table": table},
    ).one()
    assert (row.relrowsecurity, row.relforcerowsecurity, row.policies) == (True, True, 4)
    assert row.owner == "headwater_owner"


def test_the_applications_role_owns_nothing_and_bypasses_nothing(session: ScopedSession) -> None:
    me = session.execute(
        text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
    ).one()
    owned = session.execute(
        text("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user")
    ).scalar()
    assert tuple(me) == ("headwater_app", False, False)
    assert owned == 0


@pytest.mark.feature("T-02")
@pytest.mark.parametrize("table", EVERY)
def test_without_a_scope_no_row_of_any_table_is_seen(database: Server, table: str) -> None:
    with psycopg.connect(database.app, options=FAIL_CLOSED) as connection:
        assert connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone() == (0,)
    with psycopg.connect(database.app) as connection:
        assert connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone() == (0,)


@pytest.mark.feature("T-02")
def test_a_tenant_sees_itself_and_everything_below_and_nobody_else(session: ScopedSession, chain: Chain) -> None:
    def seen_by(founded: Founded) -> set[str]:
        act_as(session, scope_of(founded))
        return set(session.scalars(select(Tenant.name)))

    assert seen_by(chain.distributor) == {"Delta", "Ripple", "Sandbank", "Brook", "Creek"}
    assert seen_by(chain.reseller) == {"Ripple", "Brook"}
    assert seen_by(chain.sibling) == {"Sandbank", "Creek"}
    assert seen_by(chain.child) == {"Brook"}
    act_as(session, NOWHERE)
    assert set(session.scalars(select(Tenant.name))) == set()


@pytest.mark.feature("T-02")
def test_the_database_refuses_a_row_in_another_tenants_range(session: ScopedSession, chain: Chain) -> None:
    act_as(session, scope_of(chain.reseller))
    for other in (chain.sibling.tenant, chain.child.tenant, chain.distributor.tenant):
        with pytest.raises(ProgrammingError, match="row-level security"), session.begin_nested():
            number_for(session, other, "orders")


@pytest.mark.feature("T-02")
def test_a_change_of_rows_outside_the_range_touches_none(session: ScopedSession, chain: Chain) -> None:
    act_as(session, scope_of(chain.reseller))
    changed = session.scalars(text("UPDATE managers SET name = 'Mallory' RETURNING email")).all()
    deleted = session.scalars(text("DELETE FROM api_tokens RETURNING manager_id")).all()
    assert changed == ["admin@ripple.example"]  # not even those of the child below
    assert deleted == [chain.reseller.manager.id]


def test_a_reference_cannot_cross_distributors(session: ScopedSession) -> None:
    rows = session.execute(
        text(
            "SELECT conrelid::regclass::text AS source, conname FROM pg_constraint"
            " WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND NOT EXISTS ("
            "   SELECT FROM pg_attribute a JOIN pg_attribute b ON b.attrelid = confrelid AND b.attnum = confkey[1]"
            "    WHERE a.attrelid = conrelid AND a.attnum = conkey[1]"
            "      AND a.attname = 'distributor_id' AND b.attname = 'distributor_id')"
        )
    ).all()
    assert rows == []


def test_a_manager_of_the_parent_sees_the_childs_people(session: ScopedSession, chain: Chain) -> None:
    act_as(session, scope_of(chain.reseller))
    assert len(session.scalars(select(Manager)).all()) == 2
