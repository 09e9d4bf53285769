"""What currencies are worth in one another."""

from datetime import date, datetime
from decimal import Decimal

import strawberry
from strawberry import UNSET

from domain.billing import models
from resolvers.reading import Node, column, reads, related
from schema.payload import Payload
from schema.references import TenantRef
from schema.scalars import CurrencyCode
from tenancy.permissions import Permission

__all__ = ["ExchangeRate", "SetExchangeRateInput", "SetExchangeRatePayload"]


@strawberry.type
@reads(models.ExchangeRate, "exr", needs=Permission.SETTINGS_READ)
class ExchangeRate(Node):
    """What one unit of a currency is worth in another one, from a day on.

    A tenant counts by its own latest rate, else by that of the nearest tenant above that has one. A price is converted
    on the day of its order: amount × rate, half up to four decimals.
    """

    from_currency: CurrencyCode = column(models.ExchangeRate.from_currency)
    """What plans are priced in."""
    to_currency: CurrencyCode = column(models.ExchangeRate.to_currency)
    """What customers, and resellers below, are billed in."""
    rate: Decimal = column(models.ExchangeRate.rate)
    """What one unit of the one is in the other; up to ten decimals."""
    valid_from: date = column(models.ExchangeRate.valid_from)
    """The first day; it holds until the same tenant's next one begins."""
    tenant: TenantRef = related(models.ExchangeRate.tenant_id)
    """Who set it: the tenant itself, or one above."""
    created_at: datetime = column(models.ExchangeRate.created_at)
    """When it was set first, on the distributor's clock."""
    updated_at: datetime = column(models.ExchangeRate.updated_at)
    """The last change, on the distributor's clock."""


@strawberry.input
class SetExchangeRateInput:
    """A rate for what is ordered from a day on, at the acting tenant and at those below that have none of their own."""

    from_currency: CurrencyCode
    """What plans are priced in."""
    to_currency: CurrencyCode
    """What is billed in."""
    rate: Decimal
    """What one unit of the one is in the other: above 0, below 10,000,000,000, ten decimals."""
    valid_from: date | None = UNSET
    """Its first day, today or later; default today. A rate of the same day is replaced."""


@strawberry.type
class SetExchangeRatePayload(Payload):
    """What setExchangeRate answers."""

    exchange_rate: ExchangeRate | None
    """The rate as it is now; null when refused."""
