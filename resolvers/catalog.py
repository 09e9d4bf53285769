"""Service terms, plans, delegation, prices, discounts."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from domain.billing import customer_discounts, exchange_rates, reseller_discounts, taxes
from domain.catalog import actions as catalog
from domain.catalog import products
from domain.catalog.drafts import PlanChange
from domain.catalog.models import Plan
from domain.delegation import actions as delegation
from domain.delegation import copying, default_markups, links
from domain.pricing import actions as pricing
from domain.pricing import bulk, by_hand, planning, publishing, sheet_requests, unpublishing
from domain.pricing.repricing import repricing_job
from domain.shared.unset import UNSET
from domain.subscriptions.price_impact import Totals, impact_of, totals_below
from resolvers.changing.change import Answer, Change, Shown
from resolvers.price_impact import shown_impact
from tenancy.permissions import Permission

__all__ = [
    "accept_vendor",
    "activate_plan",
    "copy_plan",
    "create_discount",
    "create_plan",
    "create_product",
    "create_reseller_discount",
    "create_service_term",
    "deactivate_plan",
    "delegate_plan",
    "delete_default_markup",
    "import_price_sheet",
    "publish_product",
    "set_default_markup",
    "set_exchange_rate",
    "set_markup",
    "set_markups",
    "set_plan_links",
    "set_prices",
    "set_tax",
    "undelegate_plan",
    "unpublish_product",
    "update_discount",
    "update_plan",
    "update_product",
    "update_reseller_discount",
    "update_service_term",
    "withdraw_planned_prices",
]


def create_service_term(change: Change, /, **input: Any) -> Answer:
    """See `domain.catalog.actions.create_service_term`."""
    return {"service_term": catalog.create_service_term(change.session, change.scope, clock=change.clock, **input)}


def update_service_term(change: Change, /, **input: Any) -> Answer:
    """See `domain.catalog.terms.update_service_term`."""
    return {"service_term": catalog.update_service_term(change.session, change.scope, clock=change.clock, **input)}


def create_plan(change: Change, /, **input: Any) -> Answer:
    """See `domain.catalog.actions.create_plan`."""
    return {"plan": catalog.create_plan(change.session, change.scope, clock=change.clock, **input)}


def create_product(change: Change, /, **input: Any) -> Answer:
    """See `domain.catalog.products.create_product`."""
    return {"product": products.create_product(change.session, change.scope, clock=change.clock, **input)}


def update_product(change: Change, /, **input: Any) -> Answer:
    """See `domain.catalog.products.update_product`."""
    return {"product": products.update_product(change.session, change.scope, clock=change.clock, **input)}


def accept_vendor(change: Change, /, **input: Any) -> Answer:
    """See `domain.pricing.publishing.accept_vendor`."""
    return {"distributor": publishing.accept_vendor(change.session, change.scope, clock=change.clock, **input)}


def publish_product(change: Change, /, **input: Any) -> Answer:
    """See `domain.pricing.publishing.publish_product`."""
    return {"product": publishing.publish_product(change.session, change.scope, clock=change.clock, **input)}


def import_price_sheet(change: Change, /, *, preview: bool, currency: Any = None, **input: Any) -> Answer:
    """See `domain.pricing.sheet_requests`. What the job will do later, a dry run foretells."""
    change.require(Permission.CATALOG_WRITE)
    change.require(Permission.FILES_READ)
    session, scope, input = change.session, change.scope, {**input, "currency": currency}
    foretold = sheet_requests.preview_sheet(session, scope, clock=change.clock, **input) if change.dry_run else None
    return {"job": sheet_requests.request_import(session, scope, preview=preview, **input), "impact": foretold}


def unpublish_product(change: Change, /, **input: Any) -> Answer:
    """See `domain.pricing.unpublishing.unpublish_product`."""
    return {"product": unpublishing.unpublish_product(change.session, change.scope, clock=change.clock, **input)}


def copy_plan(change: Change, /, **input: Any) -> Answer:
    """See `domain.delegation.copying.copy_plan`."""
    return {"plan": copying.copy_plan(change.session, change.scope, clock=change.clock, **input)}


def set_plan_links(change: Change, /, **input: Any) -> Answer:
    """See `domain.delegation.links.set_plan_links`."""
    return {"plan": links.set_plan_links(change.session, change.scope, clock=change.clock, **input)}


def update_plan(change: Change, /, **input: Any) -> Answer:
    """See `domain.pricing.actions.update_plan`. Who changes prices needs the permission for that too."""
    if _changes_prices(input["change"]):
        change.require(Permission.PRICES_WRITE)
    return _priced(change, pricing.update_plan, **input)


def _changes_prices(wanted: PlanChange) -> bool:
    given = [wanted.resources, wanted.new_periods, wanted.new_resources]
    nothing = (UNSET, None)
    details = [each for some in given if some is not UNSET and some is not None for each in some]
    return any(each.fees not in nothing or each.net_cost not in nothing for each in details)


def delegate_plan(change: Change, /, **input: Any) -> Answer:
    """See `domain.delegation.actions.delegate_plan`."""
    return {"plans": list(delegation.delegate_plan(change.session, change.scope, clock=change.clock, **input))}


def undelegate_plan(change: Change, /, **input: Any) -> Answer:
    """See `domain.delegation.actions.undelegate_plan`."""
    return {"plans": list(delegation.undelegate_plan(change.session, change.scope, clock=change.clock, **input))}


def activate_plan(change: Change, /, **input: Any) -> Answer:
    """See `domain.delegation.actions.activate_plan`."""
    return {"plan": delegation.activate_plan(change.session, change.scope, clock=change.clock, **input)}


def deactivate_plan(change: Change, /, **input: Any) -> Answer:
    """See `domain.delegation.actions.deactivate_plan`."""
    return {"plan": delegation.deactivate_plan(change.session, change.scope, clock=change.clock, **input)}


def set_default_markup(change: Change, /, **input: Any) -> Answer:
    """See `domain.delegation.default_markups.set_default_markup`."""
    row = default_markups.set_default_markup(change.session, change.scope, clock=change.clock, **input)
    return {"default_markup": row}


def delete_default_markup(change: Change, /, **input: Any) -> Answer:
    """See `domain.delegation.default_markups.delete_default_markup`."""
    default_markups.delete_default_markup(change.session, change.scope, clock=change.clock, **input)
    return {}


def set_markup(change: Change, /, **input: Any) -> Answer:
    """See `domain.pricing.actions.set_markup`."""
    return _priced(change, pricing.set_markup, **input)


def set_prices(change: Change, /, **input: Any) -> Answer:
    """See `domain.pricing.by_hand.set_prices`."""
    return _priced(change, by_hand.set_prices, **input)


def withdraw_planned_prices(change: Change, /, **input: Any) -> Answer:
    """See `domain.pricing.planning.withdraw_planned_prices`."""
    return {"plan": planning.withdraw_planned_prices(change.session, change.scope, clock=change.clock, **input)}


def set_markups(change: Change, /, **input: Any) -> Answer:
    """See `domain.pricing.bulk.set_markups`."""
    set_them = partial(bulk.set_markups, change.session, change.scope, at_once=change.dry_run, clock=change.clock)
    if not _tells_impact(change):
        plans = set_them(**input)
        return {"plans": list(plans), "job": repricing_job(change.session, plans)}
    named = {name: value for name, value in input.items() if name != "markup_percent"}
    plan_ids = bulk.named_plans(change.session, change.scope, **named)
    before = totals_below(change.session, change.scope, plan_ids)
    return {"plans": list(set_them(**input)), "impact": _impact(change, plan_ids, before)}


def _priced(
    change: Change, action: Callable[..., Plan], /, *, plan_id: UUID, valid_from: date | None = None, **input: Any
) -> Answer:
    """The plan with the job that has still to reprice copies, and in a dry run what its new prices would do."""
    planned = {} if valid_from is None else {"valid_from": valid_from}
    more = {**input, "at_once": change.dry_run, "clock": change.clock}
    act = partial(action, change.session, change.scope, plan_id=plan_id, **more)
    if not _tells_impact(change):
        plan = act(**planned)
        return {"plan": plan, "job": repricing_job(change.session, [plan])}
    before = totals_below(change.session, change.scope, [plan_id])
    if valid_from is None or valid_from <= change.clock.today:
        plan = act(**planned)
        return {"plan": plan, "impact": _impact(change, [plan_id], before)}
    # What is planned for later is told as if it held now, and then not done.
    with change.session.begin_nested() as now:
        act()
        impact = _impact(change, [plan_id], before)
        now.rollback()
    return {"plan": act(**planned), "impact": impact}


def _tells_impact(change: Change) -> bool:
    """In a dry run, to who may know net costs."""
    return change.dry_run and Permission.PRICES_UPSTREAM_READ in change.permissions


def _impact(change: Change, plan_ids: Sequence[UUID], before: Totals) -> Shown | None:
    impact = impact_of(change.session, change.scope, plan_ids, before)
    with_losses = Permission.SUBSCRIPTIONS_READ in change.permissions
    return shown_impact(impact, with_losses=with_losses) if impact.lines else None


def create_reseller_discount(change: Change, /, **input: Any) -> Answer:
    """See `domain.billing.reseller_discounts.create_reseller_discount`."""
    return {
        "reseller_discount": reseller_discounts.create_reseller_discount(
            change.session, change.scope, clock=change.clock, **input
        )
    }


def create_discount(change: Change, /, **input: Any) -> Answer:
    """See `domain.billing.customer_discounts.create_discount`."""
    return {"discount": customer_discounts.create_discount(change.session, change.scope, clock=change.clock, **input)}


def update_discount(call: Change, /, **input: Any) -> Answer:
    """See `domain.billing.customer_discounts.update_discount`."""
    return {"discount": customer_discounts.update_discount(call.session, call.scope, clock=call.clock, **input)}


def update_reseller_discount(call: Change, /, **input: Any) -> Answer:
    """See `domain.billing.reseller_discounts.update_reseller_discount`."""
    updated = reseller_discounts.update_reseller_discount(call.session, call.scope, clock=call.clock, **input)
    return {"reseller_discount": updated}


def set_exchange_rate(change: Change, /, **input: Any) -> Answer:
    """See `domain.billing.exchange_rates.set_exchange_rate`."""
    rate = exchange_rates.set_exchange_rate(change.session, change.scope, clock=change.clock, **input)
    return {"exchange_rate": rate}


def set_tax(change: Change, /, **input: Any) -> Answer:
    """See `domain.billing.taxes.set_tax`."""
    return {"tax": taxes.set_tax(change.session, change.scope, clock=change.clock, **input)}
