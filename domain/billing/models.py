"""What it costs: charges, what each level owes the one above, discounts, the ledger."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.types import Amount, CurrencyCode, Percent, Price, Quantity, choice
from domain.billing.charge_states import ChargeKind, ChargeState
from tenancy.rows import Reach, TenantRow, Visibility, by_value, in_order, owned

__all__ = [
    "Charge",
    "ChargeKind",
    "ChargeLevel",
    "ChargeState",
    "Discount",
    "DiscountLimit",
    "DiscountTarget",
    "DiscountTargetKind",
    "ExchangeRate",
    "LedgerAccount",
    "LedgerEntry",
    "ResellerCharge",
    "ResellerDiscount",
    "Tax",
]


class Charge(TenantRow, Base):
    """An amount for a quantity in a period, with everything needed to compute it again."""

    __tablename__ = "charges"
    __customers__ = (Reach.OF_ITS_ACCOUNT,)

    number: Mapped[str]
    kind: Mapped[ChargeKind] = mapped_column(choice(ChargeKind))
    state: Mapped[ChargeState] = mapped_column(choice(ChargeState))
    description: Mapped[str]
    subscription_id: Mapped[UUID]
    account_id: Mapped[UUID]
    order_id: Mapped[UUID | None]
    """The order it came with; a charge made by a split keeps that of the charge it was split from."""
    resource_key: Mapped[str | None]
    """Null: for the plan itself."""
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    """Chargeable units."""
    unit_price: Mapped[Decimal] = mapped_column(Price)
    """A month's fee for one unit (of one-time charges: the fee)."""
    currency: Mapped[str] = mapped_column(CurrencyCode)
    amount: Mapped[Decimal] = mapped_column(Amount)
    """To pay, discount taken off and tax put on."""
    tax: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0), server_default=text("0"))
    """What of the amount is tax: it is nobody's margin."""
    tax_name: Mapped[str | None]
    tax_percent: Mapped[Decimal | None] = mapped_column(Percent)
    discount: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    discount_id: Mapped[UUID | None]
    discount_name: Mapped[str | None]
    discount_percent: Mapped[Decimal | None] = mapped_column(Percent)
    period_start: Mapped[date | None]
    period_end: Mapped[date | None]
    """Half-open."""
    billing_period_start: Mapped[date | None]
    """First day of the billing period the charge belongs to."""
    closes_on: Mapped[date | None]
    """The day a blocked charge is written off."""
    explanation: Mapped[dict[str, Any]]
    """See `domain.billing.explanation`; the exact fraction of months is in it."""
    split_from_id: Mapped[UUID | None]
    """The charge it is a part of; upstream prices are those of that one."""
    closed_at: Mapped[datetime | None]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "number", name="uq_charges_number"),
        Index("ix_charges_subscription", "distributor_id", "subscription_id", "id", "tenant_path"),
        Index("ix_charges_order", "distributor_id", "order_id"),
        Index("ix_charges_closes_on", "distributor_id", "state", "closes_on"),
        Index("ix_charges_account", "distributor_id", "account_id", "id", "tenant_path"),
        *in_order("charges", "id", "number", "created_at", "updated_at", "amount"),
        *in_order("charges", ("billing_period_start", "date"), ("closed_at", "timestamptz")),
        *by_value("charges", "state"),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        CheckConstraint("period_end > period_start", name="period_has_days"),
        subscription_id="subscriptions",
        account_id="accounts",
        order_id="orders",
        split_from_id="charges",
    )


class ChargeLevel(TenantRow, Base):
    """The unit price one level owes the level above for a charge, as it stood when the charge was created.

    The owner is the debtor: each level sees its own price and those below, never those above. Made once for a charge;
    the parts of a split charge use those of the charge they come from.
    """

    __tablename__ = "charge_levels"

    charge_id: Mapped[UUID]
    creditor_id: Mapped[UUID | None]
    """The tenant above; null at the origin of the plan, whose price is the vendor's."""
    plan_id: Mapped[UUID]
    """The debtor's plan."""
    unit_price: Mapped[Decimal] = mapped_column(Price)
    currency: Mapped[str] = mapped_column(CurrencyCode)
    """What the creditor bills in; at the origin what the debtor does."""
    exchange: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Where the price comes from, when the plan has another currency: see `domain.billing.exchange`."""
    cost_unit_price: Mapped[Decimal | None] = mapped_column(Price)
    """The same price in the debtor's own currency, at its own rate; null: it is that of the creditor, or unknown."""
    cost_currency: Mapped[str | None] = mapped_column(CurrencyCode)
    cost_exchange: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "charge_id", "tenant_id", name="uq_charge_levels_debtor"),
        charge_id="charges",
        creditor_id="tenants",
        plan_id="plans",
    )


