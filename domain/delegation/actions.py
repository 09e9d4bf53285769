"""Which plan goes to whom."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.ids import uuid7
from domain.catalog.drafts import FEES
from domain.catalog.models import Plan, PlanPeriod, PlanResource, PlanState
from domain.catalog.products import publish_change
from domain.catalog.queries import own_plan_for_update, periods_of, resources_of
from domain.delegation.copies import COPIED_OF_PERIODS, COPIED_OF_PLANS, COPIED_OF_RESOURCES, locked_copies
from domain.delegation.default_markups import default_markups_of, place_of
from domain.delegation.errors import AlreadyDelegated, NotDelegated, NotSoldAbove, PlanNotActive, PlanNotInactive
from domain.delegation.markups import clean_markup
from domain.delegation.states import follow_states
from domain.shared import outbox
from domain.shared.decimals import plain
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.money import marked_up
from domain.shared.numbers import number_for
from domain.shared.unset import UNSET, Unset
from tenancy.clock import Clock
from tenancy.messages import Field, Message
from tenancy.models import Tenant
from tenancy.scope import Scope
from tenancy.sessions import seeing

__all__ = [
    "activate_plan",
    "deactivate_plan",
    "delegate_plan",
    "make_copies",
    "undelegate_plan",
]

TENANTS_LIMIT = 500
"""Copies made at once."""

COPY_PRICE_LIMIT = Decimal(10) ** 14
"""What the column of a price holds."""


def delegate_plan(
    session: Session,
    scope: Scope,
    *,
    plan_id: UUID,
    tenant_ids: Sequence[UUID],
    markup_percent: Decimal | Unset | None = UNSET,
    clock: Clock,
) -> Sequence[Plan]:
    """Give an active plan of the acting tenant to tenants directly below it; the copies in the order asked.

    A copy's net costs are this plan's prices. Its prices are those with the markup; left out, that is what its tenant
    puts on plans of the product or category; None, or where the tenant says nothing: the net costs themselves until
    prices are set by hand. It keeps the plan's currency. A tenant from which the plan was taken back has
    its copy again, with the prices and the markup that it has. The scope must write downstream.

    Raises NotFound, ActAsRequired, InvalidInput; PlanNotActive; AlreadyDelegated for a tenant that has a copy.
    """
    markup = clean_markup(markup_percent) if isinstance(markup_percent, Decimal) else None
    plan = own_plan_for_update(session, scope, plan_id, "plan_id")
    if plan.state is not PlanState.ACTIVE:
        raise PlanNotActive(Message("delegated"), plan.state)
    tenants = _children(session, plan, tenant_ids)
    former = _copies_at(session, plan, tenants)
    for at, tenant in enumerate(tenants):
        if tenant.id in former and former[tenant.id].undelegated_at is None:
            raise AlreadyDelegated(tenant.name, former[tenant.id].number, path=("tenant_ids", at))
    if former:
        _give_back(session, scope, list(former.values()), clock=clock)
    fresh = [tenant for tenant in tenants if tenant.id not in former]
    if markup is not None:
        markups: Mapping[UUID, Decimal] = dict.fromkeys((tenant.id for tenant in fresh), markup)
    elif markup_percent is UNSET and fresh:
        place = place_of(session, plan)
        markups = default_markups_of(session, plan.distributor_id, [tenant.id for tenant in fresh], place)
    else:
        markups = {}
    try:
        made = {copy.tenant_id: copy for copy in make_copies(session, scope, plan, fresh, markups=markups, clock=clock)}
    except InvalidInput as refusal:
        raise refusal.at("tenant_ids" if markup is None else "markup_percent") from None
    return [(former | made)[tenant.id] for tenant in tenants]


def make_copies(
    session: Session,
    scope: Scope,
    plan: Plan,
    tenants: Sequence[Tenant],
    *,
    markups: Mapping[UUID, Decimal],
    clock: Clock,
) -> list[Plan]:
    """Copies of a plan, active, for tenants directly below its own that have none: the checks are the caller's.

    `markups`: those of tenants whose copies have one. Raises InvalidInput for a price that no column holds.
    """
    periods, resources = periods_of(session, plan), resources_of(session, plan)
    copies = []
    details: list[PlanPeriod | PlanResource] = []
    for tenant in tenants:
        markup = markups.get(tenant.id)
        copy = _copy_of(plan, tenant, number=number_for(session, tenant, "plans"), markup=markup, now=clock.now)
        copies.append(copy)
        details += [
            PlanPeriod(**_owned_by(copy), **_taken(period, COPIED_OF_PERIODS), **_prices(period, markup))
            for period in periods
        ]
        details += [
            PlanResource(**_owned_by(copy), **_taken(resource, COPIED_OF_RESOURCES), **_prices(resource, markup))
            for resource in resources
        ]
    session.add_all(copies)
    session.flush()
    session.add_all(details)
    session.flush()
    for copy in copies:
        outbox.announce(session, scope, "plan.delegated", subject=copy, prefix="pln", at=clock.now)
    return copies


def undelegate_plan(
    session: Session, scope: Scope, *, plan_id: UUID, tenant_ids: Sequence[UUID], clock: Clock
) -> Sequence[Plan]:
    """Take a plan of the acting tenant back from tenants directly below; their copies, in the order asked.

    The copies and all below them become DEACTIVATED_BY_PROVIDER: nobody orders them any more, their subscriptions go
    on and renew themselves. They stay copies, keep up with the plan, and come back with another delegation. The scope
    must write downstream. Raises NotFound, ActAsRequired, InvalidInput; NotDelegated for a tenant without a copy.
    """
    plan = own_plan_for_update(session, scope, plan_id, "plan_id")
    tenants = _children(session, plan, tenant_ids)
    copies = _copies_at(session, plan, tenants)
    for at, tenant in enumerate(tenants):
        if tenant.id not in copies or copies[tenant.id].undelegated_at is not None:
            raise NotDelegated(tenant.name, plan.number, path=("tenant_ids", at))
    for tenant in tenants:
        copy = copies[tenant.id]
        copy.undelegated_at = copy.updated_at = clock.now
        if copy.state is PlanState.ACTIVE:
            copy.state = PlanState.DEACTIVATED_BY_PROVIDER
        copy.version += 1
        outbox.announce(session, scope, "plan.undelegated", subject=copy, prefix="pln", at=clock.now)
    _follow_below(session, scope, [copy.id for copy in copies.values()], clock=clock)
    return [copies[tenant.id] for tenant in tenants]


def deactivate_plan(session: Session, scope: Scope, *, plan_id: UUID, clock: Clock) -> Plan:
    """Stop selling an active plan: no new orders for it or for its copies at any level; subscriptions go on.

    Copies below that were active become DEACTIVATED_BY_PROVIDER; one that its own tenant had made inactive stays so.
    The scope must write downstream. Raises NotFound, ActAsRequired, PlanNotActive.
    """
    plan = own_plan_for_update(session, scope, plan_id, "plan_id")
    if plan.state is not PlanState.ACTIVE:
        raise PlanNotActive(Message("deactivated"), plan.state)
    _set_state(session, scope, plan, PlanState.INACTIVE, "plan.deactivated", clock=clock)
    return plan


def activate_plan(session: Session, scope: Scope, *, plan_id: UUID, clock: Clock) -> Plan:
    """Sell a plan again that the acting tenant had stopped selling, and let those below sell their copies again.

    A copy below that its own tenant had made inactive stays so. The scope must write downstream. Raises NotFound,
    ActAsRequired; PlanNotInactive; NotSoldAbove while the tenant above does not sell it.
    """
    plan = own_plan_for_update(session, scope, plan_id, "plan_id")
    if plan.state is not PlanState.INACTIVE:
        raise PlanNotInactive(plan.state)
    if plan.parent_id is not None and (plan.undelegated_at is not None or not _is_sold(session, plan.parent_id, plan)):
        raise NotSoldAbove(plan.number)
    _set_state(session, scope, plan, PlanState.ACTIVE, "plan.activated", clock=clock)
    return plan


def _is_sold(session: Session, parent_id: UUID, copy: Plan) -> bool:
    """Whether the plan above is active; its row is not the acting tenant's to read.

    Not locked, because locks go down: whoever stops selling it at the same time comes to the copy after this.
    """
    whole = Scope.of_everything(copy.distributor_id, copy.tenant_path)
    of_parent = Plan.distributor_id == copy.distributor_id, Plan.id == parent_id
    with seeing(session, whole):
        return session.scalars(select(Plan.state).where(*of_parent)).one() is PlanState.ACTIVE


def _set_state(session: Session, scope: Scope, plan: Plan, state: PlanState, event: str, *, clock: Clock) -> None:
    plan.state = state
    plan.version += 1
    plan.updated_at = clock.now
    session.flush()
    outbox.announce(session, scope, event, subject=plan, prefix="pln", at=clock.now)
    publish_change(session, plan)
    _follow_below(session, scope, [plan.id], clock=clock)


def _follow_below(session: Session, scope: Scope, plan_ids: Collection[UUID], *, clock: Clock) -> None:
    session.flush()
    assert scope.distributor_id is not None
    follow_states(
        session, scope, [row.id for row in locked_copies(session, scope.distributor_id, plan_ids)], clock=clock
    )


def _children(session: Session, plan: Plan, tenant_ids: Sequence[UUID]) -> Sequence[Tenant]:
    """The tenants, in the order asked, each directly below the plan's."""
    if not 1 <= len(tenant_ids) <= TENANTS_LIMIT:
        raise InvalidInput(
            "Name 1 to {limit} tenants to delegate to, got {count}.",
            limit=TENANTS_LIMIT,
            count=len(tenant_ids),
            path=("tenant_ids",),
        )
    found = {
        tenant.id: tenant
        for tenant in session.scalars(
            select(Tenant).where(Tenant.distributor_id == plan.distributor_id, Tenant.id.in_(tenant_ids))
        )
    }
    for at, id in enumerate(tenant_ids):
        if id not in found:
            raise NotFound("tenant_ids", at)
        tenant = found[id]
        if tenant.parent_id != plan.tenant_id:
            raise InvalidInput(
                "{name} is not directly below you; a plan goes down one level at a time.",
                name=tenant.name,
                path=("tenant_ids", at),
            )
        if id in tenant_ids[:at]:
            raise InvalidInput(
                "{collection} names {key} twice.",
                collection=Field("tenant_ids"),
                key=tenant.name,
                path=("tenant_ids", at),
            )
    return [found[id] for id in tenant_ids]


