"""Who buys: accounts, the people who act for them, and what they have agreed to."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.types import Amount, CurrencyCode, choice
from db.words import WITHOUT_WORDS, words_index, words_of
from tenancy.permissions import AccessLevel
from tenancy.rows import Reach, TenantRow, Visibility, by_value, in_order, owned
from tenancy.signing_in.models import PersonKind
from tenancy.signing_in.persons import TABLES

__all__ = [
    "Account",
    "AccountClass",
    "AccountKind",
    "AccountName",
    "AccountType",
    "AgreementAcceptance",
    "AgreementKind",
    "ChosenAccount",
    "HowDone",
    "Invitation",
    "LegalAgreement",
    "Membership",
    "PaymentModel",
    "PostpayPermission",
    "ServiceAssignment",
    "User",
    "UserToken",
]


class PaymentModel(StrEnum):
    """When an account pays."""

    PREPAY = "PREPAY"
    """From a balance, before the service."""
    POSTPAY = "POSTPAY"
    """By invoice, after the service."""


class AccountKind(StrEnum):
    """What sort of customer an account is."""

    PERSONAL = "PERSONAL"
    """A person."""
    BUSINESS = "BUSINESS"
    """A company."""
    CUSTOM = "CUSTOM"
    """As a type of the seller's own says."""


class HowDone(StrEnum):
    """Whether an operation that a customer or the calendar asks for is done by itself."""

    AUTOMATIC = "AUTOMATIC"
    """At once."""
    MANUAL = "MANUAL"
    """When a manager has approved it."""


class PostpayPermission(StrEnum):
    """Whether an account may pay afterwards."""

    NOT_VERIFIED = "NOT_VERIFIED"
    """Nobody has looked yet: the seller's setting POSTPAY_PERMISSION says what becomes of its first order."""
    APPROVAL_REQUIRED = "APPROVAL_REQUIRED"
    """Its first order waits for a manager."""
    DECLINED = "DECLINED"
    """It may not."""
    APPROVED = "APPROVED"
    """It may."""


class Account(TenantRow, Base):
    """A customer of one tenant, with its balance. The balance changes only together with ledger entries."""

    __tablename__ = "accounts"
    __customers__ = (Reach.ITS_ACCOUNT,)

    number: Mapped[str]
    name: Mapped[str]
    email: Mapped[str]
    """Where mail to the customer goes."""
    kind: Mapped[AccountKind] = mapped_column(
        choice(AccountKind), default=AccountKind.BUSINESS, server_default="BUSINESS"
    )
    account_type_id: Mapped[UUID | None]
    """The type where `kind` is CUSTOM."""
    account_class_id: Mapped[UUID | None]
    """Its payment rules; null: those of its seller's default class, if there is one."""
    payment_model: Mapped[PaymentModel] = mapped_column(choice(PaymentModel), default=PaymentModel.PREPAY)
    postpay_permission: Mapped[PostpayPermission] = mapped_column(
        choice(PostpayPermission), default=PostpayPermission.NOT_VERIFIED, server_default="NOT_VERIFIED"
    )
    """Only where it pays afterwards it means anything."""
    currency: Mapped[str] = mapped_column(CurrencyCode)
    """The tenant's billing currency."""
    funds: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    """All money on the balance, blocked included."""
    blocked: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    """Money reserved for charges that are not closed yet."""
    contact_name: Mapped[str | None]
    """Whom to speak to."""
    contact_email: Mapped[str | None]
    contact_phone: Mapped[str | None]
    signer_name: Mapped[str | None]
    """Who signs contracts."""
    signer_email: Mapped[str | None]
    country: Mapped[str | None]
    """ISO 3166, two letters."""
    region: Mapped[str | None]
    city: Mapped[str | None]
    postal_code: Mapped[str | None]
    street: Mapped[str | None]
    """Street and house number; lines are kept apart by line feeds."""
    tax_number: Mapped[str | None]
    """As the country writes it."""
    manager_id: Mapped[UUID | None]
    """The seller's manager who looks after it."""
    microsoft: Mapped[bool] = mapped_column(default=False, server_default="false")
    """Whether it has, or orders, something of Microsoft's: then rules for company names hold."""
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    """Rises with every change of what people write here; not with the balance."""
    external_id: Mapped[str | None]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "number", name="uq_accounts_number"),
        *in_order("accounts", "id", "number", "name", "created_at", "updated_at"),
        *by_value("accounts", "external_id"),
        words_of("number", "name", "email", "external_id"),
        words_index("accounts"),
        CheckConstraint("blocked >= 0", name="blocked_not_negative"),
        CheckConstraint("(kind = 'CUSTOM') = (account_type_id IS NOT NULL)", name="only_custom_has_a_type"),
        account_type_id="account_types",
        account_class_id="account_classes",
        manager_id="managers",
    )
    __mapper_args__ = WITHOUT_WORDS


