"""What a tenant takes off what its resellers owe it."""

from datetime import datetime
from decimal import Decimal

import strawberry

from domain.billing import models
from resolvers.reading import Node, column, reads, related
from schema.references import TenantRef
from tenancy.permissions import Permission

__all__ = ["ResellerDiscount"]


@strawberry.type
@reads(models.ResellerDiscount, "dsc", needs=Permission.DISCOUNTS_READ)
class ResellerDiscount(Node):
    """Percent off what resellers directly below a tenant owe it; of several that apply, the highest counts."""

    name: str = column(models.ResellerDiscount.name)
    """What people call it."""
    percent: Decimal = column(models.ResellerDiscount.percent)
    """12.5 means 12.5 % off."""
    active: bool = column(models.ResellerDiscount.active)
    """Whether charges that close now get it."""
    tenant: TenantRef = related(models.ResellerDiscount.tenant_id)
    """The tenant that grants it."""
    created_at: datetime = column(models.ResellerDiscount.created_at)
    """When it was created, on the distributor's clock."""
