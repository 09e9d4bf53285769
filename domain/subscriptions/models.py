"""What was bought."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.types import CurrencyCode, Price, Quantity, choice
from db.words import WITHOUT_WORDS, words_index, words_of
from domain.shared.attributes import NO_ATTRIBUTES, no_attributes
from domain.shared.billing_types import BillingType
from tenancy.rows import OF_ANY, Reach, TenantRow, by_value, in_order, owned

__all__ = [
    "PHASES",
    "EntryPoint",
    "ManualOperation",
    "ManualOperationKind",
    "ManualOperationState",
    "RenewalPrice",
    "ServiceSubscription",
    "SubscriptionPhase",
    "SubscriptionResource",
    "SubscriptionState",
    "VendorAttribute",
]


class SubscriptionState(StrEnum):
    """Where a subscription is in its life."""

    ORDERED = "ORDERED"
    """Its order is not paid."""
    INSTALLING = "INSTALLING"
    """The service is being set up."""
    INSTALLATION_FAILED = "INSTALLATION_FAILED"
    """The service could not be set up."""
    ACTIVATING = "ACTIVATING"
    """The service is being switched on."""
    ACTIVATION_FAILED = "ACTIVATION_FAILED"
    """The service could not be switched on."""
    ACTIVE = "ACTIVE"
    """The service runs."""
    DELIVERED = "DELIVERED"
    """Bought once and handed over."""
    UPDATING = "UPDATING"
    """Quantities are being changed."""
    UPDATING_FAILED = "UPDATING_FAILED"
    """Quantities could not be changed."""
    RENEWING = "RENEWING"
    """Another term is being set up."""
    RENEWING_FAILED = "RENEWING_FAILED"
    """Another term could not be set up."""
    SWITCHING = "SWITCHING"
    """The plan is being changed."""
    SWITCHING_FAILED = "SWITCHING_FAILED"
    """The plan could not be changed."""
    WAITING_FOR_MANUAL_APPROVAL = "WAITING_FOR_MANUAL_APPROVAL"
    """A manager has to agree first."""
    GRACED = "GRACED"
    """Unpaid; the service goes on for a few days."""
    BLOCKED = "BLOCKED"
    """Postpaid and overdue; the service is off."""
    STOPPING = "STOPPING"
    """The service is being switched off."""
    STOPPING_FAILED = "STOPPING_FAILED"
    """The service could not be switched off."""
    STOPPED = "STOPPED"
    """The service is off; it may start again."""
    DELETING = "DELETING"
    """The service is being removed."""
    DELETION_FAILED = "DELETION_FAILED"
    """The service could not be removed."""
    DELETED = "DELETED"
    """The service is gone for good."""


class SubscriptionPhase(StrEnum):
    """The five things a program needs to tell apart."""

    PENDING = "PENDING"
    """Not begun yet."""
    RUNNING = "RUNNING"
    """The service runs."""
    AT_RISK = "AT_RISK"
    """The service runs, but something has to be done."""
    SUSPENDED = "SUSPENDED"
    """The service is off and may come back."""
    ENDED = "ENDED"
    """The service is gone."""


_S = SubscriptionState
PHASES: dict[SubscriptionPhase, tuple[SubscriptionState, ...]] = {
    SubscriptionPhase.PENDING: (
        _S.ORDERED,
        _S.INSTALLING,
        _S.INSTALLATION_FAILED,
        _S.ACTIVATING,
        _S.ACTIVATION_FAILED,
    ),
    SubscriptionPhase.RUNNING: (_S.ACTIVE, _S.DELIVERED, _S.UPDATING, _S.RENEWING, _S.SWITCHING),
    SubscriptionPhase.AT_RISK: (
        _S.GRACED,
        _S.UPDATING_FAILED,
        _S.RENEWING_FAILED,
        _S.SWITCHING_FAILED,
        _S.WAITING_FOR_MANUAL_APPROVAL,
        _S.STOPPING,
        _S.STOPPING_FAILED,
    ),
    SubscriptionPhase.SUSPENDED: (_S.STOPPED, _S.BLOCKED),
    SubscriptionPhase.ENDED: (_S.DELETING, _S.DELETION_FAILED, _S.DELETED),
}
"""Every state has exactly one phase."""


class RenewalPrice(StrEnum):
    """What becomes of individual prices when a subscription is renewed."""

    HIGHEST = "HIGHEST"
    """The higher one of the individual and the plan's price."""
    INDIVIDUAL = "INDIVIDUAL"
    """The individual price."""
    PLAN = "PLAN"
    """The plan's price: individual ones end."""


