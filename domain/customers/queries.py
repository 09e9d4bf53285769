"""Finding accounts."""

from uuid import UUID

from sqlalchemy.orm import Session

from domain.customers.models import Account
from domain.shared.rows import locked, own
from tenancy.scope import Scope

__all__ = ["account_for_update"]


def account_for_update(session: Session, scope: Scope, account_id: UUID, *path: str | int) -> Account:
    """The acting tenant's account, locked. Raises NotFound, ActAsRequired.

    Whoever moves money, or starts something that will, takes this lock first: it puts all that happens to one balance
    in a row.
    """
    account = own(session, scope, Account, account_id, *path)
    return locked(session, Account, account.distributor_id, [account.id])[account.id]
