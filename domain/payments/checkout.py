"""Orders: a new subscription, the next period by hand; a change of quantities is in `changing`."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.ids import uuid7
from domain.billing import settlement
from domain.billing.adjusting import adjusted
from domain.billing.charging import prolongation_charges, sales_charges
from domain.billing.contracts import Contract, contracts_of, covered, rates_for, span_of
from domain.billing.customer_discounts import discount_of_code
from domain.billing.drafts import ChargeDraft, ChargeKind, Line, NotAllowedByBillingType
from domain.billing.prices import (
    Prices,
    held_prices,
    one_time_lines,
    recurring_lines,
)
from domain.billing.proration import chargeable
from domain.catalog.models import Plan, PlanPeriod, PlanState, ServiceTerm
from domain.catalog.order_attributes import answered
from domain.catalog.queries import plan_by_id
from domain.catalog.queries import resources_of as plan_resources_of
from domain.catalog.terms import require_may_order
from domain.customers.agreements import require_agreed
from domain.customers.details import require_company_name
from domain.customers.models import Account, AgreementKind
from domain.customers.queries import account_for_update
from domain.ordering.models import Order, OrderType
from domain.ordering.queries import require_no_open_order
from domain.payments.belonging import require_may_have, require_may_postpay
from domain.payments.completion import finish
from domain.payments.onto_plan import resource_row
from domain.payments.placing import Wish, lapses_on, place
from domain.payments.quantities import checked_prices, checked_quantities, require_total
from domain.shared.billing_policy import Anchor
from domain.shared.errors import (
    InvalidState,
    NotFound,
    OnlyForSellers,
)
from domain.shared.money import Money
from domain.shared.numbers import number_for
from domain.shared.outbox import announce
from domain.shared.periods import PeriodUnit
from domain.shared.rows import locked, own
from domain.subscriptions import states
from domain.subscriptions.models import RenewalPrice, ServiceSubscription, SubscriptionState
from domain.subscriptions.queries import require_version
from domain.subscriptions.states import Operation
from tenancy.clock import Clock
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = [
    "order_subscription",
    "own_contract",
    "placed",
    "prolong_subscription",
    "require_before_billing_run",
    "sales_lines",
    "sold",
    "total_of",
]


def order_subscription(
    session: Session,
    scope: Scope,
    *,
    account_id: UUID,
    plan_id: UUID,
    period_id: UUID,
    quantities: Sequence[tuple[str, Decimal]],
    name: str | None = None,
    promo_code: str | None = None,
    individual_prices: Sequence[tuple[str, Decimal]] = (),
    renewal_price: RenewalPrice = RenewalPrice.PLAN,
    auto_renew: bool = True,
    attributes: Sequence[tuple[str, str]] = (),
    external_id: str | None = None,
    expected_total: Money | None = None,
    by_customer: bool = False,
    clock: Clock,
) -> Order:
    """Order a subscription to a plan of the acting tenant for one of its accounts.

    The order waits for its payment; one of zero, or of a postpaid account, completes at once. `quantities` are pairs
    of resource key and units, included ones counted; resources left out start at their minimum. `individual_prices`
    are pairs of resource key and a month's fee for one unit, agreed with the customer until the renewal, where
    `renewal_price` decides; with any, the subscription gets no discount. `attributes` are pairs of key and value that
    answer what the plan's product wants to know; `by_customer`: a customer's user gave them, a while ago.

    Raises NotFound, ActAsRequired; InvalidState for a plan that is not sold, or not to this account;
    InvalidInput; NoExchangeRate; CurrencyMismatch; PriceChanged; OnlyForSellers when a customer's user sends
    individual prices.
    """
    account = account_for_update(session, scope, account_id, "account_id")
    plan, period = sold(session, scope, plan_id, period_id)
    if not period.trial:
        require_may_postpay(account, "account_id")
    if scope.customer is not None:
        require_agreed(session, account, scope.customer.user_id, *AgreementKind)
    require_company_name(session, account, "account_id")
    term = session.get_one(ServiceTerm, (plan.distributor_id, plan.service_term_id))
    require_may_order(session, account, term, "account_id")
    require_may_have(session, account, plan, "plan_id")
    if individual_prices and scope.customer is not None:
        raise OnlyForSellers("individual_prices")
    promo = None
    if promo_code is not None:
        promo = discount_of_code(session, account, code=promo_code, plan_id=plan.id, clock=clock)
    offered = {resource.key: resource for resource in plan_resources_of(session, plan)}
    asked = checked_quantities(quantities, offered)
    agreed = checked_prices(individual_prices, offered)
    of_customer = by_customer or scope.customer is not None
    answers = answered(session, plan.order_attributes, attributes, of_customer=of_customer)
    subscription = _subscription(
        account, plan, period, name=name, auto_renew=auto_renew, external_id=external_id, clock=clock
    )
    subscription.billing_day = term.billing_day
    subscription.promo_discount_id = None if promo is None else promo.id
    subscription.renewal_price = renewal_price if agreed else None
    subscription.attributes = answers
    subscription.number = number_for(session, account, "subscriptions")
    session.add(subscription)
    session.flush()
    rates = rates_for(session, [(subscription, plan)])
    empty = Contract(subscription, [], plan, period, term, offered, rates)
    session.add_all(
        resource_row(empty, resource, asked.get(key, resource.minimum), clock, individual=agreed.get(key))
        for key, resource in offered.items()
    )
    session.flush()
    contract = contracts_of(session, [subscription])[subscription.id]
    terms = contract.terms(clock)
    lines = sales_lines(contract, on=clock.today)
    drafts = adjusted(session, contract, sales_charges(terms, lines, on=clock.today), clock=clock)
    require_total(total_of(drafts), subscription.currency, expected_total)
    lapses = lapses_on(session, account, contract, clock)
    wish = Wish(
        contract=contract,
        account=account,
        type=OrderType.SALES,
        drafts=drafts,
        # Something bought once pays for no span of time.
        period=None if contract.policy.anchor is Anchor.NONE else covered(terms, on=clock.today),
        cancels_on=lapses,
        due_on=lapses,
        lines={resource.key: resource.quantity for resource in contract.resources},
        external_id=subscription.external_id,
        attributes=answers,
    )
    announce(session, scope, "subscription.ordered", subject=subscription, prefix="sub", at=clock.now)
    return placed(session, scope, wish, clock=clock)


def prolong_subscription(
    session: Session,
    scope: Scope,
    *,
    subscription_id: UUID,
    if_version: int | None = None,
    expected_total: Money | None = None,
    clock: Clock,
) -> Order:
    """Order the next monthly period by hand: when stopped for non-payment, or from *paid to* on.

    A stopped subscription pays from the day it runs again; a monthly commitment owes every missed month whole.
    Raises NotFound, ActAsRequired, Stale; InvalidState before *paid to*, after the term, or with an open order;
    RefusedByBillingType; PriceChanged.
    """
    account, contract = own_contract(session, scope, subscription_id, if_version=if_version)
    subscription = contract.subscription
    states.require(subscription, Operation.PROLONG)
    require_no_open_order(session, subscription, Operation.PROLONG)
    paid_to, end = subscription.paid_to, contract.end(clock)
    if paid_to is None or clock.today < paid_to:
        if subscription.state is SubscriptionState.STOPPED:
            raise InvalidState(
                "Subscription {number} is {state} and paid to {paid_to}: its prolongation is not possible before. "
                "Activate it instead.",
                number=subscription.number,
                state=subscription.state,
                paid_to=paid_to,
                path=("subscription_id",),
            )
        raise InvalidState(
            "Subscription {number} is {state} and paid to {paid_to}: its prolongation is not possible before.",
            number=subscription.number,
            state=subscription.state,
            paid_to=paid_to,
            path=("subscription_id",),
        )
    prices = held_prices(session, [contract], {subscription.id: clock.today}, clock)
    try:
        drafts = prolongation_charges(
            contract.terms(clock),
            recurring_lines(contract, prices, on=clock.today),
            paid_to=paid_to,
            on=clock.today,
        )
        period = span_of(
            prolongation_charges(
                contract.terms(clock), [Line(None, Decimal(1), Decimal(0))], paid_to=paid_to, on=clock.today
            )
        )
    except NotAllowedByBillingType as error:
        raise settlement.refusing(contract, error) from error
    if period is None:
        raise InvalidState(
            "Subscription {number} has expired ({end}): its prolongation is not possible, renew it.",
            number=subscription.number,
            end=end,
            path=("subscription_id",),
        )
    drafts = adjusted(session, contract, drafts, clock=clock)
    require_total(total_of(drafts), subscription.currency, expected_total)
    lapses = lapses_on(session, account, contract, clock)
    wish = Wish(contract, account, OrderType.PROLONG, drafts, period, cancels_on=lapses, due_on=lapses)
    return placed(session, scope, wish, prices=prices, clock=clock)


def own_contract(
    session: Session, scope: Scope, subscription_id: UUID, *, if_version: int | None
) -> tuple[Account, Contract]:
    """The acting tenant's subscription and its account, both locked. Raises NotFound, ActAsRequired, Stale."""
    seen = own(session, scope, ServiceSubscription, subscription_id, "subscription_id")
    account = locked(session, Account, seen.distributor_id, [seen.account_id])[seen.account_id]
    subscription = locked(session, ServiceSubscription, seen.distributor_id, [seen.id])[seen.id]
    require_version(subscription, if_version)
    return account, contracts_of(session, [subscription])[subscription.id]


