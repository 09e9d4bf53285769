"""How an action finds the rows it works on: visible first, then its own, then locked."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_, select, true
from sqlalchemy.orm import Session

from db.among import among
from tenancy.errors import NotFound
from tenancy.rows import Reach, TenantRow
from tenancy.scope import Customer, Scope

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
            *_of_customer(scope.customer, model),
        )
    ).one_or_none()
    if row is None:
        raise NotFound(*path)
    return row


def _of_customer(customer: Customer | None, model: type[TenantRow]) -> list[ColumnElement[bool]]:
    """What a row must besides satisfy when the seller acts for a customer's user: to be open to that very user."""
    if customer is None:
        return []
    found: list[ColumnElement[bool]] = [_REACHES[reach](model, customer) for reach in model.__customers__]
    return [or_(false(), *found)]


_REACHES: dict[Reach, Callable[[Any, Customer], ColumnElement[bool]]] = {
    Reach.ITS_ACCOUNT: lambda model, customer: model.id == customer.account_id,
    Reach.OF_ITS_ACCOUNT: lambda model, customer: model.account_id == customer.account_id,
    Reach.ITS_ACCOUNTS: lambda model, customer: model.id.in_(customer.accounts),
    Reach.ITSELF: lambda model, customer: model.id == customer.user_id,
    Reach.ITS_OWN: lambda model, customer: model.user_id == customer.user_id,
    Reach.WHOSE_PERSON_IT_IS: lambda model, customer: model.person_id == customer.user_id,
    Reach.ITS_SERVICES: lambda model, customer: model.id.in_(customer.services),
    Reach.OF_ITS_SERVICES: lambda model, customer: model.subscription_id.in_(customer.services),
    Reach.OF_ITS_SELLER: lambda _model, _customer: true(),
    Reach.OF_ITS_SELLERS_CHAIN: lambda _model, _customer: true(),
}


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
        .where(model.distributor_id == distributor_id, among(model.id, sorted(set(ids))))
        .order_by(model.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}
