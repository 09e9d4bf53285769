"""Plain Strawberry, as its documentation recommends it: resolvers, and data loaders against N + 1.

The types have the fields that are asked for, and rows are read without an ORM. A token is looked up once and then
believed: all of that is in this server's favour. Row-level security is on, with one transaction a request.

Run as a process: `python -m bench.loaders PORT POOL_SIZE`, with DATABASE_URL.
"""

import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any, TypeAlias
from uuid import UUID

import psycopg
import strawberry
import uvicorn
from psycopg.rows import namedtuple_row
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

from db import ids
from domain.shared.money import minor_digits
from resolvers.reading import reading_pool
from tenancy.scope import Scope
from tenancy.sessions import settings_of

__all__ = ["server"]

Connection: TypeAlias = psycopg.AsyncConnection[Any]

SUBSCRIPTION = """
SELECT id, number, name, state, billing_type, started_on, paid_to, expires_on, account_id, plan_id FROM subscriptions
"""
PAGE = f"{SUBSCRIPTION} WHERE distributor_id = %s AND tenant_path = %s ORDER BY id DESC LIMIT %s"
ONE = f"{SUBSCRIPTION} WHERE distributor_id = %s AND id = %s"
ACCOUNTS = "SELECT id, name FROM accounts WHERE distributor_id = %s AND id = ANY(%s)"
PLANS = "SELECT id, name FROM plans WHERE distributor_id = %s AND id = ANY(%s)"
RESOURCES = """
SELECT subscription_id, name, quantity, unit_price, currency FROM subscription_resources
 WHERE distributor_id = %s AND subscription_id = ANY(%s) ORDER BY priority DESC, name, id
"""
CHARGES = """
SELECT subscription_id, id, number, kind, state, amount, currency FROM charges
 WHERE distributor_id = %s AND subscription_id = ANY(%s) ORDER BY id DESC
"""


async def rows(connection: Connection, text: str, *parameters: Any) -> list[Any]:
    """All rows, with their columns as attributes."""
    async with connection.cursor(row_factory=namedtuple_row) as cursor:
        return await (await cursor.execute(text, parameters)).fetchall()


@dataclass
class Loaders:
    """One request's connection, and its loaders."""

    connection: Connection
    scope: Scope

    def __post_init__(self) -> None:
        self.account = DataLoader(self._by_id(ACCOUNTS))
        self.plan = DataLoader(self._by_id(PLANS))
        self.resources = DataLoader(self._of_subscriptions(RESOURCES))
        self.charges = DataLoader(self._of_subscriptions(CHARGES))

    def _by_id(self, text: str) -> Callable[[list[UUID]], Any]:
        async def load(keys: list[UUID]) -> Sequence[Any]:
            found = {row.id: row for row in await rows(self.connection, text, self.scope.distributor_id, keys)}
            return [found[key] for key in keys]

        return load

    def _of_subscriptions(self, text: str) -> Callable[[list[UUID]], Any]:
        async def load(keys: list[UUID]) -> Sequence[list[Any]]:
            lists = defaultdict(list)
            for each in await rows(self.connection, text, self.scope.distributor_id, keys):
                lists[each.subscription_id].append(each)
            return [lists[key] for key in keys]

        return load


Info: TypeAlias = strawberry.Info[Loaders, None]


@strawberry.type
class Money:
    amount: Decimal
    currency: str


@strawberry.type
class Account:
    id: strawberry.ID
    name: str


@strawberry.type
class Plan:
    id: strawberry.ID
    name: str


@strawberry.type
class Resource:
    name: str
    quantity: Decimal
    unit_price: Money


@strawberry.type
class Charge:
    id: strawberry.ID
    number: str
    kind: str
    state: str
    amount: Money


@strawberry.type
class Charges:
    nodes: list[Charge]


