"""A worker and a relay that know the actors of the tests too; with TRIAL_DAYS set a worker runs days of their steps."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from jobs import catalog, notifications, relay, renewals, worker
from tests.jobs import actors

__all__ = ["catalog", "notifications", "run", "run_relay"]


def run(environment: Mapping[str, str], log: Path) -> None:
    """Be a worker process with this environment that writes to `log`."""
    _prepare(environment, log)
    if os.environ.get("TRIAL_DAYS"):
        renewals.STEPS = (actors.begin_day, actors.end_day)
        renewals.next_busy_day = actors.every_day
    sys.exit(worker.main(["--queues", queues] if (queues := os.environ.get("TRIAL_QUEUES")) else []))


def run_relay(environment: Mapping[str, str], log: Path) -> None:
    """Be a relay process."""
    _prepare(environment, log)
    sys.exit(relay.main([]))


def _prepare(environment: Mapping[str, str], log: Path) -> None:
    os.environ.update(environment)
    opened = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(opened, 1)
    os.dup2(opened, 2)
