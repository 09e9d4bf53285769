"""What it costs, and how that came about."""

from datetime import date, datetime
from decimal import Decimal

import strawberry
from sqlalchemy import func

from domain.billing import models
from domain.billing.telling import explained, step_label
from resolvers.reading import (
    Node,
    column,
    document,
    identifier,
    inline,
    money,
    part,
    period,
    price,
    python,
    reads,
    related,
)
from schema.accounts import Account
from schema.common import Money, Period
from schema.discounts import ResellerDiscount
from schema.enums import ChargeKind, ChargeState
from schema.references import TenantRef
from schema.subscriptions import ServiceSubscription
from tenancy.permissions import Permission

__all__ = ["AppliedDiscount", "Charge", "ChargeExplanation", "ExplanationStep", "ResellerCharge"]


@strawberry.type
class ExplanationStep:
    """One step of a calculation."""

    label: str = part(told=step_label)
    """What is computed, in the language that Accept-Language asks for."""
    formula: str = part()
    """How, in numbers."""
    value: Decimal = part()
    """What comes out."""


@strawberry.type
class ChargeExplanation:
    """Enough to recompute an amount by hand."""

    rule: str = part()
    """Which rule made the amount."""
    fraction: str = part()
    """The exact number of months that is paid for, such as 12/31."""
    unrounded: Decimal = part()
    """The amount before its one rounding, to ten digits."""
    rounded: Decimal = part()
    """The amount after it."""
    steps: list[ExplanationStep] = part()
    """The calculation, step by step."""
    text: str = python(explained, lambda row: row.explanation)
    """All of it in whole sentences, in the language that Accept-Language asks for, else in English."""


@strawberry.type
class AppliedDiscount:
    """Why a charge costs less."""

    name: str = column(models.Charge.discount_name)
    """What the discount was called when it was applied."""
    discount_id: strawberry.ID | None = identifier(models.Charge.discount_id, "dct")
    """Its id."""
    percent: Decimal = column(models.Charge.discount_percent)
    """12.5 means 12.5 % off."""


@strawberry.type
@reads(models.Charge, "chg", needs=Permission.CHARGES_READ)
class Charge(Node):
    """What a customer pays for a quantity in a period."""

    number: str = column(models.Charge.number)
    """What people call it by, such as CH000017; unique at its tenant, rising by creation."""
    kind: ChargeKind = column(models.Charge.kind)
    """What it is for."""
    state: ChargeState = column(models.Charge.state)
    """What has happened to its money."""
    description: str = column(models.Charge.description)
    """What it is for, as a line on an invoice."""
    subscription: ServiceSubscription = related(models.Charge.subscription_id)
    """The subscription it is for."""
    account: Account = related(models.Charge.account_id)
    """Who pays."""
    resource_key: str | None = column(models.Charge.resource_key)
    """Resource key; null when the charge is for the plan itself."""
    quantity: Decimal = column(models.Charge.quantity)
    """Chargeable units: ordered ones less included ones."""
    unit_price: Money = price(models.Charge.unit_price, models.Charge.currency)
    """One unit's fee a month, up to four decimals; of one-time charges the fee itself."""
    amount: Money = money(models.Charge.amount, models.Charge.currency)
    """To pay, the discount taken off and the tax put on."""
    tax: Money = money(models.Charge.tax, models.Charge.currency)
    """What of the amount is tax; rounded for each charge."""
    tax_name: str | None = column(models.Charge.tax_name)
    """What the tax is called; null without one."""
    tax_percent: Decimal | None = column(models.Charge.tax_percent)
    """19 means 19 % of what is left after the discount; null without a tax."""
    discount: Money = money(models.Charge.discount, models.Charge.currency)
    """What was taken off."""
    applied_discount: AppliedDiscount | None = inline(when=lambda row: row.discount_name.is_not(None))
    """Why; null without a discount."""
    period: Period | None = period(models.Charge.period_start, models.Charge.period_end)
    """The days it pays for; null for one-time charges without a term."""
    billing_period_start: date | None = column(models.Charge.billing_period_start)
    """First day of the billing period the charge belongs to."""
    explanation: ChargeExplanation = document(models.Charge.explanation)
    """How the amount came about: rule, exact fraction, rounding; enough to recompute it."""
    created_at: datetime = column(models.Charge.created_at)
    """When it was created, on the distributor's clock."""
    updated_at: datetime = column(models.Charge.updated_at)
    """The last change, on the distributor's clock."""
    closed_at: datetime | None = column(models.Charge.closed_at)
    """When it was written off; null before."""


@strawberry.type
@reads(models.ResellerCharge, "rch", needs=Permission.RESELLER_CHARGES_READ)
class ResellerCharge(Node):
    """What one tenant owes the tenant above it, for one closed charge.

    In lists OWN means: this tenant is the debtor.
    """

    debtor: TenantRef = related(models.ResellerCharge.tenant_id)
    """Who owes."""
    creditor: TenantRef = related(models.ResellerCharge.creditor_id)
    """Who is owed: the tenant above."""
    charge: Charge | None = related(models.ResellerCharge.charge_id)
    """The customer's charge."""
    subscription: ServiceSubscription | None = related(models.ResellerCharge.subscription_id)
    """The customer's subscription."""
    unit_price: Money = price(models.ResellerCharge.unit_price, models.ResellerCharge.currency)
    """The creditor's price for one unit a month, when the charge was created."""
    quantity: Decimal = column(models.ResellerCharge.quantity)
    """Chargeable units; negative for a refund."""
    months: Decimal = column(models.ResellerCharge.months)
    """For display, six decimals; the exact fraction is in explanation."""
    discount_percent: Decimal = column(models.ResellerCharge.discount_percent)
    """What the creditor took off, 10 meaning 10 %; 0 without a discount."""
    discount: ResellerDiscount | None = related(models.ResellerCharge.discount_id, needs=Permission.DISCOUNTS_READ)
    """Which of the creditor's discounts that was; null without one, and for those below the creditor."""
    amount: Money = money(models.ResellerCharge.amount, models.ResellerCharge.currency)
    """What is owed, the discount taken off; in what the creditor bills in."""
    cost: Money = money(
        lambda row: func.coalesce(row.cost, row.amount), lambda row: func.coalesce(row.cost_currency, row.currency)
    )
    """What that is for the debtor: in its own currency at its own exchange rate, else the amount."""
    explanation: ChargeExplanation = document(models.ResellerCharge.explanation)
    """How the amount came about."""
    created_at: datetime = column(models.ResellerCharge.created_at)
    """When it was created, on the distributor's clock."""
    updated_at: datetime = column(models.ResellerCharge.updated_at)
    """The last change, on the distributor's clock."""
    closed_at: datetime | None = column(models.ResellerCharge.closed_at)
    """When the customer's charge was closed."""
