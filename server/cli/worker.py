"""`./headwater worker`: one more worker, for as long as it runs."""

import os
import sys

from server.cli.database import Database, named_database
from server.cli.options import DataDir, settings_with
from server.cli.refusal import Refusal
from server.embedded import EmbeddedPostgres
from server.settings import ROOT

__all__ = ["command"]


def command(data_dir: DataDir = None) -> None:
    """Run a worker beside the one of `up`, or on another machine with DATABASE_URL."""
    settings = settings_with(data_dir=data_dir)
    found = named_database(settings)
    if found is None:
        running = EmbeddedPostgres.running(settings.data_dir)
        if running is None:
            raise Refusal("DATABASE_URL is not set and no `./headwater up` runs here; a worker alone has nothing to do")
        found = Database.of(running)
    environment = {**os.environ, **found.environment, "PYTHONPATH": str(ROOT)}
    os.execve(sys.executable, [sys.executable, "-P", "-m", "jobs.worker"], environment)  # noqa: S606 - our own program
