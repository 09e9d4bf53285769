"""A subscription with everything its charges are made from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.among import among
from domain.billing.charging import prolongation_charges, sales_charges
from domain.billing.drafts import BillingTerms, ChargeDraft, Line
from domain.billing.exchange import Exchange, Rate, Rates, UnitPrice
from domain.billing.exchange_rates import rates_of
from domain.billing.spans import Span, first_end, free_until
from domain.catalog.models import ExpiredRenewal, Plan, PlanPeriod, PlanResource, ServiceTerm
from domain.shared.billing_policy import Anchor, Policy, policy_of
from domain.shared.errors import NoExchangeRate
from domain.shared.periods import (
    MONTHS_IN_A_YEAR,
    Period,
    PeriodUnit,
    add_months,
    billing_date,
    billing_period_containing,
    end_of_term,
    renewed_after_expiry,
)
from domain.subscriptions.models import ServiceSubscription, SubscriptionResource
from domain.subscriptions.queries import resources_of
from tenancy.clock import Clock

__all__ = ["Contract", "contracts_of", "covered", "rates_for", "span_of"]


@dataclass(frozen=True, slots=True)
class Contract:
    """What was bought, and from which plan of the seller."""

    subscription: ServiceSubscription
    resources: Sequence[SubscriptionResource]
    plan: Plan
    period: PlanPeriod
    service_term: ServiceTerm
    offered: Mapping[str, PlanResource]
    """The plan's resources by key."""
    rates: Rates = field(default_factory=Rates)
    """From the plan's currency, where the subscription is billed in another one."""

    def billed(self, price: Decimal, on: date) -> UnitPrice:
        """A price of the plan in what the subscription is billed in, at the exchange rate of a day.

        Raises NoExchangeRate.
        """
        if self.plan.currency == self.subscription.currency:
            return UnitPrice(price)
        exchange = Exchange(self.plan.currency, price, self._rate(on))
        return UnitPrice(exchange.converted, exchange)

    def _rate(self, on: date) -> Rate:
        subscription = self.subscription
        rate = self.rates.at(subscription.tenant_path, self.plan.currency, subscription.currency, on)
        if rate is not None:
            return rate
        for resource in self.resources:
            # Of a seller that was moved away from whoever had set the rate: the one it was sold at.
            sold = Exchange.from_json(resource.exchange)
            if sold is not None and sold.currency == self.plan.currency:
                return sold.rate
        raise NoExchangeRate(
            "There is no exchange rate from {currency}, in which {name} is sold, to {other} on {day}.",
            currency=self.plan.currency,
            name=self.plan.name,
            other=subscription.currency,
            day=on,
            path=("plan_id",),
        )

    @property
    def policy(self) -> Policy:
        """The row of the policy table."""
        return policy_of(self.subscription.billing_type)

    def ordered_on(self, clock: Clock) -> date:
        """The day of the sales order, or of the switch to the present plan: the term, its anchor and price protection
        count from it.
        """
        return self.subscription.switched_on or clock.day_of(self.subscription.created_at)

    def end(self, clock: Clock) -> date | None:
        """The day after the term's last one; None when it is endless. A late payment does not move it."""
        if self.subscription.expires_on is not None:
            return self.subscription.expires_on + timedelta(days=1)
        return self._first_end(clock)

    def _first_end(self, clock: Clock) -> date | None:
        return first_end(self._span, self.ordered_on(clock), self.subscription.billing_day)

    @property
    def _span(self) -> Span:
        return Span(self.subscription.billing_type, self.period.duration, self.period.unit)

    def anchor_day(self, clock: Clock) -> int:
        """The day of the month that terms and months of the term are counted from.

        The order's, also through renewals where a shorter month clamps it; after a shifted renewal that one's. The
        billing day where terms end on it.
        """
        if self._span.ends_on_billing_days:
            return self.subscription.billing_day
        ordered_on, expires_on = self.ordered_on(clock), self.subscription.expires_on
        if expires_on is None or self.period.unit is PeriodUnit.DAY:
            return ordered_on.day
        end = expires_on + timedelta(days=1)
        kept = billing_date(end.year, end.month, ordered_on.day) == end
        return ordered_on.day if kept else end.day

    def next_end(self, clock: Clock, *, start: date | None = None) -> date | None:
        """The end of the term that a renewal from `start` buys; by default from the end of the present one.

        A later start is that of an expired subscription: constant keeps the old cycle, shifted starts a full term.
        """
        end, duration, unit = self.end(clock), self.period.duration, self.period.unit
        if end is None:
            return None
        if start is None or start <= end:
            return end_of_term(end, duration, unit, self.anchor_day(clock))
        mode = self.plan.expired_renewal or self.service_term.expired_renewal
        if mode is ExpiredRenewal.SHIFTED and not self._span.ends_on_billing_days:
            return end_of_term(start, duration, unit)
        return renewed_after_expiry(end, start, duration, unit, self.anchor_day(clock))

    def term_start(self, clock: Clock) -> date:
        """The first day of the present term: the order's, or the one that the last renewal counts from."""
        ordered_on, end = self.ordered_on(clock), self.end(clock)
        duration, unit = self.period.duration, self.period.unit
        if end is None or duration is None or end == self._first_end(clock):
            return ordered_on
        if unit is PeriodUnit.DAY:
            return end - timedelta(days=duration)
        months = duration * MONTHS_IN_A_YEAR if unit is PeriodUnit.YEAR else duration
        return add_months(end, -months, self.anchor_day(clock))

    def terms(self, clock: Clock, *, end: date | None = None) -> BillingTerms:
        """What its charges are counted by; `end` of another term than the present one."""
        return BillingTerms(
            billing_type=self.subscription.billing_type,
            currency=self.subscription.currency,
            billing_day=self.subscription.billing_day,
            end=self.end(clock) if end is None else end,
            anchor_day=self.anchor_day(clock),
            free_until=free_until(
                self.policy, self.ordered_on(clock), self.cutting_day(clock), offered=self.plan.free_period
            ),
        )

    def cutting_day(self, clock: Clock) -> int:
        """The day of the month that cuts time into billing periods."""
        if self.policy.anchor is Anchor.START:
            return self.anchor_day(clock)
        return self.subscription.billing_day

    def billing_period(self, on: date, clock: Clock) -> Period:
        """The whole billing period that the day lies in."""
        return billing_period_containing(on, self.cutting_day(clock))


