"""/graphql: who asks, what they ask, what is answered."""

from contextlib import suppress

import structlog
from opentelemetry.trace import SpanKind
from starlette.datastructures import State
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from jobs.tracing import span
from resolvers.changing.pipeline import Pipeline
from resolvers.reading import Engine, NotProven
from resolvers.reading import Response as Answered
from server.auth import SOMEBODY, Holders, Requester, Unauthorized
from server.compression import compressed
from server.documents import DocumentRefused
from server.graphql_http import JSON, Asked, BadRequest, Incoming, answer, asked, media_type, with_extensions
from server.headers import OF_THE_API
from server.limits import Spending, caller_of
from server.refusals import refusal
from server.request_ids import request_id_of
from server.traces import traceparent_of
from tenancy.messages import preferred, speaking, spoken

__all__ = ["GraphQL"]

PATH = "/graphql"
METHODS = ("GET", "HEAD", "POST")
MOST_LOOK_UPS = 20
"""How often it is asked who has a token, while what that follows from keeps changing."""

log = structlog.get_logger()


class GraphQL:
    """Answers on its path, and leaves all others to the application behind it.

    Going through that application's layers, its routes and its requests would cost a read a third of its time. So this
    stands before them, and sends itself the headers that they add.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection of the server."""
        if scope["type"] != "http" or scope["path"] != PATH:
            await self.app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        response = await answered(Incoming.of(scope, receive), scope["app"].state, request_id)
        response.raw_headers.extend(OF_THE_API)
        response.raw_headers.append((b"x-request-id", request_id.encode()))
        await response(scope, receive, send)


async def answered(request: Incoming, state: State, request_id: str) -> Response:
    """The answer to one operation, or to what is none."""
    with speaking(preferred(request.header(b"accept-language"))):
        return await in_its_language(request, state, request_id)


async def in_its_language(request: Incoming, state: State, request_id: str) -> Response:
    """The same, as everything is told in the language that is spoken."""
    media = JSON
    try:
        if request.method not in METHODS:
            raise BadRequest(405, "GraphQL is asked with GET or POST.", allow=", ".join(METHODS))
        media = media_type(request)
        spending: Spending
        try:
            who = await looked_up(request, state)
            spending = state.budgets.spending(who.identity.token_id)
            question = await asked(request)
        except Unauthorized:
            who, spending = SOMEBODY, state.open_budgets.spending(caller_of(request.address))
            question = await asked_by_somebody(request, state, spending)
        found = None
        for _ in range(MOST_LOOK_UPS):
            with suppress(NotProven):
                found = await executed(request, state, who, question, spending, request_id)
                break
            who = await looked_up_again(request, state)
        if found is None:
            raise NotProven
        state.last_uses.note(who.identity)
        body = found.body
        if request.header(b"headwater-cost") == "1":
            body = with_extensions(body, {"cost": spending.told(found.cost)})
        body, encoding = await compressed(body, request.header(b"accept-encoding"))
        headers = spending.headers() | {
            "Vary": "Accept, Accept-Encoding, Accept-Language",
            "Content-Language": spoken(),
        }
        if encoding is not None:
            headers["Content-Encoding"] = encoding
        return answer(body, media, executed=found.executed, headers=headers)
    except Exception as error:  # noqa: BLE001 - refusal() tells the log of what nobody expected
        return refusal(error, request_id, media)


async def looked_up(request: Incoming, state: State) -> Requester:
    """Who asks. Raises Unauthorized, TenantSuspended, ActAsRefused."""
    holders: Holders = state.holders
    return await holders.requester(request.header(b"authorization"), request.header(b"headwater-act-as"))


async def looked_up_again(request: Incoming, state: State) -> Requester:
    """The same, not from memory."""
    holders: Holders = state.holders
    holders.forget(request.header(b"authorization"))
    return await looked_up(request, state)


async def asked_by_somebody(request: Incoming, state: State, spending: Spending) -> Asked:
    """What somebody without a token asks. Raises Unauthorized unless everybody may ask it, OutOfBudget."""
    spending(1)  # also for what is refused: looking at a document takes time
    try:
        question = await asked(request)
        document: str = await state.documents.text(question)
    except (BadRequest, DocumentRefused):
        raise Unauthorized from None
    pipeline: Pipeline = state.pipeline
    if not pipeline.is_open(document, question.operation_name):
        raise Unauthorized
    return question


async def executed(
    request: Incoming, state: State, who: Requester, question: Asked, spending: Spending, request_id: str
) -> Answered:
    """What the operation answers, once it is certain who asked.

    Raises OutOfBudget, DocumentRefused, BadRequest, NotProven.
    """
    engine: Engine = state.engine
    pipeline: Pipeline = state.pipeline
    document: str = await state.documents.text(question)
    state.deprecated_uses.note(who.identity, document, question)
    if engine.is_mutation(document, question.operation_name):
        if request.method != "POST":
            raise BadRequest(405, "A mutation needs POST.", allow="POST")
        await state.holders.confirm(who)

        async def renewed() -> Requester:
            return await looked_up_again(request, state)

        # Only what changes something has jobs to follow: reading pays nothing for traces.
        name = f"mutation {question.operation_name or ''}".strip()
        attributes = {"headwater.request.id": request_id}
        with span(name, traceparent_of(request.headers), kind=SpanKind.SERVER, attributes=attributes):
            return await pipeline.execute(
                who,
                document,
                question.variables,
                question.operation_name,
                request_id=request_id,
                address=request.address,
                spend=spending,
                renew=renewed,
            )
    found = await engine.execute(
        state.pool,
        who.viewer,
        document,
        question.variables,
        question.operation_name,
        request_id=request_id,
        spend=spending,
        proof=who.proof,
    )
    if not found.proven:
        await state.holders.confirm(who)
    for fault in found.faults:
        log.error("fault in a read", request_id=request_id, exc_info=fault)
    return found
