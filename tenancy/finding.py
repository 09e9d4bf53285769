"""How an action finds the rows it works on: visible first, then its own, then locked."""

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from tenancy.errors import NotFound
from tenancy.rows import TenantRow
from tenancy.scope import Scope

__all__ = ["locked", "own", "visible"]

Row = TypeVar("Row", bound=TenantRow)


def visible(session: Session, scope: Scope, model: type[Row], id: UUID, *path: str | int) -> Row:
    """The row, if the scope sees it. Raises NotFound with the input's `path`."""
    row = session.scalars(
        select(model).where(
            model.distributor_id == scope.distributor_id,
            model.id == id,
            model.tenant_path >= scope.lo,
            model.tenant_path < scope.hi,
        )
    ).one_or_none()
    if row is None:
        raise NotFound(*path)
    return row


def own(session: Session, scope: Scope, model: type[Row], id: UUID, *path: str | int) -> Row:
    """The row, if it belongs to the acting tenant. Raises NotFound, ActAsRequired.

    Without a lock: `FOR UPDATE` would hide a row that is visible but not the tenant's, and the answer would be wrong.
    """
    row = visible(session, scope, model, id, *path)
    scope.require_own(row.tenant_id, row.tenant_path, *path)
    return row


def locked(session: Session, model: type[Row], distributor_id: UUID | None, ids: Iterable[UUID]) -> dict[UUID, Row]:
    """The rows as they are now, locked in id order until the transaction ends. Rows that are gone are left out."""
    rows = session.scalars(
        select(model)
        .where(model.distributor_id == distributor_id, model.id.in_(sorted(set(ids))))
        .order_by(model.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}
