"""`./headwater worker`: more workers, for as long as it runs."""

import os
import tempfile
from typing import Annotated

import typer

from db.engine import application_engine
from server.cli.database import Database, named_database
from server.cli.options import DataDir, settings_with
from server.cli.refusal import Refusal
from server.embedded import EmbeddedPostgres
from server.metrics import serve
from server.settings import Settings
from server.supervisor import ProgramChild, Supervisor
from tenancy.sessions import Sessions

__all__ = ["command"]


def command(
    queues: Annotated[
        str | None, typer.Option(help="Only these, with commas between. [default: all]", show_default=False)
    ] = None,
    processes: Annotated[int, typer.Option(help="Worker processes; one that dies is started again.", min=1)] = 1,
    metrics_port: Annotated[
        int | None, typer.Option(help="Serve /metrics and /healthz there. [default: none]", show_default=False, min=0)
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Run workers beside the one of `up`, or on another machine with DATABASE_URL. Ctrl-C or SIGTERM stops them: jobs
    get HEADWATER_WORKER_STOP_LIMIT seconds to end, the rest is given back."""
    settings = settings_with(data_dir=data_dir, metrics_port=metrics_port)
    found = _database(settings)
    arguments = ["--queues", queues] if queues else []
    supervisor = Supervisor(lambda line: print(f"headwater: {line}", flush=True))
    with supervisor.signals(), tempfile.TemporaryDirectory(prefix="headwater-metrics-") as folder:
        environment = {**os.environ, **found.environment, "PROMETHEUS_MULTIPROC_DIR": folder}
        for number in range(processes):
            supervisor.add(
                ProgramChild(
                    f"worker {number + 1}" if processes > 1 else "worker",
                    "jobs.worker",
                    None,
                    environment,
                    arguments=arguments,
                    stop_limit=settings.worker_stop_limit + 3,
                )
            )
        server = None
        if settings.metrics_port is not None:
            engine = application_engine(found.app_url, pool_size=2, switch_role=found.switches_role)
            address = (settings.metrics_host, settings.metrics_port)
            server = serve(address, Sessions(engine), folder, is_healthy=supervisor.all_run)
            print(f"headwater: metrics on http://{address[0]}:{server.server_port}/metrics", flush=True)
        try:
            supervisor.wait()
        finally:
            supervisor.stop()
            if server is not None:
                server.shutdown()


def _database(settings: Settings) -> Database:
    found = named_database(settings)
    if found is not None:
        return found
    running = EmbeddedPostgres.running(settings.data_dir)
    if running is None:
        raise Refusal("DATABASE_URL is not set and no `./headwater up` runs here; a worker alone has nothing to do")
    return Database.of(running)