class ServiceSubscription(TenantRow, Base):
    """One service bought for one account. Not named Subscription: that is GraphQL's own word."""

    __tablename__ = "subscriptions"
    __customers__ = (Reach.OF_ITS_ACCOUNT, Reach.ITS_SERVICES)

    number: Mapped[str]
    name: Mapped[str]
    state: Mapped[SubscriptionState] = mapped_column(choice(SubscriptionState), default=SubscriptionState.ORDERED)
    account_id: Mapped[UUID]
    plan_id: Mapped[UUID]
    plan_period_id: Mapped[UUID]
    billing_type: Mapped[BillingType] = mapped_column(choice(BillingType))
    billing_day: Mapped[int]
    """The service term's when the subscription was ordered."""
    currency: Mapped[str] = mapped_column(CurrencyCode)
    trial: Mapped[bool] = mapped_column(default=False)
    endless: Mapped[bool] = mapped_column(default=False)
    auto_renew: Mapped[bool] = mapped_column(default=True)
    started_on: Mapped[date | None]
    """The day its first order completed."""
    switched_on: Mapped[date | None]
    """The day of the order that led to the present plan, if another came before: terms and prices count from it."""
    paid_to: Mapped[date | None]
    """Paid to this day, exclusive."""
    next_period: Mapped[dict[str, Any] | None]
    """What will be charged from *paid to* on, but for the prices: see `domain.payments.foretelling`."""
    expires_on: Mapped[date | None]
    """Last day of the term, inclusive; null when endless or not started."""
    stopped_on: Mapped[date | None]
    """Since when it is stopped."""
    stop_reason: Mapped[str | None]
    """Why it was stopped, in the words of whoever did it."""
    stopped_units: Mapped[dict[str, Any] | None]
    """What the stop took back, and an activation charges again: see `domain.billing.settlement`."""
    attributes: Mapped[dict[str, Any]] = mapped_column(default=no_attributes, server_default=NO_ATTRIBUTES)
    """What the order that led to its present plan told."""
    promo_discount_id: Mapped[UUID | None]
    """The discount whose promo code it was ordered with: it counts for later orders too."""
    renewal_price: Mapped[RenewalPrice | None] = mapped_column(choice(RenewalPrice))
    """What becomes of its individual prices at a renewal; null: it was ordered without any."""
    version: Mapped[int] = mapped_column(default=1)
    """Rises with every change."""
    external_id: Mapped[str | None]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "number", name="uq_subscriptions_number"),
        Index(
            "ix_subscriptions_promo",
            "distributor_id",
            "promo_discount_id",
            postgresql_where=text("promo_discount_id IS NOT NULL"),
        ),
        Index("ix_subscriptions_account", "distributor_id", "account_id", "id", "tenant_path"),
        Index("ix_subscriptions_plan", "distributor_id", "plan_id", "id", "tenant_path"),
        Index("ix_subscriptions_seller", "distributor_id", "tenant_id", "id", "tenant_path"),
        Index("ix_subscriptions_paid_to", "distributor_id", "paid_to"),
        *in_order("subscriptions", "id", "number", "name", "created_at", "updated_at", ("expires_on", "date")),
        *by_value("subscriptions", "state", "billing_type", "trial", "external_id", ("paid_to", "date")),
        words_of("number", "name", "external_id"),
        words_index("subscriptions"),
        CheckConstraint("NOT endless OR expires_on IS NULL", name="endless_never_expires"),
        account_id="accounts",
        plan_id="plans",
        plan_period_id="plan_periods",
        promo_discount_id="discounts",
    )
    __mapper_args__ = WITHOUT_WORDS


class SubscriptionResource(TenantRow, Base):
    """How much of one resource a subscription has, and for how much."""

    __tablename__ = "subscription_resources"
    __customers__ = (Reach.OF_ITS_ACCOUNT, Reach.OF_ITS_SERVICES)

    subscription_id: Mapped[UUID]
    account_id: Mapped[UUID]
    """The subscription's, so that row-level security can compare it."""
    plan_resource_id: Mapped[UUID]
    key: Mapped[str]
    name: Mapped[str]
    priority: Mapped[int]
    quantity: Mapped[Decimal] = mapped_column(Quantity)
    """Counts from zero, included ones counted."""
    included: Mapped[Decimal] = mapped_column(Quantity)
    """Free of charge; taken from the plan when ordered."""
    used: Mapped[Decimal | None] = mapped_column(Quantity)
    """What is in use at the vendor; null: it has not said."""
    unit_price: Mapped[Decimal] = mapped_column(Price)
    """A month's fee for one unit, at the last order."""
    individual_price: Mapped[Decimal | None] = mapped_column(Price)
    """A month's fee for one unit that was agreed with the customer; null: the plan's counts."""
    currency: Mapped[str] = mapped_column(CurrencyCode)
    exchange: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Where `unit_price` comes from, when the plan has another currency: see `domain.billing.exchange`."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "subscription_id", "key", name="uq_subscription_resources_key"),
        Index(
            "ix_subscription_resources_shown",
            "distributor_id",
            "subscription_id",
            text("priority DESC"),
            "name",
            "id",
        ),
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        subscription_id="subscriptions",
        account_id="accounts",
        plan_resource_id="plan_resources",
    )


