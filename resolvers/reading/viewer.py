"""Who reads, and the same as SQL: parameters that every declaration may name."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, JSON, Text, Uuid, cast
from sqlalchemy.dialects.postgresql import JSONB

from db import ids
from resolvers.reading.statement import Parameter, Sql, text_array
from tenancy.permissions import Permission
from tenancy.scope import Customer, Scope, ancestors_of
from tenancy.tokens import Identity

__all__ = ["VIEWER", "Viewer"]

PREFIX_OF_ACTOR = {"manager": "mgr", "platform": "tok", "user": "usr", "invitation": "ivn"}
"""Of public ids, by `Identity.kind`; nobody has none."""


@dataclass(frozen=True)
class Viewer:
    """Who asks: what they may see, which rows they reach, and who they are. It remembers what follows from that.

    `actor` is the public id of whoever holds the token, such as `mgr_…`; None: nobody in particular, such as a job.
    `acted_as` is the public id of the tenant that somebody above acts as; None when they act for their own.
    """

    scope: Scope
    permissions: frozenset[Permission]
    actor: str | None = None
    acted_as: str | None = None
    token_id: UUID | None = None
    """Whose use of deprecated fields is told."""
    shop: str = "{}"
    """What decides the prices of the shop that it looks at, as JSON: see `resolvers.shopping`."""

    @classmethod
    def of(cls, identity: Identity, scope: Scope | None = None, acted_as: UUID | None = None) -> Self:
        """A token's holder; `scope` and `acted_as`: of the tenant that he acts as."""
        if acted_as is not None and scope is not None:
            acting = ids.encode("dst" if acted_as == scope.distributor_id else "rsl", acted_as)
        else:
            acting = None
        prefix = PREFIX_OF_ACTOR.get(identity.kind)
        return cls(
            scope=scope or identity.scope,
            permissions=identity.permissions,
            actor=None if prefix is None else ids.encode(prefix, identity.actor_id),
            acted_as=acting,
            token_id=identity.token_id,
        )

    @property
    def is_platform(self) -> bool:
        """Whether it sees the rows of every distributor: statements then have no distributor to bind."""
        return self.scope.distributor_id is None and self.scope.lo <= self.scope.hi

    @cached_property
    def kind(self) -> tuple[frozenset[Permission], bool, bool]:
        """All that a plan depends on: viewers of one kind share theirs."""
        return self.permissions, self.is_platform, self.is_customer

    @cached_property
    def texts(self) -> dict[str, str | None]:
        """Its values as parameters of statements, each since it was needed first."""
        return {}

    @cached_property
    def settings(self) -> dict[str, list[bytes | None]]:
        """What sets its scope in PostgreSQL, by the `plan_cache_mode` that goes with it, since it was needed first."""
        return {}

    @property
    def is_customer(self) -> bool:
        """Whether it sees what belongs to a customer, instead of the rows of a range of tenants."""
        return self.scope.customer is not None


def _text(id: UUID | None) -> str | None:
    return None if id is None else str(id)


def _of_customer(read: Callable[[Customer], str | None]) -> Callable[[Viewer], str | None]:
    """What a customer's user has, and nobody else."""
    return lambda viewer: None if viewer.scope.customer is None else read(viewer.scope.customer)


def _split(viewer: Viewer) -> tuple[str | None, str | None]:
    if viewer.actor is None:
        return None, None
    prefix, id = ids.decode(viewer.actor)
    return prefix, str(id)


def _viewer(name: str, type_: Any, read: Callable[[Viewer], str | None]) -> Sql:
    def bind(_variables: object, viewer: Viewer) -> str | None:
        if name not in viewer.texts:
            viewer.texts[name] = read(viewer)
        return viewer.texts[name]

    return cast(Parameter(f"viewer_{name}", bind), type_)


class _ViewerSql:
    """The viewer's own values, for any declared expression: `VIEWER.path`."""

    lo: Final = _viewer("lo", Text(), lambda viewer: viewer.scope.lo)
    hi: Final = _viewer("hi", Text(), lambda viewer: viewer.scope.hi)
    path: Final = _viewer("path", Text(), lambda viewer: viewer.scope.path)
    """The place of the viewer's tenant; empty for the platform."""
    ancestors: Final = _viewer("ancestors", ARRAY(Text()), lambda viewer: text_array(viewer.scope.ancestors))
    distributor_id: Final = _viewer("distributor", Uuid(), lambda viewer: _text(viewer.scope.distributor_id))
    """Null for the platform."""
    tenant_id: Final = _viewer("tenant", Uuid(), lambda viewer: _text(viewer.scope.tenant_id))
    """Null for the platform."""
    actor: Final = _viewer("actor", Text(), lambda viewer: viewer.actor)
    """Its public id."""
    actor_kind: Final = _viewer("actor_kind", Text(), lambda viewer: _split(viewer)[0])
    """The prefix of its id: `mgr`, `tok`; null: nobody in particular."""
    actor_id: Final = _viewer("actor_id", Uuid(), lambda viewer: _split(viewer)[1])
    """The UUID in its id."""
    token_id: Final = _viewer("token", Uuid(), lambda viewer: _text(viewer.token_id))
    account_id: Final = _viewer("account", Uuid(), _of_customer(lambda customer: _text(customer.account_id)))
    """The account whose rows a user sees; null for everybody else, and where it sees only assigned services."""
    member_of: Final = _viewer("member_of", Uuid(), _of_customer(lambda customer: _text(customer.member_of)))
    """The account a user works in."""
    level: Final = _viewer("level", Text(), _of_customer(lambda customer: customer.level))
    """What a user is in that account."""
    accounts: Final = _viewer(
        "accounts", ARRAY(Uuid()), _of_customer(lambda customer: text_array(list(map(str, customer.accounts))))
    )
    """Those a user belongs to."""
    services: Final = _viewer(
        "services", ARRAY(Uuid()), _of_customer(lambda customer: text_array(list(map(str, customer.services))))
    )
    """Subscriptions assigned to a user who sees no others."""
    user_id: Final = _viewer("user", Uuid(), _of_customer(lambda customer: _text(customer.user_id)))
    chain: Final = _viewer(
        "chain", ARRAY(Text()), lambda viewer: text_array((*ancestors_of(viewer.scope.path), viewer.scope.path))
    )
    """The places of the viewer's tenant and of those above."""
    shop: Final = _viewer("shop", JSONB(), lambda viewer: viewer.shop)
    """What `Viewer.shop` says; an empty object unless the operation asks for a shop."""
    acted_as: Final = _viewer("acted_as", Text(), lambda viewer: viewer.acted_as)
    permissions: Final = _viewer(
        "permissions", JSON(), lambda viewer: orjson.dumps(sorted(viewer.permissions)).decode()
    )
    """A JSON array, in alphabetical order."""


VIEWER: Final = _ViewerSql()
