"""From a price sheet to products and plans of the acting tenant, and on down the chain.

Why one plan a product, term and billing plan, and why these billing types: `docs/decisions/0004-price-sheet-plans.md`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.ids import uuid7
from domain.catalog.actions import create_service_term
from domain.catalog.checks import clean_plan
from domain.catalog.construction import plan_rows
from domain.catalog.drafts import FeesDraft, PlanDraft, PlanPeriodDraft, PlanResourceDraft
from domain.catalog.models import Plan, PlanPeriod, PlanResource, Product, ServiceTerm
from domain.catalog.price_sheet import BrokenPriceSheet, Offering, SheetError, SheetRow
from domain.delegation.copies import announce_copies
from domain.pricing.repricing import apply_markups, reprice_below
from domain.pricing.sheet_report import ImportReport, InexactYear, NewPrice
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidInput
from domain.shared.money import PRICE_DIGITS
from domain.shared.numbers import numbers_for
from domain.shared.periods import PeriodUnit
from domain.shared.rounding import half_up
from tenancy.clock import Clock
from tenancy.hierarchy import tenant_by_id
from tenancy.messages import Message
from tenancy.models import Tenant
from tenancy.scope import Scope

__all__ = ["import_price_sheet"]

LICENCE = "licence"
"""The key of every imported plan's resource: the same in all, so that quantities keep their name when a customer
switches from one plan to another. (A description, which the sheet has too, is prose in real sheets and changes.)"""

LICENCES_FIRST = 100
"""Priority: before whatever else a plan counts."""


@dataclass(frozen=True, slots=True)
class _Sold:
    """How an offering of the sheet is sold."""

    billing_type: BillingType
    period: PlanPeriodDraft
    suffix: str
    """Tells the plans of one product apart by name."""
    term: str
    """End of the service term's key; the vendor's name is in front."""


_SOLD: Mapping[Offering, _Sold] = {
    Offering.YEAR_AT_ONCE: _Sold(
        BillingType.CSP_ANNUAL, PlanPeriodDraft(PeriodUnit.YEAR, 1), "1 year, paid at once", "annual"
    ),
    Offering.YEAR_BY_MONTH: _Sold(
        BillingType.MONTHLY_COMMITMENT_CALENDAR, PlanPeriodDraft(PeriodUnit.YEAR, 1), "1 year, paid monthly", "annual"
    ),
    Offering.MONTH: _Sold(BillingType.CSP_MONTHLY, PlanPeriodDraft(PeriodUnit.ENDLESS), "monthly", "monthly"),
}

BATCH = 1000
"""Rows whose plans are in memory at once."""
COEFFICIENT_LIMIT = 1000

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
) -> ImportReport:
    """Make the acting tenant's products and plans what the sheet says; carry changed prices down the chain.

    Net cost is the sheet's unit price, the price its retail price times `coefficient`, unless the plan has a markup. A
    plan that is there keeps everything else: its name, its state, its texts. What is not in the sheet is left alone.
    The same sheet again changes nothing. The scope must write downstream. Rows are taken `BATCH` at a time, so that a
    long sheet takes little memory; `progress` hears after each batch how many are done.

    Raises BrokenPriceSheet for a row in another currency than its plan; ServiceTermKeyTaken; InvalidInput for a
    coefficient that is not above 0, or has more than four decimals.
    """
    coefficient = _clean_coefficient(coefficient)
    owner = tenant_by_id(session, scope.tenant_id)
    # Two imports at once would both make what neither sees of the other.
    lock = func.hashtextextended(f"price_sheet:{owner.distributor_id}:{owner.id}", 0)
    session.execute(select(func.pg_advisory_xact_lock(lock)))
    report, known, done = ImportReport(), set[str](), 0
    for batch in _batches(rows):
        _Import(session, scope, owner, [_scaled(row, coefficient) for row in batch], clock, report, known).run()
        done += len(batch)
        progress(done)
    return report


def _clean_coefficient(coefficient: Decimal) -> Decimal:
    """By what retail prices are multiplied. Raises InvalidInput unless above 0, at most 1000, of four decimals."""
    if not coefficient.is_finite() or not 0 < coefficient <= COEFFICIENT_LIMIT or _decimals(coefficient) > PRICE_DIGITS:
        raise InvalidInput(
            "{field} must be above 0 and at most {limit}, with at most {decimals} decimals; got {coefficient}.",
            limit=COEFFICIENT_LIMIT,
            decimals=PRICE_DIGITS,
            coefficient=coefficient,
            path=("coefficient",),
        )
    return coefficient


def _decimals(number: Decimal) -> int:
    return max(0, -int(number.normalize().as_tuple().exponent))


def _batches(rows: Iterable[SheetRow]) -> Iterator[list[SheetRow]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def _scaled(row: SheetRow, coefficient: Decimal) -> SheetRow:
    """The row with our retail price, half up to four decimals."""
    if coefficient == 1:
        return row
    return replace(row, erp_price=half_up(Fraction(row.erp_price) * Fraction(coefficient), PRICE_DIGITS))


def _monthly(price: Decimal, row: SheetRow) -> Decimal:
    """A month's part of a price for the whole term, half up to four decimals."""
    return half_up(Fraction(price) / row.offering.months, PRICE_DIGITS)


