"""From a price sheet to products and plans, once."""

from collections.abc import Mapping
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from domain.catalog.errors import ServiceTermKeyTaken
from domain.catalog.models import Plan, PlanPeriod, PlanResource, PlanState, Product, ServiceTerm
from domain.catalog.price_sheet import BrokenPriceSheet, read_price_sheet
from domain.pricing import sheet_import
from domain.pricing.actions import set_markup
from domain.pricing.sheet_import import import_price_sheet
from domain.pricing.sheet_report import SAMPLES, ChangeKind, Counts, ImportReport, InexactYear, SheetChange
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidInput
from domain.shared.models import Event
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.catalog.making import acting, delegate, make_term, prices
from tests.domain.catalog.sheets import offers, sheet

pytestmark = pytest.mark.feature("C-11")

CALENDAR = "MONTHLY_COMMITMENT_CALENDAR"
A = offers("A", ("57.6", "72.00"), ("5.76", "7.20"))
B = offers("B", ("120", "150"), ("12", "15"))


def load(session: ScopedSession, chain: Chain, *rows: Mapping[str, str]) -> ImportReport:
    scope = acting(session, chain.distributor)
    return import_price_sheet(session, scope, rows=read_price_sheet(sheet(*rows)), clock=chain.clock)


def plan_of(session: ScopedSession, sku: str, billing_type: BillingType) -> Plan:
    return session.scalars(
        select(Plan).where(Plan.sku == sku, Plan.billing_type == billing_type, Plan.parent_id.is_(None))
    ).one()


def contents(session: ScopedSession) -> list[object]:
    """Everything an import may change, with the marks that changes leave."""
    found: list[object] = []
    for table in (Product, ServiceTerm, Plan, PlanPeriod, PlanResource):
        found += session.execute(select(*table.__table__.columns).order_by(table.id)).all()
    return [*found, session.scalar(select(func.count()).select_from(Event))]


def test_each_term_and_billing_plan_of_a_product_becomes_a_plan(session: ScopedSession, chain: Chain) -> None:
    # when
    report = load(session, chain, *A, *B)
    # then
    assert (report.products, report.plans) == (Counts(created=2), Counts(created=6))
    assert report.terms == ["brine_annual", "brine_monthly"]
    rows = session.execute(
        select(Plan.number, Plan.name, Plan.sku, Plan.billing_type, PlanPeriod.key, ServiceTerm.key.label("term"))
        .join(PlanPeriod, PlanPeriod.plan_id == Plan.id)
        .join(ServiceTerm, ServiceTerm.id == Plan.service_term_id)
        .order_by(Plan.number)
    ).all()
    assert list(map(tuple, rows[:3])) == [
        ("PL000001", "Brine A (1 year, paid at once)", "A:0001", "CSP_ANNUAL", "1_YEAR", "brine_annual"),
        (
            "PL000002",
            "Brine A (1 year, paid monthly)",
            "A:0001",
            "MONTHLY_COMMITMENT_CALENDAR",
            "1_YEAR",
            "brine_annual",
        ),
        ("PL000003", "Brine A (monthly)", "A:0001", "CSP_MONTHLY", "ENDLESS", "brine_monthly"),
    ]
    plans = list(session.scalars(select(Plan).order_by(Plan.number)))
    of_year, of_month = (Decimal("4.8"), Decimal(6)), (Decimal("5.76"), Decimal("7.2"))
    assert prices(session, plans[:3]) == [of_year, of_year, of_month]
    product = session.scalars(select(Product).where(Product.key == "A:0001")).one()
    assert (product.name, product.vendor, plans[0].product_id) == ("Brine A", "Brine Software", product.id)
    licence = session.scalars(select(PlanResource).where(PlanResource.plan_id == plans[0].id)).one()
    assert (licence.key, licence.name, licence.unit) == ("licence", "Brine A", "license")


def test_the_same_sheet_again_changes_nothing(session: ScopedSession, chain: Chain) -> None:
    load(session, chain, *A, *B)
    before = contents(session)
    report = load(session, chain, *A, *B)
    assert (report.products, report.plans, report.terms) == (Counts(unchanged=2), Counts(unchanged=6), [])
    session.expire_all()
    assert contents(session) == before