def covered(terms: BillingTerms, *, on: date, prolongation: bool = False) -> Period | None:
    """The days that an order from `on` pays for, whether or not it has anything to charge; None when there are none."""
    nothing = [Line(None, Decimal(1), Decimal(0))]
    drafts = prolongation_charges(terms, nothing, paid_to=on) if prolongation else sales_charges(terms, nothing, on=on)
    return span_of(drafts)


def span_of(drafts: Sequence[ChargeDraft]) -> Period | None:
    """From the first to the last day that the charges cover."""
    periods = [draft.period for draft in drafts if draft.period is not None]
    if not periods:
        return None
    return Period(min(period.start for period in periods), max(period.end for period in periods))


def contracts_of(session: Session, subscriptions: Collection[ServiceSubscription]) -> dict[UUID, Contract]:
    """These subscriptions of one distributor with their plans, by subscription id: five statements, however many."""
    if not subscriptions:
        return {}
    distributor_id = next(iter(subscriptions)).distributor_id
    resources = resources_of(session, distributor_id, [row.id for row in subscriptions])
    plan_ids = {row.plan_id for row in subscriptions}
    plans = {
        row.id: row
        for row in session.scalars(select(Plan).where(Plan.distributor_id == distributor_id, among(Plan.id, plan_ids)))
    }
    periods = {
        row.id: row
        for row in session.scalars(
            select(PlanPeriod).where(
                PlanPeriod.distributor_id == distributor_id,
                among(PlanPeriod.id, {row.plan_period_id for row in subscriptions}),
            )
        )
    }
    terms = {
        row.id: row
        for row in session.scalars(
            select(ServiceTerm).where(
                ServiceTerm.distributor_id == distributor_id,
                among(ServiceTerm.id, {plan.service_term_id for plan in plans.values()}),
            )
        )
    }
    offered: dict[UUID, dict[str, PlanResource]] = {id: {} for id in plan_ids}
    for offer in session.scalars(
        select(PlanResource).where(PlanResource.distributor_id == distributor_id, among(PlanResource.plan_id, plan_ids))
    ):
        offered[offer.plan_id][offer.key] = offer
    rates = rates_for(session, [(row, plans[row.plan_id]) for row in subscriptions])
    return {
        row.id: Contract(
            subscription=row,
            resources=resources.get(row.id, []),
            plan=plans[row.plan_id],
            period=periods[row.plan_period_id],
            service_term=terms[plans[row.plan_id].service_term_id],
            offered=offered[row.plan_id],
            rates=rates,
        )
        for row in subscriptions
    }


def rates_for(session: Session, sold: Collection[tuple[ServiceSubscription, Plan]]) -> Rates:
    """The exchange rates of subscriptions that are billed in another currency than their plans; mostly no statement."""
    foreign = [(row, plan) for row, plan in sold if row.currency != plan.currency]
    if not foreign:
        return Rates()
    currencies = {plan.currency for _, plan in foreign}
    paths = {row.tenant_path for row, _ in foreign}
    return rates_of(session, foreign[0][0].distributor_id, paths, from_currencies=currencies)
