"""Makes the demo chain with the same actions that clients reach over GraphQL."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db.engine import application_engine
from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.catalog.price_sheet import read_price_sheet
from domain.catalog.queries import periods_of
from domain.customers.actions import create_account
from domain.customers.models import Account
from domain.delegation.actions import delegate_plan
from domain.payments.actions import top_up
from domain.payments.checkout import order_subscription
from domain.payments.completion import complete_payment
from domain.payments.models import Payment
from domain.pricing.sheet_import import import_price_sheet
from domain.shared.billing_types import BillingType
from tenancy.clock import Clock, clock_of
from tenancy.hierarchy import Founded, create_distributor, create_reseller
from tenancy.models import Tenant
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import ScopedSession, Sessions

__all__ = ["Demo", "ensure"]

SHEET = Path(__file__).parent / "price-sheet.csv"

QUERY = """
query Panel {
  viewer { tenant { name today } }
  subscriptions(first: 10) {
    nodes { number name phase paidTo account { name } resources { name quantity unitPrice { amount currency } } }
  }
  charges(first: 5) { nodes { description amount { amount currency } explanation { text } } }
}
"""
"""Something to see for every token of the chain."""

RESELLER_MARKUP = Decimal("12.5")
CHILD_MARKUP = Decimal("11.1111")
"""8.00 becomes 9.00 and 10.00."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Demo:
    """What to show after the demo was loaded."""

    tokens: dict[str, str]
    """Label and token."""
    query: str


def ensure(app_url: str, *, switch_role: bool) -> Demo | None:
    """Load the demo into an empty database, all of it or nothing. None: there are tenants already."""
    engine = application_engine(app_url, pool_size=1, switch_role=switch_role)
    try:
        return _loaded(engine)
    finally:
        engine.dispose()


def _loaded(engine: Engine) -> Demo | None:
    with Sessions(engine).begin(PLATFORM) as session:
        if session.scalars(select(Tenant.id).limit(1)).first() is not None:
            return None
        return _Loading(session).run()


class _Loading:
    """One transaction that narrows its scope to whoever acts."""

    def __init__(self, session: ScopedSession) -> None:
        self.session = session

    def run(self) -> Demo:
        """Found the chain, fill the catalog, sell."""
        distributor = create_distributor(
            self.session,
            PLATFORM,
            name="Delta Distribution",
            currency="EUR",
            admin_email="admin@delta.example",
            time_zone="Europe/Berlin",
            sandbox=True,
            clock=datetime.now(UTC).replace(microsecond=0),
        )
        reseller = self._reseller(distributor, "Ripple Systems")
        child = self._reseller(reseller, "Brook Computing")
        sibling = self._reseller(distributor, "Sandbank IT")
        self._as(distributor, self._import)
        self._delegate(distributor, reseller, RESELLER_MARKUP)
        self._delegate(reseller, child, CHILD_MARKUP)
        self._as(child, self._sell)
        return Demo(
            {
                "child reseller": child.token,
                "reseller": reseller.token,
                "distributor": distributor.token,
                "other reseller": sibling.token,
            },
            QUERY,
        )

    def _reseller(self, parent: Founded, name: str) -> Founded:
        word = name.split(maxsplit=1)[0].lower()
        return self._as(
            parent,
            lambda session, scope, _: create_reseller(
                session, scope, parent_id=None, name=name, currency="EUR", admin_email=f"admin@{word}.example"
            ),
        )

    def _as(self, founded: Founded, work: Callable[[Session, Scope, Clock], T]) -> T:
        """Let the administrator of a tenant do something."""
        tenant = founded.tenant
        own = Scope.of_tenant(
            tenant.distributor_id, tenant.id, tenant.tenant_path, actor_id=founded.manager.id
        ).writing_downstream()
        with self._seen(own):
            return work(self.session, own, clock_of(self.session, tenant.distributor_id))

    @contextmanager
    def _seen(self, scope: Scope) -> Iterator[None]:
        self.session.act_as(scope)
        yield
        self.session.act_as(PLATFORM)

    @staticmethod
    def _import(session: Session, scope: Scope, clock: Clock) -> None:
        import_price_sheet(session, scope, rows=read_price_sheet(SHEET.read_bytes()), clock=clock)

    def _delegate(self, giver: Founded, taker: Founded, markup: Decimal) -> None:
        def work(session: Session, scope: Scope, clock: Clock) -> None:
            for plan in _monthly_plans(session, giver.tenant):
                delegate_plan(
                    session, scope, plan_id=plan.id, tenant_ids=[taker.tenant.id], markup_percent=markup, clock=clock
                )

        self._as(giver, work)

    @staticmethod
    def _sell(session: Session, scope: Scope, clock: Clock) -> None:
        tenant = session.scalars(select(Tenant).where(Tenant.id == scope.tenant_id)).one()
        mail, desk = _monthly_plans(session, tenant)[:2]
        bakery = create_account(session, scope, name="Meadow Bakery", email="till@meadow.example", clock=clock)
        studio = create_account(session, scope, name="Studio Lindgren", email="hej@lindgren.example", clock=clock)
        for account, funds in ((bakery, Decimal(500)), (studio, Decimal(60))):
            top_up(session, scope, account_id=account.id, amount=funds, currency="EUR", clock=clock)
        _order(session, scope, bakery, mail, Decimal(5), clock)
        _order(session, scope, bakery, desk, Decimal(3), clock)
        _order(session, scope, studio, mail, Decimal(4), clock)


def _monthly_plans(session: Session, tenant: Tenant) -> list[Plan]:
    """The tenant's plans that are sold by the month, in the order of the sheet."""
    return list(
        session.scalars(
            select(Plan)
            .where(
                Plan.distributor_id == tenant.distributor_id,
                Plan.tenant_id == tenant.id,
                Plan.billing_type == BillingType.CSP_MONTHLY,
            )
            .order_by(Plan.number)
        )
    )


def _order(session: Session, scope: Scope, account: Account, plan: Plan, quantity: Decimal, clock: Clock) -> None:
    """Order a plan's only resource for its only period, and pay from the balance."""
    period: PlanPeriod = periods_of(session, plan)[0]
    key = session.scalars(
        select(PlanResource.key).where(
            PlanResource.distributor_id == plan.distributor_id, PlanResource.plan_id == plan.id
        )
    ).one()
    order = order_subscription(
        session,
        scope,
        account_id=account.id,
        plan_id=plan.id,
        period_id=period.id,
        quantities=[(key, quantity)],
        clock=clock,
    )
    payment_id = session.scalars(
        select(Payment.id).where(Payment.distributor_id == order.distributor_id, Payment.order_id == order.id)
    ).one()
    complete_payment(session, scope, payment_id=payment_id, clock=clock)