def placed(session: Session, scope: Scope, wish: Wish, *, prices: Prices | None = None, clock: Clock) -> Order:
    """Place one order; without anything to wait for it completes at once."""
    (made,) = place(session, scope, [wish], prices=prices, clock=clock)
    if made.completes_at_once:
        finish(session, scope, made.contract, made.account, made.order, made.charges, made.payment, clock=clock)
    return made.order


def total_of(drafts: Sequence[ChargeDraft]) -> Decimal:
    return sum((draft.amount for draft in drafts), Decimal(0))


def sold(session: Session, scope: Scope, plan_id: UUID, period_id: UUID) -> tuple[Plan, PlanPeriod]:
    """A plan of the acting tenant that may be ordered, and one of its periods. Raises NotFound, ActAsRequired,
    InvalidState.
    """
    plan = plan_by_id(session, scope, plan_id, "plan_id")
    scope.require_own(plan.tenant_id, plan.tenant_path, "plan_id")
    if scope.customer is not None and not plan.public:
        raise NotFound("plan_id")
    if plan.state is not PlanState.ACTIVE:
        raise InvalidState(
            "Plan {number} is {state}: it cannot be ordered.", number=plan.number, state=plan.state, path=("plan_id",)
        )
    period = session.scalars(
        select(PlanPeriod).where(
            PlanPeriod.distributor_id == plan.distributor_id,
            PlanPeriod.plan_id == plan.id,
            PlanPeriod.id == period_id,
            PlanPeriod.removed_at.is_(None),
        )
    ).one_or_none()
    if period is None or (scope.customer is not None and not period.public):
        raise NotFound("period_id")
    return plan, period


