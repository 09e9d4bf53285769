"""GraphQL over HTTP: what a request asks, and how an answer is sent."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

__all__ = ["GRAPHQL_JSON", "JSON", "Asked", "BadRequest", "answer", "asked", "errors_body", "media_type"]

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
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


@dataclass(frozen=True, slots=True)
class Asked:
    """One GraphQL request."""

    document: str
    variables: dict[str, Any] = field(default_factory=dict)
    operation_name: str | None = None


async def asked(request: Request) -> Asked:
    """The GraphQL request in a GET or POST. Raises BadRequest."""
    if request.method == "GET":
        parameters: Any = dict(request.query_params)
        for name in ("variables", "extensions"):
            if name in parameters:
                parameters[name] = _json(parameters[name].encode() or b"null", name)
    else:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != JSON:
            raise BadRequest(415, f"The body must be {JSON}, not {kind or 'without a content-type'}.")
        parameters = _json(await _body(request), "The body")
    if isinstance(parameters, list):
        raise BadRequest(400, "Batches are not supported: send one operation a request.")
    if not isinstance(parameters, dict):
        raise BadRequest(400, "The body must be a JSON object.")
    document, variables = parameters.get("query"), parameters.get("variables")
    operation_name, extensions = parameters.get("operationName"), parameters.get("extensions")
    if not isinstance(document, str):
        raise BadRequest(400, "`query` must be a string that holds a GraphQL document.")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest(400, "`variables` must be a JSON object.")
    if operation_name is not None and not isinstance(operation_name, str):
        raise BadRequest(400, "`operationName` must be a string.")
    if extensions is not None and not isinstance(extensions, dict):
        raise BadRequest(400, "`extensions` must be a JSON object.")
    return Asked(document, variables or {}, operation_name or None)


async def _body(request: Request) -> bytes:
    too_long = BadRequest(413, f"The body is longer than {BODY_LIMIT} bytes.", "LIMIT_EXCEEDED")
    if int(request.headers.get("content-length") or 0) > BODY_LIMIT:
        raise too_long
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise too_long
    return bytes(body)


def _json(text: bytes, name: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(400, f"{name} is not JSON: {error}.") from None


def media_type(request: Request) -> str:
    """The answer's media type: the newer one for who accepts it. Raises BadRequest when neither is acceptable."""
    accept = request.headers.get("accept", "").lower()
    offered = [part.partition(";")[0].strip() for part in accept.split(",") if part.strip()]
    if GRAPHQL_JSON in offered:
        return GRAPHQL_JSON
    if not offered or any(each in {JSON, "*/*", "application/*"} for each in offered):
        return JSON
    raise BadRequest(406, f"Accept must allow {GRAPHQL_JSON} or {JSON}.")


def answer(body: bytes, media: str, *, executed: bool) -> Response:
    """The answer to a well-formed request. What never ran is 400, but 200 for those who only know plain JSON."""
    status = 200 if executed or media == JSON else 400
    return Response(body, status, media_type=f"{media}; charset=utf-8")


def errors_body(message: str, code: str, **extensions: str) -> bytes:
    """An answer of one error."""
    return orjson.dumps({"errors": [{"message": message, "extensions": {"code": code, **extensions}}]})
