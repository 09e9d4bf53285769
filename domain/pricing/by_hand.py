"""Prices set by hand: of a plan's periods and resources at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from domain.catalog.checks import check_billing_type, fee_set
from domain.catalog.drafts import FEES, FeesChange
from domain.catalog.errors import PlanStale
from domain.catalog.models import Plan, PlanPeriod, PlanResource
from domain.catalog.products import publish_change
from domain.catalog.queries import own_plan_for_update, periods_of, resources_of
from domain.catalog.versions import count_change
from domain.delegation.errors import FieldIsUpstreams
from domain.pricing.fees import PRICES, changed_fields, given, mark_net_costs, set_fees
from domain.pricing.planning import is_later, plan_fees
from domain.pricing.repricing import apply_markups, carry_down
from domain.shared import outbox
from domain.shared.errors import InvalidInput
from domain.shared.unset import UNSET, Unset
from tenancy.clock import Clock
from tenancy.messages import Field
from tenancy.scope import Scope

__all__ = ["PriceChange", "set_prices"]

Row = TypeVar("Row", PlanPeriod, PlanResource)
_Placed = tuple[PlanPeriod | PlanResource, "PriceChange", tuple[str | int, ...]]
"""What is changed how, and where the input says so."""


@dataclass(frozen=True, slots=True)
class PriceChange:
    """What becomes of the fees of the period or resource with this key; what is left out stays."""

    key: str
    fees: FeesChange | Unset | None = UNSET
    net_cost: FeesChange | Unset | None = UNSET
    """What the vendor charges; own plans only."""


def set_prices(
    session: Session,
    scope: Scope,
    *,
    plan_id: UUID,
    periods: Sequence[PriceChange] = (),
    resources: Sequence[PriceChange] = (),
    if_version: int | None = None,
    valid_from: date | None = None,
    at_once: bool = False,
    clock: Clock,
) -> Plan:
    """Set prices of a plan of the acting tenant, and of an own plan what the vendor takes, or plan them for a day.

    What is planned takes the place of what was planned for the plan and the day, and changes nothing until then.

    A price ends the plan's markup, and the mark that prices are to be reviewed. New prices go down the chain in this
    transaction, or by a job where very many copies are below and not `at_once`. What changes nothing raises no version.
    The scope must write downstream.

    Raises NotFound, ActAsRequired, InvalidInput, also for a fee that the billing type does not take; PlanStale;
    FieldIsUpstreams for a net cost of a delegated copy.
    """
    plan = own_plan_for_update(session, scope, plan_id, "plan_id")
    if if_version is not None and if_version != plan.version:
        raise PlanStale(if_version, plan.version)
    if not periods and not resources:
        raise InvalidInput("Name at least one period or resource.", path=("resources",))
    with session.no_autoflush:
        of_periods = _found(periods_of(session, plan), periods, "periods")
        of_resources = _found(resources_of(session, plan), resources, "resources")
        by_hand = False
        placed: list[_Placed] = [
            *_placed(of_periods, periods, "periods"),
            *_placed(of_resources, resources, "resources"),
        ]
        for row, change, path in placed:
            by_hand |= _set(plan, row, change, path)
        _check_fees(plan, of_periods, of_resources)
        if is_later(valid_from, clock):
            plan_fees(
                session, scope, plan, [(row, _given(row, change)) for row, change, _ in placed], valid_from, clock
            )
            return plan
        if by_hand:
            plan.markup_percent = None
        changed: set[str] = set()
        for row, _, _ in placed:
            fields = changed_fields(row) & PRICES
            if fields:
                row.updated_at = clock.now
            changed |= fields
        mark_net_costs(plan, changed, clock, by_hand=by_hand)
        if not changed and not changed_fields(plan):
            return plan
    count_change(plan, clock)
    session.flush()
    outbox.announce(session, scope, "plan.updated", subject=plan, prefix="pln", at=clock.now)
    if changed:
        apply_markups(session, plan.distributor_id, [plan.id], at=clock.now)
        carry_down(session, scope, [plan], at_once=at_once, clock=clock)
    publish_change(session, plan)
    return plan


def _found(rows: Sequence[Row], changes: Sequence[PriceChange], collection: str) -> Mapping[str, Row]:
    """The rows that the changes name, in their order. Raises InvalidInput for a key that is none, or named twice."""
    by_key = {row.key: row for row in rows}
    found: dict[str, Row] = {}
    for at, change in enumerate(changes):
        path = (collection, at, "key")
        if change.key not in by_key:
            raise InvalidInput(
                "The plan has nothing called {key!r} in {collection}.",
                key=change.key[:100],
                collection=Field(collection),
                path=path,
            )
        if change.key in found:
            raise InvalidInput(
                "{collection} names {key} twice.", collection=Field(collection), key=change.key, path=path
            )
        found[change.key] = by_key[change.key]
    return found


def _placed(
    rows: Mapping[str, PlanPeriod] | Mapping[str, PlanResource], changes: Sequence[PriceChange], collection: str
) -> list[_Placed]:
    return [(rows[change.key], change, (collection, at)) for at, change in enumerate(changes)]


def _set(plan: Plan, row: PlanPeriod | PlanResource, change: PriceChange, path: tuple[str | int, ...]) -> bool:
    """Whether a price was set."""
    if change.net_cost is not UNSET:
        if plan.parent_id is not None:
            raise FieldIsUpstreams((*path, "net_cost"))
        set_fees(row, "net_", given(change.net_cost, *path, "net_cost"), *path, "net_cost")
    if change.fees is UNSET:
        return False
    return set_fees(row, "", given(change.fees, *path, "fees"), *path, "fees")


def _given(row: PlanPeriod | PlanResource, change: PriceChange) -> dict[str, Decimal]:
    """The fees that were given, by attribute, as they are clean in the row."""
    found: dict[str, Decimal] = {}
    for prefix, fees in (("", change.fees), ("net_", change.net_cost)):
        if isinstance(fees, FeesChange):
            found |= {prefix + fee: getattr(row, prefix + fee) for fee in FEES if getattr(fees, fee) is not UNSET}
    return found


def _check_fees(plan: Plan, periods: Mapping[str, PlanPeriod], resources: Mapping[str, PlanResource]) -> None:
    """The billing type still takes the fees of what was changed, which comes in the input's order."""
    # Terms and the billing day cannot change here, so they are left out of the question.
    check_billing_type(
        plan.billing_type,
        billing_day=1,
        periods=[],
        period_fees=[fee_set(period) for period in periods.values()],
        resource_fees={key: fee_set(resource) for key, resource in resources.items()},
    )
