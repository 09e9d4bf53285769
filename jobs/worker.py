"""The worker: `python -m jobs.worker`. Does jobs until SIGTERM or SIGINT, then finishes or returns what it has."""

import argparse
import importlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from datetime import timedelta

from dramatiq import Worker

from db.engine import application_engine
from jobs import arrivals, tracing
from jobs.broker import broker
from jobs.limits import Limits
from jobs.lines import Lines
from jobs.memory import collect_rarely
from jobs.messages import MessageBroker, message_broker, wire_name
from jobs.schedule import Schedule
from jobs.settings import Settings
from jobs.wake import Listener

__all__ = ["main", "run"]

IDLE_LIMIT = 30
"""Seconds. A transaction that its worker leaves idle for so long is ended by the server: a frozen worker must not keep
locks that the job's next attempt needs."""

ACTORS: tuple[str, ...] = ("jobs.catalog", "jobs.housekeeping", "jobs.imports", "jobs.notifications", "jobs.renewals")
"""Modules that declare actors when imported."""

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run with the settings of the environment; options win over them."""
    parser = argparse.ArgumentParser(prog="python -m jobs.worker", description=__doc__)
    parser.add_argument("--database-url", help="PostgreSQL, logged in as the owner; default DATABASE_URL")
    parser.add_argument("--threads", type=int, help="jobs done at once; default HEADWATER_WORKER_THREADS, else 4")
    parser.add_argument("--queues", help="only these, with commas between; default all")
    options = parser.parse_args(arguments)
    settings = Settings()
    given = {"database_url": options.database_url, "worker_threads": options.threads}
    if options.database_url is not None:
        given["app_database_url"] = None
    settings = settings.model_copy(
        update={name: value for name, value in given.items() if value is not None or name == "app_database_url"}
    )
    logging.basicConfig(
        level=settings.log_level.upper(),
        format="%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    url = settings.app_database_url or settings.database_url
    if url is None:
        parser.error("DATABASE_URL is not set")
    for module in ACTORS:
        importlib.import_module(module)
    queues = set(options.queues.split(",")) if options.queues else set(broker.queues)
    if unknown := queues - set(broker.queues):
        parser.error(f"there is no queue {', '.join(sorted(unknown))}; known are {', '.join(sorted(broker.queues))}")
    if settings.otlp_endpoint is not None:
        tracing.send_spans_to(settings.otlp_endpoint, service="headwater-worker")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run(
        url,
        queues=queues,
        threads=settings.worker_threads,
        stop_limit=settings.worker_stop_limit,
        memory=None if settings.worker_memory is None else settings.worker_memory * 1_000_000,
        lease=timedelta(seconds=settings.job_lease),
        switch_role=settings.app_database_url is None,
        messages=None if settings.broker_url is None else message_broker(settings.broker_url),
        stop=stop,
    )
    return 0


def run(
    url: str,
    *,
    queues: set[str],
    threads: int,
    stop_limit: float,
    memory: int | None,
    lease: timedelta,
    switch_role: bool,
    messages: MessageBroker | None,
    stop: threading.Event,
) -> None:
    """Work until `stop` is set: on what `messages` announces, or without it on what the table has."""
    # A thread needs one connection for its job and, at a commit that made jobs, one to tell of them; each queue looks
    # with one; leases, schedule and listener have one each.
    engine = application_engine(
        url, pool_size=2 * threads + len(broker.queues) + 3, switch_role=switch_role, idle_limit=IDLE_LIMIT
    )
    sessions = Lines(engine)
    collect_rarely()
    broker.connect(sessions, threads=threads, lease=lease)
    broker.leases.start()
    broker.watch = Limits(memory=memory, on_full=stop.set)
    broker.watch.start()
    listener = Listener(engine, broker.wake)
    if messages is None:
        listener.start()
        worker = Worker(broker, queues=queues, worker_threads=threads, worker_timeout=200)
    else:
        arrivals.listen(messages, broker)
        worker = Worker(
            messages.dramatiq, queues={wire_name(queue) for queue in queues}, worker_threads=threads, worker_timeout=200
        )
        # What one worker has fetched and not begun, no other can begin.
        worker.queue_prefetch = threads
    schedule = Schedule(sessions)
    schedule.start()
    worker.start()
    _log.info("worker %d does %s with %d threads", os.getpid(), ", ".join(sorted(queues)), threads)
    stop.wait()
    _log.info("worker %d stops", os.getpid())
    broker.stopping.set()
    schedule.stop()
    listener.stop()
    _stop(worker, stop_limit)
    for claim in broker.leases.held():
        broker.give_back(claim)
    broker.leases.stop()
    broker.watch.stop()
    if messages is not None:
        messages.close()
    engine.dispose()


def _stop(worker: Worker, seconds: float) -> None:
    try:
        worker.stop(timeout=int(seconds * 1000))
    except Exception as error:  # noqa: BLE001 - a message broker that is away; its messages are announced again
        _log.warning("the message broker was not told of the end: %s", str(error).strip())


if __name__ == "__main__":
    sys.exit(main())
