import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from server import supervisor as supervisor_module
from server.settings import ROOT
from server.supervisor import ProgramChild, StartupError, Supervisor

SLEEPER = """
import os, signal, sys, time
from pathlib import Path
folder = Path(os.environ["FOLDER"])
def end(*_):
    with (folder / "ended").open("a") as file: file.write(os.environ["NAME"] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
with (folder / f"{os.environ['NAME']}.pids").open("a") as file: file.write(f"{os.getpid()}\\n")
while True: time.sleep(0.05)
"""
DEAF = SLEEPER.replace("signal.signal(signal.SIGTERM, end)", "signal.signal(signal.SIGTERM, signal.SIG_IGN)")
BROKEN = "print('no such table'); raise SystemExit(3)"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(said: list[str]) -> Iterator[Supervisor]:
    supervisor = Supervisor(said.append)
    yield supervisor
    supervisor.stop()


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ProgramChild]:
    """Makes children out of program texts."""
    monkeypatch.setattr(supervisor_module, "ROOT", tmp_path)  # where modules of children are found

    def make(name: str, program: str = SLEEPER, **options: float) -> ProgramChild:
        (tmp_path / f"program_{name}.py").write_text(program)
        environment = {**os.environ, "FOLDER": str(tmp_path), "NAME": name}
        return ProgramChild(name, f"program_{name}", tmp_path, environment, **options)  # type: ignore[arg-type]

    return make


def pids(folder: Path, name: str) -> list[int]:
    file = folder / f"{name}.pids"
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def started(folder: Path, name: str, times: int = 1) -> Callable[[], bool]:
    return lambda: len(pids(folder, name)) >= times


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_killed_child_is_started_again_and_said_so(
    supervisor: Supervisor, child: Callable[..., ProgramChild], tmp_path: Path, said: list[str]
) -> None:
    # given
    supervisor.add(child("web"))
    supervisor.wait(started(tmp_path, "web"), limit=10)
    # when
    os.kill(pids(tmp_path, "web")[0], signal.SIGKILL)
    supervisor.wait(started(tmp_path, "web", times=2), limit=10)
    # then
    first, second = pids(tmp_path, "web")
    assert not is_running(first)
    assert is_running(second)
    assert said == ["web was killed; starting it again in 0.2 s"]


def test_a_child_that_never_stays_up_is_given_up_with_its_last_words(
    supervisor: Supervisor, child: Callable[..., ProgramChild], said: list[str]
) -> None:
    supervisor.add(child("web", BROKEN))
    with pytest.raises(StartupError, match=r"(?s)web does not stay up; .*no such table"):
        supervisor.wait(lambda: False, limit=20)
    assert said[:2] == [
        "web ended with 3; starting it again in 0.2 s (no such table)",
        "web ended with 3; starting it again in 0.4 s (no such table)",
    ]


def test_children_stop_in_the_reverse_order_of_their_start(
    supervisor: Supervisor, child: Callable[..., ProgramChild], tmp_path: Path
) -> None:
    # given
    for name in ("mail", "worker", "web"):
        supervisor.add(child(name))
        supervisor.wait(started(tmp_path, name), limit=10)
    # when
    supervisor.stop()
    # then
    assert (tmp_path / "ended").read_text().split() == ["web", "worker", "mail"]


def test_a_child_that_does_not_listen_is_killed_at_its_limit(
    supervisor: Supervisor, child: Callable[..., ProgramChild], tmp_path: Path
) -> None:
    # given
    supervisor.add(child("deaf", DEAF, stop_limit=0.3))
    supervisor.wait(started(tmp_path, "deaf"), limit=10)
    # when
    began = time.monotonic()
    supervisor.stop()
    # then
    assert 0.3 <= time.monotonic() - began < 5
    assert not is_running(pids(tmp_path, "deaf")[0])


def test_a_signal_ends_the_wait(supervisor: Supervisor, child: Callable[..., ProgramChild], tmp_path: Path) -> None:
    supervisor.add(child("web"))
    with supervisor.signals():
        supervisor.wait(started(tmp_path, "web"), limit=10)
        os.kill(os.getpid(), signal.SIGTERM)
        supervisor.wait()
    assert supervisor.is_stopping()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    # given
    (tmp_path / "program_web.py").write_text(SLEEPER)
    program = f"""
import os, server.supervisor
from pathlib import Path
folder = Path({str(tmp_path)!r})
server.supervisor.ROOT = folder
supervisor = server.supervisor.Supervisor(print)
environment = {{**os.environ, "FOLDER": str(folder), "NAME": "web"}}
supervisor.add(server.supervisor.ProgramChild("web", "program_web", folder, environment))
supervisor.wait()
"""
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) as parent:
        deadline = time.monotonic() + 20
        while not pids(tmp_path, "web") and time.monotonic() < deadline:
            time.sleep(0.02)
        # when
        parent.kill()
    # then
    (pid,) = pids(tmp_path, "web")
    deadline = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(pid)
