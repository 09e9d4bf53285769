"""What vendors make, and the rules that plans go by."""

from datetime import datetime
from typing import Any

import strawberry
from sqlalchemy import func, select

from domain.catalog import models
from resolvers.reading import VIEWER, Node, column, document, public_id, reads, related, sql
from schema.enums import AccountKind, ExpiredRenewal, HowDone
from schema.order_attributes import OrderAttributes
from schema.references import TenantRef
from tenancy.permissions import Permission

__all__ = ["Product", "ProductCategory", "ServiceTerm"]


def _account_type_ids(row: Any) -> Any:
    link = models.ServiceTermAccountType.__table__.alias()
    ids = (
        select(public_id("aty", link.c.account_type_id))
        .where(link.c.distributor_id == row.distributor_id, link.c.service_term_id == row.id)
        .order_by(link.c.id)
    )
    return func.to_json(func.array(ids.scalar_subquery()))


@strawberry.type
@reads(models.ProductCategory, "cat", needs=Permission.CATALOG_READ)
class ProductCategory(Node):
    """Where products stand."""

    key: str = column(models.ProductCategory.key)
    """What programs call it; a vendor's product stands in the distributor's category of the same key."""
    name: str = column(models.ProductCategory.name)
    """What people call it."""


def _published_to(row: Any) -> Any:
    publication = models.Publication.__table__.alias()
    ids = (
        select(publication.c.taker_number)
        .where(publication.c.distributor_id == row.distributor_id, publication.c.product_id == row.id)
        .order_by(publication.c.id)
    )
    return func.to_json(func.array(ids.scalar_subquery()))


@strawberry.type
@reads(models.Product, "prd", needs=Permission.CATALOG_READ)
class Product(Node):
    """What a vendor makes; plans sell it."""

    key: str = column(models.Product.key)
    """What the vendor calls it; unique at its tenant."""
    name: str = column(models.Product.name)
    """What people call it."""
    vendor: str = column(models.Product.vendor)
    """Who makes it."""
    category: ProductCategory | None = related(models.Product.category_id)
    """Where it stands; the tenant's own choice."""
    received: bool = sql(lambda row: row.source_id.is_not(None))
    """True: a vendor published it here, and its name and plans follow the vendor's."""
    receives_prices: bool = column(models.Product.receives_prices)
    """Whether net costs of received plans follow the vendor's prices; else they stay as they came."""
    order_attributes: OrderAttributes = document(models.Product.order_attributes)
    """What it wants to know with an order of any of its plans."""
    published_to: list[str] = sql(_published_to)
    """The numbers of the distributors that a vendor chose for it."""
    tenant: TenantRef = related(models.Product.tenant_id)
    """The tenant whose product it is."""
    updated_at: datetime = column(models.Product.updated_at)
    """The last change, on the distributor's clock."""


@strawberry.type
@reads(models.ServiceTerm, "trm", needs=Permission.CATALOG_READ)
class ServiceTerm(Node):
    """A named set of rules for plans; every tenant below the owner uses it, read-only."""

    name: str = column(models.ServiceTerm.name)
    """What people call it."""
    key: str = column(models.ServiceTerm.key)
    """What programs call it; one meaning along the whole chain."""
    billing_day: int = column(models.ServiceTerm.billing_day)
    """1 to 31, the day of the month on which periods begin; in a shorter month its last day."""
    auto_renew_point_days: int = column(models.ServiceTerm.auto_renew_point_days)
    """Days before paidTo or the end of the term on which the next order is made."""
    manual_renew_point_days: int = column(models.ServiceTerm.manual_renew_point_days)
    """Days before expiration from which one may renew by hand; −1: always, 0: never."""
    manual_switch_point_days: int = column(models.ServiceTerm.manual_switch_point_days)
    """Days before expiration from which one may switch to another plan; −1: always, 0: never."""
    grace_period_days: int = column(models.ServiceTerm.grace_period_days)
    """Days an unpaid subscription goes on after its end."""
    grace_on_prolongation: bool = column(models.ServiceTerm.grace_on_prolongation)
    """Whether grace also holds for monthly prolongation."""
    stop_period_days: int = column(models.ServiceTerm.stop_period_days)
    """Days a stopped subscription is kept before it is deleted."""
    deletion_window_days: int = column(models.ServiceTerm.deletion_window_days)
    """Days after purchase in which a customer may delete a committed subscription."""
    expired_renewal: ExpiredRenewal = column(models.ServiceTerm.expired_renewal)
    """From when a renewal after expiration counts."""
    stop: HowDone = column(models.ServiceTerm.stop)
    """Whether stopping a subscription waits for a manager."""
    delete: HowDone = column(models.ServiceTerm.delete)
    """Whether deleting a subscription waits for a manager."""
    provisioning: HowDone = column(models.ServiceTerm.provisioning)
    """Whether services are set up at once, or when completeProvisioning says that the vendor has done it."""
    account_kinds: list[AccountKind] = sql(lambda row: func.to_json(row.account_kinds))
    """Which accounts may order what has this term."""
    account_type_ids: list[strawberry.ID] = sql(_account_type_ids)
    """Of CUSTOM accounts only those of these types; empty: all."""
    own: bool = sql(lambda row: row.tenant_path >= VIEWER.lo)
    """False for a term that came from upstream: it is read-only."""
    received: bool = sql(lambda row: row.source_id.is_not(None))
    """True: it came from a vendor with a product and follows the vendor's; it is read-only."""
    tenant: TenantRef = related(models.ServiceTerm.tenant_id)
    """The tenant whose term it is."""