@pytest.mark.feature("C-08")
def test_a_new_price_goes_down_the_chain_and_other_plans_stay(session: ScopedSession, chain: Chain) -> None:
    # given
    load(session, chain, *A, *B)
    own = plan_of(session, "A:0001", BillingType.CSP_MONTHLY)
    copy = delegate(session, own, chain.distributor, chain.reseller, "25")
    below = delegate(session, copy, chain.reseller, chain.child)
    # when
    dearer = offers("A", ("57.6", "72.00"), ("6.00", "8.00"))
    report = load(session, chain, *dearer, *B)
    # then
    assert (report.plans, report.copies) == (Counts(updated=1, unchanged=5), 2)
    (told,) = report.new_prices
    assert told == SheetChange(
        ChangeKind.NEW_PRICE,
        sku="A:0001",
        name="Brine A (monthly)",
        line=4,
        number=own.number,
        currency="EUR",
        net_cost_before=Decimal("5.76"),
        net_cost=Decimal(6),
        price_before=Decimal("7.2"),
        price=Decimal(8),
    )
    assert prices(session, [own, copy, below]) == [
        (Decimal(6), Decimal(8)),
        (Decimal(8), Decimal(10)),
        (Decimal(10), Decimal(9)),
    ]
    assert (own.version, copy.version, below.version) == (2, 2, 2)
    assert load(session, chain, *dearer, *B).plans == Counts(unchanged=6)


def test_a_plan_with_a_markup_takes_the_new_net_cost_and_makes_its_own_price(
    session: ScopedSession, chain: Chain
) -> None:
    load(session, chain, *A)
    own = plan_of(session, "A:0001", BillingType.CSP_MONTHLY)
    scope = acting(session, chain.distributor)
    set_markup(session, scope, plan_id=own.id, markup_percent=Decimal(50), clock=chain.clock)
    assert prices(session, [own]) == [(Decimal("5.76"), Decimal("8.64"))]
    assert load(session, chain, *A).plans == Counts(unchanged=3)
    report = load(session, chain, *offers("A", ("57.6", "72.00"), ("6.00", "99")))
    assert prices(session, [own]) == [(Decimal(6), Decimal(9))]
    assert (report.new_prices[0].price_before, report.new_prices[0].price) == (Decimal("8.64"), Decimal(9))


def test_a_year_that_twelve_does_not_divide_is_told_with_what_twelve_months_make(
    session: ScopedSession, chain: Chain
) -> None:
    report = load(session, chain, *offers("A", ("57.6", "72.40"), ("5.76", "7.20")))
    assert report.inexact == [
        InexactYear(2, "ERP Price", Decimal("72.40"), Decimal("72.3996")),
        InexactYear(3, "ERP Price", Decimal("72.40"), Decimal("72.3996")),
    ]
    own = plan_of(session, "A:0001", BillingType.CSP_ANNUAL)
    assert prices(session, [own]) == [(Decimal("4.8"), Decimal("6.0333"))]


def test_names_and_states_that_people_changed_stay_and_missing_products_are_left_alone(
    session: ScopedSession, chain: Chain
) -> None:
    load(session, chain, *A, *B)
    own = plan_of(session, "A:0001", BillingType.CSP_MONTHLY)
    own.name = "Ours"
    report = load(session, chain, *offers("A", ("57.6", "72.00"), ("6.00", "8.00"), SkuTitle="Brine Renamed"))
    assert (report.products, report.plans) == (Counts(updated=1), Counts(updated=1, unchanged=2))
    assert own.name == "Ours"
    assert session.scalar(select(func.count()).select_from(Plan)) == 6


def test_a_row_in_another_currency_than_its_plan_is_an_error(session: ScopedSession, chain: Chain) -> None:
    load(session, chain, *A)
    with pytest.raises(BrokenPriceSheet) as broken, session.begin_nested():
        load(session, chain, *B, *offers("A", ("57.6", "72"), ("5.76", "7.2"), Currency="USD"))
    assert [str(error) for error in broken.value.errors] == [
        f"line {line}, Currency: is USD; the plan PL00000{line - 4} is sold in EUR" for line in (5, 6, 7)
    ]
    assert session.scalar(select(func.count()).select_from(Product)) == 1


