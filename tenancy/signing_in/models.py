"""What is kept of people who sign in. All times here are real, also in a sandbox.

A person is named by kind and id, because managers and customers' users stand in tables of their own; therefore no
foreign key leads to them.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.types import Path, choice
from tenancy.rows import Reach, TenantRow, owned

__all__ = ["Credential", "PasswordReset", "PersonKind", "PersonSession", "SessionEnd", "SessionToken", "SignInAttempt"]


class PersonKind(StrEnum):
    """In which capacity somebody signs in."""

    MANAGER = "MANAGER"
    """Who works for the tenant."""
    USER = "USER"
    """Who belongs to customers of the tenant."""


class Credential(TenantRow, Base):
    """A person's password. `updated_at` is when it was set."""

    __tablename__ = "credentials"

    person_kind: Mapped[PersonKind] = mapped_column(choice(PersonKind))
    person_id: Mapped[UUID]
    password_hash: Mapped[str]
    """Argon2id, with its parameters and salt."""

    __table_args__ = owned(
        UniqueConstraint("distributor_id", "person_kind", "person_id", name="uq_credentials_person"),
    )


class SessionEnd(StrEnum):
    """Why a session is over before its time."""

    SIGNED_OUT = "SIGNED_OUT"
    """The person ended it, here or from another session."""
    REVOKED = "REVOKED"
    """Somebody who manages people ended it, or made the person inactive."""
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - a reason
    """The password was changed or reset."""
    TOKEN_REUSED = "TOKEN_REUSED"  # noqa: S105 - a reason
    """Its refresh token was used twice: one of the two users is a thief."""


class PersonSession(TenantRow, Base):
    """One sign-in of a person, on one device, however often its tokens are renewed."""

    __tablename__ = "person_sessions"
    __customers__ = (Reach.WHOSE_PERSON_IT_IS,)

    person_kind: Mapped[PersonKind] = mapped_column(choice(PersonKind))
    person_id: Mapped[UUID]
    address: Mapped[str | None]
    """IP address of the sign-in."""
    expires_at: Mapped[datetime]
    """It cannot be renewed beyond."""
    last_used_at: Mapped[datetime]
    """A minute exact."""
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[SessionEnd | None] = mapped_column(choice(SessionEnd))

    __table_args__ = owned(
        Index("ix_person_sessions_person", "distributor_id", "person_id", "id"),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ends_for_a_reason"),
    )


class SessionToken(TenantRow, Base):
    """An access token of a session, or the refresh token that gets the next two. Kept as SHA-256, like all tokens."""

    __tablename__ = "session_tokens"

    session_id: Mapped[UUID]
    refreshes: Mapped[bool]
    """True: it opens nothing and is good for one renewal."""
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    """Of a refresh token. Kept, so that a second use is noticed."""

    __table_args__ = owned(
        Index("ix_session_tokens_token_hash", "token_hash"),
        Index("ix_session_tokens_session", "distributor_id", "session_id"),
        CheckConstraint("refreshes OR used_at IS NULL", name="only_refresh_tokens_are_used_up"),
        session_id="person_sessions",
    )


class PasswordReset(TenantRow, Base):
    """A key that was mailed to a person: whoever brings it may set a new password, once."""

    __tablename__ = "password_resets"

    person_kind: Mapped[PersonKind] = mapped_column(choice(PersonKind))
    person_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = owned(
        Index("ix_password_resets_token_hash", "token_hash"),
        Index("ix_password_resets_person", "distributor_id", "person_id"),
    )


class SignInAttempt(Base):
    """How often something was tried under one key: a person's address at a tenant, or an IP address.

    It belongs to the platform, because it counts for people whom no tenant knows too: whether somebody exists must not
    show in when sign-in is closed.
    """

    __tablename__ = "sign_in_attempts"

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """SHA-256 of what is counted: no address is kept in clear text."""
    tenant_path: Mapped[str] = mapped_column(Path, default="")
    """Empty: only a scope that starts at the very top reads it."""
    failures: Mapped[int]
    since: Mapped[datetime] = mapped_column(server_default=func.now())
    """When the first of them was."""

    __table_args__ = (
        CheckConstraint("tenant_path = ''", name="belongs_to_the_platform"),
        Index("ix_sign_in_attempts_since", "since"),
    )
