"""A new term by hand: before the old one ends, or after it has expired."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from domain.billing.adjusting import adjusted
from domain.billing.charging import sales_charges
from domain.billing.contracts import Contract, covered
from domain.billing.drafts import Line
from domain.billing.prices import held_prices
from domain.billing.proration import chargeable
from domain.catalog.models import PlanState
from domain.ordering.models import Order, OrderType
from domain.ordering.queries import require_no_open_order
from domain.payments.belonging import require_may_postpay
from domain.payments.checkout import own_contract, placed
from domain.payments.next_periods import ends_its_term, renewal_lines, takes_effect_on
from domain.payments.placing import Wish, lapses_on
from domain.payments.quantities import checked_quantities, require_total, require_used
from domain.shared.errors import InvalidInput, InvalidState
from domain.shared.money import Money
from domain.subscriptions import states
from domain.subscriptions.models import SubscriptionState
from domain.subscriptions.states import Operation
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["renew_subscription"]


def renew_subscription(
    session: Session,
    scope: Scope,
    *,
    subscription_id: UUID,
    quantities: Sequence[tuple[str, Decimal]] | None = None,
    if_version: int | None = None,
    expected_total: Money | None = None,
    clock: Clock,
) -> Order:
    """Order the term that follows; of an expired subscription one from today, as its plan or service term says.

    Ordered before the term ends, it is paid from the balance on that day at the latest; where the billing type delays
    it, it takes effect then and not before. Other `quantities` are for such ones, and for terms that begin today:
    before, what runs is changed by a change.
    Raises NotFound, ActAsRequired, Stale; InvalidState for an endless subscription, of a plan that is not sold any
    more, which renews itself only, for a period that was removed, outside the manual renewal point, while months of the
    term are unpaid, or with an open order; InvalidInput, PriceChanged.
    """
    account, contract = own_contract(session, scope, subscription_id, if_version=if_version)
    subscription, end = contract.subscription, contract.end(clock)
    states.require(subscription, Operation.RENEW)
    _require_renewable(contract, clock)
    require_may_postpay(account, "subscription_id")
    require_no_open_order(session, subscription, Operation.RENEW)
    start = clock.today if end is None else max(end, clock.today)
    provisions_on = takes_effect_on(contract, start, clock)
    asked: Mapping[str, Decimal] = {}
    if quantities:
        if start > clock.today and provisions_on is None:
            raise InvalidInput(
                "The new term begins on {start}; quantities of a renewal are for a term that begins today.",
                start=start,
                path=("quantities",),
            )
        asked = checked_quantities(quantities, contract.offered)
        require_used(asked, contract.resources, quantities)
    prices = {}
    if not contract.plan.fixed_price:
        prices = dict(held_prices(session, [contract], {subscription.id: start}, clock))
    terms = contract.terms(clock, end=contract.next_end(clock, start=start))
    drafts = sales_charges(terms, _lines(contract, renewal_lines(contract, prices, on=clock.today), asked), on=start)
    drafts = adjusted(session, contract, drafts, renewing=True, clock=clock)
    require_total(sum((draft.amount for draft in drafts), Decimal(0)), subscription.currency, expected_total)
    late = start == clock.today
    lapses = lapses_on(session, account, contract, clock) if late else None
    wish = Wish(
        contract=contract,
        account=account,
        type=OrderType.RENEWAL,
        drafts=drafts,
        period=covered(terms, on=start),
        cancels_on=lapses,
        due_on=lapses or start,
        provisions_on=provisions_on,
        lines={key: quantity for key, quantity in asked.items() if _has(contract, key)},
    )
    return placed(session, scope, wish, prices=prices, clock=clock)


def _require_renewable(contract: Contract, clock: Clock) -> None:
    subscription, end = contract.subscription, contract.end(clock)
    called: dict[str, object] = {"number": subscription.number, "state": subscription.state}
    path = ("subscription_id",)
    if end is None:
        raise InvalidState(
            "Subscription {number} is {state} and endless: its renewal is not possible, prolong it.",
            path=path,
            **called,
        )
    if contract.plan.state is not PlanState.ACTIVE:
        raise InvalidState(
            "Subscription {number} is {state}: its renewal by hand is not possible, because its plan is {plan_state}.",
            plan_state=contract.plan.state,
            path=path,
            **called,
        )
    if contract.period.removed_at is not None:
        raise InvalidState(
            "Subscription {number} is {state}: its renewal is not possible, because its plan has its period no more.",
            path=path,
            **called,
        )
    point = contract.service_term.manual_renew_point_days
    if point == 0:
        raise InvalidState(
            "Subscription {number} is {state}: its renewal by hand is not possible at all.", path=path, **called
        )
    if point > 0 and clock.today < (opens := end - timedelta(days=point)):
        raise InvalidState(
            "Subscription {number} is {state}: its renewal by hand is not possible before {day}.",
            day=opens,
            path=path,
            **called,
        )
    if not ends_its_term(contract):
        raise InvalidState(
            "Subscription {number} is {state} and paid to {paid_to}: its renewal is not possible before it is paid to "
            "{end}.",
            paid_to=subscription.paid_to,
            end=end,
            path=path,
            **called,
        )
    if subscription.state is SubscriptionState.STOPPED and clock.today < end:
        raise InvalidState(
            "Subscription {number} is {state}: its renewal is not possible before {end}, activate it.",
            end=end,
            path=path,
            **called,
        )


def _lines(contract: Contract, lines: Sequence[Line], asked: Mapping[str, Decimal]) -> list[Line]:
    """The lines with other quantities where they are asked for."""
    included = {resource.key: resource.included for resource in contract.resources}
    return [
        replace(line, quantity=chargeable(asked[line.resource_key], included[line.resource_key]))
        if line.resource_key in asked and line.resource_key in included
        else line
        for line in lines
    ]


def _has(contract: Contract, key: str) -> bool:
    return any(resource.key == key for resource in contract.resources)
