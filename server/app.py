"""The application: routes, and what they need while they are served."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from db.engine import application_engine
from jobs.wake import wake
from resolvers.changing.pipeline import Pipeline
from resolvers.reading import Engine, NotProven, reading_pool
from resolvers.reading import Response as Answered
from resolvers.reading.cost import LONGEST
from schema.build import schema
from server import explorer
from server.auth import Holders, Requester
from server.compression import compressed
from server.documents import TrustedDocuments
from server.graphql_http import JSON, Asked, BadRequest, answer, asked, media_type, with_extensions
from server.headers import SecurityHeaders
from server.limits import Budgets, Spending
from server.refusals import refusal
from server.request_ids import RequestIds
from server.settings import Settings

__all__ = ["application"]

log = structlog.get_logger()

OUR_HEADERS = ["Headwater-Act-As", "Headwater-Cost", "X-Request-Id"]
"""Of requests; a browser has to be told that another origin's page may send them."""


def application(config: Settings) -> Starlette:
    """The application on the database of these settings."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        pool = reading_pool(config.app_url, size=config.web_pool_size, switch_role=config.switches_role)
        writes = application_engine(
            config.app_url,
            pool_size=config.web_pool_size,
            switch_role=config.switches_role,
            statement_timeout=LONGEST,
        )
        app.state.pool = pool
        app.state.holders = Holders(pool)
        app.state.budgets = Budgets(config.cost_per_minute)
        app.state.documents = TrustedDocuments(pool, only=config.trusted_documents)
        app.state.engine = Engine(schema, introspection=config.introspection)
        app.state.pipeline = Pipeline(
            app.state.engine, writes, threads=config.web_pool_size, on_enqueued=partial(wake, writes)
        )
        await pool.open()
        try:
            yield
        finally:
            app.state.pipeline.close()
            await pool.close()
            writes.dispose()

    routes: list[BaseRoute] = [
        Route("/graphql", graphql, methods=["GET", "POST"]),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
    ]
    if config.explorer:
        routes += explorer.routes()
    app = Starlette(routes=routes, lifespan=lifespan)
    if config.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=config.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", *OUR_HEADERS],
            expose_headers=["RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"],
        )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestIds)
    return app


async def graphql(request: Request) -> Response:
    """Answer one operation."""
    media = JSON
    try:
        media = media_type(request)
        state = request.app.state
        holders: Holders = state.holders
        authorization, act_as = request.headers.get("authorization"), request.headers.get("headwater-act-as")
        who = await holders.requester(authorization, act_as)
        spending: Spending = state.budgets.spending(who.identity.token_id)
        question = await asked(request)
        try:
            response = await executed(request, who, question, spending)
        except NotProven:
            holders.forget(authorization)
            response = await executed(request, await holders.requester(authorization, act_as), question, spending)
        body = response.body
        if request.headers.get("headwater-cost") == "1":
            body = with_extensions(body, {"cost": spending.told(response.cost)})
        body, encoding = await compressed(body, request.headers.get("accept-encoding"))
        headers = spending.headers() | {"Vary": "Accept, Accept-Encoding"}
        if encoding is not None:
            headers["Content-Encoding"] = encoding
        return answer(body, media, executed=response.executed, headers=headers)
    except Exception as error:  # noqa: BLE001 - refusal() tells the log of what nobody expected
        return refusal(error, request.state.request_id, media)


async def executed(request: Request, who: Requester, question: Asked, spending: Spending) -> Answered:
    """What the operation answers, once it is certain who asked.

    Raises OutOfBudget, DocumentRefused, BadRequest, NotProven.
    """
    request_id: str = request.state.request_id
    state = request.app.state
    engine: Engine = state.engine
    pipeline: Pipeline = state.pipeline
    document: str = await state.documents.text(question)
    if engine.is_mutation(document, question.operation_name):
        if request.method != "POST":
            raise BadRequest(405, "A mutation needs POST.", allow="POST")
        await state.holders.confirm(who)
        return await pipeline.execute(
            who, document, question.variables, question.operation_name, request_id=request_id, spend=spending
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


async def healthz(_: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """The database answers too."""
    try:
        async with request.app.state.pool.connection(timeout=2) as connection:
            await connection.execute("SELECT 1 FROM tenants LIMIT 1")
    except Exception:  # noqa: BLE001 - whatever is wrong, the answer is no
        return JSONResponse({"status": "database unavailable"}, 503)
    return JSONResponse({"status": "ready"})
