"""`/metrics` and `/healthz` of the workers, on a port of their own.

Prometheus asks without a token. So the port is not the API's: it listens on 127.0.0.1 unless an operator says
otherwise, and shows counts by kind, never ids, arguments or tenants.
"""

import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tenancy.scope import PLATFORM
from tenancy.sessions import Sessions

__all__ = ["QueueCollector", "page", "serve"]

_QUEUES = text("""
SELECT queue,
  count(*) FILTER (WHERE state = 'WAITING' AND run_at <= now()) AS due,
  count(*) FILTER (WHERE state = 'WAITING' AND run_at > now()) AS delayed,
  count(*) FILTER (WHERE state = 'RUNNING') AS running,
  coalesce(extract(epoch FROM now() - min(run_at) FILTER (WHERE state = 'WAITING' AND run_at <= now())), 0) AS oldest
FROM jobs WHERE state IN ('WAITING', 'RUNNING') GROUP BY queue ORDER BY queue""")

_DEAD = text("""
SELECT queue, kind, count(*) AS dead FROM jobs
 WHERE state = 'FAILED' AND error_code IS NULL AND finished_at > now() - interval '1 day'
 GROUP BY queue, kind ORDER BY queue, kind""")


class QueueCollector(Collector):
    """What the job table says at the moment it is asked."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Raises sqlalchemy.exc.SQLAlchemyError when the database is away."""
        waiting = GaugeMetricFamily(
            "headwater_jobs_waiting", "Jobs that are due and wait for a worker.", labels=["queue"]
        )
        delayed = GaugeMetricFamily("headwater_jobs_delayed", "Jobs that wait for their instant.", labels=["queue"])
        running = GaugeMetricFamily("headwater_jobs_running", "Jobs that a worker is at.", labels=["queue"])
        oldest = GaugeMetricFamily(
            "headwater_jobs_oldest_seconds", "For how long the oldest due job has been due.", labels=["queue"]
        )
        dead = GaugeMetricFamily(
            "headwater_jobs_dead", "Jobs given up within a day; refusals are not among them.", labels=["queue", "kind"]
        )
        with self._sessions.begin(PLATFORM) as session:
            for row in session.execute(_QUEUES):
                waiting.add_metric([row.queue], row.due)
                delayed.add_metric([row.queue], row.delayed)
                running.add_metric([row.queue], row.running)
                oldest.add_metric([row.queue], float(row.oldest))
            for row in session.execute(_DEAD):
                dead.add_metric([row.queue, row.kind], row.dead)
        return [waiting, delayed, running, oldest, dead]


def page(sessions: Sessions, folder: str) -> bytes:
    """What Prometheus reads: the table, and what all processes that share `folder` have counted."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    registry.register(_Once(QueueCollector(sessions).collect()))
    return generate_latest(registry)


class _Once(Collector):
    def __init__(self, families: Iterable[GaugeMetricFamily]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        return self._families


def serve(
    address: tuple[str, int], sessions: Sessions, folder: str, *, is_healthy: Callable[[], bool]
) -> ThreadingHTTPServer:
    """Answer in the background until `shutdown` is called. Raises OSError when the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/healthz":
                healthy = is_healthy() and _answers(sessions)
                self._answer(HTTPStatus.OK if healthy else HTTPStatus.SERVICE_UNAVAILABLE, b"", "text/plain")
            elif self.path == "/metrics":
                try:
                    self._answer(HTTPStatus.OK, page(sessions, folder), CONTENT_TYPE_LATEST)
                except SQLAlchemyError:
                    self._answer(HTTPStatus.SERVICE_UNAVAILABLE, b"the database is away\n", "text/plain")
            else:
                self._answer(HTTPStatus.NOT_FOUND, b"", "text/plain")

        def _answer(self, status: HTTPStatus, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: somebody asks every few seconds."""

    server = ThreadingHTTPServer(address, Handler)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


def _answers(sessions: Sessions) -> bool:
    try:
        with sessions.begin(PLATFORM) as session:
            session.execute(text("SELECT 1 FROM jobs LIMIT 1"))
    except SQLAlchemyError:
        return False
    return True
