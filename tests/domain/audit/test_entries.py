"""The database writes the log by itself, and lets nobody touch it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from db.engine import application_engine
from domain.audit.chain import Broken, Head, verify
from domain.audit.entries import sealed, unsealed_count
from domain.audit.models import AuditEntry, AuditVerb
from domain.audit.sealing import distributors_to_seal, seal
from migrations.auditing import UNWATCHED
from migrations.tables import TABLES
from tenancy import settings
from tenancy.models import ApiToken, Manager, TenantSetting
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession, Sessions
from tests.conftest import Chain, Server, act_as, found_chain, scope_of

pytestmark = pytest.mark.feature("T-12")


def last(session: ScopedSession, subject: str) -> AuditEntry:
    """The newest entry about rows of a table."""
    query = select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.id.desc()).limit(1)
    return session.scalars(query).one()


def entry_count(session: ScopedSession) -> int:
    return len(session.scalars(select(AuditEntry.id)).all())


def test_every_table_of_a_tenant_is_watched_or_has_a_reason_not_to_be(session: ScopedSession) -> None:
    watched = set(
        session.scalars(text("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'audit_changed'"))
    )
    owned = {name for name, table in TABLES.tables.items() if {"id", "tenant_id", "tenant_path"} <= set(table.c.keys())}
    assert watched == owned - UNWATCHED.keys()


def test_an_entry_holds_before_and_after_of_what_changed_and_nothing_else(session: ScopedSession, chain: Chain) -> None:
    act_as(session, scope_of(chain.child))
    manager = chain.child.manager
    manager.name = "Ada"
    session.flush()
    entry = last(session, "managers")
    assert (entry.verb, entry.subject_id, entry.count) == (AuditVerb.CHANGED, manager.id, 1)
    assert entry.changes == {"name": ["admin@brook.example", "Ada"]}
    assert (entry.tenant_id, entry.tenant_path) == (chain.child.tenant.id, chain.child.tenant.tenant_path)


def test_set_based_sql_leaves_its_entries_too(session: ScopedSession, chain: Chain) -> None:
    act_as(session, PLATFORM)
    before = entry_count(session)
    session.execute(text("UPDATE managers SET name = 'X'"))
    assert entry_count(session) == before + 5
    session.execute(text("UPDATE managers SET name = 'X'"))
    assert entry_count(session) == before + 5  # nothing changed


def test_a_statement_over_a_hundred_rows_is_told_once_a_tenant(session: ScopedSession, chain: Chain) -> None:
    act_as(session, scope_of(chain.child))
    child = chain.child.tenant
    owner = {"distributor_id": child.distributor_id, "tenant_id": child.id, "tenant_path": child.tenant_path}
    session.add_all(
        Manager(**owner, name=f"M{number}", email=f"m{number}@brook.example", role="MARKETING") for number in range(120)
    )
    session.flush()
    session.execute(text("UPDATE managers SET active = false"))
    entry = last(session, "managers")
    assert (entry.verb, entry.subject_id, entry.count, entry.changes) == (AuditVerb.CHANGED, None, 121, {})


def test_what_is_removed_is_told_as_it_was(session: ScopedSession, chain: Chain) -> None:
    scope = act_as(session, scope_of(chain.child))
    settings.set_setting(session, scope, key=settings.SettingKey.LOCALE, text="de", clock=chain.clock)
    settings.reset_setting(session, scope, key=settings.SettingKey.LOCALE)
    entry = last(session, "settings")
    assert entry.verb is AuditVerb.DELETED
    assert entry.changes["value"] == ["de", None]
    assert session.scalars(select(TenantSetting)).all() == []


def test_secrets_are_masked(session: ScopedSession, chain: Chain) -> None:
    act_as(session, PLATFORM)
    entry = last(session, "api_tokens")
    assert entry.changes["token_hash"] == [None, "***"]
    kept = session.scalars(select(ApiToken.token_hash)).all()
    everything = str(session.scalars(text("SELECT changes::text FROM audit_entries")).all())
    assert all(hash.hex() not in everything for hash in kept)


@pytest.mark.feature("T-03")
def test_a_tenant_sees_what_was_done_to_it_and_below_and_nothing_above(session: ScopedSession, chain: Chain) -> None:
    def seen(who: str) -> set[object]:
        act_as(session, scope_of(getattr(chain, who)))
        return set(session.scalars(select(AuditEntry.tenant_id)))

    tenants = {
        name: getattr(chain, name).tenant.id for name in ("distributor", "reseller", "child", "sibling", "cousin")
    }
    assert seen("child") == {tenants["child"]}
    assert seen("reseller") == {tenants["reseller"], tenants["child"]}
    assert seen("distributor") == set(tenants.values())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET operation = 'other'",
        "UPDATE audit_entries SET sequence = 1, hash = '\\x00'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "INSERT INTO audit_entries SELECT * FROM audit_entries",
    ],
)
def test_the_application_may_neither_alter_nor_remove_nor_add_by_itself(
    session: ScopedSession, chain: Chain, statement: str
) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
        session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET operation = 'other'",
        "UPDATE audit_entries SET sequence = sequence + 100, hash = '\\x00' WHERE sequence IS NOT NULL",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
    ],
)
def test_not_even_the_tables_owner_may_unless_he_takes_the_guard_away(
    fresh_database: Server, statement: str, sealed_log: None
) -> None:
    with (
        psycopg.connect(fresh_database.superuser) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="only added to"),
    ):
        connection.execute(statement)


@pytest.fixture
def sealed_log(fresh_database: Server) -> None:
    """A founded chain whose log is sealed."""
    with open_log(fresh_database) as session:
        found_chain(session)
    with open_log(fresh_database) as session:
        (distributor_id,) = distributors_to_seal(session)
        assert seal(session, distributor_id) > 20


@contextmanager
def open_log(database: Server) -> Iterator[ScopedSession]:
    """One transaction of the platform."""
    engine = application_engine(database.app, pool_size=1)
    with Sessions(engine).begin(PLATFORM) as session:
        yield session
    engine.dispose()


def test_entries_follow_a_tenant_that_is_moved_and_the_chain_holds(sealed_log: None, fresh_database: Server) -> None:
    # The place alone may change; the hash covers the tenant's id.
    with psycopg.connect(fresh_database.superuser) as connection:
        moved = connection.execute(
            "UPDATE audit_entries SET tenant_path = '00000100000z' WHERE length(tenant_path) = 12"
        )
        assert moved.rowcount > 0
    with open_log(fresh_database) as session:
        (id,) = set(session.scalars(select(AuditEntry.distributor_id)))
        assert isinstance(verify(sealed(session, id)), Head)


def test_sealing_takes_each_entry_once_and_the_chain_holds(session: ScopedSession, chain: Chain) -> None:
    act_as(session, PLATFORM)
    id = chain.distributor.tenant.id
    waiting = unsealed_count(session, id)
    assert distributors_to_seal(session) == [id]
    assert (seal(session, id), seal(session, id)) == (waiting, 0)
    first = verify(sealed(session, id))
    assert isinstance(first, Head)
    assert first.sequence == waiting
    session.execute(text("UPDATE managers SET name = 'later'"))
    assert seal(session, id) == 5
    again = verify(sealed(session, id), head=first)
    assert isinstance(again, Head)
    assert again.sequence == waiting + 5


def test_what_a_superuser_alters_is_named(sealed_log: None, fresh_database: Server) -> None:
    with psycopg.connect(fresh_database.superuser) as connection:
        connection.execute("SET session_replication_role = replica")
        row = connection.execute(
            "UPDATE audit_entries SET changes = jsonb_set(changes, '{name,1}', '\"forged\"')"
            " WHERE sequence = 1 RETURNING id, distributor_id"
        ).fetchone()
    assert row is not None
    with open_log(fresh_database) as session:
        found = verify(sealed(session, row[1]))
    assert isinstance(found, Broken)
    assert (found.sequence, found.id) == (1, str(row[0]))


def test_what_is_undone_takes_its_entries_with_it(session: ScopedSession, chain: Chain) -> None:
    act_as(session, PLATFORM)
    before = entry_count(session)
    savepoint = session.begin_nested()
    session.execute(text("UPDATE managers SET name = 'gone'"))
    assert entry_count(session) == before + 5
    savepoint.rollback()
    assert entry_count(session) == before
