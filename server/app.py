"""The application: routes, and what they need while they are served."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from db.engine import application_engine
from jobs.wake import wake
from resolvers.changing.pipeline import Pipeline
from resolvers.reading import Engine, reading_pool
from schema.build import schema
from server import explorer
from server.auth import ActAsRefused, Unauthorized, requester
from server.graphql_http import BadRequest, answer, asked, errors_body, media_type
from server.request_ids import RequestIds
from server.settings import Settings

__all__ = ["application"]

log = structlog.get_logger()


def application(config: Settings) -> Starlette:
    """The application on the database of these settings."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        pool = reading_pool(config.app_url, size=config.web_pool_size, switch_role=config.switches_role)
        writes = application_engine(config.app_url, pool_size=config.web_pool_size, switch_role=config.switches_role)
        app.state.pool = pool
        app.state.engine = Engine(schema)
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
    app.add_middleware(RequestIds)
    return app


async def graphql(request: Request) -> Response:
    """Answer one operation."""
    try:
        media = media_type(request)
        state = request.app.state
        who = await requester(state.pool, request.headers.get("authorization"), request.headers.get("headwater-act-as"))
        question = await asked(request)
        if state.engine.is_mutation(question.document, question.operation_name):
            if request.method == "GET":
                raise BadRequest(405, "A mutation needs POST.", allow="POST")
            response = await state.pipeline.execute(who, question.document, question.variables, question.operation_name)
        else:
            response = await state.engine.execute(
                state.pool,
                who.viewer,
                question.document,
                question.variables,
                question.operation_name,
                request_id=request.state.request_id,
            )
            for fault in response.faults:
                log.error("fault in a read", request_id=request.state.request_id, exc_info=fault)
        return answer(response.body, media, executed=response.executed)
    except BadRequest as refused:
        body = errors_body(refused.message, refused.code)
        return Response(body, refused.status, headers=refused.headers, media_type="application/json")
    except Unauthorized:
        body = errors_body("Send a valid token: Authorization: Bearer hw_…", "UNAUTHENTICATED")
        return Response(body, 401, headers={"WWW-Authenticate": "Bearer"}, media_type="application/json")
    except ActAsRefused as refused:
        status = 403 if refused.code == "FORBIDDEN" else 404
        return Response(errors_body(refused.message, refused.code), status, media_type="application/json")
    except Exception:
        request_id = request.state.request_id
        log.exception("fault", request_id=request_id)
        body = errors_body("Internal error", "INTERNAL", requestId=request_id)
        return Response(body, 500, media_type="application/json")


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
