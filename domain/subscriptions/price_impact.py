"""What a change of prices does to the levels below, and to the subscriptions that renew at the new prices.

Asked before and after the change, in its transaction: nothing here changes anything.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from heapq import nsmallest
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from db.among import among
from domain.catalog.drafts import FEES
from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.pricing.models import PriceListEntry
from domain.subscriptions.models import PHASES, ServiceSubscription, SubscriptionPhase, SubscriptionResource
from tenancy.models import Tenant
from tenancy.scope import Scope

__all__ = ["LINES_LIMIT", "Impact", "Level", "Line", "Loss", "Total", "Totals", "impact_of", "totals_below"]

LINES_LIMIT = 200
"""Lines and losses that are told one by one."""


@dataclass(frozen=True, slots=True)
class Total:
    """One line of a price list."""

    level: int
    """Of its tenant: 0 is the distributor's."""
    net_cost: Decimal
    price: Decimal

    @property
    def margin(self) -> Decimal:
        """What is left."""
        return self.price - self.net_cost


Totals = Mapping[UUID, Total]
"""Lines of price lists, by their ids."""


@dataclass(frozen=True, slots=True)
class Level:
    """All copies at one level of the hierarchy."""

    level: int
    """As `Tenant.level`: 0 is the distributor."""
    lines: int
    """Periods of plans that have another net cost or price."""
    at_a_loss: int
    """Those of them that cost more than they bring."""
    margin_before: Decimal
    """The sum of their margins."""
    margin: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One period of one plan that has another net cost or price."""

    entry: PriceListEntry
    """As it is now."""
    tenant_name: str
    now: Total
    before: Total


@dataclass(frozen=True, slots=True)
class Loss:
    """A subscription whose next term costs one level more than it brings, at the prices of now."""

    subscription_id: UUID
    number: str
    tenant_id: UUID
    """The level that loses: the seller, or one above it."""
    tenant_name: str
    level: int
    """0 is the distributor."""
    currency: str
    price: Decimal
    """What the level gets for the term: renewal fees and what recurs, four decimals."""
    net_cost: Decimal
    """What the level pays."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change of prices did."""

    levels: Sequence[Level]
    """From the plan's own level down."""
    lines: Sequence[Line]
    """The worst margins first, at most `LINES_LIMIT`."""
    losses: Sequence[Loss]
    """The greatest first, at most `LINES_LIMIT`."""
    more_losses: bool
    """Whether there are others."""


def totals_below(session: Session, scope: Scope, plan_ids: Collection[UUID]) -> Totals:
    """The lines of visible plans of one tenant and of all copies below them; of those that are not visible none."""
    session.flush()
    found = session.execute(
        select(PriceListEntry.id, Tenant.level, PriceListEntry.net_cost, PriceListEntry.retail_price)
        .join(Plan, and_(Plan.distributor_id == PriceListEntry.distributor_id, Plan.id == PriceListEntry.plan_id))
        .join(Tenant, and_(Tenant.distributor_id == Plan.distributor_id, Tenant.id == Plan.tenant_id))
        .where(*_in_tree(scope, plan_ids, Plan))
    )
    return {row[0]: Total(*row[1:]) for row in found}


def impact_of(session: Session, scope: Scope, plan_ids: Collection[UUID], before: Totals) -> Impact:
    """What has changed since `before` was asked for, as far as the scope reaches."""
    now = totals_below(session, scope, plan_ids)
    changed = [id for id, total in now.items() if id in before and before[id] != total]
    worst = nsmallest(LINES_LIMIT, changed, key=lambda line: now[line].margin)
    by_level: dict[int, list[UUID]] = {}
    for id in changed:
        by_level.setdefault(now[id].level, []).append(id)
    losses = _losses(session, scope, plan_ids)
    return Impact(
        levels=[
            Level(
                level=level,
                lines=len(ids),
                at_a_loss=sum(now[id].margin < 0 for id in ids),
                margin_before=sum((before[id].margin for id in ids), Decimal(0)),
                margin=sum((now[id].margin for id in ids), Decimal(0)),
            )
            for level, ids in sorted(by_level.items())
        ],
        lines=_lines(session, scope, worst, now, before),
        losses=losses[:LINES_LIMIT],
        more_losses=len(losses) > LINES_LIMIT,
    )


def _in_tree(scope: Scope, plan_ids: Collection[UUID], plan: type[Plan]) -> list[ColumnElement[bool]]:
    """`plan` is one with these ids, or a copy below it."""
    top = aliased(Plan)
    return [
        plan.distributor_id == scope.distributor_id,
        plan.tenant_path >= scope.lo,
        plan.tenant_path < scope.hi,
        exists().where(
            top.distributor_id == plan.distributor_id,
            among(top.id, plan_ids),
            top.origin_id == plan.origin_id,
            func.starts_with(plan.tenant_path, top.tenant_path),
        ),
    ]


