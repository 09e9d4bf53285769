"""Importing price sheets."""

from decimal import Decimal

import strawberry
from strawberry import UNSET

from schema.jobs import Job
from schema.payload import Payload
from schema.price_sheets import PriceSheetReport
from schema.scalars import CurrencyCode

__all__ = ["ImportPriceSheetInput", "ImportPriceSheetPayload"]


@strawberry.input
class ImportPriceSheetInput:
    """Which sheet, and how it is read."""

    file_id: strawberry.ID
    """A file of the acting tenant, sent with PUT /files: a CSV in UTF-8, in the layout of Microsoft's new-commerce
    licence list or of the older one."""
    currency: CurrencyCode | None = UNSET
    """Only rows in it; needed for an older list, which tells none. Left out: every row, in the currency it tells."""
    coefficient: Decimal = Decimal(1)
    """Prices are the sheet's retail prices times this: above 0, at most 1000, four decimals. Plans with a markup keep
    it."""
    preview: bool = False
    """True: the job tells what the import would do and keeps nothing of it. `dryRun` does the same at once, for files
    of up to 3,000 lines."""


@strawberry.type
class ImportPriceSheetPayload(Payload):
    """What importPriceSheet answers."""

    job: Job | None
    """The import; null when refused. Its `errors` and `file` tell of rows that it refused, its
    `priceSheetReport` and `file` of what it did."""
    impact: PriceSheetReport | None
    """In a dry run: what the job would do; else null."""
