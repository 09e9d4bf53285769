"""What happens when an order is paid, or needs no payment."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from domain.billing import charges as billed
from domain.billing import settlement
from domain.billing.contracts import Contract, contracts_of
from domain.billing.drafts import ChargeDraft
from domain.billing.exchange import Exchange
from domain.billing.ledger import move, require_funds
from domain.billing.merging import close_by_hand, closed_by_hand_until
from domain.billing.models import Charge, ChargeKind, LedgerAccount
from domain.billing.proration import chargeable
from domain.catalog.models import Plan, ServiceTerm
from domain.customers.models import Account, HowDone
from domain.customers.queries import account_for_update
from domain.ordering.models import Order, OrderState, OrderType
from domain.ordering.queries import lines_of
from domain.ordering.states import OrderStep, advance
from domain.payments.foretelling import foretold
from domain.payments.models import Payment, PaymentState
from domain.payments.onto_plan import take_over
from domain.shared.billing_policy import Prolongs
from domain.shared.decimals import plain
from domain.shared.errors import InvalidInput, InvalidState
from domain.shared.money import round_money
from domain.shared.outbox import announce
from domain.shared.rows import locked, own
from domain.subscriptions import states
from domain.subscriptions.models import RenewalPrice, ServiceSubscription, SubscriptionResource, SubscriptionState
from domain.subscriptions.states import Operation
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = [
    "complete",
    "complete_payment",
    "finish",
    "is_set_up_by_others",
    "pay_and_do",
    "receive",
    "set_up",
    "state_before",
    "take_effect",
]

FUNDS_LIMIT = Decimal(10) ** 13
"""What a balance may hold: the column has room for fourteen digits before the point, and for what is given back."""


def complete_payment(session: Session, scope: Scope, *, payment_id: UUID, clock: Clock) -> Payment:
    """Pay an order from the balance and do what it asks for; of a top-up, record that its money has come.

    An order paid after the first day it covers costs what remains; the difference stays on the balance.
    Raises NotFound, ActAsRequired; InvalidState for a payment that does not wait, or an order that has lapsed;
    InsufficientBalance; RefusedByBillingType when a decrease is no longer allowed.
    """
    account_id = own(session, scope, Payment, payment_id, "payment_id").account_id
    account = account_for_update(session, scope, account_id, "payment_id")
    # Only now, behind the account's lock, is it certain that nobody else completes it.
    payment = locked(session, Payment, account.distributor_id, [payment_id])[payment_id]
    if payment.state is not PaymentState.WAITING_FOR_PAYMENT:
        raise InvalidState(
            "Payment {number} is {state}: its completion is not possible.",
            number=payment.number,
            state=payment.state,
            path=("payment_id",),
        )
    if payment.order_id is None:
        receive(session, scope, account, payment, clock=clock)
        return payment
    unlocked = session.get_one(Order, (payment.distributor_id, payment.order_id))
    subscription = locked(session, ServiceSubscription, account.distributor_id, [unlocked.subscription_id])[
        unlocked.subscription_id
    ]
    order = locked(session, Order, account.distributor_id, [payment.order_id])[payment.order_id]
    if order.cancels_on is not None and order.cancels_on <= clock.today:
        raise InvalidState(
            "Order {number} had to be paid before {cancels_on}: its completion is not possible.",
            number=order.number,
            cancels_on=order.cancels_on,
            path=("payment_id",),
        )
    contract = contracts_of(session, [subscription])[subscription.id]
    charges = billed.charges_of_orders(session, order.distributor_id, [order.id])[order.id]
    finish(session, scope, contract, account, order, charges, payment, clock=clock)
    return payment


def receive(session: Session, scope: Scope, account: Account, payment: Payment, *, clock: Clock) -> None:
    """Record that the money of a top-up has come. It pays nothing by itself. The account must be locked.

    Raises InvalidInput when the balance would be more than can be kept.
    """
    if account.funds + payment.total >= FUNDS_LIMIT:
        raise InvalidInput(
            "A balance stays below {limit}; with {total} more this one would not.",
            limit=plain(FUNDS_LIMIT),
            total=plain(payment.total),
        )
    payment.state = PaymentState.COMPLETED
    payment.completed_at = payment.updated_at = clock.now
    move(
        session,
        account,
        LedgerAccount.CASH,
        LedgerAccount.AVAILABLE,
        round_money(payment.total, payment.currency),
        payment_id=payment.id,
        at=clock.now,
    )
    announce(session, scope, "payment.completed", subject=payment, prefix="pay", at=clock.now)
    session.flush()


def finish(
    session: Session,
    scope: Scope,
    contract: Contract,
    account: Account,
    order: Order,
    charges: Sequence[Charge],
    payment: Payment | None,
    *,
    clock: Clock,
) -> None:
    """`complete`, and close at once what closes at once: also what is added to charges that were closed by hand."""
    at_once = complete(session, scope, contract, account, order, charges, payment, clock=clock)
    session.flush()
    billed.close(session, scope, at_once, {account.id: account}, clock=clock)
    if order.type is OrderType.CHANGE and charges and closed_by_hand_until(session, contract, clock) is not None:
        close_by_hand(session, scope, contract, account, clock=clock)
    session.flush()


def complete(
    session: Session,
    scope: Scope,
    contract: Contract,
    account: Account,
    order: Order,
    charges: Sequence[Charge],
    payment: Payment | None,
    *,
    clock: Clock,
) -> list[Charge]:
    """Block the order's charges and do what the order asks for; returns the charges that close at once.

    What takes effect on a later day, or whose service is set up by somebody else, is paid now and done then (see
    `domain.payments.provisioning`): nothing closes before. A switch is even paid then, partly with what comes back.

    Account, subscription, order and charges must be locked. Raises InvalidState and InsufficientBalance before
    anything has changed, RefusedByBillingType for a decrease or a switch that was allowed when it was ordered. A switch
    leaves its old plan first, whose money helps to pay the new one: what it raises comes after that.
    """
    _require_possible(contract, order)
    waits = _waits(session, contract, order, clock)
    if waits is None:
        return pay_and_do(session, scope, contract, account, order, charges, payment, clock=clock)
    if order.type is OrderType.SWITCH:
        require_funds(account, order.total, "payment_id")
    else:
        _pay(session, scope, contract, account, order, charges, payment, clock=clock)
    advance(order, waits, "payment_id")
    if waits is OrderStep.DELAY:
        contract.subscription.next_period = None  # what comes next is paid
    else:
        set_up(session, scope, contract, order, clock=clock)
    order.updated_at = contract.subscription.updated_at = clock.now
    return []


def pay_and_do(
    session: Session,
    scope: Scope,
    contract: Contract,
    account: Account,
    order: Order,
    charges: Sequence[Charge],
    payment: Payment | None,
    *,
    clock: Clock,
) -> list[Charge]:
    """`complete` of what waits for nothing."""
    if order.type is OrderType.SWITCH:
        contract = take_over(session, scope, contract, account, order, clock=clock)
    at_once = _pay(session, scope, contract, account, order, charges, payment, clock=clock)
    take_effect(session, scope, contract, account, order, charges, clock=clock)
    return at_once


def _waits(session: Session, contract: Contract, order: Order, clock: Clock) -> OrderStep | None:
    """What a paid order waits for."""
    if order.provisions_on is not None and clock.today < order.provisions_on:
        return OrderStep.DELAY
    return OrderStep.PROVISION if is_set_up_by_others(session, contract, order) else None


def is_set_up_by_others(session: Session, contract: Contract, order: Order) -> bool:
    """Whether the service term, of a switch the new plan's, says so. A prolongation changes nothing at the vendor."""
    term = contract.service_term
    if order.type is OrderType.SWITCH:
        plan = session.get_one(Plan, (order.distributor_id, order.plan_id))
        term = session.get_one(ServiceTerm, (plan.distributor_id, plan.service_term_id))
    return order.type in _BEGINNINGS and term.provisioning is HowDone.MANUAL