class ResellerCharge(TenantRow, Base):
    """What one tenant owes the tenant above it for one closed charge. The owner is the debtor."""

    __tablename__ = "reseller_charges"

    creditor_id: Mapped[UUID]
    charge_id: Mapped[UUID]
    subscription_id: Mapped[UUID]
    unit_price: Mapped[Decimal] = mapped_column(Price)
    """The creditor's, for a month."""
    currency: Mapped[str] = mapped_column(CurrencyCode)
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    """Negative for a refund."""
    reversal: Mapped[bool] = mapped_column(default=False)
    """It takes another one back, because the closed charge was split: the same numbers, negative."""
    months: Mapped[Decimal] = mapped_column(Numeric(18, 6))
    """Rounded to six decimals for display; the exact fraction is in `explanation`."""
    discount_percent: Mapped[Decimal] = mapped_column(Percent, default=Decimal(0))
    discount_id: Mapped[UUID | None]
    amount: Mapped[Decimal] = mapped_column(Amount)
    cost: Mapped[Decimal | None] = mapped_column(Amount)
    """What that is in the debtor's own currency, at its own rate; null: the amount is."""
    cost_currency: Mapped[str | None] = mapped_column(CurrencyCode)
    explanation: Mapped[dict[str, Any]]
    closed_at: Mapped[datetime | None]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "charge_id", "tenant_id", "reversal", name="uq_reseller_charges_debtor"),
        Index("ix_reseller_charges_subscription", "distributor_id", "subscription_id", "id", "tenant_path"),
        Index("ix_reseller_charges_debtor", "distributor_id", "tenant_id", "id", "tenant_path"),
        Index("ix_reseller_charges_creditor", "distributor_id", "creditor_id", "id", "tenant_path"),
        *in_order("reseller_charges", "id", "created_at", "updated_at", "amount", ("closed_at", "timestamptz")),
        creditor_id="tenants",
        charge_id="charges",
        subscription_id="subscriptions",
    )


class DiscountTargetKind(StrEnum):
    """What a discount is limited to."""

    RESELLER = "RESELLER"
    """A reseller directly below, who gets it."""
    SUBSCRIPTION = "SUBSCRIPTION"
    """One subscription."""
    ACCOUNT = "ACCOUNT"
    """What one customer buys."""
    PLAN = "PLAN"
    """What is bought of one plan."""


class ResellerDiscount(TenantRow, Base):
    """Percent off what resellers directly below the owner owe it."""

    __tablename__ = "reseller_discounts"

    name: Mapped[str]
    percent: Mapped[Decimal] = mapped_column(Percent)
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = owned(
        Index("ix_reseller_discounts_path", "distributor_id", "tenant_path", "id"),
        CheckConstraint("percent > 0 AND percent <= 100", name="percent_in_range"),
    )


class DiscountTarget(TenantRow, Base):
    """One name on a discount's list. Resellers are always listed; an empty list of another kind means all."""

    __tablename__ = "reseller_discount_targets"

    discount_id: Mapped[UUID]
    kind: Mapped[DiscountTargetKind] = mapped_column(choice(DiscountTargetKind))
    target_id: Mapped[UUID]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "discount_id", "kind", "target_id", name="uq_reseller_discount_targets"),
        discount_id="reseller_discounts",
    )


