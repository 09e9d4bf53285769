"""`./headwater test`: everything a change has to pass."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from server.settings import ROOT

__all__ = ["command"]

BIN = Path(sys.executable).parent
CHECKS: dict[str, list[str | Path]] = {
    "linter": [BIN / "ruff", "check"],
    "format": [BIN / "ruff", "format", "--check"],
    "types": [BIN / "mypy"],
    "types of the script": [BIN / "mypy", "--scripts-are-modules", "headwater"],
    "import rules": [BIN / "lint-imports"],
}
TESTS = [sys.executable, "-m", "pytest", "-n2"]


def command(
    pytest_arguments: Annotated[
        list[str] | None, typer.Argument(help="For pytest; with these, only tests are run.", show_default=False)
    ] = None,
    slow: Annotated[bool, typer.Option("--slow", help="Tests that take minutes too, as where CI is set.")] = False,
) -> None:
    """Run linters, types, import rules and tests, on the embedded PostgreSQL.

    Every check is run, also after one has failed. The tests come last, so that their summary is the end of the output.
    """
    if pytest_arguments:
        sys.exit(_run([sys.executable, "-m", "pytest", *pytest_arguments]))
    failed = [name for name, program in CHECKS.items() if not _passes(name, program)]
    if _run(TESTS if slow or os.environ.get("CI") else [*TESTS, "-m", "not slow"]) != 0:
        failed.append("tests")
    if failed:
        sys.exit(f"headwater: failed: {', '.join(failed)}")


def _passes(name: str, program: list[str | Path]) -> bool:
    """Quiet about a check that passes."""
    began = time.monotonic()
    done = subprocess.run(program, cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    passed = done.returncode == 0
    print(f"{name:20} {'ok' if passed else 'FAILED':6} {time.monotonic() - began:5.1f} s", flush=True)
    if not passed:
        print(done.stdout, flush=True)
    return passed


def _run(program: list[str]) -> int:
    return subprocess.run(program, cwd=ROOT, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode
