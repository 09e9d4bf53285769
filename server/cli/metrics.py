"""Where the commands that run workers show Prometheus's numbers."""

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from db.engine import application_engine
from server.cli.database import Database
from server.cli.refusal import Refusal
from server.metrics import serve
from server.settings import Settings
from server.supervisor import Supervisor
from tenancy.sessions import Sessions

__all__ = ["counted", "served"]


@contextmanager
def counted() -> Iterator[str]:
    """The folder in which worker processes count, each in files of its own."""
    with tempfile.TemporaryDirectory(prefix="headwater-metrics-", ignore_cleanup_errors=True) as folder:
        yield folder


@contextmanager
def served(settings: Settings, database: Database, supervisor: Supervisor, folder: str) -> Iterator[str | None]:
    """Serve /metrics and /healthz where the settings say; the address, None: nowhere. Raises Refusal."""
    if settings.metrics_port is None:
        yield None
        return
    where = f"{settings.metrics_host}:{settings.metrics_port}"
    engine = application_engine(database.app_url, pool_size=2, switch_role=database.switches_role)
    try:
        address = (settings.metrics_host, settings.metrics_port)
        server = serve(address, Sessions(engine), folder, is_healthy=supervisor.all_run)
    except OSError as error:
        taken = "is in use by another program; choose another with --metrics-port"
        said = taken if error.errno == errno.EADDRINUSE else f"cannot be listened on: {error.strerror}"
        raise Refusal(f"{where} {said}") from None
    try:
        yield f"http://{settings.metrics_host}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        engine.dispose()
