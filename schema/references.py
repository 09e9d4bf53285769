"""Names of tenants that may be above the viewer."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers.reading import column, reads, related, sql, tenant_public_id
from tenancy.models import TenantName

if TYPE_CHECKING:
    from schema.tenants import Tenant

__all__ = ["TenantRef"]


@strawberry.type
@reads(TenantName)
class TenantRef:
    """Enough to show a tenant; `tenant` opens it and is null when you may not see it: when it is above you, or was.

    Its id is not a cache key: a ref is not a Node.
    """

    name: str = column(TenantName.name)
    """What the tenant is called."""
    tenant_id: strawberry.ID = sql(lambda row: tenant_public_id(row.id, row.distributor_id))
    """The tenant's id, also where you may not open it."""
    tenant: Annotated["Tenant", strawberry.lazy("schema.tenants")] | None = related(lambda row: row.id)
    """The tenant itself; null when it is above you, or was before your tenant was moved."""
