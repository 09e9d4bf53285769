"""Who is told what on a day: the last step of a day's run."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from uuid import UUID

from babel.dates import format_date
from sqlalchemy import Date, func, select, type_coerce
from sqlalchemy.orm import Session

from domain.customers.models import Account, PaymentModel
from domain.notifications.mails import MailDraft, write_mails
from domain.notifications.templates import BILLING_DAY_COMING, SUBSCRIPTIONS_STOPPED
from domain.payments.forecast import RequiredFunds, required_funds
from domain.payments.run_batches import on_day
from domain.shared.money import Money
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["NOTICE_DAYS", "next_notice", "notify", "tell_billing_day_is_coming", "tell_of_stops"]

NOTICE_DAYS = 3
"""How many calendar days before a billing day its accounts are told."""


def notify(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """Write all mails of a day of the scope's distributor; a step of the day's run (`domain.payments.billing_run`).

    Answers 0: what is to be written is written at once, and what was written before is not written again.
    """
    clock = on_day(clock, day)
    tell_of_stops(session, scope, clock=clock, day=day)
    tell_billing_day_is_coming(session, scope, clock=clock, day=day)
    return 0


def next_notice(session: Session, scope: Scope, *, after: date, until: date) -> date | None:
    """The first date later than `after`, not later than `until`, with a billing day `NOTICE_DAYS` later; else None."""
    paid_to = session.scalar(
        select(type_coerce(func.min(ServiceSubscription.paid_to), Date)).where(
            ServiceSubscription.distributor_id == scope.distributor_id,
            ServiceSubscription.state == SubscriptionState.ACTIVE,
            ServiceSubscription.paid_to > after + timedelta(days=NOTICE_DAYS),
        )
    )
    if paid_to is None or paid_to - timedelta(days=NOTICE_DAYS) > until:
        return None
    return paid_to - timedelta(days=NOTICE_DAYS)


def tell_of_stops(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """Tell each account which of its subscriptions the day's run stopped because they were not paid.

    Those that somebody stopped are paid beyond the day. Returns the number of new mails.
    """
    stopped: dict[UUID, list[ServiceSubscription]] = defaultdict(list)
    for subscription in session.scalars(
        select(ServiceSubscription)
        .where(
            ServiceSubscription.distributor_id == scope.distributor_id,
            ServiceSubscription.state == SubscriptionState.STOPPED,
            ServiceSubscription.stopped_on == day,
            ServiceSubscription.paid_to <= day,
        )
        .order_by(ServiceSubscription.number, ServiceSubscription.id)
    ):
        stopped[subscription.account_id].append(subscription)
    return write_mails(
        session,
        [
            MailDraft(
                account=account,
                kind=SUBSCRIPTIONS_STOPPED,
                key=_key(account, day),
                values={
                    "day": _text(day),
                    "lines": [{"name": row.name, "number": row.number} for row in stopped[account.id]],
                },
            )
            for account in _accounts(session, scope, stopped)
        ],
        clock=clock,
    )


def tell_billing_day_is_coming(session: Session, scope: Scope, *, clock: Clock, day: date) -> int:
    """Tell the accounts whose subscriptions go on `NOTICE_DAYS` from `day` what that takes, and what they have.

    Prepaid and postpaid ones; those for whom it is free are left alone. Returns the number of new mails.
    """
    billing_on = day + timedelta(days=NOTICE_DAYS)
    return write_mails(
        session,
        [
            MailDraft(
                account=funds.account,
                kind=BILLING_DAY_COMING,
                key=_key(funds.account, billing_on),
                values=_values(funds),
            )
            for funds in required_funds(session, scope, billing_on=billing_on, clock=clock)
            if funds.required > 0
        ],
        clock=clock,
    )


def _values(funds: RequiredFunds) -> dict[str, object]:
    currency = funds.account.currency
    return {
        "billing_day": _text(funds.billing_on),
        "postpaid": funds.payment_model is PaymentModel.POSTPAY,
        "lines": [
            {
                "name": line.subscription.name,
                "number": line.subscription.number,
                "amount": str(Money(line.amount, currency)),
            }
            for line in funds.lines
        ],
        "funds": {
            "needed": str(Money(funds.required, currency)),
            "available": str(Money(funds.available, currency)),
            "missing": str(Money(funds.missing, currency)) if funds.missing else None,
        },
    }


def _key(account: Account, day: date) -> str:
    return f"{account.id.hex} {day.isoformat()}"


def _text(day: date) -> str:
    """Such as 1 September 2027."""
    return format_date(day, "d MMMM yyyy", locale="en")


def _accounts(session: Session, scope: Scope, ids: Collection[UUID]) -> Sequence[Account]:
    if not ids:
        return []
    return session.scalars(
        select(Account)
        .where(Account.distributor_id == scope.distributor_id, Account.id.in_(list(ids)))
        .order_by(Account.id)
    ).all()
