"""Own plans: what is kept, what is refused."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from domain.catalog.drafts import FeesDraft, PlanPeriodDraft, PlanResourceDraft
from domain.catalog.models import Plan, PlanState, UnitKind
from domain.catalog.queries import periods_of, resources_of
from domain.shared.billing_types import BillingType
from domain.shared.errors import InvalidInput, NotFound
from domain.shared.models import Event
from domain.shared.periods import PeriodUnit
from tenancy.sessions import ScopedSession
from tests.conftest import Chain
from tests.domain.catalog.making import ENDLESS, ONE_YEAR, acting, licences, make_plan, make_term


@pytest.mark.feature("C-03")
def test_a_plan_is_kept_with_its_periods_and_resources(session: ScopedSession, chain: Chain) -> None:
    # when
    plan = make_plan(
        session,
        chain.distributor,
        name=" Suite ",
        sku="A-1",
        periods=[ONE_YEAR, PlanPeriodDraft(PeriodUnit.DAY, 14, trial=True, public=False), ENDLESS],
        resources=[
            licences(included=Decimal(5), maximum=Decimal(300)),
            PlanResourceDraft("storage", "Storage", unit="GB", priority=7),
        ],
    )
    # then
    assert (plan.name, plan.sku, plan.currency, plan.state) == ("Suite", "A-1", "EUR", PlanState.ACTIVE)
    assert (plan.number, plan.version, plan.origin_id, plan.parent_id) == ("PL000001", 1, plan.id, None)
    assert [(period.key, period.public) for period in periods_of(session, plan)] == [
        ("1_YEAR", True),
        ("14_DAY_TRIAL", False),
        ("ENDLESS", True),
    ]
    storage, licence = resources_of(session, plan)
    assert (storage.key, storage.minimum, storage.maximum, storage.recurring_per_month) == (
        "storage",
        Decimal(0),
        None,
        Decimal(0),
    )
    assert (licence.included, licence.minimum, licence.maximum) == (Decimal(5), Decimal(5), Decimal(300))
    assert (licence.recurring_per_month, licence.net_recurring_per_month) == (Decimal(8), Decimal("6.4"))
    assert plan.created_at == chain.clock.now
    assert session.scalars(select(Event.type).where(Event.subject_id == plan.id)).all() == ["plan.created"]


@pytest.mark.feature("C-02")
def test_a_plan_uses_an_own_or_an_inherited_term_and_no_other(session: ScopedSession, chain: Chain) -> None:
    above = make_term(session, chain.distributor, key="above")
    below = make_term(session, chain.child, key="below")
    beside = make_term(session, chain.sibling, key="beside")
    assert make_plan(session, chain.reseller, service_term_id=above.id).service_term_id == above.id
    with pytest.raises(InvalidInput, match="below belongs to Brook") as refusal:
        make_plan(session, chain.reseller, service_term_id=below.id)
    assert refusal.value.path == ("service_term_id",)
    with pytest.raises(NotFound) as missing:
        make_plan(session, chain.reseller, service_term_id=beside.id)
    assert missing.value.path == ("service_term_id",)


FEE = FeesDraft(recurring_per_month=Decimal(1))


@pytest.mark.feature("C-03")
@pytest.mark.parametrize(
    ("given", "path", "message"),
    [
        ({"name": "x" * 201}, ("name",), "at most 200"),
        ({"sku": " "}, ("sku",), "empty"),
        ({"currency": "EURO"}, ("currency",), "ISO 4217"),
        ({"currency": "eur"}, ("currency",), "ISO 4217"),
        ({"price_protection_months": -1}, ("price_protection_months",), "from 0 to 120"),
        ({"periods": []}, ("periods",), "1 to 50 periods, got 0"),
        ({"periods": [ENDLESS, ENDLESS]}, ("periods", 1), "ENDLESS twice"),
        ({"periods": [PlanPeriodDraft(PeriodUnit.ENDLESS, 1)]}, ("periods", 0, "duration"), "no duration"),
        ({"periods": [PlanPeriodDraft(PeriodUnit.MONTH)]}, ("periods", 0, "duration"), "a period in MONTH needs one"),
        ({"periods": [PlanPeriodDraft(PeriodUnit.MONTH, 0)]}, ("periods", 0, "duration"), "from 1 to 120, got 0"),
        ({"periods": [PlanPeriodDraft(PeriodUnit.YEAR, 11)]}, ("periods", 0, "duration"), "from 1 to 10"),
        ({"resources": [licences(), licences()]}, ("resources", 1, "key"), "licence twice"),
        ({"resources": [licences(key="a-b")]}, ("resources", 0, "key"), "underscore"),
        ({"resources": [licences(name="")]}, ("resources", 0, "name"), "empty"),
        ({"resources": [licences(included=Decimal("1.5"))]}, ("resources", 0, "included"), "whole number"),
        ({"resources": [licences(minimum=Decimal(-1))]}, ("resources", 0, "minimum"), "from 0"),
        (
            {"resources": [licences(included=Decimal(5), maximum=Decimal(4))]},
            ("resources", 0, "maximum"),
            "minimum, which is 5; got 4",
        ),
        (
            {"resources": [licences(price="-1")]},
            ("resources", 0, "fees", "recurring_per_month"),
            "must not be negative, got -1",
        ),
        (
            {"resources": [licences(net="1.00001")]},
            ("resources", 0, "net_cost", "recurring_per_month"),
            "has 5 decimals; at most 4",
        ),
        ({"resources": [licences(price="10000000000")]}, ("resources", 0, "fees", "recurring_per_month"), "below"),
        ({"billing_type": BillingType.MONTHLY_COMMITMENT}, ("periods",), "needs a fixed term"),
        ({"billing_type": BillingType.NON_REFUND}, ("periods",), "needs a period of 1 year"),
        ({"billing_type": BillingType.PAY_AS_YOU_GO, "periods": [ONE_YEAR]}, ("periods",), "needs an endless"),
        (
            {"periods": [ONE_YEAR, PlanPeriodDraft(PeriodUnit.ENDLESS, fees=FEE)]},
            ("periods", 1, "fees", "recurring_per_month"),
            "CSP_MONTHLY takes recurring fees of resources only",
        ),
        (
            {"resources": [licences(), PlanResourceDraft("gb", "GB", fees=FeesDraft(renewal=Decimal(1)))]},
            ("resources", 1, "fees", "renewal"),
            "recurring fees of resources only",
        ),
        ({"billing_type": BillingType.CSP_ANNUAL, "free_period": True}, ("free_period",), "CSP_ANNUAL"),
        (
            {"resources": [licences(fees=FeesDraft(overuse=Decimal(1)))]},
            ("resources", 0, "fees", "overuse"),
            "recurring fees of resources only",
        ),
        (
            {"periods": [PlanPeriodDraft(PeriodUnit.ENDLESS, fees=FeesDraft(transfer=Decimal(1)))]},
            ("periods", 0, "fees", "transfer"),
            "recurring fees of resources only",
        ),
        (
            {"resources": [licences(net_cost=FeesDraft(transfer=Decimal(1)))]},
            ("resources", 0, "net_cost", "transfer"),
            "Resources have no transfer fee",
        ),
        (
            {"periods": [PlanPeriodDraft(PeriodUnit.ENDLESS, fees=FeesDraft(overuse=Decimal(1)))]},
            ("periods", 0, "fees", "overuse"),
            "Periods have no overuse fee",
        ),
        (
            {"resources": [licences(unit_kind=UnitKind.BOOLEAN, maximum=Decimal(2))]},
            ("resources", 0, "maximum"),
            "BOOLEAN resource has maximum 0 or 1, got 2",
        ),
        (
            {"resources": [licences(unit_kind=UnitKind.BOOLEAN, included=Decimal(2), minimum=Decimal(1))]},
            ("resources", 0, "included"),
            "BOOLEAN resource has included 0 or 1, got 2",
        ),
        ({"attributes": [(f"k{at}", "v") for at in range(101)]}, ("attributes",), "101 items; at most 100"),
        ({"attributes": [("a", "1"), (" a ", "2")]}, ("attributes", 1, "key"), "a is named twice"),
        ({"attributes": [("k" * 101, "1")]}, ("attributes", 0, "key"), "101 characters; at most 100"),
        ({"attributes": [("a", "v" * 501)]}, ("attributes", 0, "value"), "501 characters; at most 500"),
    ],
)
def test_a_refusal_names_the_field_and_its_limit(
    session: ScopedSession, chain: Chain, given: dict[str, Any], path: tuple[str | int, ...], message: str
) -> None:
    with pytest.raises(InvalidInput, match=message) as refusal:
        make_plan(session, chain.distributor, **given)
    assert refusal.value.path == path
    assert session.scalars(select(Plan)).all() == []


def test_the_terms_billing_day_has_to_suit_the_billing_type(session: ScopedSession, chain: Chain) -> None:
    term = make_term(session, chain.distributor, key="the_15th", billing_day=15)
    with pytest.raises(InvalidInput, match="LICENSE_BASED_MONTHLY needs billing day 1") as refusal:
        make_plan(
            session,
            chain.distributor,
            service_term_id=term.id,
            billing_type=BillingType.LICENSE_BASED_MONTHLY,
            periods=[PlanPeriodDraft(PeriodUnit.MONTH, 1)],
        )
    assert refusal.value.path == ("service_term_id",)


def test_zeros_at_the_end_are_no_decimals(session: ScopedSession, chain: Chain) -> None:
    plan = make_plan(session, chain.distributor, resources=[licences(price="1.250000", net="1E+1")])
    acting(session, chain.distributor)
    row = resources_of(session, plan)[0]
    assert (row.recurring_per_month, row.net_recurring_per_month) == (Decimal("1.25"), Decimal(10))
