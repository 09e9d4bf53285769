"""A shop at the end of a chain: the distributor's plan, delegated twice, and a customer of the child reseller."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from domain.billing.models import Charge, ChargeState, LedgerAccount, LedgerEntry, ResellerCharge
from domain.catalog.actions import create_plan, create_service_term
from domain.catalog.drafts import FeesDraft, PlanPeriodDraft, PlanResourceDraft
from domain.catalog.models import Plan, PlanPeriod
from domain.customers.actions import create_account
from domain.customers.models import Account, PaymentModel
from domain.delegation.actions import delegate_plan
from domain.ordering.models import Order, OrderState
from domain.payments import actions, changing, checkout, switching
from domain.payments.models import Payment
from domain.shared.billing_types import BillingType
from domain.shared.periods import PeriodUnit
from domain.subscriptions.models import ServiceSubscription
from tenancy.clock import Clock
from tenancy.scope import Scope
from tests.conftest import Chain, act_as, scope_of

ENDLESS = PlanPeriodDraft(unit=PeriodUnit.ENDLESS)
YEAR = PlanPeriodDraft(unit=PeriodUnit.YEAR, duration=1)
MONTH = PlanPeriodDraft(unit=PeriodUnit.MONTH, duration=1)


@dataclass
class Shop:
    """What the child reseller sells, to whom, and what time it is."""

    session: Session
    chain: Chain
    scope: Scope
    account: Account
    plan: Plan
    """The child reseller's copy."""
    chain_plans: tuple[Plan, Plan, Plan]
    """Distributor's, reseller's, child reseller's."""
    day: date

    @property
    def clock(self) -> Clock:
        """Nine in the morning of the shop's day."""
        return clock_on(self.day)

    def period_id(self, plan: Plan | None = None) -> UUID:
        """The plan's first period."""
        return self.session.scalars(
            select(PlanPeriod.id).where(PlanPeriod.plan_id == (plan or self.plan).id).order_by(PlanPeriod.position)
        ).all()[0]

    def order(self, quantity: int = 5, **more: Any) -> Order:
        """Order that many seats."""
        values: dict[str, Any] = {
            "account_id": self.account.id,
            "plan_id": self.plan.id,
            "period_id": self.period_id(),
            "quantities": [("seats", Decimal(quantity))],
            **more,
        }
        return checkout.order_subscription(self.session, self.scope, **values, clock=self.clock)

    def change(self, subscription: ServiceSubscription, quantity: int, **more: Any) -> Order:
        """Order another number of seats."""
        return changing.change_subscription(
            self.session,
            self.scope,
            subscription_id=subscription.id,
            quantities=[("seats", Decimal(quantity))],
            **more,
            clock=self.clock,
        )

    def switch(self, subscription: ServiceSubscription, plan: Plan, **more: Any) -> Order:
        """Order another plan, with its first period."""
        return switching.switch_subscription(
            self.session,
            self.scope,
            subscription_id=subscription.id,
            plan_id=plan.id,
            period_id=self.period_id(plan),
            **more,
            clock=self.clock,
        )

    def pay(self, order: Order) -> Payment:
        """Complete the order's payment from the balance."""
        return actions.complete_payment(
            self.session, self.scope, payment_id=self.payment_of(order).id, clock=self.clock
        )

    def pay_if_due(self, order: Order) -> None:
        """Pay an order, unless it needed no payment."""
        if order.state is OrderState.WAITING_FOR_PAYMENT:
            self.pay(order)

    def last_order(self, subscription: ServiceSubscription) -> Order:
        """What was ordered last for it."""
        return self.session.scalars(
            select(Order).where(Order.subscription_id == subscription.id).order_by(Order.id.desc()).limit(1)
        ).one()

    def bought(self, quantity: int = 5, **more: Any) -> ServiceSubscription:
        """An ordered and paid subscription."""
        order = self.order(quantity, **more)
        self.pay_if_due(order)
        return self.subscription_of(order)

    def top_up(self, amount: str) -> Payment:
        """Money has come."""
        return actions.top_up(
            self.session,
            self.scope,
            account_id=self.account.id,
            amount=Decimal(amount),
            currency="EUR",
            clock=self.clock,
        )

    def payment_of(self, order: Order) -> Payment:
        """The payment that the order waits for."""
        return self.session.scalars(select(Payment).where(Payment.order_id == order.id)).one()

    def subscription_of(self, order: Order) -> ServiceSubscription:
        """What was ordered."""
        return self.session.get_one(ServiceSubscription, (order.distributor_id, order.subscription_id))

    def charges(self, *states: ChargeState) -> list[Charge]:
        """All charges in these states, in the order of their numbers."""
        return list(
            self.session.scalars(
                select(Charge)
                .where(Charge.account_id == self.account.id, Charge.state.in_(states or tuple(ChargeState)))
                .order_by(Charge.number)
            )
        )

    def amounts(self, *states: ChargeState) -> list[str]:
        """Their amounts, in cents' form."""
        return [f"{charge.amount:.2f}" for charge in self.charges(*states)]

    def balance(self) -> tuple[str, str]:
        """Funds and blocked funds."""
        return f"{self.account.funds:.2f}", f"{self.account.blocked:.2f}"

    def books(self) -> dict[LedgerAccount, Decimal]:
        """What stands in each book of the account by its entries alone."""
        self.session.flush()
        held = dict.fromkeys(LedgerAccount, Decimal(0))
        for entry in self.session.scalars(select(LedgerEntry).where(LedgerEntry.account_id == self.account.id)):
            held[entry.from_book] -= entry.amount
            held[entry.to_book] += entry.amount
        return held

    def assert_books_agree(self) -> None:
        """Balance, ledger and charges say the same."""
        books = self.books()
        assert self.account.funds == books[LedgerAccount.AVAILABLE] + books[LedgerAccount.BLOCKED]
        assert self.account.blocked == books[LedgerAccount.BLOCKED]
        assert books[LedgerAccount.BLOCKED] == sum(charge.amount for charge in self.charges(ChargeState.BLOCKED))
        assert books[LedgerAccount.REVENUE] == sum(charge.amount for charge in self.charges(ChargeState.CLOSED))
        if self.account.payment_model is PaymentModel.PREPAY:
            assert books[LedgerAccount.AVAILABLE] >= 0

    def count(self, model: Any) -> int:
        """How many rows there are."""
        return self.session.scalar(select(func.count()).select_from(model)) or 0


