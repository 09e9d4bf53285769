import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from server.embedded import EmbeddedError, EmbeddedPostgres
from server.settings import ROOT

QUICK = {"fsync": "off"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    postgres = EmbeddedPostgres(tmp_path / "data")
    postgres.start(QUICK)
    yield postgres
    postgres.stop(fast=True)


def keep(server: EmbeddedPostgres, word: str) -> None:
    with psycopg.connect(server.owner_url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (word text)")
        connection.execute("INSERT INTO kept VALUES (%s)", [word])


def kept(server: EmbeddedPostgres) -> list[str]:
    with psycopg.connect(server.owner_url()) as connection:
        return [word for (word,) in connection.execute("SELECT word FROM kept ORDER BY 1")]


def test_the_application_role_logs_in_owns_nothing_and_bypasses_nothing(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.app_url()) as connection:
        row = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == ("headwater_app", False, False, False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine ()")


def test_the_owner_makes_tables_and_may_become_the_application_but_is_no_superuser(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.owner_url()) as connection:
        connection.execute("CREATE TABLE ours ()")
        connection.execute("SET ROLE headwater_app")
        row = connection.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = session_user").fetchone()
    assert row == (False, False)


def test_the_server_listens_on_no_network(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.superuser_url()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_nobody_else_may_enter_the_folder_of_the_socket(server: EmbeddedPostgres) -> None:
    assert stat.S_IMODE((server.data_dir / "run").stat().st_mode) == 0o700
    assert stat.S_IMODE((server.data_dir / "postgres").stat().st_mode) == 0o700


def test_unicode_has_its_cases_and_sorts_by_code_point(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.app_url()) as connection:
        assert connection.execute("SELECT upper('ключ é'), 'Z' < 'a'").fetchone() == ("КЛЮЧ É", True)


def test_a_variable_of_another_server_changes_nothing(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "7777")
    with psycopg.connect(server.app_url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_second_start_keeps_the_data(tmp_path: Path) -> None:
    # given
    with EmbeddedPostgres(tmp_path) as first:
        keep(first, "kept")
    # when
    with EmbeddedPostgres(tmp_path) as second:
        # then
        assert kept(second) == ["kept"]


def test_a_data_directory_has_one_server_and_the_second_start_says_so_in_one_line(server: EmbeddedPostgres) -> None:
    with pytest.raises(EmbeddedError, match=rf"in use by another Headwater \(process {os.getpid()}\)$"):
        EmbeddedPostgres(server.data_dir).start(QUICK)
    with psycopg.connect(server.app_url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_killed_server_starts_again_with_what_was_committed(tmp_path: Path) -> None:
    # given
    server = EmbeddedPostgres(tmp_path)
    process = server.start(QUICK)
    keep(server, "before")
    # when
    process.kill()
    process.wait()
    server.start(QUICK)
    # then
    assert kept(server) == ["before"]
    server.stop(fast=True)


@pytest.mark.parametrize("deaf_to_our_death", [False, True])
def test_a_server_left_over_by_a_killed_process_is_taken_over(tmp_path: Path, *, deaf_to_our_death: bool) -> None:
    # given
    program = f"""
import server.embedded, sys, time
from pathlib import Path
from tests.server.test_embedded import QUICK, keep
if {deaf_to_our_death}:  # as where the kernel does not tell
    server.embedded.dies_with_parent = lambda signal: None
postgres = server.embedded.EmbeddedPostgres(Path(sys.argv[1]))
print(postgres.start(QUICK).pid, flush=True)
keep(postgres, "before")
print("kept", flush=True)
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        left_over = int(starter.stdout.readline())
        assert starter.stdout.readline() == "kept\n"
        starter.kill()
    if deaf_to_our_death:
        os.kill(left_over, 0)  # it runs on
    # when
    server = EmbeddedPostgres(tmp_path)
    process = server.start(QUICK)
    # then
    assert process.pid != left_over
    assert kept(server) == ["before"]
    server.stop(fast=True)


def test_a_stale_process_number_that_another_program_has_by_now_is_no_server(tmp_path: Path) -> None:
    # given
    server = EmbeddedPostgres(tmp_path)
    process = server.start(QUICK)
    pid_file = tmp_path / "postgres" / "postmaster.pid"
    process.kill()
    process.wait()
    server.stop()
    with subprocess.Popen(["sleep", "60"]) as somebody:
        first, *rest = pid_file.read_text().splitlines()
        assert int(first) == process.pid
        pid_file.write_text("\n".join([str(somebody.pid), *rest]) + "\n")
        # when
        server.start(QUICK)
        # then
        assert somebody.poll() is None
        somebody.kill()
    server.stop(fast=True)


def test_a_path_too_long_for_a_socket_gets_a_short_one(tmp_path: Path) -> None:
    # when
    with EmbeddedPostgres(tmp_path / ("long" * 30)) as server:
        with psycopg.connect(server.superuser_url()) as connection:
            # then
            assert connection.execute("SELECT 1").fetchone() == (1,)
            (socket_dir,) = connection.execute("SHOW unix_socket_directories").fetchone() or ("",)
        folder = Path(socket_dir.strip('"'))
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()


def test_an_odd_path_is_quoted(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path / "a b, c%20 é") as server, psycopg.connect(server.app_url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_another_command_finds_the_running_server(server: EmbeddedPostgres) -> None:
    found = EmbeddedPostgres.running(server.data_dir)
    assert found is not None
    assert found.app_url() == server.app_url()


def test_a_stopped_or_killed_server_is_not_found(tmp_path: Path) -> None:
    assert EmbeddedPostgres.running(tmp_path) is None
    server = EmbeddedPostgres(tmp_path)
    process = server.start(QUICK)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert EmbeddedPostgres.running(tmp_path) is None
    server.stop()


def test_a_start_that_fails_says_why_in_one_line_and_frees_the_directory(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path)
    with pytest.raises(EmbeddedError, match=r"^PostgreSQL does not start: .*no_such_setting.*$") as refused:
        server.start({"no_such_setting": "1"})
    assert "\n" not in str(refused.value)
    with EmbeddedPostgres(tmp_path):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts programs as somebody else")
def test_a_closed_folder_is_opened_to_its_group_only(tmp_path: Path) -> None:
    # given
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    # when
    with EmbeddedPostgres(closed / "data") as server:
        # then
        assert stat.S_IMODE(closed.stat().st_mode) == 0o710
        assert server.process is not None
        assert (closed / "data" / "postgres").stat().st_uid != 0
