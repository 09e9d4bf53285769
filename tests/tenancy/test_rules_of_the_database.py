"""The rules of the architecture, read from the catalog of the live database."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from server.settings import ROOT
from tenancy.sessions import ScopedSession

pytestmark = pytest.mark.feature("T-02")

READS = "((tenant_path >= app_lo()) AND (tenant_path < app_hi()))"
INHERITS = f"({READS} OR (tenant_path = ANY (app_ancestors())))"
SOME_INHERIT = f"({READS} OR (inherited AND (tenant_path = ANY (app_ancestors()))))"
WRITES = "((tenant_path >= app_write_lo()) AND (tenant_path < app_write_hi()))"
PLATFORMS = {"access_epochs", "deprecated_uses", "service_tokens", "sign_in_attempts", "trusted_documents"}
"""Tables of the platform: they have a place, and no distributor."""
NOT_OURS = {"alembic_version"}
DEFINERS = {
    "app_audit_called",
    "app_audit_changed",
    "app_audit_created",
    "app_audit_deleted",
    "app_audit_seal",
    "app_authenticate",
    "app_authenticate_customer",
    "app_categories_changed",
    "app_end_access_epoch",
    "app_holder",
    "app_move_rows",
    "app_next_terms",
    "app_periods_removed",
    "app_plans_changed",
    "app_prices_added",
    "app_prices_gone",
    "app_prices_set",
    "app_products_changed",
    "app_storefront",
}
"""Functions with the owner's rights. A new one needs a reason, and a test of what it may not do."""


def test_every_policy_compares_a_path_with_a_range_and_nothing_else(session: ScopedSession) -> None:
    found = session.execute(
        text(
            "SELECT tablename, cmd, permissive, qual, with_check,"
            " has_table_privilege(current_user, tablename::regclass, cmd) AS granted"
            " FROM pg_policies WHERE schemaname = 'public'"
        )
    ).all()
    wanted = {
        ("SELECT", _plain(READS), None),
        ("SELECT", _plain(INHERITS), None),
        ("SELECT", _plain(SOME_INHERIT), None),
        ("INSERT", None, _plain(WRITES)),
        ("UPDATE", _plain(WRITES), _plain(WRITES)),
        ("DELETE", _plain(WRITES), None),
    }
    others = [row for row in found if (row.cmd, _plain(row.qual), _plain(row.with_check)) not in wanted]
    assert [
        row for row in others if row.granted
    ] == []  # what the application may not do anyway may be let to a trigger
    assert not any("SELECT" in f"{row.qual} {row.with_check}" for row in found)
    assert {row.permissive for row in found} == {"PERMISSIVE"}
    by_table: dict[str, list[str]] = {}
    for row in found:
        by_table.setdefault(row.tablename, []).append(row.cmd)
    assert {tuple(sorted(commands)) for commands in by_table.values()} == {("DELETE", "INSERT", "SELECT", "UPDATE")}


def _plain(condition: str | None) -> str | None:
    """Without parentheses, and without what is opened to customers, which `test_customer_rows` looks at."""
    if condition is None:
        return None
    return re.sub(r"[()]", "", re.sub(r" OR COALESCE\(.*?, false\)", "", condition))


def test_every_table_there_is_has_policies_and_is_forced(session: ScopedSession) -> None:
    """Also one that no model knows."""
    rows = session.execute(
        text(
            "SELECT relname, relrowsecurity AND relforcerowsecurity AS forced, pg_get_userbyid(relowner) AS owner,"
            " (SELECT count(*) FROM pg_policy WHERE polrelid = c.oid) AS policies"
            " FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'f', 'm')"
        )
    ).all()
    unsafe = {row.relname for row in rows if not row.forced or row.policies != 4 or row.owner != "headwater_owner"}
    assert unsafe == NOT_OURS


def test_the_application_may_do_nothing_with_tables_but_read_and_write_rows(session: ScopedSession) -> None:
    rows = session.execute(
        text(
            "SELECT DISTINCT privilege_type FROM information_schema.role_table_grants"
            " WHERE table_schema = 'public' AND grantee IN ('headwater_app', 'PUBLIC')"
        )
    ).scalars()
    assert set(rows) == {"SELECT", "INSERT", "UPDATE", "DELETE"}


