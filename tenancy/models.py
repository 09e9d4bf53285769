"""Tenants, the people who act for them, and their clock."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Index, LargeBinary, Text, UniqueConstraint, false, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.ids import uuid7
from db.types import CurrencyCode, Path, choice
from db.words import WITHOUT_WORDS, words_index, words_of
from tenancy.permissions import Role
from tenancy.rows import Reach, TenantRow, Visibility, owned

__all__ = [
    "AccessEpoch",
    "ApiToken",
    "Counter",
    "CustomRole",
    "DeprecatedUse",
    "DistributorClock",
    "IdempotencyRecord",
    "Manager",
    "ServiceToken",
    "Tenant",
    "TenantKind",
    "TenantName",
    "TenantSetting",
    "TenantState",
    "TrustedDocument",
]


class TenantKind(StrEnum):
    """Where a tenant stands."""

    DISTRIBUTOR = "DISTRIBUTOR"
    RESELLER = "RESELLER"


class TenantState(StrEnum):
    """Whether a tenant's people may work."""

    ACTIVE = "ACTIVE"
    """Its people may work, unless a tenant above is suspended."""
    SUSPENDED = "SUSPENDED"
    """Its people are refused, and those of every tenant below it; its subscriptions go on and are billed."""


class Tenant(TenantRow, Base):
    """A seller in the hierarchy. Its row is its own: `tenant_id` is `id`, `tenant_path` its place."""

    __tablename__ = "tenants"

    kind: Mapped[TenantKind] = mapped_column(choice(TenantKind))
    number: Mapped[str]
    """Unique in the distributor, rising by creation."""
    name: Mapped[str]
    state: Mapped[TenantState] = mapped_column(choice(TenantState), default=TenantState.ACTIVE)
    suspended_above: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a tenant above is suspended, at any distance: then this one's people are refused as well."""
    currency: Mapped[str] = mapped_column(CurrencyCode)
    """What the tenant bills its customers in."""
    vendor: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it publishes products to distributors; a root's only."""
    parent_id: Mapped[UUID | None]
    """The tenant above; null for a distributor."""
    level: Mapped[int]
    """0 for a distributor, 1 directly below it."""
    children: Mapped[int] = mapped_column(default=0)
    """How many path segments were given away below this tenant; also the lock of its children."""
    external_id: Mapped[str | None]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_path", name="uq_tenants_path"),
        UniqueConstraint("distributor_id", "number", name="uq_tenants_number"),
        CheckConstraint("tenant_id = id", name="owns_itself"),
        CheckConstraint("NOT vendor OR kind = 'DISTRIBUTOR'", name="only_a_root_is_a_vendor"),
        CheckConstraint("(kind = 'DISTRIBUTOR') = (parent_id IS NULL)", name="only_a_distributor_has_no_parent"),
        CheckConstraint("length(tenant_path) = 6 * (level + 1)", name="path_is_as_long_as_the_level_says"),
        Index("ix_tenants_parent", "distributor_id", "parent_id", "id"),
        Index("ix_tenants_kind", "kind", "id"),
        words_of("number", "name", "external_id"),
        words_index("tenants"),
        parent_id="tenants",
    )
    __mapper_args__ = WITHOUT_WORDS


class TenantName(TenantRow, Base):
    """What those below a tenant may know of it: its name. Nothing else of a tenant is seen from downstream.

    `tenant_path` is the tenant's own place or one above it: who was moved away from below it still has to read to whom
    something was owed (see `tenancy.moving`).
    """

    __tablename__ = "tenant_names"
    __visibility__ = Visibility.INHERITED
    __customers__ = (Reach.OF_ITS_SELLERS_CHAIN,)

    name: Mapped[str]

    __table_args__ = owned(
        CheckConstraint("tenant_id = id", name="owns_itself"),
    )


class DistributorClock(TenantRow, Base):
    """The time of a distributor and everything below it. `id` is the distributor's."""

    __tablename__ = "distributor_clocks"
    __visibility__ = Visibility.INHERITED
    __customers__ = (Reach.OF_ITS_SELLERS_CHAIN,)

    time_zone: Mapped[str]
    """IANA name; every date below the distributor is a day in this zone."""
    sandbox: Mapped[bool] = mapped_column(default=False)
    """A sandbox has its own clock, which stands still between calls of advanceClock."""
    clock_at: Mapped[datetime | None]
    """Where a sandbox's clock stands; null: the real time."""
    last_run_on: Mapped[date | None]
    """The last day whose billing run was put in the queue; only in real time, where the scheduler remembers by it."""

    __table_args__ = owned(
        CheckConstraint("sandbox = (clock_at IS NOT NULL)", name="only_a_sandbox_has_its_own_clock"),
    )


class CustomRole(TenantRow, Base):
    """A role that a tenant put together for its own managers."""

    __tablename__ = "custom_roles"

    name: Mapped[str]
    """Unique in the tenant, whatever its letters' case."""
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    """In alphabetical order; a name that is no permission any more gives nothing."""

    __table_args__ = owned(
        Index("uq_custom_roles_name", "distributor_id", "tenant_id", text("lower(name)"), unique=True),
        Index("ix_custom_roles_path", "distributor_id", "tenant_path", "id"),
    )


