"""Tokens that people make for themselves, or for one another, and take away again."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from tenancy.errors import InvalidInput, InvalidState, NotFound
from tenancy.finding import locked, own
from tenancy.models import ApiToken, Manager
from tenancy.people import manager_for_update, permissions_held, require_all
from tenancy.permissions import Permission
from tenancy.scope import Scope
from tenancy.signing_in.sessions import real_time
from tenancy.texts import clean_text
from tenancy.tokens import add_token

__all__ = ["create_token", "revoke_token"]


def create_token(
    session: Session,
    scope: Scope,
    *,
    manager_id: UUID | None = None,
    name: str,
    expires_at: datetime | None = None,
    granting: Iterable[Permission],
) -> tuple[ApiToken, str]:
    """Give a manager of the acting tenant another token, which is seen this once; default: the actor himself.

    Nobody makes tokens that may do more than he. Raises NotFound, ActAsRequired, Forbidden, InvalidInput,
    InvalidState (an inactive manager).
    """
    if manager_id is None and scope.actor_id is None:
        raise NotFound("manager_id")
    manager = manager_for_update(session, scope, manager_id or scope.actor_id)  # type: ignore[arg-type]
    require_all(granting, permissions_held(session, manager))
    if not manager.active:
        raise InvalidState("This manager is inactive; its tokens would open nothing.", path=("manager_id",))
    if expires_at is not None and expires_at <= real_time(session):
        raise InvalidInput("{field} must be in the future, in real time.", path=("expires_at",))
    return add_token(session, manager, name=clean_text(name, "name"), expires_at=expires_at)


def revoke_token(session: Session, scope: Scope, *, token_id: UUID, granting: Iterable[Permission]) -> ApiToken:
    """Make a token of the acting tenant open nothing any more, at once and everywhere; again: nothing more.

    Raises NotFound, ActAsRequired, Forbidden.
    """
    token = own(session, scope, ApiToken, token_id, "token_id")
    token = locked(session, ApiToken, token.distributor_id, [token.id])[token.id]
    manager = own(session, scope, Manager, token.manager_id)
    require_all(granting, permissions_held(session, manager))
    if token.revoked_at is None:
        token.revoked_at = token.updated_at = real_time(session)
        session.flush()
    return token
