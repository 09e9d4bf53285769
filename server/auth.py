"""Who a request comes from: the bearer token's holder, and the tenant acted as."""

from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeAlias
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from db import ids
from resolvers.reading import NotProven, Proof, Viewer, confirm
from server.oidc import Issuers, NotTrusted, Vouched
from tenancy.customers import customer_identity_of
from tenancy.permissions import Permission
from tenancy.scope import PLATFORM, SEGMENT, Scope
from tenancy.sessions import settings_of
from tenancy.tokens import NOBODY, Identity, hash_of, identity_of

__all__ = ["SOMEBODY", "ActAsRefused", "Holders", "Requester", "TenantSuspended", "Unauthorized"]

Connection: TypeAlias = psycopg.AsyncConnection[Any]
Pool: TypeAlias = AsyncConnectionPool[Connection]

MOST_REMEMBERED = 10_000
"""Tokens; the one unused for the longest goes first."""


_LOOK_UPS = (
    ("SELECT * FROM app_holder(%s)", identity_of),
    ("SELECT * FROM app_authenticate_customer(%s)", customer_identity_of),
)


class Unauthorized(Exception):
    """No token, or one that opens nothing."""


class TenantSuspended(Exception):
    """The token is good, but the holder's tenant or one above it is suspended."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.message = f"{name} is suspended: its people cannot work until it is resumed from above."


class ActAsRefused(Exception):
    """The header Headwater-Act-As cannot be followed."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True)
class Requester:
    """A token's holder as a request finds it."""

    identity: Identity
    scope: Scope
    """The holder's own, or that of the tenant acted as."""
    acted_as: UUID | None = None
    proof: Proof | None = None
    """Set when the holder is remembered: still to be checked, by the read itself or by `Holders.confirm`."""
    until: datetime | None = None
    """When the token expires."""

    @property
    def lasts(self) -> bool:
        """Whether the token has not expired meanwhile."""
        return self.until is None or datetime.now(UTC) < self.until

    @cached_property
    def viewer(self) -> Viewer:
        """The same for the reading engine."""
        return Viewer.of(self.identity, self.scope, self.acted_as)


SOMEBODY = Requester(NOBODY, NOBODY.scope)
"""Who has no token, or one that opens nothing, and asks for what everybody may."""


class Holders:
    """Who tokens belong to. Remembered, but never believed: every request checks in the database that it is still so.

    A read does that in the round trip it makes anyway (`Proof`), so that a revoked token, a changed role or a suspended
    tenant counts from the next request on, as if nothing were remembered.
    """

    def __init__(self, pool: Pool, issuers: Issuers | None = None) -> None:
        self._pool = pool
        self._issuers = issuers or Issuers(())
        self._known: OrderedDict[bytes, Requester] = OrderedDict()

    def remembered(self, authorization: str | None) -> Requester | None:
        """Who a request without Headwater-Act-As comes from, when that is known. Raises Unauthorized."""
        hash = hash_of(_token(authorization))
        known = self._known.get(hash)
        if known is None or not known.lasts:
            return None
        self._known.move_to_end(hash)
        return known

    async def requester(self, authorization: str | None, act_as: str | None) -> Requester:
        """Who a request comes from, by its headers Authorization and Headwater-Act-As.

        Raises Unauthorized, TenantSuspended, ActAsRefused, IssuerUnavailable.
        """
        if self._issuers.may_have_made(token := _token(authorization)):
            return await self._vouched(token, act_as)
        hash = hash_of(token)
        async with self._pool.connection() as connection:
            who = await _requester(connection, hash)
            if act_as is not None:
                return await _acting(connection, who.identity, act_as)
        # Proven once more with the first read: between the two, the tenant may be moved.
        self._known[hash] = who
        self._known.move_to_end(hash)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return who

    async def _vouched(self, token: str, act_as: str | None) -> Requester:
        """The manager whom an issuer vouches for. Looked up every time: there is nothing here that could be revoked."""
        try:
            person = await self._issuers.vouched(token)
        except NotTrusted:
            raise Unauthorized from None
        async with self._pool.connection() as connection:
            identity = await _manager(connection, person)
            if act_as is not None:
                return await _acting(connection, identity, act_as)
        return Requester(identity, identity.scope)

    async def confirm(self, who: Requester) -> None:
        """See that a holder still is who holds the token, or that the tenant acted as is where it was.

        Raises NotProven.
        """
        if who.acted_as is not None:
            async with self._pool.connection() as connection:
                place = await _place(connection, who.identity.scope, who.acted_as)
            if place is None or place["tenant_path"] != who.scope.path:
                raise NotProven
        if who.proof is None:
            return
        async with self._pool.connection() as connection:
            await confirm(connection, who.viewer, who.proof)


