"""A plan's name brought to its copies, beside one bare UPDATE of as many rows."""

import time
from collections.abc import Iterator
from decimal import Decimal
from statistics import median
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench.copying import clone
from domain.catalog.actions import create_plan, create_service_term
from domain.catalog.drafts import FeesDraft, PlanPeriodDraft, PlanResourceDraft
from domain.delegation.synchronization import synchronize_plan
from domain.shared.billing_types import BillingType
from domain.shared.periods import PeriodUnit
from tenancy.clock import clock_of
from tenancy.models import Tenant
from tenancy.scope import Scope
from tenancy.sessions import Sessions

__all__ = ["COPIES", "synchronize"]

COPIES = 10_000


def synchronize(sessions: Sessions, distributor: Tenant, *, rounds: int) -> Iterator[str]:
    """Both in turn, on the same rows, each with its commit."""
    scope = Scope.of_tenant(distributor.id, distributor.id, distributor.tenant_path).writing_downstream()
    with sessions.begin(scope) as session:
        origin = _plan_with_copies(session, scope)
    jobs, bare = [], []
    for number in range(max(3, rounds)):
        with sessions.begin(scope) as session:
            session.execute(
                text("UPDATE plans SET name = :name, version = version + 1 WHERE id = :id"),
                {"name": f"Name {number}", "id": origin},
            )
        began_at = time.perf_counter()
        with sessions.begin(scope) as session:
            changed = synchronize_plan(session, scope, plan_id=origin, clock=clock_of(session, distributor.id))
        jobs.append(time.perf_counter() - began_at)
        assert changed == COPIES
        began_at = time.perf_counter()
        with sessions.begin(scope) as session:
            rows = session.execute(
                text(
                    "UPDATE plans SET name = :name, updated_at = now() WHERE origin_id = :id AND id <> :id RETURNING 1"
                ),
                {"name": f"Bare {number}", "id": origin},
            )
            assert len(rows.all()) == COPIES
        bare.append(time.perf_counter() - began_at)
    ours, theirs = median(jobs), median(bare)
    yield f"A name brought to {COPIES:,} copies: {ours:.2f} s; one bare UPDATE of as many rows: {theirs:.2f} s"
    yield f"  that is {ours / theirs:.1f} ×"


def _plan_with_copies(session: Session, scope: Scope) -> UUID:
    """The id of a plan of one period and one resource, of which there are `COPIES` copies in every detail."""
    assert scope.distributor_id is not None
    clock = clock_of(session, scope.distributor_id)
    term = create_service_term(session, scope, name="Monthly", key="monthly", clock=clock)
    plan = create_plan(
        session,
        scope,
        name="Mail",
        billing_type=BillingType.CSP_MONTHLY,
        service_term_id=term.id,
        periods=[PlanPeriodDraft(PeriodUnit.ENDLESS)],
        resources=[
            PlanResourceDraft(
                key="licence",
                name="Licence",
                unit="license",
                fees=FeesDraft(recurring_per_month=Decimal("8.00")),
                net_cost=FeesDraft(recurring_per_month=Decimal("6.40")),
            )
        ],
        clock=clock,
    )
    session.flush()
    session.execute(
        text(
            "CREATE TEMP TABLE copies ON COMMIT DROP AS SELECT id, n, lag(id) OVER (ORDER BY n) AS parent_id"
            " FROM (SELECT app_uuid7() AS id, n FROM generate_series(1, :n) n) AS each"
        ),
        {"n": COPIES},
    )
    changed = {"id": "copies.id", "parent_id": "coalesce(copies.parent_id, was.id)", "number": "'C' || copies.n"}
    clone(session, "plans", changed, "CROSS JOIN copies WHERE was.id = :plan", plan=plan.id)
    for table in ("plan_periods", "plan_resources"):
        taken = {"id": "app_uuid7()", "plan_id": "copies.id"}
        clone(session, table, taken, "CROSS JOIN copies WHERE was.plan_id = :plan", plan=plan.id)
    return plan.id
