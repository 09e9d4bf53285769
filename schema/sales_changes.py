"""Ordering, changing, paying; the sandbox's clock, and jobs."""

from datetime import datetime
from decimal import Decimal

import strawberry
from strawberry import UNSET

from schema.accounts import Account
from schema.charges import Charge
from schema.common import MoneyInput
from schema.confirmations import ManualOperation
from schema.enums import RenewalPrice
from schema.impact import Impact
from schema.jobs import Job
from schema.order_attributes import OrderAttributeValueInput
from schema.orders import Order, Payment
from schema.payload import Payload
from schema.subscriptions import ServiceSubscription
from schema.tenants import Distributor

__all__ = [
    "ActivateSubscriptionInput",
    "AdvanceClockInput",
    "AdvanceClockPayload",
    "CancelJobInput",
    "CancelOrderInput",
    "ChangeSubscriptionInput",
    "CloseChargesInput",
    "CloseChargesPayload",
    "CompletePaymentInput",
    "CompletePaymentPayload",
    "CompleteProvisioningInput",
    "DeleteSubscriptionInput",
    "FailProvisioningInput",
    "JobPayload",
    "OrderPayload",
    "OrderSubscriptionInput",
    "ProlongSubscriptionInput",
    "RenewSubscriptionInput",
    "RenumberOrderInput",
    "RetryJobInput",
    "RetryProvisioningInput",
    "SetVendorDataInput",
    "StopSubscriptionInput",
    "SubscriptionPayload",
    "SwitchSubscriptionInput",
    "TopUpInput",
    "TopUpPayload",
    "UpdateSubscriptionInput",
]


@strawberry.input
class QuantityInput:
    """How much of one resource."""

    resource_key: str
    """Which resource of the plan."""
    quantity: Decimal
    """A whole number, counted from zero, included ones counted; between the resource's minimum and maximum."""


@strawberry.input
class IndividualPriceInput:
    """What one customer pays for one resource."""

    resource_key: str
    """Which resource of the plan."""
    recurring_per_month: Decimal
    """A month's fee for one unit, not negative; four decimals."""


@strawberry.input
class OrderSubscriptionInput:
    """A new subscription for a customer of the acting tenant."""

    external_id: str | None = UNSET
    """The client's own id for the order; up to 200 characters."""
    expected_total: MoneyInput | None = UNSET
    """What the order is expected to cost, discounts taken off: refused with PRICE_CHANGED when it is another amount."""
    account_id: strawberry.ID
    """Who orders."""
    plan_id: strawberry.ID
    """An active plan of the acting tenant."""
    period_id: strawberry.ID
    """One of the plan's periods; another plan's is NOT_FOUND."""
    quantities: list[QuantityInput]
    """Resources left out start at their minimum."""
    name: str | None = UNSET
    """The customer's name for it, up to 200 characters; default the plan's."""
    promo_code: str | None = UNSET
    """A promotion's code, in any letter case; the best discount counts, which may be another. INVALID_INPUT for one
    that does not exist, is over or used up, or is not for this account and plan."""
    individual_prices: list[IndividualPriceInput] | None = UNSET
    """Prices agreed with the customer, until the renewal; managers only. They end all discounts."""
    renewal_price: RenewalPrice = RenewalPrice.PLAN
    """What becomes of individual prices when the subscription is renewed."""
    auto_renew: bool = True
    """Whether the next order is made by itself when the time comes."""
    attributes: list[OrderAttributeValueInput] | None = UNSET
    """Answers to the plan's orderAttributes, those for managers by managers only."""


@strawberry.input
class ChangeSubscriptionInput:
    """Other quantities for a running subscription, from the day on which the order completes."""

    subscription_id: strawberry.ID
    """Which subscription."""
    if_version: int | None = UNSET
    """Refused with STALE when the subscription has another version; left out: whatever it has."""
    expected_total: MoneyInput | None = UNSET
    """What the order is expected to cost, discounts taken off: refused with PRICE_CHANGED when it is another amount."""
    quantities: list[QuantityInput]
    """Resources left out keep their quantity."""


@strawberry.input
class RenewSubscriptionInput:
    """Another term, from the end of the present one, or after its expiration as the plan says."""

    subscription_id: strawberry.ID
    """Which subscription; an endless one is prolonged instead."""
    if_version: int | None = UNSET
    """Refused with STALE when the subscription has another version; left out: whatever it has."""
    expected_total: MoneyInput | None = UNSET
    """What the order is expected to cost, discounts taken off: refused with PRICE_CHANGED when it is another amount."""
    quantities: list[QuantityInput] | None = UNSET
    """For the new term; resources left out keep their quantity. Before the present term ends only where the billing
    type delays renewals: CSP_MONTHLY, CSP_ANNUAL, PAY_IN_FULL, LICENSE_BASED_MONTHLY and the commitments."""


