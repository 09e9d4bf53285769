"""Who buys."""

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.types import Amount, CurrencyCode, choice
from db.words import WITHOUT_WORDS, words_index, words_of
from tenancy.rows import TenantRow, by_value, in_order, owned

__all__ = ["Account", "PaymentModel"]


class PaymentModel(StrEnum):
    """When an account pays."""

    PREPAY = "PREPAY"
    """From a balance, before the service."""
    POSTPAY = "POSTPAY"
    """By invoice, after the service."""


class Account(TenantRow, Base):
    """A customer of one tenant, with its balance. The balance changes only together with ledger entries."""

    __tablename__ = "accounts"

    number: Mapped[str]
    name: Mapped[str]
    email: Mapped[str]
    """Where mail to the customer goes."""
    payment_model: Mapped[PaymentModel] = mapped_column(choice(PaymentModel), default=PaymentModel.PREPAY)
    currency: Mapped[str] = mapped_column(CurrencyCode)
    """The tenant's billing currency."""
    funds: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    """All money on the balance, blocked included."""
    blocked: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    """Money reserved for charges that are not closed yet."""
    external_id: Mapped[str | None]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "number", name="uq_accounts_number"),
        *in_order("accounts", "id", "number", "name", "created_at", "updated_at"),
        *by_value("accounts", "external_id"),
        words_of("number", "name", "email", "external_id"),
        words_index("accounts"),
        CheckConstraint("blocked >= 0", name="blocked_not_negative"),
    )
    __mapper_args__ = WITHOUT_WORDS
