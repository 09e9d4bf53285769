"""Changes of a plan that reach the copies below it: prices at once, names by a job.

`update_plan` stands here and not in the catalog, because the catalog knows nothing of copies and of prices below.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import chain
from uuid import UUID

from sqlalchemy.orm import Session

from domain.catalog.checks import PRIORITY_LIMIT, SKU_LIMIT, check_billing_type, check_whole, clean_description
from domain.catalog.drafts import PlanChange, PlanResourceChange
from domain.catalog.errors import PlanStale
from domain.catalog.models import Plan, PlanResource
from domain.catalog.queries import own_plan_for_update, resources_of
from domain.delegation.actions import clean_markup
from domain.delegation.copies import has_copies
from domain.delegation.errors import FieldIsUpstreams
from domain.delegation.synchronization import PLAN_FIELDS, RESOURCE_FIELDS
from domain.pricing.fees import PRICES, changed_fields, count_change, given, mark_net_costs, set_fees
from domain.pricing.repricing import apply_markups, reprice_below
from domain.shared import outbox
from domain.shared.billing_policy import FeeSet
from domain.shared.errors import InvalidInput
from domain.shared.unset import UNSET
from tenancy.clock import Clock
from tenancy.messages import Field
from tenancy.scope import Scope
from tenancy.texts import clean_text

__all__ = ["ask_for_synchronization", "set_markup", "update_plan"]


def update_plan(
    session: Session,
    scope: Scope,
    *,
    plan_id: UUID,
    change: PlanChange,
    if_version: int | None = None,
    clock: Clock,
) -> Plan:
    """Change a plan of the acting tenant; what the change leaves out stays.

    Fees set by hand end the plan's markup; a plan that keeps its markup follows its own changed net costs. New prices
    go down the chain in this transaction, new names by a job. A change that changes nothing raises no version. The
    scope must write downstream.

    Raises NotFound, ActAsRequired, InvalidInput; PlanStale; FieldIsUpstreams for a synchronized field, or a net cost,
    of a delegated copy.
    """
    plan = own_plan_for_update(session, scope, plan_id, "plan_id")
    if if_version is not None and if_version != plan.version:
        raise PlanStale(if_version, plan.version)
    resources = resources_of(session, plan)
    with session.no_autoflush:
        _change_plan(plan, change)
        if change.resources is not UNSET:
            _change_resources(plan, resources, given(change.resources, "change", "resources"))
        of_resources = {resource.key: changed_fields(resource) for resource in resources}
        mark_net_costs(plan, {*chain.from_iterable(of_resources.values())}, clock, by_hand=_sets_prices(change))
        of_plan = changed_fields(plan)
    if not of_plan and not any(of_resources.values()):
        return plan
    for resource in resources:
        if of_resources[resource.key]:
            resource.updated_at = clock.now
    count_change(plan, clock)
    session.flush()
    outbox.announce(session, scope, "plan.updated", subject=plan, prefix="pln", at=clock.now)
    if any(fields & PRICES for fields in of_resources.values()):
        apply_markups(session, plan.distributor_id, [plan.id], at=clock.now)
        reprice_below(session, scope, [plan.id], clock=clock)
    renamed = of_plan & {*PLAN_FIELDS} or any(fields & {*RESOURCE_FIELDS} for fields in of_resources.values())
    if renamed and has_copies(session, plan):
        ask_for_synchronization(session, plan)
    return plan


def set_markup(session: Session, scope: Scope, *, plan_id: UUID, markup_percent: Decimal, clock: Clock) -> Plan:
    """Make the prices of a plan of the acting tenant from its net costs, now and whenever they change.

    The new prices go down the chain in this transaction. The scope must write downstream. Raises NotFound,
    ActAsRequired, InvalidInput.
    """
    markup = clean_markup(markup_percent)
    plan = own_plan_for_update(session, scope, plan_id, "plan_id")
    if plan.markup_percent == markup:
        return plan
    plan.markup_percent = markup
    plan.prices_to_review = False
    count_change(plan, clock)
    apply_markups(session, plan.distributor_id, [plan.id], at=clock.now)
    outbox.announce(session, scope, "plan.markup_set", subject=plan, prefix="pln", at=clock.now)
    reprice_below(session, scope, [plan.id], clock=clock)
    return plan


def ask_for_synchronization(session: Session, plan: Plan) -> None:
    """Have a job bring the plan's synchronized fields to its copies, unless one waits already."""
    outbox.enqueue(
        session,
        plan,
        "catalog.synchronize_plan",
        queue="catalog",
        arguments={"plan_id": plan.id.hex},
        unique_key=plan.id.hex,
    )