def clock_on(day: date) -> Clock:
    """Nine in the morning, UTC."""
    return Clock(now=datetime.combine(day, time(9), UTC), zone="UTC", sandbox=True)


def open_shop(
    session: Session,
    chain: Chain,
    *,
    billing_type: BillingType = BillingType.CSP_MONTHLY,
    day: date = date(2027, 8, 20),
    period: PlanPeriodDraft = ENDLESS,
    term: dict[str, Any] | None = None,
    plan: dict[str, Any] | None = None,
    payment_model: PaymentModel = PaymentModel.PREPAY,
    prices: tuple[str, str, str] = ("8.00", "12.5", "11.1111"),
) -> Shop:
    """Prices 8.00 at the distributor, 9.00 at the reseller, 10.00 at the child reseller; net cost 7.00."""
    clock = clock_on(day)
    scope = act_as(session, scope_of(chain.distributor).writing_downstream())
    service_term = create_service_term(session, scope, name="Monthly", key="monthly", **(term or {}), clock=clock)
    plans = _delegated(
        session,
        chain,
        service_term_id=service_term.id,
        billing_type=billing_type,
        period=period,
        plan=plan or {},
        prices=prices,
        clock=clock,
    )
    scope = act_as(session, scope_of(chain.child))
    account = create_account(
        session, scope, name="Harbour", email="it@harbour.example", payment_model=payment_model, clock=clock
    )
    return Shop(session, chain, scope, account, plans[2], plans, day)


def also_sell(
    shop: Shop,
    *,
    billing_type: BillingType = BillingType.CSP_MONTHLY,
    period: PlanPeriodDraft = ENDLESS,
    plan: dict[str, Any] | None = None,
    prices: tuple[str, str, str] = ("16.00", "12.5", "11.1111"),
) -> Plan:
    """Another plan with the same service term: 20.00 at the child reseller, whose copy is answered."""
    term_id = shop.plan.service_term_id
    made = _delegated(
        shop.session,
        shop.chain,
        service_term_id=term_id,
        billing_type=billing_type,
        period=period,
        plan={"name": "Business Premium", **(plan or {})},
        prices=prices,
        clock=shop.clock,
    )
    act_as(shop.session, shop.scope)
    return made[2]


def _delegated(
    session: Session,
    chain: Chain,
    *,
    service_term_id: UUID,
    billing_type: BillingType,
    period: PlanPeriodDraft,
    plan: dict[str, Any],
    prices: tuple[str, str, str],
    clock: Clock,
) -> tuple[Plan, Plan, Plan]:
    """A plan of the distributor's, the reseller's copy and the child reseller's."""
    price, *markups = prices
    scope = act_as(session, scope_of(chain.distributor).writing_downstream())
    values: dict[str, Any] = {
        "name": "Business Basic",
        "service_term_id": service_term_id,
        "billing_type": billing_type,
        "periods": [period],
        "resources": [
            PlanResourceDraft(
                key="seats",
                name="Seats",
                unit="licence",
                fees=FeesDraft(recurring_per_month=Decimal(price)),
                net_cost=FeesDraft(recurring_per_month=Decimal("7.00")),
                maximum=Decimal(1000),
            )
        ],
        **plan,
    }
    own = create_plan(session, scope, **values, clock=clock)
    (first,) = delegate_plan(
        session,
        scope,
        plan_id=own.id,
        tenant_ids=[chain.reseller.tenant.id],
        markup_percent=Decimal(markups[0]),
        clock=clock,
    )
    scope = act_as(session, scope_of(chain.reseller).writing_downstream())
    (second,) = delegate_plan(
        session,
        scope,
        plan_id=first.id,
        tenant_ids=[chain.child.tenant.id],
        markup_percent=Decimal(markups[1]),
        clock=clock,
    )
    return own, first, second


def owed(session: Session, chain: Chain) -> list[tuple[str, str]]:
    """Every reseller charge of the distributor: who owes, and how much; seen from the top."""
    names = {chain.reseller.tenant.id: "reseller", chain.child.tenant.id: "child"}
    rows = session.scalars(select(ResellerCharge).order_by(ResellerCharge.charge_id, ResellerCharge.tenant_path.desc()))
    return [(names[row.tenant_id], f"{row.amount:.2f}") for row in rows]
