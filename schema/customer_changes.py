"""Changing customers; what they agree to; inviting people; accounts that users open themselves."""

from decimal import Decimal

import strawberry
from strawberry import UNSET

from schema.accounts import Account
from schema.common import MoneyInput
from schema.confirmations import ManualOperation
from schema.enums import AccessLevel, AccountKind, AgreementKind, HowDone, PaymentModel
from schema.impact import Impact
from schema.members import Invitation, LegalAgreement, Membership, User
from schema.order_attributes import OrderAttributeValueInput
from schema.orders import Order
from schema.payload import Payload
from schema.sales_changes import QuantityInput
from schema.subscriptions import ServiceSubscription
from schema.terms import AccountClass, AccountType

__all__ = [
    "AcceptAgreementsInput",
    "AcceptAgreementsPayload",
    "AcceptInvitationInput",
    "AcceptInvitationPayload",
    "AccountChange",
    "AccountClassPayload",
    "AccountPayload",
    "AccountTypePayload",
    "AgreementPayload",
    "ClassTermsInput",
    "CreateAccountClassInput",
    "CreateAccountTypeInput",
    "InvitationPayload",
    "InviteMemberInput",
    "OpenAccountInput",
    "OpenAccountPayload",
    "OrderForNewAccountInput",
    "OrderForNewAccountPayload",
    "PublishAgreementInput",
    "ResendInvitationInput",
    "RevokeInvitationInput",
    "SetPostpayPermissionInput",
    "UpdateAccountClassInput",
    "UpdateAccountInput",
]


@strawberry.input
class UpdateAccountInput:
    """A change of a customer of the acting tenant."""

    account_id: strawberry.ID
    """Which account."""
    if_version: int | None = UNSET
    """Refused with STALE when the account has another version; left out: whatever it has."""
    change: "AccountChange"
    """What becomes of it."""


@strawberry.input
class AccountChange:
    """What becomes of an account. Absent keeps, null clears, a value sets.

    The account's own users change all but kind, type, class, manager and microsoft.
    """

    name: str | None = UNSET
    """The person or company; up to 200 characters."""
    email: str | None = UNSET
    """Where mail to the customer goes."""
    kind: AccountKind | None = UNSET
    """What sort of customer it is; CUSTOM together with accountTypeId. Needs account_terms.write."""
    account_type_id: strawberry.ID | None = UNSET
    """The type of a CUSTOM one. Needs account_terms.write."""
    account_class_id: strawberry.ID | None = UNSET
    """Its payment rules; null: the default class. Needs account_terms.write."""
    manager_id: strawberry.ID | None = UNSET
    """The tenant's manager who looks after it. Needs account_terms.write."""
    microsoft: bool | None = UNSET
    """Whether the rules for company names hold. Needs account_terms.write."""
    contact_name: str | None = UNSET
    """Whom to speak to; up to 200 characters."""
    contact_email: str | None = UNSET
    """That person's e-mail address."""
    contact_phone: str | None = UNSET
    """That person's telephone number; up to 50 characters."""
    signer_name: str | None = UNSET
    """Who signs contracts; up to 200 characters."""
    signer_email: str | None = UNSET
    """That person's e-mail address."""
    country: str | None = UNSET
    """ISO 3166, two letters such as DE."""
    region: str | None = UNSET
    """State, province, county; up to 200 characters."""
    city: str | None = UNSET
    """Up to 200 characters."""
    postal_code: str | None = UNSET
    """Up to 20 characters."""
    street: str | None = UNSET
    """With the house number; up to 200 characters."""
    tax_number: str | None = UNSET
    """As its country writes it; up to 50 characters."""
    external_id: str | None = UNSET
    """The client's own id for it; up to 200 characters."""


@strawberry.type
class AccountPayload(Payload):
    """What updateAccount answers."""

    account: Account | None
    """The account as it is now; null when refused."""


@strawberry.input
class ClassTermsInput:
    """How accounts of a class pay, and what they do by themselves. Amounts are in the account's currency."""

    payment_model: PaymentModel = PaymentModel.PREPAY
    """That of new accounts."""
    stop: HowDone = HowDone.AUTOMATIC
    """Whether stopping a subscription waits for a manager."""
    delete: HowDone = HowDone.AUTOMATIC
    """Whether deleting a subscription waits for a manager."""
    threshold: Decimal = Decimal(0)
    """Prepay: how far below zero a balance may be without a credit hold."""
    pays_below_zero: bool = False
    """Prepay: whether orders may be paid down to the threshold."""
    subzero_days: int = 0
    """Prepay: days below zero without a credit hold; −1: as long as it lasts; at most 3,660."""
    cancel_unpaid_days: int = 14
    """Prepay: days after which an unpaid order is cancelled, 1 to 3,660."""
    credit_limit: Decimal | None = UNSET
    """Postpay: debt of one subscription above which it is blocked; left out: none."""
    payment_expiration_days: int = 14
    """Postpay: days after which a payment expires, 1 to 3,660."""
    guaranteed_limit: Decimal | None = UNSET
    """The most that a guaranteed payment may be; together with guaranteedDays."""
    guaranteed_days: int | None = UNSET
    """Days in which a guaranteed payment must come, 1 to 3,660."""


@strawberry.input
class CreateAccountClassInput:
    """New payment rules, for customers of the acting tenant and of those below."""

    key: str
    """What programs call it: a-z, 0-9 and _, up to 100 characters; KEY_TAKEN when it is used here or above."""
    name: str
    """What people call it; up to 200 characters."""
    default: bool = False
    """Whether accounts without a class have this one; it takes the place of the one before."""
    terms: ClassTermsInput
    """The rules."""


