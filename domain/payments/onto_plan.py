"""A subscription on a plan of its seller: as an order writes it down, and as a switch rewrites it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal

from sqlalchemy import delete, inspect
from sqlalchemy.orm import Session

from domain.billing import settlement
from domain.billing.contracts import Contract, contracts_of, rates_for
from domain.billing.exchange import UnitPrice
from domain.catalog.models import Plan, PlanPeriod, PlanResource, ServiceTerm
from domain.catalog.queries import resources_of
from domain.customers.models import Account
from domain.ordering.models import Order
from domain.ordering.queries import lines_of
from domain.shared.periods import PeriodUnit
from domain.subscriptions.models import ServiceSubscription, SubscriptionResource
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["as_switched", "resource_row", "take_over"]


def resource_row(
    contract: Contract,
    offer: PlanResource,
    quantity: Decimal,
    clock: Clock,
    *,
    individual: Decimal | None = None,
) -> SubscriptionResource:
    """A resource of the plan as a subscription has it, perhaps at an individual price; not added to a session.

    Raises NoExchangeRate.
    """
    subscription = contract.subscription
    price = UnitPrice(individual) if individual is not None else contract.billed(offer.recurring_per_month, clock.today)
    return SubscriptionResource(
        distributor_id=subscription.distributor_id,
        tenant_id=subscription.tenant_id,
        tenant_path=subscription.tenant_path,
        subscription_id=subscription.id,
        account_id=subscription.account_id,
        plan_resource_id=offer.id,
        key=offer.key,
        name=offer.name,
        priority=offer.priority,
        quantity=quantity,
        included=offer.included,
        unit_price=price.amount,
        individual_price=individual,
        currency=subscription.currency,
        exchange=None if price.exchange is None else price.exchange.to_json(),
        created_at=clock.now,
        updated_at=clock.now,
    )


def as_switched(
    session: Session,
    contract: Contract,
    plan: Plan,
    period: PlanPeriod,
    quantities: Mapping[str, Decimal],
    *,
    clock: Clock,
) -> Contract:
    """The contract that a switch of today leads to, to compute with: nothing of it is written.

    `quantities` hold every resource of the plan.
    """
    columns = inspect(ServiceSubscription).column_attrs
    copy = ServiceSubscription(**{each.key: getattr(contract.subscription, each.key) for each in columns})
    term = session.get_one(ServiceTerm, (plan.distributor_id, plan.service_term_id))
    _set(copy, plan, period, term, on=clock.today)
    offered = {offer.key: offer for offer in resources_of(session, plan)}
    switched = replace(
        contract,
        subscription=copy,
        resources=[],
        plan=plan,
        period=period,
        service_term=term,
        offered=offered,
        rates=rates_for(session, [(copy, plan)]),
    )
    resources = [resource_row(switched, offer, quantities[key], clock) for key, offer in offered.items()]
    return replace(switched, resources=resources)


def take_over(
    session: Session, scope: Scope, contract: Contract, account: Account, order: Order, *, clock: Clock
) -> Contract:
    """Leave the present plan, whose charges are settled today, for the one that a switch order names.

    The new term counts from the day of the order, however late it is paid. Subscription and account must be locked.
    Raises RefusedByBillingType.
    """
    subscription = contract.subscription
    plan = session.get_one(Plan, (order.distributor_id, order.plan_id))
    period = session.get_one(PlanPeriod, (order.distributor_id, order.plan_period_id))
    settlement.delete(session, scope, contract, account, clock=clock, switch=True)
    term = session.get_one(ServiceTerm, (plan.distributor_id, plan.service_term_id))
    _set(subscription, plan, period, term, on=clock.day_of(order.created_at))
    subscription.attributes = order.attributes
    session.execute(
        delete(SubscriptionResource).where(
            SubscriptionResource.distributor_id == subscription.distributor_id,
            SubscriptionResource.subscription_id == subscription.id,
        )
    )
    quantities = {line.resource_key: line.quantity for line in lines_of(session, order)}
    session.flush()
    bare = contracts_of(session, [subscription])[subscription.id]
    session.add_all(
        resource_row(bare, offer, quantities.get(offer.key, offer.minimum), clock)
        for offer in resources_of(session, plan)
    )
    session.flush()
    return contracts_of(session, [subscription])[subscription.id]


def _set(subscription: ServiceSubscription, plan: Plan, period: PlanPeriod, term: ServiceTerm, *, on: date) -> None:
    subscription.plan_id = plan.id
    subscription.plan_period_id = period.id
    subscription.billing_type = plan.billing_type
    subscription.billing_day = term.billing_day
    subscription.trial = period.trial
    subscription.endless = period.unit is PeriodUnit.ENDLESS
    subscription.renewal_price = None  # individual prices end
    subscription.switched_on = on
    # Individual prices were agreed for the plan that is left.
    subscription.renewal_price = None
    subscription.paid_to = subscription.expires_on = None
