"""Who may do what: the one table of roles and permissions."""

from collections.abc import Iterable
from enum import StrEnum

__all__ = [
    "INVITED",
    "PLATFORM_PERMISSIONS",
    "TENANT_PERMISSIONS",
    "AccessLevel",
    "Permission",
    "Role",
    "permissions_in",
    "permissions_of",
    "permissions_of_level",
]


class Role(StrEnum):
    """What a manager is in its tenant."""

    SYSTEM_ADMINISTRATOR = "SYSTEM_ADMINISTRATOR"
    """Everything at its tenant, and acting for those below."""
    PRODUCT_OWNER = "PRODUCT_OWNER"
    """The catalog, its prices and net costs, what is sold and owed."""
    MARKETING = "MARKETING"
    """The catalog without net costs."""
    SALES_PERSON = "SALES_PERSON"
    """Customers, their subscriptions and payments; no net costs."""
    CUSTOM = "CUSTOM"
    """What the tenant's own role says, which stands beside it in customRole."""


class AccessLevel(StrEnum):
    """What a customer's user is in one account."""

    OWNER = "OWNER"
    """Everything in the account; exactly one an account."""
    ADMIN = "ADMIN"
    """The same, but for the owner's own place."""
    FINANCE = "FINANCE"
    """What is owed and paid."""
    TECHNICAL = "TECHNICAL"
    """Every service and where it is entered; no prices, no money."""
    USER = "USER"
    """The services assigned to the user, and where they are entered."""


class Permission(StrEnum):
    """One permission; the name a client sees."""

    TENANTS_READ = "tenants.read"
    TENANTS_WRITE = "tenants.write"
    TENANTS_ACT_AS = "tenants.act_as"
    DISTRIBUTORS_WRITE = "distributors.write"
    MANAGERS_READ = "managers.read"
    MANAGERS_WRITE = "managers.write"
    TOKENS_WRITE = "tokens.write"
    ACCOUNTS_READ = "accounts.read"
    ACCOUNTS_WRITE = "accounts.write"
    ACCOUNTS_OPEN = "accounts.open"
    INVITATIONS_ACCEPT = "invitations.accept"
    ACCOUNT_TERMS_READ = "account_terms.read"
    ACCOUNT_TERMS_WRITE = "account_terms.write"
    MEMBERS_READ = "members.read"
    MEMBERS_WRITE = "members.write"
    AGREEMENTS_WRITE = "agreements.write"
    CATALOG_READ = "catalog.read"
    CATALOG_WRITE = "catalog.write"
    PRICES_UPSTREAM_READ = "prices.upstream.read"
    PRICES_WRITE = "prices.write"
    SERVICES_READ = "services.read"
    SUBSCRIPTIONS_READ = "subscriptions.read"
    SUBSCRIPTIONS_WRITE = "subscriptions.write"
    ORDER_ATTRIBUTES_READ = "order_attributes.read"
    CHARGES_READ = "charges.read"
    RESELLER_CHARGES_READ = "reseller_charges.read"
    PAYMENTS_READ = "payments.read"
    PAYMENTS_WRITE = "payments.write"
    PAYMENTS_RECEIVE = "payments.receive"
    DISCOUNTS_READ = "discounts.read"
    DISCOUNTS_WRITE = "discounts.write"
    SETTINGS_READ = "settings.read"
    SETTINGS_WRITE = "settings.write"
    AUDIT_READ = "audit.read"
    CLOCK_ADVANCE = "clock.advance"
    JOBS_WRITE = "jobs.write"
    FILES_READ = "files.read"
    FILES_WRITE = "files.write"


_P = Permission
_SEES_CATALOG = {
    _P.TENANTS_READ,
    _P.CATALOG_READ,
    _P.ORDER_ATTRIBUTES_READ,
    _P.SETTINGS_READ,
    _P.TOKENS_WRITE,
}
_SEES_SALES = _SEES_CATALOG | {
    _P.ACCOUNTS_READ,
    _P.ACCOUNT_TERMS_READ,
    _P.MEMBERS_READ,
    _P.SERVICES_READ,
    _P.SUBSCRIPTIONS_READ,
}
_ONLY_CUSTOMERS = {_P.ACCOUNTS_OPEN, _P.INVITATIONS_ACCEPT}
"""What customers' people do for themselves; managers have other ways."""

