"""The web process of the product, and how one dies at the worst moment: committed, and not answered yet."""

import os
import signal
import socket
from collections.abc import Mapping
from typing import Any

import uvicorn
from sqlalchemy import event

from server.app import application
from server.settings import Settings
from tenancy.sessions import ScopedSession

__all__ = ["serve"]


def serve(environment: Mapping[str, str], listening: Any, log: str, dies_after_commits: int | None) -> None:
    """Serve on a port that is open already. `listening` is its descriptor, handed over by the parent."""
    os.environ.update(environment)
    opened = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(opened, 1)
    os.dup2(opened, 2)
    if dies_after_commits is not None:
        _die_after_commits(dies_after_commits)
    server = uvicorn.Server(uvicorn.Config(application(Settings()), log_level="info", access_log=False))
    server.run(sockets=[socket.socket(fileno=listening.detach())])


def _die_after_commits(number: int) -> None:
    """Mutations are what commits in a web process through this kind of session; PostgreSQL has said yes by then."""
    left = number

    @event.listens_for(ScopedSession, "after_commit")
    def _count(_session: ScopedSession) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
