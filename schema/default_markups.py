"""Markups for plans that are still to come."""

from datetime import datetime
from decimal import Decimal

import strawberry
from strawberry import UNSET

from domain.delegation import models
from resolvers.reading import Node, column, reads, related
from schema.payload import Payload
from schema.references import TenantRef
from tenancy.permissions import Permission

__all__ = [
    "DefaultMarkup",
    "DeleteDefaultMarkupInput",
    "DeleteDefaultMarkupPayload",
    "SetDefaultMarkupInput",
    "SetDefaultMarkupPayload",
]


@strawberry.type
@reads(models.DefaultMarkup, "dmk", needs=Permission.PRICES_UPSTREAM_READ)
class DefaultMarkup(Node):
    """The markup with which plans of a product, or of a category of products, come to a tenant.

    It holds for a plan that is delegated without a markup, or that a vendor published, and for a copy of an own plan
    whose prices are all zero. The product's goes before the category's. Plans that the tenant has keep their markup.
    """

    product_key: str | None = column(models.DefaultMarkup.product_key)
    """Of plans of the product with this key; null: it is a category's."""
    category_key: str | None = column(models.DefaultMarkup.category_key)
    """Of plans of products in the category with this key; null: it is a product's."""
    markup_percent: Decimal = column(models.DefaultMarkup.markup_percent)
    """12.5 means price = net cost × 1.125."""
    tenant: TenantRef = related(models.DefaultMarkup.tenant_id)
    """Whose plans get it."""
    created_at: datetime = column(models.DefaultMarkup.created_at)
    """When it was first set, on the distributor's clock."""
    updated_at: datetime = column(models.DefaultMarkup.updated_at)
    """The last change, on the distributor's clock."""


@strawberry.input
class SetDefaultMarkupInput:
    """A markup for plans that come from now on; it takes the place of the one that the product or category has."""

    product_key: str | None = UNSET
    """Of plans of the product with this key, up to 100 characters: see productKey in priceList. Nobody is told whether
    there is one. Either this or categoryKey."""
    category_key: str | None = UNSET
    """Of plans of products in the category with this key: a to z, 0 to 9 and _, up to 100."""
    markup_percent: Decimal
    """12.5 means price = net cost × 1.125, to four decimals; above −100, at most 1000."""


@strawberry.type
class SetDefaultMarkupPayload(Payload):
    """What setDefaultMarkup answers."""

    default_markup: DefaultMarkup | None
    """The default markup as it is now; null when refused."""


@strawberry.input
class DeleteDefaultMarkupInput:
    """Which default markup goes."""

    default_markup_id: strawberry.ID
    """A default markup of the acting tenant."""


@strawberry.type
class DeleteDefaultMarkupPayload(Payload):
    """What deleteDefaultMarkup answers: nothing is left to show."""
