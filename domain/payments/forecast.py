"""What the next billing day will take from each balance, before it comes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from domain.billing.contracts import contracts_of
from domain.billing.ledger import available
from domain.customers.models import Account, PaymentModel
from domain.ordering.models import OPEN_ORDER_STATES, Order, OrderType
from domain.payments.next_periods import ends_its_term, prolongations, renewals
from domain.payments.run_batches import BATCH, joined, to_prolong, to_renew
from domain.shared.money import round_money
from domain.subscriptions.models import ServiceSubscription, SubscriptionState
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["RequiredFunds", "RequiredLine", "required_funds"]


@dataclass(frozen=True, slots=True)
class RequiredLine:
    """One subscription's next period."""

    subscription: ServiceSubscription
    amount: Decimal
    """In whole minor units of the account's currency."""


@dataclass(frozen=True, slots=True)
class RequiredFunds:
    """What one account needs for a billing day."""

    account: Account
    billing_on: date
    lines: tuple[RequiredLine, ...]
    """In order of subscription number: they are paid in that order."""
    required: Decimal
    available: Decimal
    """Funds less what is blocked; negative for a postpaid account in debt."""

    @property
    def missing(self) -> Decimal:
        """What a prepaid balance lacks; 0 when it suffices, and for postpaid accounts."""
        if self.payment_model is PaymentModel.POSTPAY:
            return Decimal(0)
        return max(Decimal(0), self.required - self.available)

    @property
    def payment_model(self) -> PaymentModel:
        """Whether the money must be there on the day."""
        return self.account.payment_model


def required_funds(
    session: Session, scope: Scope, *, billing_on: date, account_id: UUID | None = None, clock: Clock
) -> list[RequiredFunds]:
    """What accounts need for the periods that begin on `billing_on`, by account number; of one account, if it is named.

    Running subscriptions only: what is stopped is not prolonged. The totals are those of the orders that are waiting,
    otherwise what they would be at the prices of now. Changes nothing. Accounts that need nothing are included when
    they have a subscription whose next period is free.
    """
    wanted = (
        joined(scope)
        .where(
            ServiceSubscription.tenant_path >= scope.lo,
            ServiceSubscription.tenant_path < scope.hi,
            ServiceSubscription.state == SubscriptionState.ACTIVE,
            ServiceSubscription.paid_to == billing_on,
            or_(to_prolong(), to_renew()),
        )
        .limit(None)
    )
    if account_id is not None:
        wanted = wanted.where(ServiceSubscription.account_id == account_id)
    ids = session.scalars(wanted).all()
    found: dict[UUID, list[RequiredLine]] = defaultdict(list)
    accounts: dict[UUID, Account] = {}
    for start in range(0, len(ids), BATCH):
        lines, owners = _lines(session, scope, ids[start : start + BATCH], clock)
        accounts |= owners
        for line in lines:
            found[line.subscription.account_id].append(line)
    return [
        RequiredFunds(
            account=account,
            billing_on=billing_on,
            lines=tuple(sorted(found[account.id], key=lambda line: line.subscription.number)),
            required=sum((line.amount for line in found[account.id]), Decimal(0)),
            available=available(account),
        )
        for account in sorted(accounts.values(), key=lambda account: (account.tenant_path, account.number))
    ]


def _lines(
    session: Session, scope: Scope, ids: Sequence[UUID], clock: Clock
) -> tuple[list[RequiredLine], dict[UUID, Account]]:
    subscriptions = {
        row.id: row
        for row in session.scalars(
            select(ServiceSubscription).where(
                ServiceSubscription.distributor_id == scope.distributor_id, ServiceSubscription.id.in_(ids)
            )
        )
    }
    accounts = {
        row.id: row
        for row in session.scalars(
            select(Account).where(
                Account.distributor_id == scope.distributor_id,
                Account.id.in_({row.account_id for row in subscriptions.values()}),
            )
        )
    }
    amounts = {
        row.subscription_id: row.total
        for row in session.execute(
            select(Order.subscription_id, Order.total).where(
                Order.distributor_id == scope.distributor_id,
                Order.subscription_id.in_(ids),
                Order.type.in_((OrderType.PROLONG, OrderType.RENEWAL)),
                Order.state.in_(OPEN_ORDER_STATES),
            )
        )
    }
    contracts = contracts_of(session, [row for id, row in subscriptions.items() if id not in amounts]).values()
    ending = [contract for contract in contracts if ends_its_term(contract)]
    going_on = [contract for contract in contracts if not ends_its_term(contract)]
    for wishes, _ in (prolongations(session, going_on, accounts, clock), renewals(session, ending, accounts, clock)):
        amounts |= {wish.contract.subscription.id: wish.total for wish in wishes}
    lines = [RequiredLine(row, round_money(amounts[row.id], row.currency)) for row in subscriptions.values()]
    return lines, accounts