@strawberry.type
class ServiceSubscription:
    row: strawberry.Private[Any]
    id: strawberry.ID
    number: str
    name: str
    state: str
    billing_type: str
    started_on: date | None
    paid_to: date | None
    expires_on: date | None

    @classmethod
    def of(cls, row: Any) -> "ServiceSubscription":
        return cls(
            row=row,
            id=strawberry.ID(ids.encode("sub", row.id)),
            number=row.number,
            name=row.name,
            state=row.state,
            billing_type=row.billing_type,
            started_on=row.started_on,
            paid_to=row.paid_to,
            expires_on=row.expires_on,
        )

    @strawberry.field
    async def account(self, info: Info) -> Account:
        row = await info.context.account.load(self.row.account_id)
        return Account(id=strawberry.ID(ids.encode("acc", row.id)), name=row.name)

    @strawberry.field
    async def plan(self, info: Info) -> Plan:
        row = await info.context.plan.load(self.row.plan_id)
        return Plan(id=strawberry.ID(ids.encode("pln", row.id)), name=row.name)

    @strawberry.field
    async def resources(self, info: Info) -> list[Resource]:
        return [
            Resource(
                name=row.name, quantity=row.quantity, unit_price=Money(amount=row.unit_price, currency=row.currency)
            )
            for row in await info.context.resources.load(self.row.id)
        ]

    @strawberry.field
    async def charges(self, info: Info, first: int) -> Charges:
        return Charges(
            nodes=[
                Charge(
                    id=strawberry.ID(ids.encode("chg", row.id)),
                    number=row.number,
                    kind=row.kind,
                    state=row.state,
                    amount=Money(amount=round(row.amount, minor_digits(row.currency)), currency=row.currency),
                )
                for row in (await info.context.charges.load(self.row.id))[:first]
            ]
        )


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Subscriptions:
    nodes: list[ServiceSubscription]
    page_info: PageInfo


@strawberry.type
class Query:
    @strawberry.field
    async def subscriptions(self, info: Info, first: int) -> Subscriptions:
        context = info.context
        found = await rows(context.connection, PAGE, context.scope.distributor_id, context.scope.path, first + 1)
        nodes = [ServiceSubscription.of(row) for row in found[:first]]
        cursor = nodes[-1].id if nodes else None
        return Subscriptions(nodes=nodes, page_info=PageInfo(has_next_page=len(found) > first, end_cursor=cursor))

    @strawberry.field
    async def subscription(self, info: Info, id: strawberry.ID) -> ServiceSubscription | None:
        context = info.context
        found = await rows(context.connection, ONE, context.scope.distributor_id, ids.decode(id)[1])
        return ServiceSubscription.of(found[0]) if found else None


class Server(GraphQL[Loaders, None]):
    """The view, with a transaction and loaders for every request."""

    def __init__(self, pool: AsyncConnectionPool[Connection]) -> None:
        super().__init__(strawberry.Schema(Query), graphql_ide=None)
        self.pool = pool
        self.scopes: dict[bytes, Scope] = {}

    async def answer(self, request: Request) -> Response:
        """One operation in one transaction of the token's holder."""
        async with self.pool.connection() as connection, connection.transaction():
            scope = await self._scope(connection, request.headers["authorization"].removeprefix("Bearer "))
            if scope is None:
                return Response(status_code=401)
            await connection.execute(
                "SELECT set_config('app.lo', %(lo)s, true), set_config('app.hi', %(hi)s, true)", settings_of(scope)
            )
            request.state.loaders = Loaders(connection, scope)
            response = await self.run(request)
            assert isinstance(response, Response)
            return response

    async def _scope(self, connection: Connection, token: str) -> Scope | None:
        hash = sha256(token.encode()).digest()
        if hash not in self.scopes:
            found = await rows(connection, "SELECT * FROM app_authenticate(%s)", hash)
            if not found:
                return None
            self.scopes[hash] = Scope.of_tenant(found[0].distributor_id, found[0].tenant_id, found[0].tenant_path)
        return self.scopes[hash]

    async def get_context(self, request: Any, response: Any) -> Loaders:  # noqa: ARG002 - the view's own form
        loaders: Loaders = request.state.loaders
        return loaders


def server(url: str, pool_size: int) -> Starlette:
    """The application."""
    pool = reading_pool(url, size=pool_size)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await pool.open()
        try:
            yield
        finally:
            await pool.close()

    return Starlette(routes=[Route("/graphql", Server(pool).answer, methods=["POST"])], lifespan=lifespan)


if __name__ == "__main__":
    uvicorn.run(
        server(os.environ["DATABASE_URL"], int(sys.argv[2])),
        port=int(sys.argv[1]),
        access_log=False,
        log_level="warning",
    )