_OF_ROLE: dict[Role, frozenset[Permission]] = {
    Role.SYSTEM_ADMINISTRATOR: frozenset(Permission) - {_P.DISTRIBUTORS_WRITE} - _ONLY_CUSTOMERS,
    Role.PRODUCT_OWNER: frozenset(
        _SEES_SALES
        | {
            _P.FILES_READ,
            _P.FILES_WRITE,
            _P.CATALOG_WRITE,
            _P.PRICES_UPSTREAM_READ,
            _P.PRICES_WRITE,
            _P.CHARGES_READ,
            _P.RESELLER_CHARGES_READ,
            _P.DISCOUNTS_READ,
            _P.DISCOUNTS_WRITE,
        }
    ),
    Role.MARKETING: frozenset(_SEES_CATALOG | {_P.CATALOG_WRITE, _P.DISCOUNTS_READ}),
    Role.SALES_PERSON: frozenset(
        _SEES_SALES
        | {
            _P.ACCOUNTS_WRITE,
            _P.ACCOUNT_TERMS_WRITE,
            _P.MEMBERS_WRITE,
            _P.SUBSCRIPTIONS_WRITE,
            _P.CHARGES_READ,
            _P.PAYMENTS_READ,
            _P.PAYMENTS_WRITE,
            _P.PAYMENTS_RECEIVE,
        }
    ),
    Role.CUSTOM: frozenset(),
}

_NEWCOMER = frozenset({_P.ACCOUNTS_OPEN})
_TECHNICAL = _NEWCOMER | {_P.SERVICES_READ}
_FINANCE = _NEWCOMER | {_P.ACCOUNTS_READ, _P.CHARGES_READ, _P.PAYMENTS_READ, _P.PAYMENTS_WRITE}
_ADMIN = (
    _TECHNICAL
    | _FINANCE
    | {
        _P.ACCOUNTS_WRITE,
        _P.MEMBERS_READ,
        _P.MEMBERS_WRITE,
        _P.CATALOG_READ,
        _P.SUBSCRIPTIONS_READ,
        _P.SUBSCRIPTIONS_WRITE,
    }
)

_OF_LEVEL: dict[AccessLevel | None, frozenset[Permission]] = {
    AccessLevel.OWNER: _ADMIN,
    AccessLevel.ADMIN: _ADMIN,
    AccessLevel.FINANCE: _FINANCE,
    AccessLevel.TECHNICAL: _TECHNICAL,
    AccessLevel.USER: _TECHNICAL,
    None: _NEWCOMER | {_P.CATALOG_READ},
}

INVITED: frozenset[Permission] = frozenset({_P.INVITATIONS_ACCEPT})
"""What the bearer of an invitation may do."""

PLATFORM_PERMISSIONS: frozenset[Permission] = frozenset(Permission) - _ONLY_CUSTOMERS
"""A platform operator creates distributors and may act as any tenant."""

TENANT_PERMISSIONS: frozenset[Permission] = _OF_ROLE[Role.SYSTEM_ADMINISTRATOR]
"""All that a tenant's manager can have, also by a role of the tenant's own."""


def permissions_of(role: Role) -> frozenset[Permission]:
    """What a manager with this role may do, in its tenant and, reading, below it.

    CUSTOM gives nothing by itself: see `permissions_in`.
    """
    return _OF_ROLE[role]


def permissions_in(names: Iterable[str]) -> frozenset[Permission]:
    """What a custom role gives: the permissions of these names that a tenant can have; others give nothing."""
    given = set(names)
    return frozenset(each for each in TENANT_PERMISSIONS if each.value in given)


def permissions_of_level(level: AccessLevel | None) -> frozenset[Permission]:
    """What a user with this level may do in its account; None: a user without an account yet.

    Which rows these permissions are about, the user's scope says: of USER, only the services assigned to it.
    """
    return _OF_LEVEL[level]