def set_up(session: Session, scope: Scope, contract: Contract, order: Order, *, clock: Clock) -> None:
    """Let the subscription wait for its service; the order is PROVISIONING already."""
    order.previous_state = contract.subscription.state.value
    states.advance(contract.subscription, _BEGINNINGS[order.type])
    announce(session, scope, "order.provisioning", subject=order, prefix="ord", at=clock.now)


def state_before(order: Order) -> SubscriptionState:
    """What the subscription of an order was whose service is being set up, or could not be."""
    if order.previous_state is None:
        raise ValueError("the order was never being set up")
    return SubscriptionState(order.previous_state)


def _pay(
    session: Session,
    scope: Scope,
    contract: Contract,
    account: Account,
    order: Order,
    charges: Sequence[Charge],
    payment: Payment | None,
    *,
    clock: Clock,
) -> list[Charge]:
    """Reserve the order's money; returns the charges that would close at once. Raises InsufficientBalance."""
    computed: Sequence[tuple[Charge, ChargeDraft | None]] = [
        (charge, billed.draft_of(charge, contract, clock)) for charge in charges
    ]
    if order.paid_from is not None and clock.today > order.paid_from and _shortened(contract, order):
        computed = billed.late(contract, charges, on=clock.today, clock=clock)
    required = sum((draft.amount for _, draft in computed if draft is not None), Decimal(0))
    require_funds(account, required, "payment_id")
    at_once = billed.block(session, contract, account, computed, order=order, clock=clock)
    order.total = required
    order.tax = sum((draft.tax for _, draft in computed if draft is not None), Decimal(0))
    order.discount = sum((draft.discount for _, draft in computed if draft is not None), Decimal(0))
    if payment is not None:
        payment.state = PaymentState.PAID_FROM_BALANCE
        payment.completed_at = payment.updated_at = clock.now
        announce(session, scope, "payment.completed", subject=payment, prefix="pay", at=clock.now)
    return at_once


