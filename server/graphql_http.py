"""GraphQL over HTTP: what a request asks, and how an answer is sent."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Self, cast
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope

__all__ = [
    "GRAPHQL_JSON",
    "JSON",
    "Asked",
    "BadRequest",
    "Incoming",
    "answer",
    "asked",
    "errors_body",
    "media_type",
    "with_extensions",
]

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
_CONTENT_TYPES = {media: f"{media}; charset=utf-8".encode() for media in (GRAPHQL_JSON, JSON)}

_FORMS: dict[str, tuple[type, str]] = {
    "query": (str, "a string that holds a GraphQL document"),
    "documentId": (str, "a string"),
    "variables": (dict, "a JSON object"),
    "operationName": (str, "a string"),
    "extensions": (dict, "a JSON object"),
}
"""What may be there, of which type, and how that is told."""
BODY_LIMIT = 1_000_000
"""Bytes of a request's body."""


class BadRequest(Exception):
    """The HTTP request is not GraphQL over HTTP."""

    def __init__(self, status: int, message: str, code: str = "BAD_REQUEST", **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers


@dataclass(slots=True)
class Incoming:
    """An HTTP request: what GraphQL needs of it, without the comfort of Starlette's, which takes longer than a plan."""

    method: str
    query_string: bytes
    headers: Mapping[bytes, bytes]
    """By their names in lower case; of one that was sent twice, the last."""
    receive: Receive
    address: str | None = None
    """The caller's IP address; behind a proxy that uvicorn trusts, the one that this names."""

    @classmethod
    def of(cls, scope: Scope, receive: Receive) -> Self:
        return cls(
            scope["method"], scope["query_string"], dict(scope["headers"]), receive, (scope.get("client") or (None,))[0]
        )

    def header(self, name: bytes) -> str | None:
        """A header's value; None when it was not sent."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


@dataclass(slots=True)
class Asked:
    """One GraphQL request."""

    document: str | None
    document_id: str | None = None
    """The SHA-256 of the document, instead of it or to go by; also Apollo's `extensions.persistedQuery.sha256Hash`."""
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None


async def asked(request: Incoming) -> Asked:
    """The GraphQL request in a GET or POST. Raises BadRequest."""
    parameters = await _parameters(request)
    for name, value in parameters.items():
        kind, told = _FORMS.get(name, (object, ""))
        if value is not None and not isinstance(value, kind):
            raise BadRequest(400, f"`{name}` must be {told}.")
    document = parameters.get("query")
    document_id = parameters.get("documentId") or _persisted(parameters.get("extensions"))
    if document is None and document_id is None:
        raise BadRequest(400, "Send a GraphQL document as `query`, or the id of a stored one as `documentId`.")
    return Asked(document, document_id, parameters.get("variables") or {}, parameters.get("operationName") or None)


async def _parameters(request: Incoming) -> dict[str, Any]:
    if request.method != "POST":
        parameters: Any = dict(parse_qsl(request.query_string.decode("latin-1"), keep_blank_values=True))
        for name in ("variables", "extensions"):
            if name in parameters:
                parameters[name] = _json(parameters[name].encode() or b"null", name)
        return cast("dict[str, Any]", parameters)
    kind = (request.header(b"content-type") or "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise BadRequest(415, f"The body must be {JSON}, not {kind or 'without a content-type'}.")
    parameters = _json(await _body(request), "The body")
    if isinstance(parameters, list):
        raise BadRequest(400, "Batches are not supported: send one operation a request.")
    if not isinstance(parameters, dict):
        raise BadRequest(400, "The body must be a JSON object.")
    return parameters


def _persisted(extensions: dict[str, Any] | None) -> str | None:
    """The id in Apollo's form."""
    match extensions:
        case {"persistedQuery": {"sha256Hash": str(id)}}:
            return id
    return None


async def _body(request: Incoming) -> bytes:
    if int(request.header(b"content-length") or 0) > BODY_LIMIT:
        raise _too_long()
    parts: list[bytes] = []
    length, more = 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part: bytes = message.get("body", b"")
        parts.append(part)
        length += len(part)
        if length > BODY_LIMIT:
            raise _too_long()
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_long() -> BadRequest:
    return BadRequest(413, f"A body may have {BODY_LIMIT} bytes; this one has more.", "LIMIT_EXCEEDED")


def _json(text: bytes, name: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(400, f"{name} is not JSON: {error}.") from None


def media_type(request: Incoming) -> str:
    """The answer's media type: the newer one for who accepts it. Raises BadRequest when neither is acceptable."""
    return _media_type(request.header(b"accept") or "")


@lru_cache(256)
def _media_type(accept: str) -> str:
    accept = accept.lower()
    offered = [part.partition(";")[0].strip() for part in accept.split(",") if part.strip()]
    if GRAPHQL_JSON in offered:
        return GRAPHQL_JSON
    if not offered or any(each in {JSON, "*/*", "application/*"} for each in offered):
        return JSON
    raise BadRequest(406, f"Accept must allow {GRAPHQL_JSON} or {JSON}.")


class Answer(Response):
    """A response whose headers are ready to be sent: Starlette would look them through and write them anew."""

    def __init__(self, body: bytes, status: int, media: str, headers: Iterable[tuple[str, str]] = ()) -> None:
        self.status_code = status
        self.body = body
        self.background = None
        self.raw_headers = [
            (b"content-type", _CONTENT_TYPES[media]),
            (b"content-length", b"%d" % len(body)),
            *[(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        ]


def answer(body: bytes, media: str, *, executed: bool, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a well-formed request. What never ran is 400, but 200 for those who only know plain JSON."""
    return Answer(body, 200 if executed or media == JSON else 400, media, (headers or {}).items())


def with_extensions(body: bytes, extensions: Mapping[str, Any]) -> bytes:
    """The answer with its entry `extensions`, which it has not yet."""
    return body[:-1] + b',"extensions":' + orjson.dumps(extensions) + b"}"


def errors_body(message: str, code: str, **extensions: str | int) -> bytes:
    """An answer of one error."""
    return orjson.dumps({"errors": [{"message": message, "extensions": {"code": code, **extensions}}]})
