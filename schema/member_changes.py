"""Adding users, letting them into accounts, and what they may do there."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from schema.accounts import Account
from schema.enums import AccessLevel
from schema.members import Membership, User
from schema.payload import Payload
from schema.subscriptions import ServiceSubscription

__all__ = [
    "AddMemberInput",
    "AssignServicesInput",
    "ChangeMemberInput",
    "ChooseAccountInput",
    "CreateUserInput",
    "CreateUserPayload",
    "CreateUserTokenInput",
    "CreateUserTokenPayload",
    "EntryPointInput",
    "MembershipPayload",
    "RemoveMemberInput",
    "RemoveMemberPayload",
    "SetEntryPointsInput",
    "SetEntryPointsPayload",
    "TransferOwnershipInput",
    "TransferOwnershipPayload",
]


@strawberry.input
class CreateUserInput:
    """A new person among the acting tenant's customers."""

    name: str
    """What the person is called; up to 200 characters."""
    email: str
    """The person's e-mail address, up to 254 characters; KEY_TAKEN when the tenant has a user with it."""
    phone: str | None = UNSET
    """The person's telephone number; up to 50 characters."""


@strawberry.type
class CreateUserPayload(Payload):
    """What createUser answers."""

    user: User | None
    """The new user, without an account; null when refused."""


@strawberry.input
class CreateUserTokenInput:
    """A key with which a customer's user asks this API."""

    user_id: strawberry.ID
    """Whose key."""
    expires_at: datetime | None = UNSET
    """When it stops working, in real time, at most ten years on; left out: never."""


@strawberry.type
class CreateUserTokenPayload(Payload):
    """What createUserToken answers."""

    user: User | None
    """The user; null when refused."""
    token: str | None
    """The key. Shown this once."""


@strawberry.input
class AddMemberInput:
    """A user for an account."""

    account_id: strawberry.ID
    """Which account."""
    user_id: strawberry.ID
    """Who is to belong to it; INVALID_STATE for one who does."""
    level: AccessLevel
    """What the user may do: of an account's first user OWNER, of all others anything else."""


@strawberry.input
class ChangeMemberInput:
    """Another level for a member, or a pause."""

    membership_id: strawberry.ID
    """Which member; the OWNER is INVALID_STATE."""
    level: AccessLevel | None = UNSET
    """The new level; OWNER is INVALID_INPUT: see transferOwnership."""
    active: bool | None = UNSET
    """False: the user cannot work in the account until it is true again."""


@strawberry.type
class MembershipPayload(Payload):
    """What changes of one member answer."""

    membership: Membership | None
    """The member as it is now; null when refused."""


@strawberry.input
class TransferOwnershipInput:
    """Another owner for an account."""

    membership_id: strawberry.ID
    """The active member who is to be its OWNER; who was it becomes an ADMIN."""


@strawberry.type
class TransferOwnershipPayload(Payload):
    """What transferOwnership answers."""

    owner: Membership | None
    """The new owner; null when refused."""
    former_owner: Membership | None
    """Who was the owner."""


@strawberry.input
class RemoveMemberInput:
    """The end of a membership."""

    membership_id: strawberry.ID
    """Which member; the OWNER is INVALID_STATE."""


@strawberry.type
class RemoveMemberPayload(Payload):
    """What removeMember answers."""

    account: Account | None
    """The account without the member; null when refused."""


@strawberry.input
class ChooseAccountInput:
    """The account to work in from here on."""

    membership_id: strawberry.ID
    """One of the user's own active memberships, see `viewer { memberships }`; any other is NOT_FOUND."""


@strawberry.input
class AssignServicesInput:
    """What a USER sees of an account."""

    membership_id: strawberry.ID
    """Which member; another level than USER is INVALID_STATE."""
    subscription_ids: list[strawberry.ID]
    """All subscriptions of the account that the user is to see, in place of those before; others are NOT_FOUND."""


@strawberry.input
class EntryPointInput:
    """One way into a service."""

    label: str
    """What the link says; up to 200 characters."""
    url: str
    """Where it leads: an address that begins with https://, up to 2,000 characters."""


@strawberry.input
class SetEntryPointsInput:
    """Where a service is entered."""

    subscription_id: strawberry.ID
    """Which subscription's service."""
    entry_points: list[EntryPointInput]
    """All of them, in order, in place of those before; at most 20."""


@strawberry.type
class SetEntryPointsPayload(Payload):
    """What setEntryPoints answers."""

    subscription: ServiceSubscription | None
    """The subscription; null when refused."""
