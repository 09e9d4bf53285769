"""Account classes and types."""

from decimal import Decimal

import strawberry
from strawberry import UNSET

from domain.customers import models
from resolvers.reading import VIEWER, Node, column, filters, reads, related, sql
from schema.common import (
    BooleanFilter,
    DecimalFilter,
    HowDoneFilter,
    IDFilter,
    IntFilter,
    PaymentModelFilter,
    StringFilter,
)
from schema.enums import HowDone, PaymentModel
from schema.references import TenantRef
from tenancy.permissions import Permission

__all__ = ["AccountClass", "AccountClassFilter", "AccountType"]


@strawberry.type
@reads(models.AccountClass, "acl", needs=Permission.ACCOUNT_TERMS_READ)
class AccountClass(Node):
    """How a group of customers pays, and what they do by themselves; every tenant below the owner uses it, read-only.

    Amounts are in the currency of the account that has the class.
    """

    key: str = column(models.AccountClass.key)
    """What programs call it; one meaning along the whole chain."""
    name: str = column(models.AccountClass.name)
    """What people call it."""
    default: bool = column(models.AccountClass.default)
    """Whether the owner's accounts without a class have this one."""
    payment_model: PaymentModel = column(models.AccountClass.payment_model)
    """That of new accounts."""
    stop: HowDone = column(models.AccountClass.stop)
    """Whether stopping a subscription waits for a manager."""
    delete: HowDone = column(models.AccountClass.delete)
    """Whether deleting a subscription waits for a manager."""
    threshold: Decimal = column(models.AccountClass.threshold)
    """Prepay: how far below zero a balance may be without a credit hold."""
    pays_below_zero: bool = column(models.AccountClass.pays_below_zero)
    """Prepay: whether orders may be paid down to the threshold."""
    subzero_days: int = column(models.AccountClass.subzero_days)
    """Prepay: days below zero without a credit hold; −1: as long as it lasts."""
    cancel_unpaid_days: int = column(models.AccountClass.cancel_unpaid_days)
    """Prepay: days after which an unpaid order is cancelled."""
    credit_limit: Decimal | None = column(models.AccountClass.credit_limit)
    """Postpay: debt of one subscription above which it is blocked; null: none."""
    payment_expiration_days: int = column(models.AccountClass.payment_expiration_days)
    """Postpay: days after which a payment expires."""
    guaranteed_limit: Decimal | None = column(models.AccountClass.guaranteed_limit)
    """The most that a guaranteed payment may be; null: there are none."""
    guaranteed_days: int | None = column(models.AccountClass.guaranteed_days)
    """Days in which a guaranteed payment must come."""
    own: bool = sql(lambda row: row.tenant_path >= VIEWER.lo)
    """False for a class that came from upstream: it is read-only."""
    tenant: TenantRef = related(models.AccountClass.tenant_id)
    """The tenant whose class it is."""


@strawberry.type
@reads(models.AccountType, "aty", needs=Permission.ACCOUNT_TERMS_READ)
class AccountType(Node):
    """A sort of customer besides persons and companies; every tenant below the owner uses it, read-only."""

    key: str = column(models.AccountType.key)
    """What programs call it; one meaning along the whole chain."""
    name: str = column(models.AccountType.name)
    """What people call it."""
    company: bool = column(models.AccountType.company)
    """Whether such a customer is a company, whose name obeys the rules for company names."""
    active: bool = column(models.AccountType.active)
    """Whether new accounts may have it."""
    tenant: TenantRef = related(models.AccountType.tenant_id)
    """The tenant whose type it is."""


@strawberry.input
@filters(models.AccountClass)
class AccountClassFilter:
    """Which account classes a list shows. All given fields must hold."""

    id: IDFilter | None = UNSET
    """By id."""
    key: StringFilter | None = UNSET
    """By key."""
    name: StringFilter | None = UNSET
    """By name."""
    default: BooleanFilter | None = UNSET
    """By whether the owner's accounts without a class have it."""
    pays_below_zero: BooleanFilter | None = UNSET
    """By whether orders may be paid down to the threshold."""
    threshold: DecimalFilter | None = UNSET
    """By how far below zero a balance may be."""
    payment_model: PaymentModelFilter | None = UNSET
    """By the payment model of new accounts."""
    stop: HowDoneFilter | None = UNSET
    """By whether stopping a subscription waits for a manager."""
    delete: HowDoneFilter | None = UNSET
    """By whether deleting a subscription waits for a manager."""
    subzero_days: IntFilter | None = UNSET
    """By the days below zero without a credit hold."""
    cancel_unpaid_days: IntFilter | None = UNSET
    """By the days after which an unpaid order is cancelled."""
    credit_limit: DecimalFilter | None = UNSET
    """By the debt above which a subscription is blocked; isNull: there is no such limit."""
    payment_expiration_days: IntFilter | None = UNSET
    """By the days after which a payment expires."""
    guaranteed_limit: DecimalFilter | None = UNSET
    """By the most that a guaranteed payment may be; isNull: there are none."""
    guaranteed_days: IntFilter | None = UNSET
    """By the days in which a guaranteed payment must come."""
    and_: list["AccountClassFilter"] | None = strawberry.field(name="and", default=UNSET)
    """All of these hold."""
    or_: list["AccountClassFilter"] | None = strawberry.field(name="or", default=UNSET)
    """At least one of these holds; an empty list matches nothing."""
    not_: "AccountClassFilter | None" = strawberry.field(name="not", default=UNSET)
    """This does not hold."""
