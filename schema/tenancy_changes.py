"""Founding tenants, what becomes of them, adding people and customers."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from schema.accounts import Account
from schema.enums import AccountKind, ManagerRole, PaymentModel
from schema.payload import Payload
from schema.people import Manager
from schema.scalars import CurrencyCode, TimeZone
from schema.tenants import Distributor, Tenant

__all__ = [
    "CreateAccountInput",
    "CreateAccountPayload",
    "CreateDistributorInput",
    "CreateDistributorPayload",
    "CreateManagerInput",
    "CreateManagerPayload",
    "CreateResellerInput",
    "CreateResellerPayload",
    "MoveResellerInput",
    "RenameTenantInput",
    "ResumeTenantInput",
    "SuspendTenantInput",
    "TenantPayload",
]


@strawberry.input
class CreateDistributorInput:
    """A new distributor with its first administrator."""

    name: str
    """What it is called; up to 200 characters."""
    currency: CurrencyCode
    """What it bills its customers in."""
    admin_email: str
    """The administrator's e-mail address, up to 254 characters; kept in lower case."""
    sandbox: bool = False
    """True: it gets a clock of its own, which advanceClock moves."""
    clock: datetime | None = UNSET
    """Start of the sandbox clock; default now. INVALID_INPUT where there is no sandbox."""
    time_zone: TimeZone = TimeZone("UTC")
    """IANA name: the zone of every Date at this distributor and below, for good."""
    vendor: bool = False
    """True: it publishes products to distributors, see publishProduct. For good."""


@strawberry.type
class CreateDistributorPayload(Payload):
    """What createDistributor answers."""

    distributor: Distributor | None
    """The new distributor; null when refused."""
    manager: Manager | None
    """Its first administrator."""
    token: str | None
    """The administrator's token. Shown this once."""


@strawberry.input
class CreateResellerInput:
    """A new reseller directly below the acting tenant, with its first administrator."""

    parent_id: strawberry.ID | None = UNSET
    """The tenant above it, default the acting one. Any other is ACT_AS_REQUIRED, or NOT_FOUND when not visible."""
    name: str
    """What it is called; up to 200 characters."""
    currency: CurrencyCode
    """What it bills its customers in."""
    admin_email: str
    """The administrator's e-mail address, up to 254 characters; kept in lower case."""


@strawberry.type
class CreateResellerPayload(Payload):
    """What createReseller answers."""

    tenant: Tenant | None
    """The new reseller; null when refused."""
    manager: Manager | None
    """Its first administrator."""
    token: str | None
    """The administrator's token. Shown this once."""


@strawberry.input
class RenameTenantInput:
    """Another name for the acting tenant."""

    tenant_id: strawberry.ID
    """The acting tenant. Any other is ACT_AS_REQUIRED, or NOT_FOUND when not visible."""
    name: str
    """What it is called from now on; up to 200 characters. Those below it read it at once."""


@strawberry.input
class SuspendTenantInput:
    """A tenant to shut out."""

    tenant_id: strawberry.ID
    """A tenant below the acting one, at any depth; for a platform operator who acts for nobody also a distributor."""


@strawberry.input
class ResumeTenantInput:
    """A tenant to let in again."""

    tenant_id: strawberry.ID
    """A suspended tenant below the acting one, at any depth; for a platform operator who acts for nobody also a
    distributor."""


@strawberry.input
class MoveResellerInput:
    """A reseller's new place."""

    reseller_id: strawberry.ID
    """A reseller below the acting tenant, at any depth."""
    parent_id: strawberry.ID
    """The tenant that it comes directly below: the acting one or one below it, but not below the reseller itself."""


@strawberry.type
class TenantPayload(Payload):
    """What renameTenant, suspendTenant, resumeTenant and moveReseller answer."""

    tenant: Tenant | None
    """The tenant as it is now; null when refused."""


@strawberry.input
class CreateManagerInput:
    """A new person at the acting tenant."""

    name: str
    """What the person is called; up to 200 characters."""
    email: str
    """The person's e-mail address, up to 254 characters; INVALID_INPUT when the tenant has somebody with it."""
    role: ManagerRole
    """What the person may do; nothing that who creates it may not do himself, else FORBIDDEN."""
    custom_role_id: strawberry.ID | None = UNSET
    """One of the tenant's own roles; given with the role CUSTOM, and with no other."""


@strawberry.type
class CreateManagerPayload(Payload):
    """What createManager answers."""

    manager: Manager | None
    """The new person; null when refused."""
    token: str | None
    """The person's token. Shown this once."""


@strawberry.input
class CreateAccountInput:
    """A new customer of the acting tenant."""

    name: str
    """The person or company; up to 200 characters."""
    email: str
    """Where mail to the customer goes: an e-mail address, up to 254 characters; kept in lower case."""
    payment_model: PaymentModel = PaymentModel.PREPAY
    """Whether it pays before the service or after."""
    external_id: str | None = UNSET
    """The client's own id for it; up to 200 characters."""
    kind: AccountKind = AccountKind.BUSINESS
    """What sort of customer it is; CUSTOM together with accountTypeId."""
    account_type_id: strawberry.ID | None = UNSET
    """The type of a CUSTOM one: the tenant's or one from above."""
    account_class_id: strawberry.ID | None = UNSET
    """Its payment rules: a class of the tenant's or one from above; left out: the default class."""
    manager_id: strawberry.ID | None = UNSET
    """The tenant's manager who looks after it."""
    microsoft: bool = False
    """Whether the rules for company names hold; see the settings COMPANY_NAME_…."""
    owner_id: strawberry.ID | None = UNSET
    """A user of the tenant who is to own it; left out: nobody yet."""
    contact_name: str | None = UNSET
    """Whom to speak to; up to 200 characters."""
    contact_email: str | None = UNSET
    """That person's e-mail address."""
    contact_phone: str | None = UNSET
    """That person's telephone number; up to 50 characters."""
    signer_name: str | None = UNSET
    """Who signs contracts; up to 200 characters."""
    signer_email: str | None = UNSET
    """That person's e-mail address."""
    country: str | None = UNSET
    """ISO 3166, two letters such as DE."""
    region: str | None = UNSET
    """State, province, county; up to 200 characters."""
    city: str | None = UNSET
    """Up to 200 characters."""
    postal_code: str | None = UNSET
    """Up to 20 characters."""
    street: str | None = UNSET
    """With the house number; up to 200 characters."""
    tax_number: str | None = UNSET
    """As its country writes it; up to 50 characters."""


@strawberry.type
class CreateAccountPayload(Payload):
    """What createAccount answers."""

    account: Account | None
    """The new customer; null when refused."""