class VendorAttribute(TenantRow, Base):
    """Something that the vendor of a service calls it by or hands out with it: an id, an activation code."""

    __tablename__ = "vendor_attributes"
    __customers__ = (Reach.OF_ITS_ACCOUNT, Reach.OF_ITS_SERVICES)

    account_id: Mapped[UUID]
    subscription_id: Mapped[UUID]
    key: Mapped[str]
    value: Mapped[str]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "subscription_id", "key", name="uq_vendor_attributes_key"),
        Index("ix_vendor_attributes_value", "distributor_id", "key", "value", "subscription_id"),
        account_id="accounts",
        subscription_id="subscriptions",
    )


class ManualOperationKind(StrEnum):
    """What somebody, or the calendar, wants done that a manager has to agree to."""

    STOP = "STOP"
    """A stop."""
    DELETE = "DELETE"
    """A deletion."""
    ALLOW_POSTPAY = "ALLOW_POSTPAY"
    """The first order of an account that wants to pay afterwards."""


class ManualOperationState(StrEnum):
    """What a manager has said."""

    APPROVAL_REQUIRED = "APPROVAL_REQUIRED"
    """Nothing yet: the subscription waits."""
    APPROVED = "APPROVED"
    """Yes: it was done."""
    DECLINED = "DECLINED"
    """No: the subscription is as it was before."""


class ManualOperation(TenantRow, Base):
    """Something that is done only when a manager of the seller has agreed: to a subscription, or a first order."""

    __tablename__ = "manual_operations"
    __customers__ = (Reach.OF_ITS_ACCOUNT,)

    account_id: Mapped[UUID]
    subscription_id: Mapped[UUID | None]
    """Of ALLOW_POSTPAY null until it is approved."""
    kind: Mapped[ManualOperationKind] = mapped_column(choice(ManualOperationKind))
    state: Mapped[ManualOperationState] = mapped_column(choice(ManualOperationState))
    previous_state: Mapped[SubscriptionState | None] = mapped_column(choice(SubscriptionState, name="previous_state"))
    """What the subscription was, and is again when it is declined."""
    auto_renew: Mapped[bool | None]
    """Whether the subscription renewed itself before; while it waits it does not."""
    request: Mapped[dict[str, Any] | None]
    """Of ALLOW_POSTPAY: the order that is wanted, see `domain.payments.permitting`."""
    reason: Mapped[str | None]
    """Why it is wanted, in the words of whoever wants it."""
    decision_reason: Mapped[str | None]
    """Why it was approved or declined."""
    decided_by_id: Mapped[UUID | None] = mapped_column(info=OF_ANY)
    """The manager, or the platform's operator."""
    decided_at: Mapped[datetime | None]

    __table_args__ = owned(
        Index(
            "uq_manual_operations_open",
            "distributor_id",
            "subscription_id",
            unique=True,
            postgresql_where=text("state = 'APPROVAL_REQUIRED'"),
        ),
        Index("ix_manual_operations_subscription", "distributor_id", "subscription_id", "id"),
        Index("ix_manual_operations_path", "distributor_id", "tenant_path", "id"),
        Index(
            "uq_manual_operations_postpay",
            "distributor_id",
            "account_id",
            unique=True,
            postgresql_where=text("state = 'APPROVAL_REQUIRED' AND kind = 'ALLOW_POSTPAY'"),
        ),
        CheckConstraint("(state = 'APPROVAL_REQUIRED') = (decided_at IS NULL)", name="decided_when"),
        CheckConstraint(
            "(kind = 'ALLOW_POSTPAY') = (request IS NOT NULL)"
            " AND (request IS NULL) = (previous_state IS NOT NULL)"
            " AND (request IS NULL) = (auto_renew IS NOT NULL)"
            " AND (request IS NOT NULL OR subscription_id IS NOT NULL)",
            name="what_it_is_about",
        ),
        account_id="accounts",
        subscription_id="subscriptions",
    )


class EntryPoint(TenantRow, Base):
    """Where the people who use a service enter it."""

    __tablename__ = "entry_points"
    __customers__ = (Reach.OF_ITS_ACCOUNT, Reach.OF_ITS_SERVICES)

    account_id: Mapped[UUID]
    subscription_id: Mapped[UUID]
    position: Mapped[int]
    """From 0."""
    label: Mapped[str]
    url: Mapped[str]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "subscription_id", "position", name="uq_entry_points_position"),
        account_id="accounts",
        subscription_id="subscriptions",
    )
