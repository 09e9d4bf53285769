"""Who holds a token, and what it is a token of."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import strawberry
from sqlalchemy import and_, case, func, literal, text

from domain.customers import models as models_of_customers
from domain.subscriptions.models import ServiceSubscription as SubscriptionRow
from resolvers.reading import VIEWER, Connection, Node, column, listing, reads, related, sql, subject
from resolvers.reading.statement import Sql
from schema.enums import AccessLevel, ManagerRole, PersonKind, SessionEnd, open_
from schema.members import AccountRef, Invitation, LegalAgreement, Membership, User, in_force
from schema.references import TenantRef
from schema.scalars import PermissionName
from schema.services import Service
from tenancy import models
from tenancy.permissions import Permission
from tenancy.signing_in.models import PersonKind as PersonKinds
from tenancy.signing_in.models import PersonSession

if TYPE_CHECKING:
    from schema.tenants import Tenant

__all__ = ["Actor", "ApiToken", "CustomRole", "DeprecatedUse", "Manager", "ServiceToken", "Session", "Viewer"]


@strawberry.type
@reads(models.CustomRole, "rol")
class CustomRole(Node):
    """A role that a tenant put together for its own managers."""

    name: str = column(models.CustomRole.name)
    """What it is called; unique at its tenant, whatever its letters' case."""
    permissions: list[PermissionName] = sql(lambda row: func.to_json(row.permissions))
    """What it gives, in alphabetical order."""
    tenant: TenantRef = related(models.CustomRole.tenant_id)
    """Whose role it is."""
    created_at: datetime = column(models.CustomRole.created_at)
    """When it was created, on the distributor's clock."""
    updated_at: datetime = column(models.CustomRole.updated_at)
    """The last change, on the distributor's clock."""


@strawberry.type
@reads(models.ApiToken, "key")
class ApiToken(Node):
    """A manager's key to the API. What opens is shown once, when it is made; this is what is known of it after."""

    name: str = column(models.ApiToken.name)
    """What it is for; empty for the one that was made together with its manager."""
    manager: Annotated["Manager", strawberry.lazy("schema.people")] = related(models.ApiToken.manager_id)
    """Whose it is."""
    created_at: datetime = column(models.ApiToken.created_at)
    """When it was made, in real time."""
    expires_at: datetime | None = column(models.ApiToken.expires_at)
    """From when on it opens nothing, in real time; null: never."""
    last_used_at: datetime | None = column(models.ApiToken.last_used_at)
    """When it was last used, in real time, a minute or two exact; null: never."""
    revoked_at: datetime | None = column(models.ApiToken.revoked_at)
    """When it was taken away, in real time; null: it was not."""


@strawberry.type
@reads(PersonSession, "ses")
class Session(Node):
    """One sign-in of a person, on one device, however often its tokens are renewed. All times are real."""

    person: Annotated["Actor", strawberry.lazy("schema.people")] | None = subject(
        lambda row: case((row.person_kind == PersonKinds.MANAGER, literal("mgr")), else_=literal("usr")),
        PersonSession.person_id,
    )
    """Who signed in."""
    kind: PersonKind = column(PersonSession.person_kind)
    """In which capacity."""
    address: str | None = column(PersonSession.address)
    """IP address of the sign-in; null where it is not known."""
    created_at: datetime = column(PersonSession.created_at)
    """When the person signed in."""
    last_used_at: datetime = column(PersonSession.last_used_at)
    """When it was last used, a minute or two exact."""
    expires_at: datetime = column(PersonSession.expires_at)
    """From when on the person has to sign in anew."""
    ended_at: datetime | None = column(PersonSession.ended_at)
    """When it was ended before that; null: it was not."""
    ended_by: SessionEnd | None = column(PersonSession.ended_by)
    """Why it was ended; null: it was not."""


@strawberry.type
@reads(models.Manager, "mgr", needs=Permission.MANAGERS_READ)
class Manager(Node):
    """A person who works for a tenant."""

    name: str = column(models.Manager.name)
    """What the person is called."""
    email: str = column(models.Manager.email)
    """The person's address, in lower case."""
    role: ManagerRole = column(models.Manager.role)
    """What the person may do; `viewer { permissions }` spells it out. CUSTOM: what `customRole` says."""
    custom_role: CustomRole | None = related(models.Manager.custom_role_id)
    """The tenant's own role, where `role` is CUSTOM."""
    tenant: TenantRef = related(models.Manager.tenant_id)
    """Whom the person works for."""
    active: bool = column(models.Manager.active)
    """False: the person's tokens open nothing."""
    tokens: Connection[ApiToken] | None = listing(models.ApiToken.manager_id, needs=Permission.MANAGERS_READ)
    """The person's tokens, newest first, also those that open nothing any more."""
    sessions: Connection[Session] | None = listing(PersonSession.person_id, needs=Permission.MANAGERS_READ)
    """The person's sessions, newest first, also those that are over."""
    created_at: datetime = column(models.Manager.created_at)
    """When it was created, on the distributor's clock."""
    updated_at: datetime = column(models.Manager.updated_at)
    """The last change, on the distributor's clock."""