class Discount(TenantRow, Base):
    """Percent off what a tenant's own customers order: by itself, or for whoever gives its promo code."""

    __tablename__ = "discounts"

    name: Mapped[str]
    code: Mapped[str | None]
    """The promo code, upper case; null: the discount applies by itself."""
    percent: Mapped[Decimal] = mapped_column(Percent)
    active: Mapped[bool] = mapped_column(default=True)
    valid_from: Mapped[date | None]
    """First day on which orders get it; null: always until `valid_until`."""
    valid_until: Mapped[date | None]
    """Last day, inclusive; null: for good."""
    subscription_limit: Mapped[int | None]
    """Subscriptions that may be ordered with the code; null: any number."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "code", name="uq_discounts_code"),
        Index("ix_discounts_path", "distributor_id", "tenant_path", "id"),
        CheckConstraint("percent > 0 AND percent <= 100", name="percent_in_range"),
        CheckConstraint("valid_until >= valid_from", name="valid_for_days"),
        CheckConstraint("subscription_limit IS NULL OR code IS NOT NULL", name="limit_of_a_code"),
    )


class Tax(TenantRow, Base):
    """Percent that a tenant puts on what its customers pay: on all, or on what one account pays."""

    __tablename__ = "taxes"

    account_id: Mapped[UUID | None]
    """Null: for all accounts that have no tax of their own."""
    name: Mapped[str]
    percent: Mapped[Decimal] = mapped_column(Percent)
    """0: exempt."""

    __table_args__ = owned(
        UniqueConstraint(
            "distributor_id", "tenant_id", "account_id", name="uq_taxes_account", postgresql_nulls_not_distinct=True
        ),
        Index("ix_taxes_path", "distributor_id", "tenant_path", "id"),
        CheckConstraint("percent >= 0 AND percent <= 100", name="percent_in_range"),
        account_id="accounts",
    )


class ExchangeRate(TenantRow, Base):
    """What one unit of a currency is worth in another one, from a day on; the owner's and everybody's below it."""

    __tablename__ = "exchange_rates"
    __visibility__ = Visibility.INHERITED

    from_currency: Mapped[str] = mapped_column(CurrencyCode)
    """The plan's."""
    to_currency: Mapped[str] = mapped_column(CurrencyCode)
    """What a tenant bills in."""
    rate: Mapped[Decimal] = mapped_column(Numeric(20, 10))
    valid_from: Mapped[date]
    """The first day; it holds until the owner's next one begins."""

    __table_args__ = owned(
        UniqueConstraint(
            "distributor_id",
            "tenant_path",
            "from_currency",
            "to_currency",
            "valid_from",
            name="uq_exchange_rates_day",
        ),
        Index("ix_exchange_rates_path", "distributor_id", "tenant_path", "id"),
        CheckConstraint("rate > 0", name="rate_is_positive"),
        CheckConstraint("from_currency <> to_currency", name="of_two_currencies"),
    )


class DiscountLimit(TenantRow, Base):
    """One name on a discount's list; an empty list of a kind means all."""

    __tablename__ = "discount_limits"

    discount_id: Mapped[UUID]
    kind: Mapped[DiscountTargetKind] = mapped_column(choice(DiscountTargetKind))
    target_id: Mapped[UUID]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "discount_id", "kind", "target_id", name="uq_discount_limits"),
        discount_id="discounts",
    )


class LedgerAccount(StrEnum):
    """The books of one customer account."""

    CASH = "CASH"
    """Money that came in."""
    AVAILABLE = "AVAILABLE"
    """The customer's, free to use."""
    BLOCKED = "BLOCKED"
    """The customer's, reserved for charges."""
    REVENUE = "REVENUE"
    """The tenant's, earned by closed charges."""


class LedgerEntry(TenantRow, Base):
    """One movement, from one book to another: balanced by its form. Never changed, never deleted."""

    __tablename__ = "ledger_entries"

    account_id: Mapped[UUID]
    from_book: Mapped[LedgerAccount] = mapped_column(choice(LedgerAccount, name="from_book"))
    to_book: Mapped[LedgerAccount] = mapped_column(choice(LedgerAccount, name="to_book"))
    amount: Mapped[Decimal] = mapped_column(Amount)
    currency: Mapped[str] = mapped_column(CurrencyCode)
    charge_id: Mapped[UUID | None]
    payment_id: Mapped[UUID | None]

    __table_args__ = owned(
        Index("ix_ledger_entries_account", "distributor_id", "account_id", "id"),
        CheckConstraint("amount > 0", name="amount_is_positive"),
        CheckConstraint("from_book <> to_book", name="money_moves"),
        account_id="accounts",
        charge_id="charges",
        payment_id="payments",
    )
