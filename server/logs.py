"""How the web process writes its log."""

import structlog

__all__ = ["configure"]


def configure() -> None:
    """One line an event, a plain traceback below a fault.

    structlog's own default shows the local variables of every frame: tokens and customers' data among them.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
        ]
    )
