"""Plans that belong together: those one may switch to, and those one needs first.

A link stands at the plan's origin and names the other plan's origin; everybody below reads it. What it means at a
tenant is found there: that tenant's plans of the named origins. So a link holds for every copy at once, at every level,
and for copies that come later.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from domain.catalog.models import Plan, PlanLink, PlanLinkKind
from domain.catalog.queries import own_plan_for_update, plan_by_id
from domain.delegation.errors import FieldIsUpstreams
from domain.shared import outbox
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidInput
from tenancy.clock import Clock
from tenancy.messages import Field
from tenancy.scope import Scope

__all__ = ["linked_origins", "set_plan_links"]

LINKS_LIMIT = 100
"""Links of one kind that a plan has."""
FIELDS: Mapping[PlanLinkKind, str] = {
    PlanLinkKind.SWITCHABLE: "switchable_plan_ids",
    PlanLinkKind.PREREQUISITE: "prerequisite_plan_ids",
}


def set_plan_links(
    session: Session,
    scope: Scope,
    *,
    plan_id: UUID,
    switchable_plan_ids: Sequence[UUID] | None = None,
    prerequisite_plan_ids: Sequence[UUID] | None = None,
    clock: Clock,
) -> Plan:
    """Say to which plans one may switch from an own plan, and which one needs first; None leaves what is.

    The other plans are the acting tenant's too, own ones or copies. Raises NotFound, ActAsRequired, InvalidInput;
    FieldIsUpstreams for a copy.
    """
    plan = own_plan_for_update(session, scope, plan_id, "plan_id")
    asked = {PlanLinkKind.SWITCHABLE: switchable_plan_ids, PlanLinkKind.PREREQUISITE: prerequisite_plan_ids}
    changed = False
    for kind, ids in asked.items():
        if ids is None:
            continue
        if plan.parent_id is not None:
            raise FieldIsUpstreams((FIELDS[kind],))
        wanted = [other.origin_id for other in _others(session, scope, plan, kind, ids)]
        present = linked_origins(session, plan, kind)
        if set(wanted) != set(present):
            _replace(session, plan, kind, wanted, clock)
            changed = True
    if changed:
        plan.version += 1
        plan.synchronized_version = plan.version
        plan.updated_at = clock.now
        session.flush()
        outbox.announce(session, scope, "plan.links_set", subject=plan, prefix="pln", at=clock.now)
    return plan


def linked_origins(session: Session, plan: Plan, kind: PlanLinkKind) -> Sequence[UUID]:
    """The origins of the plans that a plan, or the plan it is a copy of, is linked with."""
    return session.scalars(
        select(PlanLink.target_id)
        .where(
            PlanLink.distributor_id == plan.distributor_id, PlanLink.plan_id == plan.origin_id, PlanLink.kind == kind
        )
        .order_by(PlanLink.id)
    ).all()


def _others(session: Session, scope: Scope, plan: Plan, kind: PlanLinkKind, ids: Sequence[UUID]) -> list[Plan]:
    field = FIELDS[kind]
    if len(ids) > LINKS_LIMIT:
        raise InvalidInput(
            "{field} has {count} items; at most {limit} are allowed.", count=len(ids), limit=LINKS_LIMIT, path=(field,)
        )
    found = []
    for at, id in enumerate(ids):
        other = plan_by_id(session, scope, id, field, at)
        scope.require_own(other.tenant_id, other.tenant_path, field, at)
        if other.id == plan.id:
            raise InvalidInput("A plan is not linked with itself.", path=(field, at))
        if id in ids[:at]:
            raise InvalidInput(
                "{collection} names {key} twice.", collection=Field(field), key=other.number, path=(field, at)
            )
        if kind is PlanLinkKind.SWITCHABLE:
            _require_switchable(plan, other, field, at)
        found.append(other)
    return found


def _require_switchable(plan: Plan, other: Plan, *path: str | int) -> None:
    for each in (plan, other):
        if each.billing_type is BillingType.NON_RECURRING:
            raise InvalidInput(
                "Plan {number} is {billing_type}: there is no switch from it or to it.",
                number=each.number,
                billing_type=each.billing_type,
                path=path,
            )
    if plan.currency != other.currency:
        raise InvalidInput(
            "Plan {number} is sold in {currency}, not in {other}.",
            number=other.number,
            currency=other.currency,
            other=plan.currency,
            path=path,
        )


def _replace(session: Session, plan: Plan, kind: PlanLinkKind, targets: Sequence[UUID], clock: Clock) -> None:
    session.execute(
        delete(PlanLink).where(
            PlanLink.distributor_id == plan.distributor_id, PlanLink.plan_id == plan.id, PlanLink.kind == kind
        )
    )
    session.add_all(
        PlanLink(
            distributor_id=plan.distributor_id,
            tenant_id=plan.tenant_id,
            tenant_path=plan.tenant_path,
            plan_id=plan.id,
            kind=kind,
            target_id=target,
            created_at=clock.now,
            updated_at=clock.now,
        )
        for target in targets
    )
    session.flush()