@strawberry.input
class ProlongSubscriptionInput:
    """The next monthly period, paid by hand: when stopped for non-payment, or from paidTo on."""

    subscription_id: strawberry.ID
    """Which subscription."""
    if_version: int | None = UNSET
    """Refused with STALE when the subscription has another version; left out: whatever it has."""
    expected_total: MoneyInput | None = UNSET
    """What the order is expected to cost, discounts taken off: refused with PRICE_CHANGED when it is another amount."""


@strawberry.input
class SwitchSubscriptionInput:
    """Another plan for a running subscription, or another period of its plan; a full term begins with it."""

    subscription_id: strawberry.ID
    """Which subscription; it must be ACTIVE."""
    if_version: int | None = UNSET
    """Refused with STALE when the subscription has another version; left out: whatever it has."""
    expected_total: MoneyInput | None = UNSET
    """What the order is expected to cost, discounts taken off: refused with PRICE_CHANGED when it is another amount.
    What comes back of the present plan is not taken off."""
    plan_id: strawberry.ID
    """An active plan of the acting tenant, in the subscription's currency."""
    period_id: strawberry.ID
    """One of the plan's periods, no trial."""
    quantities: list[QuantityInput] | None = UNSET
    """Resources left out keep their quantity where the subscription has them, else start at their minimum."""
    attributes: list[OrderAttributeValueInput] | None = UNSET
    """Answers to the new plan's orderAttributes; those left out keep what the subscription's orders told before."""


@strawberry.input
class SubscriptionChange:
    """What is to be otherwise. Fields left out stay; null clears externalId."""

    name: str | None = UNSET
    """The customer's name for it, up to 200 characters."""
    auto_renew: bool | None = UNSET
    """Whether the next term is ordered by itself. Turned off, a renewal order that was made so and waits is cancelled;
    INVALID_STATE for an endless subscription."""
    external_id: str | None = UNSET
    """The client's own id for it; up to 200 characters."""


@strawberry.input
class UpdateSubscriptionInput:
    """What is written about a subscription, and whether it renews itself."""

    subscription_id: strawberry.ID
    """Which subscription."""
    if_version: int | None = UNSET
    """Refused with STALE when the subscription has another version; left out: whatever it has."""
    change: SubscriptionChange
    """What is to be otherwise."""


@strawberry.input
class VendorAttributeInput:
    """Something that the vendor of a service calls it by or hands out with it."""

    key: str
    """What it is; up to 100 characters, unique in the subscription."""
    value: str
    """Up to 500 characters."""


@strawberry.input
class SetVendorDataInput:
    """What the vendor says of a subscription. What is left out stays."""

    subscription_id: strawberry.ID
    """Which subscription."""
    if_version: int | None = UNSET
    """Refused with STALE when the subscription has another version; left out: whatever it has."""
    attributes: list[VendorAttributeInput] | None = UNSET
    """Instead of all attributes before; at most 100."""
    used: list[QuantityInput] | None = UNSET
    """How much of resources is in use: quantities do not fall below it."""


@strawberry.input
class CancelOrderInput:
    """An order that is not wanted any more."""

    order_id: strawberry.ID
    """Which order; it must be WAITING_FOR_PAYMENT, WAITING_FOR_PROVISIONING or PROVISIONING_FAILED. What was reserved
    for it is available again."""


@strawberry.input
class CompleteProvisioningInput:
    """A service that is set up."""

    order_id: strawberry.ID
    """Whose; the order must be PROVISIONING."""
    attributes: list[VendorAttributeInput] | None = UNSET
    """What the vendor calls the subscription by, instead of all attributes before; at most 100."""


@strawberry.input
class FailProvisioningInput:
    """A service that could not be set up."""

    order_id: strawberry.ID
    """Whose; the order must be PROVISIONING."""
    reason: str
    """Why, for the record; up to 1,000 characters."""


@strawberry.input
class RetryProvisioningInput:
    """A service that is to be set up after all."""

    order_id: strawberry.ID
    """Whose; the order must be PROVISIONING_FAILED."""


@strawberry.input
class RenumberOrderInput:
    """Another number for an order, where the setting ORDER_NUMBERS_EDITABLE allows it."""

    order_id: strawberry.ID
    """Which order."""
    number: str
    """Unique at the tenant, up to 40 characters, and none that the tenant's series could write."""


@strawberry.type
class OrderPayload(Payload):
    """What ordering and changing answer."""

    order: Order | None
    """The order; null when refused."""
    subscription: ServiceSubscription | None
    """Its subscription."""
    manual_operation: ManualOperation | None
    """Instead of an order: what a manager has to approve first, where a new subscription is to be paid afterwards."""
    impact: Impact | None
    """With dryRun, what it would do to everybody's money; otherwise null."""


