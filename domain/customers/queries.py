"""Finding accounts, and the payment rules they live by."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from domain.customers.models import Account, AccountClass
from domain.shared.rows import locked, own
from tenancy.scope import Scope, ancestors_of

__all__ = ["account_for_update", "class_of", "classes_of"]


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
    return classes_of(session, [account])[account.id]


def classes_of(session: Session, accounts: Collection[Account]) -> dict[UUID, AccountClass | None]:
    """The same of many accounts of one distributor, by account: one statement."""
    if not accounts:
        return {}
    places = {place for account in accounts for place in (*ancestors_of(account.tenant_path), account.tenant_path)}
    known = session.scalars(
        select(AccountClass).where(
            AccountClass.distributor_id == next(iter(accounts)).distributor_id,
            or_(
                AccountClass.id.in_({account.account_class_id for account in accounts} - {None}),
                and_(AccountClass.default, AccountClass.tenant_path.in_(places)),
            ),
        )
    ).all()
    by_id = {each.id: each for each in known}
    defaults = {each.tenant_path: each for each in known if each.default}
    found: dict[UUID, AccountClass | None] = {}
    for account in accounts:
        chain = [account.tenant_path, *reversed(ancestors_of(account.tenant_path))]
        default = next((defaults[place] for place in chain if place in defaults), None)
        found[account.id] = default if account.account_class_id is None else by_id[account.account_class_id]
    return found
