"""What prices come to: the lines of a price list, what cost how much when, and what is to cost how much from when on.

Triggers keep the first two, in the statement that changes a plan, a period or a resource: whoever writes prices, no
writer can forget them. The application only reads them.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.types import CurrencyCode, Percent, Price, choice
from domain.catalog.models import Fees
from tenancy.rows import OF_ANY, Reach, TenantRow, in_order, in_own_order, owned

__all__ = ["PlannedPrice", "PriceListEntry", "PriceOf", "PriceSheetReport", "PriceVersion"]

Total = Numeric()
"""A sum of prices, with as many digits as it takes."""


class PriceListEntry(TenantRow, Base):
    """One period of one plan at one tenant, trials left out: the least that one pays for it, and what it costs.

    Fees once, and monthly ones for the whole term, of the plan and of the units of each resource that one has to order
    beyond the included ones. Where one has to order none and the plan itself is free, one unit of the first resource
    counts. The id is the period's.
    """

    __tablename__ = "price_list_entries"
    __customers__ = (Reach.OF_ITS_SELLER,)

    plan_id: Mapped[UUID]
    plan_name: Mapped[str]
    sku: Mapped[str | None]
    product_name: Mapped[str | None]
    """Of the product at the plan's origin."""
    product_key: Mapped[str | None]
    category_key: Mapped[str | None]
    """Of the category in which that product stands."""
    category_name: Mapped[str | None]
    vendor: Mapped[str | None]
    """Who makes the product."""
    billing_type: Mapped[str]
    """The plan's, as its state: a `BillingType` and a `PlanState`, which the plan's own constraints hold."""
    state: Mapped[str]
    public: Mapped[bool]
    """Whether customers may order it themselves: the plan, for this period."""
    currency: Mapped[str] = mapped_column(CurrencyCode)
    duration: Mapped[int | None]
    """Null: endless."""
    unit: Mapped[str]
    """A `PeriodUnit`."""
    months: Mapped[Decimal] = mapped_column(Total)
    """Months that the prices are for; 1 of an endless period, a day as 12/365 of a month."""
    retail_price: Mapped[Decimal] = mapped_column(Total)
    """Four decimals."""
    net_cost: Mapped[Decimal] = mapped_column(Total)
    """The same at the prices of the tenant above; at the origin the vendor's."""
    margin: Mapped[Decimal] = mapped_column(Total)
    """Retail price less net cost."""
    margin_percent: Mapped[Decimal | None] = mapped_column(Total)
    """Of the retail price; null where that is zero."""
    markup_percent: Mapped[Decimal | None] = mapped_column(Percent)
    """The plan's; null: prices are set by hand."""
    net_cost_changed_at: Mapped[datetime | None]
    """When `net_cost` last changed; null: not since the plan came to be."""

    __table_args__ = owned(
        *in_order("price_list_entries", "id"),
        # Every index makes a change of prices slower. The other orders sort the tenant's rows: 0.1 s for 100,000.
        *in_own_order(
            "price_list_entries",
            "plan_name",
            "retail_price",
            "margin",
            ("margin_percent", "numeric"),
            ("net_cost_changed_at", "timestamp with time zone"),
        ),
        Index("ix_price_list_entries_plan", "distributor_id", "plan_id", "months"),
        plan_id="plans",
    )


class PriceOf(StrEnum):
    """What a price is for."""

    PERIOD = "PERIOD"
    """The plan itself, for one of its periods."""
    RESOURCE = "RESOURCE"
    """One unit of a resource."""


class PriceVersion(Fees, TenantRow, Base):
    """What one period or one unit of a resource cost, and what was to be paid for it above, for a time."""

    __tablename__ = "price_versions"

    plan_id: Mapped[UUID]
    price_of: Mapped[PriceOf] = mapped_column(choice(PriceOf))
    subject_id: Mapped[UUID] = mapped_column(info=OF_ANY)
    """The period or the resource."""
    key: Mapped[str]
    """The period's or the resource's."""
    currency: Mapped[str] = mapped_column(CurrencyCode)
    valid_from: Mapped[datetime]
    """The instant on the distributor's clock from which it held."""
    valid_to: Mapped[datetime | None]
    """The instant from which it held no longer; null: it holds."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "subject_id", "valid_from", name="uq_price_versions_subject"),
        Index("ix_price_versions_plan", "distributor_id", "plan_id", "valid_from", "id"),
        CheckConstraint("valid_to > valid_from", name="holds_for_a_time"),
        plan_id="plans",
    )


class PlannedPrice(TenantRow, Base):
    """What becomes of one period's or one resource's fees on a day to come, or of a plan's markup; null: nothing."""

    __tablename__ = "planned_prices"

    plan_id: Mapped[UUID]
    valid_from: Mapped[date]
    """The day whose billing run sets it, before anything is charged for."""
    price_of: Mapped[PriceOf | None] = mapped_column(choice(PriceOf))
    """Null: of the plan's markup."""
    key: Mapped[str | None]
    """The period's or the resource's."""
    setup: Mapped[Decimal | None] = mapped_column(Price)
    recurring_per_month: Mapped[Decimal | None] = mapped_column(Price)
    renewal: Mapped[Decimal | None] = mapped_column(Price)
    transfer: Mapped[Decimal | None] = mapped_column(Price)
    overuse: Mapped[Decimal | None] = mapped_column(Price)
    net_setup: Mapped[Decimal | None] = mapped_column(Price)
    net_recurring_per_month: Mapped[Decimal | None] = mapped_column(Price)
    net_renewal: Mapped[Decimal | None] = mapped_column(Price)
    net_transfer: Mapped[Decimal | None] = mapped_column(Price)
    net_overuse: Mapped[Decimal | None] = mapped_column(Price)
    markup_percent: Mapped[Decimal | None] = mapped_column(Percent)
    refused_at: Mapped[datetime | None]
    """When its day had come and the plan did not take it, because of what has changed since it was planned."""

    __table_args__ = owned(
        UniqueConstraint(
            "distributor_id",
            "plan_id",
            "valid_from",
            "price_of",
            "key",
            name="uq_planned_prices_key",
            postgresql_nulls_not_distinct=True,
        ),
        Index(
            "ix_planned_prices_due",
            "distributor_id",
            "valid_from",
            "tenant_path",
            postgresql_where=text("refused_at IS NULL"),
        ),
        CheckConstraint(
            "(price_of IS NULL) = (markup_percent IS NOT NULL) AND (price_of IS NULL) = (key IS NULL)",
            name="fees_or_a_markup",
        ),
        plan_id="plans",
    )


class PriceSheetReport(TenantRow, Base):
    """What the import of a price sheet did, or would do; written once, by its end."""

    __tablename__ = "price_sheet_reports"

    job_id: Mapped[UUID | None]
    """The job that imported it. No reference: jobs are forgotten, what became of prices is not. Null: a dry run's."""
    file_name: Mapped[str]
    applied: Mapped[bool]
    """False: a preview, of which nothing was kept."""
    report: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """Counts and the first changes of each kind, by the names of the schema."""

    __table_args__ = owned(
        Index(
            "uq_price_sheet_reports_job",
            "distributor_id",
            "job_id",
            unique=True,
            postgresql_where=text("job_id IS NOT NULL"),
        ),
        Index("ix_price_sheet_reports_own_id", "distributor_id", "tenant_path", "id"),
    )