def _inexact(row: SheetRow) -> list[InexactYear]:
    found = []
    for column, price in (("UnitPrice", row.unit_price), ("ERP Price", row.erp_price)):
        billed = _monthly(price, row) * row.offering.months
        if billed != price:
            found.append(InexactYear(row.line, column, price, billed))
    return found


def _term_key(row: SheetRow) -> str:
    """`microsoft_annual` for Microsoft Corporation."""
    words = re.findall(r"[a-z0-9]+", row.publisher.lower())
    return f"{words[0] if words else 'vendor'}_{_SOLD[row.offering].term}"


def _draft(row: SheetRow) -> PlanDraft:
    sold = _SOLD[row.offering]
    return PlanDraft(
        name=f"{row.title} ({sold.suffix})",
        sku=row.product_key,
        description=row.description,
        billing_type=sold.billing_type,
        currency=row.currency,
        periods=[sold.period],
        resources=[
            PlanResourceDraft(
                key=LICENCE,
                name=row.title,
                unit=row.unit,
                priority=LICENCES_FIRST,
                fees=FeesDraft(recurring_per_month=_monthly(row.erp_price, row)),
                net_cost=FeesDraft(recurring_per_month=_monthly(row.unit_price, row)),
            )
        ],
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
        report: ImportReport,
        named: set[str],
    ) -> None:
        self.session = session
        self.scope = scope
        self.owner = owner
        self.rows = rows
        self.clock = clock
        self.report = report
        report.inexact += [inexact for row in rows for inexact in _inexact(row)]
        self.named = named
        """Keys of the products that earlier batches have named."""
        self.products: dict[str, Product] = {}
        self.plans: dict[_PlanKey, tuple[Plan, PlanResource]] = {}

    def run(self) -> None:
        self.name_products()
        self.plans = self.locked_plans()
        self.refuse_other_currencies()
        new = [row for row in self.rows if self.key(row) not in self.plans]
        known = [row for row in self.rows if self.key(row) in self.plans]
        self.create_plans(new, self.service_terms())
        self.reprice_plans(known)

    def key(self, row: SheetRow) -> _PlanKey:
        return self.products[row.product_key].id, _SOLD[row.offering].billing_type

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
            if row.product_key not in self.named:
                first_rows.setdefault(row.product_key, row)
        self.named.update(first_rows)
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
            key = _term_key(row)
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
            term = terms[_term_key(row)]
            plan, periods, resources = plan_rows(
                clean_plan(_draft(row), billing_day=term.billing_day),
                self.owner,
                service_term_id=term.id,
                product=self.products[row.product_key],
                number=number,
                now=self.clock.now,
            )
            plans.append(plan)
            details += [*periods, *resources]
        self.session.add_all(plans)
        self.session.flush()
        self.session.add_all(details)
        self.session.flush()
        announce_copies(self.session, self.scope, "plan.created", [plan.id for plan in plans], at=self.clock.now)
        self.report.plans.created += len(plans)

    def reprice_plans(self, rows: Sequence[SheetRow]) -> None:
        before: dict[UUID, tuple[SheetRow, Decimal, Decimal]] = {}
        for row in rows:
            plan, licence = self.plans[self.key(row)]
            net, price = licence.net_recurring_per_month, licence.recurring_per_month
            licence.net_recurring_per_month = _monthly(row.unit_price, row)
            if plan.markup_percent is None:
                licence.recurring_per_month = _monthly(row.erp_price, row)
            if (net, price) == (licence.net_recurring_per_month, licence.recurring_per_month):
                self.report.plans.unchanged += 1
                continue
            licence.updated_at = plan.updated_at = self.clock.now
            if net != licence.net_recurring_per_month:
                plan.net_cost_changed_at = self.clock.now
            plan.version += 1
            plan.synchronized_version = plan.version
            before[plan.id] = row, net, price
        self.session.flush()
        self.report.plans.updated += len(before)
        if ids := list(before):
            announce_copies(self.session, self.scope, "plan.updated", ids, at=self.clock.now)
            apply_markups(self.session, self.owner.distributor_id, ids, at=self.clock.now)
            self.report.copies += reprice_below(self.session, self.scope, ids, clock=self.clock)
            self.report.new_prices += self.new_prices(before)

    def new_prices(self, before: Mapping[UUID, tuple[SheetRow, Decimal, Decimal]]) -> list[NewPrice]:
        told = []
        for plan, licence in self.locked_plans().values():
            if plan.id in before:
                row, net, price = before[plan.id]
                told.append(
                    NewPrice(
                        line=row.line,
                        number=plan.number,
                        name=plan.name,
                        net_cost=(net, licence.net_recurring_per_month),
                        price=(price, licence.recurring_per_month),
                    )
                )
        return sorted(told, key=lambda new: new.line)
