"""Price sheets: what an import did, or would do."""

from datetime import datetime
from decimal import Decimal

import strawberry

from domain.pricing import models
from domain.pricing.sheet_report import ChangeKind
from resolvers.reading import Node, column, document, part, reads
from schema.enums import open_
from schema.scalars import CurrencyCode
from tenancy.permissions import Permission

__all__ = ["PriceSheetReport"]

PriceSheetChangeKind = ChangeKind
open_(ChangeKind, name="PriceSheetChangeKind")


@strawberry.type
class PriceSheetCounts:
    """What became of the products of a price sheet."""

    created: int = part()
    """How many are new."""
    updated: int = part()
    """How many are called otherwise or have another vendor."""
    unchanged: int = part()
    """How many are as they were."""


@strawberry.type
class PriceSheetPlanCounts:
    """What became of the plans: one for each way in which the sheet offers a product."""

    created: int = part()
    """How many are new."""
    updated: int = part()
    """How many have another net cost or price."""
    unchanged: int = part()
    """How many are as they were."""
    gone: int = part()
    """How many active ones that a sheet of the same publishers once made are not in this one; they are left as they
    are."""


@strawberry.type
class PriceSheetChange:
    """One line of the diff; prices are for a licence and a month, in the plan's currency."""

    kind: PriceSheetChangeKind = part()
    """What the sheet does here."""
    sku: str = part()
    """The product's key, which is the article number of its plans."""
    name: str = part()
    """The product's or the plan's."""
    line: int | None = part()
    """Of the file, from 1, its header counted; null: it is not there."""
    number: str | None = part()
    """The plan's; null: a product. In a preview a new plan's may become another."""
    currency: CurrencyCode | None = part()
    """What the prices are in; null: a product."""
    net_cost_before: Decimal | None = part()
    """What a licence cost a month until now; null: new."""
    net_cost: Decimal | None = part()
    """What it costs from now on; null: gone, or a product."""
    price_before: Decimal | None = part()
    """What customers paid a month until now; null: new."""
    price: Decimal | None = part()
    """What they pay from now on; with a markup it follows from the net cost, not from the sheet."""


@strawberry.type
class PriceSheetDifference:
    """What a price sheet changes in a catalog."""

    rows: int = part()
    """Rows of the sheet that were used."""
    products: PriceSheetCounts = part()
    """Products."""
    plans: PriceSheetPlanCounts = part()
    """Plans."""
    service_term_keys: list[str] = part()
    """Keys of the service terms that were made for new plans."""
    copies: int = part()
    """Copies of plans below, at all levels, that have new net costs."""
    changes: list[PriceSheetChange] = part()
    """The first 100 of each kind; the job's `file` has all."""
    inexact_years: int = part()
    """Yearly prices that twelve monthly ones, at four decimals, do not make up exactly."""


@strawberry.type
@reads(models.PriceSheetReport, "psr", needs=Permission.PRICES_UPSTREAM_READ)
class PriceSheetReport(Node):
    """What the import of one price sheet did; of a preview, what it would have done when it was made."""

    file_name: str = column(models.PriceSheetReport.file_name)
    """What the file was called."""
    applied: bool = column(models.PriceSheetReport.applied)
    """False: a preview, of which nothing was kept."""
    difference: PriceSheetDifference = document(models.PriceSheetReport.report)
    """What changed."""
    created_at: datetime = column(models.PriceSheetReport.created_at)
    """When the import ended, in real time."""