class Manager(TenantRow, Base):
    """A person who works for a tenant. Whoever acts for a tenant below his own still sees himself."""

    __tablename__ = "managers"
    __customers__ = (Reach.ITSELF,)

    name: Mapped[str]
    email: Mapped[str]
    """Lower case; unique in the tenant."""
    role: Mapped[Role] = mapped_column(choice(Role))
    custom_role_id: Mapped[UUID | None]
    """The role where `role` is CUSTOM."""
    active: Mapped[bool] = mapped_column(default=True)

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "email", name="uq_managers_email"),
        Index("ix_managers_tenant", "distributor_id", "tenant_id", "id"),
        CheckConstraint("(role = 'CUSTOM') = (custom_role_id IS NOT NULL)", name="custom_role_is_named"),
        custom_role_id="custom_roles",
    )


class ApiToken(TenantRow, Base):
    """A manager's key to the API. Only its SHA-256 is kept: the token has 256 random bits, nothing to guess."""

    __tablename__ = "api_tokens"

    manager_id: Mapped[UUID]
    name: Mapped[str] = mapped_column(server_default="")
    """What it is for; empty for the first one, which is made together with the manager."""
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None]
    """Real time, also in a sandbox; null: never."""
    revoked_at: Mapped[datetime | None]
    """Real time."""
    last_used_at: Mapped[datetime | None]
    """Real time, a minute exact."""

    __table_args__ = owned(
        Index("ix_api_tokens_token_hash", "token_hash"),
        Index("ix_api_tokens_manager", "distributor_id", "manager_id", "id"),
        manager_id="managers",
    )


class ServiceToken(Base):
    """A platform operator's key. It belongs to no distributor; only the platform sees the table.

    One that acts for a tenant sees its own row.
    """

    __tablename__ = "service_tokens"
    __customers__ = (Reach.ITSELF,)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    tenant_path: Mapped[str] = mapped_column(Path, default="")
    """Empty: only a scope that starts at the very top reads it."""
    name: Mapped[str] = mapped_column(unique=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (CheckConstraint("tenant_path = ''", name="belongs_to_the_platform"),)


class AccessEpoch(Base):
    """How often it has changed, in a distributor's tree, who may do what: as often as a transaction changed it.

    Triggers count; nobody else writes. Whoever was looked up in the present epoch still has the access found then.
    """

    __tablename__ = "access_epochs"
    __visibility__ = Visibility.INHERITED
    __customers__ = (Reach.OF_ITS_SELLERS_CHAIN,)

    tenant_path: Mapped[str] = mapped_column(Path, primary_key=True)
    """The distributor's; empty: the platform's."""
    epoch: Mapped[int] = mapped_column(BigInteger)


class TrustedDocument(Base):
    """A GraphQL document that may run where only trusted ones do. It belongs to the platform, like its keys."""

    __tablename__ = "trusted_documents"

    sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """Of the document's text in UTF-8: the name that clients ask by."""
    tenant_path: Mapped[str] = mapped_column(Path, default="")
    """Empty: only a scope that starts at the very top reads it."""
    document: Mapped[str]
    operations: Mapped[str]
    """Names of its operations, for people."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("tenant_path = ''", name="belongs_to_the_platform"),
        CheckConstraint("sha256 = sha256(convert_to(document, 'UTF8'))", name="named_by_its_text"),
    )


class DeprecatedUse(Base):
    """That a token's requests used an element of the schema that is to go: one row for both, renewed by later uses."""

    __tablename__ = "deprecated_uses"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    token_id: Mapped[UUID]
    """A manager's token or a platform operator's."""
    coordinate: Mapped[str]
    """Such as `Plan.price`."""
    tenant_path: Mapped[str] = mapped_column(Path)
    """The place of the token's tenant; empty for the platform."""
    removed_after: Mapped[date]
    """As the schema said at the last use."""
    last_used_at: Mapped[datetime]
    """Real time, a few seconds exact."""
    operation_name: Mapped[str | None]
    """Of the last use; null: it had no name."""

    __table_args__ = (UniqueConstraint("token_id", "coordinate", name="uq_deprecated_uses_coordinate"),)


class TenantSetting(TenantRow, Base):
    """What a tenant has set; what is not set has no row. `updated_at` is when it was set to this value."""

    __tablename__ = "settings"
    __visibility__ = Visibility.MARKED

    key: Mapped[str]
    """Of `tenancy.settings.registry`."""
    value: Mapped[Any] = mapped_column(JSONB(none_as_null=True))
    """A text, true or false, a whole number, or a list of texts, as the setting's kind says."""
    inherited: Mapped[bool]
    """Whether tenants below see it and live by it; as the registry said when it was set."""
    set_by_id: Mapped[UUID | None]
    """The manager who did it, perhaps of a tenant above; null: a platform operator."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "key", name="uq_settings_key"),
        Index("ix_settings_place", "distributor_id", "tenant_path", "key"),
    )


class Counter(TenantRow, Base):
    """The last number given in one series of one tenant; its row lock makes numbers rise with creation."""

    __tablename__ = "counters"

    series: Mapped[str]
    """Such as `orders`."""
    value: Mapped[int]

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "tenant_id", "series", name="uq_counters_series"),
    )


class IdempotencyRecord(TenantRow, Base):
    """What a mutation answered to an idempotency key, written by the transaction that did the work.

    The platform's own records have the all-zero distributor and the empty path, therefore no reference to a tenant.
    """

    __tablename__ = "idempotency_records"

    actor_id: Mapped[UUID]
    key: Mapped[str]
    mutation: Mapped[str]
    input_hash: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of the mutation's input."""
    answer: Mapped[dict[str, Any]]
    """The payload's fields as references to rows and plain values; secrets left out."""

    __table_args__ = (
        UniqueConstraint("distributor_id", "tenant_id", "actor_id", "key", name="uq_idempotency_records_key"),
        Index("ix_idempotency_records_created_at", "created_at"),
    )
