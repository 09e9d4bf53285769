"""Money that comes in."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.types import Amount, CurrencyCode, choice
from db.words import WITHOUT_WORDS, words_index, words_of
from tenancy.rows import Reach, TenantRow, by_value, in_order, owned

__all__ = ["Payment", "PaymentPurpose", "PaymentState"]


class PaymentState(StrEnum):
    """How far a payment is."""

    WAITING_FOR_PAYMENT = "WAITING_FOR_PAYMENT"
    """Nothing has come."""
    PROCESSING = "PROCESSING"
    """The money is on its way."""
    COMPLETED = "COMPLETED"
    """The money has come."""
    PAID_FROM_BALANCE = "PAID_FROM_BALANCE"
    """The balance has paid it."""
    EXPIRED = "EXPIRED"
    """Not paid in time."""
    CANCELLED = "CANCELLED"
    """Not wanted any more."""


class PaymentPurpose(StrEnum):
    """What a payment is for."""

    ORDER = "ORDER"
    """One order."""
    TOP_UP = "TOP_UP"
    """Money for the balance."""
    POSTPAID_SERVICES = "POSTPAID_SERVICES"
    """Services used before."""


class Payment(TenantRow, Base):
    """Money asked for, or recorded as received."""

    __tablename__ = "payments"
    __customers__ = (Reach.OF_ITS_ACCOUNT,)

    number: Mapped[str]
    state: Mapped[PaymentState] = mapped_column(choice(PaymentState))
    purpose: Mapped[PaymentPurpose] = mapped_column(choice(PaymentPurpose))
    currency: Mapped[str] = mapped_column(CurrencyCode)
    total: Mapped[Decimal] = mapped_column(Amount)
    account_id: Mapped[UUID]
    order_id: Mapped[UUID | None]
    due_on: Mapped[date | None]
    comment: Mapped[str | None]
    completed_at: Mapped[datetime | None]
    external_id: Mapped[str | None]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "number", name="uq_payments_number"),
        Index("uq_payments_order", "distributor_id", "order_id", unique=True),
        Index("ix_payments_account", "distributor_id", "account_id", "id", "tenant_path"),
        *in_order("payments", "id", "number", "created_at", "updated_at", ("due_on", "date")),
        *by_value("payments", "state", "external_id"),
        words_of("number", "external_id"),
        words_index("payments"),
        CheckConstraint("total > 0", name="total_is_positive"),
        CheckConstraint("(purpose = 'ORDER') = (order_id IS NOT NULL)", name="an_order_payment_has_its_order"),
        account_id="accounts",
        order_id="orders",
    )
    __mapper_args__ = WITHOUT_WORDS