def _sets_prices(change: PlanChange) -> bool:
    return any(each.fees is not UNSET for each in change.resources or ()) if change.resources is not UNSET else False


def _change_plan(plan: Plan, change: PlanChange) -> None:
    _refuse_synchronized(plan, ("change",), name=change.name, sku=change.sku)
    if change.name is not UNSET:
        plan.name = clean_text(given(change.name, "change", "name"), "change", "name")
    if change.sku is not UNSET:
        plan.sku = None if change.sku is None else clean_text(change.sku, "change", "sku", limit=SKU_LIMIT)
    if change.public is not UNSET:
        plan.public = given(change.public, "change", "public")
    if change.description is not UNSET:
        plan.description = clean_description(change.description, "change", "description")


def _change_resources(plan: Plan, resources: Sequence[PlanResource], changes: Sequence[PlanResourceChange]) -> None:
    by_key = {resource.key: resource for resource in resources}
    where: dict[str, int] = {}
    for at, change in enumerate(changes):
        path = ("change", "resources", at)
        if change.key not in by_key:
            raise InvalidInput("The plan has no resource {key!r}.", key=change.key[:100], path=(*path, "key"))
        if change.key in where:
            raise InvalidInput(
                "{collection} names {key} twice.", collection=Field("resources"), key=change.key, path=(*path, "key")
            )
        where[change.key] = at
        _change_resource(plan, by_key[change.key], change, *path)
    _check_fees(plan, by_key, where)


def _change_resource(plan: Plan, resource: PlanResource, change: PlanResourceChange, *path: str | int) -> None:
    _refuse_synchronized(
        plan, path, name=change.name, priority=change.priority, public=change.public, net_cost=change.net_cost
    )
    if change.name is not UNSET:
        resource.name = clean_text(given(change.name, *path, "name"), *path, "name")
    if change.priority is not UNSET:
        resource.priority = given(change.priority, *path, "priority")
        check_whole(resource.priority, *path, "priority", least=-PRIORITY_LIMIT, most=PRIORITY_LIMIT)
    if change.public is not UNSET:
        resource.public = given(change.public, *path, "public")
    if change.fees is not UNSET and set_fees(resource, "", given(change.fees, *path, "fees"), *path, "fees"):
        plan.markup_percent = None
    if change.net_cost is not UNSET:
        set_fees(resource, "net_", given(change.net_cost, *path, "net_cost"), *path, "net_cost")


def _check_fees(plan: Plan, resources: dict[str, PlanResource], where: dict[str, int]) -> None:
    """The billing type still takes the fees of the changed resources."""
    for key, at in where.items():
        resource = resources[key]
        fees = FeeSet(resource.setup, resource.recurring_per_month, resource.renewal)
        try:
            # Term and billing day cannot change here, so they are left out of the question.
            check_billing_type(plan.billing_type, billing_day=1, periods=[], period_fees=[], resource_fees={key: fees})
        except InvalidInput as refusal:
            raise refusal.at("change", "resources", at, *refusal.path[2:]) from None


def _refuse_synchronized(plan: Plan, path: tuple[str | int, ...], **fields: object) -> None:
    """Raise FieldIsUpstreams for the first field that was given to a delegated copy."""
    if plan.parent_id is None:
        return
    for name, value in fields.items():
        if value is not UNSET:
            raise FieldIsUpstreams((*path, name))
