"""The lists that a tenant has and that stand at the root too, for the viewer's: declared once."""

from typing import Any

from resolvers.reading import listing
from schema.accounts import AccountFilter, AccountSort
from schema.catalog import PlanFilter, PlanSort
from schema.charge_lists import ChargeFilter, ChargeSort, ResellerChargeFilter, ResellerChargeSort
from schema.orders import OrderFilter, OrderSort, PaymentFilter, PaymentSort
from schema.price_lists import PriceListFilter, PriceListSort
from schema.subscription_lists import SubscriptionFilter, SubscriptionSort
from tenancy.permissions import Permission

__all__ = ["accounts", "charges", "orders", "payments", "plans", "price_list", "reseller_charges", "subscriptions"]


def accounts() -> Any:
    """Customers."""
    return listing(
        scope=True,
        filter=AccountFilter,
        sort=AccountSort,
        search=True,
        needs=Permission.ACCOUNTS_READ,
    )


def plans() -> Any:
    """What is sold."""
    return listing(
        scope=True,
        filter=PlanFilter,
        sort=PlanSort,
        search=True,
        needs=Permission.CATALOG_READ,
    )


def price_list() -> Any:
    """What is earned on what is sold."""
    return listing(
        scope=True,
        filter=PriceListFilter,
        sort=PriceListSort,
        needs=Permission.PRICES_UPSTREAM_READ,
    )


def subscriptions() -> Any:
    """What customers bought."""
    return listing(
        scope=True,
        filter=SubscriptionFilter,
        sort=SubscriptionSort,
        search=True,
        needs=Permission.SUBSCRIPTIONS_READ,
    )


def orders() -> Any:
    """What customers ordered."""
    return listing(
        scope=True,
        filter=OrderFilter,
        sort=OrderSort,
        search=True,
        needs=Permission.SUBSCRIPTIONS_READ,
    )


def payments() -> Any:
    """What customers paid and have to pay."""
    return listing(
        scope=True,
        filter=PaymentFilter,
        sort=PaymentSort,
        search=True,
        needs=Permission.PAYMENTS_READ,
    )


def charges() -> Any:
    """What customers pay for."""
    return listing(scope=True, filter=ChargeFilter, sort=ChargeSort, needs=Permission.CHARGES_READ)


def reseller_charges() -> Any:
    """What a tenant owes the one above, or is owed by those below."""
    return listing(
        scope=True, filter=ResellerChargeFilter, sort=ResellerChargeSort, needs=Permission.RESELLER_CHARGES_READ
    )
