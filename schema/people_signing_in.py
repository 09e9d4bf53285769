"""Signing in and out, passwords."""

import strawberry
from strawberry import UNSET

from schema.enums import PersonKind
from schema.payload import Payload
from schema.people import Session

__all__ = [
    "ChangePasswordInput",
    "ChangePasswordPayload",
    "RefreshSessionInput",
    "RefreshSessionPayload",
    "RequestPasswordResetInput",
    "RequestPasswordResetPayload",
    "ResetPasswordInput",
    "ResetPasswordPayload",
    "SignInInput",
    "SignInPayload",
    "SignOutInput",
    "SignOutPayload",
]


@strawberry.input
class SignInInput:
    """Who signs in, and where: one e-mail address may belong to people of several tenants."""

    tenant: str
    """The number of the tenant, such as D1-3, or its id."""
    kind: PersonKind = PersonKind.MANAGER
    """In which capacity."""
    email: str
    """The person's e-mail address."""
    password: str
    """The person's password."""


@strawberry.type
class SignInPayload(Payload):
    """What signIn answers. `query` is read as the person who has signed in."""

    session: Session | None
    """The new session; null when refused."""
    access_token: str | None
    """For the header Authorization, for 15 minutes. Shown this once."""
    refresh_token: str | None
    """Gets the next two tokens by refreshSession, once, within 7 days. Shown this once."""


@strawberry.input
class RefreshSessionInput:
    """What renews a session."""

    refresh_token: str
    """The latest one of the session."""


@strawberry.type
class RefreshSessionPayload(Payload):
    """What refreshSession answers. `query` is read as the session's person."""

    session: Session | None
    """The session; null when refused."""
    access_token: str | None
    """For the header Authorization, for 15 minutes. Shown this once."""
    refresh_token: str | None
    """Instead of the one that was sent, for 7 days. Shown this once."""


@strawberry.input
class SignOutInput:
    """What is ended."""

    session_id: strawberry.ID | None = UNSET
    """One of your own sessions, default the one that the token belongs to; with managers.write another's at the
    tenant."""
    everywhere: bool = False
    """True: all sessions of its person."""


@strawberry.type
class SignOutPayload(Payload):
    """What signOut answers."""

    session: Session | None
    """The session; null when refused."""


@strawberry.input
class ChangePasswordInput:
    """A new password for oneself."""

    current_password: str
    """The one until now. Who has none asks for a reset."""
    new_password: str
    """12 to 200 characters of any kind, but not the e-mail address."""


@strawberry.type
class ChangePasswordPayload(Payload):
    """What changePassword answers: nothing is left to show."""


@strawberry.input
class RequestPasswordResetInput:
    """Who has forgotten the password, or never had one."""

    tenant: str
    """The number of the tenant, such as D1-3, or its id."""
    kind: PersonKind = PersonKind.MANAGER
    """In which capacity the person signs in."""
    email: str
    """The person's e-mail address."""


@strawberry.type
class RequestPasswordResetPayload(Payload):
    """What requestPasswordReset answers: the same whether or not there is such a person."""


@strawberry.input
class ResetPasswordInput:
    """A new password for whoever got the mail."""

    token: str
    """The key from the mail: good once, for an hour."""
    new_password: str
    """12 to 200 characters of any kind, but not the e-mail address."""


@strawberry.type
class ResetPasswordPayload(Payload):
    """What resetPassword answers: nothing is left to show. Sign in with the new password."""