def take_effect(
    session: Session,
    scope: Scope,
    contract: Contract,
    account: Account,
    order: Order,
    charges: Sequence[Charge],
    *,
    clock: Clock,
) -> None:
    """Do what a paid order asks for."""
    advance(order, OrderStep.COMPLETE, "payment_id")
    order.completed_at = order.updated_at = clock.now
    announce(session, scope, "order.completed", subject=order, prefix="ord", at=clock.now)
    _keep_prices(contract, charges, clock)
    _EFFECTS[order.type](session, scope, contract, account, order, clock)
    if order.type is not OrderType.CHANGE:
        contract.subscription.next_period = foretold(contract, order, clock=clock)
    contract.subscription.updated_at = clock.now


def _keep_prices(contract: Contract, charges: Sequence[Charge], clock: Clock) -> None:
    """The resources show what their last order charged."""
    prices = {
        charge.resource_key: (charge.unit_price, _exchange(charge))
        for charge in charges
        if charge.kind is ChargeKind.RECURRING
    }
    for resource in contract.resources:
        if resource.key in prices and (resource.unit_price, resource.exchange) != prices[resource.key]:
            resource.unit_price, resource.exchange = prices[resource.key]
            resource.updated_at = clock.now


def _exchange(charge: Charge) -> dict[str, str] | None:
    exchange = Exchange.from_json(charge.explanation["inputs"].get("exchange"))
    return None if exchange is None else exchange.to_json()


_BEGINNINGS = {
    OrderType.SALES: Operation.INSTALL,
    OrderType.CHANGE: Operation.UPDATE,
    OrderType.RENEWAL: Operation.BEGIN_RENEWAL,
    OrderType.SWITCH: Operation.BEGIN_SWITCH,
}
_OPERATIONS = {
    OrderType.PROLONG: Operation.PROLONG,
    OrderType.RENEWAL: Operation.RENEW,
    OrderType.CHANGE: Operation.CHANGE,
    OrderType.SWITCH: Operation.SWITCH,
}


def _operation(contract: Contract, order: Order) -> Operation:
    if order.type is OrderType.SALES:
        return Operation.DELIVER if contract.policy.becomes_delivered else Operation.START
    return _OPERATIONS[order.type]


def _require_possible(contract: Contract, order: Order) -> None:
    states.require(contract.subscription, _operation(contract, order))
    if order.state is not OrderState.WAITING_FOR_PAYMENT:
        raise InvalidState(
            "Order {number} is {state}: its completion is not possible.", number=order.number, state=order.state
        )


