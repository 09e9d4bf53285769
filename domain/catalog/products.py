"""Products and the categories that they stand in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from domain.catalog.checks import clean_key
from domain.catalog.errors import ProductComesFromVendor, ProductKeyTaken
from domain.catalog.models import Plan, Product, ProductCategory, Publication
from domain.catalog.order_attributes import AttributeDraft, declared
from domain.catalog.versions import ask_for_synchronization, count_change
from domain.shared import outbox
from domain.shared.attributes import no_attributes
from domain.shared.errors import InvalidInput
from domain.shared.rows import own
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.models import Tenant
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = [
    "DEFAULT_CATEGORY",
    "ProductChange",
    "ask_for_publication",
    "category_of_key",
    "create_product",
    "publish_change",
    "update_product",
]

DEFAULT_CATEGORY = "default"
"""The key of the category in which a product stands that comes without one."""


@dataclass(frozen=True, slots=True)
class ProductChange:
    """What becomes of a product: the fields that were given, by name."""

    given: Mapping[str, Any]


def create_product(
    session: Session,
    scope: Scope,
    *,
    key: str,
    name: str,
    category_key: str = DEFAULT_CATEGORY,
    category_name: str | None = None,
    customer_order_attributes: Sequence[AttributeDraft] | None = None,
    manager_order_attributes: Sequence[AttributeDraft] | None = None,
    clock: Clock,
) -> Product:
    """Add a product of the acting tenant; its category is made where there is none with the key.

    Raises InvalidInput; ProductKeyTaken for a key of another product of the tenant.
    """
    owner = tenant_by_id(session, scope.tenant_id)
    key = clean_text(key, "key", limit=100)
    of_key = Product.distributor_id == owner.distributor_id, Product.tenant_id == owner.id, Product.key == key
    if session.scalar(select(exists().where(*of_key))):
        raise ProductKeyTaken(key)
    category = category_of_key(session, owner, clean_key(category_key, "category_key"), category_name, clock)
    product = Product(
        distributor_id=owner.distributor_id,
        tenant_id=owner.id,
        tenant_path=owner.tenant_path,
        key=key,
        name=clean_text(name, "name"),
        vendor=owner.name,
        category_id=category.id,
        order_attributes=declared(session, no_attributes(), customer_order_attributes, manager_order_attributes),
        created_at=clock.now,
        updated_at=clock.now,
    )
    session.add(product)
    session.flush()
    outbox.announce(session, scope, "product.created", subject=product, prefix="prd", at=clock.now)
    return product


def update_product(session: Session, scope: Scope, *, product_id: UUID, change: ProductChange, clock: Clock) -> Product:
    """Change a product of the acting tenant; what was published follows by a job.

    Of a product that a vendor published, the name is the vendor's; the category and whether new prices are received are
    the distributor's own. Other order attributes hold for orders from now on.

    Raises NotFound, ActAsRequired, InvalidInput; ProductComesFromVendor.
    """
    product = own(session, scope, Product, product_id, "product_id")
    wanted = dict(change.given)
    for field, value in wanted.items():
        if value is None:
            raise InvalidInput("{field} cannot be cleared.", path=("change", field))
    if "name" in wanted:
        if product.source_id is not None:
            raise ProductComesFromVendor(product.vendor, path=("change", "name"))
        product.name = clean_text(wanted["name"], "change", "name")
    if asked := [name for name in _ORDER_ATTRIBUTES if name in wanted]:
        if product.source_id is not None:
            raise ProductComesFromVendor(product.vendor, path=("change", asked[0]))
        customers, managers = (wanted.get(name) for name in _ORDER_ATTRIBUTES)
        product.order_attributes = declared(session, product.order_attributes, customers, managers, "change")
        _let_plans_carry(session, product, clock)
    if "receives_prices" in wanted:
        if product.source_id is None:
            raise InvalidInput("{field} is for products that a vendor published.", path=("change", "receives_prices"))
        product.receives_prices = wanted["receives_prices"]
    if "category_key" in wanted:
        owner = tenant_by_id(session, scope.tenant_id)
        key = clean_key(wanted["category_key"], "change", "category_key")
        product.category_id = category_of_key(session, owner, key, wanted.get("category_name"), clock, "change").id
    elif "category_name" in wanted:
        raise InvalidInput("{field} needs the category's key.", path=("change", "category_name"))
    product.updated_at = clock.now
    session.flush()
    outbox.announce(session, scope, "product.updated", subject=product, prefix="prd", at=clock.now)
    ask_for_publication(session, product)
    return product


_ORDER_ATTRIBUTES = ("customer_order_attributes", "manager_order_attributes")


def _let_plans_carry(session: Session, product: Product, clock: Clock) -> None:
    """Bring the product's order attributes to its plans at once, to their copies by jobs."""
    for plan in session.scalars(
        select(Plan)
        .where(Plan.distributor_id == product.distributor_id, Plan.product_id == product.id)
        .order_by(Plan.tenant_path, Plan.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ):
        plan.order_attributes = product.order_attributes
        count_change(plan, clock)
        ask_for_synchronization(session, plan)
    session.flush()


def category_of_key(
    session: Session, owner: Tenant, key: str, name: str | None, clock: Clock, *within: str
) -> ProductCategory:
    """The tenant's category with the key, made where there is none; a name that is given names it anew.

    `within`: where in the input the name stands. Raises InvalidInput.
    """
    category = session.scalars(
        select(ProductCategory).where(
            ProductCategory.distributor_id == owner.distributor_id,
            ProductCategory.tenant_id == owner.id,
            ProductCategory.key == key,
        )
    ).one_or_none()
    if category is None:
        category = ProductCategory(
            distributor_id=owner.distributor_id,
            tenant_id=owner.id,
            tenant_path=owner.tenant_path,
            key=key,
            name=clean_text(name or key, *within, "category_name"),
            created_at=clock.now,
            updated_at=clock.now,
        )
        session.add(category)
        session.flush()
    elif name is not None:
        category.name = clean_text(name, *within, "category_name")
        category.updated_at = clock.now
    return category


def publish_change(session: Session, plan: Plan) -> None:
    """Have a job bring the change of a plan whose product is published to the distributors."""
    if plan.product_id is not None and plan.source_id is None:
        ask_for_publication(session, session.get_one(Product, (plan.distributor_id, plan.product_id)))


def ask_for_publication(session: Session, product: Product) -> None:
    """Have a job bring a published product and its plans to the distributors, unless one waits already."""
    published = Publication.distributor_id == product.distributor_id, Publication.product_id == product.id
    if session.scalar(select(exists().where(*published))):
        outbox.enqueue(
            session,
            product,
            "catalog.publish_product",
            queue="catalog",
            arguments={"product_id": product.id.hex},
            unique_key=product.id.hex,
        )
