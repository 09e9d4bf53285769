"""Taxes on what customers pay."""

from datetime import datetime
from decimal import Decimal

import strawberry
from strawberry import UNSET

from domain.billing import models
from resolvers.reading import Node, column, reads, related
from schema.accounts import Account
from schema.payload import Payload
from schema.references import TenantRef
from tenancy.permissions import Permission

__all__ = ["SetTaxInput", "SetTaxPayload", "Tax"]


@strawberry.type
@reads(models.Tax, "tax", needs=Permission.SETTINGS_READ)
class Tax(Node):
    """Percent that a tenant puts on what its customers pay, after discounts; each charge is rounded by itself."""

    name: str = column(models.Tax.name)
    """What it is called, such as VAT."""
    percent: Decimal = column(models.Tax.percent)
    """19 means 19 %; 0 exempts."""
    account: Account | None = related(models.Tax.account_id)
    """Whose charges bear it; null: those of all accounts that have no tax of their own."""
    tenant: TenantRef = related(models.Tax.tenant_id)
    """The tenant that asks for it."""
    updated_at: datetime = column(models.Tax.updated_at)
    """The last change, on the distributor's clock."""


@strawberry.input
class SetTaxInput:
    """A tax on what is ordered from now on; charges that exist keep theirs."""

    account_id: strawberry.ID | None = UNSET
    """For this account of the acting tenant; default for all of its accounts that have no tax of their own."""
    name: str
    """What it is called, such as VAT; up to 200 characters."""
    percent: Decimal
    """0 to 100, four decimals; 0 exempts."""


@strawberry.type
class SetTaxPayload(Payload):
    """What setTax answers."""

    tax: Tax | None
    """The tax as it is now; null when refused."""