def _copies_at(session: Session, plan: Plan, tenants: Sequence[Tenant]) -> dict[UUID, Plan]:
    """The copies that these tenants have, by tenant; locked in the order of `copies`, read afresh."""
    found = session.scalars(
        select(Plan)
        .where(
            Plan.distributor_id == plan.distributor_id,
            Plan.parent_id == plan.id,
            Plan.tenant_id.in_([tenant.id for tenant in tenants]),
        )
        .order_by(Plan.tenant_path, Plan.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {copy.tenant_id: copy for copy in found}


def _give_back(session: Session, scope: Scope, copies: Sequence[Plan], *, clock: Clock) -> None:
    """Let copies that were taken back be sold again, at the prices they have."""
    for copy in copies:
        copy.undelegated_at = None
        copy.updated_at = clock.now
        copy.version += 1
        if copy.state is PlanState.DEACTIVATED_BY_PROVIDER:
            copy.state = PlanState.ACTIVE
        outbox.announce(session, scope, "plan.delegated", subject=copy, prefix="pln", at=clock.now)
    _follow_below(session, scope, [copy.id for copy in copies], clock=clock)


_OF_PLAN = ("name", "public", "origin_id", "synchronized_version", *COPIED_OF_PLANS)


def _copy_of(plan: Plan, tenant: Tenant, *, number: str, markup: Decimal | None, now: datetime) -> Plan:
    return Plan(
        distributor_id=tenant.distributor_id,
        id=uuid7(),
        tenant_id=tenant.id,
        tenant_path=tenant.tenant_path,
        number=number,
        product_id=None,
        parent_id=plan.id,
        markup_percent=markup,
        version=1,
        created_at=now,
        updated_at=now,
        **_taken(plan, _OF_PLAN),
    )


def _owned_by(copy: Plan) -> Mapping[str, object]:
    return {
        "distributor_id": copy.distributor_id,
        "tenant_id": copy.tenant_id,
        "tenant_path": copy.tenant_path,
        "plan_id": copy.id,
        "created_at": copy.created_at,
        "updated_at": copy.updated_at,
    }


def _taken(row: object, names: Sequence[str]) -> Mapping[str, object]:
    return {name: getattr(row, name) for name in names}


def _prices(upstream: PlanPeriod | PlanResource, markup: Decimal | None) -> Mapping[str, Decimal]:
    """A copy's net costs are the prices above; its prices those with the markup.

    Raises InvalidInput for a price that no column holds: a chain of markups gets there.
    """
    net = {name: getattr(upstream, name) for name in FEES}
    price = net if markup is None else {name: marked_up(net[name], markup) for name in FEES}
    for name, amount in price.items():
        if amount >= COPY_PRICE_LIMIT:
            raise InvalidInput(
                "With this markup {name} is {amount}; a price stays below {limit}.",
                name=Field(name),
                amount=plain(amount),
                limit=plain(COPY_PRICE_LIMIT),
            )
    return price | {f"net_{name}": net[name] for name in FEES}
