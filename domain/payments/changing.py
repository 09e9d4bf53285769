"""Orders of other quantities for a running subscription."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from domain.billing import settlement
from domain.billing.adjusting import adjusted
from domain.billing.charging import increase_charges, sales_charges
from domain.billing.contracts import Contract, contracts_of, span_of
from domain.billing.drafts import ChargeDraft, ChargeKind, Line, NotAllowedByBillingType
from domain.billing.prices import (
    Prices,
    held_prices,
    one_time_lines,
    priced_line,
    resource_price,
)
from domain.billing.proration import chargeable, chargeable_increase
from domain.ordering.models import Order, OrderType
from domain.ordering.queries import changed_on, require_no_open_order
from domain.payments.checkout import own_contract, placed, require_before_billing_run, total_of
from domain.payments.onto_plan import resource_row
from domain.payments.placing import Wish, lapses_on
from domain.payments.quantities import checked_quantities, require_total, require_used
from domain.shared.billing_policy import Decrease, Increase
from domain.shared.errors import (
    InvalidInput,
    RefusedByBillingType,
)
from domain.shared.money import Money
from domain.subscriptions import states
from domain.subscriptions.states import Operation
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["change_subscription"]


def change_subscription(
    session: Session,
    scope: Scope,
    *,
    subscription_id: UUID,
    quantities: Sequence[tuple[str, Decimal]],
    if_version: int | None = None,
    expected_total: Money | None = None,
    clock: Clock,
) -> Order:
    """Order other quantities; resources left out keep theirs. They take effect on the day the order completes.

    The total is that of the increases. An order without any completes at once, and settles the decreases.
    Raises NotFound, ActAsRequired, Stale; InvalidState, also for an open order; InvalidInput, also when nothing
    changes; PriceChanged; RefusedByBillingType.
    """
    account, contract = own_contract(session, scope, subscription_id, if_version=if_version)
    subscription = contract.subscription
    asked = checked_quantities(quantities, contract.offered)
    _require_changeable(contract, clock)
    require_no_open_order(session, subscription, Operation.CHANGE)
    present = {resource.key: resource for resource in contract.resources}
    changed = {key: after for key, after in asked.items() if key not in present or present[key].quantity != after}
    if not changed:
        raise InvalidInput("The subscription has these quantities already.", path=("quantities",))
    require_used(asked, contract.resources, quantities)
    _add_missing(session, contract, changed, clock)
    contract = contracts_of(session, [subscription])[subscription.id]
    increases, prices = _increases(session, contract, changed, clock)
    drafts = adjusted(session, contract, increases, clock=clock)
    fewer = {
        resource.key: chargeable(changed[resource.key], resource.included)
        for resource in contract.resources
        if resource.key in changed
        and chargeable(changed[resource.key], resource.included) < chargeable(resource.quantity, resource.included)
    }
    if fewer:
        _require_first_today(session, contract, clock)
    settlement.check_decrease(session, contract, account, fewer, clock=clock)
    require_total(total_of(drafts), subscription.currency, expected_total)
    lapses = lapses_on(session, account, contract, clock)
    wish = Wish(
        contract=contract,
        account=account,
        type=OrderType.CHANGE,
        drafts=drafts,
        period=span_of(drafts),
        cancels_on=lapses,
        due_on=lapses,
        lines=changed,
    )
    return placed(session, scope, wish, prices=prices, clock=clock)


def _require_changeable(contract: Contract, clock: Clock) -> None:
    subscription = contract.subscription
    if contract.policy.increase in {Increase.REFUSED, Increase.NOT_APPLICABLE}:
        raise RefusedByBillingType(
            "{billing_type} does not allow a change.", billing_type=subscription.billing_type, path=("subscription_id",)
        )
    states.require(subscription, Operation.CHANGE)
    require_before_billing_run(subscription, Operation.CHANGE, clock)


def _require_first_today(session: Session, contract: Contract, clock: Clock) -> None:
    """A type that counts from the next day lets quantities fall once a day. Raises RefusedByBillingType."""
    subscription = contract.subscription
    if contract.policy.decrease is Decrease.FROM_NEXT_DAY and changed_on(session, subscription, clock.today, clock):
        raise RefusedByBillingType(
            "{billing_type} allows a decrease once a day, and the subscription was changed today.",
            billing_type=subscription.billing_type,
            path=("subscription_id",),
        )


def _add_missing(session: Session, contract: Contract, changed: Mapping[str, Decimal], clock: Clock) -> None:
    """A resource that the plan got after the order starts at nothing."""
    present = {resource.key for resource in contract.resources}
    session.add_all(
        resource_row(contract, contract.offered[key], Decimal(0), clock) for key in changed if key not in present
    )
    session.flush()


def _increases(
    session: Session, contract: Contract, changed: Mapping[str, Decimal], clock: Clock
) -> tuple[list[ChargeDraft], Prices]:
    subscription, terms = contract.subscription, contract.terms(clock)
    prices = held_prices(session, [contract], {subscription.id: clock.today}, clock)
    added: list[Line] = []
    setup: list[tuple[str | None, Decimal, Decimal]] = []
    charged = settlement.charged_units(session, contract, clock)
    for resource in contract.resources:
        after = changed.get(resource.key, resource.quantity)
        units = chargeable_increase(resource.quantity, after, resource.included)
        if units:
            billed = units if charged is None else chargeable(after, resource.included)
            added.append(priced_line(resource.key, billed, resource_price(contract, resource, prices, on=clock.today)))
            setup.append((resource.key, units, contract.offered[resource.key].setup))
    if not added:
        return [], prices
    try:
        recurring = increase_charges(terms, added, on=clock.today, paid_to=subscription.paid_to, charged=charged)
    except NotAllowedByBillingType as error:
        raise settlement.refusing(contract, error) from error
    fees = one_time_lines(contract, setup, ChargeKind.SETUP, on=clock.today)
    return sales_charges(terms, fees, on=clock.today) + recurring, prices