def _shortened(contract: Contract, order: Order) -> bool:
    """Whether a late payment pays only for what remains.

    A prolongation paid in grace covers from *paid to*; one of a stopped subscription from the day it runs again,
    unless its type owes every missed month.
    """
    if order.type is not OrderType.PROLONG:
        return True
    stopped = contract.subscription.state is SubscriptionState.STOPPED
    return stopped and contract.policy.prolongs is not Prolongs.MONTHLY_MISSED_MONTHS_TOO


def _start(session: Session, scope: Scope, contract: Contract, _account: Account, order: Order, clock: Clock) -> None:
    subscription, end = contract.subscription, contract.end(clock)
    states.advance(subscription, _operation(contract, order))
    subscription.started_on = clock.today
    subscription.paid_to = order.paid_until
    subscription.expires_on = None if end is None else end - timedelta(days=1)
    announce(session, scope, "subscription.activated", subject=subscription, prefix="sub", at=clock.now)


def _prolong(session: Session, scope: Scope, contract: Contract, _account: Account, order: Order, clock: Clock) -> None:
    _run_on(contract, order, Operation.PROLONG)
    announce(session, scope, "subscription.prolonged", subject=contract.subscription, prefix="sub", at=clock.now)


def _renew(session: Session, scope: Scope, contract: Contract, _account: Account, order: Order, clock: Clock) -> None:
    end = contract.next_end(clock, start=order.paid_from)
    for resource, quantity in _ordered_quantities(session, contract, order):
        resource.quantity = quantity
        resource.updated_at = clock.now
    _renew_individual_prices(contract, clock)
    _run_on(contract, order, Operation.RENEW)
    contract.subscription.expires_on = None if end is None else end - timedelta(days=1)
    announce(session, scope, "subscription.renewed", subject=contract.subscription, prefix="sub", at=clock.now)


def _switch(session: Session, scope: Scope, contract: Contract, _account: Account, order: Order, clock: Clock) -> None:
    """The subscription is on its new plan already: what it is paid to, and when that ends."""
    subscription, end = contract.subscription, contract.end(clock)
    states.advance(subscription, Operation.SWITCH)
    subscription.paid_to = order.paid_until
    subscription.expires_on = None if end is None else end - timedelta(days=1)
    announce(session, scope, "subscription.switched", subject=subscription, prefix="sub", at=clock.now)


def _renew_individual_prices(contract: Contract, clock: Clock) -> None:
    """They end, or become what the term was ordered at, which may be the plan's higher price."""
    rule = contract.subscription.renewal_price
    for resource in contract.resources:
        if resource.individual_price is not None and rule is not RenewalPrice.INDIVIDUAL:
            resource.individual_price = None if rule is RenewalPrice.PLAN else resource.unit_price
            resource.updated_at = clock.now


def _run_on(contract: Contract, order: Order, operation: Operation) -> None:
    """The next period is paid: a stopped or graced subscription is active again."""
    subscription = contract.subscription
    states.advance(subscription, operation)
    subscription.paid_to = order.paid_until
    subscription.stopped_on = subscription.stop_reason = subscription.stopped_units = None


def _change(session: Session, scope: Scope, contract: Contract, account: Account, order: Order, clock: Clock) -> None:
    """Quantities take effect today: the newest units of what becomes less leave."""
    fewer = {}
    for resource, after in _ordered_quantities(session, contract, order):
        before = resource.quantity
        if chargeable(after, resource.included) < chargeable(before, resource.included):
            fewer[resource.key] = chargeable(after, resource.included)
        resource.quantity = after
        resource.updated_at = clock.now
    states.advance(contract.subscription, Operation.CHANGE)
    if fewer:
        session.flush()
        settlement.decrease(session, scope, contract, account, fewer, clock=clock)
    announce(session, scope, "subscription.changed", subject=contract.subscription, prefix="sub", at=clock.now)


def _ordered_quantities(
    session: Session, contract: Contract, order: Order
) -> list[tuple[SubscriptionResource, Decimal]]:
    resources = {resource.key: resource for resource in contract.resources}
    return [(resources[line.resource_key], line.quantity) for line in lines_of(session, order)]


_EFFECTS = {
    OrderType.SALES: _start,
    OrderType.PROLONG: _prolong,
    OrderType.RENEWAL: _renew,
    OrderType.CHANGE: _change,
    OrderType.SWITCH: _switch,
}
