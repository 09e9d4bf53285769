"""`./headwater worker`: more workers, for as long as it runs."""

import os
from typing import Annotated

import typer

from server.cli.database import Database, named_database
from server.cli.metrics import counted, served
from server.cli.options import DataDir, settings_with
from server.cli.refusal import Refusal
from server.embedded import EmbeddedPostgres
from server.settings import Settings
from server.supervisor import ProgramChild, Supervisor

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
    with supervisor.signals(), counted() as folder:
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
        with served(settings, found, supervisor, folder) as address:
            if address is not None:
                print(f"headwater: metrics on {address}", flush=True)
            try:
                supervisor.wait()
            finally:
                supervisor.stop()


def _database(settings: Settings) -> Database:
    found = named_database(settings)
    if found is not None:
        return found
    running = EmbeddedPostgres.running(settings.data_dir)
    if running is None:
        raise Refusal("DATABASE_URL is not set and no `./headwater up` runs here; a worker alone has nothing to do")
    return Database.of(running)
