"""The limit: a handler for each of the two operations, written by hand, with one SQL statement.

It does what a careful person would do who needs nothing but these two answers: no GraphQL, the fields fixed, the JSON
made by PostgreSQL and sent on as it comes. It believes nobody more than Headwater does: the token is checked in the
database in every request, by the statement that sets the scope, and row-level security is on.

Run as a process: `python -m bench.limit PORT POOL_SIZE`, with DATABASE_URL.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import orjson
import psycopg
import uvicorn
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db import ids
from resolvers.reading import reading_pool
from resolvers.reading.wire import Statement, pipelined, sent

__all__ = ["handler"]

# Who the token belongs to now must be who it belonged to when it was seen first, or no scope is set and no row seen.
SET_SCOPE = Statement("""
SELECT set_config('app.lo', $3, true), set_config('app.hi', $3 || '~', true)
  FROM app_authenticate($1) known WHERE known::text = $2
""")

SERVICE = """
  'id', 'sub_' || replace(s.id::text, '-', ''), 'number', s.number, 'name', s.name, 'state', s.state,
  'billingType', s.billing_type, 'startedOn', s.started_on, 'paidTo', s.paid_to, 'expiresOn', s.expires_on,
  'account', json_build_object('id', 'acc_' || replace(a.id::text, '-', ''), 'name', a.name),
  'plan', json_build_object('id', 'pln_' || replace(p.id::text, '-', ''), 'name', p.name),
  'resources', (
    SELECT coalesce(json_agg(json_build_object(
             'name', r.name, 'quantity', trim_scale(r.quantity)::text,
             'unitPrice', json_build_object('amount', app_price(r.unit_price, r.currency), 'currency', r.currency)
           ) ORDER BY r.priority DESC, r.name, r.id), '[]'::json)
      FROM subscription_resources r WHERE r.distributor_id = $1::uuid AND r.subscription_id = s.id
  )
"""
PAGE = Statement(f"""
SELECT json_build_object('data', json_build_object('subscriptions', json_build_object(
         'nodes', coalesce(
           json_agg(json_build_object({SERVICE}) ORDER BY s.id DESC) FILTER (WHERE s.position <= $3::bigint),
           '[]'::json
         ),
         'pageInfo', json_build_object(
           'hasNextPage', count(*) > $3::bigint,
           'endCursor', min(s.id::text) FILTER (WHERE s.position <= $3::bigint)
         )
       )))
  FROM (
    SELECT *, row_number() OVER () AS position FROM (
      SELECT * FROM subscriptions
       WHERE distributor_id = $1::uuid AND tenant_path = $2::text ORDER BY id DESC LIMIT $3::bigint + 1
    ) first
  ) s
  JOIN accounts a ON a.distributor_id = $1::uuid AND a.id = s.account_id
  JOIN plans p ON p.distributor_id = $1::uuid AND p.id = s.plan_id
""")
ONE = Statement(f"""
SELECT json_build_object('data', json_build_object('subscription', (
  SELECT json_build_object({SERVICE},
    'charges', json_build_object('nodes', (
      SELECT coalesce(json_agg(json_build_object(
               'id', 'chg_' || replace(c.id::text, '-', ''), 'number', c.number, 'kind', c.kind, 'state', c.state,
               'amount', json_build_object('amount', app_money(c.amount, c.currency), 'currency', c.currency)
             ) ORDER BY c.id DESC), '[]'::json)
        FROM (
          SELECT * FROM charges WHERE distributor_id = $1::uuid AND subscription_id = s.id ORDER BY id DESC LIMIT 10
        ) c
    ))
  )
    FROM subscriptions s
    JOIN accounts a ON a.distributor_id = $1::uuid AND a.id = s.account_id
    JOIN plans p ON p.distributor_id = $1::uuid AND p.id = s.plan_id
   WHERE s.distributor_id = $1::uuid AND s.tenant_path >= $2::text AND s.tenant_path < $2::text || '~'
     AND s.id = $3::uuid
)))
""")

Pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]


class Unauthorized(Exception):
    """The token opens nothing."""


class Holders:
    """Who tokens belonged to when they were seen first."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[str, str, str]] = {}

    async def of(self, pool: Pool, hash: bytes) -> tuple[str, str, str]:
        """The holder as text, its distributor, its path."""
        known = self._known.get(hash)
        if known is None:
            async with pool.connection() as connection:
                row = await (
                    await connection.execute(
                        "SELECT known::text, distributor_id::text, tenant_path FROM app_authenticate(%s) known", [hash]
                    )
                ).fetchone()
            if row is None:
                raise Unauthorized
            known = self._known[hash] = row
        return known


def handler(url: str, pool_size: int) -> Starlette:
    """The two operations as routes that take Headwater's requests."""
    pool = reading_pool(url, size=pool_size)
    holders = Holders()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await pool.open()
        try:
            yield
        finally:
            await pool.close()

    async def run(request: Request, statement: Statement, argument: str) -> Response:
        hash = sha256(request.headers["authorization"].removeprefix("Bearer ").encode()).digest()
        try:
            holder, distributor, path = await holders.of(pool, hash)
        except Unauthorized:
            return Response(status_code=401)
        connection = await pool.getconn()
        try:
            scope, found = await pipelined(
                connection,
                (SET_SCOPE, sent([f"\\x{hash.hex()}", holder, path])),
                (statement, sent([distributor, path, argument])),
            )
        finally:
            await pool.putconn(connection)
        if scope.ntuples == 0:
            return Response(status_code=401)
        return Response(found.get_value(0, 0), media_type="application/json")

    async def page(request: Request) -> Response:
        body = orjson.loads(await request.body())
        return await run(request, PAGE, str(int(body["variables"]["first"])))

    async def one(request: Request) -> Response:
        body = orjson.loads(await request.body())
        return await run(request, ONE, ids.decode(body["variables"]["id"])[1].hex)

    return Starlette(
        routes=[Route("/page", page, methods=["POST"]), Route("/single", one, methods=["POST"])], lifespan=lifespan
    )


if __name__ == "__main__":
    uvicorn.run(
        handler(os.environ["DATABASE_URL"], int(sys.argv[2])),
        port=int(sys.argv[1]),
        access_log=False,
        server_header=False,
        log_level="warning",
    )
