"""Enumerations of the domain as clients see them. `@open` ones may gain values; the rest are closed for good."""

from enum import StrEnum
from typing import TypeVar

import strawberry
from strawberry.schema_directive import Location

from domain.audit.models import AuditVerb
from domain.billing.models import ChargeKind, ChargeState, DiscountTargetKind
from domain.catalog.models import ExpiredRenewal, PlanState, UnitKind
from domain.catalog.order_attributes import OrderAttributeType
from domain.customers.models import AccountKind, AgreementKind, HowDone, PaymentModel, PostpayPermission
from domain.ordering.models import OrderState, OrderType
from domain.payments.models import PaymentPurpose, PaymentState
from domain.pricing.models import PriceOf
from domain.shared.billing_types import BillingType
from domain.shared.models import JobState
from domain.shared.periods import PeriodUnit
from domain.subscriptions.models import (
    ManualOperationKind,
    ManualOperationState,
    RenewalPrice,
    SubscriptionPhase,
    SubscriptionState,
)
from tenancy.errors import ErrorCode, ErrorKind
from tenancy.models import TenantState
from tenancy.permissions import AccessLevel, Role
from tenancy.settings.kinds import SettingType
from tenancy.settings.registry import SettingKey
from tenancy.signing_in.models import PersonKind, SessionEnd

__all__ = [
    "AccessLevel",
    "AccountKind",
    "AgreementKind",
    "AuditVerb",
    "BillingType",
    "ChargeKind",
    "ChargeState",
    "Direction",
    "DiscountTargetKind",
    "ErrorCode",
    "ErrorKind",
    "ExpiredRenewal",
    "HowDone",
    "JobState",
    "ManagerRole",
    "ManualOperationKind",
    "ManualOperationState",
    "OrderAttributeType",
    "OrderState",
    "OrderType",
    "PaymentModel",
    "PaymentPurpose",
    "PaymentState",
    "PeriodUnit",
    "PersonKind",
    "PlanState",
    "PostpayPermission",
    "PriceOf",
    "RenewalPrice",
    "SessionEnd",
    "SettingKey",
    "SettingType",
    "SubscriptionPhase",
    "SubscriptionState",
    "TenantState",
    "UnitKind",
]

EnumT = TypeVar("EnumT", bound=type[StrEnum])

_CLOSED: tuple[type[StrEnum], ...] = (
    TenantState,
    PaymentModel,
    PlanState,
    PeriodUnit,
    ExpiredRenewal,
    SubscriptionPhase,
    ErrorKind,
    JobState,
)
_OPEN: tuple[type[StrEnum], ...] = (
    ManualOperationKind,
    ManualOperationState,
    BillingType,
    OrderType,
    OrderState,
    OrderAttributeType,
    SubscriptionState,
    ChargeState,
    ChargeKind,
    DiscountTargetKind,
    PaymentState,
    PaymentPurpose,
    PersonKind,
    SessionEnd,
    ErrorCode,
    SettingKey,
    SettingType,
    AccessLevel,
    AuditVerb,
    AccountKind,
    AgreementKind,
    HowDone,
    PostpayPermission,
    PriceOf,
    RenewalPrice,
    UnitKind,
)


@strawberry.schema_directive(
    locations=[Location.ENUM], description="Values may be added at 30 days' notice: keep a default branch."
)
class Open:
    """Marks an enumeration that may gain values."""


def closed(values: EnumT) -> EnumT:
    """An enumeration that will never change: what a program may branch on."""
    return strawberry.enum(values)


def open_(values: EnumT, name: str | None = None) -> EnumT:
    """An enumeration that may gain values at 30 days' notice."""
    return strawberry.enum(values, name=name, directives=[Open()])


for _values in _CLOSED:
    closed(_values)
for _values in _OPEN:
    open_(_values)
ManagerRole = Role
open_(Role, name="ManagerRole")


@closed
class Direction(StrEnum):
    """Which end of a list comes first."""

    ASC = "ASC"
    """Smallest, earliest, A first."""
    DESC = "DESC"
    """Largest, latest, Z first."""
