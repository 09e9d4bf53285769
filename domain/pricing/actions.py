"""Changes of a plan that reach the copies below it: prices at once, names by a job.

`update_plan` stands here and not in the catalog, because the catalog knows nothing of copies and of prices below.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import chain
from uuid import UUID

from sqlalchemy.orm import Session

from domain.catalog.checks import check_billing_type, fee_set
from domain.catalog.drafts import PlanChange
from domain.catalog.errors import PlanStale
from domain.catalog.models import Plan, PlanPeriod, PlanResource, ServiceTerm
from domain.catalog.products import publish_change
from domain.catalog.queries import own_plan_for_update, periods_of, resources_of
from domain.catalog.versions import ask_for_synchronization, count_change
from domain.delegation.copies import has_copies
from domain.delegation.editing import added_details, by_place, change_details, change_plan, given
from domain.delegation.markups import clean_markup
from domain.delegation.synchronization import PERIOD_FIELDS, PLAN_FIELDS, RESOURCE_FIELDS
from domain.pricing.fees import PRICES, changed_fields, mark_net_costs, set_fees
from domain.pricing.planning import is_later, plan_markup
from domain.pricing.repricing import apply_markups, carry_down
from domain.shared import outbox
from domain.shared.billing_policy import Term
from domain.shared.errors import InvalidInput
from domain.shared.unset import UNSET
from tenancy.clock import Clock
from tenancy.scope import Scope

__all__ = ["set_markup", "update_plan"]


def update_plan(
    session: Session,
    scope: Scope,
    *,
    plan_id: UUID,
    change: PlanChange,
    if_version: int | None = None,
    at_once: bool = False,
    clock: Clock,
) -> Plan:
    """Change a plan of the acting tenant; what the change leaves out stays.

    Fees set by hand end the plan's markup; a plan that keeps its markup follows its own changed net costs. New prices
    go down the chain in this transaction; names, new periods and whatever else is synchronized by a job. A change that
    changes nothing raises no version. The scope must write downstream.

    Raises NotFound, ActAsRequired, InvalidInput; PlanStale; PlanInUse for another billing type or currency while
    subscriptions have the plan; FieldIsUpstreams for a synchronized field, or a net cost, of a delegated copy.
    """
    plan = own_plan_for_update(session, scope, plan_id, "plan_id")
    if if_version is not None and if_version != plan.version:
        raise PlanStale(if_version, plan.version)
    periods, resources = periods_of(session, plan), resources_of(session, plan)
    with session.no_autoflush:
        change_plan(session, scope, plan, change)
        change_details(plan, periods, resources, change, at=clock.now)
        by_hand = _change_fees(plan, resources, change)
        new_periods, new_resources = added_details(plan, periods, resources, change, at=clock.now)
        added = [*new_periods, *new_resources]
        details: list[PlanPeriod | PlanResource] = [*periods, *resources]
        of_details = {row: changed_fields(row) for row in details}
        mark_net_costs(plan, {*chain.from_iterable(of_details.values())}, clock, by_hand=by_hand)
        of_plan = changed_fields(plan)
        if added or any(of_details.values()) or of_plan & {"billing_type", "service_term_id"}:
            _check_billing_type(session, plan, [*periods, *new_periods], [*resources, *new_resources], change)
    if not of_plan and not added and not any(of_details.values()):
        return plan
    session.add_all(added)
    for row, fields in of_details.items():
        if fields:
            row.updated_at = clock.now
    count_change(plan, clock)
    session.flush()
    outbox.announce(session, scope, "plan.updated", subject=plan, prefix="pln", at=clock.now)
    if added or any(fields & PRICES for fields in of_details.values()):
        apply_markups(session, plan.distributor_id, [plan.id], at=clock.now)
        carry_down(session, scope, [plan], at_once=at_once, clock=clock)
    told = added or of_plan & {*PLAN_FIELDS} or any(fields & _SYNCHRONIZED for fields in of_details.values())
    if told and has_copies(session, plan):
        ask_for_synchronization(session, plan)
    publish_change(session, plan)
    return plan


def set_markup(
    session: Session,
    scope: Scope,
    *,
    plan_id: UUID,
    markup_percent: Decimal,
    valid_from: date | None = None,
    at_once: bool = False,
    clock: Clock,
) -> Plan:
    """Make the prices of a plan of the acting tenant from its net costs, now and whenever they change.

    From a later day on: it takes the place of what was planned for the plan and the day, and changes nothing until
    then. The new prices go down the chain in this transaction. The scope must write downstream. Raises NotFound,
    ActAsRequired, InvalidInput.
    """
    markup = clean_markup(markup_percent)
    plan = own_plan_for_update(session, scope, plan_id, "plan_id")
    if is_later(valid_from, clock):
        plan_markup(session, scope, plan, markup, valid_from, clock)
        return plan
    if plan.markup_percent == markup:
        return plan
    plan.markup_percent = markup
    plan.prices_to_review = False
    count_change(plan, clock)
    apply_markups(session, plan.distributor_id, [plan.id], at=clock.now)
    outbox.announce(session, scope, "plan.markup_set", subject=plan, prefix="pln", at=clock.now)
    carry_down(session, scope, [plan], at_once=at_once, clock=clock)
    publish_change(session, plan)
    return plan


_SYNCHRONIZED = {*PERIOD_FIELDS, *RESOURCE_FIELDS}


def _change_fees(plan: Plan, resources: Sequence[PlanResource], change: PlanChange) -> bool:
    """Fees and net costs of resources. Whether prices were set by hand, which ends the plan's markup."""
    by_hand = False
    for resource, wanted, path in by_place(resources, change.resources, "resources"):
        if wanted.fees is not UNSET:
            by_hand |= set_fees(resource, "", given(wanted.fees, *path, "fees"), *path, "fees")
        if wanted.net_cost is not UNSET:
            set_fees(resource, "net_", given(wanted.net_cost, *path, "net_cost"), *path, "net_cost")
    if by_hand:
        plan.markup_percent = None
    return by_hand


def _check_billing_type(
    session: Session, plan: Plan, periods: Sequence[PlanPeriod], resources: Sequence[PlanResource], change: PlanChange
) -> None:
    """The billing type takes the plan as it is to be. Raises InvalidInput at the place of the change."""
    term = session.get_one(ServiceTerm, (plan.distributor_id, plan.service_term_id))
    try:
        check_billing_type(
            plan.billing_type,
            billing_day=term.billing_day,
            periods=[Term(period.duration, period.unit) for period in periods],
            period_fees=[fee_set(period) for period in periods],
            resource_fees={resource.key: fee_set(resource) for resource in resources},
        )
    except InvalidInput as refusal:
        raise refusal.at(*_place_of(refusal.path, periods, resources, change)) from None


def _place_of(
    found: tuple[str | int, ...],
    periods: Sequence[PlanPeriod],
    resources: Sequence[PlanResource],
    change: PlanChange,
) -> tuple[str | int, ...]:
    """Where the change says what is found wrong at a place of the whole plan."""
    match found:
        case ("periods" | "resources" as collection, int(at), *rest):
            rows: Sequence[PlanPeriod | PlanResource] = periods if collection == "periods" else resources
            asked = change.periods if collection == "periods" else change.resources
            keys = [each.key for each in (() if asked is UNSET or asked is None else asked)]
            if rows[at].key in keys:
                return ("change", collection, keys.index(rows[at].key), *rest)
    for field in ("billing_type", "service_term_id", "new_periods", "new_resources"):
        if getattr(change, field) is not UNSET:
            return ("change", field)
    return ("change",)
