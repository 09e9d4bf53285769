import os
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from server.embedded import EmbeddedPostgres
from server.settings import ROOT
from tests.conftest import Server


def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    settings = {name: value for name, value in os.environ.items() if not name.startswith(("HEADWATER_", "DATABASE_"))}
    return subprocess.run(
        [sys.executable, "-P", "-m", "server.cli", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**settings, "PYTHONPATH": str(ROOT), **variables},
    )


def test_a_busy_port_gives_one_line_and_nothing_is_started(tmp_path: Path) -> None:
    # given
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        # when
        done = run("up", "--port", str(port), "--data-dir", tmp_path / "data")
    # then
    assert done.returncode == 1
    assert done.stderr == (f"headwater: 127.0.0.1:{port} is in use by another program; choose another with --port\n")
    assert not (tmp_path / "data").exists()


def test_a_database_out_of_reach_gives_one_line_without_its_password(tmp_path: Path) -> None:
    url = "postgresql://me:secret@127.0.0.1:1/headwater"
    done = run("up", "--port", "0", "--data-dir", tmp_path, DATABASE_URL=url)
    assert done.returncode == 1
    assert done.stderr.startswith("headwater: no connection to the database of DATABASE_URL: ")
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("mysql://me@host/headwater", "DATABASE_URL names mysql; Headwater works on PostgreSQL only"),
        ("headwater", "DATABASE_URL is not a URL such as postgresql://user:password@host/database"),
    ],
)
def test_a_url_of_something_else_is_refused(tmp_path: Path, url: str, line: str) -> None:
    done = run("up", "--port", "0", "--data-dir", tmp_path, DATABASE_URL=url)
    assert done.returncode == 1
    assert done.stderr == f"headwater: {line}\n"


def test_a_setting_of_the_wrong_kind_is_named(tmp_path: Path) -> None:
    done = run("up", "--data-dir", tmp_path, HEADWATER_PORT="many")
    assert done.returncode == 1
    assert done.stderr.startswith("headwater: setting port: ")
    assert done.stderr.count("\n") == 1


def test_migrate_starts_the_database_for_as_long_as_it_takes(tmp_path: Path) -> None:
    # when
    first, second = run("migrate", "--data-dir", tmp_path), run("migrate", "--data-dir", tmp_path)
    # then
    assert (first.returncode, second.returncode) == (0, 0)
    assert EmbeddedPostgres.running(tmp_path) is None
    with EmbeddedPostgres(tmp_path) as server, psycopg.connect(server.app_url()) as connection:
        assert connection.execute("SELECT count(*) FROM tenants").fetchone() == (0,)


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path, fresh_database: Server) -> None:
    # given
    with psycopg.connect(fresh_database.owner) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")
    # when
    done = run("up", "--port", "0", "--data-dir", tmp_path, DATABASE_URL=fresh_database.owner)
    # then
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("headwater: the database cannot be migrated: Can't locate revision")


def test_a_login_that_cannot_become_the_application_is_named(tmp_path: Path) -> None:
    # given
    with EmbeddedPostgres(tmp_path / "elsewhere") as server:  # roles belong to a whole server
        with psycopg.connect(server.superuser_url()) as connection:
            connection.execute("REVOKE headwater_app FROM headwater_owner")
        # when
        done = run("up", "--port", "0", "--data-dir", tmp_path, DATABASE_URL=server.owner_url())
    # then
    assert done.returncode == 1
    assert "headwater: the application has no way into the database: " in done.stderr.splitlines()[-1]


def test_a_worker_without_a_database_says_so(tmp_path: Path) -> None:
    done = run("worker", "--data-dir", tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("headwater: DATABASE_URL is not set and no `./headwater up` runs here")


def test_a_mistyped_command_is_answered_with_the_right_one() -> None:
    done = run("upp")
    assert done.returncode == 2
    assert "Did you mean 'up'?" in done.stderr
