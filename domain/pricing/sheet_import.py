"""From a price sheet to products and plans of the acting tenant, and on down the chain.

Why one plan a product, term and billing plan, and why these billing types: `docs/decisions/0004-price-sheet-plans.md`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import chain, islice
from json import dumps
from operator import itemgetter
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from db.ids import uuid7
from domain.catalog.actions import create_service_term
from domain.catalog.checks import clean_plan
from domain.catalog.construction import plan_rows
from domain.catalog.models import Plan, PlanPeriod, PlanResource, Product, ServiceTerm
from domain.catalog.price_sheet import BrokenPriceSheet, SheetError, SheetRow
from domain.delegation.copies import announce_copies
from domain.pricing.repricing import apply_markups, reprice_below
from domain.pricing.sheet_gone import plans_gone
from domain.pricing.sheet_offers import (
    LICENCE,
    SOLD,
    clean_coefficient,
    draft_of,
    inexact_years,
    monthly,
    scaled,
    term_key,
)
from domain.pricing.sheet_report import ChangeKind, ImportReport, SheetChange
from domain.shared.billing_types import BillingType
from domain.shared.numbers import numbers_for
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.messages import Message
from tenancy.models import Tenant
from tenancy.scope import Scope

__all__ = ["import_price_sheet"]

BATCH = 1000
"""Rows whose plans are in memory at once."""

FEW_PLANS = 10_000
"""Fewer are quickly looked through for each batch; more have been counted."""

CANCELLATION_DAYS = 7
"""The vendor takes a yearly commitment back within these days."""


def import_price_sheet(
    session: Session,
    scope: Scope,
    *,
    rows: Iterable[SheetRow],
    coefficient: Decimal = Decimal(1),
    clock: Clock,
    progress: Callable[[int], None] = lambda _: None,
    on_change: Callable[[SheetChange], None] = lambda _: None,
) -> ImportReport:
    """Make the acting tenant's products and plans what the sheet says; carry changed prices down the chain.

    Net cost is the sheet's unit price, the price its retail price times `coefficient`, unless the plan has a markup. A
    plan that is there keeps everything else: its name, its state, its texts. What is not in the sheet is left alone.
    The same sheet again changes nothing. The scope must write downstream. Rows are taken `BATCH` at a time, so that a
    long sheet takes little memory; `progress` hears after each batch how many are done, `on_change` of every change.

    Raises BrokenPriceSheet for a row in another currency than its plan; ServiceTermKeyTaken; InvalidInput for a
    coefficient that is not above 0, or has more than four decimals.
    """
    coefficient = clean_coefficient(coefficient)
    owner = tenant_by_id(session, scope.tenant_id)
    # Two imports at once would both make what neither sees of the other.
    lock = func.hashtextextended(f"price_sheet:{owner.distributor_id}:{owner.id}", 0)
    session.execute(select(func.pg_advisory_xact_lock(lock)))
    _prepare(session)
    seen = _Seen(ImportReport(on_change=on_change))
    for batch in _batches(rows):
        _Import(session, scope, owner, [scaled(row, coefficient) for row in batch], clock, seen).run()
        seen.report.rows += len(batch)
        # Checks of references and triggers keep the plans of their first runs, which were made for nearly empty tables
        # and search them row by row: each thousand would take longer than the one before.
        session.execute(text("DISCARD PLANS"))
        progress(seen.report.rows)
    for change in plans_gone(session, owner, seen=seen.plans, publishers=seen.publishers):
        seen.report.gone += 1
        seen.report.note(change)
    return seen.report


def _prepare(session: Session) -> None:
    """Keep the triggers that list prices from searching whole tables for every row of a statement.

    They do where PostgreSQL still takes the tables for nearly empty: a first import fills them in one transaction, in
    which nobody can count them. Where there are plans already, the usual way is the faster one.
    """
    counted = session.scalar(text("SELECT reltuples FROM pg_class WHERE oid = 'plans'::regclass"))
    if (counted or 0) < FEW_PLANS:
        session.execute(text("SET LOCAL enable_nestloop = off"))


def _batches(rows: Iterable[SheetRow]) -> Iterator[list[SheetRow]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        yield batch


@dataclass(slots=True)
class _Seen:
    """What batches leave behind for those that follow."""

    report: ImportReport
    products: set[str] = field(default_factory=set)
    """Keys of those that have their name from this sheet."""
    plans: set[int] = field(default_factory=set)
    """Ids, as numbers: the smallest that Python has for them."""
    publishers: set[str] = field(default_factory=set)


# A statement a table: triggers keep price list and history by the statement, and would run once for each row.
_MARKED = text(
    "UPDATE plans p SET version = p.version + 1, synchronized_version = p.version + 1, updated_at = :now,"
    " net_cost_changed_at = CASE WHEN r.net_recurring_per_month = given.net THEN p.net_cost_changed_at ELSE :now END"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given(id uuid, net numeric, price numeric)"
    " JOIN plan_resources r ON (r.distributor_id, r.plan_id, r.key) = (:distributor, given.id, :licence)"
    " WHERE (p.distributor_id, p.id) = (:distributor, given.id)"
)
_REPRICED = text(
    "UPDATE plan_resources r SET net_recurring_per_month = given.net, recurring_per_month = given.price,"
    " updated_at = :now"
    " FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS given(id uuid, net numeric, price numeric)"
    " WHERE (r.distributor_id, r.plan_id, r.key) = (:distributor, given.id, :licence)"
)


_PlanKey = tuple[UUID, BillingType]
"""A plan is found again by its product and its billing type: each offering has its own."""


class _Import:
    """One batch of an import, step by step. Every step asks once for all rows."""

    def __init__(
        self,
        session: Session,
        scope: Scope,
        owner: Tenant,
        rows: Sequence[SheetRow],
        clock: Clock,
        seen: _Seen,
    ) -> None:
        self.session = session
        self.scope = scope
        self.owner = owner
        self.rows = rows
        self.clock = clock
        self.report = seen.report
        for inexact in chain.from_iterable(map(inexact_years, rows)):
            seen.report.note_inexact(inexact)
        self.seen = seen
        seen.publishers.update(row.publisher for row in rows)
        self.products: dict[str, Product] = {}
        self.plans: dict[_PlanKey, tuple[Plan, PlanResource]] = {}

    def run(self) -> None:
        self.name_products()
        self.plans = self.locked_plans()
        self.seen.plans.update(self.plans[key][0].id.int for key in map(self.key, self.rows) if key in self.plans)
        self.refuse_other_currencies()
        new = [row for row in self.rows if self.key(row) not in self.plans]
        known = [row for row in self.rows if self.key(row) in self.plans]
        self.create_plans(new, self.service_terms())
        self.reprice_plans(known)

    def key(self, row: SheetRow) -> _PlanKey:
        return self.products[row.product_key].id, SOLD[row.offering].billing_type

    def name_products(self) -> None:
        """The products, each named as in the sheet's first row for it."""
        owner, now, counts = self.owner, self.clock.now, self.report.products
        self.products = {
            product.key: product
            for product in self.session.scalars(
                select(Product).where(
                    Product.distributor_id == owner.distributor_id,
                    Product.tenant_id == owner.id,
                    Product.key.in_({row.product_key for row in self.rows}),
                )
            )
        }
        first_rows: dict[str, SheetRow] = {}
        for row in self.rows:
            if row.product_key not in self.seen.products:
                first_rows.setdefault(row.product_key, row)
        self.seen.products.update(first_rows)
        for key, row in first_rows.items():
            product = self.products.get(key)
            if product is None:
                counts.created += 1
                self.products[key] = Product(
                    distributor_id=owner.distributor_id,
                    id=uuid7(),
                    tenant_id=owner.id,
                    tenant_path=owner.tenant_path,
                    key=key,
                    name=row.title,
                    vendor=row.publisher,
                    created_at=now,
                    updated_at=now,
                )
                self.session.add(self.products[key])
                self.report.note(SheetChange(ChangeKind.NEW_PRODUCT, sku=key, name=row.title, line=row.line))
            elif (product.name, product.vendor) != (row.title, row.publisher):
                counts.updated += 1
                product.name, product.vendor, product.updated_at = row.title, row.publisher, now
            else:
                counts.unchanged += 1
        self.session.flush()

    def locked_plans(self) -> dict[_PlanKey, tuple[Plan, PlanResource]]:
        """The plans that imports have made, as they are now, with their licence. Of two alike the older one counts."""
        plans = self.session.scalars(
            select(Plan)
            .where(
                Plan.distributor_id == self.owner.distributor_id,
                Plan.tenant_id == self.owner.id,
                Plan.product_id.in_({product.id for product in self.products.values()}),
                Plan.parent_id.is_(None),
            )
            .order_by(Plan.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        ).all()
        licences = {
            licence.plan_id: licence
            for licence in self.session.scalars(
                select(PlanResource)
                .where(
                    PlanResource.distributor_id == self.owner.distributor_id,
                    PlanResource.plan_id.in_({plan.id for plan in plans}),
                    PlanResource.key == LICENCE,
                )
                .execution_options(populate_existing=True)
            )
        }
        found: dict[_PlanKey, tuple[Plan, PlanResource]] = {}
        for plan in plans:
            if plan.product_id is not None and plan.id in licences:
                found.setdefault((plan.product_id, plan.billing_type), (plan, licences[plan.id]))
        return found

    def refuse_other_currencies(self) -> None:
        errors = []
        for row in self.rows:
            plan, _ = self.plans.get(self.key(row), (None, None))
            if plan is not None and plan.currency != row.currency:
                reason = Message(
                    "is {given}; the plan {number} is sold in {currency}",
                    given=row.currency,
                    number=plan.number,
                    currency=plan.currency,
                )
                errors.append(SheetError(row.line, "Currency", reason))
        if errors:
            raise BrokenPriceSheet(errors)

    def service_terms(self) -> Mapping[str, ServiceTerm]:
        """The terms of the rows' plans by key; those that the tenant neither has nor inherits are made."""
        terms = {
            term.key: term
            for term in self.session.scalars(
                select(ServiceTerm).where(
                    ServiceTerm.distributor_id == self.owner.distributor_id,
                    ServiceTerm.tenant_path.in_([self.owner.tenant_path, *self.scope.ancestors]),
                )
            )
        }
        for row in self.rows:
            key = term_key(row)
            if key not in terms:
                vendor, _, kind = key.rpartition("_")
                terms[key] = create_service_term(
                    self.session,
                    self.scope,
                    name=f"{vendor.capitalize()}, {'1 year' if kind == 'annual' else 'monthly'}",
                    key=key,
                    billing_day=1,
                    deletion_window_days=CANCELLATION_DAYS if kind == "annual" else 0,
                    clock=self.clock,
                )
                self.report.terms.append(key)
        return terms

    def create_plans(self, rows: Sequence[SheetRow], terms: Mapping[str, ServiceTerm]) -> None:
        if not rows:
            return
        plans: list[Plan] = []
        details: list[PlanPeriod | PlanResource] = []
        for row, number in zip(rows, numbers_for(self.session, self.owner, "plans", len(rows)), strict=True):
            term = terms[term_key(row)]
            plan, periods, resources = plan_rows(
                clean_plan(draft_of(row), billing_day=term.billing_day),
                self.owner,
                service_term_id=term.id,
                product=self.products[row.product_key],
                number=number,
                now=self.clock.now,
            )
            plans.append(plan)
            details += [*periods, *resources]
            self.seen.plans.add(plan.id.int)
            self.report.note(
                SheetChange(
                    ChangeKind.NEW_PLAN,
                    sku=row.product_key,
                    name=plan.name,
                    line=row.line,
                    number=plan.number,
                    currency=plan.currency,
                    net_cost=resources[0].net_recurring_per_month,
                    price=resources[0].recurring_per_month,
                )
            )
        self.session.add_all(plans)
        self.session.flush()
        self.session.add_all(details)
        self.session.flush()
        announce_copies(self.session, self.scope, "plan.created", [plan.id for plan in plans], at=self.clock.now)
        self.report.plans.created += len(plans)

    def reprice_plans(self, rows: Sequence[SheetRow]) -> None:
        before: dict[UUID, tuple[SheetRow, Decimal, Decimal]] = {}
        after: list[dict[str, str]] = []
        for row in rows:
            plan, licence = self.plans[self.key(row)]
            old = licence.net_recurring_per_month, licence.recurring_per_month
            price = monthly(row.erp_price, row) if plan.markup_percent is None else licence.recurring_per_month
            new = monthly(row.unit_price, row), price
            if old == new:
                self.report.plans.unchanged += 1
                continue
            before[plan.id] = row, *old
            after.append({"id": plan.id.hex, "net": f"{new[0]:f}", "price": f"{new[1]:f}"})
        self.report.plans.updated += len(before)
        if ids := list(before):
            given = {"distributor": self.owner.distributor_id, "now": self.clock.now, "rows": dumps(after)} | {
                "licence": LICENCE
            }
            self.session.execute(_MARKED, given)
            self.session.execute(_REPRICED, given)
            announce_copies(self.session, self.scope, "plan.updated", ids, at=self.clock.now)
            apply_markups(self.session, self.owner.distributor_id, ids, at=self.clock.now)
            self.report.copies += reprice_below(self.session, self.scope, ids, clock=self.clock)
            for change in self.new_prices(before):
                self.report.note(change)

    def new_prices(self, before: Mapping[UUID, tuple[SheetRow, Decimal, Decimal]]) -> list[SheetChange]:
        told = []
        for plan, licence in self.locked_plans().values():
            if plan.id in before:
                row, net, price = before[plan.id]
                change = SheetChange(
                    ChangeKind.NEW_PRICE,
                    sku=row.product_key,
                    name=plan.name,
                    line=row.line,
                    number=plan.number,
                    currency=plan.currency,
                    net_cost_before=net,
                    net_cost=licence.net_recurring_per_month,
                    price_before=price,
                    price=licence.recurring_per_month,
                )
                told.append((row.line, change))
        return [change for _, change in sorted(told, key=itemgetter(0))]
