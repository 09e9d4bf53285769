"""/storefront/{tenant id}: what a shop shows to everybody, without a token, for caches to keep.

The query is GraphQL over HTTP, as at /graphql, but only a GET, and of the root only `storefront`. The address tells
whose shop it is, so that a shared cache can keep the answer by its address alone. With the token of somebody there,
prices are those of an account, and nobody else's cache keeps them.
"""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg.rows import dict_row
from starlette.requests import Request
from starlette.responses import Response

from db import ids
from resolvers.changing.calls import root_names
from resolvers.reading import Pool, Proof, RequestErrors, Viewer, refused_request
from server.compression import compressed
from server.graphql_http import JSON, BadRequest, Incoming, answer, asked, media_type
from server.limits import Budgets, Spending, caller_of
from server.refusals import refusal
from server.request_ids import request_id_of
from tenancy.messages import preferred, speaking, spoken
from tenancy.scope import Customer, Scope

if TYPE_CHECKING:
    from server.site import Site

__all__ = ["PATH", "Storefronts", "show"]

PATH = "/storefront/{tenant}"
_SHOWN = {"storefront", "__typename"}
_NOBODY = UUID(int=0)
"""A user that there is not: a visitor sees what every customer of the tenant does, and of customers nothing."""


class Storefronts:
    """Finds whose shop somebody looks at, and says how long a cache may keep what is seen."""

    def __init__(self, pool: Pool, budgets: Budgets, *, max_age: int) -> None:
        """`max_age` in seconds."""
        self._pool = pool
        self._budgets = budgets
        self._max_age = max_age

    def spending(self, address: str | None) -> Spending:
        """What one request from there spends."""
        return self._budgets.spending(caller_of(address))

    async def visitor(self, tenant: str) -> Viewer:
        """Somebody who looks at this tenant's shop. Raises BadRequest, alike for ids that are none and others."""
        try:
            prefix, id = ids.decode(tenant)
        except ids.InvalidId:
            prefix, id = "", _NOBODY
        found = await self._found(id) if prefix in {"dst", "rsl"} else None
        if found is None or (prefix == "dst") != (found["tenant_id"] == found["distributor_id"]):
            raise _no_shop()
        scope = Scope.of_user(**found, customer=Customer(user_id=_NOBODY))
        return Viewer(scope=scope, permissions=frozenset())

    async def _found(self, id: UUID) -> dict[str, Any] | None:
        async with (
            self._pool.connection() as connection,
            connection.transaction(),
            connection.cursor(row_factory=dict_row) as cursor,
        ):
            await cursor.execute(
                "SELECT distributor_id, tenant_id, tenant_path AS path FROM app_storefront(%s)", [id], binary=True
            )
            return await cursor.fetchone()

    def headers(self, body: bytes, viewer: Viewer) -> dict[str, str]:
        """The answer's tag, the same whichever encoding it is sent in, and who may keep it for how long.

        What was made for somebody is tagged for him: another one's tag never fits, even where the prices are equal.
        """
        of_everybody = viewer.actor is None
        variant = "\0".join((spoken(), viewer.actor or "", viewer.shop, "")).encode()
        return {
            "ETag": f'W/"{hashlib.sha256(variant + body).hexdigest()[:32]}"',
            "Cache-Control": f"public, max-age={self._max_age}" if of_everybody else "private, no-cache",
            "Vary": "Accept, Accept-Encoding, Accept-Language, Authorization, Headwater-Act-As",
            "Content-Language": spoken(),
        }


async def show(request: Request) -> Response:
    """The route."""
    incoming = Incoming.of(request.scope, request.receive)
    with speaking(preferred(incoming.header(b"accept-language"))):
        return await _shown(
            incoming, request.path_params["tenant"], request.app.state.site, request_id_of(request.scope)
        )


async def _shown(request: Incoming, tenant: str, site: "Site", request_id: str) -> Response:
    media = JSON
    try:
        media = media_type(request)
        viewer, proof, spending = await _looker(request, tenant, site)
        question = await asked(request)
        document = await site.documents.text(question)
        try:
            operation = site.engine.documents.find(document).operation(question.operation_name)
        except RequestErrors as refused:
            return answer(refused_request(refused).body, media, executed=False)
        if operation.is_mutation or not root_names(operation) <= _SHOWN:
            raise BadRequest(403, "Without a token only `storefront` can be asked for here.", "FORBIDDEN")
        try:
            viewer = await site.shoppers.prepared(viewer, operation, document, question.variables)
        except RequestErrors as refused:
            return answer(refused_request(refused).body, media, executed=False)
        found = await site.engine.answer(
            site.pool,
            viewer,
            operation,
            question.variables,
            request_id=request_id,
            spend=spending,
            proof=proof,
        )
        if not found.executed or found.faults:
            return answer(found.body, media, executed=found.executed)
        headers = site.storefronts.headers(found.body, viewer)
        if _is_known(request.headers, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        body, encoding = await compressed(found.body, request.header(b"accept-encoding"))
        if encoding is not None:
            headers["Content-Encoding"] = encoding
        return answer(body, media, executed=True, headers=headers)
    except Exception as error:  # noqa: BLE001 - refusal() tells the log of what nobody expected
        return refusal(error, request_id, media)


async def _looker(request: Incoming, tenant: str, site: "Site") -> tuple[Viewer, Proof | None, Spending]:
    """Who looks at this tenant's shop: whoever the token is of, else everybody.

    Raises BadRequest, also for who belongs elsewhere; Unauthorized, TenantSuspended, ActAsRefused, OutOfBudget.
    """
    authorization = request.header(b"authorization")
    if authorization is None:
        spending = site.storefronts.spending(request.address)
        spending(1)  # also for what is refused: looking for a shop takes time
        return await site.storefronts.visitor(tenant), None, spending
    who = await site.holders.requester(authorization, request.header(b"headwater-act-as"))
    scope = who.scope
    prefix = "dst" if scope.tenant_id == scope.distributor_id else "rsl"
    if scope.tenant_id is None or tenant != ids.encode(prefix, scope.tenant_id):
        raise _no_shop()
    return who.viewer, who.proof, site.budgets.spending(who.identity.token_id)


def _no_shop() -> BadRequest:
    return BadRequest(404, "There is no shop at this address.", "NOT_FOUND")


def _is_known(headers: Mapping[bytes, bytes], tag: str) -> bool:
    """Whether the client has this answer already."""
    known = headers.get(b"if-none-match", b"").decode("latin-1")
    return any(each.strip().removeprefix("W/") == tag.removeprefix("W/") for each in known.split(",")) or known == "*"
