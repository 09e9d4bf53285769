"""`./headwater up` as a whole, with its real processes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from server.settings import ROOT
from tests.conftest import Server
from tests.message_brokers import installed_server

LIMIT = 60


class House:
    """A running `up`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.said = ""
        for line in process.stdout:
            self.said += line
            if "Ctrl-C stops everything" in line:
                break
        else:
            assert process.stderr is not None
            pytest.fail(process.stderr.read())

    @property
    def address(self) -> str:
        return self._said(r"explorer +(http://\S+)/$")

    @property
    def metrics(self) -> str:
        return self._said(r"metrics +(http://\S+)$")

    @property
    def operator_token(self) -> str:
        return self._said(r"operator +(\S+)$")

    def _said(self, pattern: str) -> str:
        found = re.search(pattern, self.said, re.MULTILINE)
        assert found is not None
        return found[1]

    def child(self, word: str) -> psutil.Process:
        """The child whose command names `word`; waits for one to be there."""
        deadline = time.monotonic() + LIMIT
        while time.monotonic() < deadline:
            for child in psutil.Process(self.process.pid).children():
                if is_alive(child) and any(word in part for part in child.cmdline()):
                    return child
            time.sleep(0.05)
        raise AssertionError(f"no {word}")

    def broker(self) -> str:
        """What `/readyz`, which has to say ready, says of the message broker."""
        with urllib.request.urlopen(f"{self.address}/readyz", timeout=20) as response:  # noqa: S310 - our own
            said: dict[str, str] = json.load(response)
        assert (response.status, said["status"]) == (200, "ready")
        return said["broker"]

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LIMIT
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/readyz", timeout=20) as response:  # noqa: S310 - our own
                return bool(response.status == 200)
        except OSError:
            return False

    def gets_ready(self) -> bool:
        deadline = time.monotonic() + LIMIT
        while not self.is_ready():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def up(data_dir: Path, *arguments: str, **variables: str) -> Iterator[House]:
    """Start it, and end it with SIGTERM if it was not ended."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("HEADWATER_", "DATABASE_"))}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "server.cli", "up", "--port", "0", "--data-dir", str(data_dir), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**inherited, "PYTHONPATH": str(ROOT), **variables},
    ) as process:
        try:
            yield House(process)
        finally:
            process.terminate()
            process.communicate()


def test_it_comes_up_ends_at_a_signal_and_leaves_nothing_behind(tmp_path: Path) -> None:
    # given
    with up(tmp_path, "--no-demo", "--metrics-port", "0") as house:
        children = psutil.Process(house.process.pid).children(recursive=True)
        assert house.is_ready()
        with urllib.request.urlopen(house.metrics, timeout=20) as response:  # noqa: S310 - our own
            assert b"headwater_jobs_waiting" in response.read()
        # when
        house.process.send_signal(signal.SIGINT)
        # then
        assert house.process.wait(30) == 0
    assert len(children) >= 4
    assert not [child for child in children if is_alive(child)]


def test_a_second_start_keeps_the_operators_token(tmp_path: Path) -> None:
    with up(tmp_path, "--no-demo") as house:
        first = house.operator_token
    with up(tmp_path, "--no-demo") as house:
        assert house.operator_token == first
    assert (tmp_path / "operator-token").stat().st_mode & 0o777 == 0o600


def test_it_outlives_the_death_of_each_of_its_processes(tmp_path: Path) -> None:
    with up(tmp_path, "--no-demo") as house:
        for name in ("server.web", "jobs.worker", "server.mailbox", "postgres"):
            # when
            victim = house.child(name)
            victim.kill()
            while is_alive(victim):
                time.sleep(0.01)
            # then
            assert house.child(name).pid != victim.pid
            assert house.gets_ready()


def test_a_second_up_on_the_same_data_says_who_has_them(tmp_path: Path) -> None:
    with up(tmp_path, "--no-demo") as house:
        second = subprocess.run(
            [sys.executable, "-P", "-m", "server.cli", "up", "--port", "0", "--data-dir", str(tmp_path)],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert second.returncode == 1
        assert second.stderr.endswith(f"in use by another Headwater (process {house.process.pid})\n")
        assert house.is_ready()


def test_a_message_broker_gets_a_relay_and_its_absence_is_told_and_harms_no_request(tmp_path: Path) -> None:
    # given
    server = installed_server("redis", tmp_path / "redis")
    server.start()
    with up(tmp_path / "data", "--no-demo", BROKER_URL=server.url) as house:
        assert house.child("jobs.relay").is_running()
        house.until(lambda: house.broker() == "there")
        # when
        server.kill()
        # then
        house.until(lambda: house.broker() == "away")
        # and when
        server.start()
        # then
        house.until(lambda: house.broker() == "there")
    server.stop()


def test_a_database_of_ones_own_is_used_as_the_applications_role(tmp_path: Path, fresh_database: Server) -> None:
    with up(tmp_path, "--no-demo", DATABASE_URL=fresh_database.owner, HEADWATER_OPERATOR_TOKEN="hw_mine") as house:
        assert house.is_ready()
        assert "hw_mine" not in house.said
    assert not (tmp_path / "postgres").exists()
    assert not (tmp_path / "operator-token").exists()