@pytest.mark.feature("C-02")
def test_a_term_that_is_there_is_used_and_a_key_taken_below_is_named(session: ScopedSession, chain: Chain) -> None:
    term = make_term(session, chain.distributor, key="brine_monthly", billing_day=15)
    report = load(session, chain, A[2])
    assert report.terms == []
    assert plan_of(session, "A:0001", BillingType.CSP_MONTHLY).service_term_id == term.id
    make_term(session, chain.child, key="brine_annual")
    with pytest.raises(ServiceTermKeyTaken, match="Brook"), session.begin_nested():
        load(session, chain, *A)
    acting(session, chain.distributor)
    assert session.scalar(select(func.count()).select_from(Plan)) == 1


def test_a_coefficient_makes_our_retail_prices(session: ScopedSession, chain: Chain) -> None:
    rows = read_price_sheet(sheet(*A))
    scope = acting(session, chain.distributor)
    import_price_sheet(session, scope, rows=rows, coefficient=Decimal("1.25"), clock=chain.clock)
    own = plan_of(session, "A:0001", BillingType.CSP_MONTHLY)
    year = plan_of(session, "A:0001", BillingType.CSP_ANNUAL)
    assert prices(session, [own, year]) == [
        (Decimal("5.76"), Decimal(9)),
        (Decimal("4.8"), Decimal("7.5")),
    ]


@pytest.mark.parametrize("coefficient", ["0", "-1", "1000.1", "1.00001", "NaN"])
def test_a_coefficient_outside_its_limits_is_refused(session: ScopedSession, chain: Chain, coefficient: str) -> None:
    scope = acting(session, chain.distributor)
    with pytest.raises(InvalidInput) as refusal:
        import_price_sheet(session, scope, rows=[], coefficient=Decimal(coefficient), clock=chain.clock)
    assert refusal.value.path == ("coefficient",)


def test_a_sheet_in_batches_is_imported_as_one_at_once(
    session: ScopedSession, chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given: batches that part a product's rows
    monkeypatch.setattr(sheet_import, "BATCH", 2)
    rows, done = read_price_sheet(sheet(*A, *B)), list[int]()
    scope = acting(session, chain.distributor)
    # when
    report = import_price_sheet(session, scope, rows=rows, clock=chain.clock, progress=done.append)
    # then
    assert (report.products, report.plans, done) == (Counts(created=2), Counts(created=6), [2, 4, 6])
    before = contents(session)
    again = import_price_sheet(session, scope, rows=rows, clock=chain.clock)
    assert (again.products, again.plans) == (Counts(unchanged=2), Counts(unchanged=6))
    assert contents(session) == before


def test_what_is_new_and_what_is_gone_is_told(session: ScopedSession, chain: Chain) -> None:
    # given
    first = load(session, chain, *A, *B)
    assert [(change.kind, change.line) for change in first.changes[ChangeKind.NEW_PRODUCT]] == [
        (ChangeKind.NEW_PRODUCT, 2),
        (ChangeKind.NEW_PRODUCT, 5),
    ]
    plan = first.changes[ChangeKind.NEW_PLAN][2]
    assert (plan.name, plan.line, plan.net_cost, plan.price) == (
        "Brine A (monthly)", 4, Decimal("5.76"), Decimal("7.2")
    )  # fmt: skip
    load(session, chain, *offers("C", ("1", "2"), ("1", "2"), Publisher="Salt Software"))
    # when: B is sold by the month only, and nothing is said of the other publisher
    report = load(session, chain, *A, B[2])
    # then
    assert (report.rows, report.plans, report.gone) == (4, Counts(unchanged=4), 2)
    assert [(gone.name, gone.line, gone.price_before, gone.price) for gone in report.changes[ChangeKind.GONE]] == [
        ("Brine B (1 year, paid at once)", None, Decimal("12.5"), None),
        ("Brine B (1 year, paid monthly)", None, Decimal("12.5"), None),
    ]
    assert plan_of(session, "B:0001", BillingType.CSP_ANNUAL).state is PlanState.ACTIVE


def test_a_report_stays_short_and_every_change_is_heard(session: ScopedSession, chain: Chain) -> None:
    # given
    many = [row for number in range(SAMPLES) for row in offers(f"P{number}", ("12", "24"), ("1", "2"))]
    heard: list[SheetChange] = []
    # when
    report = import_price_sheet(
        session,
        acting(session, chain.distributor),
        rows=read_price_sheet(sheet(*many)),
        clock=chain.clock,
        on_change=heard.append,
    )
    # then
    assert report.plans == Counts(created=3 * SAMPLES)
    assert len(report.changes[ChangeKind.NEW_PLAN]) == SAMPLES
    assert len(heard) == 4 * SAMPLES
