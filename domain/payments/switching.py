"""Another plan for a running subscription."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from domain.billing import settlement
from domain.billing.adjusting import adjusted
from domain.billing.charging import sales_charges
from domain.billing.contracts import Contract, covered
from domain.catalog.models import Plan, PlanPeriod, PlanResource, ServiceTerm
from domain.catalog.order_attributes import answered
from domain.catalog.queries import resources_of
from domain.catalog.terms import require_may_order
from domain.ordering.models import Order, OrderType
from domain.ordering.queries import require_no_open_order
from domain.payments.belonging import require_link, require_may_become_commercial, require_may_have
from domain.payments.checkout import own_contract, require_before_billing_run, sales_lines, sold
from domain.payments.completion import finish
from domain.payments.onto_plan import as_switched
from domain.payments.placing import Wish, lapses_on, place
from domain.payments.quantities import checked_quantities, require_total, require_used
from domain.shared.billing_policy import policy_of
from domain.shared.decimals import plain
from domain.shared.errors import InvalidInput, InvalidState
from domain.shared.money import Money
from domain.subscriptions import states
from domain.subscriptions.states import Operation
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["switch_subscription"]


def switch_subscription(
    session: Session,
    scope: Scope,
    *,
    subscription_id: UUID,
    plan_id: UUID,
    period_id: UUID,
    quantities: Sequence[tuple[str, Decimal]] = (),
    attributes: Sequence[tuple[str, str]] = (),
    if_version: int | None = None,
    expected_total: Money | None = None,
    clock: Clock,
) -> Order:
    """Order another plan of the acting tenant, or another period of the same one, for a running subscription.

    A full term of the new plan begins today; its total is to be paid. On the day the order completes the days used of
    the present plan are closed, and what is unused comes back as its billing type says. Resources that both plans have
    keep their quantity unless `quantities` say otherwise, others start at their minimum. What the new plan's
    product wants to know `attributes` answer, else what the subscription's orders told before.

    Raises NotFound, ActAsRequired, Stale; InvalidState, also for a plan that is not sold, for an open order and where
    the new plan's service term is not for the account's type;
    InvalidInput, also for quantities that the new plan does not offer; CurrencyMismatch, PriceChanged,
    RefusedByBillingType.
    """
    account, contract = own_contract(session, scope, subscription_id, if_version=if_version)
    subscription = contract.subscription
    settlement.require_switchable(contract)
    states.require(subscription, Operation.SWITCH)
    require_before_billing_run(subscription, Operation.SWITCH, clock)
    _require_its_time(contract, clock)
    require_no_open_order(session, subscription, Operation.SWITCH)
    plan, period = sold(session, scope, plan_id, period_id)
    require_switchable_to(contract, plan, period)
    require_may_become_commercial(session, account, from_trial=subscription.trial, path="subscription_id")
    require_link(session, contract.plan, plan, "plan_id")
    if plan.origin_id != contract.plan.origin_id:
        require_may_have(session, account, plan, "plan_id")
        term = session.get_one(ServiceTerm, (plan.distributor_id, plan.service_term_id))
        require_may_order(session, account, term, "plan_id")
    offered = {offer.key: offer for offer in resources_of(session, plan)}
    wanted = _quantities(contract, offered, checked_quantities(quantities, offered))
    require_used(wanted, [resource for resource in contract.resources if resource.key in wanted], quantities)
    answers = answered(
        session,
        plan.order_attributes,
        attributes,
        of_customer=scope.customer is not None,
        before=subscription.attributes,
    )
    target = as_switched(session, contract, plan, period, wanted, clock=clock)
    terms = target.terms(clock)
    lines = sales_lines(target, on=clock.today)
    drafts = adjusted(session, target, sales_charges(terms, lines, on=clock.today), clock=clock)
    require_total(sum((draft.amount for draft in drafts), Decimal(0)), subscription.currency, expected_total)
    lapses = lapses_on(session, account, contract, clock)
    wish = Wish(
        contract=target,
        account=account,
        type=OrderType.SWITCH,
        drafts=drafts,
        period=covered(terms, on=clock.today),
        cancels_on=lapses,
        due_on=lapses,
        lines=wanted,
        attributes=answers,
    )
    (made,) = place(session, scope, [wish], clock=clock)
    if made.completes_at_once:
        # Not the contract that was computed with: what is completed are rows.
        finish(session, scope, contract, account, made.order, made.charges, None, clock=clock)
    return made.order


def _require_its_time(contract: Contract, clock: Clock) -> None:
    """Raises InvalidState outside the service term's manual switch point. What has no end has only always and never."""
    subscription, point, end = (
        contract.subscription,
        contract.service_term.manual_switch_point_days,
        contract.end(clock),
    )
    if point == -1:
        return
    if point == 0 or end is None:
        raise InvalidState(
            "Subscription {number} is {state}: its switch by hand is not possible at all.",
            number=subscription.number,
            state=subscription.state,
            path=("subscription_id",),
        )
    if clock.today < (opens := end - timedelta(days=point)):
        raise InvalidState(
            "Subscription {number} is {state}: its switch by hand is not possible before {day}.",
            number=subscription.number,
            state=subscription.state,
            day=opens,
            path=("subscription_id",),
        )


def require_switchable_to(contract: Contract, plan: Plan, period: PlanPeriod) -> None:
    """Raises InvalidInput where one does not switch from this subscription to that plan."""
    subscription = contract.subscription
    if (plan.id, period.id) == (subscription.plan_id, subscription.plan_period_id):
        raise InvalidInput("The subscription has this plan and period already.", path=("plan_id",))
    if not policy_of(plan.billing_type).switches:
        raise InvalidInput(
            "{name} is {billing_type}: one does not switch to it.",
            name=plan.name,
            billing_type=plan.billing_type,
            path=("plan_id",),
        )
    if period.trial:
        raise InvalidInput("One does not switch to a trial.", path=("period_id",))


def _quantities(
    contract: Contract, offered: Mapping[str, PlanResource], asked: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """What is asked for, else what there is, else the minimum. Raises InvalidInput for what the new limits exclude."""
    present = {resource.key: resource.quantity for resource in contract.resources}
    found = {}
    for key, offer in offered.items():
        quantity = asked.get(key, present.get(key, offer.minimum))
        if quantity < offer.minimum or (offer.maximum is not None and quantity > offer.maximum):
            raise InvalidInput(
                "{name} of the new plan is from {minimum} to {maximum}; the subscription has {quantity}: say how many.",
                name=offer.name,
                minimum=plain(offer.minimum),
                maximum="∞" if offer.maximum is None else plain(offer.maximum),
                quantity=plain(quantity),
                path=("quantities",),
            )
        found[key] = quantity
    return found
