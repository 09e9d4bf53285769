"""From a vendor to distributors: the only code that carries rows from one root to another.

A vendor chooses who gets a product, of those who have accepted the vendor. A job then copies the product, its plans and
their service terms into the distributor's own rows, and again after each change: an origin there, which the distributor
prices, publishes and delegates. Nothing refers across: the distributor's rows keep the vendor's ids as mere numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from uuid import UUID

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from db.base import Base
from db.ids import uuid7
from domain.catalog.checks import check_billing_type, fee_set
from domain.catalog.drafts import FEES
from domain.catalog.models import Plan, PlanPeriod, PlanResource, PlanState, Product, ProductCategory, ServiceTerm
from domain.catalog.products import DEFAULT_CATEGORY, category_of_key
from domain.catalog.queries import live_subscriptions, periods_of, resources_of
from domain.catalog.terms import ServiceTermChange, change_term, create_service_term
from domain.catalog.versions import ask_for_synchronization, count_change
from domain.delegation.copies import COPIED_OF_PERIODS, COPIED_OF_RESOURCES, has_copies, locked_copies
from domain.delegation.default_markups import default_markups_of, place_of_product
from domain.delegation.states import follow_states
from domain.pricing.fees import changed_fields, mark_net_costs
from domain.pricing.publishing import publications_of, willing
from domain.pricing.repricing import apply_markups, reprice_below
from domain.shared import outbox
from domain.shared.billing_policy import Term
from domain.shared.errors import InvalidInput, InvalidState, KeyTaken
from domain.shared.numbers import number_for
from domain.shared.rows import own
from tenancy.clock import Clock, clock_of
from tenancy.hierarchy import tenant_by_id
from tenancy.models import Tenant
from tenancy.scope import PLATFORM, Scope
from tenancy.sessions import seeing

__all__ = ["bring_product"]

_OF_PLAN = (
    "name",
    "sku",
    "fixed_price",
    "free_period",
    "price_protection_months",
    "expired_renewal",
    "order_attributes",
)
_OF_KIND = ("billing_type", "currency")
"""Stay while the distributor, or anybody below it, has subscriptions."""
_OF_TERM = (
    "billing_day",
    "auto_renew_point_days",
    "manual_renew_point_days",
    "manual_switch_point_days",
    "grace_period_days",
    "grace_on_prolongation",
    "stop_period_days",
    "deletion_window_days",
    "expired_renewal",
    "stop",
    "delete",
    "provisioning",
    "account_kinds",
)
_LIMITS = ("unit_kind", "included", "minimum", "maximum")


def bring_product(session: Session, scope: Scope, *, product_id: UUID) -> None:
    """Bring a vendor's product as it is now to every distributor that has it; what is so already stays untouched.

    One that accepts the vendor no longer keeps what it has, as it is. `scope` is the vendor's. Raises NotFound.
    """
    product = own(session, scope, Product, product_id, "product_id")
    chosen = {publication.taker_id for publication in publications_of(session, product)}
    takers = [taker.id for taker in willing(session, tenant_by_id(session, product.tenant_id)) if taker.id in chosen]
    plans = session.scalars(
        select(Plan)
        .where(Plan.distributor_id == product.distributor_id, Plan.product_id == product.id)
        .order_by(Plan.id)
    ).all()
    published = [_published(session, plan) for plan in plans]
    category = DEFAULT_CATEGORY
    if product.category_id is not None:
        category = session.get_one(ProductCategory, (product.distributor_id, product.category_id)).key
    source = _snapshot(product)
    for taker_id in takers:
        with seeing(session, PLATFORM):
            taker = session.get_one(Tenant, (taker_id, taker_id))
        whole = Scope.of_everything(taker_id, taker.tenant_path)
        with seeing(session, whole):
            arrival = _Arrival(session, whole, taker, clock_of(session, taker_id))
            arrival.take(source, category, published)


@dataclass(frozen=True, slots=True)
class _Published:
    """A vendor's plan with everything that goes along.

    Values and not rows: in a distributor's scope the session could not read the vendor's rows again.
    """

    plan: SimpleNamespace
    periods: Sequence[SimpleNamespace]
    resources: Sequence[SimpleNamespace]
    term: SimpleNamespace


def _published(session: Session, plan: Plan) -> _Published:
    return _Published(
        plan=_snapshot(plan),
        periods=[_snapshot(period) for period in periods_of(session, plan)],
        resources=[_snapshot(resource) for resource in resources_of(session, plan)],
        term=_snapshot(session.get_one(ServiceTerm, (plan.distributor_id, plan.service_term_id))),
    )


def _snapshot(row: Base) -> SimpleNamespace:
    return SimpleNamespace(
        **{attribute.key: getattr(row, attribute.key) for attribute in inspect(type(row)).column_attrs}
    )


class _Arrival:
    """What comes to one distributor, in its scope."""

    def __init__(self, session: Session, scope: Scope, taker: Tenant, clock: Clock) -> None:
        self.session, self.scope, self.taker, self.clock = session, scope, taker, clock

    def take(self, source: SimpleNamespace, category_key: str, plans: Sequence[_Published]) -> None:
        """The product, then its plans."""
        product = self._product(source, category_key)
        for published in plans:
            try:
                with self.session.begin_nested():
                    self._plan(product, published)
            except (InvalidInput, InvalidState, KeyTaken):
                # The distributor's own terms do not go with it: a job has nobody to tell it to but the event's readers.
                outbox.announce(
                    self.session, self.scope, "product.plan_refused", subject=product, prefix="prd", at=self.clock.now
                )

    def _product(self, source: SimpleNamespace, category_key: str) -> Product:
        """The distributor's product: by the vendor's id, else its own with the same key, else a new one."""
        mine = Product.distributor_id == self.taker.id, Product.tenant_id == self.taker.id
        found = self.session.scalars(
            select(Product)
            .where(
                *mine, (Product.source_id == source.id) | ((Product.key == source.key) & Product.source_id.is_(None))
            )
            .order_by(Product.source_id.is_(None))
            .limit(1)
        ).one_or_none()
        if found is None:
            found = Product(
                **self._owned(self.taker),
                id=uuid7(),
                key=self._free_key(source.key),
                name=source.name,
                vendor=source.vendor,
                source_id=source.id,
                order_attributes=source.order_attributes,
                category_id=category_of_key(self.session, self.taker, category_key, None, self.clock).id,
            )
            self.session.add(found)
            self.session.flush()
            outbox.announce(
                self.session, self.scope, "product.received", subject=found, prefix="prd", at=self.clock.now
            )
        else:
            found.source_id = source.id
            found.name, found.vendor = source.name, source.vendor
            found.order_attributes = source.order_attributes
            if changed_fields(found):
                found.updated_at = self.clock.now
            self.session.flush()
        return found

    def _free_key(self, key: str) -> str:
        """The vendor's key, or with a number where another vendor's product has it."""
        mine = Product.distributor_id == self.taker.id, Product.tenant_id == self.taker.id
        taken = set(
            self.session.scalars(select(Product.key).where(*mine, Product.key.startswith(key, autoescape=True)))
        )
        number, free = 2, key
        while free in taken:
            number, free = number + 1, f"{key}_{number}"
        return free

    def _term(self, source: SimpleNamespace) -> ServiceTerm:
        """The distributor's term that came from the vendor's, as that is now; else its own with the same key, as it is;
        else a new one. Raises KeyTaken for a reseller's key, TermInUse, InvalidInput.
        """
        mine = ServiceTerm.distributor_id == self.taker.id, ServiceTerm.tenant_id == self.taker.id
        found = self.session.scalars(
            select(ServiceTerm)
            .where(*mine, (ServiceTerm.source_id == source.id) | (ServiceTerm.key == source.key))
            .order_by((ServiceTerm.source_id == source.id).is_not(True))
            .limit(1)
        ).one_or_none()
        if found is None:
            settings = {name: getattr(source, name) for name in ("name", "key", *_OF_TERM)}
            found = create_service_term(self.session, self.scope, **settings, clock=self.clock)
            found.source_id = source.id
        elif found.source_id == source.id:
            wanted = {name: getattr(source, name) for name in ("name", *_OF_TERM)}
            given = {name: value for name, value in wanted.items() if value != getattr(found, name)}
            if given:
                change_term(self.session, self.scope, found, ServiceTermChange(given), clock=self.clock)
        return found

    def _plan(self, product: Product, source: _Published) -> None:
        of_source = Plan.distributor_id == self.taker.id, Plan.source_id == source.plan.id
        found = self.session.scalars(
            select(Plan).where(*of_source).with_for_update(key_share=True).execution_options(populate_existing=True)
        ).one_or_none()
        if found is None:
            self._new_plan(product, source)
        else:
            self._renewed(product, found, source)

    def _new_plan(self, product: Product, source: _Published) -> None:
        """Not public: it is the distributor's to publish. Its prices are its net costs at first, with the distributor's
        default markup where there is one.
        """
        term = self._term(source.term)
        _require_suits(source, term)
        place = place_of_product(self.session, product.id, product.distributor_id)
        markups = default_markups_of(self.session, self.taker.id, [self.taker.id], place)
        id = uuid7()
        plan = Plan(
            **self._owned(self.taker),
            **{name: getattr(source.plan, name) for name in (*_OF_PLAN, *_OF_KIND)},
            id=id,
            origin_id=id,
            parent_id=None,
            number=number_for(self.session, self.taker, "plans"),
            description=source.plan.description,
            public=False,
            singleton=source.plan.singleton,
            state=_state_below(source.plan, PlanState.ACTIVE),
            service_term_id=term.id,
            product_id=product.id,
            source_id=source.plan.id,
            markup_percent=markups.get(self.taker.id),
            version=1,
            synchronized_version=1,
        )
        self.session.add(plan)
        self.session.flush()
        self.session.add_all(self._details(plan, source, set(), set()))
        apply_markups(self.session, plan.distributor_id, [plan.id], at=self.clock.now)
        outbox.announce(self.session, self.scope, "plan.received", subject=plan, prefix="pln", at=self.clock.now)

    def _details(
        self, plan: Plan, source: _Published, periods: set[str], resources: set[str]
    ) -> list[PlanPeriod | PlanResource]:
        """New rows for what the plan does not have, by key."""
        of_plan = {**self._owned(plan), "plan_id": plan.id}
        made: list[PlanPeriod | PlanResource] = [
            PlanPeriod(**of_plan, **{name: getattr(row, name) for name in COPIED_OF_PERIODS}, **_at_cost(row))
            for row in source.periods
            if row.key not in periods
        ]
        made += [
            PlanResource(**of_plan, **{name: getattr(row, name) for name in COPIED_OF_RESOURCES}, **_at_cost(row))
            for row in source.resources
            if row.key not in resources
        ]
        return made

    def _renewed(self, product: Product, plan: Plan, source: _Published) -> None:
        """The plan as the vendor has it now; prices only where the product receives them."""
        session, clock = self.session, self.clock
        term = self._term(source.term)
        if term.id != plan.service_term_id:
            _require_suits(source, term)
        periods, resources = periods_of(session, plan), resources_of(session, plan)
        in_use = live_subscriptions(session, plan) > 0
        details: list[PlanPeriod | PlanResource] = [*periods, *resources]
        with session.no_autoflush:
            for name in (*_OF_PLAN, *(() if in_use else _OF_KIND)):
                setattr(plan, name, getattr(source.plan, name))
            plan.service_term_id = term.id
            plan.state = _state_below(source.plan, plan.state)
            _renew_periods(periods, source.periods)
            _renew_resources(resources, source.resources, in_use=in_use)
            if product.receives_prices:
                _take_prices(periods, source.periods)
                _take_prices(resources, source.resources)
            fields = {row: changed_fields(row) for row in details}
            prices = {name for changed in fields.values() for name in changed if name.startswith("net_")}
            mark_net_costs(plan, prices, clock, by_hand=False)
            of_plan = changed_fields(plan)
        added = self._details(plan, source, {row.key for row in periods}, {row.key for row in resources})
        if not of_plan and not added and not any(fields.values()):
            return
        session.add_all(added)
        for row, changed in fields.items():
            if changed:
                row.updated_at = clock.now
        count_change(plan, clock)
        session.flush()
        outbox.announce(session, self.scope, "plan.updated", subject=plan, prefix="pln", at=clock.now)
        if prices or added:
            apply_markups(session, plan.distributor_id, [plan.id], at=clock.now)
            reprice_below(session, self.scope, [plan.id], clock=clock)
        if "state" in of_plan:
            copies = [copy.id for copy in locked_copies(session, plan.distributor_id, [plan.id])]
            follow_states(session, self.scope, copies, clock=clock)
        if has_copies(session, plan):
            ask_for_synchronization(session, plan)

    def _owned(self, owner: Tenant | Plan) -> dict[str, object]:
        return {
            "distributor_id": owner.distributor_id,
            "tenant_id": self.taker.id,
            "tenant_path": owner.tenant_path,
            "created_at": self.clock.now,
            "updated_at": self.clock.now,
        }


def _state_below(source: SimpleNamespace, present: PlanState) -> PlanState:
    """INACTIVE is the distributor's own decision; else the vendor's plan decides."""
    if present is PlanState.INACTIVE:
        return present
    return PlanState.ACTIVE if source.state is PlanState.ACTIVE else PlanState.DEACTIVATED_BY_PROVIDER


def _at_cost(row: SimpleNamespace) -> dict[str, object]:
    prices = {fee: getattr(row, fee) for fee in FEES}
    return {**prices, **{f"net_{fee}": price for fee, price in prices.items()}}


def _renew_periods(periods: Sequence[PlanPeriod], sources: Sequence[SimpleNamespace]) -> None:
    by_key = {source.key: source for source in sources}
    for period in periods:
        if period.key in by_key:
            source = by_key[period.key]
            period.public, period.position = source.public, source.position
            period.removed_at = source.removed_at


def _renew_resources(resources: Sequence[PlanResource], sources: Sequence[SimpleNamespace], *, in_use: bool) -> None:
    """Where subscriptions live by it, what is included and the minimum stay, and the maximum only rises."""
    by_key = {source.key: source for source in sources}
    for resource in resources:
        source = by_key.get(resource.key)
        if source is None:
            continue
        for name in ("name", "unit", "priority", "public"):
            setattr(resource, name, getattr(source, name))
        if not in_use or not _tightens(resource, source):
            for name in _LIMITS:
                setattr(resource, name, getattr(source, name))


def _tightens(resource: PlanResource, source: SimpleNamespace) -> bool:
    if (resource.included, resource.minimum) != (source.included, source.minimum):
        return True
    if source.maximum is None:
        return False
    return resource.maximum is None or bool(source.maximum < resource.maximum)


def _take_prices(rows: Sequence[PlanPeriod] | Sequence[PlanResource], sources: Sequence[SimpleNamespace]) -> None:
    """Net costs are the vendor's prices; prices follow them by the plan's markup only."""
    by_key = {source.key: source for source in sources}
    for row in rows:
        for fee in FEES if row.key in by_key else ():
            setattr(row, f"net_{fee}", getattr(by_key[row.key], fee))


def _require_suits(source: _Published, term: ServiceTerm) -> None:
    """The billing type goes with the distributor's own term of the key. Raises InvalidInput."""
    check_billing_type(
        source.plan.billing_type,
        billing_day=term.billing_day,
        periods=[Term(period.duration, period.unit) for period in source.periods],
        period_fees=[fee_set(period) for period in source.periods],
        resource_fees={resource.key: fee_set(resource) for resource in source.resources},
    )