def _subscription(
    account: Account,
    plan: Plan,
    period: PlanPeriod,
    *,
    name: str | None,
    auto_renew: bool,
    external_id: str | None,
    clock: Clock,
) -> ServiceSubscription:
    return ServiceSubscription(
        distributor_id=account.distributor_id,
        id=uuid7(),
        tenant_id=account.tenant_id,
        tenant_path=account.tenant_path,
        name=plan.name if name is None else clean_text(name, "name"),
        state=SubscriptionState.ORDERED,
        account_id=account.id,
        plan_id=plan.id,
        plan_period_id=period.id,
        billing_type=plan.billing_type,
        currency=account.currency,
        trial=period.trial,
        endless=period.unit is PeriodUnit.ENDLESS,
        auto_renew=auto_renew,
        version=1,
        external_id=None if external_id is None else clean_text(external_id, "external_id"),
        created_at=clock.now,
        updated_at=clock.now,
    )


def sales_lines(contract: Contract, *, on: date) -> list[Line]:
    """One-time fees that cost something, then what recurs. Raises NoExchangeRate."""
    fees: list[tuple[str | None, Decimal, Decimal]] = [(None, Decimal(1), contract.period.setup)]
    fees += [
        (resource.key, chargeable(resource.quantity, resource.included), contract.offered[resource.key].setup)
        for resource in contract.resources
    ]
    return one_time_lines(contract, fees, ChargeKind.SETUP, on=on) + recurring_lines(contract, {}, on=on)


def require_before_billing_run(subscription: ServiceSubscription, operation: Operation, clock: Clock) -> None:
    """Raises InvalidState on the day whose billing run is still to come: it goes before any change of the day."""
    if subscription.paid_to is not None and subscription.paid_to <= clock.today:
        raise InvalidState(
            "Subscription {number} is paid to {paid_to}: its {operation} is not possible before the billing run of "
            "that day.",
            number=subscription.number,
            paid_to=subscription.paid_to,
            operation=operation,
            path=("subscription_id",),
        )