class AccountName(TenantRow, Base):
    """What a user may know of an account that it belongs to but does not work in. `id` is the account's."""

    __tablename__ = "account_names"
    __customers__ = (Reach.ITS_ACCOUNTS,)

    number: Mapped[str]
    name: Mapped[str]

    __table_args__ = owned(id="accounts")


class AccountType(TenantRow, Base):
    """A sort of customer besides persons and companies; also for everybody below its owner."""

    __tablename__ = "account_types"
    __visibility__ = Visibility.INHERITED

    key: Mapped[str]
    name: Mapped[str]
    company: Mapped[bool] = mapped_column(default=True)
    """Whether it is a company, whose name obeys the rules for company names."""
    active: Mapped[bool] = mapped_column(default=True)
    """Whether new accounts may have it."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "key", name="uq_account_types_key"),
        Index("ix_account_types_path", "distributor_id", "tenant_path", "id"),
    )


class AccountClass(TenantRow, Base):
    """How a group of customers pays, and what they may do by themselves; also for everybody below its owner.

    Amounts are in the currency of the account that has the class.
    """

    __tablename__ = "account_classes"
    __visibility__ = Visibility.INHERITED

    key: Mapped[str]
    name: Mapped[str]
    default: Mapped[bool] = mapped_column(default=False)
    """Whether accounts without a class have this one; at most one a tenant."""
    payment_model: Mapped[PaymentModel] = mapped_column(choice(PaymentModel), default=PaymentModel.PREPAY)
    """That of new accounts."""
    stop: Mapped[HowDone] = mapped_column(choice(HowDone, name="stop"), default=HowDone.AUTOMATIC)
    delete: Mapped[HowDone] = mapped_column(choice(HowDone, name="delete"), default=HowDone.AUTOMATIC)
    threshold: Mapped[Decimal] = mapped_column(Amount, default=Decimal(0))
    """Prepay: how far below zero a balance may be without a credit hold."""
    pays_below_zero: Mapped[bool] = mapped_column(default=False)
    """Prepay: whether orders may be paid down to the threshold; else never below zero."""
    subzero_days: Mapped[int] = mapped_column(default=0)
    """Prepay: days a balance may be below zero without a credit hold; -1: any number."""
    cancel_unpaid_days: Mapped[int] = mapped_column(default=14)
    """Prepay: days after which an unpaid order is cancelled."""
    credit_limit: Mapped[Decimal | None] = mapped_column(Amount)
    """Postpay: debt of one subscription above which it is blocked; null: none."""
    payment_expiration_days: Mapped[int] = mapped_column(default=14)
    """Postpay: days after which a payment expires."""
    guaranteed_limit: Mapped[Decimal | None] = mapped_column(Amount)
    """The most that a guaranteed payment may be; null: there are none."""
    guaranteed_days: Mapped[int | None]
    """Days in which a guaranteed payment must come."""
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "key", name="uq_account_classes_key"),
        Index(
            "uq_account_classes_default", "distributor_id", "tenant_id", unique=True, postgresql_where=text('"default"')
        ),
        Index("ix_account_classes_path", "distributor_id", "tenant_path", "id"),
        CheckConstraint("threshold >= 0", name="threshold_not_negative"),
        CheckConstraint("subzero_days >= -1", name="subzero_days_from_minus_one"),
        CheckConstraint("cancel_unpaid_days >= 1 AND payment_expiration_days >= 1", name="days_from_one"),
    )


class User(TenantRow, Base):
    """A person who acts for accounts of one tenant."""

    __tablename__ = "users"
    __customers__ = (Reach.ITSELF,)

    name: Mapped[str]
    email: Mapped[str]
    """Lower case; unique in the tenant."""
    phone: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "email", name="uq_users_email"),
        Index("ix_users_path", "distributor_id", "tenant_path", "id"),
    )


class UserToken(TenantRow, Base):
    """A user's key to the API; as `tenancy.models.ApiToken`."""

    __tablename__ = "user_tokens"

    user_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None]
    """Real time, also in a sandbox; null: never."""
    revoked_at: Mapped[datetime | None]

    __table_args__ = owned(Index("ix_user_tokens_token_hash", "token_hash"), user_id="users")


