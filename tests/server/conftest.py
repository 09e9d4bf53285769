import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.engine import application_engine
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
