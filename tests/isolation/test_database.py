"""The database by itself, asked directly under the application's role: every table, every command, as everybody."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import ForeignKeyViolation, InsufficientPrivilege

from db import ids
from db.base import Base
from db.engine import FAIL_CLOSED
from migrations.tables import TABLES
from tenancy.rows import Visibility
from tenancy.scope import Scope
from tenancy.sessions import settings_of
from tests.isolation.conftest import Ground
from tests.isolation.ground import VIEWERS, sees

pytestmark = pytest.mark.feature("T-02")

INHERITED = {
    str(mapper.local_table)
    for mapper in Base.registry.mappers
    if getattr(mapper.class_, "__visibility__", None) is Visibility.INHERITED
}


@contextmanager
def within(ground: Ground, scope: Scope) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A transaction of the application's role in a scope, undone at its end."""
    with psycopg.connect(ground.database.app, options=FAIL_CLOSED) as connection:
        for name, value in settings_of(scope).items():
            connection.execute("SELECT set_config(%s, %s, true)", [f"app.{name}", value])
        yield connection
        connection.rollback()


def named(text: str, table: str) -> sql.Composed:
    return sql.SQL(text).format(sql.Identifier(table))


every_viewer = pytest.mark.parametrize("who", VIEWERS)


@every_viewer
def test_everybody_reads_of_every_table_what_the_architecture_says_and_no_row_more(ground: Ground, who: str) -> None:
    scope = ground.world.who(who).scope
    with (
        psycopg.connect(ground.database.superuser) as everything,
        within(ground, scope) as connection,
    ):
        for name, table in TABLES.tables.items():
            inherits = "inherited" if "inherited" in table.c else str(name in INHERITED)
            query = named(f"SELECT tenant_path, {inherits} FROM {{}} ORDER BY 1, 2", name)
            wanted = [row for row in everything.execute(query) if sees(scope, str(row[0]), inherited=bool(row[1]))]
            assert connection.execute(query).fetchall() == wanted, name


@every_viewer
@pytest.mark.parametrize("command", ["UPDATE {} SET tenant_path = tenant_path", "DELETE FROM {}"])
def test_nobody_changes_rows_of_another_tenant_in_any_table(ground: Ground, who: str, command: str) -> None:
    scope = ground.world.who(who).scope
    with within(ground, scope) as connection:
        for table in TABLES.tables:
            try:
                with connection.transaction():
                    changed = connection.execute(named(command + " RETURNING tenant_path", table)).fetchall()
            except (InsufficientPrivilege, ForeignKeyViolation):
                continue  # a table that is only added to; a row that others refer to
            assert {path for (path,) in changed} <= {scope.path}, table


@every_viewer
def test_nobody_adds_rows_for_another_tenant_to_any_table(ground: Ground, who: str) -> None:
    scope = ground.world.who(who).scope
    with psycopg.connect(ground.database.superuser) as connection:
        places = [str(path) for (path,) in connection.execute("SELECT tenant_path FROM tenants")]
    with within(ground, scope) as connection:
        for table in TABLES.tables:
            for path in places:
                if path != scope.path:
                    with pytest.raises(InsufficientPrivilege), connection.transaction():
                        connection.execute(_row_at(table, path))


def _row_at(table: str, path: str) -> sql.Composed:
    """A row with nothing but a place: policies are asked before anything else about it is."""
    columns = [column.name for column in TABLES.tables[table].columns if column.computed is None]
    values = [sql.Literal(path) if name == "tenant_path" else sql.SQL("NULL") for name in columns]
    return sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(", ").join(values)
    )


def test_no_reference_can_cross_distributors_whoever_writes_it(ground: Ground) -> None:
    """Tried with the rights of a superuser, for every foreign key that a row here uses."""
    tried = set()
    with psycopg.connect(ground.database.superuser) as connection:
        first, second = (ids.decode(each["distributor"])[1] for each in (ground.world.ids, ground.others))
        for table in TABLES.sorted_tables:
            for key in table.foreign_key_constraints:
                if "distributor_id" in {each.name for each in list(key.columns)[1:]} or len(key.columns) < 2:
                    continue
                column, target = list(key.columns)[-1].name, list(key.elements)[-1].column.name
                found = connection.execute(
                    sql.SQL("SELECT {} FROM {} WHERE distributor_id = %s LIMIT 1").format(
                        sql.Identifier(target), sql.Identifier(key.referred_table.name)
                    ),
                    [second],
                ).fetchone()
                if found is None:
                    continue
                change = sql.SQL("UPDATE {0} SET {1} = %s WHERE distributor_id = %s AND {1} IS NOT NULL").format(
                    sql.Identifier(table.name), sql.Identifier(column)
                )
                try:
                    with connection.transaction() as undone:
                        if connection.execute(change, [found[0], first]).rowcount:
                            raise AssertionError(f"{table.name}.{column} refers to another distributor")
                        raise psycopg.Rollback(undone)
                except (ForeignKeyViolation, psycopg.errors.CheckViolation, psycopg.errors.UniqueViolation):
                    tried.add(f"{table.name}.{column}")
    assert len(tried) > 50
