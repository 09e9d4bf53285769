"""The web process: the application behind uvicorn.

Run as a process by `up`, which opens the port and hands the socket over, so that requests wait rather than fail while
it starts again. Run by itself it opens the port of the settings.
"""

import os
import socket

import uvicorn

from jobs import tracing
from server import logs
from server.app import application
from server.processes import WEB_SOCKET
from server.settings import settings

__all__ = ["main"]


def main() -> None:
    logs.configure()
    if (collector := settings().otlp_endpoint) is not None:
        tracing.send_spans_to(collector, service="headwater-web")
    config = uvicorn.Config(
        application(settings()),
        host=settings().host,
        port=settings().port,
        log_level=settings().log_level.lower(),
        access_log=False,
        server_header=False,
        # As long as `up` gives it to stop.
        timeout_graceful_shutdown=8,
    )
    server = uvicorn.Server(config)
    descriptor = os.environ.get(WEB_SOCKET)
    server.run(sockets=[socket.socket(fileno=int(descriptor))] if descriptor else None)


if __name__ == "__main__":
    main()
