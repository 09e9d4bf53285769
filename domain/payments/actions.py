"""Money that comes in."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from db.ids import uuid7
from domain.customers.queries import account_for_update
from domain.payments.completion import complete_payment, receive
from domain.payments.models import Payment, PaymentPurpose, PaymentState
from domain.shared.decimals import clean_decimal, plain
from domain.shared.errors import CurrencyMismatch, InvalidInput
from domain.shared.money import minor_digits
from domain.shared.numbers import number_for
from domain.shared.outbox import announce
from tenancy.clock import Clock
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = ["TOP_UP_LIMIT", "complete_payment", "top_up"]

TOP_UP_LIMIT = Decimal(10) ** 12
"""What one payment may bring."""


def top_up(
    session: Session,
    scope: Scope,
    *,
    account_id: UUID,
    amount: Decimal,
    currency: str,
    received: bool = True,
    external_id: str | None = None,
    comment: str | None = None,
    clock: Clock,
) -> Payment:
    """Add money to the balance of an account of the acting tenant: received already, or still to come.

    It pays nothing by itself: waiting orders go on waiting.
    Raises NotFound, ActAsRequired, CurrencyMismatch; InvalidInput for an amount that is not above zero, has more digits
    than the currency, or is absurdly large.
    """
    account = account_for_update(session, scope, account_id, "account_id")
    if currency != account.currency:
        raise CurrencyMismatch(
            "The account pays in {currency}, not in {given}.",
            currency=account.currency,
            given=currency,
            path=("amount", "currency"),
        )
    total = clean_decimal(amount, "amount", "amount", digits=minor_digits(currency))
    if not 0 < total < TOP_UP_LIMIT:
        raise InvalidInput(
            "{field} must be above 0 and below {limit}, got {value}.",
            limit=plain(TOP_UP_LIMIT),
            value=plain(total),
            path=("amount", "amount"),
        )
    payment = Payment(
        distributor_id=account.distributor_id,
        id=uuid7(),
        tenant_id=account.tenant_id,
        tenant_path=account.tenant_path,
        number=number_for(session, account, "payments"),
        state=PaymentState.WAITING_FOR_PAYMENT,
        purpose=PaymentPurpose.TOP_UP,
        currency=currency,
        total=total,
        account_id=account.id,
        comment=None if comment is None else clean_text(comment, "comment", limit=1000),
        external_id=None if external_id is None else clean_text(external_id, "external_id"),
        created_at=clock.now,
        updated_at=clock.now,
    )
    session.add(payment)
    session.flush()
    announce(session, scope, "payment.created", subject=payment, prefix="pay", at=clock.now)
    if received:
        receive(session, scope, account, payment, clock=clock)
    session.flush()
    return payment