class Membership(TenantRow, Base):
    """That a user belongs to an account. Name and e-mail are the user's, kept here for the account's other members."""

    __tablename__ = "memberships"
    __customers__ = (Reach.OF_ITS_ACCOUNT, Reach.ITS_OWN)

    account_id: Mapped[UUID]
    user_id: Mapped[UUID]
    level: Mapped[AccessLevel] = mapped_column(choice(AccessLevel))
    name: Mapped[str]
    email: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    """Whether the user may work in the account."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "account_id", "user_id", name="uq_memberships_user"),
        Index(
            "uq_memberships_owner",
            "distributor_id",
            "account_id",
            unique=True,
            postgresql_where=text("level = 'OWNER'"),
        ),
        Index("ix_memberships_user", "distributor_id", "user_id", "id"),
        Index("ix_memberships_path", "distributor_id", "tenant_path", "id"),
        CheckConstraint("active OR level <> 'OWNER'", name="an_owner_is_active"),
        account_id="accounts",
        user_id="users",
    )


class ChosenAccount(TenantRow, Base):
    """The account in which a user works with one token or session; none chosen: the user's first."""

    __tablename__ = "chosen_accounts"

    token_id: Mapped[UUID]
    """The token's or session's."""
    user_id: Mapped[UUID]
    account_id: Mapped[UUID]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "token_id", name="uq_chosen_accounts_token"),
        user_id="users",
        account_id="accounts",
    )


class ServiceAssignment(TenantRow, Base):
    """That a user who sees only what is assigned to it sees this subscription's service."""

    __tablename__ = "service_assignments"
    __customers__ = (Reach.OF_ITS_ACCOUNT, Reach.ITS_OWN)

    account_id: Mapped[UUID]
    subscription_id: Mapped[UUID]
    user_id: Mapped[UUID]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "subscription_id", "user_id", name="uq_service_assignments_user"),
        Index("ix_service_assignments_user", "distributor_id", "user_id", "account_id"),
        account_id="accounts",
        subscription_id="subscriptions",
        user_id="users",
    )


class Invitation(TenantRow, Base):
    """A way into an account for whoever reads mail at an address: used once, until it expires. Times are real."""

    __tablename__ = "invitations"
    __customers__ = (Reach.OF_ITS_ACCOUNT, Reach.ITSELF)

    account_id: Mapped[UUID]
    email: Mapped[str]
    """Lower case."""
    level: Mapped[AccessLevel] = mapped_column(choice(AccessLevel))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the last mail's token; earlier ones open nothing."""
    expires_at: Mapped[datetime]
    sent: Mapped[int] = mapped_column(default=1)
    """How often it was mailed."""
    invited_by_id: Mapped[UUID | None]
    """A user or manager; null: nobody in particular."""
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = owned(
        Index("ix_invitations_token_hash", "token_hash"),
        Index("ix_invitations_account", "distributor_id", "account_id", "id"),
        Index(
            "uq_invitations_open",
            "distributor_id",
            "account_id",
            "email",
            unique=True,
            postgresql_where=text("accepted_at IS NULL AND revoked_at IS NULL"),
        ),
        CheckConstraint("level <> 'OWNER'", name="nobody_is_invited_as_owner"),
        CheckConstraint("accepted_at IS NULL OR revoked_at IS NULL", name="accepted_or_revoked"),
        account_id="accounts",
    )


class AgreementKind(StrEnum):
    """What a customer agrees to."""

    PRIVACY_POLICY = "PRIVACY_POLICY"
    """What is done with personal data; asked of a user when it registers."""
    TERMS_AND_CONDITIONS = "TERMS_AND_CONDITIONS"
    """The conditions of sale; asked of a user before it orders."""


class LegalAgreement(TenantRow, Base):
    """One version of what a tenant's customers agree to; also for everybody below who has none of its own.

    The latest of a tenant holds. One that is not `required` ends what was required before, here and below.
    """

    __tablename__ = "legal_agreements"
    __visibility__ = Visibility.INHERITED
    __customers__ = (Reach.OF_ITS_SELLERS_CHAIN,)

    kind: Mapped[AgreementKind] = mapped_column(choice(AgreementKind))
    version: Mapped[int]
    """From 1, rising, in one tenant and kind."""
    required: Mapped[bool] = mapped_column(default=True)
    title: Mapped[str]
    url: Mapped[str]
    """Where the text is."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "kind", "version", name="uq_legal_agreements_version"),
        Index("ix_legal_agreements_path", "distributor_id", "tenant_path", "id"),
    )


class AgreementAcceptance(TenantRow, Base):
    """That a user agreed: `created_at` says when, on the distributor's clock. Kept for good, never changed."""

    __tablename__ = "agreement_acceptances"
    __customers__ = (Reach.ITS_OWN,)

    agreement_id: Mapped[UUID]
    kind: Mapped[AgreementKind] = mapped_column(choice(AgreementKind))
    version: Mapped[int]
    user_id: Mapped[UUID]
    account_id: Mapped[UUID | None]
    """The account that the user worked in."""
    ip: Mapped[str | None]
    """Where the request came from; null: not known."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "user_id", "agreement_id", name="uq_agreement_acceptances_user"),
        Index("ix_agreement_acceptances_path", "distributor_id", "tenant_path", "id"),
        agreement_id="legal_agreements",
        user_id="users",
        account_id="accounts",
    )


TABLES[PersonKind.USER] = User
