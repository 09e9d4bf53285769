"""A name for every request, in the answer and in the log."""

import re
from itertools import count
from secrets import token_hex

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["RequestIds", "request_id_of"]

_ACCEPTED = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_process = token_hex(8)
_numbers = count(1)


def request_id_of(scope: Scope) -> str:
    """What the request is called: its own X-Request-Id when that is short and plain, else one made here, once.

    One made here is the process's random name and the request's number.
    """
    state: dict[str, str] = scope.setdefault("state", {})
    if "request_id" not in state:
        for name, value in scope["headers"]:
            if name == b"x-request-id" and _ACCEPTED.fullmatch(value):
                state["request_id"] = value.decode()
                break
        else:
            state["request_id"] = f"{_process}{next(_numbers):016x}"
    return state["request_id"]


class RequestIds:
    """Sends the request's id back."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection of the server."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = request_id_of(scope)

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        await self.app(scope, receive, named)
