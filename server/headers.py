"""What every answer tells a browser, unless the answer says otherwise itself."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["OF_THE_API", "TO_PROGRAMS", "SecurityHeaders"]

_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
TO_PROGRAMS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)
"""Of the answer to posted JSON, which no page, frame or image asks with. What it holds is for one token's holder."""
OF_THE_API = (
    *_ALWAYS,
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
"""Of every other answer of the API, which is nobody's page either."""


class SecurityHeaders:
    """Adds headers that keep a browser from guessing, framing and keeping."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection of the server."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = OF_THE_API if scope["path"] == "/graphql" else _ALWAYS

        async def hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                said = {name for name, _ in headers}
                headers.extend(each for each in wanted if each[0] not in said)
            await send(message)

        await self.app(scope, receive, hardened)
