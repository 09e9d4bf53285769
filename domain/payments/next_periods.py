"""What the next month, or the next term, of running subscriptions will be and cost."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from domain.billing.adjusting import adjustments_of
from domain.billing.charging import prolongation_charges, sales_charges
from domain.billing.contracts import Contract, covered
from domain.billing.drafts import ChargeKind, Line
from domain.billing.prices import Prices, held_prices, one_time_lines, recurring_lines
from domain.billing.proration import chargeable
from domain.customers.models import Account
from domain.ordering.models import OrderType
from domain.payments.placing import Wish
from domain.shared.billing_types import BillingType
from tenancy.clock import Clock

__all__ = ["ends_its_term", "prolongations", "renewal_lines", "renewals", "takes_effect_on"]


def ends_its_term(contract: Contract) -> bool:
    """Whether the term is paid to its end: what follows is a renewal, not a prolongation."""
    subscription = contract.subscription
    if subscription.expires_on is None or subscription.paid_to is None:
        return False
    return subscription.paid_to > subscription.expires_on


def prolongations(
    session: Session, contracts: Sequence[Contract], accounts: Mapping[UUID, Account], clock: Clock
) -> tuple[list[Wish], Prices]:
    """The prolong orders for the billing period that begins on *paid to*, at the prices that hold then."""
    starts = {contract.subscription.id: contract.subscription.paid_to or clock.today for contract in contracts}
    prices = held_prices(session, contracts, starts, clock)
    adjustments = adjustments_of(session, contracts, clock)
    wishes = []
    for contract in contracts:
        start, terms = starts[contract.subscription.id], contract.terms(clock)
        drafts = prolongation_charges(terms, recurring_lines(contract, prices, on=clock.today), paid_to=start)
        wishes.append(
            Wish(
                contract=contract,
                account=accounts[contract.subscription.account_id],
                type=OrderType.PROLONG,
                drafts=adjustments.of(contract, drafts),
                period=covered(terms, on=start, prolongation=True),
                cancels_on=None,
                due_on=start,
                automatic=True,
            )
        )
    return wishes, prices


def renewals(
    session: Session, contracts: Sequence[Contract], accounts: Mapping[UUID, Account], clock: Clock
) -> tuple[list[Wish], Prices]:
    """The renewal orders for the term that begins on *paid to*: renewal fees, and what recurs at the prices of then.

    A fixed price ends with its term; protected ones go on.
    """
    starts = {contract.subscription.id: contract.subscription.paid_to or clock.today for contract in contracts}
    prices = held_prices(session, [contract for contract in contracts if not contract.plan.fixed_price], starts, clock)
    adjustments = adjustments_of(session, contracts, clock)
    wishes = []
    for contract in contracts:
        start = starts[contract.subscription.id]
        terms = contract.terms(clock, end=contract.next_end(clock))
        lines = renewal_lines(contract, prices, on=clock.today)
        wishes.append(
            Wish(
                contract=contract,
                account=accounts[contract.subscription.account_id],
                type=OrderType.RENEWAL,
                drafts=adjustments.of(contract, sales_charges(terms, lines, on=start), renewing=True),
                period=covered(terms, on=start),
                cancels_on=None,
                due_on=start,
                provisions_on=takes_effect_on(contract, start, clock),
                automatic=True,
            )
        )
    return wishes, prices


DELAYED = {
    BillingType.CSP_MONTHLY,
    BillingType.CSP_ANNUAL,
    BillingType.PAY_IN_FULL,
    BillingType.LICENSE_BASED_MONTHLY,
    BillingType.MONTHLY_COMMITMENT,
    BillingType.MONTHLY_COMMITMENT_CALENDAR,
}
"""Their renewals take effect when the term ends, however early they are paid."""


def takes_effect_on(contract: Contract, start: date, clock: Clock) -> date | None:
    """The day a renewal from `start` waits for; None: it takes effect as soon as it is paid."""
    return start if start > clock.today and contract.subscription.billing_type in DELAYED else None


def renewal_lines(contract: Contract, prices: Prices, *, on: date) -> list[Line]:
    """The renewal fees that cost something, then what recurs; `on`: the day of the order."""
    fees: list[tuple[str | None, Decimal, Decimal]] = [(None, Decimal(1), contract.period.renewal)]
    fees += [
        (resource.key, chargeable(resource.quantity, resource.included), offer.renewal)
        for resource in contract.resources
        if (offer := contract.offered.get(resource.key)) is not None
    ]
    renewing = recurring_lines(contract, prices, on=on, renewing=True)
    return one_time_lines(contract, fees, ChargeKind.RENEWAL, on=on) + renewing
