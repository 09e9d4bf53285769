"""/graphql: who asks, what they ask, what is answered."""

from contextlib import AbstractContextManager, nullcontext

import structlog
from opentelemetry.trace import SpanKind
from starlette.datastructures import State
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from jobs.tracing import span
from resolvers.reading import NotProven, RequestErrors, refused_request
from resolvers.reading import Response as Answered
from server.auth import SOMEBODY, Requester, Unauthorized
from server.compression import SMALLEST, compressed
from server.documents import DocumentRefused
from server.graphql_http import JSON, Asked, BadRequest, Incoming, answer, asked, media_type, with_extensions
from server.headers import OF_THE_API, TO_PROGRAMS
from server.limits import Spending, caller_of
from server.refusals import refusal
from server.request_ids import request_id_of
from server.site import Site
from server.traces import traceparent_of
from tenancy.messages import preferred, speaking, spoken

__all__ = ["GraphQL"]

PATH = "/graphql"
METHODS = ("GET", "HEAD", "POST")
MOST_LOOK_UPS = 20
"""How often it is asked who has a token, while what that follows from keeps changing."""

AS_IT_IS = nullcontext()

log = structlog.get_logger()


class GraphQL:
    """Answers on its path, and leaves all others to the application behind it.

    Going through that application's layers, its routes and its requests would cost a read a third of its time. So this
    stands before them, and sends itself the headers that they add.
    """

    def __init__(self, app: ASGIApp, state: State) -> None:
        """`state` has the `Site` while the application runs."""
        self.app = app
        self._state = state

    def is_for(self, scope: Scope) -> bool:
        """Whether it is asked, and not the application behind it."""
        return bool(scope["type"] == "http" and scope["path"] == PATH)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection of the server."""
        if not self.is_for(scope):
            await self.app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        request = Incoming.of(scope, receive)
        with in_language_of(request):
            response = await answered(request, self._state.site, request_id)
        response.raw_headers.extend(TO_PROGRAMS if request.method == "POST" else OF_THE_API)
        response.raw_headers.append((b"x-request-id", request_id.encode()))
        await response(scope, receive, send)


def in_language_of(request: Incoming) -> AbstractContextManager[None]:
    """Tells everything in the language that the request wants most."""
    language = preferred(request.header(b"accept-language"))
    return AS_IT_IS if language == spoken() else speaking(language)


async def answered(request: Incoming, site: Site, request_id: str) -> Response:
    """The answer to one operation, or to what is none, in the language that is spoken."""
    media = JSON
    try:
        if request.method not in METHODS:
            raise BadRequest(405, "GraphQL is asked with GET or POST.", allow=", ".join(METHODS))
        media = media_type(request)
        try:
            by_itself = request.header(b"headwater-act-as") is None
            remembered = site.holders.remembered(request.header(b"authorization")) if by_itself else None
            who = remembered or await looked_up(request, site)
            spending = site.budgets.spending(who.identity.token_id)
            question = await asked(request)
        except Unauthorized:
            who, spending = SOMEBODY, site.open_budgets.spending(caller_of(request.address))
            question = await asked_by_somebody(request, site, spending)
        for _ in range(MOST_LOOK_UPS):
            try:
                found = await executed(request, site, who, question, spending, request_id)
            except NotProven:
                who = await looked_up(request, site)
            else:
                break
        else:
            raise NotProven
        site.last_uses.note(who.identity)
        body = found.body
        if request.header(b"headwater-cost") == "1":
            body = with_extensions(body, {"cost": spending.told(found.cost)})
        headers = spending.headers()
        headers["Content-Language"] = spoken()
        if len(body) >= SMALLEST:
            body, encoding = await compressed(body, request.header(b"accept-encoding"))
            if encoding is not None:
                headers["Content-Encoding"] = encoding
        return answer(body, media, executed=found.executed, headers=headers)
    except Exception as error:  # noqa: BLE001 - refusal() tells the log of what nobody expected
        return refusal(error, request_id, media)


async def looked_up(request: Incoming, site: Site) -> Requester:
    """Who asks, not from memory. Raises Unauthorized, TenantSuspended, ActAsRefused."""
    return await site.holders.requester(request.header(b"authorization"), request.header(b"headwater-act-as"))


async def asked_by_somebody(request: Incoming, site: Site, spending: Spending) -> Asked:
    """What somebody without a token asks. Raises Unauthorized unless everybody may ask it, OutOfBudget."""
    spending(1)  # also for what is refused: looking at a document takes time
    try:
        question = await asked(request)
        document = await site.documents.text(question)
    except (BadRequest, DocumentRefused):
        raise Unauthorized from None
    if not site.pipeline.is_open(document, question.operation_name):
        raise Unauthorized
    return question


async def executed(
    request: Incoming, site: Site, who: Requester, question: Asked, spending: Spending, request_id: str
) -> Answered:
    """What the operation answers, once it is certain who asked.

    Raises OutOfBudget, DocumentRefused, BadRequest, NotProven.
    """
    document = await site.documents.text(question)
    try:
        operation = site.engine.documents.find(document).operation(question.operation_name)
    except RequestErrors as refused:
        await site.holders.confirm(who)
        return refused_request(refused)
    site.deprecated_uses.note(who.identity, operation, question.variables)
    if operation.is_mutation:
        if request.method != "POST":
            raise BadRequest(405, "A mutation needs POST.", allow="POST")
        await site.holders.confirm(who)

        async def renewed() -> Requester:
            return await looked_up(request, site)

        # Only what changes something has jobs to follow: reading pays nothing for traces.
        name = f"mutation {question.operation_name or ''}".strip()
        attributes = {"headwater.request.id": request_id}
        with span(name, traceparent_of(request.headers), kind=SpanKind.SERVER, attributes=attributes):
            return await site.pipeline.execute(
                who,
                document,
                question.variables,
                question.operation_name,
                request_id=request_id,
                address=request.address,
                spend=spending,
                renew=renewed,
            )
    try:
        viewer = await site.shoppers.prepared(who.viewer, operation, document, question.variables)
    except RequestErrors as refused:
        await site.holders.confirm(who)
        return refused_request(refused)
    found = await site.engine.answer(
        site.pool,
        viewer,
        operation,
        question.variables,
        request_id=request_id,
        spend=spending,
        proof=who.proof,
    )
    if not found.proven:
        await site.holders.confirm(who)
    for fault in found.faults:
        log.error("fault in a read", request_id=request_id, exc_info=fault)
    return found