def test_the_applications_role_is_nobody_else_and_owns_nothing_of_any_kind(session: ScopedSession) -> None:
    role = session.execute(
        text(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,"
            " (SELECT count(*) FROM pg_auth_members WHERE member = r.oid) AS is_also,"
            " (SELECT count(*) FROM pg_shdepend WHERE refobjid = r.oid AND deptype = 'o') AS owns"
            " FROM pg_roles r WHERE rolname = current_user"
        )
    ).one()
    assert tuple(role) == (False, False, False, False, False, 0, 0)


def test_the_distributor_is_first_in_every_key(session: ScopedSession) -> None:
    """Primary, unique and foreign ones: the tables can be spread by it, and no key says what others have."""
    rows = session.execute(
        text(
            "SELECT t.relname, i.relname AS key, a.attname AS first FROM pg_index x"
            " JOIN pg_class t ON t.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid"
            " LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.indkey[0]"
            " WHERE t.relnamespace = 'public'::regnamespace AND x.indisunique"
            " UNION ALL"
            " SELECT t.relname, c.conname, a.attname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid"
            " JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]"
            " WHERE c.connamespace = 'public'::regnamespace AND c.contype = 'f'"
        )
    ).all()
    assert len(rows) > 100
    others = {row.relname for row in rows if row.first != "distributor_id"}
    assert others - NOT_OURS == PLATFORMS


def test_paths_are_compared_byte_by_byte_and_are_always_there(session: ScopedSession) -> None:
    rows = session.execute(
        text(
            "SELECT table_name, collation_name, is_nullable FROM information_schema.columns"
            " WHERE table_schema = 'public' AND column_name = 'tenant_path'"
        )
    ).all()
    assert {(row.collation_name, row.is_nullable) for row in rows} == {("C", "NO")}
    assert len(rows) > 30


def test_views_see_what_their_reader_sees(session: ScopedSession) -> None:
    rows = session.execute(
        text(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('v', 'm')"
            " AND NOT coalesce(reloptions @> ARRAY['security_invoker=true'], false)"
        )
    ).all()
    assert rows == []


def test_the_functions_of_policies_are_stable_and_ask_no_table(session: ScopedSession) -> None:
    rows = session.execute(
        text(
            "SELECT p.proname, p.provolatile, p.prosecdef, l.lanname, pg_get_functiondef(p.oid) AS body"
            " FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang"
            " WHERE p.proname IN ('app_lo', 'app_hi', 'app_write_lo', 'app_write_hi', 'app_ancestors')"
        )
    ).all()
    assert len(rows) == 5
    for row in rows:
        assert (row.provolatile, row.prosecdef, row.lanname) == ("s", False, "sql")
        assert "FROM" not in row.body.upper().replace("CREATE OR REPLACE FUNCTION", "")


def test_functions_with_the_owners_rights_are_known_and_closed(session: ScopedSession) -> None:
    rows = session.execute(
        text(
            "SELECT proname, proconfig, prorettype <> 'trigger'::regtype"
            " AND has_function_privilege('public', oid, 'EXECUTE') AS everybody FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace AND prosecdef"
        )
    ).all()
    assert {row.proname for row in rows} == DEFINERS
    for row in rows:
        assert not row.everybody
        assert row.proconfig == ["search_path=pg_catalog, public, pg_temp"]


def test_no_setting_outlives_its_transaction() -> None:
    """On a pooled connection it would be the next one's."""
    folders = ("db", "domain", "jobs", "migrations", "resolvers", "schema", "server", "tenancy")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    lasting = re.compile(r"set_config\([^()]*,\s*false\s*\)|\bSET\s+(SESSION\s+)?app\.", re.IGNORECASE)
    assert [str(path.relative_to(ROOT)) for path in sources if lasting.search(Path(path).read_text())] == []
