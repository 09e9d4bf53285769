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

# Text put together by `concat`: PostgreSQL's own functions for JSON take half as long again.
SERVICE = """
  '{"id":"sub_', encode(uuid_send(s.id), 'hex'), '","number":', to_json(s.number), ',"name":', to_json(s.name),
  ',"state":"', s.state, '","billingType":"', s.billing_type,
  '","startedOn":', coalesce('"' || s.started_on || '"', 'null'),
  ',"paidTo":', coalesce('"' || s.paid_to || '"', 'null'),
  ',"expiresOn":', coalesce('"' || s.expires_on || '"', 'null'),
  ',"account":{"id":"acc_', encode(uuid_send(a.id), 'hex'), '","name":', to_json(a.name),
  '},"plan":{"id":"pln_', encode(uuid_send(p.id), 'hex'), '","name":', to_json(p.name),
  '},"resources":[', (
    SELECT string_agg(concat(
             '{"name":', to_json(r.name), ',"quantity":"', trim_scale(r.quantity),
             '","unitPrice":{"amount":"', app_price(r.unit_price, r.currency), '","currency":"', r.currency, '"}}'
           ), ',' ORDER BY r.priority DESC, r.name, r.id)
      FROM subscription_resources r WHERE r.distributor_id = $1::uuid AND r.subscription_id = s.id
  )
"""
PAGE = Statement(f"""
SELECT concat('{{"data":{{"subscriptions":{{"nodes":[',
         string_agg(concat({SERVICE}, ']}}'), ',') FILTER (WHERE s.position <= $3::bigint),
         '],"pageInfo":{{"hasNextPage":', (count(*) > $3::bigint)::text,
         ',"endCursor":', coalesce('"' || min(s.id::text) FILTER (WHERE s.position <= $3::bigint) || '"', 'null'),
         '}}}}}}}}')
  FROM (
    SELECT *, row_number() OVER () AS position FROM (
      SELECT id, number, name, state, billing_type, started_on, paid_to, expires_on, account_id, plan_id
        FROM subscriptions
       WHERE distributor_id = $1::uuid AND tenant_path = $2::text ORDER BY id DESC LIMIT $3::bigint + 1
    ) first
  ) s
  LEFT JOIN LATERAL (
    SELECT id, name FROM accounts WHERE distributor_id = $1::uuid AND id = s.account_id LIMIT 1
  ) a ON true
  LEFT JOIN LATERAL (
    SELECT id, name FROM plans
     WHERE distributor_id = $1::uuid AND tenant_path >= $2::text AND tenant_path < $2::text || '~' AND id = s.plan_id
     LIMIT 1
  ) p ON true
""")
ONE = Statement(f"""
SELECT concat('{{"data":{{"subscription":', coalesce((
  SELECT concat({SERVICE}, '],"charges":{{"nodes":[', (
      SELECT string_agg(concat(
               '{{"id":"chg_', encode(uuid_send(c.id), 'hex'), '","number":', to_json(c.number),
               ',"kind":"', c.kind, '","state":"', c.state,
               '","amount":{{"amount":"', app_money(c.amount, c.currency), '","currency":"', c.currency, '"}}}}'
             ), ',')
        FROM (
          SELECT * FROM charges WHERE distributor_id = $1::uuid AND subscription_id = s.id ORDER BY id DESC LIMIT 10
        ) c
    ), ']}}}}')
    FROM subscriptions s
    JOIN accounts a ON a.distributor_id = $1::uuid AND a.id = s.account_id
    JOIN plans p ON p.distributor_id = $1::uuid AND p.id = s.plan_id
   WHERE s.distributor_id = $1::uuid AND s.tenant_path >= $2::text AND s.tenant_path < $2::text || '~'
     AND s.id = $3::uuid
), 'null'), '}}}}')
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
