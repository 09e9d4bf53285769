"""Who sells, and who works there."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import strawberry
from sqlalchemy import func, select

from domain.catalog.models import AcceptedVendor
from resolvers.reading import Connection, Node, column, listing, reads, related, sql
from schema import lists
from schema.accounts import Account
from schema.catalog import Plan
from schema.charges import Charge, ResellerCharge
from schema.discounts import Discount, ResellerDiscount
from schema.enums import TenantState
from schema.exchange_rates import ExchangeRate
from schema.orders import Order, Payment
from schema.people import Manager
from schema.products import Product, ServiceTerm
from schema.references import TenantRef
from schema.scalars import CurrencyCode, TimeZone
from schema.settings import Setting
from schema.subscriptions import ServiceSubscription
from schema.taxes import Tax
from tenancy.models import DistributorClock, TenantKind
from tenancy.models import Manager as ManagerRow
from tenancy.models import Tenant as TenantRow
from tenancy.permissions import Permission
from tenancy.settings.in_force import SettingInForce

__all__ = ["Distributor", "Reseller", "Tenant"]


def _of_clock(attribute: str) -> Callable[[Any], Any]:
    """A column of the clock that a tenant lives by."""

    def of(row: Any) -> Any:
        clock = DistributorClock.__table__.alias()
        return select(clock.c[attribute]).where(clock.c.distributor_id == row.distributor_id).scalar_subquery()

    return of


def _accepted_vendors(row: Any) -> Any:
    accepted = AcceptedVendor.__table__.alias()
    numbers = (
        select(accepted.c.vendor_number).where(accepted.c.distributor_id == row.distributor_id).order_by(accepted.c.id)
    )
    return func.to_json(func.array(numbers.scalar_subquery()))


@strawberry.interface
@reads(TenantRow)
class Tenant(Node):
    """A seller in the hierarchy. Lists are this tenant's own rows; `scope` widens them to its descendants."""

    number: str = column(TenantRow.number)
    """What people call it by, such as D1-3; unique at its distributor, and kept when it is moved."""
    name: str = column(TenantRow.name)
    """What it is called."""
    state: TenantState = column(TenantRow.state)
    """Whether its people may work, as far as it depends on this tenant."""
    suspended_above: bool = column(TenantRow.suspended_above)
    """Whether a tenant above it is suspended: then its own people are refused as well."""
    time_zone: TimeZone = sql(_of_clock("time_zone"))
    """IANA name. Every Date below this tenant is a day in this zone."""
    today: date = sql(lambda row: func.app_today(row.distributor_id))
    """The tenant's current day; a sandbox has its own."""
    currency: CurrencyCode = column(TenantRow.currency)
    """What it bills its customers in."""
    parent: TenantRef | None = related(TenantRow.parent_id)
    """The tenant above, by name only; null for a distributor."""
    orders: Connection[Order] | None = lists.orders()
    """What customers ordered, newest first unless sorted."""
    payments: Connection[Payment] | None = lists.payments()
    """What customers paid and have to pay, newest first unless sorted."""
    resellers: "Connection[Tenant] | None" = listing(TenantRow.parent_id, needs=Permission.TENANTS_READ)
    """Direct downstream tenants, newest first."""
    accounts: Connection[Account] | None = lists.accounts()
    """Customers, newest first unless sorted."""
    plans: Connection[Plan] | None = lists.plans()
    """What is sold, newest first unless sorted."""
    products: Connection[Product] | None = listing(needs=Permission.CATALOG_READ)
    """What its own plans are of, newest first."""
    service_terms: Connection[ServiceTerm] | None = listing(needs=Permission.CATALOG_READ)
    """The rules its plans may live by: its own and those from above, newest first."""
    subscriptions: Connection[ServiceSubscription] | None = lists.subscriptions()
    """What customers bought, newest first unless sorted."""
    charges: Connection[Charge] | None = lists.charges()
    """What customers pay for it, newest first unless sorted."""
    reseller_charges: Connection[ResellerCharge] | None = lists.reseller_charges()
    """What this tenant owes the one above (OWN) and those below owe (DOWNSTREAM), newest first unless sorted."""
    discounts: Connection[Discount] | None = listing(needs=Permission.DISCOUNTS_READ)
    """What it takes off what its own customers order."""
    taxes: Connection[Tax] | None = listing(needs=Permission.SETTINGS_READ)
    """What it puts on what its own customers pay: its own tax, and those of single accounts."""
    exchange_rates: Connection[ExchangeRate] | None = listing(needs=Permission.SETTINGS_READ)
    """What currencies are worth: its own rates, which it lives by, and those from above, newest first."""
    reseller_discounts: Connection[ResellerDiscount] | None = listing(needs=Permission.DISCOUNTS_READ)
    """What this tenant takes off what resellers directly below owe it, newest first."""
    settings: list[Setting] | None = related(
        SettingInForce.tenant_id, order=(SettingInForce.key,), needs=Permission.SETTINGS_READ
    )
    """What it decides for itself, by key, with what is in force."""
    managers: Connection[Manager] | None = listing(ManagerRow.tenant_id, needs=Permission.MANAGERS_READ)
    """The people who work for it, newest first."""
    created_at: datetime = column(TenantRow.created_at)
    """When it was created, on the distributor's clock."""
    updated_at: datetime = column(TenantRow.updated_at)
    """The last change, on the distributor's clock."""
    external_id: str | None = column(TenantRow.external_id)
    """The client's own id for it; nothing checks that it is used once."""


@strawberry.type
@reads(TenantRow, "dst", when=TenantRow.kind == TenantKind.DISTRIBUTOR)
class Distributor(Tenant):
    """The top of a chain: it brings products in and delegates plans downstream."""

    sandbox: bool = sql(_of_clock("sandbox"))
    """A sandbox has its own clock, see advanceClock."""
    vendor: bool = column(TenantRow.vendor)
    """Whether it publishes products to distributors."""
    accepted_vendors: list[str] = sql(_accepted_vendors)
    """The numbers of the vendors from whom it takes what they publish."""
    clock: datetime = sql(lambda row: func.app_now(row.distributor_id))
    """Now, for this distributor and everything below it."""


@strawberry.type
@reads(TenantRow, "rsl", when=TenantRow.kind == TenantKind.RESELLER)
class Reseller(Tenant):
    """A seller below a distributor, at any depth."""

    level: int = column(TenantRow.level)
    """1 directly under the distributor, 2 and more for a child reseller; changes when the tenant is moved."""
