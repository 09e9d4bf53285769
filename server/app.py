"""The application: routes, and what they need while they are served."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from db.engine import application_engine
from jobs.messages import message_broker
from jobs.wake import wake
from resolvers.changing.pipeline import BEFOREHAND, Pipeline
from resolvers.reading import Engine, reading_pool
from resolvers.reading.cost import LONGEST
from resolvers.shopping import Shoppers
from schema.build import schema
from server import explorer, files, storefront
from server.auth import Holders
from server.broker_health import BrokerHealth
from server.deprecated_uses import DeprecatedUses
from server.documents import TrustedDocuments
from server.endpoint import GraphQL
from server.headers import SecurityHeaders
from server.last_uses import LastUses
from server.limits import Budgets
from server.oidc import Issuers
from server.request_ids import RequestIds
from server.settings import Settings
from server.site import Site
from server.storefront import Storefronts

__all__ = ["application"]

OUR_HEADERS = ["Headwater-Act-As", "Headwater-Cost", "X-Request-Id"]
"""Of requests; a browser has to be told that another origin's page may send them."""


def application(config: Settings) -> Starlette:
    """The application on the database of these settings."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        pool = reading_pool(config.app_url, size=config.web_pool_size, switch_role=config.switches_role)
        writes = application_engine(
            config.app_url,
            pool_size=config.web_pool_size + BEFOREHAND,
            switch_role=config.switches_role,
            statement_timeout=LONGEST,
        )
        engine = Engine(schema, introspection=config.introspection)
        site = app.state.site = Site(
            pool=pool,
            holders=Holders(pool, Issuers(config.oidc_issuers)),
            budgets=Budgets(config.cost_per_minute),
            open_budgets=Budgets(config.open_cost_per_minute),
            storefronts=Storefronts(
                pool, Budgets(config.storefront_cost_per_minute), max_age=config.storefront_max_age
            ),
            shoppers=Shoppers(engine.schema, writes),
            documents=TrustedDocuments(pool, only=config.trusted_documents),
            files=files.Files(pool, writes, limit=config.file_limit),
            engine=engine,
            pipeline=Pipeline(engine, writes, threads=config.web_pool_size, on_enqueued=partial(wake, writes)),
            broker_health=BrokerHealth(message_broker(config.broker_url)) if config.broker_url else None,
            deprecated_uses=DeprecatedUses(engine.documents, writes),
            last_uses=LastUses(writes),
        )
        await pool.open()
        try:
            async with site.deprecated_uses.written_down(), site.last_uses.written_down():
                yield
        finally:
            site.pipeline.close()
            await pool.close()
            writes.dispose()

    routes: list[BaseRoute] = [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route(storefront.PATH, storefront.show),
        Route(files.UPLOAD, files.upload, methods=["PUT"]),
        Route(files.DOWNLOAD, files.download),
    ]
    if config.explorer:
        routes += explorer.routes()
    app = _Application(routes=routes, lifespan=lifespan)
    if config.cors_origins:
        app.add_middleware(GraphQL, state=app.state)
        app.add_middleware(
            CORSMiddleware,
            allow_origins=config.cors_origins,
            allow_methods=["GET", "POST", "PUT"],
            allow_headers=["Authorization", "Content-Type", *OUR_HEADERS],
            expose_headers=["RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"],
        )
    else:
        app.graphql = GraphQL(app, app.state)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestIds)
    return app


class _Application(Starlette):
    """Hands GraphQL what is its, before any layer of Starlette's."""

    graphql: GraphQL | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection of the server."""
        if self.graphql is not None and self.graphql.is_for(scope):
            await self.graphql(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


async def healthz(_: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """The database answers too. A message broker that is away is told and changes nothing: jobs wait in the table."""
    try:
        async with request.app.state.site.pool.connection(timeout=2) as connection:
            await connection.execute("SELECT 1 FROM tenants LIMIT 1")
    except Exception:  # noqa: BLE001 - whatever is wrong, the answer is no
        return JSONResponse({"status": "database unavailable"}, 503)
    health: BrokerHealth | None = request.app.state.site.broker_health
    if health is None:
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "ready", "broker": "there" if await health.is_there() else "away"})
