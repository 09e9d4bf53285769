"""The people who work for a tenant, their roles and their tokens."""

from typing import Any

from resolvers.changing.change import Answer, Change, Secret
from tenancy import people, roles, tokens_of_people
from tenancy.permissions import Permission

__all__ = [
    "create_custom_role",
    "create_manager",
    "create_token",
    "deactivate_manager",
    "delete_custom_role",
    "reactivate_manager",
    "revoke_token",
    "update_custom_role",
    "update_manager",
]


def create_manager(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.people.create_manager`."""
    manager, token = people.create_manager(
        change.session, change.scope, granting=change.permissions, clock=change.clock, **input
    )
    return {"manager": manager, "token": Secret(token)}


def update_manager(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.people.update_manager`."""
    return {"manager": people.update_manager(change.session, change.scope, **_granting(change), **input)}


def deactivate_manager(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.people.deactivate_manager`."""
    return {"manager": people.deactivate_manager(change.session, change.scope, **_granting(change), **input)}


def reactivate_manager(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.people.reactivate_manager`."""
    return {"manager": people.reactivate_manager(change.session, change.scope, **_granting(change), **input)}


def create_custom_role(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.roles.create_custom_role`."""
    return {"custom_role": roles.create_custom_role(change.session, change.scope, **_granting(change), **input)}


def update_custom_role(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.roles.update_custom_role`."""
    return {"custom_role": roles.update_custom_role(change.session, change.scope, **_granting(change), **input)}


def delete_custom_role(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.roles.delete_custom_role`."""
    roles.delete_custom_role(change.session, change.scope, granting=change.permissions, **input)
    return {}


def create_token(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.tokens_of_people.create_token`. Other people's tokens need managers.write too."""
    if input.get("manager_id", change.scope.actor_id) != change.scope.actor_id:
        change.require(Permission.MANAGERS_WRITE)
    row, token = tokens_of_people.create_token(change.session, change.scope, granting=change.permissions, **input)
    return {"api_token": row, "token": Secret(token)}


def revoke_token(change: Change, /, **input: Any) -> Answer:
    """See `tenancy.tokens_of_people.revoke_token`. Other people's tokens need managers.write too."""
    row = tokens_of_people.revoke_token(change.session, change.scope, granting=change.permissions, **input)
    if row.manager_id != change.scope.actor_id:
        change.require(Permission.MANAGERS_WRITE)
    return {"api_token": row}


def _granting(change: Change) -> dict[str, Any]:
    """What the one who does it may do, and when."""
    return {"granting": change.permissions, "clock": change.clock}
