"""Who may sign in. Managers stand here; an area whose people sign in too adds its table to `TABLES`."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import ids
from tenancy.models import Manager, Tenant
from tenancy.signing_in.models import PersonKind

__all__ = ["TABLES", "person_by_email", "person_by_id", "tenant_named"]

TABLES: dict[PersonKind, Any] = {PersonKind.MANAGER: Manager}
"""The table of each kind: rows of a tenant with `email` (lower case, unique in the tenant), `name` and `active`."""


def tenant_named(session: Session, name: str) -> Tenant | None:
    """The tenant with this number, such as D1-3 in any letters' case, or with this public id. Needs a scope that sees
    it: for who is about to sign in, the platform's.
    """
    wanted = name.strip()
    if not wanted.isprintable():
        return None
    try:
        prefix, id = ids.decode(wanted)
    except ids.InvalidId:
        return session.scalars(select(Tenant).where(Tenant.number == wanted.upper())).one_or_none()
    found = session.scalars(select(Tenant).where(Tenant.id == id)).one_or_none()
    return found if found is not None and prefix == ("dst" if found.parent_id is None else "rsl") else None


def person_by_email(session: Session, tenant: Tenant, kind: PersonKind, email: str) -> Any | None:
    """The tenant's person with this address, active or not."""
    table = TABLES.get(kind)
    if table is None or not email.isprintable():
        return None
    return session.scalars(
        select(table).where(
            table.distributor_id == tenant.distributor_id,
            table.tenant_id == tenant.id,
            table.email == email.strip().lower(),
        )
    ).one_or_none()


def person_by_id(session: Session, distributor_id: UUID, kind: PersonKind, id: UUID) -> Any | None:
    """A person as it is now, held until the transaction ends; None: not visible."""
    table = TABLES.get(kind)
    if table is None:
        return None
    return session.scalars(
        select(table)
        .where(table.distributor_id == distributor_id, table.id == id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