def _token(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized
    return token.strip()


async def _requester(connection: Connection, hash: bytes) -> Requester:
    """The token's holder, and the epoch of that. Whom sellers do not know may be a customer's.

    Raises Unauthorized, TenantSuspended.
    """
    async with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:  # of one instant
        for look_up, read in _LOOK_UPS:
            await cursor.execute(look_up, [hash], binary=True)
            row = await cursor.fetchone()
            if row is not None:
                identity = read(row)
                if identity.suspended:
                    raise TenantSuspended(identity.tenant_name)
                proof = await _proof(cursor, row["tenant_path"][:SEGMENT])
                return Requester(identity, identity.scope, proof=proof, until=row["expires_at"])
    raise Unauthorized


async def _proof(cursor: psycopg.AsyncCursor[Any], place: str) -> Proof:
    settings = settings_of(PLATFORM)
    await cursor.execute("SELECT set_config('app.lo', %(lo)s, true), set_config('app.hi', %(hi)s, true)", settings)
    await cursor.execute("SELECT epoch::text FROM access_epochs WHERE tenant_path = %s", [place])
    row = await cursor.fetchone()
    return Proof(place, None if row is None else row["epoch"].encode())


async def _manager(connection: Connection, person: Vouched) -> Identity:
    """The active manager with this address at the tenant of this number. Raises Unauthorized, TenantSuspended."""
    async with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        settings = settings_of(PLATFORM)
        await cursor.execute("SELECT set_config('app.lo', %(lo)s, true), set_config('app.hi', %(hi)s, true)", settings)
        await cursor.execute(
            "SELECT 'manager' AS kind, m.id AS actor_id, m.id AS token_id, NULL AS session_id, m.role, r.permissions,"
            " n.distributor_id, n.id AS tenant_id, n.tenant_path, n.name AS tenant_name,"
            " n.state = 'SUSPENDED' OR n.suspended_above AS suspended"
            " FROM tenants n JOIN managers m ON (m.distributor_id, m.tenant_id) = (n.distributor_id, n.id)"
            " LEFT JOIN custom_roles r ON (r.distributor_id, r.id) = (m.distributor_id, m.custom_role_id)"
            " WHERE n.number = %s AND m.email = %s AND m.active",
            [person.tenant, person.email],
        )
        row = await cursor.fetchone()
    if row is None:
        raise Unauthorized
    identity = identity_of(row)
    if identity.suspended:
        raise TenantSuspended(identity.tenant_name)
    return identity


async def _acting(connection: Connection, identity: Identity, act_as: str) -> Requester:
    if Permission.TENANTS_ACT_AS not in identity.permissions:
        raise ActAsRefused(f"Headwater-Act-As needs the permission {Permission.TENANTS_ACT_AS}.", "FORBIDDEN")
    unknown = ActAsRefused("Headwater-Act-As names no tenant that you can see.", "NOT_FOUND")
    try:
        prefix, id = ids.decode(act_as)
    except ids.InvalidId:
        raise unknown from None
    if prefix not in {"dst", "rsl"}:
        raise unknown
    row = await _place(connection, identity.scope, id)
    if row is None or prefix != {"DISTRIBUTOR": "dst", "RESELLER": "rsl"}[row["kind"]]:
        raise unknown
    scope = Scope.of_tenant(row["distributor_id"], row["id"], row["tenant_path"])
    scope = replace(scope, actor_id=identity.scope.actor_id, visitor=identity.actor_id)
    return Requester(identity, scope, acted_as=row["id"])


async def _place(connection: Connection, scope: Scope, id: UUID) -> dict[str, Any] | None:
    """A tenant that the scope sees, and where it is."""
    async with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        settings = settings_of(scope)
        await cursor.execute("SELECT set_config('app.lo', %(lo)s, true), set_config('app.hi', %(hi)s, true)", settings)
        await cursor.execute(
            "SELECT distributor_id, id, tenant_path, kind FROM tenants"
            " WHERE id = %(id)s AND tenant_path >= %(lo)s AND tenant_path < %(hi)s",
            {"id": id, **settings},
        )
        return await cursor.fetchone()
