"""Who is behind a customer's token: a user with an account to work in, or the bearer of an invitation."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from tenancy.permissions import INVITED, AccessLevel, permissions_of_level
from tenancy.scope import Customer, Scope
from tenancy.tokens import Identity, hash_of

__all__ = ["authenticate_customer", "customer_identity_of", "standing"]


def authenticate_customer(connection: Connection | Session, token: str) -> Identity | None:
    """Who is behind a user's or invitation's token; None for any other, and for one that opens nothing any more."""
    found = connection.execute(text("SELECT * FROM app_authenticate_customer(:hash)"), {"hash": hash_of(token)})
    row = found.mappings().one_or_none()
    return None if row is None else customer_identity_of(cast("Mapping[str, Any]", row))


def customer_identity_of(row: Mapping[str, Any]) -> Identity:
    """The identity in a row of `app_authenticate_customer`."""
    level = None if row["level"] is None else AccessLevel(row["level"])
    sees_all = level is not None and level is not AccessLevel.USER
    customer = Customer(
        user_id=row["actor_id"],
        account_id=row["member_of"] if sees_all else None,
        accounts=tuple(row["accounts"]),
        services=tuple(row["services"]),
        member_of=row["member_of"],
        level=level,
    )
    return Identity(
        kind=row["kind"],
        actor_id=row["actor_id"],
        token_id=row["token_id"],
        permissions=INVITED if row["kind"] == "invitation" else permissions_of_level(level),
        scope=Scope.of_user(row["distributor_id"], row["tenant_id"], row["tenant_path"], customer),
        tenant_name=row["tenant_name"],
        suspended=row["suspended"],
        session_id=row["session_id"],
    )


def standing(session: Session, before: Identity, *, user_id: UUID, token_id: UUID) -> Identity:
    """The same customer's identity as it is now, in a transaction that has changed its place.

    The session must see the seller's rows.
    """
    session.flush()
    scope = before.scope
    row = session.execute(
        text("SELECT * FROM app_standing(:distributor, :user, :token)"),
        {"distributor": scope.distributor_id, "user": user_id, "token": token_id},
    ).mappings()
    return customer_identity_of(
        {
            "kind": "user",
            "actor_id": user_id,
            "token_id": token_id,
            "distributor_id": scope.distributor_id,
            "tenant_id": scope.tenant_id,
            "tenant_path": scope.path,
            "tenant_name": before.tenant_name,
            "suspended": False,
            "session_id": before.session_id,
            **row.one(),
        }
    )
