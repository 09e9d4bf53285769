"""Who a request comes from: the bearer token's holder, and the tenant acted as."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from db import ids
from resolvers.reading import Viewer
from tenancy.permissions import Permission
from tenancy.scope import Scope
from tenancy.sessions import settings_of
from tenancy.tokens import Identity, hash_of, identity_of

__all__ = ["ActAsRefused", "Requester", "Unauthorized", "requester"]

_PREFIX_OF_ACTOR = {"manager": "mgr", "platform": "tok"}


class Unauthorized(Exception):
    """No token, or one that opens nothing."""


class ActAsRefused(Exception):
    """The header Headwater-Act-As cannot be followed."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True, slots=True)
class Requester:
    """A token's holder as a request finds it."""

    identity: Identity
    scope: Scope
    """The holder's own, or that of the tenant acted as."""
    acted_as: UUID | None = None

    @property
    def viewer(self) -> Viewer:
        """The same for the reading engine."""
        acted_as = None
        if self.acted_as is not None:
            acted_as = ids.encode("dst" if self.acted_as == self.scope.distributor_id else "rsl", self.acted_as)
        return Viewer(
            scope=self.scope,
            permissions=self.identity.permissions,
            actor=ids.encode(_PREFIX_OF_ACTOR[self.identity.kind], self.identity.actor_id),
            acted_as=acted_as,
        )


async def requester(
    pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]], authorization: str | None, act_as: str | None
) -> Requester:
    """Who a request comes from, by its headers Authorization and Headwater-Act-As.

    Raises Unauthorized, ActAsRefused.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized
    async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("SELECT * FROM app_authenticate(%s)", [hash_of(token.strip())], binary=True)
        row = await cursor.fetchone()
        if row is None:
            raise Unauthorized
        identity = identity_of(row)
        if act_as is None:
            return Requester(identity, identity.scope)
        return await _acting(connection, identity, act_as)


async def _acting(connection: psycopg.AsyncConnection[Any], identity: Identity, act_as: str) -> Requester:
    if Permission.TENANTS_ACT_AS not in identity.permissions:
        raise ActAsRefused(f"Headwater-Act-As needs the permission {Permission.TENANTS_ACT_AS}.", "FORBIDDEN")
    unknown = ActAsRefused("Headwater-Act-As names no tenant that you can see.", "NOT_FOUND")
    try:
        prefix, id = ids.decode(act_as)
    except ids.InvalidId:
        raise unknown from None
    if prefix not in {"dst", "rsl"}:
        raise unknown
    async with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        settings = settings_of(identity.scope)
        await cursor.execute("SELECT set_config('app.lo', %(lo)s, true), set_config('app.hi', %(hi)s, true)", settings)
        await cursor.execute(
            "SELECT distributor_id, id, tenant_path, kind FROM tenants"
            " WHERE id = %(id)s AND tenant_path >= %(lo)s AND tenant_path < %(hi)s",
            {"id": id, **settings},
        )
        row = await cursor.fetchone()
    if row is None or prefix != {"DISTRIBUTOR": "dst", "RESELLER": "rsl"}[row["kind"]]:
        raise unknown
    scope = Scope.of_tenant(row["distributor_id"], row["id"], row["tenant_path"])
    return Requester(identity, replace(scope, actor_id=identity.scope.actor_id), acted_as=row["id"])
