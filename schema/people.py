"""Who holds a token."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy import and_, text

from resolvers.reading import VIEWER, Node, column, reads, related, sql, subject
from schema.enums import ManagerRole
from schema.references import TenantRef
from schema.scalars import PermissionName
from tenancy import models

if TYPE_CHECKING:
    from schema.tenants import Tenant

__all__ = ["Actor", "DeprecatedUse", "Manager", "ServiceToken", "Viewer"]


@strawberry.type
@reads(models.Manager, "mgr")
class Manager(Node):
    """A person who works for a tenant."""

    name: str = column(models.Manager.name)
    """What the person is called."""
    email: str = column(models.Manager.email)
    """The person's address, in lower case."""
    role: ManagerRole = column(models.Manager.role)
    """What the person may do; `viewer { permissions }` spells it out."""
    tenant: TenantRef = related(models.Manager.tenant_id)
    """Whom the person works for."""
    active: bool = column(models.Manager.active)
    """False: the person's tokens open nothing."""
    created_at: datetime = column(models.Manager.created_at)
    """When it was created, on the distributor's clock."""


@strawberry.type
@reads(models.ServiceToken, "tok")
class ServiceToken(Node):
    """A token that belongs to no person: a platform operator's."""

    name: str = column(models.ServiceToken.name)
    """What it is for."""
    expires_at: datetime | None = column(models.ServiceToken.expires_at)
    """When it stops working, in real time; null: never."""


Actor = Annotated[
    Manager | ServiceToken,
    strawberry.union("Actor", description="Who does something: a person or a service."),
]


@strawberry.type
@reads(models.DeprecatedUse)
class DeprecatedUse:
    """Something that the schema is to lose, and that the token's requests still use."""

    coordinate: str = column(models.DeprecatedUse.coordinate)
    """What it is, such as Plan.price, Query.plans(search:), OrderState.NEW."""
    removed_after: date = column(models.DeprecatedUse.removed_after)
    """The last day on which it is answered, in UTC."""
    last_used_at: datetime = column(models.DeprecatedUse.last_used_at)
    """When it was last used, in real time, a few seconds exact."""
    operation_name: str | None = column(models.DeprecatedUse.operation_name)
    """Of the operation that last used it; null: it had no name."""


@strawberry.type
class Viewer:
    """Whose token this request carries."""

    actor: Actor = subject(lambda _: VIEWER.actor_kind, lambda _: VIEWER.actor_id)
    """Who the token belongs to: a manager, or a service such as the platform's operator."""
    tenant: Annotated["Tenant", strawberry.lazy("schema.tenants")] | None = related(lambda _: VIEWER.tenant_id)
    """The tenant acted as; mutations change only its rows. Null for the platform."""
    permissions: list[PermissionName] = sql(lambda _: VIEWER.permissions)
    """What the token may do, in alphabetical order: at the tenant acted as and, reading, below it."""
    deprecated_use: list[DeprecatedUse] = related(
        None,
        where=lambda use: and_(use.token_id == VIEWER.token_id, use.last_used_at > text("now() - interval '30 days'")),
        order=(models.DeprecatedUse.coordinate,),
    )
    """Deprecated fields, arguments, input fields and values that this token used in the last 30 days, by name. Empty
    while acting as another tenant."""
