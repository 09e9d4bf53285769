"""What holds for every tree of copies, whatever is changed and in whatever order and number jobs come to it.

Once no job waits, synchronized fields are equal everywhere, net costs are the prices above, and what is a tenant's own
is as the tenant left it.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.catalog.drafts import (
    FeesChange,
    PlanChange,
    PlanPeriodChange,
    PlanPeriodDraft,
    PlanResourceChange,
    PlanResourceDraft,
)
from domain.catalog.models import Plan
from domain.catalog.queries import periods_of, resources_of
from domain.delegation.synchronization import PERIOD_FIELDS, PLAN_FIELDS, RESOURCE_FIELDS, synchronize_plan
from domain.pricing.actions import update_plan
from domain.shared.periods import PeriodUnit
from tenancy.hierarchy import Founded
from tenancy.sessions import ScopedSession
from tests.conftest import Chain, act_as, distributor_scope, undone
from tests.domain.catalog.making import acting, delegate, make_plan, now_of

pytestmark = pytest.mark.feature("C-06")

ABOVE = {1: 0, 2: 1, 3: 0, 4: 3}
"""Each tenant's number and that of the one above it."""

generating = settings(
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
)

names = st.sampled_from(["Mail", "Post", "Letters", "Écrit", "π"])
cents = st.integers(1, 1_000_000).map(lambda value: Decimal(value).scaleb(-2))
tenants = st.integers(0, len(ABOVE))
steps = st.one_of(
    st.tuples(st.just("name"), names),
    st.tuples(st.just("seat"), names),
    st.tuples(st.just("priority"), st.integers(-5, 5)),
    st.tuples(st.just("fixed price"), st.booleans()),
    st.tuples(st.just("period shown"), st.booleans()),
    st.tuples(st.just("new period"), st.sampled_from(["1_MONTH", "3_MONTH", "6_MONTH"])),
    st.tuples(st.just("new resource"), st.sampled_from(["disk", "room", "line"])),
    st.tuples(st.just("price"), st.tuples(tenants, cents)),
    st.tuples(st.just("own words"), st.tuples(tenants, names)),
    st.tuples(st.just("delegation"), st.integers(1, len(ABOVE))),
    st.tuples(st.just("job"), st.randoms(use_true_random=False)),
)
"""What happens, in order: a change of the origin, a tenant's own change, another copy, or any job that was ordered."""


EDITS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "name": lambda name: {"name": name, "sku": name},
    "seat": lambda name: {"resources": [PlanResourceChange("licence", name=name, unit=name)]},
    "priority": lambda at: {"resources": [PlanResourceChange("licence", priority=at, public=at > 0)]},
    "fixed price": lambda fixed: {"fixed_price": fixed},
    "period shown": lambda public: {"periods": [PlanPeriodChange("ENDLESS", public=public)]},
    "new period": lambda key: {"new_periods": [PlanPeriodDraft(PeriodUnit.MONTH, int(key.partition("_")[0]))]},
    "new resource": lambda key: {"new_resources": [PlanResourceDraft(key, key, included=Decimal(len(key)))]},
}
"""What the origin's tenant does to what is synchronized."""


@dataclass
class Tree:
    """A plan, its copies by their tenants' numbers, and every job that was ever ordered."""

    session: ScopedSession
    owners: list[Founded]
    plans: dict[int, Plan] = field(default_factory=dict)
    own_words: dict[int, str | None] = field(default_factory=dict)
    jobs: list[Plan] = field(default_factory=list)

    def change(self, at: int, **what: Any) -> None:
        """A tenant changes its plan; a job is ordered."""
        owner = self.owners[at]
        plan, clock = self.plans[at], now_of(self.session, owner)
        update_plan(self.session, acting(self.session, owner), plan_id=plan.id, change=PlanChange(**what), clock=clock)
        self.jobs.append(plan)

    def work(self, plan: Plan) -> int:
        """What a job does."""
        scope = act_as(self.session, distributor_scope(self.owners[0]))
        return synchronize_plan(self.session, scope, plan_id=plan.id, clock=now_of(self.session, self.owners[0]))

    def delegate_to(self, at: int) -> None:
        """A copy for a tenant that has none, if the one above has one."""
        above = ABOVE[at]
        if above in self.plans and at not in self.plans:
            markup = "12.5" if at % 2 else None
            self.plans[at] = delegate(self.session, self.plans[above], self.owners[above], self.owners[at], markup)
            self.own_words[at] = self.own_words[above]

    def take(self, kind: str, value: Any) -> None:
        """One step."""
        match kind, value:
            case "price", (at, amount) if at in self.plans:
                fees = FeesChange(recurring_per_month=amount)
                self.change(at, resources=[PlanResourceChange("licence", fees=fees)])
            case "own words", (at, words) if at in self.plans:
                self.change(at, description=words, public=words != "π")
                self.own_words[at] = words
            case "delegation", at:
                self.delegate_to(at)
            case "job", chance if self.jobs:
                self.work(chance.choice(self.jobs))
            case kind, value if kind in EDITS:
                acting(self.session, self.owners[0])
                present = {period.key for period in periods_of(self.session, self.plans[0])}
                present |= {resource.key for resource in resources_of(self.session, self.plans[0])}
                if value not in present:
                    self.change(0, **EDITS[kind](value))

    def hold_the_laws(self) -> None:
        """As the module says."""
        act_as(self.session, distributor_scope(self.owners[0]))
        origin = self.plans[0]
        for at, plan in self.plans.items():
            assert _values(plan, PLAN_FIELDS) == _values(origin, PLAN_FIELDS)
            for rows, fields in ((periods_of, PERIOD_FIELDS), (resources_of, RESOURCE_FIELDS)):
                assert [_values(row, ("key", *fields)) for row in rows(self.session, plan)] == [
                    _values(row, ("key", *fields)) for row in rows(self.session, origin)
                ]
            assert plan.description == self.own_words[at]
            if at:
                prices = {row.key: row.recurring_per_month for row in resources_of(self.session, self.plans[ABOVE[at]])}
                costs = {row.key: row.net_recurring_per_month for row in resources_of(self.session, plan)}
                assert costs == prices


def _values(row: object, fields: tuple[str, ...]) -> list[object]:
    return [getattr(row, name) for name in fields]


def live(session: ScopedSession, chain: Chain, taken: list[tuple[str, Any]], last: random.Random) -> None:
    owners = [chain.distributor, chain.reseller, chain.child, chain.sibling, chain.cousin]
    with undone(session):
        tree = Tree(session, owners, {0: make_plan(session, owners[0])}, {0: None})
        tree.delegate_to(1)
        tree.delegate_to(2)
        for kind, value in taken:
            tree.take(kind, value)
        waiting = list(tree.jobs)
        last.shuffle(waiting)
        for plan in waiting:
            tree.work(plan)
        tree.hold_the_laws()
        assert tree.work(tree.plans[0]) == 0


@settings(generating, max_examples=12)
@given(taken=st.lists(steps, min_size=3, max_size=10), last=st.randoms(use_true_random=False))
def test_copies_agree_once_no_job_waits(
    session: ScopedSession, chain: Chain, taken: list[tuple[str, Any]], last: random.Random
) -> None:
    live(session, chain, taken, last)


@pytest.mark.slow
@settings(generating, max_examples=400)
@given(taken=st.lists(steps, min_size=3, max_size=25), last=st.randoms(use_true_random=False))
def test_copies_agree_in_four_hundred_lives(
    session: ScopedSession, chain: Chain, taken: list[tuple[str, Any]], last: random.Random
) -> None:
    live(session, chain, taken, last)
