"""A reseller that comes below another tenant takes its plans from there.

Every copy that it holds came from the tenant above it. At the new place it comes from the new parent's plan of the same
origin, at that plan's prices: net costs always are the prices of the tenant above. Markups stay, and carry the new
costs down. What was charged before stays owed to whom it was owed.
"""

from collections.abc import Iterator, Mapping
from uuid import UUID

from sqlalchemy import Table, and_, case, func, select, update
from sqlalchemy.orm import Session, aliased

from db.base import Base
from domain.catalog.models import Plan, PlanState
from domain.delegation.actions import make_copies
from domain.delegation.copies import forget_loaded
from domain.delegation.states import follow_states
from domain.pricing.repricing import reprice_below
from domain.shared import outbox
from domain.shared.errors import InvalidState
from tenancy import moving
from tenancy.clock import Clock
from tenancy.messages import Message
from tenancy.models import Tenant
from tenancy.moving import Move
from tenancy.rows import Visibility
from tenancy.scope import AFTER_ALL, Scope, ancestors_of

__all__ = ["move_reseller"]

MOST_NAMED = 10
"""Plans that a refusal lists."""


def move_reseller(session: Session, scope: Scope, *, reseller_id: UUID, parent_id: UUID, clock: Clock) -> Tenant:
    """Move a reseller below the acting tenant, with everything below it, to another parent of the same distributor.

    The scope must write downstream. Raises NotFound and InvalidInput as `tenancy.moving.planned` does; InvalidState
    where the new parent lacks a plan that the reseller has a copy of, and where rows would be left with rules of a
    tenant that is no longer above them.
    """
    move = moving.planned(session, scope, reseller_id=reseller_id, parent_id=parent_id)
    _hand_down(session, scope, move, clock=clock)
    providers = _providers(session, move)
    _refuse_lost_rules(session, move)
    moving.carry_out(session, move)
    _take_from(session, scope, providers, clock=clock)
    outbox.announce(session, scope, "tenant.moved", subject=move.tenant, prefix="rsl", at=clock.now)
    session.flush()
    return move.tenant


def _hand_down(session: Session, scope: Scope, move: Move, *, clock: Clock) -> None:
    """Give the new parent what the reseller has copies of and nobody can delegate, because it is not sold any more.

    Subscriptions to such a plan go on, and what they cost has to find its way up. The copies come from the lowest
    tenant that both places have in common, are not sold either, and cost what they cost there.
    """
    distributor_id, held = move.tenant.distributor_id, aliased(Plan)
    common = moving.common_place(move.tenant.tenant_path, move.parent.tenant_path)
    way = session.scalars(
        select(Tenant)
        .where(
            Tenant.distributor_id == distributor_id,
            Tenant.tenant_path.in_([*ancestors_of(move.parent.tenant_path), move.parent.tenant_path]),
            Tenant.tenant_path > common,
        )
        .order_by(Tenant.tenant_path)
    ).all()
    stopped = session.scalars(
        select(Plan)
        .join(held, (held.distributor_id == Plan.distributor_id) & (held.origin_id == Plan.origin_id))
        .where(
            Plan.distributor_id == distributor_id,
            Plan.tenant_path == common,
            Plan.state != PlanState.ACTIVE,
            held.tenant_id == move.tenant.id,
            held.parent_id.is_not(None),
        )
        .order_by(Plan.number)
    ).all()
    for plan in stopped:
        for tenant in way:
            of_tenant = Plan.distributor_id == distributor_id, Plan.tenant_id == tenant.id
            copy = session.scalars(select(Plan).where(*of_tenant, Plan.origin_id == plan.origin_id)).one_or_none()
            if copy is None:
                (copy,) = make_copies(session, scope, plan, [tenant], markups={}, clock=clock)
                copy.state = PlanState.DEACTIVATED_BY_PROVIDER
            plan = copy  # noqa: PLW2901 - one step further down
    session.flush()


def _providers(session: Session, move: Move) -> Mapping[UUID, UUID]:
    """For each copy that the reseller holds, the new parent's plan of the same origin."""
    distributor_id = move.tenant.distributor_id
    copies = session.execute(
        select(Plan.id, Plan.origin_id, Plan.number, Plan.name)
        .where(Plan.distributor_id == distributor_id, Plan.tenant_id == move.tenant.id, Plan.parent_id.is_not(None))
        .order_by(Plan.number)
    ).all()
    offered = {
        row.origin_id: row.id
        for row in session.execute(
            select(Plan.id, Plan.origin_id).where(
                Plan.distributor_id == distributor_id, Plan.tenant_id == move.parent.id
            )
        )
    }
    missing = [f"{copy.number} {copy.name}" for copy in copies if copy.origin_id not in offered]
    if missing:
        named: object = ", ".join(missing[:MOST_NAMED])
        if len(missing) > MOST_NAMED:
            named = Message("{named} and {count} more", named=named, count=len(missing) - MOST_NAMED)
        raise InvalidState(
            "{name} sells copies of plans that {parent} does not have; delegate them to {parent} first: {plans}.",
            name=move.tenant.name,
            parent=move.parent.name,
            plans=named,
            path=("parent_id",),
        )
    return {copy.id: offered[copy.origin_id] for copy in copies}


def _refuse_lost_rules(session: Session, move: Move) -> None:
    """No row may refer to what it inherited from a tenant that is above it only until now."""
    tenant = move.tenant
    kept = {*ancestors_of(move.parent.tenant_path), move.parent.tenant_path}
    lost = [path for path in ancestors_of(tenant.tenant_path) if path not in kept]
    for table, column, inherited in _references_to_inherited():
        rules = inherited.alias()
        count = session.scalars(
            select(func.count())
            .select_from(table)
            .join(rules, and_(rules.c.distributor_id == table.c.distributor_id, rules.c.id == table.c[column]))
            .where(
                table.c.distributor_id == tenant.distributor_id,
                table.c.tenant_path >= tenant.tenant_path,
                table.c.tenant_path < tenant.tenant_path + AFTER_ALL,
                rules.c.tenant_path.in_(lost),
            )
        ).one()
        if count:
            raise InvalidState(
                "{count} {users} of {name} or below it use {rules} of a tenant above that are not seen from below "
                "{parent}.",
                count=count,
                users=_words(table),
                name=tenant.name,
                rules=_words(inherited),
                parent=move.parent.name,
                path=("parent_id",),
            )


def _references_to_inherited() -> Iterator[tuple[Table, str, Table]]:
    """Every column that refers to a table whose rows are seen from below their owner."""
    inherited = {
        mapper.local_table
        for mapper in Base.registry.mappers
        if getattr(mapper.class_, "__visibility__", None) is Visibility.INHERITED
    }
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_key_constraints:
            if key.referred_table in inherited:
                yield table, list(key.columns)[-1].name, key.referred_table


def _words(table: Table) -> str:
    return table.name.replace("_", " ")


def _take_from(session: Session, scope: Scope, providers: Mapping[UUID, UUID], *, clock: Clock) -> None:
    """Let the copies come from these plans: refer to them, be sold while they are, cost what they cost."""
    if not providers:
        return
    session.execute(
        update(Plan)
        .where(Plan.distributor_id == scope.distributor_id, Plan.id.in_(providers))
        .values(parent_id=case(dict(providers), value=Plan.id), version=Plan.version + 1, updated_at=clock.now)
        .execution_options(synchronize_session=False)
    )
    follow_states(session, scope, list(providers), clock=clock)
    reprice_below(session, scope, set(providers.values()), clock=clock)
    forget_loaded(session)