@strawberry.type
@reads(models.ServiceToken, "tok")
class ServiceToken(Node):
    """A token that belongs to no person: a platform operator's."""

    name: str = column(models.ServiceToken.name)
    """What it is for."""
    expires_at: datetime | None = column(models.ServiceToken.expires_at)
    """When it stops working, in real time; null: never."""


Actor = Annotated[
    Manager | ServiceToken | User | Invitation,
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


@open_
class Landing(StrEnum):
    """What is shown first."""

    SUBSCRIPTIONS = "SUBSCRIPTIONS"
    """Subscriptions, ordered ones among them with their payment: an OWNER's and ADMIN's."""
    PAYMENTS = "PAYMENTS"
    """What is to be paid: a FINANCE's."""
    SERVICES = "SERVICES"
    """Services and where they are entered: a TECHNICAL's, of a USER those assigned to it."""
    NEW_ACCOUNT = "NEW_ACCOUNT"
    """There is no account yet."""


def _landing(_: object) -> Sql:
    return case(
        (VIEWER.level.in_([literal("OWNER"), literal("ADMIN")]), literal("SUBSCRIPTIONS")),
        (VIEWER.level == literal("FINANCE"), literal("PAYMENTS")),
        (VIEWER.level.is_not(None), literal("SERVICES")),
        (VIEWER.user_id.is_not(None), literal("NEW_ACCOUNT")),
    )


@strawberry.type
class Viewer:
    """Whose token this request carries."""

    actor: Actor = subject(lambda _: VIEWER.actor_kind, lambda _: VIEWER.actor_id, himself=True)
    """Who the token belongs to: a manager, a customer's user or somebody invited, or a service such as the platform's
    operator."""
    tenant: Annotated["Tenant", strawberry.lazy("schema.tenants")] | None = related(lambda _: VIEWER.tenant_id)
    """The tenant acted as; mutations change only its rows. Null for the platform."""
    account: AccountRef | None = related(lambda _: VIEWER.member_of)
    """The account that a customer's user works in: its rows are seen, its level counts. Null for everybody else, and
    for a user without an account."""
    level: AccessLevel | None = sql(lambda _: VIEWER.level)
    """What the user is in that account."""
    memberships: list[Membership] = related(
        None,
        where=lambda membership: membership.user_id == VIEWER.user_id,
        order=(models_of_customers.Membership.id,),
    )
    """The accounts that the user belongs to, oldest first; `chooseAccount` changes over. Empty for everybody else."""
    agreements: list[LegalAgreement] = related(None, where=in_force, order=(models_of_customers.LegalAgreement.kind,))
    """What customers of the viewer's tenant have to accept now: its own, else that of the nearest tenant above."""
    landing: Landing | None = sql(_landing)
    """What the user's first page shows; null for everybody else."""
    services: Connection[Service] | None = listing(
        default_sort=(SubscriptionRow.id.desc(),),
        where=lambda row: row.state != literal("DELETED"),
        needs=Permission.SERVICES_READ,
        page=50,
    )
    """Services that are not deleted, newest first: of the account a user works in, to a USER those assigned to it; to a
    manager those of its tenant's customers."""
    permissions: list[PermissionName] = sql(lambda _: VIEWER.permissions)
    """What the token may do, in alphabetical order: at the tenant acted as and, reading, below it."""
    session: Session | None = related(lambda _: VIEWER.token_id)
    """The session that the request belongs to; null: the token stands by itself."""
    tokens: list[ApiToken] = related(
        None,
        where=lambda token: and_(
            token.manager_id == VIEWER.actor_id,
            token.revoked_at.is_(None),
            token.expires_at.is_(None) | (token.expires_at > text("now()")),
        ),
        order=(models.ApiToken.id,),
    )
    """The viewer's own tokens that open something, oldest first. Empty while acting as another tenant."""
    sessions: list[Session] = related(
        None,
        where=lambda session: and_(
            session.person_id == VIEWER.actor_id, session.ended_at.is_(None), session.expires_at > text("now()")
        ),
        order=(PersonSession.id,),
    )
    """The viewer's own sessions that go on, oldest first. Empty while acting as another tenant."""
    deprecated_use: list[DeprecatedUse] = related(
        None,
        where=lambda use: and_(use.token_id == VIEWER.token_id, use.last_used_at > text("now() - interval '30 days'")),
        order=(models.DeprecatedUse.coordinate,),
    )
    """Deprecated fields, arguments, input fields and values that this token used in the last 30 days, by name. Empty
    while acting as another tenant."""
