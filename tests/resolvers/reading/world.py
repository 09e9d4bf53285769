"""A small world to read: a chain of tenants, each with accounts, plans, subscriptions and charges."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from db import ids
from domain.billing.models import Charge, ChargeKind, ChargeState
from domain.catalog.models import Plan, PlanPeriod, PlanResource, ServiceTerm
from domain.customers.models import Account
from domain.ordering.models import Order, OrderState, OrderType
from domain.payments.models import Payment, PaymentPurpose, PaymentState
from domain.shared.billing_types import BillingType
from domain.shared.periods import PeriodUnit
from domain.subscriptions.models import ServiceSubscription, SubscriptionResource, SubscriptionState
from resolvers.reading import Viewer
from tenancy.hierarchy import Founded
from tenancy.permissions import Permission, Role, permissions_of
from tenancy.scope import PLATFORM
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, found_chain, scope_of

TODAY = date(2027, 8, 20)
EXPLANATION = {
    "rule": "monthly",
    "fraction": "12/31",
    "unrounded": "3.8709677419",
    "rounded": "3.87",
    "steps": [
        {"label": "fee", "formula": "10.00 × 1", "value": "10.00"},
        {"label": "part", "formula": "× 12/31", "value": "3.8709677419"},
    ],
    "text": "12 of 31 days",
}


@dataclass(frozen=True, repr=False)
class Seller:
    """What one tenant has."""

    founded: Founded
    accounts: list[Account]
    plan: Plan
    subscriptions: list[ServiceSubscription]

    def viewer(self, role: Role = Role.SYSTEM_ADMINISTRATOR) -> Viewer:
        """Somebody of this tenant."""
        actor = ids.encode("mgr", self.founded.manager.id)
        return Viewer(scope_of(self.founded), permissions_of(role), actor=actor)


@dataclass(frozen=True, repr=False)
class World:
    """Every tenant of the chain with what it has."""

    chain: Chain
    distributor: Seller
    reseller: Seller
    child: Seller
    sibling: Seller
    term: ServiceTerm


PLATFORM_VIEWER = Viewer(PLATFORM, frozenset(Permission))


def found_world(engine: Engine) -> World:
    """Fill an empty database."""
    with ScopedSession(engine, PLATFORM) as session, session.begin():
        chain = found_chain(session)
        owner = _owner(chain.distributor)
        term = ServiceTerm(**owner, name="CSP", key="csp", billing_day=1)
        session.add(term)
        session.flush()
        sellers: dict[str, Seller] = {}
        parent: Plan | None = None
        for name in ("distributor", "reseller", "child", "sibling"):
            above = sellers["distributor"].plan if name == "sibling" else parent
            sellers[name] = _sell(session, getattr(chain, name), term, above)
            parent = sellers[name].plan
        return World(chain=chain, term=term, **sellers)


def _owner(founded: Founded) -> dict[str, Any]:
    tenant = founded.tenant
    return {"distributor_id": tenant.distributor_id, "tenant_id": tenant.id, "tenant_path": tenant.tenant_path}


def _sell(session: ScopedSession, founded: Founded, term: ServiceTerm, above: Plan | None) -> Seller:
    owner = _owner(founded)
    name = founded.tenant.name
    plan = Plan(
        **owner,
        id=ids.uuid7(),
        number="PL000001",
        name="Mail Pro",
        sku="MAIL-1",
        attributes=[{"key": "shelf", "value": "B 12"}, {"key": "a", "value": f"of {name}"}],
        billing_type=BillingType.CSP_MONTHLY,
        currency="EUR",
        service_term_id=term.id,
        parent_id=above.id if above else None,
    )
    plan.origin_id = above.origin_id if above else plan.id
    session.add(plan)
    session.flush()
    period = PlanPeriod(
        **owner, plan_id=plan.id, key="1_YEAR", position=0, duration=1, unit=PeriodUnit.YEAR, setup=Decimal("1.5")
    )
    endless = PlanPeriod(**owner, plan_id=plan.id, key="ENDLESS", position=1, duration=None, unit=PeriodUnit.ENDLESS)
    resource = PlanResource(
        **owner,
        plan_id=plan.id,
        key="seat",
        name="Seat",
        unit="license",
        recurring_per_month=Decimal(10),
        net_recurring_per_month=Decimal("7.25"),
    )
    session.add_all([period, endless, resource])
    session.flush()
    accounts = [
        Account(
            **owner,
            number=f"AC{number:06}",
            name=f"{name} customer {number}",
            email=f"buyer{number}@{name.lower()}.example",
            currency="EUR",
            funds=Decimal("100.50"),
            blocked=Decimal(30),
            external_id=f"erp-{number}" if number == 1 else None,
        )
        for number in (1, 2, 3)
    ]
    session.add_all(accounts)
    session.flush()
    subscriptions = [
        _subscribe(session, owner, account, plan, period, resource, number)
        for number, account in enumerate((accounts[0], accounts[0], accounts[0], accounts[1], accounts[1]), start=1)
    ]
    return Seller(founded, accounts, plan, subscriptions)


def _subscribe(
    session: ScopedSession,
    owner: dict[str, Any],
    account: Account,
    plan: Plan,
    period: PlanPeriod,
    resource: PlanResource,
    number: int,
) -> ServiceSubscription:
    endless = number == 5
    subscription = ServiceSubscription(
        **owner,
        number=f"SU{number:06}",
        name=f"Mail {chr(ord('F') - number)}",
        state=SubscriptionState.GRACED if number == 2 else SubscriptionState.ACTIVE,
        account_id=account.id,
        plan_id=plan.id,
        plan_period_id=period.id,
        billing_type=BillingType.CSP_MONTHLY,
        billing_day=1,
        currency="EUR",
        endless=endless,
        started_on=TODAY,
        paid_to=TODAY + timedelta(days=12),
        expires_on=None if endless else TODAY + timedelta(days=(number % 3) * 10),
    )
    session.add(subscription)
    session.flush()
    session.add_all(
        SubscriptionResource(
            **owner,
            subscription_id=subscription.id,
            account_id=account.id,
            plan_resource_id=resource.id,
            key=key,
            name=key.title(),
            priority=priority,
            quantity=Decimal("5.5000"),
            included=Decimal(0),
            unit_price=Decimal("10.1250"),
            currency="EUR",
        )
        for key, priority in (("seat", 1), ("disk", 2))
    )
    order = Order(
        **owner,
        number=f"SO{number:06}",
        type=OrderType.SALES,
        state=OrderState.COMPLETED,
        account_id=account.id,
        subscription_id=subscription.id,
        currency="EUR",
        total=Decimal("3.87"),
        paid_from=TODAY,
        paid_until=TODAY + timedelta(days=12),
    )
    session.add(order)
    session.flush()
    session.add(
        Payment(
            **owner,
            number=f"PM{number:06}",
            state=PaymentState.PAID_FROM_BALANCE,
            purpose=PaymentPurpose.ORDER,
            currency="EUR",
            total=Decimal("3.87"),
            account_id=account.id,
            order_id=order.id,
        )
    )
    session.add_all(
        Charge(
            **owner,
            number=f"CH{number:05}{part}",
            kind=ChargeKind.RECURRING,
            state=ChargeState.BLOCKED,
            description="Seat",
            subscription_id=subscription.id,
            account_id=account.id,
            order_id=order.id,
            quantity=Decimal(1),
            unit_price=Decimal(10),
            currency="EUR",
            amount=Decimal("3.87"),
            discount_name="Summer" if part else None,
            discount_percent=Decimal("12.5") if part else None,
            period_start=TODAY,
            period_end=TODAY + timedelta(days=12),
            explanation=EXPLANATION,
        )
        for part in (0, 1)
    )
    session.flush()
    return subscription
