"""The one place where money moves: a balanced entry, and the account's balance with it in the same breath."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from db.appending import append
from domain.billing.models import LedgerAccount, LedgerEntry
from domain.customers.models import Account, PaymentModel
from domain.shared.errors import InsufficientBalance
from domain.shared.money import round_money

__all__ = ["available", "move", "require_funds"]

_HELD = (LedgerAccount.AVAILABLE, LedgerAccount.BLOCKED)
"""What the customer has: together the account's funds."""


def move(
    session: Session,
    account: Account,
    from_book: LedgerAccount,
    to_book: LedgerAccount,
    amount: Decimal,
    *,
    charge_id: UUID | None = None,
    payment_id: UUID | None = None,
    at: datetime,
) -> None:
    """Move `amount` (in whole minor units, not negative) between two books of a locked account.

    `funds` is what stands in AVAILABLE and BLOCKED, `blocked` what stands in BLOCKED. Nothing moves for an amount of
    zero. Whether the balance suffices is asked before, with `require_funds`. The charge or payment must be written.
    """
    if amount < 0:
        raise ValueError(f"money moves forward, not {amount}")
    if amount == 0:
        return
    account.funds += amount * ((to_book in _HELD) - (from_book in _HELD))
    account.blocked += amount * ((to_book is LedgerAccount.BLOCKED) - (from_book is LedgerAccount.BLOCKED))
    account.updated_at = at
    append(
        session,
        LedgerEntry,
        {
            "distributor_id": account.distributor_id,
            "tenant_id": account.tenant_id,
            "tenant_path": account.tenant_path,
            "account_id": account.id,
            "from_book": from_book,
            "to_book": to_book,
            "amount": amount,
            "currency": account.currency,
            "charge_id": charge_id,
            "payment_id": payment_id,
            "created_at": at,
            "updated_at": at,
        },
    )


def available(account: Account) -> Decimal:
    """What the customer may still spend, in whole minor units; negative for a postpaid account in debt."""
    return round_money(account.funds - account.blocked, account.currency)


def require_funds(account: Account, amount: Decimal, *path: str | int) -> None:
    """Raises InsufficientBalance when a prepaid balance does not cover the amount. Postpaid ones cover any."""
    have = available(account)
    if account.payment_model is PaymentModel.PREPAY and amount > have:
        raise InsufficientBalance(
            required=round_money(amount, account.currency), available=have, currency=account.currency, path=path
        )