@strawberry.input
class StopSubscriptionInput:
    """The end of service, for now."""

    subscription_id: strawberry.ID
    """Which subscription."""
    if_version: int | None = UNSET
    """Refused with STALE when the subscription has another version; left out: whatever it has."""
    reason: str | None = UNSET
    """Why, for the record; up to 1,000 characters."""


@strawberry.input
class ActivateSubscriptionInput:
    """Service again, while the subscription is still paid."""

    subscription_id: strawberry.ID
    """Which subscription."""
    if_version: int | None = UNSET
    """Refused with STALE when the subscription has another version; left out: whatever it has."""
    reason: str | None = UNSET
    """Why, for the record; up to 1,000 characters."""


@strawberry.input
class DeleteSubscriptionInput:
    """The end of service, for good."""

    subscription_id: strawberry.ID
    """Which subscription."""
    if_version: int | None = UNSET
    """Refused with STALE when the subscription has another version; left out: whatever it has."""
    reason: str | None = UNSET
    """Why, for the record; up to 1,000 characters."""


@strawberry.type
class SubscriptionPayload(Payload):
    """What stopping, activating, deleting and updating answer."""

    subscription: ServiceSubscription | None
    """The subscription as it is now; null when refused."""
    impact: Impact | None
    """With dryRun, what it would do to everybody's money; otherwise null."""


@strawberry.input
class CloseChargesInput:
    """All that a subscription still has to pay for days that are ordered, written off now."""

    subscription_id: strawberry.ID
    """Which subscription."""
    if_version: int | None = UNSET
    """Refused with STALE when the subscription has another version; left out: whatever it has."""


@strawberry.type
class CloseChargesPayload(Payload):
    """What closeCharges answers."""

    subscription: ServiceSubscription | None
    """The subscription as it is now; null when refused."""
    charges: list[Charge] | None
    """The merged charges, CLOSED; those they replace are DELETED. Null when refused."""
    impact: Impact | None
    """With dryRun, what it would do to everybody's money; otherwise null."""


@strawberry.input
class TopUpInput:
    """Money for a customer's balance."""

    account_id: strawberry.ID
    """Whose balance."""
    amount: MoneyInput
    """How much, above zero; another currency than the account's is CURRENCY_MISMATCH."""
    external_id: str | None = UNSET
    """The client's own id for the payment; up to 200 characters."""
    comment: str | None = UNSET
    """For the record; up to 1,000 characters."""
    received: bool = True
    """True: a manager records money that has come; it is on the balance at once. False: the payment waits for it."""


@strawberry.type
class TopUpPayload(Payload):
    """What topUp answers."""

    payment: Payment | None
    """The payment; null when refused."""
    account: Account | None
    """The customer with the new balance."""
    impact: Impact | None
    """With dryRun, what it would do to everybody's money; otherwise null."""


@strawberry.input
class CompletePaymentInput:
    """Pays from the balance; a waiting top-up is recorded as received."""

    payment_id: strawberry.ID
    """Which payment."""


@strawberry.type
class CompletePaymentPayload(Payload):
    """What completePayment answers."""

    payment: Payment | None
    """The payment as it is now; null when refused."""
    impact: Impact | None
    """With dryRun, what it would do to everybody's money; otherwise null."""


@strawberry.input
class AdvanceClockInput:
    """Time passes in a sandbox: everything that falls due on the way is done, in order."""

    distributor_id: strawberry.ID | None = UNSET
    """A sandbox distributor; default the viewer's. One that lives in real time is INVALID_STATE."""
    to: datetime
    """Where the clock is to stand, at most ten years on. Its present place: only what is due already is done."""
    wait: int = 5
    """Seconds to wait for the end before the answer; more than 9 count as 9, 0 answers at once with the job waiting."""


@strawberry.type
class AdvanceClockPayload(Payload):
    """What advanceClock answers. With dryRun the request is checked and nothing runs."""

    distributor: Distributor | None
    """The distributor with its clock; null when refused."""
    job: Job | None
    """The job that does it; its events tell what happened, in order."""


@strawberry.input
class CancelJobInput:
    """A job that is not wanted any more."""

    job_id: strawberry.ID
    """A job of the acting tenant that is `cancellable` and has not ended."""


@strawberry.input
class RetryJobInput:
    """A job that is to be tried again."""

    job_id: strawberry.ID
    """A job of the acting tenant that is FAILED or CANCELLED."""


@strawberry.type
class JobPayload(Payload):
    """What a mutation of a job answers."""

    job: Job | None
    """The job as it is now; null when refused."""
