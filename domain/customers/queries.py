"""Finding accounts, and the payment rules they live by."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from domain.customers.models import Account, AccountClass
from domain.shared.rows import locked, own
from tenancy.scope import Scope, ancestors_of

__all__ = ["account_for_update", "class_of"]


def account_for_update(session: Session, scope: Scope, account_id: UUID, *path: str | int) -> Account:
    """The acting tenant's account, locked. Raises NotFound, ActAsRequired.

    Whoever moves money, or starts something that will, takes this lock first: it puts all that happens to one balance
    in a row.
    """
    account = own(session, scope, Account, account_id, *path)
    return locked(session, Account, account.distributor_id, [account.id])[account.id]


def class_of(session: Session, account: Account) -> AccountClass | None:
    """The payment rules of an account: its class, else the default one of its seller or of the nearest tenant above.

    None where nobody has said which is the default.
    """
    if account.account_class_id is not None:
        return session.get_one(AccountClass, (account.distributor_id, account.account_class_id))
    return session.scalars(
        select(AccountClass)
        .where(
            AccountClass.distributor_id == account.distributor_id,
            AccountClass.default,
            AccountClass.tenant_path.in_((*ancestors_of(account.tenant_path), account.tenant_path)),
        )
        .order_by(AccountClass.tenant_path.desc())
        .limit(1)
    ).one_or_none()
