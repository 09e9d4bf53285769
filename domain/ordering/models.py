"""What was asked for."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.types import Amount, CurrencyCode, Quantity, choice
from db.words import WITHOUT_WORDS, words_index, words_of
from domain.shared.attributes import NO_ATTRIBUTES, no_attributes
from tenancy.rows import Reach, TenantRow, by_value, in_order, owned

__all__ = ["OPEN_ORDER_STATES", "UNPROVISIONED", "Order", "OrderLine", "OrderState", "OrderType"]


class OrderType(StrEnum):
    """What an order does to its subscription."""

    SALES = "SALES"
    """A new subscription."""
    RENEWAL = "RENEWAL"
    """Another term."""
    PROLONG = "PROLONG"
    """The next billing period within the term."""
    CHANGE = "CHANGE"
    """Other quantities."""
    SWITCH = "SWITCH"
    """Another plan."""


class OrderState(StrEnum):
    """How far an order is."""

    WAITING_FOR_PAYMENT = "WAITING_FOR_PAYMENT"
    """Its payment has not completed."""
    WAITING_FOR_PROVISIONING = "WAITING_FOR_PROVISIONING"
    """Paid; it takes effect on a later day."""
    PROVISIONING = "PROVISIONING"
    """The service is being set up."""
    COMPLETED = "COMPLETED"
    """Done."""
    PROVISIONING_FAILED = "PROVISIONING_FAILED"
    """The service could not be set up."""
    CANCELLED = "CANCELLED"
    """It will not be done; nothing was charged for it."""


UNPROVISIONED = (OrderState.WAITING_FOR_PROVISIONING, OrderState.PROVISIONING, OrderState.PROVISIONING_FAILED)
"""Paid, and not done: what is reserved for it stays so."""
OPEN_ORDER_STATES = (OrderState.WAITING_FOR_PAYMENT, OrderState.WAITING_FOR_PROVISIONING, OrderState.PROVISIONING)
"""A subscription has at most one order in these states."""


class Order(TenantRow, Base):
    """A customer's wish, its price, and what became of it."""

    __tablename__ = "orders"
    __customers__ = (Reach.OF_ITS_ACCOUNT,)

    number: Mapped[str]
    type: Mapped[OrderType] = mapped_column(choice(OrderType))
    state: Mapped[OrderState] = mapped_column(choice(OrderState))
    account_id: Mapped[UUID]
    subscription_id: Mapped[UUID]
    currency: Mapped[str] = mapped_column(CurrencyCode)
    total: Mapped[Decimal] = mapped_column(Amount)
    """What is to be paid; of a change, its increases."""
    discount: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    tax: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0), server_default=text("0"))
    """What of the total is tax."""
    paid_from: Mapped[date | None]
    paid_until: Mapped[date | None]
    """The span of service the order pays for, half-open."""
    plan_id: Mapped[UUID | None]
    """The plan that a switch leads to."""
    plan_period_id: Mapped[UUID | None]
    """How long that is subscribed to."""
    automatic: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether the billing run made it, not a person."""
    cancels_on: Mapped[date | None]
    """Unpaid, it is cancelled on this day; null: when its subscription's fate is settled."""
    provisions_on: Mapped[date | None]
    """Paid before this day, it waits for it; null: it takes effect as soon as it is paid."""
    previous_state: Mapped[str | None]
    """While its service is being set up, or was not: what the subscription was before."""
    failure: Mapped[str | None]
    """Why its service could not be set up."""
    completed_at: Mapped[datetime | None]
    attributes: Mapped[dict[str, Any]] = mapped_column(default=no_attributes, server_default=NO_ATTRIBUTES)
    """What its product wanted to know, answered: see `domain.catalog.order_attributes`."""
    external_id: Mapped[str | None]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "number", name="uq_orders_number"),
        Index(
            "uq_orders_one_open",
            "distributor_id",
            "subscription_id",
            unique=True,
            postgresql_where=text("state IN ('WAITING_FOR_PAYMENT', 'WAITING_FOR_PROVISIONING', 'PROVISIONING')"),
        ),
        Index(
            "ix_orders_to_provision",
            "distributor_id",
            "provisions_on",
            postgresql_where=text("state = 'WAITING_FOR_PROVISIONING'"),
        ),
        Index("ix_orders_subscription", "distributor_id", "subscription_id", "id"),
        Index("ix_orders_account", "distributor_id", "account_id", "id", "tenant_path"),
        *in_order("orders", "id", "number", "created_at", "updated_at", "total"),
        *by_value("orders", "state"),
        words_of("number", "external_id"),
        words_index("orders"),
        CheckConstraint("total >= 0 AND discount >= 0", name="amounts_not_negative"),
        CheckConstraint("paid_until > paid_from", name="paid_period_has_days"),
        CheckConstraint(
            "(type = 'SWITCH') = (plan_id IS NOT NULL) AND (plan_id IS NULL) = (plan_period_id IS NULL)",
            name="a_switch_names_its_plan",
        ),
        account_id="accounts",
        subscription_id="subscriptions",
        plan_id="plans",
        plan_period_id="plan_periods",
    )
    __mapper_args__ = WITHOUT_WORDS


class OrderLine(TenantRow, Base):
    """The quantity an order asks for, one line a resource; what a change sets when it completes."""

    __tablename__ = "order_lines"

    order_id: Mapped[UUID]
    resource_key: Mapped[str]
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    """Counts from zero, included ones counted."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "order_id", "resource_key", name="uq_order_lines_resource"),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        order_id="orders",
    )