@strawberry.input
class UpdateAccountClassInput:
    """Other payment rules."""

    account_class_id: strawberry.ID
    """Which class; one from upstream is INVALID_STATE."""
    name: str | None = UNSET
    """A new name; up to 200 characters."""
    default: bool | None = UNSET
    """Whether accounts without a class have this one."""
    terms: ClassTermsInput | None = UNSET
    """All rules anew; left out: they stay."""


@strawberry.type
class AccountClassPayload(Payload):
    """What changes of account classes answer."""

    account_class: AccountClass | None
    """The class; null when refused."""


@strawberry.input
class CreateAccountTypeInput:
    """A new sort of customer, for the acting tenant and those below."""

    key: str
    """What programs call it: a-z, 0-9 and _, up to 100 characters; KEY_TAKEN when it is used here or above."""
    name: str
    """What people call it; up to 200 characters."""
    company: bool = True
    """Whether such a customer is a company, whose name obeys the rules for company names."""


@strawberry.type
class AccountTypePayload(Payload):
    """What createAccountType answers."""

    account_type: AccountType | None
    """The type; null when refused."""


@strawberry.input
class PublishAgreementInput:
    """A new version of what customers agree to; it holds at once, here and below where there is no own one."""

    kind: AgreementKind
    """Which agreement."""
    title: str
    """What it is called; up to 200 characters."""
    url: str
    """Where its text is: an address that begins with https://, up to 2,000 characters."""
    required: bool = True
    """False: nothing has to be accepted from now on."""


@strawberry.type
class AgreementPayload(Payload):
    """What publishAgreement answers."""

    agreement: LegalAgreement | None
    """The new version; null when refused."""


@strawberry.input
class AcceptAgreementsInput:
    """A user's consent, kept with the time and the address it came from."""

    agreement_ids: list[strawberry.ID]
    """Versions in force, see `viewer { agreements }`; others are INVALID_STATE. Accepted ones stay as they were."""


@strawberry.type
class AcceptAgreementsPayload(Payload):
    """What acceptAgreements answers."""

    agreements: list[LegalAgreement] | None
    """What is accepted now; null when refused."""


@strawberry.input
class InviteMemberInput:
    """An invitation into an account, by mail."""

    account_id: strawberry.ID
    """Which account; one without an OWNER is INVALID_STATE."""
    email: str
    """Whom to invite."""
    level: AccessLevel
    """What the user will be; anything but OWNER."""


@strawberry.input
class ResendInvitationInput:
    """The same invitation in a new mail, with all its time; the link of the earlier mail works no more."""

    invitation_id: strawberry.ID
    """Which invitation."""


@strawberry.input
class RevokeInvitationInput:
    """The end of an invitation that nobody has accepted."""

    invitation_id: strawberry.ID
    """Which invitation."""


@strawberry.type
class InvitationPayload(Payload):
    """What changes of invitations answer."""

    invitation: Invitation | None
    """The invitation; null when refused."""


@strawberry.input
class AcceptInvitationInput:
    """Coming in. The token of the invitation's mail is sent as the bearer token of this request."""

    name: str | None = UNSET
    """What a new user is called; a user with the invited address keeps its name."""
    agreement_ids: list[strawberry.ID] | None = UNSET
    """Agreements that the user accepts. A new user has to accept the privacy policy in force."""


@strawberry.type
class AcceptInvitationPayload(Payload):
    """What acceptInvitation answers, read as the user that came in."""

    user: User | None
    """Who came in; null when refused."""
    membership: Membership | None
    """On which level."""
    token: str | None
    """Of a new user, shown this once. Null: a user that was there before signs in as always."""


@strawberry.input
class OpenAccountInput:
    """An account of the user's own; from here on it works there, as its OWNER."""

    name: str
    """The person or company; up to 200 characters."""
    email: str | None = UNSET
    """Where mail to the customer goes; default the user's address."""


@strawberry.type
class OpenAccountPayload(Payload):
    """What openAccount answers, as seen from the new account."""

    account: Account | None
    """The new account; null when refused."""
    membership: Membership | None
    """The user as its owner."""


@strawberry.input
class SetPostpayPermissionInput:
    """Whether an account may pay afterwards, whatever the setting POSTPAY_PERMISSION says."""

    account_id: strawberry.ID
    """Which account; none whose first order waits for a manager."""
    allowed: bool
    """False: no new postpaid orders, renewals and switches to commercial periods."""


@strawberry.input
class OrderForNewAccountInput:
    """An order, and the account that it is for: both come to be, or neither. The user works in the account after."""

    account_name: str
    """The person or company; up to 200 characters."""
    account_email: str | None = UNSET
    """Where mail to the customer goes; default the user's address."""
    plan_id: strawberry.ID
    """An active, public plan of the seller."""
    period_id: strawberry.ID
    """One of the plan's public periods; another plan's is NOT_FOUND."""
    quantities: list[QuantityInput]
    """Resources left out start at their minimum."""
    name: str | None = UNSET
    """The customer's name for the subscription, up to 200 characters; default the plan's."""
    auto_renew: bool = True
    """Whether the next order is made by itself when the time comes."""
    expected_total: MoneyInput | None = UNSET
    """What the order is expected to cost: refused with PRICE_CHANGED when it is another amount."""
    attributes: list[OrderAttributeValueInput] | None = UNSET
    """Answers to the plan's orderAttributes."""


@strawberry.type
class OrderForNewAccountPayload(Payload):
    """What orderForNewAccount answers, as seen from the new account."""

    account: Account | None
    """The new account; null when refused."""
    order: Order | None
    """The order."""
    subscription: ServiceSubscription | None
    """Its subscription."""
    manual_operation: ManualOperation | None
    """Instead of an order: what a manager has to approve first, where the account pays afterwards."""
    impact: Impact | None
    """With dryRun, what it would do to the money of the new account; otherwise null."""