def _lines(session: Session, scope: Scope, ids: Sequence[UUID], now: Totals, before: Totals) -> list[Line]:
    found = session.execute(
        select(PriceListEntry, Tenant.name)
        .join(
            Tenant, and_(Tenant.distributor_id == PriceListEntry.distributor_id, Tenant.id == PriceListEntry.tenant_id)
        )
        .where(PriceListEntry.distributor_id == scope.distributor_id, PriceListEntry.id.in_(ids))
        .order_by(PriceListEntry.margin, PriceListEntry.tenant_path, PriceListEntry.id)
        .execution_options(populate_existing=True)
    )
    return [Line(entry, name, now[entry.id], before[entry.id]) for entry, name in found]


def _losses(session: Session, scope: Scope, plan_ids: Collection[UUID]) -> list[Loss]:
    """At every level from the plan down: what the term after the present one brings and costs there.

    A fixed or protected price counts as ended: it ends with the term, or later, for price and net cost alike.
    """
    level, sold, of_level, of_sold = aliased(Plan), aliased(Plan), aliased(PlanPeriod), aliased(PlanPeriod)
    subscription, resource, fees, months = (
        ServiceSubscription,
        SubscriptionResource,
        aliased(PlanResource),
        PriceListEntry,
    )
    units = func.greatest(resource.quantity - resource.included, 0)

    def summed(prefix: str) -> ColumnElement[Decimal]:
        """For the term: the plan's own fees, and those of the chargeable units."""

        def term(row: type[PlanPeriod] | type[PlanResource]) -> ColumnElement[Decimal]:
            monthly, once = getattr(row, f"{prefix}recurring_per_month"), getattr(row, f"{prefix}renewal")
            found: ColumnElement[Decimal] = monthly * months.months + once
            return found

        return func.round(func.max(term(of_level)) + func.coalesce(func.sum(units * term(fees)), 0), 4)

    price, net = summed(""), summed("net_")
    found = session.execute(
        select(
            subscription.id,
            subscription.number,
            level.tenant_id,
            Tenant.name,
            Tenant.level,
            level.currency,
            price.label("price"),
            net.label("net"),
        )
        .select_from(level)
        .join(Tenant, and_(Tenant.distributor_id == level.distributor_id, Tenant.id == level.tenant_id))
        .join(
            sold,
            and_(
                sold.distributor_id == level.distributor_id,
                sold.origin_id == level.origin_id,
                func.starts_with(sold.tenant_path, level.tenant_path),
            ),
        )
        .join(
            subscription,
            and_(subscription.distributor_id == sold.distributor_id, subscription.plan_id == sold.id),
        )
        .join(
            of_sold,
            and_(of_sold.distributor_id == sold.distributor_id, of_sold.id == subscription.plan_period_id),
        )
        .join(
            of_level,
            and_(
                of_level.distributor_id == level.distributor_id,
                of_level.plan_id == level.id,
                of_level.key == of_sold.key,
            ),
        )
        .join(months, and_(months.distributor_id == of_level.distributor_id, months.id == of_level.id))
        .join(
            resource,
            and_(resource.distributor_id == subscription.distributor_id, resource.subscription_id == subscription.id),
            isouter=True,
        )
        .join(
            fees,
            and_(fees.distributor_id == level.distributor_id, fees.plan_id == level.id, fees.key == resource.key),
            isouter=True,
        )
        .where(
            *_in_tree(scope, plan_ids, level),
            _may_lose(level),
            subscription.state.not_in(PHASES[SubscriptionPhase.ENDED]),
            ~subscription.trial,
            or_(subscription.endless, subscription.auto_renew),
        )
        .group_by(
            subscription.id,
            subscription.number,
            level.tenant_id,
            Tenant.name,
            Tenant.level,
            level.currency,
            level.tenant_path,
        )
        .having(price < net)
        .order_by(price - net, level.tenant_path, subscription.id)
        .limit(LINES_LIMIT + 1)
    )
    return [Loss(*row) for row in found]


def _may_lose(plan: type[Plan]) -> ColumnElement[bool]:
    """Some fee of the plan is below its net cost: where none is, no sum can be."""
    return or_(
        *(
            exists().where(
                row.distributor_id == plan.distributor_id,
                row.plan_id == plan.id,
                or_(*(getattr(row, fee) < getattr(row, f"net_{fee}") for fee in FEES)),
            )
            for row in (aliased(PlanPeriod), aliased(PlanResource))
        )
    )
