"""What is answered instead of the data."""

import structlog
from psycopg_pool import PoolTimeout
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from resolvers.reading import NotProven
from server.auth import ActAsRefused, TenantSuspended, Unauthorized
from server.documents import DocumentRefused
from server.graphql_http import JSON, BadRequest, answer, errors_body
from server.limits import OutOfBudget
from server.oidc import IssuerUnavailable

__all__ = ["refusal"]

log = structlog.get_logger()


def refusal(error: Exception, request_id: str, media: str) -> Response:
    """The answer for an exception. What nobody expected is told to the log, and to the client by the request's id."""
    headers: dict[str, str] = {}
    match error:
        case DocumentRefused():
            return answer(errors_body(error.message, error.code), media, executed=False)
        case BadRequest():
            status, headers = error.status, error.headers
            body = errors_body(error.message, error.code)
        case Unauthorized():
            status, headers = 401, {"WWW-Authenticate": "Bearer"}
            body = errors_body("Send a valid token: Authorization: Bearer hw_…", "UNAUTHENTICATED")
        case TenantSuspended():
            status = 403
            body = errors_body(error.message, "TENANT_SUSPENDED")
        case ActAsRefused():
            status = 403 if error.code == "FORBIDDEN" else 404
            body = errors_body(error.message, error.code)
        case OutOfBudget():
            status, headers = 429, error.headers
            body = errors_body(str(error), "LIMIT_EXCEEDED", limit=error.per_minute, amount=error.points)
        case IssuerUnavailable():
            status, headers = 503, {"Retry-After": "30"}
            body = errors_body("The issuer of this token cannot be asked for its keys now.", "ISSUER_UNAVAILABLE")
        case NotProven():
            status, headers = 503, {"Retry-After": "1"}
            body = errors_body("Who may do what is being changed. Try again in a moment.", "OVERLOADED")
        case PoolTimeout():
            status, headers = 503, {"Retry-After": "1"}
            body = errors_body("Too many requests wait for the database. Try again in a moment.", "OVERLOADED")
        case ClientDisconnect():
            return Response(status_code=400)  # nobody is there to read it
        case _:
            log.error("fault", request_id=request_id, exc_info=error)
            status = 500
            body = errors_body("Internal error", "INTERNAL", requestId=request_id)
    return Response(body, status, headers=headers, media_type=JSON)
