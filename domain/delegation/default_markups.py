"""Markups for plans that are still to come: by product, else by the product's category."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from domain.catalog.checks import clean_key
from domain.catalog.models import Plan, Product, ProductCategory
from domain.delegation.markups import clean_markup
from domain.delegation.models import DefaultMarkup
from domain.shared.errors import InvalidInput
from domain.shared.outbox import announce
from domain.shared.rows import own
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.scope import Scope
from tenancy.sessions import seeing
from tenancy.texts import clean_text

__all__ = ["Place", "default_markups_of", "delete_default_markup", "place_of", "place_of_product", "set_default_markup"]

LIMIT = 1000
"""Default markups of a tenant."""


def set_default_markup(
    session: Session,
    scope: Scope,
    *,
    markup_percent: Decimal,
    product_key: str | None = None,
    category_key: str | None = None,
    clock: Clock,
) -> DefaultMarkup:
    """Let plans of a product, or of a category, come to the acting tenant with a markup; those that it has stay.

    Whether there is such a product is not asked: it may come later, and it may stand above. Raises InvalidInput for a
    markup outside (−100, 1000], for both keys or none, and for more than `LIMIT` of them.
    """
    owner = tenant_by_id(session, scope.tenant_id)
    markup = clean_markup(markup_percent)
    if (product_key is None) == (category_key is None):
        raise InvalidInput("Name either a product or a category.", path=("product_key",))
    key = None if product_key is None else clean_text(product_key, "product_key", limit=100)
    category = None if category_key is None else clean_key(category_key, "category_key")
    mine = DefaultMarkup.distributor_id == owner.distributor_id, DefaultMarkup.tenant_id == owner.id
    present = {(row.product_key, row.category_key): row for row in session.scalars(select(DefaultMarkup).where(*mine))}
    row = present.get((key, category))
    if row is None:
        if len(present) >= LIMIT:
            raise InvalidInput(
                "You have {limit} default markups, which is the most.", limit=LIMIT, path=("product_key",)
            )
        row = DefaultMarkup(
            distributor_id=owner.distributor_id,
            tenant_id=owner.id,
            tenant_path=owner.tenant_path,
            product_key=key,
            category_key=category,
            created_at=clock.now,
        )
        session.add(row)
    row.markup_percent, row.updated_at = markup, clock.now
    session.flush()
    announce(session, scope, "default_markup.set", subject=row, prefix="dmk", at=clock.now)
    return row


def delete_default_markup(session: Session, scope: Scope, *, default_markup_id: UUID, clock: Clock) -> None:
    """Let plans of its product or category come without a markup again. Raises NotFound, ActAsRequired."""
    row = own(session, scope, DefaultMarkup, default_markup_id, "default_markup_id")
    announce(session, scope, "default_markup.deleted", subject=row, prefix="dmk", at=clock.now)
    session.delete(row)
    session.flush()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a plan stands, by keys that mean the same at every level."""

    product_key: str | None
    category_key: str | None


_OF_PRODUCT = and_(ProductCategory.distributor_id == Product.distributor_id, ProductCategory.id == Product.category_id)


def place_of(session: Session, plan: Plan) -> Place:
    """Where a plan stands: its origin, which may be above whoever asks, says so."""
    of_origin = Plan.distributor_id == plan.distributor_id, Plan.id == plan.origin_id
    with seeing(session, Scope.of_everything(plan.distributor_id, plan.tenant_path)):
        return place_of_product(session, session.scalar(select(Plan.product_id).where(*of_origin)), plan.distributor_id)


def place_of_product(session: Session, product_id: UUID | None, distributor_id: UUID) -> Place:
    """Where plans of a visible product stand; nowhere, without one."""
    wanted = select(Product.key, ProductCategory.key).outerjoin(ProductCategory, _OF_PRODUCT)
    row = session.execute(
        wanted.where(Product.distributor_id == distributor_id, Product.id == product_id)
    ).one_or_none()
    return Place(None, None) if row is None else Place(*row)


def default_markups_of(
    session: Session, distributor_id: UUID, tenant_ids: Collection[UUID], place: Place
) -> Mapping[UUID, Decimal]:
    """What each of these tenants puts on plans that stand there; tenants that say nothing are left out."""
    if place.product_key is None:
        return {}
    rows = session.scalars(
        select(DefaultMarkup)
        .where(
            DefaultMarkup.distributor_id == distributor_id,
            DefaultMarkup.tenant_id.in_(tenant_ids),
            or_(DefaultMarkup.product_key == place.product_key, DefaultMarkup.category_key == place.category_key),
        )
        # The product's come last, and so take the place of the category's.
        .order_by(DefaultMarkup.product_key.is_not(None))
    )
    return {row.tenant_id: row.markup_percent for row in rows}
