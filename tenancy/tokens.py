"""Keys to the API: made once, shown once, kept as a hash."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tenancy.models import ApiToken, Manager, ServiceToken
from tenancy.permissions import PLATFORM_PERMISSIONS, Permission, Role, permissions_in, permissions_of
from tenancy.scope import NOWHERE, PLATFORM, Scope

__all__ = [
    "NOBODY",
    "Identity",
    "add_token",
    "authenticate",
    "hash_of",
    "identity_of",
    "issue_token",
    "new_token",
    "set_operator_token",
]

_PREFIX = "hw_"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token belongs to, and what that one may do and reach."""

    kind: str
    """`manager`, `platform`, or `nobody`; of a customer `user` or `invitation`, see `tenancy.customers`."""
    actor_id: UUID
    token_id: UUID
    """Of a session its own id: its tokens change."""
    permissions: frozenset[Permission]
    scope: Scope
    tenant_name: str
    suspended: bool = False
    """The tenant, or one above it: this one may do nothing now."""
    session_id: UUID | None = None
    """The session that the token belongs to; None: it stands by itself."""


NOBODY = Identity(
    kind="nobody",
    actor_id=UUID(int=0),
    token_id=UUID(int=0),
    permissions=frozenset(),
    scope=NOWHERE,
    tenant_name="",
)
"""Who has no token: sees nothing, and may do only what is open to everybody."""


def new_token() -> str:
    """A fresh token: `hw_` and 256 random bits."""
    return _PREFIX + secrets.token_urlsafe(32)


def hash_of(token: str) -> bytes:
    """What is kept of a token. A plain digest is enough: 256 random bits cannot be guessed from it."""
    return hashlib.sha256(token.encode()).digest()


def issue_token(session: Session, manager: Manager, *, expires_at: datetime | None = None) -> str:
    """Give a manager a new token and return it, the only time it is seen."""
    return add_token(session, manager, expires_at=expires_at)[1]


def add_token(
    session: Session, manager: Manager, *, name: str = "", expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """The same, with the row that is kept of it."""
    token = new_token()
    row = ApiToken(
        distributor_id=manager.distributor_id,
        tenant_id=manager.tenant_id,
        tenant_path=manager.tenant_path,
        manager_id=manager.id,
        name=name,
        token_hash=hash_of(token),
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return row, token


def set_operator_token(session: Session, token: str, *, name: str = "operator") -> None:
    """Make `token` the one that opens the platform as `name`; an earlier one of that name opens nothing any more."""
    entry = insert(ServiceToken).values(name=name, token_hash=hash_of(token), tenant_path="")
    session.execute(
        entry.on_conflict_do_update(index_elements=["name"], set_={"token_hash": entry.excluded.token_hash})
    )


def authenticate(connection: Connection | Session, token: str) -> Identity | None:
    """Who is behind a token; None for an unknown, expired or revoked one, or one of a suspended tenant."""
    found = connection.execute(text("SELECT * FROM app_holder(:hash)"), {"hash": hash_of(token)})
    row = found.mappings().one_or_none()
    identity = None if row is None else identity_of(cast("Mapping[str, Any]", row))
    return None if identity is None or identity.suspended else identity


def identity_of(row: Mapping[str, Any]) -> Identity:
    """The identity in a row of `app_holder`."""
    if row["kind"] == "platform":
        return Identity(
            kind="platform",
            actor_id=row["actor_id"],
            token_id=row["token_id"],
            permissions=PLATFORM_PERMISSIONS,
            scope=PLATFORM,
            tenant_name=row["tenant_name"],
        )
    return Identity(
        kind="manager",
        actor_id=row["actor_id"],
        token_id=row["token_id"],
        permissions=permissions_of(Role(row["role"])) | permissions_in(row["permissions"] or ()),
        scope=Scope.of_tenant(row["distributor_id"], row["tenant_id"], row["tenant_path"], actor_id=row["actor_id"]),
        tenant_name=row["tenant_name"],
        suspended=row["suspended"],
        session_id=row["session_id"],
    )
