"""A top-up written by hand: the same checks, the same rows, one transaction, in as few round trips as they allow.

No GraphQL, no objects: what a careful person would write who needs nothing but this. It believes nobody more than
Headwater does: the token is checked in the database, row-level security is on.

Run as a process: `python -m bench.changing_by_hand PORT POOL_SIZE`, with DATABASE_URL.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import psycopg
import uvicorn
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from db import ids
from db.engine import FAIL_CLOSED
from domain.shared.money import minor_digits
from tenancy.permissions import Permission
from tenancy.sessions import settings_of
from tenancy.tokens import Identity, hash_of, identity_of

__all__ = ["handler"]

AUTHENTICATE = "SELECT * FROM app_authenticate(%s)"
SET_SCOPE = """
SELECT set_config('app.lo', %(lo)s, true), set_config('app.hi', %(hi)s, true),
       set_config('app.write_lo', %(write_lo)s, true), set_config('app.write_hi', %(write_hi)s, true),
       set_config('app.ancestors', %(ancestors)s, true)
"""
CLOCK = "SELECT clock_at FROM distributor_clocks WHERE distributor_id = %s"
ACCOUNT = """
SELECT currency, funds, blocked FROM accounts WHERE distributor_id = %s AND id = %s AND tenant_path = %s FOR UPDATE
"""
NUMBER = """
INSERT INTO counters (distributor_id, id, tenant_id, tenant_path, series, value)
VALUES (%s, %s, %s, %s, 'payments', 1)
ON CONFLICT ON CONSTRAINT uq_counters_series DO UPDATE SET value = counters.value + 1, updated_at = now()
RETURNING value
"""
PAYMENT = """
INSERT INTO payments (distributor_id, id, tenant_id, tenant_path, number, state, purpose, currency, total, account_id,
                      completed_at, created_at, updated_at)
VALUES (%(distributor)s, %(payment)s, %(tenant)s, %(path)s, %(number)s, 'COMPLETED', 'TOP_UP', %(currency)s, %(amount)s,
        %(account)s, %(now)s, %(now)s, %(now)s)
"""
LEDGER = """
INSERT INTO ledger_entries (distributor_id, id, tenant_id, tenant_path, account_id, from_book, to_book, amount,
                            currency, payment_id, created_at, updated_at)
VALUES (%(distributor)s, %(entry)s, %(tenant)s, %(path)s, %(account)s, 'CASH', 'AVAILABLE', %(amount)s, %(currency)s,
        %(payment)s, %(now)s, %(now)s)
"""
BALANCE = """
UPDATE accounts SET funds = funds + %(amount)s, updated_at = %(now)s
 WHERE distributor_id = %(distributor)s AND id = %(account)s
"""
EVENTS = """
INSERT INTO events (distributor_id, id, tenant_id, tenant_path, type, subject_kind, subject_id, actor_id, created_at,
                    updated_at)
VALUES (%(distributor)s, %(created)s, %(tenant)s, %(path)s, 'payment.created', 'pay', %(payment)s, %(actor)s, %(now)s,
        %(now)s),
       (%(distributor)s, %(completed)s, %(tenant)s, %(path)s, 'payment.completed', 'pay', %(payment)s, %(actor)s,
        %(now)s, %(now)s)
"""

Row = dict[str, Any]
Connection = psycopg.AsyncConnection[Row]
Pool = AsyncConnectionPool[Connection]


class Refused(Exception):
    """With a status."""

    def __init__(self, status: int) -> None:
        self.status = status


def handler(url: str, pool_size: int) -> Starlette:
    """One route that takes Headwater's request."""
    pool: Pool = AsyncConnectionPool(
        url,
        connection_class=psycopg.AsyncConnection[Row],
        kwargs={"options": FAIL_CLOSED, "row_factory": dict_row, "prepare_threshold": 0, "autocommit": True},
        min_size=pool_size,
        max_size=pool_size,
        open=False,
    )

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await pool.open()
        try:
            yield
        finally:
            await pool.close()

    async def top_up(request: Request) -> Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        input = orjson.loads(await request.body())["variables"]["input"]
        try:
            async with pool.connection() as connection:
                row = await (await connection.execute(AUTHENTICATE, [hash_of(token)])).fetchone()
                if row is None:
                    raise Refused(401)
                payload = await _topped_up(connection, identity_of(row), input)
        except Refused as refused:
            return Response(status_code=refused.status)
        return Response(orjson.dumps({"data": {"topUp": payload}}), media_type="application/json")

    return Starlette(routes=[Route("/top-up", top_up, methods=["POST"])], lifespan=lifespan)


async def _topped_up(connection: Connection, identity: Identity, input: Row) -> Row:
    amount, currency, scope = Decimal(input["amount"]["amount"]), input["amount"]["currency"], identity.scope
    if Permission.PAYMENTS_WRITE not in identity.permissions:
        raise Refused(403)
    if not 0 < amount < 10**12 or round(amount, minor_digits(currency)) != amount:
        raise Refused(400)
    values: Row = {
        "distributor": scope.distributor_id,
        "tenant": scope.tenant_id,
        "path": scope.path,
        "actor": scope.actor_id,
        "account": ids.decode(input["accountId"])[1],
        "amount": amount,
        "currency": currency,
        **{name: ids.uuid7() for name in ("payment", "entry", "created", "completed", "counter")},
    }
    async with connection.transaction():
        async with connection.pipeline():
            await connection.execute(SET_SCOPE, settings_of(scope))
            clock = await connection.execute(CLOCK, [values["distributor"]])
            account = await connection.execute(ACCOUNT, [values["distributor"], values["account"], values["path"]])
            number = await connection.execute(
                NUMBER, [values["distributor"], values["counter"], values["tenant"], values["path"]]
            )
            found, counted, time = await account.fetchone(), await number.fetchone(), await clock.fetchone()
        if found is None or found["currency"] != currency:
            raise Refused(400)
        assert counted is not None
        assert time is not None
        values |= {"number": f"PM{counted['value']:06d}", "now": time["clock_at"] or datetime.now(UTC)}
        async with connection.pipeline():
            for statement in (PAYMENT, LEDGER, BALANCE, EVENTS):
                await connection.execute(statement, values)
    digits = minor_digits(currency)
    funds, blocked = found["funds"] + amount, found["blocked"]

    def money(value: Decimal) -> Row:
        return {"amount": f"{value:.{digits}f}", "currency": currency}

    return {
        "payment": {
            "id": ids.encode("pay", values["payment"]),
            "number": values["number"],
            "state": "COMPLETED",
            "total": money(amount),
        },
        "account": {
            "id": input["accountId"],
            "balance": {
                "funds": {"amount": money(funds)["amount"]},
                "blocked": {"amount": money(blocked)["amount"]},
                "available": {"amount": money(funds - blocked)["amount"]},
            },
        },
        "errors": [],
    }


if __name__ == "__main__":
    uvicorn.run(
        handler(os.environ["DATABASE_URL"], int(sys.argv[2])),
        port=int(sys.argv[1]),
        access_log=False,
        server_header=False,
        log_level="warning",
    )
