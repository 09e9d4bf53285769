import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer import Typer
from typer.testing import CliRunner

from db.engine import application_engine
from server.cli.refusal import Refusal
from tenancy.sessions import Sessions
from tests.conftest import Server


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder outside pytest's own: every run of pytest closes that one again, also under a server of another run."""
    with tempfile.TemporaryDirectory(prefix="headwater-test-", ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()


@pytest.fixture
def sessions(fresh_database: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sessions]:
    """The database that a command finds."""
    monkeypatch.setenv("DATABASE_URL", fresh_database.owner)
    monkeypatch.setenv("HEADWATER_APP_DATABASE_URL", fresh_database.app)
    engine = application_engine(fresh_database.app)
    yield Sessions(engine)
    engine.dispose()


def printed(command: Typer | Callable[..., Any], *arguments: str) -> str:
    """What a command of `./headwater` prints. Raises its Refusal; any other end than success is an error."""
    if isinstance(command, Typer):
        app = command
    else:
        app = Typer()
        app.command()(command)
    done = CliRunner().invoke(app, arguments)
    if isinstance(done.exception, Refusal):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output
