"""Changing people, roles and tokens."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from schema.enums import ManagerRole
from schema.payload import Payload
from schema.people import ApiToken, CustomRole, Manager
from schema.scalars import PermissionName

__all__ = [
    "CreateCustomRoleInput",
    "CreateCustomRolePayload",
    "CreateTokenInput",
    "CreateTokenPayload",
    "CustomRoleChange",
    "DeactivateManagerInput",
    "DeactivateManagerPayload",
    "DeleteCustomRoleInput",
    "DeleteCustomRolePayload",
    "ManagerChange",
    "ReactivateManagerInput",
    "ReactivateManagerPayload",
    "RevokeTokenInput",
    "RevokeTokenPayload",
    "UpdateCustomRoleInput",
    "UpdateCustomRolePayload",
    "UpdateManagerInput",
    "UpdateManagerPayload",
]


@strawberry.input
class ManagerChange:
    """What becomes of a manager: absent keeps, a value sets; nothing can be cleared but customRoleId."""

    name: str | None = UNSET
    """What the person is called; up to 200 characters."""
    email: str | None = UNSET
    """The person's e-mail address, by which it signs in; INVALID_INPUT when the tenant has somebody with it."""
    role: ManagerRole | None = UNSET
    """What the person may do from its next request on."""
    custom_role_id: strawberry.ID | None = UNSET
    """One of the tenant's own roles; goes with the role CUSTOM, and with no other."""


@strawberry.input
class UpdateManagerInput:
    """Who is changed, and how."""

    manager_id: strawberry.ID
    """The person: one that may do nothing that you may not."""
    change: ManagerChange
    """What becomes of it."""


@strawberry.type
class UpdateManagerPayload(Payload):
    """What updateManager answers."""

    manager: Manager | None
    """The person; null when refused."""


@strawberry.input
class DeactivateManagerInput:
    """Who is shut out."""

    manager_id: strawberry.ID
    """The person: one that may do nothing that you may not."""


@strawberry.type
class DeactivateManagerPayload(Payload):
    """What deactivateManager answers."""

    manager: Manager | None
    """The person; null when refused."""


@strawberry.input
class ReactivateManagerInput:
    """Who is let in again."""

    manager_id: strawberry.ID
    """The person: one that may do nothing that you may not."""


@strawberry.type
class ReactivateManagerPayload(Payload):
    """What reactivateManager answers."""

    manager: Manager | None
    """The person; null when refused."""


@strawberry.input
class CreateCustomRoleInput:
    """A role of the acting tenant's own."""

    name: str
    """What it is called; up to 200 characters, once at the tenant whatever its letters' case, else KEY_TAKEN."""
    permissions: list[PermissionName]
    """What it gives: at least one, and nothing that who creates it has not himself, else FORBIDDEN."""


@strawberry.type
class CreateCustomRolePayload(Payload):
    """What createCustomRole answers."""

    custom_role: CustomRole | None
    """The new role; null when refused."""


@strawberry.input
class CustomRoleChange:
    """What becomes of a role: absent keeps, a value sets; nothing can be cleared."""

    name: str | None = UNSET
    """What it is called; up to 200 characters."""
    permissions: list[PermissionName] | None = UNSET
    """All that it gives from now on."""


@strawberry.input
class UpdateCustomRoleInput:
    """Which role is changed, and how."""

    custom_role_id: strawberry.ID
    """The role: one that gives nothing that you have not."""
    change: CustomRoleChange
    """What becomes of it."""


@strawberry.type
class UpdateCustomRolePayload(Payload):
    """What updateCustomRole answers."""

    custom_role: CustomRole | None
    """The role; null when refused."""


@strawberry.input
class DeleteCustomRoleInput:
    """Which role goes."""

    custom_role_id: strawberry.ID
    """A role that no manager has, active or not."""


@strawberry.type
class DeleteCustomRolePayload(Payload):
    """What deleteCustomRole answers: nothing is left to show."""


@strawberry.input
class CreateTokenInput:
    """Another token for a manager."""

    manager_id: strawberry.ID | None = UNSET
    """Whose it is to be, default your own; for others managers.write is needed besides."""
    name: str
    """What it is for; up to 200 characters."""
    expires_at: datetime | None = UNSET
    """From when on it opens nothing, in real time; default never."""


@strawberry.type
class CreateTokenPayload(Payload):
    """What createToken answers."""

    api_token: ApiToken | None
    """What is kept of it; null when refused."""
    token: str | None
    """The token. Shown this once."""


@strawberry.input
class RevokeTokenInput:
    """Which token goes."""

    token_id: strawberry.ID
    """Your own, or with managers.write another's at the tenant."""


@strawberry.type
class RevokeTokenPayload(Payload):
    """What revokeToken answers."""

    api_token: ApiToken | None
    """What is kept of it; null when refused."""
